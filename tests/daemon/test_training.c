/* Training heartbeats, progress and the turn of the day, with the real store (T-1 to T-8). */
#include "classroom.h"

#include "core/names.h"

#include <string.h>

/* Trains for so many minutes, a heartbeat each, by the one session; the last one was a success. */
static void train(const char *user, int minutes)
{
    for (int i = 0; i < minutes; i++) {
        assert_string_equal(room_trained(user, "tab", "c1"), "");
        room_pass(MINUTE);
    }
}

static int open_with_two_minutes(void **state)
{
    room_open(state);
    room_die();
    rc_fault_vfs_remove(room.disk, room.path);
    room.outbox_after = 0;
    room.config.training_limit_minutes = 2;
    room_begin();
    return 0;
}

/* ---- answers ---- */

static void T_7_a_heartbeat_is_answered_with_the_day_so_far(void **state)
{
    (void)state;
    cJSON *answer = room_beat("ana", "tab", "c1");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(answer, "success")));
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(answer, "isNewDay")));
    assert_int_equal(number_of(answer, "minutesCompleted"), 1);
    assert_int_equal(number_of(answer, "remainingMinutes"), 239);
    assert_int_equal(number_of(answer, "serverTimestamp"), room.at);
    assert_string_equal(text_of(answer, "dateKey"), "2025-12-03");
    assert_int_equal(cJSON_GetArraySize(answer), 6);
    cJSON_Delete(answer);
    room_pass(MINUTE);
    answer = room_beat("ana", "tab", "c1");
    assert_false(cJSON_IsTrue(cJSON_GetObjectItem(answer, "isNewDay")));
    assert_int_equal(number_of(answer, "minutesCompleted"), 2);
    cJSON_Delete(answer);
}

static void T_3_the_heartbeat_that_reaches_the_limit_is_refused_and_locks_until_midnight(void **state)
{
    (void)state;
    train("ana", 1);
    room_pass(-10 * SECOND); /* 10 s of it are covered already */
    cJSON *answer = room_beat("ana", "tab", "c1");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(answer, "success")));
    cJSON_Delete(answer);
    room_pass(50 * SECOND);
    answer = room_beat("ana", "tab", "c1");
    assert_string_equal(text_of(answer, "code"), "RESOURCE_EXHAUSTED");
    assert_memory_equal(text_of(answer, "message"), "DAILY_LIMIT_REACHED: ", 21);
    assert_int_equal(number_of(answer, "minutesCompleted"), 2);
    assert_int_equal(number_of(answer, "remainingMinutes"), 0);
    assert_string_equal(text_of(answer, "dateKey"), "2025-12-03");
    assert_int_equal(number_of(answer, "lockedUntil"), INT64_C(1764824400000)); /* 12-04 00:00 there */
    assert_int_equal(cJSON_GetArraySize(answer), 6);
    cJSON_Delete(answer);
    assert_int_equal(room_count("SELECT ms FROM training_days"), 2 * MINUTE);
    assert_int_equal(room_count("SELECT seconds_completed FROM daily_activity_logs"), 120);
    assert_string_equal(room_text("SELECT status FROM daily_activity_logs"), "locked_daily_limit");
}

static void T_7_the_answer_goes_to_both_topics_that_are_asked_for(void **state)
{
    (void)state;
    struct rc_reply_to to[2] = {{.topic = "rollcall/v1/hq/a", .correlation_length = 2, .correlation = "xy"},
                                {.topic = "rollcall/v1/hq/b", .correlation_length = 2, .correlation = "xy"}};
    struct rc_event event = {.kind = RC_EV_TRAINING, .now = room.now, .at = room.at};
    struct rc_id course;
    event.beat = (struct rc_beat){.epoch = RC_NONE, .interval_ms = RC_NONE};
    rc_id_set(&event.beat.employee, rc_text_of("ana"));
    rc_id_set(&event.beat.session, rc_text_of("tab"));
    rc_id_set(&course, rc_text_of("c1"));
    rc_training_take(&room.service, &room.sites[0], &event, &course, to, 2);
    room_turn();
    const struct spoken *a = room_said(0, "a"), *b = room_said(0, "b");
    assert_true(a && b);
    assert_string_equal(a->payload, b->payload);
    assert_string_equal(a->correlation, "xy");
    assert_string_equal(b->correlation, "xy");
    assert_false(a->retain);
}

