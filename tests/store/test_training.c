/* T-1 to T-6 in the store: a user's ledger, the days behind the views of the contract, the turn of the day,
 * policies, progress, the day clock; what of it survives a rollback, another boot, and an older version. */
#include "rig.h"

#include "core/names.h"
#include "migrate.h"
#include "statements.h"
#include "store/training.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS   3600000LL
#define MINUTE_MS 60000LL
#define LIMIT_MS  (240 * MINUTE_MS)
#define DAY_AT    1764738000000 /* 2025-12-03 00:00 in New York */
#define NOON_AT   (DAY_AT + 12 * HOUR_MS)

static const struct rc_local_day today = {"2025-12-03", DAY_AT, DAY_AT + 24 * HOUR_MS};
static const struct rc_local_day tomorrow = {"2025-12-04", DAY_AT + 24 * HOUR_MS, DAY_AT + 48 * HOUR_MS};

static struct rc_training_now at_now(int64_t now)
{
    return (struct rc_training_now){.now = now, .at = NOON_AT + now};
}

static void expect_day(const struct rc_local_day *got, const struct rc_local_day *wanted)
{
    assert_string_equal(got->date, wanted->date);
    assert_int_equal(got->start_at, wanted->start_at);
    assert_int_equal(got->end_at, wanted->end_at);
}

struct loaded {
    struct rc_training_ledger ledger;
    struct rc_training_day days[2];
};

static struct loaded load(struct rig *rig, const char *user, const char *course,
                          struct rc_training_now moment)
{
    struct loaded loaded;
    const struct rc_id id = rig_id(user), of = course == NULL ? (struct rc_id){0, ""} : rig_id(course);
    memset(&loaded, 0xa5, sizeof loaded); /* nothing may be left as it was */
    rig_ok(rig,
           rc_store_training_load(rig->store, &id, &of, &rig->site, 1, moment, &loaded.ledger, loaded.days));
    return loaded;
}

/* A day with one heartbeat on it. */
static struct rc_training_day day_of(int64_t ms)
{
    return (struct rc_training_day){
        .day = today,
        .ms = ms,
        .limit_ms = LIMIT_MS,
        .heartbeats = 1,
        .session_count = 1,
        .created_at = NOON_AT,
        .last_heartbeat_at = NOON_AT + 7,
    };
}

static void save_day(struct rig *rig, const char *user, const struct rc_training_day *day)
{
    const struct rc_id id = rig_id(user);
    bool own = !rc_store_in_transaction(rig->store);
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_training_save_day(rig->store, rig->site, &id, day, &tomorrow));
    if (own)
        rig_ok(rig, rc_store_commit(rig->store));
}

static void save_user(struct rig *rig, const char *user, const char *course, struct rc_training_now moment,
                      const struct rc_training_ledger *ledger)
{
    const struct rc_id id = rig_id(user), of = rig_id(course);
    bool own = !rc_store_in_transaction(rig->store);
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_training_save_user(rig->store, &id, &of, moment, ledger));
    if (own)
        rig_ok(rig, rc_store_commit(rig->store));
}

static void save_course(struct rig *rig, const char *user, const char *course, int64_t ms, int64_t next_ms,
                        int64_t limit_ms)
{
    const struct rc_id id = rig_id(user), of = rig_id(course);
    const struct rc_training_total total = {ms, next_ms};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_training_save_course(rig->store, rig->site, &id, &of, &today, &tomorrow, &total,
                                              limit_ms, limit_ms));
    rig_ok(rig, rc_store_commit(rig->store));
}

static int64_t heard(struct rig *rig, const char *session, const char *course, struct rc_training_now moment)
{
    const struct rc_id id = rig_id("anna"), of = rig_id(course), in = rig_id(session);
    int64_t sessions = -1;
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_training_heard(rig->store, rig->site, &id, &in, &of, today.date, moment, 1500,
                                        &sessions));
    rig_ok(rig, rc_store_commit(rig->store));
    return sessions;
}

/* What another program reads: one value. */
static void expect_sql(const char *sql, const char *wanted)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    char got[512] = "no row";
    assert_int_equal(sqlite3_open_v2(RIG_PATH, &db, SQLITE_OPEN_READWRITE, RIG_VFS), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        snprintf(got, sizeof got, "%s", sqlite3_errmsg(db));
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        snprintf(got, sizeof got, "%s", text == NULL ? "NULL" : text);
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    if (strcmp(got, wanted) != 0)
        fail_msg("%s gave %s, wanted %s", sql, got, wanted);
}

/* ---- the ledger ---- */

static void T_4_a_user_nobody_knows_has_an_empty_ledger(void **state)
{
    struct loaded loaded = load(*state, "anna", "c1", at_now(5000));
    assert_int_equal(loaded.ledger.cover.count, 0);
    assert_int_equal(loaded.ledger.course_cover.count, 0);
    assert_int_equal(loaded.ledger.run_ms, 0);
    assert_int_equal(loaded.ledger.run_until_now, RC_NONE);
    assert_int_equal(loaded.ledger.site_count, 1);
    assert_int_equal(loaded.ledger.sites[0].user.ms, 0);
    assert_int_equal(loaded.ledger.sites[0].course.next_ms, 0);
    assert_string_equal(loaded.ledger.sites[0].day.date, "");
    assert_false(loaded.days[0].found);
    assert_string_equal(loaded.days[0].kept.date, "");
}

static const struct rc_training_ledger covered = {
    .cover = {4, {{4000, 5000}, {4500, 6000}, {70000, 71000}, {72000, 75000}}},
    .course_cover = {1, {{4000, 61000}}},
    .run_ms = 123456,
    .run_until_now = 75000,
};

