/* Alerts: when each rises and clears, and that none flaps. */
#include "test.h"

#include "core/names.h"
#include "daemon/alerts.h"

#include <stdio.h>
#include <string.h>

#define AT INT64_C(1764770400000)

static struct rc_config config;
static struct rc_alerts alerts;
static struct rc_alert_change changes[RC_ALERT_COUNT];

/* The link is up since 0; the first look is at 100 s. */
static int start(void **state)
{
    (void)state;
    rc_config_default(&config);
    rc_alerts_init(&alerts, &config.alerts, 0);
    rc_alerts_link(&alerts, 0, true);
    return 0;
}

static size_t look(int64_t now)
{
    return rc_alerts_look(&alerts, now, AT + now, changes);
}

static bool is_up(enum rc_alert kind)
{
    return rc_alerts_state(&alerts, kind)->raised;
}

/* One look tells that this alert, and no other, rose or changed. */
static void rises(enum rc_alert kind, int64_t now, const char *detail)
{
    assert_int_equal(look(now), 1);
    assert_int_equal(changes[0].kind, kind);
    assert_true(changes[0].raised);
    assert_string_equal(changes[0].detail, detail);
    assert_true(is_up(kind));
    assert_int_equal(look(now), 0);
}

static void clears(enum rc_alert kind, int64_t now)
{
    assert_int_equal(look(now), 1);
    assert_int_equal(changes[0].kind, kind);
    assert_false(changes[0].raised);
    assert_false(is_up(kind));
    assert_int_equal(look(now), 0);
}

static void stays(int64_t now)
{
    assert_int_equal(look(now), 0);
}

static void nothing_is_up_at_first(void **state)
{
    (void)state;
    stays(100000);
    for (int kind = 0; kind < RC_ALERT_COUNT; kind++) {
        assert_false(is_up((enum rc_alert)kind));
    }
}

static void auto_outs(int count, int64_t now)
{
    for (int i = 0; i < count; i++) {
        rc_alerts_auto_out(&alerts, now);
    }
}

static void more_than_ten_auto_outs_in_a_minute_are_a_spike(void **state)
{
    (void)state;
    auto_outs(10, 100000);
    stays(100000);
    auto_outs(1, 130000);
    rises(RC_ALERT_AUTO_OUT_SPIKE, 130000, "11 people went AUTO_OUT within a minute; over 10 is unusual");
    assert_int_equal(changes[0].since_at, AT + 130000);
    stays(159999);
    clears(RC_ALERT_AUTO_OUT_SPIKE, 161000); /* the ten of the beginning are over a minute old */
}

static void a_spike_does_not_flap_around_its_threshold(void **state)
{
    (void)state;
    auto_outs(11, 100000);
    rises(RC_ALERT_AUTO_OUT_SPIKE, 100000, "11 people went AUTO_OUT within a minute; over 10 is unusual");
    auto_outs(6, 150000);
    stays(165000); /* six are below ten, yet above half of it */
    clears(RC_ALERT_AUTO_OUT_SPIKE, 211000);
}

static void no_broker_for_longer_than_the_threshold_is_an_alert(void **state)
{
    (void)state;
    rc_alerts_link(&alerts, 100000, false);
    stays(110000);
    rises(RC_ALERT_LINK, 110001, "no connection to the broker for 10 s");
    rc_alerts_link(&alerts, 150000, true);
    stays(150000);
    stays(159999);
    clears(RC_ALERT_LINK, 160000);
}

static void a_link_that_comes_and_goes_keeps_its_alert(void **state)
{
    (void)state;
    rc_alerts_link(&alerts, 100000, false);
    rises(RC_ALERT_LINK, 120000, "no connection to the broker for 20 s");
    rc_alerts_link(&alerts, 121000, true);
    rc_alerts_link(&alerts, 125000, false);
    rc_alerts_link(&alerts, 128000, true);
    stays(131000);
    clears(RC_ALERT_LINK, 138000);
}

static void a_link_down_from_the_start_is_an_alert_too(void **state)
{
    (void)state;
    rc_alerts_init(&alerts, &config.alerts, 5000);
    stays(15000);
    rises(RC_ALERT_LINK, 15001, "no connection to the broker for 10 s");
}

