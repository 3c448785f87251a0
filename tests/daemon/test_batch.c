/* What becomes of a batch whose COMMIT fails: undone, told, and made up for once the disk works again (P-15).
 * The store is real, the disk is a test's, and there is no broker. */
#include "daemon/batch.h"

#include "core/names.h"
#include "daemon/service.h"
#include "support/fault_vfs.h"

#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define START_NOW INT64_C(1000000)
#define START_AT  INT64_C(1764760000000)
#define DAY_MS    INT64_C(86400000)

struct house {
    struct rc_fault_vfs *disk;
    char folder[64], path[96];
    struct rc_config config;
    struct rc_service service;
    struct rc_site site;
};

static struct house house;

static int set_up(void **state)
{
    char error[RC_STORE_ERROR_MAX] = "";
    struct rc_service *service = &house.service;
    (void)state;
    memset(&house, 0, sizeof house);
    house.disk = rc_fault_vfs_new("batch", RC_DISK_MEMORY);
    snprintf(house.folder, sizeof house.folder, "/tmp/rollcall-batch-XXXXXX");
    assert_non_null(mkdtemp(house.folder)); /* for the lock file */
    snprintf(house.path, sizeof house.path, "%s/batch.db", house.folder);
    rc_config_default(&house.config);
    house.config.limit_employees = 100;
    house.config.limit_sessions = 100;
    house.config.limit_images = 64; /* people whose state one transaction may change */
    service->config = &house.config;
    service->open = true;
    service->reading = (struct rc_reading){.now = START_NOW, .at = START_AT};
    service->metrics = rc_metrics_alloc(house.config.sites, 1, START_NOW);
    service->board = rc_board_alloc();
    service->sites = &house.site;
    service->site_count = 1;
    assert_true(rc_batch_init(&service->batch));
    struct rc_store_options options = {
        .path = house.path, .vfs = "batch", .now = START_NOW, .at = START_AT, .boot_id = "boot"};
    assert_int_equal(rc_store_open(&options, &service->store, error), RC_STORE_OK);
    assert_true(rc_site_open(&house.site, 0, &house.config, service->store, service->reading, error));
    struct rc_event up = {.kind = RC_EV_LINK, .now = START_NOW, .at = START_AT, .link.up = true};
    assert_true(rc_batch_step(service, &house.site, &up, NULL, NULL));
    return rc_batch_commit(service) ? 0 : 1;
}

static int tear_down(void **state)
{
    char lock[128];
    (void)state;
    rc_site_close(&house.site);
    rc_batch_fini(&house.service.batch);
    rc_store_close(house.service.store);
    rc_metrics_free(house.service.metrics);
    rc_board_free(house.service.board);
    rc_fault_vfs_free(house.disk);
    snprintf(lock, sizeof lock, "%s.lock", house.path);
    unlink(lock);
    rmdir(house.folder);
    return 0;
}

static void pass(int64_t ms)
{
    house.service.reading.now += ms;
    house.service.reading.at += ms;
}

static bool step(struct rc_event event)
{
    event.now = house.service.reading.now;
    event.at = house.service.reading.at;
    return rc_batch_step(&house.service, &house.site, &event, NULL, NULL);
}

/* As the loop does it; false: there is more to do after a COMMIT. */
static bool tick(void)
{
    struct rc_event event = {
        .kind = RC_EV_TICK, .now = house.service.reading.now, .at = house.service.reading.at};
    return !rc_batch_tick(&house.service, &house.site, &event);
}

static bool beats(const char *employee, const char *session)
{
    struct rc_event event = {.kind = RC_EV_HEARTBEAT, .beat = {.epoch = RC_NONE, .interval_ms = RC_NONE}};
    rc_id_set(&event.beat.employee, rc_text_of(employee));
    rc_id_set(&event.beat.session, rc_text_of(session));
    return step(event);
}

/* Flushes all sessions, as the loop does every few seconds. */
static void flush(void)
{
    struct rc_session_row row;
    assert_true(rc_batch_begin(&house.service));
    while (rc_engine_next_dirty(house.site.engine, &row))
        assert_int_equal(rc_store_flush_session(house.service.store, house.site.number, &row), RC_STORE_OK);
    assert_true(rc_batch_commit(&house.service));
}

static bool count_session(void *context, const struct rc_session_row *row)
{
    (void)row;
    (*(int *)context)++;
    return true;
}

static int sessions_stored(void)
{
    int count = 0;
    assert_int_equal(rc_store_load_sessions(house.service.store, house.site.number, count_session, &count),
                     RC_STORE_OK);
    return count;
}

/* The last retained word on a device that waits in the outbox: its bytes, -1: there is none. */
struct word {
    const char *topic;
    int length;
};

static bool take_word(void *context, int site, const struct rc_outgoing *message)
{
    struct word *word = context;
    (void)site;
    if (message->retain && message->topic.length == strlen(word->topic) &&
        memcmp(message->topic.data, word->topic, message->topic.length) == 0)
        word->length = (int)message->payload.length;
    return true;
}

static int last_word(const char *topic)
{
    struct word word = {.topic = topic, .length = -1};
    assert_int_equal(rc_store_outbox_each(house.service.store, 0, take_word, &word), RC_STORE_OK);
    return word.length;
}

static void recover(void)
{
    rc_fault_vfs_heal(house.disk);
    pass(RC_RECOVER_MS);
    rc_batch_recover(&house.service);
    assert_true(house.service.batch.store_ok);
    assert_true(rc_batch_commit(&house.service));
}