static void T_2_a_second_tab_and_a_replay_add_nothing(void **state)
{
    (void)state;
    train("ana", 1);
    room_pass(-MINUTE);
    for (int i = 0; i < 5; i++)
        assert_string_equal(room_trained("ana", "tab2", "c1"), "");
    assert_int_equal(room_count("SELECT ms FROM training_days"), MINUTE);
    assert_int_equal(room_count("SELECT session_count FROM daily_activity_logs"), 2);
    assert_int_equal(room_count("SELECT heartbeats FROM training_days"), 6);
}

static void T_8_a_training_heartbeat_is_evidence(void **state)
{
    (void)state;
    struct rc_employee_view view;
    struct rc_id ana;
    rc_id_set(&ana, rc_text_of("ana"));
    train("ana", 1);
    assert_true(rc_engine_find(room.sites[0].engine, &ana, &view));
    assert_int_equal(view.last_seen_at, room.at - MINUTE);
}

/* ---- T-6: one transaction ---- */

static void T_6_every_heartbeat_is_a_row_and_the_limit_one_more(void **state)
{
    (void)state;
    assert_string_equal(room_trained("ana", "tab", "c1"), "");
    room_pass(MINUTE);
    assert_string_equal(room_trained("ana", "tab", "c1"), "RESOURCE_EXHAUSTED");
    room_pass(MINUTE);
    assert_string_equal(room_trained("ana", "tab", "c1"), "RESOURCE_EXHAUSTED");
    assert_string_equal(
        room_text("SELECT group_concat(event || ' ' || COALESCE(result, '') || ' ' || detail, ';') FROM "
                  "(SELECT * FROM audit_logs WHERE user_id = 'ana' ORDER BY seq)"),
        "SESSION_HEARTBEAT COUNTED "
        "{\"courseId\":\"c1\",\"added\":{\"2025-12-03\":60000},\"course\":{\"2025-12-03\":60000}};"
        "DAILY_LIMIT_REACHED  {\"date\":\"2025-12-03\",\"limitMinutes\":2};"
        "SESSION_HEARTBEAT DAILY_LIMIT_REACHED "
        "{\"courseId\":\"c1\",\"added\":{\"2025-12-03\":60000},\"course\":{\"2025-12-03\":60000}};"
        "SESSION_HEARTBEAT DAILY_LIMIT_REACHED {\"courseId\":\"c1\"}");
    assert_int_equal(room_count("SELECT count(*) FROM sessions WHERE employee_id = 'ana'"), 1);
    assert_int_equal(room_count("SELECT refused FROM training_days"), 1);
}

static void P_15_a_heartbeat_of_a_batch_that_fails_counts_nothing_and_its_sender_hears_so(void **state)
{
    (void)state;
    train("ana", 1);
    rc_publisher_up(&room.sites[0].publisher, room.now); /* so that something can be said past the store */
    size_t said = room.sites[0].publisher.direct_bytes;
    rc_fault_vfs_plan(room.disk, RC_OPS_CHANGING, 1, RC_FAULT_IO, true);
    cJSON *answer = room_beat("ana", "tab", "c1"); /* the one of before: nothing else was published */
    assert_int_equal(number_of(answer, "minutesCompleted"), 1);
    cJSON_Delete(answer);
    assert_false(room.service.batch.store_ok);
    assert_true(room.sites[0].publisher.direct_bytes > said);
    said = room.sites[0].publisher.direct_bytes;
    cJSON_Delete(room_beat("ana", "tab", "c1"));
    assert_true(room.sites[0].publisher.direct_bytes > said);
    assert_int_equal((int)rc_metrics_value(room.service.metrics, RC_M_TRAINED, 0, RC_TRAINED_UNAVAILABLE), 1);
    rc_publisher_down(&room.sites[0].publisher);
    rc_fault_vfs_heal(room.disk);
    room_sleep(2 * SECOND);
    assert_true(room.service.batch.store_ok);
    answer = room_beat("ana", "tab", "c1");
    assert_int_equal(number_of(answer, "minutesCompleted"), 2);
    cJSON_Delete(answer);
    assert_int_equal(room_count("SELECT count(*) FROM audit_logs WHERE user_id = 'ana'"), 2);
    assert_int_equal(room_count("SELECT heartbeats FROM training_days"), 2);
}

