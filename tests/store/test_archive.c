/* Section 8: closed months of audit_logs move to files of their own beside the running service, and the
 * chains and the days of training can still be verified: with all of the files, with some, and after a crash
 * at any point of it. */
#include "rig.h"

#include "core/names.h"
#include "store/training.h"
#include "store/verify.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY_MS     86400000LL
#define OCTOBER_AT 1760000000000 /* 2025-10-09 */
#define MONTH_MS   (31 * DAY_MS)

/* A folder with a database and its service's store; sites hq (0) and plant (1). */
struct place {
    struct rig rig;
    int plant;
    char folder[64], path[128];
    char archives[3][160]; /* where the months go */
};

static const char *const months[] = {"2025_10", "2025_11", "2025_12"};

static enum rc_store_result try_open(struct place *place, const char *vfs)
{
    const struct rc_store_options options = {
        .path = place->path, .vfs = vfs, .now = 1, .at = 2, .boot_id = "boot-1", .verify = true};
    return rc_store_open(&options, &place->rig.store, place->rig.error);
}

static void open_store(struct place *place)
{
    const struct rc_id hq = rig_id("hq"), plant = rig_id("plant");
    rig_ok(&place->rig, try_open(place, NULL));
    rig_ok(&place->rig, rc_store_site(place->rig.store, &hq, &place->rig.site));
    rig_ok(&place->rig, rc_store_site(place->rig.store, &plant, &place->plant));
}

static void audit(struct place *place, int site, int64_t at, const char *event, const char *detail)
{
    struct rig *rig = &place->rig;
    const struct rc_audit row = {.at = at,
                                 .event = event,
                                 .user = rig_id("anna"),
                                 .session = rig_id("tab"),
                                 .detail = rc_text_of(detail)};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_audit(rig->store, site, &row));
    rig_ok(rig, rc_store_commit(rig->store));
}

/* A minute of training on a date, with its row. */
static void train(struct place *place, const char *date, int64_t at)
{
    struct rig *rig = &place->rig;
    const struct rc_id anna = rig_id("anna"), c1 = rig_id("c1"), tab = rig_id("tab");
    struct rc_training_day day = {
        .day.start_at = at, .day.end_at = at + 1, .ms = 60000, .limit_ms = 14400000, .heartbeats = 1};
    char detail[128];
    snprintf(day.day.date, sizeof day.day.date, "%s", date);
    snprintf(detail, sizeof detail, "{\"courseId\":\"c1\",\"added\":{\"%s\":60000},\"course\":{}}", date);
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_training_heard(rig->store, rig->site, &anna, &tab, &c1, date,
                                        (struct rc_training_now){1, at}, 60000, &day.session_count));
    rig_ok(rig, rc_store_training_save_day(rig->store, rig->site, &anna, &day, &day.day));
    rig_ok(rig, rc_store_commit(rig->store));
    audit(place, rig->site, at, "SESSION_HEARTBEAT", detail);
}

/* Three closed months and an open one; the plant is silent in November. */
static void make_place(struct place *place)
{
    struct rc_training_policy policy = {
        .limit_minutes = 240, .interval_ms = 60000, .zone = "UTC", .added_at = OCTOBER_AT + 3 * MONTH_MS};
    memset(place, 0, sizeof *place);
    rig_folder(place->folder);
    snprintf(place->path, sizeof place->path, "%s/rollcall.db", place->folder);
    for (int i = 0; i < 3; i++)
        snprintf(place->archives[i], sizeof place->archives[i], "%s/%s it's.db", place->folder, months[i]);
    open_store(place);
    rig_ok(&place->rig, rc_store_begin(place->rig.store));
    rig_ok(&place->rig, rc_store_training_policy_add(place->rig.store, 0, &policy));
    rig_ok(&place->rig, rc_store_commit(place->rig.store));
    audit(place, 0, OCTOBER_AT, "A", "{}");
    audit(place, 1, OCTOBER_AT, "A", "{}");
    train(place, "2025-10-09", OCTOBER_AT);
    train(place, "2025-11-09", OCTOBER_AT + MONTH_MS);
    audit(place, 1, OCTOBER_AT + 2 * MONTH_MS, "B", "{}");
    train(place, "2025-12-10", OCTOBER_AT + 2 * MONTH_MS);
    audit(place, 1, OCTOBER_AT + 2 * MONTH_MS, "B", "{\"r\":\"\xe2\x82\xac\"}");
    train(place, "2026-01-10", OCTOBER_AT + 3 * MONTH_MS);
    audit(place, 0, OCTOBER_AT + 3 * MONTH_MS, "TRAINING_POLICY",
          "{\"number\":1,\"from\":0,\"limitMinutes\":240,\"intervalMs\":60000,\"breakMinutes\":0,"
          "\"breakAfterMinutes\":0,\"zone\":\"UTC\"}");
}