static void T_2_what_is_covered_comes_back_in_the_same_boot(void **state)
{
    struct rig *rig = *state;
    save_user(rig, "anna", "c1", at_now(4000), &covered);
    rig_reopen(rig, "boot-1"); /* the service was restarted, the machine was not */
    struct rc_training_now moment = at_now(5000);
    moment.at += 99 * HOUR_MS; /* a wall clock that was set does not matter */
    struct loaded loaded = load(rig, "anna", "c1", moment);
    assert_int_equal(loaded.ledger.cover.count, 3); /* the first ends now: it is behind */
    assert_memory_equal(loaded.ledger.cover.spans, covered.cover.spans + 1, 3 * sizeof(struct rc_span));
    assert_int_equal(loaded.ledger.course_cover.count, 1);
    assert_int_equal(loaded.ledger.course_cover.spans[0].to_now, 61000);
    assert_int_equal(loaded.ledger.run_ms, 123456);
    assert_int_equal(loaded.ledger.run_until_now, 75000);
    assert_int_equal(load(rig, "anna", "c2", moment).ledger.course_cover.count, 0);
    assert_int_equal(load(rig, "anna", NULL, moment).ledger.course_cover.count, 0);
    assert_int_equal(load(rig, "bert", "c1", moment).ledger.cover.count, 0);
}

static void T_2_what_is_covered_is_told_by_its_label_in_another_boot(void **state)
{
    struct rig *rig = *state;
    save_user(rig, "anna", "c1", at_now(900000),
              &(struct rc_training_ledger){.cover = {1, {{890000, 960000}}},
                                           .course_cover = {1, {{890000, 960000}}},
                                           .run_ms = 7,
                                           .run_until_now = 960000});
    rig_reopen(rig, "boot-2");
    /* 20 s later by the wall; this boot is 3 s old */
    const struct rc_training_now moment = {.now = 3000, .at = NOON_AT + 920000};
    struct loaded loaded = load(rig, "anna", "c1", moment);
    assert_int_equal(loaded.ledger.cover.count, 1);
    assert_int_equal(loaded.ledger.cover.spans[0].from_now, 890000 - 920000 + 3000);
    assert_int_equal(loaded.ledger.cover.spans[0].to_now, 43000);
    assert_int_equal(loaded.ledger.course_cover.spans[0].to_now, 43000);
    assert_int_equal(loaded.ledger.run_ms, 7);
    assert_int_equal(loaded.ledger.run_until_now, 43000);
}

static void T_2_a_run_that_ended_before_this_boot_still_ended_then(void **state)
{
    struct rig *rig = *state;
    const struct rc_training_ledger ledger = {.run_ms = 9, .run_until_now = 960000};
    save_user(rig, "anna", "c1", at_now(900000), &ledger);
    rig_reopen(rig, "boot-2");
    struct loaded loaded = load(rig, "anna", "c1", (struct rc_training_now){1000, NOON_AT + 1000000});
    assert_int_equal(loaded.ledger.run_until_now, 1000 - 40000);
    /* one that would be taken for "none" is a millisecond off instead */
    loaded = load(rig, "anna", "c1", (struct rc_training_now){1000, NOON_AT + 961001});
    assert_int_equal(loaded.ledger.run_until_now, RC_NONE - 1);
    assert_int_equal(loaded.ledger.run_ms, 9);
}

static void T_2_labels_of_a_wrong_wall_clock_are_not_believed_in_another_boot(void **state)
{
    struct rig *rig = *state;
    save_user(rig, "anna", "c1", at_now(4000), &covered);
    rig_reopen(rig, "boot-2");
    /* an hour earlier than it was: everything would lie an hour ahead */
    struct loaded loaded = load(rig, "anna", "c1", (struct rc_training_now){9000, NOON_AT - HOUR_MS});
    assert_int_equal(loaded.ledger.cover.count, 0);
    assert_int_equal(loaded.ledger.course_cover.count, 0);
    assert_int_equal(loaded.ledger.run_until_now, RC_NONE);
    assert_int_equal(loaded.ledger.run_ms, 0);
    /* a day later: all of it is behind */
    loaded = load(rig, "anna", "c1", (struct rc_training_now){9000, NOON_AT + 24 * HOUR_MS});
    assert_int_equal(loaded.ledger.cover.count, 0);
    assert_int_equal(loaded.ledger.run_until_now, 9000 - 24 * HOUR_MS + 75000);
}

static void T_6_a_rollback_leaves_nothing_of_a_heartbeat(void **state)
{
    struct rig *rig = *state;
    const struct rc_training_day day = day_of(60000);
    int64_t sessions;
    rig_ok(rig, rc_store_begin(rig->store));
    save_day(rig, "anna", &day);
    save_user(rig, "anna", "c1", at_now(4000), &covered);
    const struct rc_id anna = rig_id("anna"), tab = rig_id("tab"), c1 = rig_id("c1");
    rig_ok(rig, rc_store_training_heard(rig->store, rig->site, &anna, &tab, &c1, today.date, at_now(4000),
                                        60000, &sessions));
    rc_store_rollback(rig->store);
    struct loaded loaded = load(rig, "anna", "c1", at_now(4000));
    assert_false(loaded.days[0].found);
    assert_int_equal(loaded.ledger.cover.count, 0);
    expect_sql("SELECT (SELECT count(*) FROM training_totals) + (SELECT count(*) FROM training_covers) "
               "+ (SELECT count(*) FROM training_current)",
               "0");
}

static void writing_without_a_transaction_is_refused(void **state)
{
    struct rig *rig = *state;
    const struct rc_training_day day = day_of(60000);
    const struct rc_id anna = rig_id("anna"), c1 = rig_id("c1");
    const struct rc_training_total total = {1, 0};
    const struct rc_day_clock clock = {.offset_ms = 1};
    struct rc_training_policy policy = {.limit_minutes = 1};
    int64_t sessions;
    rig_expect(rig, rc_store_training_save_day(rig->store, 0, &anna, &day, &tomorrow), RC_STORE_REFUSED,
               "day", __FILE__, __LINE__);
    assert_int_equal(rc_store_training_save_user(rig->store, &anna, &c1, at_now(1), &covered),
                     RC_STORE_REFUSED);
    assert_int_equal(
        rc_store_training_save_course(rig->store, 0, &anna, &c1, &today, &tomorrow, &total, RC_NONE, RC_NONE),
        RC_STORE_REFUSED);
    assert_int_equal(
        rc_store_training_heard(rig->store, 0, &anna, &c1, &c1, today.date, at_now(1), 0, &sessions),
        RC_STORE_REFUSED);
    assert_int_equal(rc_store_training_policy_add(rig->store, 0, &policy), RC_STORE_REFUSED);
    assert_int_equal(rc_store_day_clock_save(rig->store, &clock), RC_STORE_REFUSED);
}

