/* The log: one line an event, text from outside made harmless, floods counted. */
#define _GNU_SOURCE /* pipe2 */
#include "test.h"

#include "daemon/log.h"

#include "core/names.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char line[RC_LOG_LINE_MAX];

/* The line of one text field, from behind `v=`, without its newline. */
static const char *escaped_bytes(const char *data, size_t length)
{
    const struct rc_field fields[] = {rc_field_text("v", (struct rc_text){data, length}),
                                      {.kind = RC_FIELD_END}};
    size_t size = rc_log_format(line, 0, RC_LOG_INFO, "e", 0, fields);
    assert_int_equal(size, strlen(line));
    assert_int_equal(line[size - 1], '\n');
    assert_null(memchr(line, '\n', size - 1));
    line[size - 1] = '\0';
    return strstr(line, " v=") + 3;
}

static const char *escaped(const char *text)
{
    return escaped_bytes(text, strlen(text));
}

static void a_line_is_key_and_value_in_order(void **state)
{
    (void)state;
    struct rc_id id;
    assert_true(rc_id_set(&id, rc_text_of("e-1")));
    const struct rc_field fields[] = {RC_F_ID("employee", &id),
                                      RC_F_INT("n", INT64_MIN),
                                      RC_F_BOOL("late", true),
                                      RC_F_STR("none", NULL),
                                      {.kind = RC_FIELD_END}};
    rc_log_format(line, INT64_C(1764770400005), RC_LOG_WARN, "punch_held", 7, fields);
    assert_string_equal(line,
                        "ts=2025-12-03T14:00:00.005Z level=warn event=punch_held suppressed=7 employee=e-1 "
                        "n=-9223372036854775808 late=yes none=\"\"\n");
}

static void plain_text_stands_as_it_is_and_the_rest_is_quoted(void **state)
{
    (void)state;
    assert_string_equal(escaped("tcp://127.0.0.1:1883"), "tcp://127.0.0.1:1883");
    assert_string_equal(escaped(""), "\"\"");
    assert_string_equal(escaped("two words"), "\"two words\"");
    assert_string_equal(escaped("a=b"), "\"a=b\"");
    assert_string_equal(escaped("say \"hi\" \\ bye"), "\"say \\\"hi\\\" \\\\ bye\"");
}

static void text_from_outside_cannot_forge_a_line_or_move_a_terminal(void **state)
{
    (void)state;
    assert_string_equal(escaped("x\nts=1 level=error event=forged"), "\"x\\nts=1 level=error event=forged\"");
    assert_string_equal(escaped("\r\t"), "\"\\r\\t\"");
    assert_string_equal(escaped("\x1b[2J\a\x7f"), "\"\\x1b[2J\\x07\\x7f\"");
    assert_string_equal(escaped_bytes("a\0b", 3), "\"a\\x00b\"");
    assert_string_equal(escaped("\xc2\x9b"
                                "31m"),
                        "\"\\u{9b}31m\""); /* CSI as one character */
    assert_string_equal(escaped("\xe2\x80\xae"
                                "evil"),
                        "\"\\u{202e}evil\"");                      /* right to left */
    assert_string_equal(escaped("\xe2\x80\xa8"), "\"\\u{2028}\""); /* a line's end to some */
    assert_string_equal(escaped("\xef\xbb\xbf"), "\"\\u{feff}\"");
}

static void valid_utf8_is_kept_and_invalid_bytes_are_shown(void **state)
{
    (void)state;
    assert_string_equal(escaped("Zoë 李 😀"), "\"Zoë 李 😀\"");
    assert_string_equal(escaped("\xff\xfe"), "\"\\xff\\xfe\"");
    assert_string_equal(escaped("\xc0\xaf"), "\"\\xc0\\xaf\"");                   /* overlong */
    assert_string_equal(escaped("\xed\xa0\x80"), "\"\\xed\\xa0\\x80\"");          /* a surrogate */
    assert_string_equal(escaped("\xf4\x90\x80\x80"), "\"\\xf4\\x90\\x80\\x80\""); /* beyond Unicode */
    assert_string_equal(escaped("\xe6\x9d"), "\"\\xe6\\x9d\"");                   /* cut short */
}

