/*
 * encode.h: effects and answers into JSON payloads. Writers into the caller's buffer; they return the length
 * written (NUL-terminated besides) or 0 if it did not fit. Optional fields that have no value are left out,
 * and nothing is ever null; `hash` is 64 lower-case hex digits; bytes that are no UTF-8 become U+FFFD. Pure,
 * allocates nothing (but replies), any thread.
 */
#ifndef RC_WIRE_ENCODE_H
#define RC_WIRE_ENCODE_H

#include "core/effect.h"
#include "wire/decode.h"

/* Every payload of bounded parts fits: the longest, a receipt, has a punch id of at most 384 bytes when
 * escaped, and some 400 more. Only a profile's name and an alert's detail have no bound of their own. */
#define RC_ENCODED_MAX 4096

size_t rc_encode_status(const struct rc_status *status, char *out, size_t size);
size_t rc_encode_event(const struct rc_row *row, char *out, size_t size);
size_t rc_encode_receipt(const struct rc_receipt *receipt, char *out, size_t size);
size_t rc_encode_device(const struct rc_device_status *device, char *out, size_t size);
size_t rc_encode_profile(const struct rc_id *employee, struct rc_text name, const struct rc_id *group,
                         char *out, size_t size);
struct rc_summary {
    uint64_t in, out, present, suspect, held, sessions, devices;
    int64_t as_of_at;
};
size_t rc_encode_summary(const struct rc_summary *summary, char *out, size_t size);
/* detail is text for people, NUL-terminated */
size_t rc_encode_alert(enum rc_alert kind, int64_t since_at, const char *detail, char *out, size_t size);
size_t rc_encode_service(bool online, const char *version, int64_t started_at, char *out, size_t size);
size_t rc_encode_canary(int64_t now, char *out, size_t size);
/* The detail of the audit row that keeps a decision on an ask: {"askId","action","actor","reason"?,"seq"?}.
 * With a reason of RC_TEXT_MAX bytes it fits into RC_ENCODED_MAX. */
size_t rc_encode_ask_decision(int64_t ask, enum rc_action action, const struct rc_id *actor,
                              struct rc_text reason, int64_t seq, char *out, size_t size);
/* {"code": ..., "message": ...}: for whom there is no receipt, since no id could be read */
size_t rc_encode_refusal(enum rc_code code, const char *message, char *out, size_t size);

/*
 * Replies: {"requestId"?, "ok", "code"?, "message"?, ...}. A reply is written step by step, in the order of
 * the calls, and owns its memory until rc_reply_print (which frees it) or rc_reply_free. Where there is no
 * memory for a reply, NULL stands for it: all functions take that and do nothing. One thread at a time.
 */
struct rc_reply;

/* Bytes of a reply: what the broker takes in a packet (max_packet_size 65536), less 1 KiB for topic and
 * properties; one that is longer would cost the service its connection, so rc_reply_print gives NULL for it.
 * Whoever writes lists ends pages before that (daemon/paging.h). */
#define RC_REPLY_MAX (63u * 1024u)

/* RC_OK: ok is true, and no code. request_id and message may be NULL or, the former, empty. */
struct rc_reply *rc_reply_new(const char *request_id, enum rc_code code, const char *message);
void rc_reply_integer(struct rc_reply *reply, const char *key, int64_t value);
void rc_reply_text(struct rc_reply *reply, const char *key, struct rc_text value);
void rc_reply_bool(struct rc_reply *reply, const char *key, bool value);
/* rc_reply_list starts an array under key; the rc_reply_row_* then add an object each to it. The next field
 * of the reply itself, list or rc_reply_print ends it, so each list is written in one go. */
void rc_reply_list(struct rc_reply *reply, const char *key);
/* Between begin and end, rc_reply_integer, _text and _bool write into the row. */
void rc_reply_row_begin(struct rc_reply *reply);
void rc_reply_row_end(struct rc_reply *reply);
/* rc_reply_inner_begin starts an array within a row, _end ends it; between them each rc_reply_inner_row_begin
 * and _end is an object of it, and the fields written then are its own. */
void rc_reply_inner_begin(struct rc_reply *reply, const char *key);
void rc_reply_inner_row_begin(struct rc_reply *reply);
void rc_reply_inner_row_end(struct rc_reply *reply);
void rc_reply_inner_end(struct rc_reply *reply);
/* rc_reply_print returns a malloc'ed NUL-terminated text, *length its length, and frees the reply; NULL: no
 * memory, or longer than RC_REPLY_MAX. */
char *rc_reply_print(struct rc_reply *reply, size_t *length);
void rc_reply_free(struct rc_reply *reply);

#endif
