/* The board between the service thread and the HTTP thread. */
#include "test.h"

#include "daemon/board.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static struct rc_board *board;
static char reason[RC_BOARD_REASON_MAX];

static int start(void **state)
{
    (void)state;
    board = rc_board_alloc();
    return board ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    rc_board_free(board);
    return 0;
}

static void nothing_is_well_before_the_first_post(void **state)
{
    (void)state;
    size_t length;
    assert_false(rc_board_healthy(board, 0, reason));
    assert_string_equal(reason, "starting");
    assert_null(rc_board_metrics(board, &length));
}

static void it_says_what_was_posted(void **state)
{
    (void)state;
    rc_board_post_health(board, 1000, NULL);
    assert_true(rc_board_healthy(board, 1000, reason));
    rc_board_post_health(board, 2000, "no broker at site hq");
    assert_false(rc_board_healthy(board, 2000, reason));
    assert_string_equal(reason, "no broker at site hq");
    rc_board_post_health(board, 3000, NULL);
    assert_true(rc_board_healthy(board, 3000, reason));
}

static void a_service_thread_that_hangs_is_not_well(void **state)
{
    (void)state;
    rc_board_post_health(board, 1000, NULL);
    assert_true(rc_board_healthy(board, 1000 + RC_BOARD_STALE_MS, reason));
    assert_false(rc_board_healthy(board, 1001 + RC_BOARD_STALE_MS, reason));
    assert_string_equal(reason, "the service thread has not answered for 15 s");
}

static void a_long_reason_is_cut(void **state)
{
    (void)state;
    char long_reason[2 * RC_BOARD_REASON_MAX];
    memset(long_reason, 'x', sizeof long_reason);
    long_reason[sizeof long_reason - 1] = '\0';
    rc_board_post_health(board, 0, long_reason);
    assert_false(rc_board_healthy(board, 0, reason));
    assert_int_equal(strlen(reason), RC_BOARD_REASON_MAX - 1);
}

static void *read_many(void *context)
{
    (void)context;
    for (int i = 0; i < 2000; i++) {
        size_t length = 0;
        char *copy = rc_board_metrics(board, &length);
        /* whole, of one post: every letter is the same */
        bool whole = copy && strlen(copy) == length && length == strspn(copy, (char[]){copy[0], '\0'});
        free(copy);
        if (!whole) {
            return board;
        }
        (void)rc_board_healthy(board, 0, (char[RC_BOARD_REASON_MAX]){0});
    }
    return NULL;
}

static char *letters(size_t length, char letter)
{
    char *text = malloc(length + 1);
    assert_non_null(text);
    memset(text, letter, length);
    text[length] = '\0';
    return text;
}

static void a_reader_sees_one_post_whole(void **state)
{
    (void)state;
    pthread_t reader;
    void *broken = NULL;
    rc_board_post_metrics(board, letters(1, 'a'), 1);
    assert_int_equal(pthread_create(&reader, NULL, read_many, NULL), 0);
    for (size_t i = 1; i < 2000; i++) {
        rc_board_post_metrics(board, letters(i, (char)('a' + i % 26)), i);
        rc_board_post_health(board, 0, i % 2 ? NULL : "reason");
    }
    pthread_join(reader, &broken);
    assert_null(broken);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_well_before_the_first_post),
        TEST(it_says_what_was_posted),
        TEST(a_service_thread_that_hangs_is_not_well),
        TEST(a_long_reason_is_cut),
        TEST(a_reader_sees_one_post_whole),
    };
    return cmocka_run_group_tests_name("board", tests, NULL, NULL);
}
