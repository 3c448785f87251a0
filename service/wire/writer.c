#include "wire/writer.h"

#include "core/names.h"
#include "wire/utf8.h"

#include <stdlib.h>
#include <string.h>

/* Where a growing buffer begins: most replies are shorter. */
#define GROWING_SIZE_MIN 1024

/* Makes room for `more` bytes and a NUL. */
static bool reserve(struct rc_writer *writer, size_t more)
{
    size_t need = writer->length + more + 1;
    if (writer->failed || need <= writer->size)
        return !writer->failed;
    writer->failed = need > writer->size_max;
    if (writer->failed)
        return false;
    size_t size = writer->size < GROWING_SIZE_MIN ? GROWING_SIZE_MIN : writer->size;
    while (size < need)
        size *= 2;
    if (size > writer->size_max)
        size = writer->size_max;
    char *grown = realloc(writer->out, size);
    writer->failed = grown == NULL;
    if (grown == NULL)
        return false;
    writer->out = grown;
    writer->size = size;
    return true;
}

static void put(struct rc_writer *writer, const char *bytes, size_t length)
{
    if (!reserve(writer, length))
        return;
    memcpy(writer->out + writer->length, bytes, length);
    writer->length += length;
}

static void put_byte(struct rc_writer *writer, char byte)
{
    put(writer, &byte, 1);
}

/* One character of text, escaped where JSON wants it. Returns how many bytes of text it took. */
static size_t put_character(struct rc_writer *writer, struct rc_text rest)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char byte = (unsigned char)rest.data[0];
    size_t step = rc_utf8_step(rest.data, rest.length);
    if (step == 0) {
        put(writer, "\xEF\xBF\xBD", 3); /* U+FFFD */
        return 1;
    }
    if (byte < 0x20) {
        char escape[6] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
        put(writer, escape, sizeof escape);
    } else {
        if (byte == '"' || byte == '\\')
            put_byte(writer, '\\');
        put(writer, rest.data, step);
    }
    return step;
}

static void put_string(struct rc_writer *writer, struct rc_text text)
{
    put_byte(writer, '"');
    while (text.length > 0) {
        size_t step = put_character(writer, text);
        text.data += step;
        text.length -= step;
    }
    put_byte(writer, '"');
}

/* What stands before a value: a comma, unless it is the first, and in an object the key (ours, and never
 * escaped). */
static void lead(struct rc_writer *writer, const char *key)
{
    if (writer->comma)
        put_byte(writer, ',');
    writer->comma = true;
    if (key == NULL)
        return;
    put_byte(writer, '"');
    put(writer, key, strlen(key));
    put(writer, "\":", 2);
}

static void open(struct rc_writer *writer, char bracket)
{
    put_byte(writer, bracket);
    writer->comma = false;
}

static void close(struct rc_writer *writer, char bracket)
{
    put_byte(writer, bracket);
    writer->comma = true;
}

void rc_writer_init(struct rc_writer *writer, char *out, size_t size)
{
    *writer = (struct rc_writer){.out = out, .size = size, .size_max = size};
    open(writer, '{');
}

void rc_writer_init_growing(struct rc_writer *writer, size_t size_max)
{
    *writer = (struct rc_writer){.size_max = size_max};
    open(writer, '{');
}

size_t rc_writer_end(struct rc_writer *writer)
{
    close(writer, '}');
    if (writer->failed)
        return 0;
    writer->out[writer->length] = '\0'; /* reserve leaves room for it */
    return writer->length;
}

void rc_writer_integer(struct rc_writer *writer, const char *key, int64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = value < 0 ? -(uint64_t)value : (uint64_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        digits[--at] = '-';
    lead(writer, key);
    put(writer, digits + at, sizeof digits - at);
}

void rc_writer_bool(struct rc_writer *writer, const char *key, bool value)
{
    lead(writer, key);
    put(writer, value ? "true" : "false", value ? 4 : 5);
}

void rc_writer_text(struct rc_writer *writer, const char *key, struct rc_text value)
{
    lead(writer, key);
    put_string(writer, value);
}

void rc_writer_word(struct rc_writer *writer, const char *key, const char *value)
{
    rc_writer_text(writer, key, rc_text_of(value));
}

void rc_writer_id(struct rc_writer *writer, const char *key, const struct rc_id *value)
{
    rc_writer_text(writer, key, (struct rc_text){value->text, value->length});
}

void rc_writer_hash(struct rc_writer *writer, const char *key, const uint8_t value[32])
{
    static const char digits[] = "0123456789abcdef";
    char text[64];
    for (size_t i = 0; i < 32; i++) {
        text[2 * i] = digits[value[i] >> 4];
        text[2 * i + 1] = digits[value[i] & 15];
    }
    rc_writer_text(writer, key, (struct rc_text){text, sizeof text});
}

void rc_writer_array_begin(struct rc_writer *writer, const char *key)
{
    lead(writer, key);
    open(writer, '[');
}

void rc_writer_array_end(struct rc_writer *writer)
{
    close(writer, ']');
}

void rc_writer_member_begin(struct rc_writer *writer, const char *key)
{
    lead(writer, key);
    open(writer, '{');
}

void rc_writer_object_begin(struct rc_writer *writer)
{
    lead(writer, NULL);
    open(writer, '{');
}

void rc_writer_object_end(struct rc_writer *writer)
{
    close(writer, '}');
}
