/* The ring under the inbox and the link: order, bounds, wrapping, two threads. */
#include "link/ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BLOCKS 200000u

static void put(struct rc_ring *ring, const char *text)
{
    char *room = rc_ring_reserve(ring, strlen(text), 0);
    assert_non_null(room);
    memcpy(room, text, strlen(text));
    rc_ring_commit(ring);
}

static void assert_takes(struct rc_ring *ring, const char *text)
{
    size_t size = 0;
    const char *block = rc_ring_take(ring, &size);
    assert_non_null(block);
    assert_int_equal(size, strlen(text));
    assert_memory_equal(block, text, size);
}

static void blocks_come_out_in_order_and_once(void **state)
{
    (void)state;
    struct rc_ring *ring = rc_ring_alloc(4096);
    size_t size;
    put(ring, "one");
    put(ring, "");
    put(ring, "three");
    assert_false(rc_ring_is_empty(ring));
    assert_takes(ring, "one");
    assert_takes(ring, "");
    assert_takes(ring, "three");
    assert_true(rc_ring_is_empty(ring));
    assert_null(rc_ring_take(ring, &size));
    rc_ring_free(ring);
}

/* What is put while the taker gives back is not taken with it. */
static void giving_back_makes_room_and_takes_nothing(void **state)
{
    (void)state;
    struct rc_ring *ring = rc_ring_alloc(4096);
    char large[2000];
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = '\0';
    put(ring, large);
    put(ring, large);
    assert_takes(ring, large);
    assert_takes(ring, large);
    assert_null(rc_ring_reserve(ring, sizeof large, sizeof large));
    rc_ring_give_back(ring);
    put(ring, "next");
    rc_ring_give_back(ring);
    assert_takes(ring, "next");
    assert_true(rc_ring_is_empty(ring));
    rc_ring_give_back(ring);
    assert_non_null(rc_ring_reserve(ring, sizeof large, sizeof large));
    rc_ring_free(ring);
}

static void what_is_reserved_but_not_committed_is_not_there(void **state)
{
    (void)state;
    struct rc_ring *ring = rc_ring_alloc(4096);
    size_t size;
    assert_non_null(rc_ring_reserve(ring, 100, 0));
    assert_null(rc_ring_take(ring, &size));
    put(ring, "later");
    assert_takes(ring, "later");
    rc_ring_free(ring);
}

static void a_full_ring_takes_nothing_and_loses_nothing(void **state)
{
    (void)state;
    struct rc_ring *ring = rc_ring_alloc(4096);
    size_t size, count = 0;
    while (rc_ring_reserve(ring, 56, 0) != NULL) {
        rc_ring_commit(ring);
        count++;
    }
    assert_int_equal(count, 4096 / 64);
    for (size_t i = 0; i < count; i++)
        assert_non_null(rc_ring_take(ring, &size));
    /* The last one is still the taker's. */
    assert_null(rc_ring_take(ring, &size));
    assert_non_null(rc_ring_reserve(ring, 2040, 0));
    rc_ring_free(ring);
}

static void spare_bytes_stay_free(void **state)
{
    (void)state;
    struct rc_ring *ring = rc_ring_alloc(4096);
    size_t count = 0;
    while (rc_ring_reserve(ring, 56, 1024) != NULL) {
        rc_ring_commit(ring);
        count++;
    }
    assert_int_equal(count, (4096 - 1024) / 64);
    assert_non_null(rc_ring_reserve(ring, 56, 0));
    rc_ring_free(ring);
}

static void a_block_is_never_larger_than_half_of_the_ring(void **state)
{
    (void)state;
    struct rc_ring *ring = rc_ring_alloc(4096);
    assert_int_equal(rc_ring_capacity(ring), 4096);
    assert_true(rc_ring_fits(ring, 2040));
    assert_false(rc_ring_fits(ring, 2041));
    assert_false(rc_ring_fits(ring, SIZE_MAX));
    assert_null(rc_ring_reserve(ring, 2041, 0));
    rc_ring_free(ring);
}

static void a_block_at_the_end_begins_again_at_the_start(void **state)
{
    (void)state;
    struct rc_ring *ring = rc_ring_alloc(4096);
    char text[2041];
    size_t size;
    memset(text, 'x', sizeof text - 1);
    text[2040] = '\0';
    /* Sizes that leave every remainder at the end sooner or later. */
    for (size_t length = 2040; length > 8; length -= 8) {
        text[length] = '\0';
        put(ring, text);
        assert_takes(ring, text);
        assert_null(rc_ring_take(ring, &size));
    }
    rc_ring_free(ring);
}

static void *put_many(void *argument)
{
    struct rc_ring *ring = argument;
    for (uint32_t i = 0; i < BLOCKS;) {
        size_t size = sizeof i + i % 97;
        uint8_t *room = rc_ring_reserve(ring, size, 0);
        if (room == NULL) {
            sched_yield();
            continue;
        }
        memcpy(room, &i, sizeof i);
        memset(room + sizeof i, (int)(i & 255), i % 97);
        rc_ring_commit(ring);
        i++;
    }
    return NULL;
}

static void two_threads_pass_every_byte_in_order(void **state)
{
    (void)state;
    struct rc_ring *ring = rc_ring_alloc(8192);
    pthread_t putter;
    assert_int_equal(pthread_create(&putter, NULL, put_many, ring), 0);
    for (uint32_t i = 0; i < BLOCKS;) {
        size_t size;
        const uint8_t *block = rc_ring_take(ring, &size);
        if (block == NULL) {
            sched_yield();
            continue;
        }
        uint32_t number;
        memcpy(&number, block, sizeof number);
        assert_int_equal(number, i);
        assert_int_equal(size, sizeof i + i % 97);
        for (size_t at = sizeof i; at < size; at++)
            assert_int_equal(block[at], i & 255);
        i++;
    }
    pthread_join(putter, NULL);
    assert_true(rc_ring_is_empty(ring));
    rc_ring_free(ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_out_in_order_and_once),
        cmocka_unit_test(giving_back_makes_room_and_takes_nothing),
        cmocka_unit_test(what_is_reserved_but_not_committed_is_not_there),
        cmocka_unit_test(a_full_ring_takes_nothing_and_loses_nothing),
        cmocka_unit_test(spare_bytes_stay_free),
        cmocka_unit_test(a_block_is_never_larger_than_half_of_the_ring),
        cmocka_unit_test(a_block_at_the_end_begins_again_at_the_start),
        cmocka_unit_test(two_threads_pass_every_byte_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