static void a_slow_canary_is_an_alert_until_one_is_fast(void **state)
{
    (void)state;
    rc_alerts_canary_sent(&alerts, 100000);
    rc_alerts_canary_back(&alerts, 105000, 100000);
    stays(105000);
    rc_alerts_canary_sent(&alerts, 110000);
    rc_alerts_canary_back(&alerts, 115001, 110000);
    rises(RC_ALERT_REALTIME, 115001,
          "a message through the broker and back takes 5001 ms; over 5000 is too slow");
    rc_alerts_canary_sent(&alerts, 120000);
    rc_alerts_canary_back(&alerts, 123000, 120000);
    stays(123000); /* below the threshold, yet above half of it */
    rc_alerts_canary_sent(&alerts, 124000);
    rc_alerts_canary_back(&alerts, 124100, 124000);
    clears(RC_ALERT_REALTIME, 124100);
}

static void a_canary_that_does_not_come_back_is_an_alert(void **state)
{
    (void)state;
    rc_alerts_canary_sent(&alerts, 100000);
    rc_alerts_canary_sent(&alerts, 101000);
    stays(105000);
    rises(RC_ALERT_REALTIME, 105001,
          "a message through the broker and back takes 5001 ms; over 5000 is too slow");
    rc_alerts_canary_back(&alerts, 106000, 101000); /* the first is lost; a later one says that all is well */
    stays(106000);
    rc_alerts_canary_sent(&alerts, 107000);
    rc_alerts_canary_back(&alerts, 107010, 107000);
    clears(RC_ALERT_REALTIME, 107010);
}

static void canaries_lost_with_the_connection_are_no_alert(void **state)
{
    (void)state;
    rc_alerts_canary_sent(&alerts, 100000);
    rc_alerts_link(&alerts, 100500, false);
    rc_alerts_canary_sent(&alerts, 100600); /* to nobody */
    stays(106000);
    rc_alerts_link(&alerts, 106000, true);
    stays(106000);
}

static void a_failing_store_is_an_alert_at_once(void **state)
{
    (void)state;
    rc_alerts_storage(&alerts, 100000, "disk full");
    rises(RC_ALERT_STORAGE, 100000, "cannot write to the database: disk full");
    rc_alerts_storage(&alerts, 101000, "I/O error");
    rises(RC_ALERT_STORAGE, 101000,
          "cannot write to the database: I/O error"); /* the same alert, another detail */
    assert_int_equal(changes[0].since_at, AT + 100000);
    rc_alerts_storage(&alerts, 102000, NULL);
    clears(RC_ALERT_STORAGE, 102000);
}

static void storage_waits_for_its_threshold(void **state)
{
    (void)state;
    config.alerts.storage_ms = 3000;
    rc_alerts_init(&alerts, &config.alerts, 0);
    rc_alerts_link(&alerts, 0, true);
    rc_alerts_storage(&alerts, 100000, "disk full");
    rc_alerts_storage(&alerts, 102000, "disk full");
    stays(102999);
    rises(RC_ALERT_STORAGE, 103000, "cannot write to the database: disk full");
}

static void P_14_a_clock_step_is_up_for_ten_minutes_after_the_last(void **state)
{
    (void)state;
    rc_alerts_clock_step(&alerts, 100000, 3600000);
    rises(RC_ALERT_CLOCK_STEP, 100000, "the wall clock was set forward by 3600.000 s");
    rc_alerts_clock_step(&alerts, 400000, -2050);
    rises(RC_ALERT_CLOCK_STEP, 400000, "the wall clock was set back by 2.050 s");
    stays(999999);
    clears(RC_ALERT_CLOCK_STEP, 1000000);
}

static struct rc_effect effect_of(enum rc_alert kind, bool raised, int64_t hold, const char *name,
                                  int64_t count)
{
    struct rc_effect effect = {.kind = RC_FX_ALERT};
    effect.alert.kind = kind;
    effect.alert.raised = raised;
    effect.alert.hold = hold;
    effect.alert.count = count;
    if (name[0]) {
        assert_true(rc_id_set(&effect.alert.name, rc_text_of(name)));
    }
    return effect;
}

static void tell(enum rc_alert kind, bool raised, int64_t hold, const char *name, int64_t count)
{
    struct rc_effect effect = effect_of(kind, raised, hold, name, count);
    rc_alerts_effect(&alerts, &effect);
}

