/*
 * given.h: what the tests of wire have in common: a message as it would come from the broker, decoded from
 * copies that end exactly where the bytes end, so that a read past them is seen by the address sanitizer. One
 * thread.
 */
#ifndef RC_TESTS_WIRE_GIVEN_H
#define RC_TESTS_WIRE_GIVEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/names.h"
#include "wire/decode.h"

#include <stdlib.h>
#include <string.h>

#define SESSION "rollcall/v1/hq/emp/alice/session/tab-1/"

static inline struct rc_id id_of(const char *text)
{
    struct rc_id id;
    assert_true(rc_id_set(&id, rc_text_of(text)));
    return id;
}

static inline void assert_id(const struct rc_id *id, const char *text)
{
    assert_string_equal(id->text, text);
    assert_int_equal(id->length, strlen(text));
}

/* A copy of exactly its size. malloc(0) may not be read at all, which is what is wanted of an empty payload.
 */
static inline char *exact_copy(struct rc_text text)
{
    char *copy = malloc(text.length);
    if (text.length > 0)
        memcpy(copy, text.data, text.length);
    return copy;
}

/* A message received at boot time 5,000,000 and wall time 1,700,000,000,000, signed by nobody, sent when
 * received. */
static inline struct rc_message message_of(const char *topic, const char *payload)
{
    return (struct rc_message){.topic = rc_text_of(topic),
                               .payload = rc_text_of(payload),
                               .now = 5000000,
                               .at = 1700000000000,
                               .sent_now = 5000000,
                               .sent_at = 1700000000000};
}

static char scratch[RC_TEXT_MAX];

/* What is left of a message when its bytes are gone; borrowed texts in *out that point into the payload are
 * not to be used, but for their lengths. */
static inline void decode_message(struct rc_message message, struct rc_decoded *out)
{
    struct rc_id site = id_of("hq");
    char *topic = exact_copy(message.topic), *payload = exact_copy(message.payload);
    message.topic.data = topic;
    message.payload.data = payload;
    memset(out, 0xA5, sizeof *out); /* decode must not rest on what was there before */
    rc_decode(&message, &site, scratch, out);
    free(topic);
    free(payload);
}

static inline void decode(const char *topic, const char *payload, struct rc_decoded *out)
{
    decode_message(message_of(topic, payload), out);
}

/* One payload that must be refused, and what the complaint must be. */
struct refused {
    const char *payload;
    const char *message;
};

static inline void assert_refused(const char *topic, const struct refused *cases, size_t count,
                                  enum rc_answer answer)
{
    static struct rc_decoded out;
    for (size_t i = 0; i < count; i++) {
        decode(topic, cases[i].payload, &out);
        assert_int_equal(out.kind, RC_DECODED_INVALID);
        assert_string_equal(out.message, cases[i].message);
        assert_int_equal(out.answer, answer);
        assert_int_not_equal(out.refusal, RC_REFUSAL_NONE);
    }
}
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