static void end_place(struct place *place)
{
    rc_store_close(place->rig.store);
    rig_folder_remove(place->folder);
}

static void copy(struct place *place, int month)
{
    char error[RC_STORE_ERROR_MAX];
    if (rc_store_archive_copy(place->path, months[month], place->archives[month], error) != RC_STORE_OK)
        fail_msg("%s", error);
}

static enum rc_store_result drop(struct place *place, int month, const char *path)
{
    struct rig *rig = &place->rig;
    rig_ok(rig, rc_store_begin(rig->store));
    enum rc_store_result result = rc_store_archive_drop(rig->store, months[month], path, 77);
    rig_ok(rig, rc_store_commit(rig->store));
    return result;
}

static void archive(struct place *place, int month)
{
    copy(place, month);
    rig_ok(&place->rig, drop(place, month, place->archives[month]));
}

static void sweep_all(struct place *place)
{
    for (bool done = false; !done;)
        rig_ok(&place->rig, rc_store_archive_sweep(place->rig.store, &done));
}

static int64_t ask(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static void tamper(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

/* ---- verifying ---- */

struct seen {
    int64_t rows;
    char months[128]; /* that are missing, in order */
    struct rc_verify_days days;
};

static void see_missing(void *context, const struct rc_verify_missing *missing)
{
    struct seen *seen = context;
    size_t used = strlen(seen->months);
    snprintf(seen->months + used, sizeof seen->months - used, "%s/%s ", missing->site, missing->month);
    seen->rows += missing->rows;
}

static enum rc_verify_result verify(const struct place *place, const char *const *archives, size_t count,
                                    struct seen *seen, char message[RC_STORE_ERROR_MAX])
{
    *seen = (struct seen){.rows = 0};
    const struct rc_verify_options options = {.path = place->path,
                                              .archives = archives,
                                              .archive_count = count,
                                              .each_missing = see_missing,
                                              .context = seen,
                                              .days = &seen->days};
    return rc_verify(&options, message);
}

static struct seen expect_sound(const struct place *place, const char *const *archives, size_t count)
{
    char message[RC_STORE_ERROR_MAX];
    struct seen seen;
    if (verify(place, archives, count, &seen, message) != RC_VERIFY_SOUND)
        fail_msg("%s", message);
    return seen;
}

static void expect_broken(const struct place *place, const char *const *archives, size_t count,
                          const char *part)
{
    char message[RC_STORE_ERROR_MAX];
    struct seen seen;
    enum rc_verify_result result = verify(place, archives, count, &seen, message);
    if (result != RC_VERIFY_BROKEN || strstr(message, part) == NULL)
        fail_msg("wanted \"%s\", got %d: %s", part, result, message);
}

/* The script that knows nothing but docs/durability.md. */
static int run_script(const struct place *place, const char *more)
{
    char command[1024];
    snprintf(command, sizeof command, "python3 %s '%s' %s > /dev/null", VERIFY_PY, place->path, more);
    int status = system(command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* ---- moving ---- */

static void section_8_a_closed_month_moves_out_while_the_service_runs(void **state)
{
    (void)state;
    struct place place;
    struct stat file;
    make_place(&place);
    archive(&place, 0);
    audit(&place, 0, OCTOBER_AT + 3 * MONTH_MS, "C", "{}"); /* and the service goes on */
    assert_int_equal(stat(place.archives[0], &file), 0);
    assert_int_equal(file.st_mode & 077, 0);
    assert_int_equal(ask(place.archives[0], "SELECT count(*) FROM audit_logs_2025_10"), 3);
    assert_int_equal(ask(place.path, "SELECT count(*) FROM audit_logs"), 7);
    assert_int_equal(ask(place.path, "SELECT count(*) FROM audit_logs WHERE at < 1761955200000"), 0);
    assert_int_equal(ask(place.path,
                         "SELECT count(*) FROM audit_archives WHERE month = '2025_10' AND at = 77 AND "
                         "rows = last_seq - first_seq + 1"),
                     2);
    const char *const given[] = {place.archives[0]};
    struct seen seen = expect_sound(&place, given, 1);
    assert_int_equal(seen.rows, 0);
    assert_int_equal(seen.days.checked, 4);
    seen = expect_sound(&place, NULL, 0);
    assert_string_equal(seen.months, "hq/2025_10 plant/2025_10 ");
    assert_int_equal(seen.rows, 3);
    assert_int_equal(seen.days.checked, 3);
    assert_int_equal(seen.days.unchecked, 1);
    rc_store_close(place.rig.store);
    open_store(&place); /* and starts again */
    end_place(&place);
}

static void section_8_archives_are_verified_in_any_order(void **state)
{
    (void)state;
    struct place place;
    make_place(&place);
    archive(&place, 1); /* nor need the months go in order */
    archive(&place, 2);
    archive(&place, 0);
    sweep_all(&place);
    const char *const a[] = {place.archives[2], place.archives[0], place.archives[1]};
    const char *const b[] = {place.archives[1], place.archives[2]};
    struct seen seen = expect_sound(&place, a, 3);
    assert_string_equal(seen.months, "");
    assert_int_equal(seen.days.unchecked, 0);
    seen = expect_sound(&place, b, 2);
    assert_string_equal(seen.months, "hq/2025_10 plant/2025_10 ");
    seen = expect_sound(&place, b, 1); /* a hole on each side */
    assert_string_equal(seen.months, "hq/2025_10 hq/2025_12 plant/2025_10 plant/2025_12 ");
    assert_int_equal(seen.days.checked, 2);
    char both[512];
    snprintf(both, sizeof both, "\"%s\" \"%s\" \"%s\"", place.archives[1], place.archives[2],
             place.archives[0]);
    assert_int_equal(run_script(&place, both), 0);
    end_place(&place);
}

static void section_8_what_is_not_closed_or_not_there_is_refused(void **state)
{
    (void)state;
    struct place place;
    char error[RC_STORE_ERROR_MAX];
    struct stat file;
    static const char *const names[] = {"2026_01", "2025_09",       "2025-10", "2025_1",
                                        "",        "2025_10; DROP", "2025_100"};
    make_place(&place);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_int_equal(rc_store_archive_copy(place.path, names[i], place.archives[0], error),
                         RC_STORE_REFUSED);
        assert_true(error[0] != '\0');
        assert_int_equal(stat(place.archives[0], &file), -1);
    }
    archive(&place, 0);
    assert_int_equal(rc_store_archive_copy(place.path, months[0], place.archives[1], error),
                     RC_STORE_REFUSED);
    assert_non_null(strstr(error, "has been archived"));
    assert_int_equal(drop(&place, 0, place.archives[0]), RC_STORE_REFUSED);
    assert_int_not_equal(rc_store_archive_copy(place.path, months[1], "/nowhere/at/all.db", error),
                         RC_STORE_OK);
    assert_int_not_equal(rc_store_archive_copy("/nowhere/at/all.db", months[1], place.archives[1], error),
                         RC_STORE_OK);
    assert_int_equal(stat(place.archives[1], &file), -1);
    end_place(&place);
}

static void section_8_a_copy_that_was_made_before_a_crash_is_taken(void **state)
{
    (void)state;
    struct place place;
    make_place(&place);
    copy(&place, 0);
    rc_store_close(place.rig.store); /* died before the drop */
    open_store(&place);
    const char *const given[] = {place.archives[0]};
    assert_string_equal(expect_sound(&place, given, 1).months, ""); /* the month is in both */
    char script[200];
    snprintf(script, sizeof script, "\"%s\"", place.archives[0]);
    assert_int_equal(run_script(&place, script), 0);
    archive(&place, 0);
    expect_sound(&place, given, 1);
    end_place(&place);
}

static void section_8_a_file_that_is_no_such_copy_is_left_as_it_is(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "UPDATE audit_logs_2025_10 SET detail = '{ }' WHERE site = 'plant'",
        "DELETE FROM audit_logs_2025_10 WHERE site = 'hq' AND seq = 2",
        "DELETE FROM audit_logs_2025_10 WHERE site = 'plant'",
        "INSERT INTO audit_logs_2025_10 SELECT 'ghost', seq, at, event, user_id, session_id, result, detail, "
        "hash "
        "FROM audit_logs_2025_10 WHERE site = 'plant'",
        "UPDATE archived SET last_hash = first_hash WHERE site = 'hq'",
        "DELETE FROM archived",
        "DROP TABLE audit_logs_2025_10",
    };
    struct place place;
    char error[RC_STORE_ERROR_MAX];
    make_place(&place);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        unlink(place.archives[0]);
        copy(&place, 0);
        tamper(place.archives[0], changes[i]);
        int64_t rows = ask(place.archives[0], "SELECT count(*) FROM audit_logs_2025_10");
        if (rc_store_archive_copy(place.path, months[0], place.archives[0], error) == RC_STORE_OK)
            fail_msg("%s: was taken for a copy", changes[i]);
        assert_true(error[0] != '\0');
        assert_int_equal(ask(place.archives[0], "SELECT count(*) FROM audit_logs_2025_10"), rows);
    }
    assert_int_not_equal(rc_store_archive_copy(place.path, months[0], place.path, error), RC_STORE_OK);
    end_place(&place);
}

static void section_8_a_month_is_not_dropped_for_another_file(void **state)
{
    (void)state;
    struct place place, other;
    make_place(&place);
    make_place(&other);
    audit(&other, 0, OCTOBER_AT + 3 * MONTH_MS, "C", "{}");
    copy(&place, 0);
    copy(&place, 1);
    assert_int_equal(drop(&place, 0, place.archives[1]), RC_STORE_REFUSED);
    assert_int_equal(drop(&place, 0, "/nowhere/at/all.db"), RC_STORE_REFUSED);
    tamper(place.archives[0], "UPDATE audit_logs_2025_10 SET hash = printf('%064d', 0) WHERE site = 'plant'");
    assert_int_equal(drop(&place, 0, place.archives[0]), RC_STORE_REFUSED);
    /* the batch goes on without it */
    assert_int_equal(ask(place.path, "SELECT count(*) FROM audit_archives"), 0);
    assert_int_equal(ask(place.path, "SELECT count(*) FROM audit_logs"), 9);
    expect_sound(&place, NULL, 0);
    archive(&place, 1);
    end_place(&other);
    end_place(&place);
}

static void section_8_a_drop_that_is_rolled_back_never_was(void **state)
{
    (void)state;
    struct place place;
    make_place(&place);
    copy(&place, 0);
    rig_ok(&place.rig, rc_store_begin(place.rig.store));
    rig_ok(&place.rig, rc_store_archive_drop(place.rig.store, months[0], place.archives[0], 77));
    rc_store_rollback(place.rig.store);
    assert_int_equal(ask(place.path, "SELECT count(*) FROM audit_logs"), 9);
    audit(&place, 0, OCTOBER_AT + 3 * MONTH_MS, "C", "{}");
    expect_sound(&place, NULL, 0);
    rig_ok(&place.rig, drop(&place, 0, place.archives[0]));
    assert_int_equal(rc_store_archive_drop(place.rig.store, months[1], place.archives[1], 77),
                     RC_STORE_REFUSED);
    end_place(&place);
}

static void section_8_the_notes_of_archives_cannot_be_changed(void **state)
{
    (void)state;
    static const char *const refused[] = {"UPDATE audit_archives SET path = 'x'",
                                          "DELETE FROM audit_archives",
                                          "REPLACE INTO audit_archives SELECT * FROM audit_archives",
                                          "INSERT INTO audit_archives SELECT '2025_09', site, 1, 5, "
                                          "first_hash, last_hash, 9, NULL, NULL, path, at "
                                          "FROM audit_archives"};
    struct place place;
    make_place(&place);
    archive(&place, 0);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        sqlite3 *db = NULL;
        assert_int_equal(sqlite3_open(place.path, &db), SQLITE_OK);
        if (sqlite3_exec(db, refused[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT)
            fail_msg("%s was taken", refused[i]);
        sqlite3_close(db);
    }
    end_place(&place);
}

/* ---- what is left aside ---- */

static void the_room_of_an_archived_month_is_given_back_in_slices(void **state)
{
    (void)state;
    struct place place;
    bool done = false;
    int slices = 0;
    make_place(&place);
    rig_ok(&place.rig, rc_store_archive_sweep(place.rig.store, &done));
    assert_true(done); /* there is nothing to do */
    archive(&place, 0);
    while (!done || slices == 0) {
        rig_ok(&place.rig, rc_store_archive_sweep(place.rig.store, &done));
        expect_sound(&place, NULL, 0);
        rc_store_close(place.rig.store); /* a restart in between changes nothing */
        open_store(&place);
        slices++;
    }
    assert_int_equal(slices, 4); /* two sites, the table, and nothing left */
    assert_int_equal(ask(place.path, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%2025_10%'"), 0);
    assert_true(ask(place.path, "PRAGMA freelist_count") > 0);
    rig_ok(&place.rig, rc_store_begin(place.rig.store));
    assert_int_equal(rc_store_archive_sweep(place.rig.store, &done), RC_STORE_REFUSED);
    end_place(&place);
}

/* ---- a long month, and a service that goes on ---- */

/* More rows than are copied at once, or swept away at once. */
#define LONG_MONTH 45001

/* On a thread of its own, where cmocka cannot fail a test: NULL is well. */
static void *copy_beside(void *context)
{
    static char error[RC_STORE_ERROR_MAX];
    const struct place *place = context;
    return rc_store_archive_copy(place->path, months[0], place->archives[0], error) == RC_STORE_OK ? NULL
                                                                                                   : error;
}

static void section_8_a_long_month_is_copied_while_rows_are_written(void **state)
{
    (void)state;
    struct place place;
    pthread_t copier;
    bool done = false;
    int slices = 0;
    memset(&place, 0, sizeof place);
    rig_folder(place.folder);
    snprintf(place.path, sizeof place.path, "%s/rollcall.db", place.folder);
    snprintf(place.archives[0], sizeof place.archives[0], "%s/month.db", place.folder);
    open_store(&place);
    const struct rc_audit row = {.at = OCTOBER_AT, .event = "A", .detail = rc_text_of("{}")};
    rig_ok(&place.rig, rc_store_begin(place.rig.store));
    for (int i = 0; i < LONG_MONTH; i++)
        rig_ok(&place.rig, rc_store_audit(place.rig.store, 0, &row));
    rig_ok(&place.rig, rc_store_commit(place.rig.store));
    audit(&place, 0, OCTOBER_AT + MONTH_MS, "B", "{}");
    assert_int_equal(pthread_create(&copier, NULL, copy_beside, &place), 0);
    for (int i = 0; i < 200; i++)
        audit(&place, i % 2, OCTOBER_AT + MONTH_MS, "C", "{}");
    rig_ok(&place.rig, rc_store_checkpoint(place.rig.store));
    void *failed = NULL;
    assert_int_equal(pthread_join(copier, &failed), 0);
    if (failed != NULL)
        fail_msg("%s", (const char *)failed);
    rig_ok(&place.rig, drop(&place, 0, place.archives[0]));
    for (; !done; slices++)
        rig_ok(&place.rig, rc_store_archive_sweep(place.rig.store, &done));
    assert_int_equal(slices, LONG_MONTH / 10000 + 3); /* the table itself, and nothing left */
    const char *const given[] = {place.archives[0]};
    assert_int_equal(expect_sound(&place, given, 1).rows, 0);
    assert_int_equal(ask(place.archives[0], "SELECT count(*) FROM audit_logs_2025_10"), LONG_MONTH);
    end_place(&place);
}

/* ---- what verify finds ---- */

static void section_8_a_changed_row_of_an_archive_is_named(void **state)
{
    (void)state;
    struct place place;
    make_place(&place);
    archive(&place, 0);
    archive(&place, 1);
    const char *const given[] = {place.archives[1], place.archives[0]};
    tamper(place.archives[0], "UPDATE audit_logs_2025_10 SET event = 'X' WHERE site = 'hq' AND seq = 2");
    expect_broken(&place, given, 2, "audit_logs of site hq: row 2: the hash does not fit");
    char both[512];
    snprintf(both, sizeof both, "\"%s\" \"%s\"", place.archives[1], place.archives[0]);
    assert_int_equal(run_script(&place, both), 1);
    end_place(&place);
}

static void section_8_an_archive_that_was_cut_off_is_found(void **state)
{
    (void)state;
    struct place place;
    make_place(&place);
    archive(&place, 2);
    const char *const given[] = {place.archives[2]};
    tamper(place.archives[2], "DELETE FROM audit_logs_2025_12 WHERE site = 'plant' AND seq = 3");
    expect_broken(&place, given, 1, "month 2025_12: does not end as was noted when it was archived");
    end_place(&place);
}

/* Whoever rewrites a whole archive, hashes and all, has to change the notes too; and the months after it. */
/* The notes, with their trigger put aside meanwhile. */
static void tamper_notes(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_schema WHERE name = 'audit_archives_no_update'", -1,
                           &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    char *trigger = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    tamper(path, "DROP TRIGGER audit_archives_no_update");
    tamper(path, sql);
    tamper(path, trigger);
    free(trigger);
}

static void section_8_a_note_that_was_changed_is_found_without_its_archive(void **state)
{
    (void)state;
    struct place place;
    make_place(&place);
    archive(&place, 0);
    rc_store_close(place.rig.store);
    place.rig.store = NULL;
    tamper_notes(place.path, "UPDATE audit_archives SET last_hash = first_hash WHERE site = 'hq'");
    expect_broken(&place, NULL, 0, "month 2025_11: does not begin where the one before ended");
    const char *const given[] = {place.archives[0]};
    expect_broken(&place, given, 1, "month 2025_10: does not end as was noted when it was archived");
    tamper_notes(place.path,
                 "UPDATE audit_archives SET last_hash = (SELECT previous_hash FROM audit_months WHERE site = "
                 "'hq' AND month = '2025_11'), first_hash = printf('%064d', 0) WHERE site = 'hq'");
    expect_broken(&place, given, 1, "month 2025_10: does not begin as was noted when it was archived");
    end_place(&place);
}

static void section_8_a_file_of_another_database_is_found(void **state)
{
    (void)state;
    struct place place;
    char message[RC_STORE_ERROR_MAX], other[160];
    struct seen seen;
    make_place(&place);
    archive(&place, 0);
    snprintf(other, sizeof other, "%s/other.db", place.folder);
    const char *const given[] = {other};
    tamper(other, "CREATE TABLE audit_logs_2024_01 (site, seq)");
    expect_broken(&place, given, 1, "holds a month that this database never had");
    unlink(other);
    tamper(other,
           "CREATE TABLE audit_logs_2025_10 (site, seq); INSERT INTO audit_logs_2025_10 VALUES ('ghost', 1)");
    expect_broken(&place, given, 1, "holds rows of a site that had none in its month");
    unlink(other);
    tamper(other, "CREATE TABLE x (y)");
    assert_int_equal(verify(&place, given, 1, &seen, message), RC_VERIFY_UNREADABLE);
    assert_non_null(strstr(message, "is no archive"));
    unlink(other);
    assert_int_equal(verify(&place, given, 1, &seen, message), RC_VERIFY_UNREADABLE);
    end_place(&place);
}

/* As the service writes it into its view. */
#define ROWS_OF "SELECT site, seq, at, event, user_id, session_id, result, detail, hash FROM audit_logs_"

static void T_6_a_month_without_a_note_leaves_all_days_up_to_it_unchecked(void **state)
{
    (void)state;
    struct place place;
    make_place(&place);
    rc_store_close(place.rig.store);
    place.rig.store = NULL;
    tamper(place.path,
           "DROP VIEW audit_logs; DROP TABLE audit_logs_2025_11; CREATE VIEW audit_logs AS " ROWS_OF
           "2025_10 UNION ALL " ROWS_OF "2025_12 UNION ALL " ROWS_OF "2026_01");
    struct seen seen = expect_sound(&place, NULL, 0);
    assert_string_equal(seen.months, "hq/2025_11 ");
    assert_int_equal(seen.days.checked, 2);
    assert_int_equal(seen.days.unchecked, 2);
    tamper(place.path, "UPDATE training_totals SET ms = 1 WHERE date = '2025-11-09'"); /* nobody can tell */
    expect_sound(&place, NULL, 0);
    tamper(place.path, "UPDATE training_totals SET ms = 1 WHERE date = '2025-12-10'");
    expect_broken(&place, NULL, 0, "training of anna at site hq on 2025-12-10");
    end_place(&place);
}

static void T_6_a_script_of_the_standard_library_adds_the_days_up_too(void **state)
{
    (void)state;
    struct place place;
    make_place(&place);
    archive(&place, 0);
    char script[200];
    snprintf(script, sizeof script, "\"%s\"", place.archives[0]);
    assert_int_equal(run_script(&place, script), 0);
    assert_int_equal(run_script(&place, ""), 1); /* it needs all of them */
    tamper(place.path,
           "UPDATE training_totals SET ms = ms + 1 WHERE date = '2025-11-09' AND session_id = ''");
    assert_int_equal(run_script(&place, script), 1);
    end_place(&place);
}

/* ---- a crash at any point ---- */

/* Drops and sweeps a month in a process that is killed at its nth operation; true: it was. */
static bool killed_at(struct place *place, uint64_t nth)
{
    pid_t child = fork();
    if (child == 0) {
        struct rc_fault_vfs *disk = rc_fault_vfs_new("killer", RC_DISK_REAL);
        bool done = false;
        if (try_open(place, "killer") != RC_STORE_OK)
            _exit(1);
        rc_fault_vfs_plan(disk, RC_OPS_CHANGING, nth, RC_FAULT_KILL, false);
        if (rc_store_begin(place->rig.store) != RC_STORE_OK ||
            rc_store_archive_drop(place->rig.store, months[0], place->archives[0], 77) != RC_STORE_OK ||
            rc_store_commit(place->rig.store) != RC_STORE_OK)
            _exit(1);
        while (!done)
            if (rc_store_archive_sweep(place->rig.store, &done) != RC_STORE_OK)
                _exit(1);
        _exit(rc_store_checkpoint(place->rig.store) == RC_STORE_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return true;
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static void P_15_a_service_killed_while_it_archives_has_the_month_here_or_there(void **state)
{
    (void)state;
    int here = 0, there = 0;
    bool killed = true;
    for (uint64_t nth = 1; killed; nth++) {
        struct place place;
        make_place(&place);
        copy(&place, 0);
        rc_store_close(place.rig.store);
        place.rig.store = NULL;
        killed = killed_at(&place, nth);
        open_store(&place); /* walks the chains of the last months */
        bool gone = ask(place.path, "SELECT count(*) FROM audit_archives") > 0;
        const char *const given[] = {place.archives[0]};
        assert_string_equal(expect_sound(&place, given, 1).months, "");
        assert_string_equal(expect_sound(&place, NULL, 0).months, gone ? "hq/2025_10 plant/2025_10 " : "");
        audit(&place, 0, OCTOBER_AT + 3 * MONTH_MS, "C", "{}");
        if (!gone)
            rig_ok(&place.rig, drop(&place, 0, place.archives[0]));
        sweep_all(&place);
        expect_sound(&place, given, 1);
        assert_int_equal(ask(place.path, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%2025_10%'"),
                         0);
        here += !gone;
        there += gone;
        end_place(&place);
    }
    assert_true(here > 1 && there > 1); /* or the killing came too late, or too early, to show anything */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(section_8_a_closed_month_moves_out_while_the_service_runs),
        cmocka_unit_test(section_8_archives_are_verified_in_any_order),
        cmocka_unit_test(section_8_what_is_not_closed_or_not_there_is_refused),
        cmocka_unit_test(section_8_a_copy_that_was_made_before_a_crash_is_taken),
        cmocka_unit_test(section_8_a_file_that_is_no_such_copy_is_left_as_it_is),
        cmocka_unit_test(section_8_a_month_is_not_dropped_for_another_file),
        cmocka_unit_test(section_8_a_drop_that_is_rolled_back_never_was),
        cmocka_unit_test(section_8_the_notes_of_archives_cannot_be_changed),
        cmocka_unit_test(the_room_of_an_archived_month_is_given_back_in_slices),
        cmocka_unit_test(section_8_a_long_month_is_copied_while_rows_are_written),
        cmocka_unit_test(section_8_a_changed_row_of_an_archive_is_named),
        cmocka_unit_test(section_8_an_archive_that_was_cut_off_is_found),
        cmocka_unit_test(section_8_a_note_that_was_changed_is_found_without_its_archive),
        cmocka_unit_test(section_8_a_file_of_another_database_is_found),
        cmocka_unit_test(T_6_a_month_without_a_note_leaves_all_days_up_to_it_unchecked),
        cmocka_unit_test(T_6_a_script_of_the_standard_library_adds_the_days_up_too),
        cmocka_unit_test(P_15_a_service_killed_while_it_archives_has_the_month_here_or_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