/* ---- the retained status ---- */

static void T_7_the_retained_status_says_what_the_day_has_come_to_and_only_when_that_changes(void **state)
{
    (void)state;
    train("ana", 1);
    cJSON *retained = room_retained("ana");
    assert_string_equal(text_of(retained, "userId"), "ana");
    assert_int_equal(number_of(retained, "minutesCompleted"), 1);
    assert_int_equal(number_of(retained, "remainingMinutes"), 239);
    assert_string_equal(text_of(retained, "status"), "active");
    assert_string_equal(text_of(retained, "dailyStatus"), "active");
    assert_int_equal(number_of(retained, "sessionCount"), 1);
    assert_null(cJSON_GetObjectItem(retained, "lockedAt"));
    cJSON_Delete(retained);
    room_pass(-MINUTE);
    room_forget();
    cJSON_Delete(room_beat("ana", "tab", "c1")); /* the same minute once more */
    assert_null(room_said(0, "emp/ana/training"));
    cJSON_Delete(room_beat("ana", "tab2", "c1")); /* another session */
    retained = room_retained("ana");
    assert_int_equal(number_of(retained, "sessionCount"), 2);
    cJSON_Delete(retained);
}

static void T_4_at_midnight_everybody_is_unlocked_also_who_is_silent(void **state)
{
    (void)state;
    train("ana", 1);
    assert_string_equal(room_trained("ana", "tab", "c1"), "RESOURCE_EXHAUSTED");
    train("ben", 1);
    cJSON *retained = room_retained("ana");
    assert_string_equal(text_of(retained, "status"), "locked");
    assert_string_equal(text_of(retained, "dailyStatus"), "locked_daily_limit");
    assert_int_equal(number_of(retained, "lockedUntil"), INT64_C(1764824400000));
    assert_true(number_of(retained, "lockedAt") <= room.at);
    cJSON_Delete(retained);
    int64_t midnight_now = room.now + (INT64_C(1764824400000) - room.at);
    assert_int_equal(rc_training_wake_now(&room.service), midnight_now);
    room_pass(midnight_now - room.now - 1);
    room_forget();
    room_turn();
    assert_null(room_said(0, "emp/ana/training"));
    room_pass(1);
    room_turn();
    static const char *const users[] = {"ana", "ben"};
    for (size_t i = 0; i < 2; i++) {
        retained = room_retained(users[i]);
        assert_string_equal(text_of(retained, "dateKey"), "2025-12-04");
        assert_string_equal(text_of(retained, "status"), "active");
        assert_int_equal(number_of(retained, "minutesCompleted"), 0);
        assert_int_equal(number_of(retained, "remainingMinutes"), 2);
        assert_int_equal(number_of(retained, "sessionCount"), 0);
        cJSON_Delete(retained);
    }
    cJSON *answer = room_beat("ana", "tab", "c1");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(answer, "isNewDay")));
    assert_int_equal(number_of(answer, "minutesCompleted"), 1);
    cJSON_Delete(answer);
    assert_int_equal(room_count("SELECT ms FROM training_days WHERE date = '2025-12-03' AND user_id = 'ana'"),
                     2 * MINUTE);
}

static void T_2_what_runs_over_midnight_counts_on_the_new_day_and_is_shown_there(void **state)
{
    (void)state;
    int64_t midnight_at = INT64_C(1764824400000);
    room_pass(midnight_at - room.at - 20 * SECOND);
    cJSON *answer = room_beat("ana", "tab", "c1");
    assert_string_equal(text_of(answer, "dateKey"), "2025-12-03");
    cJSON_Delete(answer);
    assert_int_equal(room_count("SELECT ms FROM training_days WHERE date = '2025-12-03'"), 20 * SECOND);
    assert_int_equal(room_count("SELECT ms FROM training_days WHERE date = '2025-12-04'"), 40 * SECOND);
    room_sleep(20 * SECOND);
    cJSON *retained = room_retained("ana");
    assert_string_equal(text_of(retained, "dateKey"), "2025-12-04");
    assert_int_equal(number_of(retained, "minutesCompleted"), 1); /* 40 s */
    cJSON_Delete(retained);
    room_pass(40 * SECOND);
    answer = room_beat("ana", "tab", "c1");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(answer, "isNewDay")));
    cJSON_Delete(answer);
    assert_int_equal(room_count("SELECT ms FROM training_days WHERE date = '2025-12-04'"), 100 * SECOND);
}

