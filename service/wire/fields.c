#include "wire/fields.h"

#include "core/names.h"
#include "wire/utf8.h"

#include <stdio.h>
#include <string.h>

bool rc_fields_ok(const struct rc_fields *fields)
{
    return fields->out->refusal == RC_REFUSAL_NONE;
}

/* Complaints are made of our own words and numbers alone, never of what the sender wrote. */
static void complain(struct rc_fields *fields, enum rc_refusal refusal, const char *first, const char *space,
                     const char *second)
{
    if (!rc_fields_ok(fields))
        return;
    fields->out->kind = RC_DECODED_INVALID;
    fields->out->refusal = refusal;
    snprintf(fields->out->message, sizeof fields->out->message, "%s: %s%s%s", fields->what, first, space,
             second);
}

bool rc_fields_open(struct rc_fields *fields, const char *what, struct rc_text payload, size_t length_max,
                    struct rc_decoded *out)
{
    fields->what = what;
    fields->out = out;
    bool sound = rc_json_read(&fields->json, payload); /* where it is too long, too: for rc_fields_salvage */
    if (payload.length > length_max) {
        char number[32];
        snprintf(number, sizeof number, "%zu bytes", length_max);
        complain(fields, RC_REFUSAL_TOO_LONG, "the payload is longer than", " ", number);
    } else if (!sound) {
        complain(fields, RC_REFUSAL_NOT_JSON, "the payload", " ", fields->json.error);
    }
    return rc_fields_ok(fields);
}

bool rc_fields_wrong(struct rc_fields *fields, const char *key, const char *complaint)
{
    complain(fields, RC_REFUSAL_FIELD, key, " ", complaint);
    return false;
}

bool rc_fields_has(const struct rc_fields *fields, const char *key)
{
    return rc_json_find(&fields->json, key) != NULL;
}

bool rc_fields_is_text(const struct rc_fields *fields, const char *key)
{
    const struct rc_json_member *member = rc_json_find(&fields->json, key);
    return member != NULL && member->kind == RC_JSON_STRING;
}

void rc_fields_need(struct rc_fields *fields, const char *key)
{
    if (!rc_fields_has(fields, key))
        complain(fields, RC_REFUSAL_FIELD, "missing", " ", key);
}

/* The field, or NULL where there is nothing more to do. */
static const struct rc_json_member *find(struct rc_fields *fields, const char *key)
{
    return rc_fields_ok(fields) ? rc_json_find(&fields->json, key) : NULL;
}

void rc_fields_integer(struct rc_fields *fields, const char *key, int low, int64_t *out)
{
    const struct rc_json_member *member = find(fields, key);
    if (member == NULL)
        return;
    if (member->kind == RC_JSON_INTEGER && rc_json_integer(&fields->json, member) >= low)
        *out = rc_json_integer(&fields->json, member);
    else
        rc_fields_wrong(fields, key, low == 0 ? "must be an integer from 0" : "must be an integer from 1");
}

void rc_fields_interval(struct rc_fields *fields, const char *key, int64_t *out)
{
    const struct rc_json_member *member = find(fields, key);
    if (member == NULL)
        return;
    int64_t value = member->kind == RC_JSON_INTEGER ? rc_json_integer(&fields->json, member) : 0;
    if (value < 1 || value > RC_INTERVAL_MS_MAX)
        rc_fields_wrong(fields, key, "must be an integer from 1 to 86400000");
    else
        *out = value;
}

void rc_fields_bool(struct rc_fields *fields, const char *key, bool *out)
{
    const struct rc_json_member *member = find(fields, key);
    if (member == NULL)
        return;
    if (member->kind == RC_JSON_TRUE || member->kind == RC_JSON_FALSE)
        *out = member->kind == RC_JSON_TRUE;
    else
        rc_fields_wrong(fields, key, "must be true or false");
}