/* ---- days ---- */

static void T_2_a_day_comes_back_as_it_was_written(void **state)
{
    struct rig *rig = *state;
    struct rc_training_day day = day_of(61500);
    day.refused = 3;
    day.session_count = 2;
    day.locked_at = NOON_AT + 9;
    save_day(rig, "anna", &day);
    save_course(rig, "anna", "c1", 44000, 0, RC_NONE);
    struct loaded loaded = load(rig, "anna", "c1", at_now(1));
    const struct rc_training_day *got = &loaded.days[0];
    assert_true(got->found);
    expect_day(&got->day, &today);
    expect_day(&got->kept, &today);
    assert_int_equal(got->ms, 61500);
    assert_int_equal(got->next_ms, 0);
    assert_int_equal(got->limit_ms, LIMIT_MS);
    assert_int_equal(got->heartbeats, 1);
    assert_int_equal(got->refused, 3);
    assert_int_equal(got->session_count, 2);
    assert_int_equal(got->created_at, NOON_AT);
    assert_int_equal(got->last_heartbeat_at, NOON_AT + 7);
    assert_int_equal(got->locked_at, NOON_AT + 9);
    assert_int_equal(loaded.ledger.sites[0].user.ms, 61500);
    assert_int_equal(loaded.ledger.sites[0].course.ms, 44000);
    expect_day(&loaded.ledger.sites[0].day, &today);
    assert_int_equal(load(rig, "anna", "c2", at_now(1)).ledger.sites[0].course.ms, 0);
    assert_int_equal(load(rig, "anna", NULL, at_now(1)).ledger.sites[0].course.ms, 0);
    /* written again, from what was loaded: times that the caller does not know stay */
    day = *got;
    day.ms = 70000;
    day.created_at = day.last_heartbeat_at = day.locked_at = 0;
    save_day(rig, "anna", &day);
    day = load(rig, "anna", "c1", at_now(1)).days[0];
    assert_int_equal(day.ms, 70000);
    assert_int_equal(day.created_at, NOON_AT);
    assert_int_equal(day.last_heartbeat_at, NOON_AT + 7);
    assert_int_equal(day.locked_at, 0);
}

static void T_2_what_runs_over_midnight_is_a_row_of_the_next_day(void **state)
{
    struct rig *rig = *state;
    struct rc_training_day day = day_of(50000);
    day.next_ms = 10000;
    day.next_limit_ms = LIMIT_MS / 2;
    save_day(rig, "anna", &day);
    save_course(rig, "anna", "c1", 50000, 8000, LIMIT_MS);
    struct loaded loaded = load(rig, "anna", "c1", at_now(1));
    assert_int_equal(loaded.ledger.sites[0].user.next_ms, 10000);
    assert_int_equal(loaded.ledger.sites[0].course.next_ms, 8000);
    expect_sql("SELECT ms || ' ' || limit_ms || ' ' || start_at || ' ' || heartbeats || ' ' || created_at "
               "FROM training_days WHERE date = '2025-12-04'",
               "10000 7200000 1764824400000 0 1764781200007");
    expect_sql("SELECT ms FROM training_courses WHERE date = '2025-12-04' AND course_id = 'c1'", "8000");
    /* the day turns, and the user comes back on it */
    struct rc_training_day turned = {.found = true, .day = tomorrow, .ms = 10000, .limit_ms = LIMIT_MS};
    turned.kept = loaded.days[0].kept;
    save_day(rig, "anna", &turned);
    loaded = load(rig, "anna", "c1", at_now(1));
    expect_day(&loaded.days[0].day, &tomorrow);
    assert_int_equal(loaded.days[0].ms, 10000);
    assert_int_equal(loaded.days[0].heartbeats, 0); /* isNewDay is still to come (T-7) */
    assert_int_equal(loaded.days[0].created_at, NOON_AT + 7);
    assert_int_equal(loaded.ledger.sites[0].course.ms, 8000);
    assert_int_equal(loaded.ledger.sites[0].course.next_ms, 0);
    expect_sql("SELECT ms FROM training_days WHERE date = '2025-12-03'", "50000");
}

static void a_day_without_a_next_limit_gives_it_its_own(void **state)
{
    struct rc_training_day day = day_of(50000);
    day.next_ms = 1;
    save_day(*state, "anna", &day);
    expect_sql("SELECT limit_ms FROM training_days WHERE date = '2025-12-04'", "14400000");
}

static void an_empty_day_turns_and_leaves_no_row(void **state)
{
    struct rig *rig = *state;
    const struct rc_training_day day = {.day = today, .limit_ms = LIMIT_MS};
    save_day(rig, "anna", &day);
    expect_sql("SELECT count(*) FROM training_days", "0");
    struct loaded loaded = load(rig, "anna", "c1", at_now(1));
    assert_true(loaded.days[0].found);
    assert_string_equal(loaded.days[0].day.date, "2025-12-03");
    assert_int_equal(loaded.days[0].ms, 0);
}

static void T_2_every_site_has_a_day_of_its_own(void **state)
{
    struct rig *rig = *state;
    const struct rc_id plant = rig_id("plant"), anna = rig_id("anna"), c1 = rig_id("c1");
    struct rc_training_ledger ledger;
    struct rc_training_day days[2], day = day_of(1000);
    int sites[2] = {rig->site, -1};
    rig_ok(rig, rc_store_site(rig->store, &plant, &sites[1]));
    save_day(rig, "anna", &day);
    day.day = tomorrow; /* it is later there */
    day.ms = 2000;
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_training_save_day(rig->store, sites[1], &anna, &day, &tomorrow));
    rig_ok(rig, rc_store_commit(rig->store));
    rig_ok(rig, rc_store_training_load(rig->store, &anna, &c1, sites, 2, at_now(1), &ledger, days));
    assert_int_equal(ledger.site_count, 2);
    assert_int_equal(ledger.sites[0].user.ms, 1000);
    assert_int_equal(ledger.sites[1].user.ms, 2000);
    assert_string_equal(days[0].day.date, "2025-12-03");
    assert_string_equal(days[1].day.date, "2025-12-04");
}

