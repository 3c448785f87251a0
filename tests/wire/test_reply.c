#include "given.h"

#include "wire/encode.h"
#include "wire/reply_read.h"

static void assert_reply(struct rc_reply *reply, const char *expected)
{
    size_t length;
    char *text = rc_reply_print(reply, &length);
    assert_non_null(text);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
    free(text);
}

static void a_reply_begins_with_whose_it_is_and_whether_it_is_ok(void **state)
{
    (void)state;
    assert_reply(rc_reply_new("r1", RC_OK, NULL), "{\"requestId\":\"r1\",\"ok\":true}");
    assert_reply(rc_reply_new("", RC_OK, NULL), "{\"ok\":true}");
    assert_reply(rc_reply_new(NULL, RC_NOT_FOUND, "no \"row\""),
                 "{\"ok\":false,\"code\":\"NOT_FOUND\",\"message\":\"no \\\"row\\\"\"}");
}

static void lists_of_rows_end_where_the_reply_goes_on(void **state)
{
    (void)state;
    struct rc_reply *reply = rc_reply_new("r", RC_OK, NULL);
    rc_reply_integer(reply, "asOf", 5);
    rc_reply_list(reply, "employees");
    rc_reply_row_begin(reply);
    rc_reply_text(reply, "employeeId", rc_text_of("e1"));
    rc_reply_bool(reply, "held", false);
    rc_reply_row_end(reply);
    rc_reply_row_begin(reply);
    rc_reply_integer(reply, "n", 2);
    rc_reply_row_end(reply);
    rc_reply_list(reply, "sessions");
    rc_reply_integer(reply, "nextCursor", 17);
    assert_reply(
        reply,
        "{\"requestId\":\"r\",\"ok\":true,\"asOf\":5,\"employees\":[{\"employeeId\":\"e1\",\"held\":false},"
        "{\"n\":2}],\"sessions\":[],\"nextCursor\":17}");
    reply = rc_reply_new(NULL, RC_OK, NULL);
    rc_reply_list(reply, "rows");
    assert_reply(reply, "{\"ok\":true,\"rows\":[]}");
}

static void a_page_of_many_rows_is_read_back_by_those_who_asked(void **state)
{
    (void)state;
    struct rc_reply *reply = rc_reply_new("r", RC_OK, NULL);
    rc_reply_list(reply, "rows");
    for (int64_t seq = 1; seq <= 200; seq++) {
        rc_reply_row_begin(reply);
        rc_reply_integer(reply, "seq", seq);
        rc_reply_text(reply, "note", rc_text_of("\"left\" by\tthe gate \xE2\x82\xAC"));
        rc_reply_row_end(reply);
    }
    rc_reply_integer(reply, "nextCursor", 9007199254740991);
    size_t length;
    char *printed = rc_reply_print(reply, &length);
    assert_non_null(printed);
    struct rc_reading *reading = rc_reading_parse((struct rc_text){printed, length});
    assert_non_null(reading);
    int64_t seq = 0, cursor = 0, count = 0;
    for (const struct rc_reading_row *row = rc_reading_first(reading, "rows"); row != NULL;
         row = rc_reading_next(row)) {
        assert_true(rc_row_integer(row, "seq", &seq));
        assert_int_equal(seq, ++count);
        assert_string_equal(rc_row_text(row, "note"), "\"left\" by\tthe gate \xE2\x82\xAC");
    }
    assert_int_equal(count, 200);
    assert_true(rc_row_integer(rc_reading_top(reading), "nextCursor", &cursor));
    assert_int_equal(cursor, 9007199254740991);
    rc_reading_free(reading);
    free(printed);
}

static void a_reply_longer_than_a_packet_is_none(void **state)
{
    (void)state;
    static char text[RC_REPLY_MAX];
    memset(text, 'x', sizeof text);
    struct rc_reply *reply = rc_reply_new("r", RC_OK, NULL);
    rc_reply_text(reply, "t", (struct rc_text){text, sizeof text});
    size_t length = 1;
    assert_null(rc_reply_print(reply, &length));
    assert_int_equal(length, 0);
}

static void without_memory_there_is_no_reply_and_nothing_happens(void **state)
{
    (void)state;
    size_t length = 1;
    rc_reply_list(NULL, "rows");
    rc_reply_row_begin(NULL);
    rc_reply_integer(NULL, "n", 1);
    rc_reply_row_end(NULL);
    assert_null(rc_reply_print(NULL, &length));
    assert_int_equal(length, 0);
    rc_reply_free(NULL);
}

static void a_reply_may_be_dropped_half_written(void **state)
{
    (void)state;
    struct rc_reply *reply = rc_reply_new("r", RC_OK, NULL);
    assert_non_null(reply);
    rc_reply_list(reply, "rows");
    rc_reply_row_begin(reply);
    rc_reply_free(reply); /* the leak sanitizer watches */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reply_begins_with_whose_it_is_and_whether_it_is_ok),
        cmocka_unit_test(lists_of_rows_end_where_the_reply_goes_on),
        cmocka_unit_test(a_page_of_many_rows_is_read_back_by_those_who_asked),
        cmocka_unit_test(a_reply_longer_than_a_packet_is_none),
        cmocka_unit_test(without_memory_there_is_no_reply_and_nothing_happens),
        cmocka_unit_test(a_reply_may_be_dropped_half_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
