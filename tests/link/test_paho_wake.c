/* What Paho's sending thread waits on (service/link/paho_wake.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

int __wrap_Thread_signal_cond(void *condition);
int __wrap_Thread_wait_cond(void *condition, int timeout_ms);

/* Nothing here takes so long, unless a signal is lost. */
#define LONG_MS 60000

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void a_signal_before_the_wait_is_not_lost(void **state)
{
    (void)state;
    int64_t begin = now_ms();
    __wrap_Thread_signal_cond(NULL);
    assert_int_equal(__wrap_Thread_wait_cond(NULL, LONG_MS), 0);
    assert_true(now_ms() - begin < LONG_MS);
}

static void a_signal_ends_one_wait_and_no_more(void **state)
{
    (void)state;
    __wrap_Thread_signal_cond(NULL);
    __wrap_Thread_signal_cond(NULL);
    assert_int_equal(__wrap_Thread_wait_cond(NULL, LONG_MS), 0);
    int64_t begin = now_ms();
    assert_int_equal(__wrap_Thread_wait_cond(NULL, 1100), ETIMEDOUT);
    assert_true(now_ms() - begin >= 1100);
}

static void *signal_once(void *nothing)
{
    (void)nothing;
    __wrap_Thread_signal_cond(NULL);
    return NULL;
}

static void a_signal_of_another_thread_ends_the_wait(void **state)
{
    (void)state;
    pthread_t other;
    int64_t begin = now_ms();
    assert_int_equal(pthread_create(&other, NULL, signal_once, NULL), 0);
    assert_int_equal(__wrap_Thread_wait_cond(NULL, LONG_MS), 0);
    assert_true(now_ms() - begin < LONG_MS);
    pthread_join(other, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_before_the_wait_is_not_lost),
        cmocka_unit_test(a_signal_ends_one_wait_and_no_more),
        cmocka_unit_test(a_signal_of_another_thread_ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