/* ---- the contract's views ---- */

static void section_8_the_views_have_the_columns_of_the_contract(void **state)
{
    (void)state;
    expect_sql("SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info('daily_activity_logs') "
               "WHERE cid < 10 ORDER BY cid)",
               "site,user_id,date,minutes_completed,seconds_completed,session_count,sessions,created_at,"
               "last_heartbeat,status");
    expect_sql("SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info('daily_course_logs') "
               "WHERE cid < 6 ORDER BY cid)",
               "site,user_id,date,course_id,seconds_completed,status");
    expect_sql("SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info('progress') ORDER BY cid)",
               "site,user_id,course_id,lesson_id,data,saved_at");
}

static void section_8_a_day_is_shown_with_its_sessions(void **state)
{
    struct rig *rig = *state;
    struct rc_training_day day = day_of(61500);
    assert_int_equal(heard(rig, "tab", "c1", at_now(1000)), 1);
    save_day(rig, "anna", &day); /* as the daemon does: the first heartbeat is heard before there is a day */
    assert_int_equal(heard(rig, "tab", "c1", at_now(3000)), 1);
    assert_int_equal(heard(rig, "tab", "c2", at_now(4000)), 1); /* the same session, another course */
    day.session_count = heard(rig, "app", "c1", at_now(5000));
    assert_int_equal(day.session_count, 2);
    save_day(rig, "anna", &day);
    assert_int_equal(heard(rig, "app", "c1", at_now(6000)), 2);
    expect_sql("SELECT json_array_length(sessions) || ' ' || session_count || ' ' || status "
               "FROM daily_activity_logs",
               "3 2 active");
    expect_sql("SELECT value FROM daily_activity_logs, json_each(sessions) "
               "WHERE value ->> 'sessionId' = 'tab' AND value ->> 'courseId' = 'c1'",
               "{\"sessionId\":\"tab\",\"courseId\":\"c1\",\"heartbeats\":2,\"seconds\":3,"
               "\"firstAt\":1764781201000,\"lastHeartbeat\":1764781203000}");
}

static void T_2_minutes_and_seconds_are_shown_as_the_rules_count_them(void **state)
{
    struct rig *rig = *state;
    static const int64_t totals[] = {0,        1,        29999,        30000,    89999,        90000,
                                     14369999, 14370000, LIMIT_MS - 1, LIMIT_MS, LIMIT_MS + 1, 2 * LIMIT_MS};
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        char wanted[96];
        struct rc_training_day day = day_of(totals[i]);
        save_day(rig, "anna", &day);
        snprintf(wanted, sizeof wanted, "%lld %lld %s", (long long)rc_training_minutes(totals[i], LIMIT_MS),
                 (long long)(rc_training_counted(totals[i], LIMIT_MS) / 1000),
                 totals[i] < LIMIT_MS ? "active" : "locked_daily_limit");
        expect_sql("SELECT minutes_completed || ' ' || seconds_completed || ' ' || status "
                   "FROM daily_activity_logs",
                   wanted);
    }
}

static void T_1_a_course_locks_by_its_own_limit_alone(void **state)
{
    struct rig *rig = *state;
    static const char sql[] =
        "SELECT group_concat(course_id || ' ' || seconds_completed || ' ' || status, ', ') FROM "
        "(SELECT * FROM daily_course_logs ORDER BY course_id)";
    save_course(rig, "anna", "c1", 3600000, 0, 3600000);
    save_course(rig, "anna", "c2", 3599999, 0, 3600000);
    save_course(rig, "anna", "c3", 99999999, 0, RC_NONE);
    expect_sql(sql, "c1 3600 locked_course_limit, c2 3599 active, c3 99999 active");
    save_course(rig, "anna", "c1", 3700000, 0, 3600000);
    save_course(rig, "anna", "c2", 3599999, 0, RC_NONE); /* its limit was taken away */
    expect_sql(sql, "c1 3600 locked_course_limit, c2 3599 active, c3 99999 active");
}

/* ---- T-5: when a session was last heard ---- */

static int64_t last(struct rig *rig, const char *session, const char *course, struct rc_training_now moment)
{
    const struct rc_id anna = rig_id("anna"), in = rig_id(session), of = rig_id(course);
    int64_t heard_now = 77;
    rig_ok(rig, rc_store_training_last(rig->store, rig->site, &anna, &in, &of, moment, &heard_now));
    return heard_now;
}

static void T_5_the_last_heartbeat_of_a_session_and_course_is_known(void **state)
{
    struct rig *rig = *state;
    struct rc_training_day day = day_of(1);
    assert_int_equal(last(rig, "tab", "c1", at_now(10)), RC_NONE); /* of somebody nobody knows */
    save_day(rig, "anna", &day);
    heard(rig, "tab", "c1", at_now(1000));
    heard(rig, "tab", "c1", at_now(61000));
    assert_int_equal(last(rig, "tab", "c1", at_now(70000)), 61000);
    assert_int_equal(last(rig, "tab", "c2", at_now(70000)), RC_NONE);
    assert_int_equal(last(rig, "app", "c1", at_now(70000)), RC_NONE);
    rig_reopen(rig, "boot-2");
    assert_int_equal(last(rig, "tab", "c1", (struct rc_training_now){500, NOON_AT + 71000}), 500 - 10000);
    /* a clock that was set back says that it is still to come */
    assert_int_equal(last(rig, "tab", "c1", (struct rc_training_now){500, NOON_AT + 60000}), RC_NONE);
}

