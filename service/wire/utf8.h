/*
 * utf8.h: what counts as one character of UTF-8 (Unicode 15, table 3-7): nothing overlong, no surrogates,
 * nothing above U+10FFFF. Pure, any thread.
 */
#ifndef RC_WIRE_UTF8_H
#define RC_WIRE_UTF8_H

#include "core/types.h"

/* rc_utf8_step returns the length in bytes (1 to 4) of the character at text, which has `length` bytes left;
 * 0 if there is none that is well formed. NUL is a character of one byte here. */
size_t rc_utf8_step(const char *text, size_t length);

/* rc_utf8_put writes the character `code` (a scalar value) and returns its length, 1 to 4. */
size_t rc_utf8_put(char out[4], uint32_t code);

/* rc_utf8_count returns how many characters the text has, which must be well formed. */
size_t rc_utf8_count(struct rc_text text);

#endif