static void any_bytes_give_one_line_of_printable_utf8(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (int round = 0; round < 20000; round++) {
        char text[64];
        for (size_t i = 0; i < sizeof text; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
            /* mostly bytes that can begin or go on a character of several */
            text[i] = (char)(random >> 62 ? 0x80 | (random >> 40 & 0x7f) : random >> 40 & 0x7f);
        }
        const char *value = escaped_bytes(text, sizeof text);
        assert_true(g_utf8_validate(value, -1, NULL));
        for (const char *at = value; *at; at = g_utf8_next_char(at)) {
            gunichar code = g_utf8_get_char(at);
            assert_true(g_unichar_type(code) != G_UNICODE_CONTROL &&
                        g_unichar_type(code) != G_UNICODE_FORMAT);
        }
    }
}

static void long_text_is_cut_and_says_so(void **state)
{
    (void)state;
    char text[RC_LOG_TEXT_MAX + 10];
    memset(text, 'a', sizeof text);
    const char *value = escaped_bytes(text, RC_LOG_TEXT_MAX);
    assert_int_equal(strlen(value), RC_LOG_TEXT_MAX);
    value = escaped_bytes(text, sizeof text);
    assert_int_equal(strlen(value), RC_LOG_TEXT_MAX + 5);
    assert_string_equal(value + RC_LOG_TEXT_MAX, "a...\"");
}

static void a_line_is_bounded_and_leaves_whole_fields_out(void **state)
{
    (void)state;
    char text[RC_LOG_TEXT_MAX];
    memset(text, 0x01, sizeof text); /* four bytes each when escaped */
    const struct rc_field fields[] = {rc_field_integer("first", 1),
                                      rc_field_text("v", (struct rc_text){text, 400}),
                                      rc_field_text("w", (struct rc_text){text, sizeof text}),
                                      rc_field_integer("last", 2),
                                      {.kind = RC_FIELD_END}};
    size_t length = rc_log_format(line, 0, RC_LOG_INFO, "e", 0, fields);
    assert_true(length < RC_LOG_LINE_MAX);
    assert_non_null(strstr(line, " first=1 v=\"\\x01"));
    assert_null(strstr(line, " w="));
    assert_string_equal(line + length - 14, "01\\x01\" cut=1\n");
}

static void a_flood_is_counted_and_the_next_window_tells_how_many(void **state)
{
    (void)state;
    struct rc_log_limit limit = {0};
    uint64_t suppressed = 99;
    for (int i = 0; i < RC_LOG_BURST; i++) {
        assert_true(rc_log_limit_take(&limit, 1000 + i, &suppressed));
        assert_int_equal(suppressed, 0);
    }
    for (int i = 0; i < 5; i++) {
        assert_false(rc_log_limit_take(&limit, 1100, &suppressed));
    }
    assert_int_equal(rc_log_limit_over(&limit, 1000 + RC_LOG_WINDOW_MS - 1), 0);
    assert_true(rc_log_limit_take(&limit, 1000 + RC_LOG_WINDOW_MS, &suppressed));
    assert_int_equal(suppressed, 5);
    assert_true(rc_log_limit_take(&limit, 1000 + RC_LOG_WINDOW_MS, &suppressed));
    assert_int_equal(suppressed, 0);
}

static void a_flood_that_ends_is_told_once(void **state)
{
    (void)state;
    struct rc_log_limit limit = {0};
    uint64_t suppressed;
    for (int i = 0; i < RC_LOG_BURST + 3; i++) {
        (void)rc_log_limit_take(&limit, 0, &suppressed);
    }
    assert_int_equal(rc_log_limit_over(&limit, RC_LOG_WINDOW_MS), 3);
    assert_int_equal(rc_log_limit_over(&limit, RC_LOG_WINDOW_MS), 0);
}

/* ---- through a pipe ---- */

static int reader, writer;

static int open_pipe(void **state)
{
    (void)state;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    reader = ends[0];
    writer = ends[1];
    (void)fcntl(reader, F_SETFL, O_NONBLOCK);
    rc_log_set_fd(writer);
    return 0;
}

static int close_pipe(void **state)
{
    (void)state;
    rc_log_set_fd(STDERR_FILENO);
    rc_log_set_level(RC_LOG_INFO);
    close(reader);
    close(writer);
    return 0;
}

