/* Looking things up in a text that json.c accepted, or in what it found sound of one that it refused: nothing
 * here can meet bad input. */
#include "wire/json.h"

#include "wire/utf8.h"

#include <assert.h>
#include <string.h>

static uint32_t hex(const char *at)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        code = code << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return code;
}

/* Behind "\u". */
static size_t decode_unicode(const char **at, char out[4])
{
    uint32_t code = hex(*at);
    *at += 4;
    if (code >= 0xD800 && code <= 0xDFFF) { /* the other half follows as \uXXXX */
        code = 0x10000 + ((code - 0xD800) << 10) + (hex(*at + 2) - 0xDC00);
        *at += 6;
    }
    return rc_utf8_put(out, code);
}

/* A character that stands there as it is: its first byte says how long it is. */
static size_t decode_raw(const char **at, char out[4])
{
    unsigned char first = (unsigned char)**at;
    size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    memcpy(out, *at, length);
    *at += length;
    return length;
}

size_t rc_json_decode(const char **at, char out[4])
{
    if (**at != '\\')
        return decode_raw(at, out);
    char c = (*at)[1];
    *at += 2;
    switch (c) {
    case 'u':
        return decode_unicode(at, out);
    case 'b':
        out[0] = '\b';
        return 1;
    case 'f':
        out[0] = '\f';
        return 1;
    case 'n':
        out[0] = '\n';
        return 1;
    case 'r':
        out[0] = '\r';
        return 1;
    case 't':
        out[0] = '\t';
        return 1;
    default: /* quote, slash, backslash stand for themselves */
        out[0] = c;
        return 1;
    }
}

static bool key_is(const struct rc_json *json, const struct rc_json_member *member, const char *key)
{
    const char *at = json->text + member->key_at, *end = at + member->key_length;
    if (!member->key_escaped) /* nearly always */
        return strlen(key) == member->key_length && memcmp(at, key, member->key_length) == 0;
    while (at < end) {
        char bytes[4];
        size_t length = rc_json_decode(&at, bytes);
        for (size_t i = 0; i < length; i++)
            if (*key++ != bytes[i])
                return false; /* the NUL of key too: no text of ours holds one */
    }
    return *key == '\0';
}

const struct rc_json_member *rc_json_find(const struct rc_json *json, const char *key)
{
    for (size_t i = 0; i < json->count; i++)
        if (json->members[i].object == 0 && key_is(json, &json->members[i], key))
            return &json->members[i];
    return NULL;
}

const struct rc_json_member *rc_json_salvage(const struct rc_json *json, const char *key)
{
    const struct rc_json_member *found = NULL;
    for (size_t i = 0; i < json->count; i++) {
        const struct rc_json_member *member = &json->members[i];
        if (member->object != 0 || !key_is(json, member, key))
            continue;
        if (found != NULL || !member->sound)
            return NULL; /* of two nobody knows which was meant */
        found = member;
    }
    return found;
}

int64_t rc_json_integer(const struct rc_json *json, const struct rc_json_member *member)
{
    assert(member->kind == RC_JSON_INTEGER);
    const char *at = json->text + member->value_at, *end = at + member->value_length;
    bool negative = *at == '-';
    int64_t value = 0;
    for (at += negative; at < end; at++)
        value = value * 10 + (*at - '0');
    return negative ? -value : value;
}

bool rc_json_string(const struct rc_json *json, const struct rc_json_member *member, char *out, size_t size,
                    size_t *length)
{
    assert(member->kind == RC_JSON_STRING);
    const char *at = json->text + member->value_at, *end = at + member->value_length;
    *length = 0;
    while (at < end) {
        char bytes[4];
        size_t step = rc_json_decode(&at, bytes);
        if (size - *length < step)
            return false;
        memcpy(out + *length, bytes, step);
        *length += step;
    }
    return true;
}

struct rc_text rc_json_raw(const struct rc_json *json, const struct rc_json_member *member)
{
    size_t quote = member->kind == RC_JSON_STRING;
    return (struct rc_text){json->text + member->value_at - quote, member->value_length + 2 * quote};
}
