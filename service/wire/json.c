#include "wire/json.h"

#include "wire/utf8.h"

#include <string.h>

_Static_assert(RC_JSON_MAX <= UINT16_MAX, "offsets are 16 bits");

struct scan {
    struct rc_json *json;
    const char *at, *end;
    size_t objects;    /* opened so far */
    size_t complaints; /* made so far */
    bool escaped;      /* the last string held a backslash */
};

static bool fail(struct scan *scan, const char *error)
{
    if (scan->json->error == NULL)
        scan->json->error = error;
    scan->complaints++;
    return false;
}

/* Complains about what breaks a rule but not the text's shape, so that reading goes on: further on may stand
 * the id under which the sender wants to hear of it (rc_json_salvage). */
static bool note(struct scan *scan, const char *error)
{
    fail(scan, error);
    return true;
}

static bool not_json(struct scan *scan)
{
    return fail(scan, "is not a JSON object");
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\n' || *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
}

static bool take(struct scan *scan, char byte)
{
    if (scan->at == scan->end || *scan->at != byte)
        return false;
    scan->at++;
    return true;
}

static bool take_literal(struct scan *scan, const char *word, size_t length)
{
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0)
        return not_json(scan);
    scan->at += length;
    return true;
}

/* ---- strings ---- */

static bool take_hex(struct scan *scan, uint32_t *code)
{
    *code = 0;
    for (int i = 0; i < 4; i++) {
        if (scan->at == scan->end)
            return not_json(scan);
        char c = *scan->at++;
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return not_json(scan);
        *code = *code << 4 | digit;
    }
    return true;
}

/* Behind "\u". */
static bool take_unicode(struct scan *scan)
{
    uint32_t code, low;
    if (!take_hex(scan, &code))
        return false;
    if (code == 0)
        return note(scan, "holds a NUL");
    if (code < 0xD800 || code > 0xDFFF)
        return true;
    const char *behind = scan->at;
    bool pair = code < 0xDC00 && take(scan, '\\') && take(scan, 'u') && take_hex(scan, &low);
    if (pair && low >= 0xDC00 && low <= 0xDFFF)
        return true;
    scan->at = behind; /* what follows is no half of this, and may be a quote */
    return note(scan, "is not UTF-8: half a surrogate pair");
}

/* Behind a backslash. */
static bool take_escape(struct scan *scan)
{
    if (scan->at == scan->end)
        return not_json(scan);
    char c = *scan->at++;
    if (c == 'u')
        return take_unicode(scan);
    return c != '\0' && strchr("\"\\/bfnrt", c) != NULL ? true : not_json(scan);
}

/* Behind the opening quote; stops behind the closing one. */
static bool take_string(struct scan *scan)
{
    scan->escaped = false;
    while (scan->at < scan->end) {
        unsigned char byte = (unsigned char)*scan->at;
        if (byte == '"') {
            scan->at++;
            return true;
        }
        if (byte == '\\') {
            scan->at++;
            scan->escaped = true;
            if (!take_escape(scan))
                return false;
        } else if (byte >= 0x80) {
            size_t step = rc_utf8_step(scan->at, (size_t)(scan->end - scan->at));
            if (step == 0)
                note(scan, "is not UTF-8");
            scan->at += step == 0 ? 1 : step;
        } else if (byte == 0) {
            note(scan, "holds a NUL");
            scan->at++;
        } else if (byte < 0x20) {
            return not_json(scan);
        } else {
            scan->at++;
        }
    }
    return not_json(scan);
}

/* ---- numbers ---- */

/* 10^308 is the largest power of ten in a double. */
#define EXPONENT_MAX 307
/* Where an exponent stops being counted: far beyond what the digits of the longest text can make up for. */
#define EXPONENT_STOP 100000

static bool is_digit(const struct scan *scan)
{
    return scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9';
}

static bool take_exponent(struct scan *scan, int *exponent)
{
    bool negative = take(scan, '-');
    if (!negative)
        take(scan, '+');
    if (!is_digit(scan))
        return not_json(scan);
    int value = 0;
    for (; is_digit(scan); scan->at++)
        if (value < EXPONENT_STOP)
            value = value * 10 + (*scan->at - '0');
    *exponent = negative ? -value : value;
    return true;
}

