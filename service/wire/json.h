/*
 * json.h: the strict reader of the payloads that clients send: one object of RFC 8259 in UTF-8, at most
 * RC_JSON_MAX bytes, RC_DEPTH_MAX levels, no key twice in an object (compared as decoded, exactly), no NUL in
 * any spelling, no number beyond what a double or, for an integer, 53 bits can hold, nothing after the
 * object. Decides what is JSON, not what it means.
 *
 * It reads in one pass and allocates nothing. What is left is a table of the outer object's members, each
 * with the place of its key and its value in the text:
 *
 *     {"id":"p1","data":{"x":[1,2]}}
 *       --  --    ----  -----------           two members; `x` was checked, and is no member
 *
 * A library that builds trees would need this pass before it anyway, takes three allocations a member, rounds
 * integers, and cannot give the text of a value back. The tests compare this reader with cJSON.
 *
 * The text stays the caller's and must live as long as the struct rc_json; plain value otherwise, any thread.
 */
#ifndef RC_WIRE_JSON_H
#define RC_WIRE_JSON_H

#include "core/types.h"

/* The longest payload of the protocol, progress; a longer text is refused. */
#define RC_JSON_MAX 4096

/* Levels of objects and arrays, the outer object being the first; the protocol's. A deeper text is refused.
 */
#define RC_DEPTH_MAX 4

/* Keys in a text, of all levels: each takes 5 bytes at least (two quotes, colon, value, comma or brace), so
 * that a text of RC_JSON_MAX never has more. */
#define RC_JSON_KEYS_MAX (RC_JSON_MAX / 5)

/* The largest integer that every reader of JSON agrees on, 2^53 - 1. */
#define RC_JSON_INTEGER_MAX INT64_C(9007199254740991)

enum rc_json_kind {
    RC_JSON_OBJECT,
    RC_JSON_ARRAY,
    RC_JSON_STRING,
    RC_JSON_INTEGER,  /* spelled without fraction and exponent, and in range */
    RC_JSON_FRACTION, /* any other number */
    RC_JSON_TRUE,
    RC_JSON_FALSE,
    RC_JSON_NULL,
};

/* A key and its value; offsets into the text. A string's place is that between its quotes. */
struct rc_json_member {
    uint16_t key_at, key_length;
    uint16_t value_at, value_length;
    uint16_t object;  /* which object it belongs to, counted as they open; 0: the outer one */
    uint8_t kind;     /* enum rc_json_kind */
    bool key_escaped; /* the key holds a backslash */
    bool sound;       /* key and value are whole and break no rule */
};

struct rc_json {
    const char *text;
    const char *error; /* what is wrong, to be put after "the payload "; NULL: nothing */
    size_t count;
    struct rc_json_member members[RC_JSON_KEYS_MAX];
    uint32_t hashes[RC_JSON_KEYS_MAX]; /* of key and object, to find keys that stand twice */
};

/* rc_json_read reads text. Returns false, and says why in json->error, if it breaks a rule. */
bool rc_json_read(struct rc_json *json, struct rc_text text);

/* rc_json_find returns the outer object's member of that key, or NULL. Case matters. */
const struct rc_json_member *rc_json_find(const struct rc_json *json, const char *key);

/* rc_json_salvage returns the same of a text that rc_json_read refused: the outer object's member of that
 * key, where it is whole, breaks no rule itself and stands there once; else NULL. What the text says
 * otherwise is not to be believed. */
const struct rc_json_member *rc_json_salvage(const struct rc_json *json, const char *key);

/* rc_json_integer returns the value of a member of kind RC_JSON_INTEGER. */
int64_t rc_json_integer(const struct rc_json *json, const struct rc_json_member *member);

/* rc_json_string decodes the value of a member of kind RC_JSON_STRING into out (not NUL-terminated) and
 * returns true, or returns false if it is longer than size bytes. */
bool rc_json_string(const struct rc_json *json, const struct rc_json_member *member, char *out, size_t size,
                    size_t *length);

/* rc_json_raw borrows the value's text, as it stands, a string's quotes included. */
struct rc_text rc_json_raw(const struct rc_json *json, const struct rc_json_member *member);

/* rc_json_decode decodes one character or escape of a string that rc_json_read accepted, at *at, into out,
 * moves *at behind it, and returns how many bytes of UTF-8 it is. */
size_t rc_json_decode(const char **at, char out[4]);

#endif