static void T_5_a_heartbeat_before_midnight_is_known_after_it(void **state)
{
    struct rig *rig = *state;
    struct rc_training_day day = day_of(1);
    save_day(rig, "anna", &day);
    heard(rig, "tab", "c1", at_now(61000));
    day = load(rig, "anna", "c1", at_now(62000)).days[0];
    day.day = tomorrow;
    day.heartbeats = day.ms = 0;
    save_day(rig, "anna", &day);
    assert_int_equal(last(rig, "tab", "c1", at_now(70000)), 61000);
    assert_int_equal(last(rig, "tab", "c2", at_now(70000)), RC_NONE);
}

/* ---- the turn of the day ---- */

struct users {
    int count, stop_at;
    struct rc_training_current rows[64];
};

static bool take_current(void *context, const struct rc_training_current *current)
{
    struct users *users = context;
    users->rows[users->count++] = *current;
    return users->count != users->stop_at;
}

static struct users ended(struct rig *rig, int64_t at, uint32_t limit)
{
    struct users users = {.count = 0};
    rig_ok(rig, rc_store_training_ended(rig->store, rig->site, at, limit, take_current, &users));
    return users;
}

static int64_t next_end(struct rig *rig)
{
    int64_t end_at = 5;
    rig_ok(rig, rc_store_training_next_end(rig->store, rig->site, &end_at));
    return end_at;
}

/* Forty users, and whoever is listed is taken on to the next day. */
static void T_7_users_are_turned_at_midnight_page_by_page(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(next_end(rig), INT64_MAX);
    rig_ok(rig, rc_store_begin(rig->store));
    for (int i = 0; i < 40; i++) {
        char name[16];
        struct rc_training_day day = day_of(60000 + i);
        snprintf(name, sizeof name, "user-%02d", i);
        save_day(rig, name, &day);
    }
    rig_ok(rig, rc_store_commit(rig->store));
    assert_int_equal(next_end(rig), today.end_at);
    assert_int_equal(ended(rig, today.end_at - 1, 100).count, 0);
    int turned = 0;
    for (struct users users = ended(rig, today.end_at, 16); users.count > 0;
         users = ended(rig, today.end_at, 16)) {
        assert_in_range(users.count, 1, 16);
        rig_ok(rig, rc_store_begin(rig->store));
        for (int i = 0; i < users.count; i++, turned++) {
            struct rc_training_day *day = &users.rows[i].day;
            assert_string_equal(day->day.date, "2025-12-03");
            assert_int_equal(day->heartbeats, 1);
            *day = (struct rc_training_day){.day = tomorrow, .kept = day->kept, .limit_ms = LIMIT_MS};
            save_day(rig, users.rows[i].user.text, day);
        }
        rig_ok(rig, rc_store_commit(rig->store));
    }
    assert_int_equal(turned, 40);
    assert_int_equal(next_end(rig), tomorrow.end_at);
    expect_sql("SELECT count(*) || ' ' || min(date) || ' ' || max(date) FROM training_days",
               "40 2025-12-03 2025-12-03");
}