static void T_4_a_day_that_locks_by_what_ran_over_says_so(void **state)
{
    (void)state;
    /* two minutes of which heartbeats of ten minutes each cover all at once */
    room.config.training_interval_ms = 10 * MINUTE;
    room.config.training_limit_minutes = 3;
    room_die();
    room_begin();
    room_sleep(13 * HOUR); /* the new terms hold: it is 01:00 on 12-04 */
    int64_t midnight_at = INT64_C(1764910800000);
    room_pass(midnight_at - room.at - 2 * MINUTE);
    assert_string_equal(room_trained("ana", "tab", "c1"), ""); /* 2 min today, 3 min tomorrow */
    room_sleep(2 * MINUTE);
    cJSON *retained = room_retained("ana");
    assert_string_equal(text_of(retained, "dateKey"), "2025-12-05");
    assert_string_equal(text_of(retained, "status"), "locked");
    cJSON_Delete(retained);
    assert_string_equal(room_trained("ana", "tab", "c1"), "RESOURCE_EXHAUSTED");
    assert_int_equal(room_count("SELECT count(*) FROM audit_logs WHERE event = 'DAILY_LIMIT_REACHED'"), 1);
}

static void T_4_a_service_that_was_down_keeps_the_lock_and_after_midnight_lets_go(void **state)
{
    (void)state;
    train("ana", 1);
    assert_string_equal(room_trained("ana", "tab", "c1"), "RESOURCE_EXHAUSTED");
    room_die();
    room_pass(HOUR);
    room_begin();
    assert_string_equal(room_trained("ana", "tab", "c1"), "RESOURCE_EXHAUSTED");
    room_die();
    room_pass(48 * HOUR);
    room_forget();
    room_begin();
    cJSON *retained = room_retained("ana"); /* without a word from her */
    assert_string_equal(text_of(retained, "dateKey"), "2025-12-05");
    assert_string_equal(text_of(retained, "status"), "active");
    cJSON_Delete(retained);
    assert_string_equal(room_trained("ana", "tab", "c1"), "");
}

static void the_turn_of_a_day_takes_many_users_in_parts(void **state)
{
    (void)state;
    enum { USERS = 99 };
    room.config.limit_sessions = 1000;
    for (int i = 0; i < USERS; i++) {
        char user[16];
        snprintf(user, sizeof user, "u%d", i);
        assert_string_equal(room_trained(user, "tab", "c1"), "");
    }
    room_forget();
    room_sleep(12 * HOUR);
    for (int i = 0; i < USERS; i++) {
        char user[16];
        snprintf(user, sizeof user, "u%d", i);
        cJSON *retained = room_retained(user);
        assert_string_equal(text_of(retained, "dateKey"), "2025-12-04");
        cJSON_Delete(retained);
    }
    assert_int_equal(room_count("SELECT count(*) FROM training_days"), USERS); /* silent days are no rows */
}

static void who_was_removed_from_the_directory_has_no_training_retained(void **state)
{
    (void)state;
    struct rc_id ana;
    rc_id_set(&ana, rc_text_of("ana"));
    train("ana", 1);
    train("ben", 1);
    rc_directory_set(&room.sites[0].directory, &ana, false);
    room_sleep(12 * HOUR);
    assert_string_equal(room_said(0, "emp/ana/training")->payload, ""); /* of her last day */
    assert_true(room_said(0, "emp/ana/training")->retain);
    room_forget();
    room_sleep(24 * HOUR);
    assert_null(room_said(0, "emp/ana/training"));
    assert_non_null(room_said(0, "emp/ben/training"));
    train("ana", 1); /* she is served all the same, and seen */
    cJSON *retained = room_retained("ana");
    assert_int_equal(number_of(retained, "minutesCompleted"), 1);
    cJSON_Delete(retained);
}

