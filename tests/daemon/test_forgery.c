#include "daemon/forgery.h"

#include "core/names.h"

#include "test.h"

#include <stdio.h>
#include <string.h>

#define NOW INT64_C(500000)

static void note(struct rc_forgeries *forgeries, const char *topic, bool filled, int64_t now)
{
    rc_forgeries_note(forgeries, rc_text_of(topic), filled, now);
}

static void assert_next(struct rc_forgeries *forgeries, int64_t now, const char *topic, bool filled)
{
    const struct rc_forgery *next = rc_forgeries_next(forgeries, now);
    assert_non_null(next);
    assert_string_equal(next->topic, topic);
    assert_int_equal(next->filled, filled);
}

static void a_forged_topic_is_made_right_at_once_and_once(void **state)
{
    (void)state;
    struct rc_forgeries forgeries = {0};
    note(&forgeries, "a", true, NOW);
    assert_next(&forgeries, NOW, "a", true);
    assert_null(rc_forgeries_next(&forgeries, NOW + 10 * RC_FORGERY_REPAIR_MS));
}

static void what_is_forged_again_and_again_is_made_right_once_a_second(void **state)
{
    (void)state;
    struct rc_forgeries forgeries = {0};
    int repairs = 0;
    for (int64_t now = NOW; now < NOW + 10 * RC_FORGERY_REPAIR_MS; now += 10) {
        note(&forgeries, "a", true, now);
        repairs += rc_forgeries_next(&forgeries, now) != NULL;
    }
    assert_int_equal(repairs, 10);
}

static void the_last_forgery_is_never_forgotten(void **state)
{
    (void)state;
    struct rc_forgeries forgeries = {0};
    note(&forgeries, "a", true, NOW);
    assert_next(&forgeries, NOW, "a", true);
    note(&forgeries, "a", true, NOW + 1);
    assert_null(rc_forgeries_next(&forgeries, NOW + RC_FORGERY_REPAIR_MS - 1));
    assert_next(&forgeries, NOW + RC_FORGERY_REPAIR_MS, "a", true);
}

static void each_topic_has_a_second_of_its_own(void **state)
{
    (void)state;
    struct rc_forgeries forgeries = {0};
    note(&forgeries, "a", true, NOW);
    assert_next(&forgeries, NOW, "a", true);
    note(&forgeries, "ab", true, NOW + 1);
    assert_next(&forgeries, NOW + 1, "ab", true);
}

static void it_is_known_whether_anything_was_put_there_since_the_last_time(void **state)
{
    (void)state;
    struct rc_forgeries forgeries = {0};
    note(&forgeries, "a", true, NOW);
    note(&forgeries, "a", false, NOW);
    assert_next(&forgeries, NOW, "a", true);
    note(&forgeries, "a", false, NOW + 1);
    assert_next(&forgeries, NOW + RC_FORGERY_REPAIR_MS, "a", false);
}

static void what_can_be_no_topic_of_ours_is_left_out(void **state)
{
    (void)state;
    struct rc_forgeries forgeries = {0};
    char text[RC_TOPIC_MAX + 1];
    memset(text, 'a', sizeof text);
    rc_forgeries_note(&forgeries, (struct rc_text){text, RC_TOPIC_MAX}, true, NOW);
    rc_forgeries_note(&forgeries, (struct rc_text){"a\0b", 3}, true, NOW);
    assert_null(rc_forgeries_next(&forgeries, NOW));
    rc_forgeries_note(&forgeries, (struct rc_text){text, RC_TOPIC_MAX - 1}, true, NOW);
    text[RC_TOPIC_MAX - 1] = '\0';
    assert_next(&forgeries, NOW, text, true);
}

/* Forges so many topics, from t0 on. */
static void forge_many(struct rc_forgeries *forgeries, int count, int64_t now)
{
    for (int i = 0; i < count; i++) {
        char topic[16];
        snprintf(topic, sizeof topic, "t%d", i);
        note(forgeries, topic, true, now);
    }
}

static int repairs(struct rc_forgeries *forgeries, int64_t now)
{
    int count = 0;
    while (rc_forgeries_next(forgeries, now))
        count++;
    return count;
}

static void a_flood_is_bounded_and_then_everything_is_published_again_now_and_then(void **state)
{
    (void)state;
    struct rc_forgeries forgeries = {0};
    forge_many(&forgeries, RC_FORGERIES_MAX, NOW);
    assert_false(rc_forgeries_flood(&forgeries, NOW));
    forge_many(&forgeries, RC_FORGERIES_MAX + 1, NOW);
    assert_int_equal(repairs(&forgeries, NOW), RC_FORGERIES_MAX);
    assert_true(rc_forgeries_flood(&forgeries, NOW));
    assert_false(rc_forgeries_flood(&forgeries, NOW + RC_FORGERY_FLOOD_MS));
    forge_many(&forgeries, RC_FORGERIES_MAX + 1, NOW + 1);
    assert_false(rc_forgeries_flood(&forgeries, NOW + RC_FORGERY_FLOOD_MS - 1));
    assert_true(rc_forgeries_flood(&forgeries, NOW + RC_FORGERY_FLOOD_MS));
}

static void after_a_flood_there_is_room_again(void **state)
{
    (void)state;
    struct rc_forgeries forgeries = {0};
    forge_many(&forgeries, RC_FORGERIES_MAX, NOW);
    assert_int_equal(repairs(&forgeries, NOW), RC_FORGERIES_MAX);
    note(&forgeries, "a", true, NOW + RC_FORGERY_REPAIR_MS);
    assert_next(&forgeries, NOW + RC_FORGERY_REPAIR_MS, "a", true);
    assert_false(rc_forgeries_flood(&forgeries, NOW + RC_FORGERY_REPAIR_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_forged_topic_is_made_right_at_once_and_once),
        cmocka_unit_test(what_is_forged_again_and_again_is_made_right_once_a_second),
        cmocka_unit_test(the_last_forgery_is_never_forgotten),
        cmocka_unit_test(each_topic_has_a_second_of_its_own),
        cmocka_unit_test(it_is_known_whether_anything_was_put_there_since_the_last_time),
        cmocka_unit_test(what_can_be_no_topic_of_ours_is_left_out),
        cmocka_unit_test(a_flood_is_bounded_and_then_everything_is_published_again_now_and_then),
        cmocka_unit_test(after_a_flood_there_is_room_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