static void T_7_everybody_is_listed_in_pages(void **state)
{
    struct rig *rig = *state;
    static const char *const names[] = {"anna", "bert", "cleo", "dora", "emil"};
    struct users users = {.count = 0};
    struct rc_id after = {0, ""};
    for (size_t i = 0; i < 5; i++) {
        struct rc_training_day day = day_of(60000);
        save_day(rig, names[4 - i], &day);
    }
    for (int pages = 0; pages < 3; pages++) {
        rig_ok(rig, rc_store_training_after(rig->store, rig->site, &after, 2, take_current, &users));
        after = users.rows[users.count - 1].user;
    }
    assert_int_equal(users.count, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(users.rows[i].user.text, names[i]);
    assert_int_equal(users.rows[3].day.ms, 60000);
    users = (struct users){.stop_at = 1};
    rig_ok(rig,
           rc_store_training_after(rig->store, rig->site, &(struct rc_id){0, ""}, 9, take_current, &users));
    assert_int_equal(users.count, 1); /* who has enough is asked no more */
}

static void T_4_days_of_23_and_25_hours_end_when_they_end(void **state)
{
    struct rig *rig = *state;
    static const struct rc_local_day spring = {"2026-03-08", 1772946000000, 1772946000000 + 23 * HOUR_MS};
    static const struct rc_local_day autumn = {"2026-11-01", 1793505600000, 1793505600000 + 25 * HOUR_MS};
    struct rc_training_day day = day_of(1);
    day.day = autumn;
    save_day(rig, "anna", &day);
    day.day = spring;
    save_day(rig, "bert", &day);
    assert_int_equal(next_end(rig), spring.end_at);
    assert_int_equal(ended(rig, spring.end_at, 9).count, 1);
    assert_int_equal(ended(rig, autumn.end_at - 1, 9).count, 1);
    struct users users = ended(rig, autumn.end_at, 9);
    assert_int_equal(users.count, 2);
    expect_day(&users.rows[0].day.day, &spring);
    expect_day(&users.rows[1].day.day, &autumn);
}

static void T_1_a_new_zone_may_move_the_end_of_the_same_date(void **state)
{
    struct rig *rig = *state;
    struct rc_training_day day = day_of(60000);
    save_day(rig, "anna", &day);
    day = load(rig, "anna", "c1", at_now(1)).days[0];
    day.day.end_at += 3 * HOUR_MS;
    save_day(rig, "anna", &day);
    assert_int_equal(next_end(rig), today.end_at + 3 * HOUR_MS);
}

/* ---- reports ---- */

struct report {
    int count;
    struct rc_training_row rows[64];
};

static bool take_row(void *context, const struct rc_training_row *row)
{
    struct report *report = context;
    report->rows[report->count++] = *row;
    return true;
}

static void fill_report(struct rig *rig)
{
    static const char *const names[] = {"anna", "bert", "cleo"};
    rig_ok(rig, rc_store_begin(rig->store));
    for (int i = 0; i < 3; i++)
        for (int date = 1; date <= 9; date++) {
            struct rc_training_day day = day_of(60000 * date + i);
            if ((date + i) % 3 == 0)
                continue; /* nobody trains every day */
            snprintf(day.day.date, sizeof day.day.date, "2025-12-%02d", date);
            save_day(rig, names[i], &day);
        }
    rig_ok(rig, rc_store_commit(rig->store));
    save_course(rig, "anna", "c1", 1, 0, RC_NONE); /* no days of their own */
    heard(rig, "tab", "c1", at_now(1));
}

/* Reads all pages; the cursor is the last row. */
static struct report all_pages(struct rig *rig, struct rc_training_page page)
{
    struct report report = {.count = 0};
    int before;
    do {
        before = report.count;
        rig_ok(rig, rc_store_training_days(rig->store, rig->site, &page, take_row, &report));
        assert_true(report.count - before <= (int)page.limit);
        if (report.count > 0) {
            page.after_user = report.rows[report.count - 1].user;
            memcpy(page.after_date, report.rows[report.count - 1].date, sizeof page.after_date);
        }
    } while (report.count > before);
    return report;
}

static void T_7_days_are_listed_by_date_and_user_whatever_the_page(void **state)
{
    struct rig *rig = *state;
    fill_report(rig);
    for (uint32_t limit = 1; limit < 40; limit += 3) {
        struct report report = all_pages(rig, (struct rc_training_page){.limit = limit});
        assert_int_equal(report.count, 18);
        for (int i = 1; i < report.count; i++) {
            int order = strcmp(report.rows[i - 1].date, report.rows[i].date);
            assert_true(order < 0 ||
                        (order == 0 && strcmp(report.rows[i - 1].user.text, report.rows[i].user.text) < 0));
        }
        report = all_pages(rig, (struct rc_training_page){
                                    .limit = limit, .from_date = "2025-12-02", .to_date = "2025-12-04"});
        assert_int_equal(report.count, 6);
        assert_string_equal(report.rows[0].date, "2025-12-02");
        assert_string_equal(report.rows[5].date, "2025-12-04");
        report = all_pages(rig, (struct rc_training_page){.limit = limit, .user = rig_id("bert")});
        assert_int_equal(report.count, 6);
        report = all_pages(rig, (struct rc_training_page){.limit = limit,
                                                          .user = rig_id("bert"),
                                                          .from_date = "2025-12-03",
                                                          .to_date = "2025-12-06"});
        assert_int_equal(report.count, 3);
        assert_string_equal(report.rows[0].date, "2025-12-03");
        assert_string_equal(report.rows[2].date, "2025-12-06");
    }
    struct report none = all_pages(rig, (struct rc_training_page){.limit = 9, .user = rig_id("dora")});
    assert_int_equal(none.count, 0);
}

static void T_7_a_listed_day_says_what_the_view_says(void **state)
{
    struct rig *rig = *state;
    struct rc_training_day day = day_of(LIMIT_MS);
    day.refused = 2;
    day.heartbeats = 300;
    save_day(rig, "anna", &day);
    struct report report = all_pages(rig, (struct rc_training_page){.limit = 5, .user = rig_id("anna")});
    assert_int_equal(report.count, 1);
    const struct rc_training_row *row = &report.rows[0];
    assert_string_equal(row->user.text, "anna");
    assert_int_equal(row->minutes_completed, 240);
    assert_int_equal(row->seconds_completed, 14400);
    assert_int_equal(row->session_count, 1);
    assert_int_equal(row->heartbeats, 300);
    assert_int_equal(row->refused, 2);
    assert_int_equal(row->created_at, NOON_AT);
    assert_int_equal(row->last_heartbeat_at, NOON_AT + 7);
    assert_true(row->locked);
}

struct courses {
    int count;
    struct rc_course_row rows[4];
};

static bool take_course(void *context, const struct rc_course_row *row)
{
    struct courses *courses = context;
    courses->rows[courses->count++] = *row;
    return courses->count < 2;
}

static void T_1_the_courses_of_a_day_are_listed(void **state)
{
    struct rig *rig = *state;
    const struct rc_id anna = rig_id("anna");
    struct courses courses = {.count = 0};
    save_course(rig, "anna", "c1", 5000, 0, RC_NONE);
    save_course(rig, "anna", "c2", 6000, 0, 6000);
    save_course(rig, "anna", "c3", 6000, 0, 6000);
    save_course(rig, "bert", "c4", 6000, 0, 6000);
    heard(rig, "tab", "c1", at_now(1));
    rig_ok(rig, rc_store_training_courses(rig->store, rig->site, &anna, today.date, take_course, &courses));
    assert_int_equal(courses.count, 2); /* it asked for no more */
    assert_string_equal(courses.rows[0].course.text, "c1");
    assert_int_equal(courses.rows[0].seconds_completed, 5);
    assert_false(courses.rows[0].locked);
    assert_true(courses.rows[1].locked);
}

/* ---- policies ---- */

struct policies {
    int count;
    struct rc_training_policy rows[8];
};

static bool take_policy(void *context, const struct rc_training_policy *policy)
{
    struct policies *policies = context;
    policies->rows[policies->count++] = *policy;
    return true;
}

static struct rc_training_policy add_policy(struct rig *rig, const char *course, int64_t from_at)
{
    struct rc_training_policy policy = {
        .from_at = from_at,
        .limit_minutes = 240,
        .interval_ms = 60000,
        .break_minutes = 15,
        .break_after_minutes = 120,
        .zone = "America/New_York",
        .from_settings = course == NULL,
        .added_at = NOON_AT,
    };
    if (course != NULL) {
        policy.course = rig_id(course);
        policy.actor = rig_id("boss");
    }
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_training_policy_add(rig->store, rig->site, &policy));
    rig_ok(rig, rc_store_commit(rig->store));
    return policy;
}