void rc_fields_id(struct rc_fields *fields, const char *key, struct rc_id *out)
{
    const struct rc_json_member *member = find(fields, key);
    if (member == NULL)
        return;
    char text[RC_ID_MAX];
    size_t length;
    bool fits =
        member->kind == RC_JSON_STRING && rc_json_string(&fields->json, member, text, sizeof text, &length);
    if (!fits || !rc_id_set(out, (struct rc_text){text, length}))
        rc_fields_wrong(fields, key, "must be an id of 1 to 64 of A-Z a-z 0-9 _ -");
}

size_t rc_fields_text(struct rc_fields *fields, const char *key, size_t low, size_t high, char *out)
{
    const struct rc_json_member *member = find(fields, key);
    if (member == NULL)
        return 0;
    size_t length;
    if (member->kind == RC_JSON_STRING && rc_json_string(&fields->json, member, out, high, &length) &&
        length >= low)
        return length;
    char complaint[64];
    snprintf(complaint, sizeof complaint, "must be a text of %zu to %zu bytes", low, high);
    rc_fields_wrong(fields, key, complaint);
    return 0;
}

size_t rc_fields_salvage(const struct rc_fields *fields, const char *key, size_t high, char *out)
{
    const struct rc_json_member *member = rc_json_salvage(&fields->json, key);
    size_t length;
    if (member != NULL && member->kind == RC_JSON_STRING &&
        rc_json_string(&fields->json, member, out, high, &length))
        return length;
    return 0;
}

struct rc_text rc_fields_word(struct rc_fields *fields, const char *key, char out[RC_WORD_MAX])
{
    const struct rc_json_member *member = find(fields, key);
    size_t length;
    if (member == NULL)
        return (struct rc_text){out, 0};
    if (member->kind == RC_JSON_STRING && rc_json_string(&fields->json, member, out, RC_WORD_MAX, &length) &&
        length > 0)
        return (struct rc_text){out, length};
    out[0] = '?';
    return (struct rc_text){out, 1};
}

void rc_fields_class(struct rc_fields *fields, bool *has_class, enum rc_class *out)
{
    char word[RC_WORD_MAX];
    struct rc_text text = rc_fields_word(fields, "class", word);
    *has_class = text.length > 0 && rc_class_parse(text, out);
    if (text.length > 0 && !*has_class)
        rc_fields_wrong(fields, "class", "must be browser, agent, mobile, badge or kiosk");
}

void rc_fields_punch_type(struct rc_fields *fields, enum rc_type *out)
{
    char word[RC_WORD_MAX];
    struct rc_text text = rc_fields_word(fields, "type", word);
    if (text.length == 0)
        return;
    enum rc_type type;
    if (rc_type_parse(text, &type) && (type == RC_IN || type == RC_OUT))
        *out = type;
    else
        rc_fields_wrong(fields, "type", "must be IN or OUT");
}

void rc_fields_salvage_punch_id(const struct rc_fields *fields, struct rc_punch_id *out)
{
    size_t length = rc_fields_salvage(fields, "id", RC_PUNCH_ID_MAX, out->text);
    bool fits = rc_utf8_count((struct rc_text){out->text, length}) <= RC_PUNCH_ID_CHARS_MAX;
    out->length = fits ? (uint16_t)length : 0;
    out->text[out->length] = '\0';
}

void rc_fields_punch_id(struct rc_fields *fields, struct rc_punch_id *out)
{
    const struct rc_json_member *member = find(fields, "id");
    out->length = 0;
    if (member != NULL) {
        size_t length = 0;
        bool fits = member->kind == RC_JSON_STRING &&
                    rc_json_string(&fields->json, member, out->text, RC_PUNCH_ID_MAX, &length);
        if (fits && length > 0 && rc_utf8_count((struct rc_text){out->text, length}) <= RC_PUNCH_ID_CHARS_MAX)
            out->length = (uint16_t)length;
        else
            rc_fields_wrong(fields, "id", "must be a text of 1 to 64 characters");
    }
    out->text[out->length] = '\0';
}
