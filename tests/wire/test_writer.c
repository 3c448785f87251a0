#include "given.h"

#include "wire/writer.h"

#include <cjson/cJSON.h>

static char buffer[4096];

static void members_stand_in_the_order_of_the_calls(void **state)
{
    (void)state;
    struct rc_writer writer;
    struct rc_id id = id_of("a-1");
    rc_writer_init(&writer, buffer, sizeof buffer);
    rc_writer_integer(&writer, "n", -7);
    rc_writer_bool(&writer, "t", true);
    rc_writer_array_begin(&writer, "rows");
    rc_writer_object_begin(&writer);
    rc_writer_id(&writer, "id", &id);
    rc_writer_bool(&writer, "f", false);
    rc_writer_object_end(&writer);
    rc_writer_object_begin(&writer);
    rc_writer_object_end(&writer);
    rc_writer_array_end(&writer);
    rc_writer_array_begin(&writer, "none");
    rc_writer_array_end(&writer);
    rc_writer_word(&writer, "w", "");
    size_t length = rc_writer_end(&writer);
    assert_int_equal(length, strlen(buffer));
    assert_string_equal(
        buffer, "{\"n\":-7,\"t\":true,\"rows\":[{\"id\":\"a-1\",\"f\":false},{}],\"none\":[],\"w\":\"\"}");
}

static void integers_are_written_exactly(void **state)
{
    (void)state;
    const struct {
        int64_t value;
        const char *text;
    } all[] = {
        {0, "{\"n\":0}"},
        {9007199254740991, "{\"n\":9007199254740991}"},
        {-9007199254740991, "{\"n\":-9007199254740991}"},
        {INT64_MAX, "{\"n\":9223372036854775807}"},
        {INT64_MIN, "{\"n\":-9223372036854775808}"},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        struct rc_writer writer;
        rc_writer_init(&writer, buffer, sizeof buffer);
        rc_writer_integer(&writer, "n", all[i].value);
        assert_int_equal(rc_writer_end(&writer), strlen(all[i].text));
        assert_string_equal(buffer, all[i].text);
    }
}

static void text_is_escaped_so_that_another_reader_sees_the_same(void **state)
{
    (void)state;
    char text[256];
    for (int i = 1; i < 128; i++)
        text[i - 1] = (char)i;
    memcpy(text + 127, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 10);
    struct rc_writer writer;
    rc_writer_init(&writer, buffer, sizeof buffer);
    rc_writer_text(&writer, "s", (struct rc_text){text, 136});
    assert_true(rc_writer_end(&writer) > 0);
    cJSON *root = cJSON_Parse(buffer);
    const char *read = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "s"));
    assert_non_null(read);
    assert_int_equal(strlen(read), 136);
    assert_memory_equal(read, text, 136);
    cJSON_Delete(root);
}

static void bytes_that_are_no_utf8_become_replacement_characters(void **state)
{
    (void)state;
    struct rc_writer writer;
    rc_writer_init(&writer, buffer, sizeof buffer);
    rc_writer_text(&writer, "s", (struct rc_text){"a\xFF\xE2\x82z\0", 6});
    rc_writer_end(&writer);
    assert_string_equal(buffer, "{\"s\":\"a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz\\u0000\"}");
}

static void what_does_not_fit_is_not_written_past_the_end(void **state)
{
    (void)state;
    const char *whole = "{\"k\":\"text\",\"n\":12345}";
    for (size_t size = 1; size <= strlen(whole) + 1; size++) {
        char *exact = malloc(size); /* the address sanitizer watches its end */
        struct rc_writer writer;
        rc_writer_init(&writer, exact, size);
        rc_writer_word(&writer, "k", "text");
        rc_writer_integer(&writer, "n", 12345);
        size_t length = rc_writer_end(&writer);
        assert_int_equal(length, size == strlen(whole) + 1 ? strlen(whole) : 0);
        if (length > 0)
            assert_string_equal(exact, whole);
        free(exact);
    }
}

static void a_growing_writer_stops_at_its_maximum(void **state)
{
    (void)state;
    for (size_t size = 1; size < 10000; size += 1111) {
        struct rc_writer writer;
        rc_writer_init_growing(&writer, 5000);
        for (size_t written = 0; written < size; written += 10)
            rc_writer_integer(&writer, "k", 12345); /* 10 bytes with its comma */
        size_t length = rc_writer_end(&writer);
        assert_int_equal(length > 0, size < 4990);
        if (length > 0)
            assert_int_equal(strlen(writer.out), length);
        free(writer.out);
    }
}

static void a_hash_is_64_lower_case_digits(void **state)
{
    (void)state;
    uint8_t hash[32];
    for (size_t i = 0; i < 32; i++)
        hash[i] = (uint8_t)(i * 8 + 7);
    struct rc_writer writer;
    rc_writer_init(&writer, buffer, sizeof buffer);
    rc_writer_hash(&writer, "h", hash);
    rc_writer_end(&writer);
    assert_string_equal(buffer,
                        "{\"h\":\"070f171f272f373f474f575f676f777f878f979fa7afb7bfc7cfd7dfe7eff7ff\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_stand_in_the_order_of_the_calls),
        cmocka_unit_test(integers_are_written_exactly),
        cmocka_unit_test(text_is_escaped_so_that_another_reader_sees_the_same),
        cmocka_unit_test(bytes_that_are_no_utf8_become_replacement_characters),
        cmocka_unit_test(what_does_not_fit_is_not_written_past_the_end),
        cmocka_unit_test(a_growing_writer_stops_at_its_maximum),
        cmocka_unit_test(a_hash_is_64_lower_case_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
