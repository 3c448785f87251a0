#include "given.h"

#include "wire/utf8.h"

/* The length of the one character that bytes are, 0 if they are none; read from a copy that ends with them.
 */
static size_t step(const char *bytes, size_t length)
{
    char *copy = exact_copy((struct rc_text){bytes, length});
    size_t result = rc_utf8_step(copy, length);
    free(copy);
    return result;
}

static void each_character_comes_back_as_long_as_it_was_written(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        char bytes[4];
        size_t length = rc_utf8_put(bytes, code);
        assert_int_equal(rc_utf8_step(bytes, length), length);
    }
}

static void what_is_not_well_formed_is_no_character(void **state)
{
    (void)state;
    const char *all[] = {
        "\x80",             /* continues nothing */
        "\xBF",             /* likewise */
        "\xC0\x80",         /* overlong NUL */
        "\xC1\xBF",         /* overlong */
        "\xC3",             /* cut short */
        "\xC3\x28",         /* not continued */
        "\xE0\x80\x80",     /* overlong */
        "\xE0\x9F\xBF",     /* overlong */
        "\xE2\x82",         /* cut short */
        "\xED\xA0\x80",     /* a surrogate */
        "\xED\xBF\xBF",     /* a surrogate */
        "\xF0\x8F\xBF\xBF", /* overlong */
        "\xF0\x9F\x98",     /* cut short */
        "\xF4\x90\x80\x80", /* beyond U+10FFFF */
        "\xF5\x80\x80\x80", /* no such first byte */
        "\xFF",
        "",
    };
    for (size_t i = 0; i < COUNT(all); i++)
        assert_int_equal(step(all[i], strlen(all[i])), 0);
}

static void characters_are_counted_and_not_bytes(void **state)
{
    (void)state;
    assert_int_equal(rc_utf8_count(rc_text_of("")), 0);
    assert_int_equal(rc_utf8_count(rc_text_of("abc")), 3);
    assert_int_equal(rc_utf8_count(rc_text_of("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80")), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_character_comes_back_as_long_as_it_was_written),
        cmocka_unit_test(what_is_not_well_formed_is_no_character),
        cmocka_unit_test(characters_are_counted_and_not_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