/* Both fell silent so long ago that they are forgotten at the next tick. */
static void live_and_fall_silent(void)
{
    beats("", "k1");
    beats("ana", "tab");
    assert_true(rc_batch_commit(&house.service));
    flush();
    for (int i = 0; i < 4; i++) {
        pass(16 * 60000); /* beyond every deadline and protection */
        assert_true(tick());
        assert_true(rc_batch_commit(&house.service));
    }
    flush();
    assert_int_equal(sessions_stored(), 2);
    pass(DAY_MS);
}

static void P_15_a_device_and_a_session_forgotten_in_a_failed_batch_are_forgotten_after_it(void **state)
{
    (void)state;
    live_and_fall_silent();
    assert_true(last_word("rollcall/v1/hq/dev/k1/status") > 0);
    assert_true(tick());
    rc_fault_vfs_plan(house.disk, RC_OPS_CHANGING, 1, RC_FAULT_IO, true);
    assert_false(rc_batch_commit(&house.service));
    recover();
    assert_int_equal(sessions_stored(), 0);
    assert_int_equal(last_word("rollcall/v1/hq/dev/k1/status"), 0); /* cleared */
}

static void P_15_who_came_back_while_the_disk_failed_is_not_forgotten(void **state)
{
    (void)state;
    live_and_fall_silent();
    assert_true(tick());
    rc_fault_vfs_plan(house.disk, RC_OPS_CHANGING, 1, RC_FAULT_IO, true);
    assert_false(rc_batch_commit(&house.service));
    beats("", "k1");
    recover();
    assert_true(tick());
    assert_true(rc_batch_commit(&house.service));
    flush();
    assert_int_equal(sessions_stored(), 1);
    assert_true(last_word("rollcall/v1/hq/dev/k1/status") > 0);
}

static void P_15_an_alert_of_a_device_that_came_back_while_the_disk_failed_is_over(void **state)
{
    struct rc_alert_change changes[RC_ALERT_COUNT];
    (void)state;
    beats("", "k1");
    pass(60 * 60000);
    assert_true(tick());
    assert_int_equal(house.site.alerts.devices_lost, 1);
    rc_alerts_look(&house.site.alerts, house.service.reading.now, house.service.reading.at, changes);
    rc_fault_vfs_plan(house.disk, RC_OPS_CHANGING, 1, RC_FAULT_IO, true);
    assert_false(rc_batch_commit(&house.service));
    beats("", "k1");
    assert_int_equal(house.site.alerts.devices_lost, 0);
    recover();
    assert_true(
        rc_alerts_look(&house.site.alerts, house.service.reading.now, house.service.reading.at, changes) > 0);
    assert_false(rc_alerts_state(&house.site.alerts, RC_ALERT_DEVICE_LOST)->raised);
}

/* Everybody falls due at once: a tick does what one transaction holds and says that there is more, so that a
 * punch that comes meanwhile is taken in between. */
static void P_7_a_tick_takes_no_more_than_one_transaction_holds(void **state)
{
    struct rc_event tick = {.kind = RC_EV_TICK};
    int parts = 1;
    (void)state;
    for (int i = 0; i < 100; i++) {
        char name[16];
        snprintf(name, sizeof name, "e%d", i);
        assert_true(beats(name, "tab"));
        assert_true(rc_batch_commit(&house.service));
    }
    assert_int_equal(rc_engine_counts(house.site.engine).sessions, 100);
    pass(60 * 60000); /* beyond every deadline and protection */
    tick.now = house.service.reading.now;
    tick.at = house.service.reading.at;
    while (rc_batch_tick(&house.service, &house.site, &tick)) {
        uint64_t left = rc_engine_counts(house.site.engine).sessions;
        assert_true(left > 0 && left < 100);
        assert_true(rc_engine_wake_now(house.site.engine) <= tick.now);
        assert_false(rc_batch_tick(&house.service, &house.site, &tick) &&
                     rc_engine_counts(house.site.engine).sessions < left); /* nothing before the COMMIT */
        assert_true(rc_batch_commit(&house.service));
        parts++;
    }
    assert_true(rc_batch_commit(&house.service));
    assert_int_equal(parts, 2);
    assert_int_equal(rc_engine_counts(house.site.engine).sessions, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* Who waits for a receipt is not to wait for students. */
static void only_a_batch_of_students_alone_lets_more_of_them_gather(void **state)
{
    (void)state;
    struct rc_service *service = &house.service;
    const struct rc_reply_to to = {.topic = "rollcall/v1/hq/emp/ana/session/tab/training/result"};
    assert_true(rc_batch_commit(service));
    assert_false(service->batch.of_students);
    rc_batch_await_training(service, &house.site, &to);
    rc_batch_await_training(service, &house.site, &to);
    assert_true(rc_batch_commit(service));
    assert_true(service->batch.of_students);
    rc_batch_await_training(service, &house.site, &to);
    rc_batch_await_request(service, &house.site, &to, "r1");
    rc_batch_await_training(service, &house.site, &to);
    assert_true(rc_batch_commit(service));
    assert_false(service->batch.of_students);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(P_15_a_device_and_a_session_forgotten_in_a_failed_batch_are_forgotten_after_it),
        TEST(P_15_who_came_back_while_the_disk_failed_is_not_forgotten),
        TEST(P_15_an_alert_of_a_device_that_came_back_while_the_disk_failed_is_over),
        TEST(P_7_a_tick_takes_no_more_than_one_transaction_holds),
        TEST(only_a_batch_of_students_alone_lets_more_of_them_gather),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