/* ---- the wall clock ---- */

static void T_2_a_step_of_the_wall_clock_ends_no_day_until_it_has_stood_for_ten_minutes(void **state)
{
    (void)state;
    train("ana", 1);
    room.at += 13 * HOUR; /* it shows 01:01 of the next day */
    room_forget();
    room_sleep(9 * MINUTE);
    assert_null(room_said(0, "emp/ana/training"));
    cJSON *answer = room_beat("ana", "tab", "c1");
    assert_string_equal(text_of(answer, "dateKey"), "2025-12-03");
    cJSON_Delete(answer);
    room_sleep(2 * MINUTE);
    cJSON *retained = room_retained("ana");
    assert_string_equal(text_of(retained, "dateKey"), "2025-12-04");
    cJSON_Delete(retained);
    room.at -= 13 * HOUR; /* and back: the day that has begun stays */
    room_sleep(15 * MINUTE);
    answer = room_beat("ana", "tab", "c1");
    assert_string_equal(text_of(answer, "dateKey"), "2025-12-04");
    cJSON_Delete(answer);
}

static void T_2_a_step_while_the_service_was_down_is_no_midnight_either(void **state)
{
    (void)state;
    train("ana", 1);
    room_die();
    room.at += 13 * HOUR;
    room_begin();
    cJSON *answer = room_beat("ana", "tab", "c1");
    assert_string_equal(text_of(answer, "dateKey"), "2025-12-03");
    cJSON_Delete(answer);
}

/* ---- policies ---- */

static void T_1_changed_settings_hold_from_the_next_midnight(void **state)
{
    (void)state;
    train("ana", 1);
    room_die();
    room.config.training_limit_minutes = 1;
    room_begin();
    assert_string_equal(room_trained("ana", "tab", "c1"), ""); /* still 240 */
    room_sleep(12 * HOUR);
    assert_string_equal(room_trained("ana", "tab", "c1"), "RESOURCE_EXHAUSTED");
    assert_int_equal(room_count("SELECT count(*) FROM audit_logs WHERE event = 'TRAINING_POLICY'"), 2);
}

static void T_1_a_limit_that_is_raised_today_unlocks_today(void **state)
{
    (void)state;
    struct rc_training_policy policy;
    const char *message;
    train("ana", 1);
    assert_string_equal(room_trained("ana", "tab", "c1"), "RESOURCE_EXHAUSTED");
    room_pass(MINUTE);
    struct rc_training_wish wish = {.limit_minutes = 4,
                                    .interval_ms = RC_NONE,
                                    .break_minutes = RC_NONE,
                                    .break_after_minutes = RC_NONE,
                                    .has_from = true,
                                    .from_days = 20425}; /* 2025-12-03 */
    room_forget();
    room.service.reading.now = room.now;
    assert_int_equal(
        rc_training_policies_plan(&room.sites[0].training.policies, room.at, &wish, &policy, &message),
        RC_OK);
    assert_true(rc_training_policy_add(&room.service, &room.sites[0], &policy));
    room_turn();
    room_turn();
    cJSON *retained = room_retained("ana");
    assert_string_equal(text_of(retained, "status"), "active");
    assert_int_equal(number_of(retained, "remainingMinutes"), 2);
    cJSON_Delete(retained);
    assert_string_equal(room_trained("ana", "tab", "c1"), "");
    assert_string_equal(room_text("SELECT status FROM daily_activity_logs"), "active");
    room_pass(MINUTE);
    assert_string_equal(room_trained("ana", "tab", "c1"), "RESOURCE_EXHAUSTED");
    assert_int_equal(room_count("SELECT count(*) FROM audit_logs WHERE event = 'DAILY_LIMIT_REACHED'"), 2);
}

static void add_course_limit(const char *course, int64_t minutes)
{
    struct rc_training_policy policy = {.limit_minutes = minutes, .from_at = 0};
    rc_id_set(&policy.course, rc_text_of(course));
    assert_true(rc_training_policy_add(&room.service, &room.sites[0], &policy));
    room_turn();
}