static void P_8_outage_is_up_while_any_hold_is_open_and_names_them(void **state)
{
    (void)state;
    tell(RC_ALERT_OUTAGE, true, 7, "", 12);
    rises(RC_ALERT_OUTAGE, 100000, "hold 7 on the site, 12 fell silent together");
    tell(RC_ALERT_OUTAGE, true, 8, "gate-2", 5);
    rises(RC_ALERT_OUTAGE, 110000,
          "hold 7 on the site, 12 fell silent together; hold 8 on gate-2, 5 fell silent together");
    tell(RC_ALERT_OUTAGE, true, 7, "", 0); /* it ended, the other has not */
    rises(RC_ALERT_OUTAGE, 120000, "hold 8 on gate-2, 5 fell silent together");
    assert_int_equal(changes[0].since_at, AT + 100000);
    tell(RC_ALERT_OUTAGE, false, 8, "gate-2", 0);
    clears(RC_ALERT_OUTAGE, 130000);
}

static void P_8_a_hold_that_was_restored_is_up_again(void **state)
{
    (void)state;
    struct rc_hold hold = {.number = 3, .open = true};
    rc_alerts_hold(&alerts, &hold);
    rises(RC_ALERT_OUTAGE, 100000, "hold 3 on the site");
    hold.open = false;
    rc_alerts_hold(&alerts, &hold);
    clears(RC_ALERT_OUTAGE, 110000);
}

static void P_15_a_hold_whose_commit_failed_is_forgotten(void **state)
{
    (void)state;
    tell(RC_ALERT_OUTAGE, true, 7, "", 12);
    rc_alerts_undo(&alerts);
    stays(100000);
    tell(RC_ALERT_OUTAGE, true, 7, "", 12);
    rc_alerts_commit(&alerts);
    tell(RC_ALERT_OUTAGE, false, 7, "", 0);
    rc_alerts_undo(&alerts);
    rises(RC_ALERT_OUTAGE, 110000, "hold 7 on the site, 12 fell silent together");
}

static void P_8_as_many_holds_as_the_engine_has_fit(void **state)
{
    (void)state;
    char name[RC_ID_MAX + 1];
    memset(name, 'g', RC_ID_MAX);
    name[RC_ID_MAX] = '\0';
    for (int i = 1; i <= RC_HOLDS_MAX; i++) {
        tell(RC_ALERT_OUTAGE, true, INT64_MAX - i, name, INT64_MAX);
    }
    assert_int_equal(look(100000), 1);
    assert_non_null(strstr(changes[0].detail, "; and 3"));
    assert_string_equal(changes[0].detail + strlen(changes[0].detail) - 5, " more");
}

static void a_lost_device_is_named_until_it_is_heard(void **state)
{
    (void)state;
    tell(RC_ALERT_DEVICE_LOST, true, 0, "kiosk-1", 1);
    rises(RC_ALERT_DEVICE_LOST, 100000, "not heard any more: kiosk-1");
    tell(RC_ALERT_DEVICE_LOST, true, 0, "gate-2", 2);
    tell(RC_ALERT_DEVICE_LOST, true, 0, "gate-2", 2);
    rises(RC_ALERT_DEVICE_LOST, 110000, "not heard any more: kiosk-1, gate-2");
    tell(RC_ALERT_DEVICE_LOST, false, 0, "kiosk-1", 1);
    rises(RC_ALERT_DEVICE_LOST, 120000, "not heard any more: gate-2");
    tell(RC_ALERT_DEVICE_LOST, false, 0, "gate-2", 0);
    clears(RC_ALERT_DEVICE_LOST, 130000);
}

static void devices_beyond_the_names_are_counted(void **state)
{
    (void)state;
    char name[RC_ID_MAX + 1];
    const int lost = 3 * RC_ALERT_DEVICES_MAX;
    for (int i = 1; i <= lost; i++) {
        snprintf(name, sizeof name, "kiosk-with-a-rather-long-name-%d", i);
        tell(RC_ALERT_DEVICE_LOST, true, 0, name, i);
    }
    assert_int_equal(look(100000), 1);
    assert_true(strlen(changes[0].detail) < RC_ALERT_DETAIL_MAX - 1);
    int named = 1;
    for (const char *at = changes[0].detail; (at = strstr(at, ", kiosk")); at++) {
        named++;
    }
    char end[64];
    snprintf(end, sizeof end, ", and %d more", lost - named);
    assert_string_equal(strstr(changes[0].detail, ", and"), end);
    /* those that had names come back; the others are still lost */
    for (int i = 1; i <= RC_ALERT_DEVICES_MAX; i++) {
        snprintf(name, sizeof name, "kiosk-with-a-rather-long-name-%d", i);
        tell(RC_ALERT_DEVICE_LOST, false, 0, name, lost - i);
    }
    rises(RC_ALERT_DEVICE_LOST, 110000, "not heard any more: 128 devices");
}