static void T_1_policies_come_back_in_order(void **state)
{
    struct rig *rig = *state;
    struct policies policies = {.count = 0};
    const struct rc_training_policy first = add_policy(rig, NULL, 0);
    assert_int_equal(first.number, 1);
    assert_int_equal(add_policy(rig, "c1", DAY_AT).number, 2);
    rig_ok(rig, rc_store_training_policies(rig->store, rig->site, take_policy, &policies));
    assert_int_equal(policies.count, 2);
    const struct rc_training_policy *got = &policies.rows[0];
    assert_int_equal(got->number, 1);
    assert_int_equal(got->course.length, 0);
    assert_int_equal(got->from_at, 0);
    assert_int_equal(got->interval_ms, first.interval_ms);
    assert_int_equal(got->break_minutes, first.break_minutes);
    assert_int_equal(got->break_after_minutes, first.break_after_minutes);
    assert_string_equal(got->zone, first.zone);
    assert_true(got->from_settings);
    assert_int_equal(got->actor.length, 0);
    assert_int_equal(got->added_at, NOON_AT);
    const struct rc_training_policy *second = &policies.rows[1];
    assert_string_equal(second->course.text, "c1");
    assert_int_equal(second->from_at, DAY_AT);
    assert_int_equal(second->limit_minutes, 240);
    assert_int_equal(second->interval_ms, 0); /* the site's own only */
    assert_string_equal(second->zone, "");
    assert_false(second->from_settings);
    assert_string_equal(second->actor.text, "boss");
}

static void T_1_the_past_cannot_be_changed_by_changing_a_policy(void **state)
{
    struct rig *rig = *state;
    static const char *const refused[] = {
        "UPDATE training_policies SET limit_minutes = 1",
        "UPDATE OR REPLACE training_policies SET number = 2 WHERE number = 1",
        "DELETE FROM training_policies",
        "REPLACE INTO training_policies (site,number,course_id,from_at,limit_minutes,from_settings,added_at) "
        "VALUES ('hq',1,'c',0,9,0,1)",
        "INSERT INTO training_policies (site,number,course_id,from_at,limit_minutes,from_settings,added_at) "
        "VALUES ('hq',3,'c',0,9,0,1)",
        "INSERT INTO training_policies (site,number,course_id,from_at,limit_minutes,from_settings,added_at) "
        "VALUES ('hq',2,'',0,9,0,1)", /* the site's own without a zone */
    };
    add_policy(rig, NULL, 0);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open_v2(RIG_PATH, &db, SQLITE_OPEN_READWRITE, RIG_VFS), SQLITE_OK);
        if (sqlite3_exec(db, refused[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT)
            fail_msg("%s was taken", refused[i]);
        sqlite3_close(db);
    }
    expect_sql("SELECT count(*) || ' ' || max(limit_minutes) FROM training_policies", "1 240");
}

/* ---- progress ---- */

static struct rc_progress_verdict verdict_of(struct rig *rig, const char *id)
{
    const struct rc_id anna = rig_id("anna");
    const struct rc_punch_id of = rig_punch_id(id);
    struct rc_progress_verdict verdict;
    rig_ok(rig, rc_store_progress_verdict(rig->store, rig->site, &anna, &of, &verdict));
    return verdict;
}

static enum rc_store_result keep(struct rig *rig, const char *id, const struct rc_progress_verdict *verdict,
                                 const char *data)
{
    const struct rc_id anna = rig_id("anna");
    const struct rc_punch_id of = rig_punch_id(id);
    rig_ok(rig, rc_store_begin(rig->store));
    enum rc_store_result result =
        rc_store_progress_keep(rig->store, rig->site, &anna, &of, verdict, rc_text_of(data));
    if (result == RC_STORE_OK)
        rig_ok(rig, rc_store_commit(rig->store));
    else
        rc_store_rollback(rig->store);
    return result;
}

static void T_5_progress_is_kept_with_its_verdict(void **state)
{
    struct rig *rig = *state;
    struct rc_progress_verdict verdict = {
        .course = rig_id("c1"), .lesson = rig_id("l1"), .result = RC_RECORDED, .at = 100};
    assert_false(verdict_of(rig, "p-1").found);
    assert_int_equal(keep(rig, "p-1", &verdict, "{\"page\":1}"), RC_STORE_OK);
    verdict.at = 200;
    assert_int_equal(keep(rig, "p-2", &verdict, "{\"page\":2}"), RC_STORE_OK);
    verdict.lesson = rig_id("l2");
    verdict.result = RC_REJECTED;
    verdict.code = RC_RESOURCE_EXHAUSTED;
    verdict.at = 300;
    assert_int_equal(keep(rig, "p-3", &verdict, "{\"page\":3}"), RC_STORE_OK);
    expect_sql("SELECT group_concat(lesson_id || data || saved_at) FROM progress", "l1{\"page\":2}200");
    struct rc_progress_verdict got = verdict_of(rig, "p-3");
    assert_true(got.found);
    assert_int_equal(got.result, RC_REJECTED);
    assert_int_equal(got.code, RC_RESOURCE_EXHAUSTED);
    assert_string_equal(got.course.text, "c1");
    assert_string_equal(got.lesson.text, "l2");
    assert_int_equal(got.at, 300);
    got = verdict_of(rig, "p-1");
    assert_int_equal(got.result, RC_RECORDED);
    assert_int_equal(got.code, RC_OK);
    assert_int_equal(got.at, 100);
}

static void P_12_a_progress_id_has_one_verdict(void **state)
{
    struct rig *rig = *state;
    struct rc_progress_verdict verdict = {
        .course = rig_id("c1"), .lesson = rig_id("l1"), .result = RC_RECORDED, .at = 100};
    assert_int_equal(keep(rig, "p-1", &verdict, "{\"page\":1}"), RC_STORE_OK);
    assert_int_equal(keep(rig, "p-1", &verdict, "{\"page\":2}"), RC_STORE_REFUSED);
    expect_sql("SELECT group_concat(data) FROM progress", "{\"page\":1}");
}

/* ---- the day clock ---- */