static void T_1_a_course_with_a_limit_locks_that_course_only(void **state)
{
    (void)state;
    add_course_limit("c1", 1);
    cJSON *answer = room_beat("ana", "tab", "c1");
    assert_string_equal(text_of(answer, "code"), "RESOURCE_EXHAUSTED");
    assert_memory_equal(text_of(answer, "message"), "COURSE_LIMIT_REACHED: ", 22);
    assert_int_equal(number_of(answer, "minutesCompleted"), 1);
    assert_int_equal(number_of(answer, "remainingMinutes"), 0);
    assert_int_equal(number_of(answer, "lockedUntil"), INT64_C(1764824400000));
    cJSON_Delete(answer);
    room_pass(MINUTE);
    assert_string_equal(room_trained("ana", "tab", "c1"), "RESOURCE_EXHAUSTED");
    answer = room_beat("ana", "tab", "c2");
    assert_int_equal(number_of(answer, "minutesCompleted"), 2);
    cJSON_Delete(answer);
    assert_string_equal(room_text("SELECT status FROM daily_course_logs WHERE course_id = 'c1'"),
                        "locked_course_limit");
    cJSON *retained = room_retained("ana");
    assert_string_equal(text_of(retained, "status"), "active");
    cJSON_Delete(retained);
}

static void a_break_is_asked_for_and_then_training_goes_on(void **state)
{
    (void)state;
    room_die();
    rc_fault_vfs_remove(room.disk, room.path);
    room.outbox_after = 0;
    room.config.training_break_minutes = 5;
    room.config.training_break_after_minutes = 3;
    room_begin();
    train("ana", 3);
    cJSON *answer = room_beat("ana", "tab", "c1");
    assert_string_equal(text_of(answer, "code"), "FAILED_PRECONDITION");
    assert_memory_equal(text_of(answer, "message"), "BREAK_REQUIRED: ", 16);
    assert_int_equal(number_of(answer, "minutesCompleted"), 3);
    assert_int_equal(number_of(answer, "lockedUntil"), room.at + 5 * MINUTE);
    cJSON_Delete(answer);
    room_pass(5 * MINUTE);
    assert_string_equal(room_trained("ana", "tab", "c1"), "");
}

/* ---- two sites ---- */

static int open_two_sites(void **state)
{
    room_open(state);
    room_die();
    rc_fault_vfs_remove(room.disk, room.path);
    room.outbox_after = 0;
    rc_id_set(&room.config.sites[1], rc_text_of("plant"));
    room.config.site_count = 2;
    room_begin();
    return 0;
}

static void T_2_the_union_is_over_all_sites_and_each_has_its_own_row_of_it(void **state)
{
    (void)state;
    cJSON_Delete(room_beat_at(0, "ana", "tab", "c1"));
    room_pass(30 * SECOND);
    cJSON *answer = room_beat_at(1, "ana", "phone", "c1");
    assert_int_equal(number_of(answer, "minutesCompleted"), 2);         /* 90 s */
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(answer, "isNewDay"))); /* the first at this site */
    cJSON_Delete(answer);
    assert_int_equal(room_count("SELECT ms FROM training_days WHERE site = 'hq'"), 90 * SECOND);
    assert_int_equal(room_count("SELECT ms FROM training_days WHERE site = 'plant'"), 90 * SECOND);
    assert_string_equal(
        room_text("SELECT detail FROM audit_logs WHERE site = 'plant' AND event = 'SESSION_HEARTBEAT'"),
        "{\"courseId\":\"c1\",\"added\":{\"2025-12-03\":30000},\"course\":{\"2025-12-03\":30000},"
        "\"elsewhere\":{\"hq\":{\"added\":{\"2025-12-03\":30000},\"course\":{\"2025-12-03\":30000}}}}");
    assert_non_null(room_said(1, "emp/ana/training"));
    assert_string_equal(room_said(0, "emp/ana/training")->payload,
                        "{\"userId\":\"ana\",\"dateKey\":\"2025-12-03\",\"minutesCompleted\":2,"
                        "\"remainingMinutes\":238,\"status\":\"active\",\"dailyStatus\":\"active\","
                        "\"sessionCount\":1}");
}

