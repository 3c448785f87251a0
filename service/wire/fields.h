/*
 * fields.h: taking the fields of one message out of its JSON, and keeping the first complaint. Each reader
 * leaves *out alone when the field is not there; after a complaint all of them do nothing, so that a decoder
 * reads field after field and asks once at the end. Internal to wire; plain value, one thread at a time.
 */
#ifndef RC_WIRE_FIELDS_H
#define RC_WIRE_FIELDS_H

#include "wire/decode.h"
#include "wire/json.h"

struct rc_fields {
    struct rc_json json;
    const char *what;       /* the message's name in complaints: "punch", "leave", ... */
    struct rc_decoded *out; /* where the complaint goes */
};

/* rc_fields_open reads the payload. False: it was too long or no JSON, and the complaint is made. */
bool rc_fields_open(struct rc_fields *fields, const char *what, struct rc_text payload, size_t length_max,
                    struct rc_decoded *out);

/* rc_fields_ok: nothing to complain about so far. */
bool rc_fields_ok(const struct rc_fields *fields);

/* rc_fields_wrong complains: "what: key complaint", unless there is a complaint already. Always returns
 * false. */
bool rc_fields_wrong(struct rc_fields *fields, const char *key, const char *complaint);

/* rc_fields_has says whether the field is there, rc_fields_is_text whether it is a text; rc_fields_need
 * complains where it is not there: "what: missing key". */
bool rc_fields_has(const struct rc_fields *fields, const char *key);
bool rc_fields_is_text(const struct rc_fields *fields, const char *key);
void rc_fields_need(struct rc_fields *fields, const char *key);

/* rc_fields_integer takes an integer from `low` on; rc_fields_interval one from 1 to RC_INTERVAL_MS_MAX. */
void rc_fields_integer(struct rc_fields *fields, const char *key, int low, int64_t *out);
void rc_fields_interval(struct rc_fields *fields, const char *key, int64_t *out);
void rc_fields_bool(struct rc_fields *fields, const char *key, bool *out);
void rc_fields_id(struct rc_fields *fields, const char *key, struct rc_id *out);

/* rc_fields_text takes a text of `low` to `high` bytes into out, which has room for high, and returns its
 * length; 0 where it is not there or wrong. Not NUL-terminated. */
size_t rc_fields_text(struct rc_fields *fields, const char *key, size_t low, size_t high, char *out);

/* rc_fields_salvage takes a text of at most `high` bytes out of a payload that rc_fields_open refused, and
 * returns its length; 0: it cannot be read, or is empty. The punch id likewise: so who sent it hears what was
 * wrong under its own id. */
size_t rc_fields_salvage(const struct rc_fields *fields, const char *key, size_t high, char *out);
void rc_fields_salvage_punch_id(const struct rc_fields *fields, struct rc_punch_id *out);

/* rc_fields_word takes a text that must be one of a few short words, as borrowed text within out (RC_WORD_MAX
 * bytes); empty where the field is not there. A text longer than any word comes back as one that no word
 * equals. */
#define RC_WORD_MAX 16
struct rc_text rc_fields_word(struct rc_fields *fields, const char *key, char out[RC_WORD_MAX]);

/* Fields that several messages share. */
void rc_fields_class(struct rc_fields *fields, bool *has_class, enum rc_class *out);
void rc_fields_punch_type(struct rc_fields *fields, enum rc_type *out);
void rc_fields_punch_id(struct rc_fields *fields, struct rc_punch_id *out);

#endif