static void heartbeats(int valid, int invalid, int64_t now)
{
    for (int i = 0; i < valid + invalid; i++) {
        rc_alerts_heartbeat(&alerts, now, i < valid);
    }
}

static void too_large_a_share_of_invalid_heartbeats_is_an_alert(void **state)
{
    (void)state;
    heartbeats(190, 10, 100000); /* 5 %: at the threshold */
    stays(100000);
    heartbeats(0, 1, 101000);
    rises(RC_ALERT_HEARTBEAT_ERRORS, 101000, "11 of 201 heartbeats within a minute were invalid");
    heartbeats(100, 0, 102000); /* 3.7 %: above half of it still */
    stays(102000);
    heartbeats(200, 0, 103000);
    clears(RC_ALERT_HEARTBEAT_ERRORS, 103000);
}

static void a_few_invalid_heartbeats_are_no_alert_however_few_there_are(void **state)
{
    (void)state;
    heartbeats(0, 9, 100000);
    stays(100000);
}

static void P_18_a_limit_nearly_reached_is_an_alert(void **state)
{
    (void)state;
    rc_alerts_capacity(&alerts, 100000, 900, 1000, 90, 1000, 0);
    stays(100000);
    rc_alerts_capacity(&alerts, 101000, 901, 1000, 90, 1000, 0);
    rises(RC_ALERT_CAPACITY, 101000, "901 of 1000 employees, 90 of 1000 sessions");
    rc_alerts_capacity(&alerts, 102000, 851, 1000, 90, 1000, 0);
    stays(102000);
    rc_alerts_capacity(&alerts, 103000, 850, 1000, 90, 1000, 0);
    clears(RC_ALERT_CAPACITY, 103000);
}

static void P_18_what_was_dropped_is_an_alert_for_a_minute(void **state)
{
    (void)state;
    rc_alerts_capacity(&alerts, 100000, 1, 1000, 1, 1000, 5);
    rises(RC_ALERT_CAPACITY, 100000,
          "1 of 1000 employees, 1 of 1000 sessions; 5 messages dropped for want of room since the start");
    rc_alerts_capacity(&alerts, 150000, 1, 1000, 1, 1000, 5);
    stays(159999);
    clears(RC_ALERT_CAPACITY, 160000);
}

static void P_18_the_engines_own_capacity_alert_counts_as_a_drop(void **state)
{
    (void)state;
    rc_alerts_capacity(&alerts, 100000, 1, 1000, 1, 1000, 0);
    tell(RC_ALERT_CAPACITY, true, 0, "", 1);
    rises(RC_ALERT_CAPACITY, 100000, "1 of 1000 employees, 1 of 1000 sessions");
    tell(RC_ALERT_CAPACITY, false, 0, "", 0);
    clears(RC_ALERT_CAPACITY, 160000);
}

static void several_alerts_rise_in_one_look(void **state)
{
    (void)state;
    rc_alerts_storage(&alerts, 100000, "disk full");
    rc_alerts_clock_step(&alerts, 100000, 5000);
    auto_outs(11, 100000);
    assert_int_equal(look(100000), 3);
    assert_int_equal(look(100000), 0);
}

/* The same again, or nothing of it. */
static void said_again(enum rc_alert kind, bool raised, int64_t now)
{
    assert_int_equal(look(now), 1);
    assert_int_equal(changes[0].kind, kind);
    assert_int_equal(changes[0].raised, raised);
    assert_true(changes[0].again);
}

static void P_15_an_alert_whose_commit_failed_is_said_again_at_the_next_look(void **state)
{
    (void)state;
    tell(RC_ALERT_DEVICE_LOST, true, 0, "kiosk-1", 1);
    rises(RC_ALERT_DEVICE_LOST, 100000, "not heard any more: kiosk-1");
    assert_false(changes[0].again);
    rc_alerts_undo(&alerts);
    said_again(RC_ALERT_DEVICE_LOST, true, 101000);
    assert_string_equal(changes[0].detail, "not heard any more: kiosk-1");
    rc_alerts_commit(&alerts);
    stays(102000);
    tell(RC_ALERT_DEVICE_LOST, false, 0, "kiosk-1", 0);
    clears(RC_ALERT_DEVICE_LOST, 103000);
    rc_alerts_undo(&alerts);
    said_again(RC_ALERT_DEVICE_LOST, false, 104000);
    rc_alerts_commit(&alerts);
    rc_alerts_undo(&alerts);
    stays(105000);
}

