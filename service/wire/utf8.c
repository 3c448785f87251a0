#include "wire/utf8.h"

static bool in(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

size_t rc_utf8_step(const char *text, size_t length)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (length == 0)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    /* The first byte says how many follow; only the second one's range depends on the first. */
    size_t need;
    unsigned char low = 0x80, high = 0xBF;
    if (in(byte[0], 0xC2, 0xDF)) {
        need = 2;
    } else if (in(byte[0], 0xE0, 0xEF)) {
        need = 3;
        if (byte[0] == 0xE0)
            low = 0xA0; /* overlong below */
        else if (byte[0] == 0xED)
            high = 0x9F; /* surrogates above */
    } else if (in(byte[0], 0xF0, 0xF4)) {
        need = 4;
        if (byte[0] == 0xF0)
            low = 0x90; /* overlong below */
        else if (byte[0] == 0xF4)
            high = 0x8F; /* beyond U+10FFFF above */
    } else {
        return 0;
    }
    if (length < need || !in(byte[1], low, high))
        return 0;
    for (size_t i = 2; i < need; i++)
        if (!in(byte[i], 0x80, 0xBF))
            return 0;
    return need;
}

size_t rc_utf8_put(char out[4], uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | (code >> 6));
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | (code >> 12));
        out[1] = (char)(0x80 | ((code >> 6) & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | (code >> 18));
    out[1] = (char)(0x80 | ((code >> 12) & 0x3F));
    out[2] = (char)(0x80 | ((code >> 6) & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

size_t rc_utf8_count(struct rc_text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}