/* The whole digits: a value that stops above RC_JSON_INTEGER_MAX, and how many digits there are. */
static bool take_whole(struct scan *scan, int64_t *value, int *digits)
{
    *value = 0;
    *digits = 0;
    if (!is_digit(scan))
        return not_json(scan);
    bool zero = *scan->at == '0';
    for (; is_digit(scan); scan->at++) {
        if (*value <= RC_JSON_INTEGER_MAX)
            *value = *value * 10 + (*scan->at - '0');
        ++*digits;
    }
    return zero && *digits > 1 ? not_json(scan) : true;
}

static bool take_number(struct scan *scan, uint8_t *kind)
{
    int64_t whole;
    int digits, zeros = 0, exponent = 0;
    take(scan, '-');
    if (!take_whole(scan, &whole, &digits))
        return false;
    bool nothing = whole == 0; /* no digit but 0 so far */
    *kind = RC_JSON_INTEGER;
    if (take(scan, '.')) {
        *kind = RC_JSON_FRACTION;
        if (!is_digit(scan))
            return not_json(scan);
        for (; is_digit(scan); scan->at++) {
            nothing = nothing && *scan->at == '0';
            zeros += nothing;
        }
    }
    if (take(scan, 'e') || take(scan, 'E')) {
        *kind = RC_JSON_FRACTION;
        if (!take_exponent(scan, &exponent))
            return false;
    }
    /* The power of ten of the first digit that is not 0. */
    int power = (whole > 0 ? digits - 1 : -zeros - 1) + exponent;
    bool too_big = *kind == RC_JSON_INTEGER ? whole > RC_JSON_INTEGER_MAX : !nothing && power > EXPONENT_MAX;
    return too_big ? note(scan, "holds a number out of range") : true;
}

/* ---- objects and arrays ---- */

static bool take_value(struct scan *scan, int depth, uint8_t *kind);

/* FNV-1a over the decoded key and its object's number. */
static uint32_t hash_key(const char *at, const char *end, size_t object)
{
    uint32_t hash = 2166136261u ^ (uint32_t)object * 2654435761u;
    while (at < end) {
        char bytes[4];
        size_t length = rc_json_decode(&at, bytes);
        for (size_t i = 0; i < length; i++)
            hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
    }
    return hash;
}

static bool same_key(const struct rc_json *json, const struct rc_json_member *a,
                     const struct rc_json_member *b)
{
    const char *at_a = json->text + a->key_at, *at_b = json->text + b->key_at;
    const char *end_a = at_a + a->key_length, *end_b = at_b + b->key_length;
    while (at_a < end_a && at_b < end_b) {
        char bytes_a[4], bytes_b[4];
        size_t length = rc_json_decode(&at_a, bytes_a);
        if (rc_json_decode(&at_b, bytes_b) != length || memcmp(bytes_a, bytes_b, length) != 0)
            return false;
    }
    return at_a == end_a && at_b == end_b;
}

static bool is_same_at(const struct rc_json *json, size_t at, size_t last)
{
    return json->hashes[at] == json->hashes[last] && json->members[at].object == json->members[last].object &&
           same_key(json, &json->members[at], &json->members[last]);
}

/* Hashes compared at a time: a loop of constant length is what compilers make vector instructions of, and a
 * payload full of keys asks for hundreds of thousands of comparisons. */
#define BLOCK 16

static bool block_has(const uint32_t *hashes, uint32_t wanted)
{
    uint32_t found = 0;
    for (int i = 0; i < BLOCK; i++)
        found |= hashes[i] == wanted;
    return found != 0;
}

/* Whether the last member's key stood in its object before. */
static bool is_twice(const struct rc_json *json)
{
    size_t last = json->count - 1, at = 0;
    while (at < last) {
        size_t end = last - at < BLOCK ? last : at + BLOCK;
        if (end - at == BLOCK && !block_has(json->hashes + at, json->hashes[last]))
            at = end;
        for (; at < end; at++)
            if (is_same_at(json, at, last))
                return true;
    }
    return false;
}

static uint16_t offset(const struct scan *scan, const char *at)
{
    return (uint16_t)(at - scan->json->text);
}

