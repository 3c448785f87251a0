#include "wire/reply_read.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whole numbers above this are not told apart by a double, which is all that cJSON keeps. */
#define EXACT_MAX 9007199254740992.0

/* Both are cJSON nodes under another name: nobody outside this folder sees cJSON. */
static const cJSON *node(const struct rc_reading_row *row)
{
    return (const cJSON *)(const void *)row;
}

static const struct rc_reading_row *row_of(const cJSON *item)
{
    while (item != NULL && !cJSON_IsObject(item)) {
        item = item->next;
    }
    return (const struct rc_reading_row *)(const void *)item;
}

const struct rc_reading_row *rc_reading_top(const struct rc_reading *reading)
{
    return (const struct rc_reading_row *)(const void *)reading;
}

static bool only_space(const char *from, const char *to)
{
    while (from < to && strchr(" \t\r\n", *from) != NULL && *from != '\0') {
        from++;
    }
    return from == to;
}

struct rc_reading *rc_reading_object(struct rc_text text)
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(text.data, text.length, &end, false);
    if (root != NULL && (!cJSON_IsObject(root) || !only_space(end, text.data + text.length))) {
        cJSON_Delete(root);
        return NULL;
    }
    return (struct rc_reading *)(void *)root;
}

struct rc_reading *rc_reading_parse(struct rc_text payload)
{
    struct rc_reading *reading = rc_reading_object(payload);
    if (reading != NULL &&
        !cJSON_IsBool(cJSON_GetObjectItemCaseSensitive(node(rc_reading_top(reading)), "ok"))) {
        rc_reading_free(reading);
        return NULL;
    }
    return reading;
}

void rc_reading_free(struct rc_reading *reading)
{
    cJSON_Delete((cJSON *)(void *)reading);
}

bool rc_reading_ok(const struct rc_reading *reading)
{
    return rc_row_true(rc_reading_top(reading), "ok");
}

const struct rc_reading_row *rc_row_first(const struct rc_reading_row *row, const char *key)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(node(row), key);
    return cJSON_IsArray(list) ? row_of(list->child) : NULL;
}

const struct rc_reading_row *rc_reading_first(const struct rc_reading *reading, const char *key)
{
    return rc_row_first(rc_reading_top(reading), key);
}

const struct rc_reading_row *rc_reading_next(const struct rc_reading_row *row)
{
    return row_of(node(row)->next);
}

static bool is_exact(double value)
{
    return fabs(value) <= EXACT_MAX && value == trunc(value);
}

bool rc_row_integer(const struct rc_reading_row *row, const char *key, int64_t *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(node(row), key);
    if (!cJSON_IsNumber(item) || !is_exact(item->valuedouble)) {
        return false;
    }
    *out = (int64_t)item->valuedouble;
    return true;
}

const char *rc_row_text(const struct rc_reading_row *row, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(node(row), key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

bool rc_row_true(const struct rc_reading_row *row, const char *key)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(node(row), key));
}

/*
 * Characters of more than one byte occur in JSON only inside strings, so each may be replaced by its \u
 * escape wherever it stands. cJSON escapes what is below U+0020 itself. Those left over that a terminal obeys
 * or that turn the order of what is shown: 7f                       DEL c2 80 .. c2 9f           C1 controls
 *   e2 80 8b .. e2 80 8f     zero width, left-to-right and right-to-left marks
 *   e2 80 a8 .. e2 80 ae     line and paragraph separators, embeddings, overrides
 *   e2 81 a0 .. e2 81 af     invisible operators, isolates
 * Returns how many bytes the character has, 0 if it may stand.
 */
static size_t unsafe_character(const unsigned char *text, unsigned *code)
{
    if (text[0] == 0x7f) {
        *code = 0x7f;
        return 1;
    }
    if (text[0] == 0xc2 && text[1] >= 0x80 && text[1] <= 0x9f) {
        *code = text[1];
        return 2;
    }
    if (text[0] != 0xe2 || (text[1] != 0x80 && text[1] != 0x81) || (text[2] & 0xc0) != 0x80) {
        return 0;
    }
    *code = 0x2000u | (text[1] & 0x3fu) << 6 | (text[2] & 0x3fu);
    bool unsafe = (*code >= 0x200b && *code <= 0x200f) || (*code >= 0x2028 && *code <= 0x202e) ||
                  (*code >= 0x2060 && *code <= 0x206f);
    return unsafe ? 3 : 0;
}

/* Whole numbers print as such: cJSON writes large ones as 9.00719925474099e+15. False: no memory. */
static bool keep_digits_of(cJSON *number)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%.0f", number->valuedouble);
    number->valuestring = cJSON_malloc((size_t)length + 1);
    if (number->valuestring == NULL) {
        return false;
    }
    memcpy(number->valuestring, digits, (size_t)length + 1);
    number->type = cJSON_Raw | (number->type & cJSON_StringIsConst);
    return true;
}

/* Recursion goes no deeper than the parser let the reply be nested. */
static bool keep_digits(cJSON *item)
{
    bool ok = true;
    for (; item != NULL && ok; item = item->next) {
        if (cJSON_IsNumber(item) && is_exact(item->valuedouble)) {
            ok = keep_digits_of(item);
        }
        ok = ok && keep_digits(item->child);
    }
    return ok;
}

static char *print_exactly(const cJSON *item)
{
    cJSON *copy = cJSON_Duplicate(item, true);
    char *text = keep_digits(copy) ? cJSON_PrintUnformatted(copy) : NULL;
    cJSON_Delete(copy);
    return text;
}

char *rc_row_print(const struct rc_reading_row *row)
{
    char *plain = print_exactly(node(row));
    if (plain == NULL) {
        return NULL;
    }
    /* One byte grows to six at most. */
    char *safe = malloc(strlen(plain) * 6 + 1);
    if (safe != NULL) {
        char *to = safe;
        for (const unsigned char *from = (const unsigned char *)plain; *from != '\0';) {
            unsigned code = 0;
            size_t length = unsafe_character(from, &code);
            if (length == 0) {
                *to++ = (char)*from++;
            } else {
                to += snprintf(to, 7, "\\u%04x", code);
                from += length;
            }
        }
        *to = '\0';
    }
    cJSON_free(plain);
    return safe;
}