/* ---- progress ---- */

static void T_5_progress_is_saved_while_training_goes_on(void **state)
{
    (void)state;
    train("ana", 1);
    cJSON *receipt = room_save("ana", "tab", "p1", "c1", "l1", "{\"page\":7}");
    assert_string_equal(text_of(receipt, "id"), "p1");
    assert_string_equal(text_of(receipt, "result"), "recorded");
    assert_int_equal(number_of(receipt, "at"), room.at);
    cJSON_Delete(receipt);
    assert_string_equal(room_text("SELECT data FROM progress WHERE lesson_id = 'l1'"), "{\"page\":7}");
}

static void T_5_progress_without_a_heartbeat_of_its_course_and_session_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *session, *course;
    } cases[] = {{"tab2", "c1"}, {"tab", "c2"}};
    cJSON *receipt = room_save("ben", "tab", "p0", "c1", "l1", "1");
    assert_string_equal(text_of(receipt, "code"), "FAILED_PRECONDITION");
    cJSON_Delete(receipt);
    train("ana", 1);
    for (size_t i = 0; i < 2; i++) {
        char id[8];
        snprintf(id, sizeof id, "p%zu", i);
        receipt = room_save("ana", cases[i].session, id, cases[i].course, "l1", "1");
        assert_string_equal(text_of(receipt, "result"), "rejected");
        assert_string_equal(text_of(receipt, "code"), "FAILED_PRECONDITION");
        cJSON_Delete(receipt);
    }
    assert_int_equal(room_count("SELECT count(*) FROM progress"), 0);
}

static void T_5_the_last_heartbeat_may_be_one_and_a_half_intervals_old(void **state)
{
    (void)state;
    cJSON_Delete(room_beat("ana", "tab", "c1"));
    room_pass(90 * SECOND);
    cJSON *receipt = room_save("ana", "tab", "p1", "c1", "l1", "1");
    assert_string_equal(text_of(receipt, "result"), "recorded");
    cJSON_Delete(receipt);
    room_pass(1);
    receipt = room_save("ana", "tab", "p2", "c1", "l1", "2");
    assert_string_equal(text_of(receipt, "code"), "FAILED_PRECONDITION");
    cJSON_Delete(receipt);
    assert_string_equal(room_text("SELECT data FROM progress"), "1");
}

static void T_5_progress_is_refused_while_locked(void **state)
{
    (void)state;
    train("ana", 1);
    assert_string_equal(room_trained("ana", "tab", "c1"), "RESOURCE_EXHAUSTED");
    cJSON *receipt = room_save("ana", "tab", "p1", "c1", "l1", "1");
    assert_string_equal(text_of(receipt, "result"), "rejected");
    assert_string_equal(text_of(receipt, "code"), "RESOURCE_EXHAUSTED");
    cJSON_Delete(receipt);
    assert_int_equal(room_count("SELECT count(*) FROM progress"), 0);
}

static void T_5_the_same_id_gets_the_same_verdict(void **state)
{
    (void)state;
    cJSON *receipt = room_save("ana", "tab", "early", "c1", "l1", "1");
    assert_string_equal(text_of(receipt, "code"), "FAILED_PRECONDITION");
    cJSON_Delete(receipt);
    train("ana", 1);
    receipt = room_save("ana", "tab", "early", "c1", "l1", "1");
    assert_string_equal(text_of(receipt, "result"), "duplicate");
    assert_string_equal(text_of(receipt, "first"), "rejected");
    assert_string_equal(text_of(receipt, "code"), "FAILED_PRECONDITION");
    cJSON_Delete(receipt);
    int64_t saved_at = room.at;
    cJSON_Delete(room_save("ana", "tab", "p1", "c1", "l1", "1"));
    room_pass(SECOND);
    receipt = room_save("ana", "tab", "p1", "c1", "l1", "2");
    assert_string_equal(text_of(receipt, "result"), "duplicate");
    assert_string_equal(text_of(receipt, "first"), "recorded");
    assert_int_equal(number_of(receipt, "at"), saved_at);
    cJSON_Delete(receipt);
    receipt = room_save("ana", "tab", "p1", "c1", "l2", "1");
    assert_string_equal(text_of(receipt, "result"), "rejected");
    assert_string_equal(text_of(receipt, "code"), "ID_CONFLICT");
    cJSON_Delete(receipt);
    assert_string_equal(room_text("SELECT group_concat(lesson_id || data) FROM progress"), "l11");
}