static bool take_key(struct scan *scan, size_t object, struct rc_json_member **out)
{
    struct rc_json *json = scan->json;
    if (!take(scan, '"'))
        return not_json(scan);
    const char *start = scan->at;
    size_t complaints = scan->complaints;
    if (!take_string(scan))
        return false;
    bool sound = complaints == scan->complaints; /* else it cannot be decoded, and is no key */
    /* Its colon and value are still to come, so the check of the length covers this (RC_JSON_KEYS_MAX); but a
     * text that ends here must not write behind the table either. */
    if (json->count == RC_JSON_KEYS_MAX)
        return not_json(scan);
    struct rc_json_member *member = &json->members[json->count];
    member->key_at = offset(scan, start);
    member->key_length = sound ? (uint16_t)(scan->at - 1 - start) : 0;
    member->object = (uint16_t)object;
    member->key_escaped = sound && scan->escaped;
    member->sound = false;
    json->hashes[json->count++] = sound ? hash_key(start, scan->at - 1, object) : 0;
    *out = member;
    return sound && is_twice(json) ? note(scan, "has a key twice") : true;
}

static bool take_member(struct scan *scan, int depth, size_t object)
{
    struct rc_json_member *member;
    skip_space(scan);
    if (!take_key(scan, object, &member))
        return false;
    skip_space(scan);
    if (!take(scan, ':'))
        return not_json(scan);
    skip_space(scan);
    const char *start = scan->at;
    size_t complaints = scan->complaints;
    if (!take_value(scan, depth + 1, &member->kind))
        return false;
    member->sound = complaints == scan->complaints;
    bool quoted = member->kind == RC_JSON_STRING;
    member->value_at = offset(scan, start + quoted);
    member->value_length = (uint16_t)(scan->at - start - 2 * quoted);
    return true;
}

/* Behind the opening bracket. */
static bool take_members(struct scan *scan, int depth, bool object, char close)
{
    size_t number = object ? scan->objects++ : 0;
    uint8_t kind;
    skip_space(scan);
    if (take(scan, close))
        return true;
    do {
        skip_space(scan);
        if (object ? !take_member(scan, depth, number) : !take_value(scan, depth + 1, &kind))
            return false;
        skip_space(scan);
    } while (take(scan, ','));
    return take(scan, close) ? true : not_json(scan);
}

/* Behind the opening bracket of what lies too deep: goes to behind its end, without recursion. */
static bool skip_nested(struct scan *scan)
{
    for (size_t open = 1; open > 0;) {
        if (scan->at == scan->end)
            return not_json(scan);
        char c = *scan->at++;
        if (c == '"' && !take_string(scan))
            return false;
        open += c == '{' || c == '[';
        open -= c == '}' || c == ']';
    }
    return true;
}

static bool take_value(struct scan *scan, int depth, uint8_t *kind)
{
    if (scan->at == scan->end)
        return not_json(scan);
    switch (*scan->at) {
    case '{':
    case '[': {
        bool object = *scan->at++ == '{';
        *kind = object ? RC_JSON_OBJECT : RC_JSON_ARRAY;
        if (depth > RC_DEPTH_MAX)
            return note(scan, "is nested deeper than 4 levels") && skip_nested(scan);
        return take_members(scan, depth, object, object ? '}' : ']');
    }
    case '"':
        scan->at++;
        *kind = RC_JSON_STRING;
        return take_string(scan);
    case 't':
        *kind = RC_JSON_TRUE;
        return take_literal(scan, "true", 4);
    case 'f':
        *kind = RC_JSON_FALSE;
        return take_literal(scan, "false", 5);
    case 'n':
        *kind = RC_JSON_NULL;
        return take_literal(scan, "null", 4);
    default:
        return take_number(scan, kind);
    }
}

bool rc_json_read(struct rc_json *json, struct rc_text text)
{
    json->text = text.data;
    json->error = NULL;
    json->count = 0;
    struct scan scan = {.json = json, .at = text.data};
    uint8_t kind;
    if (text.length == 0) /* and then data may be NULL, to which not even 0 may be added */
        return fail(&scan, "is empty");
    scan.end = text.data + text.length;
    if (text.length > RC_JSON_MAX)
        return fail(&scan, "is too long");
    skip_space(&scan);
    if (scan.at == scan.end || *scan.at != '{')
        return not_json(&scan);
    if (!take_value(&scan, 1, &kind))
        return false;
    skip_space(&scan);
    if (scan.at != scan.end)
        fail(&scan, "goes on after the object");
    return json->error == NULL;
}
