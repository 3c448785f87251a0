/*
 * encode.h: effects and answers into JSON payloads. Writers into the caller's buffer; they return the length written
 * (NUL-terminated besides) or 0 if it did not fit. Optional fields that have no value are left out; `hash` is 64 hex
 * digits. Pure but for cJSON's allocations; any thread.
 */
#ifndef RC_WIRE_ENCODE_H
#define RC_WIRE_ENCODE_H

#include "core/effect.h"
#include "wire/decode.h"

#define RC_ENCODED_MAX 4096

size_t rc_encode_status(const struct rc_status *status, char *out, size_t size);
size_t rc_encode_event(const struct rc_row *row, char *out, size_t size);
size_t rc_encode_receipt(const struct rc_receipt *receipt, char *out, size_t size);
size_t rc_encode_device(const struct rc_device_status *device, char *out, size_t size);
size_t rc_encode_profile(const struct rc_id *employee, struct rc_text name, const struct rc_id *group, char *out,
                         size_t size);
struct rc_summary {
    uint64_t in, out, present, suspect, held, sessions, devices;
    int64_t as_of_at;
};
size_t rc_encode_summary(const struct rc_summary *summary, char *out, size_t size);
/* detail is text for people */
size_t rc_encode_alert(enum rc_alert kind, int64_t since_at, const char *detail, char *out, size_t size);
size_t rc_encode_service(bool online, const char *version, int64_t started_at, char *out, size_t size);
size_t rc_encode_canary(int64_t now, char *out, size_t size);
/* {"code": ..., "message": ...}, with "id" and result "rejected" before them where id is not NULL */
size_t rc_encode_refusal(const struct rc_punch_id *id, enum rc_code code, const char *message, char *out, size_t size);

/*
 * Replies: {"requestId"?, "ok", "code"?, "message"?, ...}. A reply is built step by step and owns its memory until
 * rc_reply_print (which frees it) or rc_reply_free. One thread at a time.
 */
struct rc_reply;
struct rc_reply *rc_reply_new(const char *request_id, enum rc_code code, const char *message); /* RC_OK: ok true */
void rc_reply_integer(struct rc_reply *reply, const char *key, int64_t value);
void rc_reply_text(struct rc_reply *reply, const char *key, struct rc_text value);
void rc_reply_bool(struct rc_reply *reply, const char *key, bool value);
/* rc_reply_list starts (or goes on with) an array under key; the rc_reply_row_* then add an object each to it. */
void rc_reply_list(struct rc_reply *reply, const char *key);
void rc_reply_row_begin(struct rc_reply *reply);
void rc_reply_row_end(struct rc_reply *reply);
/* between begin and end, rc_reply_integer, _text and _bool write into the row */
/* rc_reply_print returns a malloc'ed NUL-terminated text, *length its length, and frees the reply; NULL: no memory. */
char *rc_reply_print(struct rc_reply *reply, size_t *length);
void rc_reply_free(struct rc_reply *reply);

#endif