static size_t read_all(char *out, size_t size)
{
    ssize_t length = read(reader, out, size - 1);
    out[length > 0 ? length : 0] = '\0';
    return length > 0 ? (size_t)length : 0;
}

static void only_the_levels_asked_for_are_written(void **state)
{
    (void)state;
    char text[4096];
    rc_log(RC_LOG_DEBUG, "quiet");
    assert_int_equal(read_all(text, sizeof text), 0);
    rc_log_set_level(RC_LOG_DEBUG);
    errno = EPIPE;
    rc_log(RC_LOG_DEBUG, "loud", RC_F_INT("n", 3));
    assert_int_equal(errno, EPIPE);
    assert_true(read_all(text, sizeof text) > 0);
    assert_non_null(strstr(text, " level=debug event=loud n=3\n"));
}

static void *shout(void *context)
{
    for (int i = 0; i < RC_LOG_BURST; i++) {
        rc_log(RC_LOG_INFO, context, RC_F_STR("text", "so that a line has some length to be torn in"));
    }
    return NULL;
}

static void lines_of_several_threads_are_never_torn(void **state)
{
    (void)state;
    static char names[8][16], text[65536];
    pthread_t threads[8];
    for (int i = 0; i < 8; i++) {
        snprintf(names[i], sizeof names[i], "thread_%d", i);
        assert_int_equal(pthread_create(&threads[i], NULL, shout, names[i]), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    size_t length = 0, lines = 0;
    for (size_t n; (n = read_all(text + length, sizeof text - length)) > 0;) {
        length += n;
    }
    for (char *start = text, *end; (end = strchr(start, '\n')); start = end + 1, lines++) {
        assert_memory_equal(start, "ts=", 3);
        assert_memory_equal(end - 8, "torn in\"", 8);
    }
    assert_int_equal(lines, 8 * RC_LOG_BURST);
}

static void a_flood_through_the_log_is_bounded_and_leaves_other_events_alone(void **state)
{
    (void)state;
    static char text[65536];
    for (int i = 0; i < 10 * RC_LOG_BURST; i++) {
        rc_log(RC_LOG_ERROR, "disk_full");
    }
    rc_log(RC_LOG_INFO, "something_else");
    size_t lines = 0;
    read_all(text, sizeof text);
    for (char *at = text; (at = strchr(at, '\n')); at++) {
        lines++;
    }
    assert_int_equal(lines, RC_LOG_BURST + 1);
    assert_non_null(strstr(text, "event=something_else\n"));
}

static void a_line_that_cannot_be_written_is_counted(void **state)
{
    (void)state;
    uint64_t before = rc_log_lost();
    rc_log_set_fd(-1);
    rc_log(RC_LOG_ERROR, "into_the_void");
    assert_int_equal(rc_log_lost(), before + 1);
}

static void levels_are_read_by_name(void **state)
{
    (void)state;
    enum rc_log_level level;
    for (int i = 0; i < RC_LOG_LEVEL_COUNT; i++) {
        assert_true(rc_log_level_parse(rc_text_of(rc_log_level_name((enum rc_log_level)i)), &level));
        assert_int_equal(level, i);
    }
    assert_false(rc_log_level_parse(rc_text_of("loud"), &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_key_and_value_in_order),
        cmocka_unit_test(plain_text_stands_as_it_is_and_the_rest_is_quoted),
        cmocka_unit_test(text_from_outside_cannot_forge_a_line_or_move_a_terminal),
        cmocka_unit_test(valid_utf8_is_kept_and_invalid_bytes_are_shown),
        cmocka_unit_test(any_bytes_give_one_line_of_printable_utf8),
        cmocka_unit_test(long_text_is_cut_and_says_so),
        cmocka_unit_test(a_line_is_bounded_and_leaves_whole_fields_out),
        cmocka_unit_test(a_flood_is_counted_and_the_next_window_tells_how_many),
        cmocka_unit_test(a_flood_that_ends_is_told_once),
        cmocka_unit_test_setup_teardown(only_the_levels_asked_for_are_written, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(lines_of_several_threads_are_never_torn, open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(a_flood_through_the_log_is_bounded_and_leaves_other_events_alone,
                                        open_pipe, close_pipe),
        cmocka_unit_test_setup_teardown(a_line_that_cannot_be_written_is_counted, open_pipe, close_pipe),
        cmocka_unit_test(levels_are_read_by_name),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