static void P_15_what_rose_while_nothing_could_be_written_is_said_once_then_and_once_after(void **state)
{
    (void)state;
    rc_alerts_storage(&alerts, 100000, "disk full");
    rises(RC_ALERT_STORAGE, 100000, "cannot write to the database: disk full");
    tell(RC_ALERT_DEVICE_LOST, true, 0, "kiosk-1", 1);
    rises(RC_ALERT_DEVICE_LOST, 101000, "not heard any more: kiosk-1");
    rc_alerts_undo(&alerts);
    stays(102000);
    rc_alerts_storage(&alerts, 103000, NULL);
    assert_int_equal(look(103000), 2);
    assert_int_equal(changes[0].kind, RC_ALERT_STORAGE);
    assert_false(changes[0].raised);
    assert_int_equal(changes[1].kind, RC_ALERT_DEVICE_LOST);
    assert_true(changes[1].raised && changes[1].again);
    rc_alerts_commit(&alerts);
    stays(104000);
}

static void after_a_start_every_alert_is_said_as_it_is(void **state)
{
    (void)state;
    const struct rc_id kiosk = {.length = 7, .text = "kiosk-1"}, gate = {.length = 6, .text = "gate-2"};
    rc_alerts_device(&alerts, &kiosk);
    rc_alerts_device(&alerts, &gate);
    rc_alerts_restored(&alerts);
    assert_int_equal(look(100000), RC_ALERT_COUNT);
    for (int kind = 0; kind < RC_ALERT_COUNT; kind++) {
        assert_int_equal(changes[kind].kind, kind);
        assert_int_equal(changes[kind].raised, kind == RC_ALERT_DEVICE_LOST);
    }
    assert_string_equal(changes[RC_ALERT_DEVICE_LOST].detail, "not heard any more: kiosk-1, gate-2");
    stays(101000);
    tell(RC_ALERT_DEVICE_LOST, false, 0, "gate-2", 1);
    rises(RC_ALERT_DEVICE_LOST, 102000, "not heard any more: kiosk-1");
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_up_at_first),
        TEST(more_than_ten_auto_outs_in_a_minute_are_a_spike),
        TEST(a_spike_does_not_flap_around_its_threshold),
        TEST(no_broker_for_longer_than_the_threshold_is_an_alert),
        TEST(a_link_that_comes_and_goes_keeps_its_alert),
        TEST(a_link_down_from_the_start_is_an_alert_too),
        TEST(a_slow_canary_is_an_alert_until_one_is_fast),
        TEST(a_canary_that_does_not_come_back_is_an_alert),
        TEST(canaries_lost_with_the_connection_are_no_alert),
        TEST(a_failing_store_is_an_alert_at_once),
        TEST(storage_waits_for_its_threshold),
        TEST(P_14_a_clock_step_is_up_for_ten_minutes_after_the_last),
        TEST(P_8_outage_is_up_while_any_hold_is_open_and_names_them),
        TEST(P_8_a_hold_that_was_restored_is_up_again),
        TEST(P_15_a_hold_whose_commit_failed_is_forgotten),
        TEST(P_8_as_many_holds_as_the_engine_has_fit),
        TEST(a_lost_device_is_named_until_it_is_heard),
        TEST(devices_beyond_the_names_are_counted),
        TEST(too_large_a_share_of_invalid_heartbeats_is_an_alert),
        TEST(a_few_invalid_heartbeats_are_no_alert_however_few_there_are),
        TEST(P_18_a_limit_nearly_reached_is_an_alert),
        TEST(P_18_what_was_dropped_is_an_alert_for_a_minute),
        TEST(P_18_the_engines_own_capacity_alert_counts_as_a_drop),
        TEST(several_alerts_rise_in_one_look),
        TEST(P_15_an_alert_whose_commit_failed_is_said_again_at_the_next_look),
        TEST(P_15_what_rose_while_nothing_could_be_written_is_said_once_then_and_once_after),
        TEST(after_a_start_every_alert_is_said_as_it_is),
    };
    return cmocka_run_group_tests_name("alerts", tests, NULL, NULL);
}