static void T_2_the_day_clock_is_kept_within_a_boot(void **state)
{
    struct rig *rig = *state;
    struct rc_day_clock clock = {.offset_ms = NOON_AT, .other_ms = -7, .other_since_now = RC_NONE}, got;
    assert_int_equal(rc_store_day_clock(rig->store, &got), RC_STORE_NOT_FOUND);
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_day_clock_save(rig->store, &clock));
    clock.other_ms = INT64_MIN;
    clock.other_since_now = INT64_MAX;
    rig_ok(rig, rc_store_day_clock_save(rig->store, &clock));
    rig_ok(rig, rc_store_commit(rig->store));
    rig_reopen(rig, "boot-1");
    rig_ok(rig, rc_store_day_clock(rig->store, &got));
    assert_int_equal(got.offset_ms, NOON_AT);
    assert_true(got.other_ms == INT64_MIN && got.other_since_now == INT64_MAX);
    rig_reopen(rig, "boot-2");
    assert_int_equal(rc_store_day_clock(rig->store, &got), RC_STORE_NOT_FOUND);
}

/* ---- a database of before ---- */

/* As version 1 left it: made anew from its migration, in place of what the rig made. */
static void put_version_1(struct rig *rig)
{
    static const char rows[] =
        "INSERT INTO sites (number, name) VALUES (0, 'hq');"
        "INSERT INTO employees (site, employee_id, name) VALUES ('hq', 'anna', 'Anna');"
        "INSERT INTO progress VALUES ('hq', 'anna', 'c1', 'l1', '{}', 5);"
        "INSERT INTO meta VALUES ('opened_at', '1');"
        "PRAGMA application_id = 1380731953; PRAGMA user_version = 1;";
    sqlite3 *db = NULL;
    rig_close(rig);
    rc_fault_vfs_remove(rig->disk, RIG_PATH);
    rc_fault_vfs_remove(rig->disk, RIG_PATH "-wal");
    assert_int_equal(sqlite3_open_v2(RIG_PATH, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, RIG_VFS),
                     SQLITE_OK);
    assert_string_equal(rc_migrations[0].name, "0001_rollcall.sql");
    assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, rc_migrations[0].sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, rows, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void section_8_a_database_of_version_1_goes_on_as_it_is(void **state)
{
    struct rig *rig = *state;
    char last[16];
    snprintf(last, sizeof last, "%d", rc_migration_count);
    put_version_1(rig);
    rig_reopen(rig, "boot-1");
    expect_sql("PRAGMA user_version", last);
    expect_sql("SELECT name FROM employees", "Anna");
    expect_sql("SELECT data FROM progress", "{}");
    expect_sql("SELECT count(*) FROM daily_activity_logs", "0");
    struct rc_training_day day = day_of(60000);
    save_day(rig, "anna", &day);
    expect_sql("SELECT minutes_completed FROM daily_activity_logs", "1");
}

/* ---- speed ---- */

static void no_statement_of_training_reads_a_whole_table(void **state)
{
    (void)state;
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(RIG_PATH, &db, SQLITE_OPEN_READONLY, RIG_VFS), SQLITE_OK);
    for (int i = RC_SQL_COVER_GET; i <= RC_SQL_META_GET; i++) {
        char sql[4096];
        sqlite3_stmt *statement = NULL;
        snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", rc_sql_texts[i]);
        if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
            fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *detail = (const char *)sqlite3_column_text(statement, 3);
            bool scans = strncmp(detail, "SCAN", 4) == 0 && strstr(detail, "SCAN d") == NULL &&
                         strstr(detail, "CONSTANT") == NULL;
            bool sorts = strstr(detail, "ORDER BY") != NULL && i != RC_SQL_TRAINING_DAYS_OF;
            if (scans || sorts)
                fail_msg("%s: %s", rc_sql_texts[i], detail);
        }
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
        TEST(T_4_a_user_nobody_knows_has_an_empty_ledger),
        TEST(T_2_what_is_covered_comes_back_in_the_same_boot),
        TEST(T_2_what_is_covered_is_told_by_its_label_in_another_boot),
        TEST(T_2_a_run_that_ended_before_this_boot_still_ended_then),
        TEST(T_2_labels_of_a_wrong_wall_clock_are_not_believed_in_another_boot),
        TEST(T_6_a_rollback_leaves_nothing_of_a_heartbeat),
        TEST(writing_without_a_transaction_is_refused),
        TEST(T_2_a_day_comes_back_as_it_was_written),
        TEST(T_2_what_runs_over_midnight_is_a_row_of_the_next_day),
        TEST(a_day_without_a_next_limit_gives_it_its_own),
        TEST(an_empty_day_turns_and_leaves_no_row),
        TEST(T_2_every_site_has_a_day_of_its_own),
        TEST(section_8_the_views_have_the_columns_of_the_contract),
        TEST(section_8_a_day_is_shown_with_its_sessions),
        TEST(T_2_minutes_and_seconds_are_shown_as_the_rules_count_them),
        TEST(T_1_a_course_locks_by_its_own_limit_alone),
        TEST(T_5_the_last_heartbeat_of_a_session_and_course_is_known),
        TEST(T_5_a_heartbeat_before_midnight_is_known_after_it),
        TEST(T_7_users_are_turned_at_midnight_page_by_page),
        TEST(T_7_everybody_is_listed_in_pages),
        TEST(T_4_days_of_23_and_25_hours_end_when_they_end),
        TEST(T_1_a_new_zone_may_move_the_end_of_the_same_date),
        TEST(T_7_days_are_listed_by_date_and_user_whatever_the_page),
        TEST(T_7_a_listed_day_says_what_the_view_says),
        TEST(T_1_the_courses_of_a_day_are_listed),
        TEST(T_1_policies_come_back_in_order),
        TEST(T_1_the_past_cannot_be_changed_by_changing_a_policy),
        TEST(T_5_progress_is_kept_with_its_verdict),
        TEST(P_12_a_progress_id_has_one_verdict),
        TEST(T_2_the_day_clock_is_kept_within_a_boot),
        TEST(section_8_a_database_of_version_1_goes_on_as_it_is),
        TEST(no_statement_of_training_reads_a_whole_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
