/*
 * writer.h: writes one JSON object into a buffer, member after member, into the caller's memory or into its
 * own that grows up to a limit. Integers are written exactly (cJSON 1.7.15 prints 9007199254740991
 * as 9.00719925474099e+15, and a late punch's time may have that many digits); text is escaped, and bytes
 * that are no UTF-8 become U+FFFD, so that what comes out is always JSON. What does not fit is remembered:
 * the writer is asked once, at the end. Internal to wire; one thread at a time.
 */
#ifndef RC_WIRE_WRITER_H
#define RC_WIRE_WRITER_H

#include "core/types.h"

struct rc_writer {
    char *out;
    size_t length, size, size_max; /* size_max > size: out is malloc'ed, and grows */
    bool failed;                   /* it did not fit, or there was no memory */
    bool comma;                    /* something stands before in this object or array */
};

/* rc_writer_init writes into out, of size bytes, and opens the object. */
void rc_writer_init(struct rc_writer *writer, char *out, size_t size);

/* rc_writer_init_growing writes into memory of its own, up to size_max bytes, and opens the object. The owner
 * frees writer->out. */
void rc_writer_init_growing(struct rc_writer *writer, size_t size_max);

/* rc_writer_end closes the object, adds a NUL behind it, and returns the length, 0 if anything did not fit.
 */
size_t rc_writer_end(struct rc_writer *writer);

void rc_writer_integer(struct rc_writer *writer, const char *key, int64_t value);
void rc_writer_bool(struct rc_writer *writer, const char *key, bool value);
void rc_writer_text(struct rc_writer *writer, const char *key, struct rc_text value);
void rc_writer_word(struct rc_writer *writer, const char *key, const char *value);
void rc_writer_id(struct rc_writer *writer, const char *key, const struct rc_id *value);
/* 64 lower-case hex digits */
void rc_writer_hash(struct rc_writer *writer, const char *key, const uint8_t value[32]);

/* An object under key; rc_writer_object_end ends it. */
void rc_writer_member_begin(struct rc_writer *writer, const char *key);

/* An array under key, and objects in it. */
void rc_writer_array_begin(struct rc_writer *writer, const char *key);
void rc_writer_array_end(struct rc_writer *writer);
void rc_writer_object_begin(struct rc_writer *writer);
void rc_writer_object_end(struct rc_writer *writer);

#endif