/* ---- too many ---- */

static void too_many_heartbeats_of_a_session_are_refused_with_one_row_a_minute(void **state)
{
    (void)state;
    for (int i = 0; i < 120; i++)
        assert_string_equal(room_trained("ana", "tab", "c1"), "");
    int64_t rows = room_count("SELECT count(*) FROM audit_logs");
    for (int i = 0; i < 7; i++)
        cJSON_Delete(room_beat("ana", "tab", "c1"));
    assert_int_equal(room_count("SELECT count(*) FROM audit_logs"), rows);
    assert_int_equal((int)rc_metrics_value(room.service.metrics, RC_M_TRAINED, 0, RC_TRAINED_RATE_LIMITED),
                     7);
    room_sleep(MINUTE);
    assert_string_equal(room_text("SELECT user_id || session_id || result || detail FROM audit_logs ORDER BY "
                                  "seq DESC LIMIT 1"),
                        "anatabRATE_LIMITED{\"count\":7}");
    assert_string_equal(room_trained("ana", "tab", "c1"), "");
}

#define ROOM(test)        cmocka_unit_test_setup_teardown(test, room_open, room_close)
#define TWO_MINUTES(test) cmocka_unit_test_setup_teardown(test, open_with_two_minutes, room_close)
#define TWO_SITES(test)   cmocka_unit_test_setup_teardown(test, open_two_sites, room_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM(T_7_a_heartbeat_is_answered_with_the_day_so_far),
        TWO_MINUTES(T_3_the_heartbeat_that_reaches_the_limit_is_refused_and_locks_until_midnight),
        ROOM(T_7_the_answer_goes_to_both_topics_that_are_asked_for),
        ROOM(T_2_a_second_tab_and_a_replay_add_nothing),
        ROOM(T_8_a_training_heartbeat_is_evidence),
        TWO_MINUTES(T_6_every_heartbeat_is_a_row_and_the_limit_one_more),
        ROOM(P_15_a_heartbeat_of_a_batch_that_fails_counts_nothing_and_its_sender_hears_so),
        ROOM(T_7_the_retained_status_says_what_the_day_has_come_to_and_only_when_that_changes),
        TWO_MINUTES(T_4_at_midnight_everybody_is_unlocked_also_who_is_silent),
        ROOM(T_2_what_runs_over_midnight_counts_on_the_new_day_and_is_shown_there),
        ROOM(T_4_a_day_that_locks_by_what_ran_over_says_so),
        TWO_MINUTES(T_4_a_service_that_was_down_keeps_the_lock_and_after_midnight_lets_go),
        ROOM(the_turn_of_a_day_takes_many_users_in_parts),
        ROOM(who_was_removed_from_the_directory_has_no_training_retained),
        ROOM(T_2_a_step_of_the_wall_clock_ends_no_day_until_it_has_stood_for_ten_minutes),
        ROOM(T_2_a_step_while_the_service_was_down_is_no_midnight_either),
        ROOM(T_1_changed_settings_hold_from_the_next_midnight),
        TWO_MINUTES(T_1_a_limit_that_is_raised_today_unlocks_today),
        ROOM(T_1_a_course_with_a_limit_locks_that_course_only),
        ROOM(a_break_is_asked_for_and_then_training_goes_on),
        TWO_SITES(T_2_the_union_is_over_all_sites_and_each_has_its_own_row_of_it),
        ROOM(T_5_progress_is_saved_while_training_goes_on),
        ROOM(T_5_progress_without_a_heartbeat_of_its_course_and_session_is_refused),
        ROOM(T_5_the_last_heartbeat_may_be_one_and_a_half_intervals_old),
        TWO_MINUTES(T_5_progress_is_refused_while_locked),
        ROOM(T_5_the_same_id_gets_the_same_verdict),
        ROOM(too_many_heartbeats_of_a_session_are_refused_with_one_row_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
