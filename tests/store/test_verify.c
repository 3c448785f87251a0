/* `rollcall verify` finds what was changed behind our back, and opening refuses what it cannot trust. */
#include "rig.h"

#include "core/names.h"
#include "store/verify.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AUDIT_AT 1763500000000
#define MONTH_MS (31 * 86400000LL)

static void audit(struct rig *rig, int64_t at, const char *event)
{
    const struct rc_audit line = {.at = at, .event = event, .detail = rc_text_of("{\"a\":1}")};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_audit(rig->store, rig->site, &line));
    rig_ok(rig, rc_store_commit(rig->store));
}

static void fill(struct rig *rig)
{
    int64_t in = rig_in(rig, "anna", 100);
    int64_t out = rig_auto_out(rig, "anna", 200, in);
    rig_resume(rig, "anna", 210, out);
    rig_out(rig, "anna", 300, in);
    rig_held(rig, "bert", RC_OUT, 150, "p-1", RC_NO_IN);
    rig_in(rig, "bert", 400);
    rig_status(rig, "anna");
    rig_status(rig, "bert");
    audit(rig, AUDIT_AT, "ONE");
    audit(rig, AUDIT_AT + 1, "TWO");
    audit(rig, AUDIT_AT + MONTH_MS, "THREE");
}

static enum rc_verify_result verify(char message[RC_STORE_ERROR_MAX])
{
    const struct rc_verify_options options = {.path = RIG_PATH, .vfs = RIG_VFS};
    return rc_verify(&options, message);
}

static void expect_broken(struct rig *rig, const char *part)
{
    char message[RC_STORE_ERROR_MAX];
    enum rc_verify_result result = verify(message);
    if (result != RC_VERIFY_BROKEN || strstr(message, part) == NULL)
        fail_msg("wanted \"%s\", got %d: %s", part, result, message);
    (void)rig;
}

/* ---- an attacker with the file and time ---- */

static sqlite3 *open_file(struct rig *rig)
{
    sqlite3 *db = NULL;
    rig_close(rig);
    assert_int_equal(sqlite3_open_v2(RIG_PATH, &db, SQLITE_OPEN_READWRITE, RIG_VFS), SQLITE_OK);
    return db;
}

static void run_sql(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
}

/* The one text that a query gives; free it. */
static char *ask_text(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    char *text = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    assert_non_null(text);
    return text;
}

/* Triggers dropped, rows changed, triggers put back. */
static void tamper(struct rig *rig, const char *sql)
{
    sqlite3 *db = open_file(rig);
    char *drop = ask_text(db, "SELECT group_concat('DROP TRIGGER ' || name, ';') FROM sqlite_schema "
                              "WHERE type = 'trigger'");
    char *make =
        ask_text(db, "SELECT group_concat(sql, ';') || ';' FROM sqlite_schema WHERE type = 'trigger'");
    run_sql(db, drop);
    run_sql(db, sql);
    run_sql(db, make);
    sqlite3_close(db);
    free(drop);
    free(make);
}

static void a_sound_database_verifies(void **state)
{
    char message[RC_STORE_ERROR_MAX];
    fill(*state);
    if (verify(message) != RC_VERIFY_SOUND)
        fail_msg("%s", message);
}

static void section_8_a_changed_row_is_named(void **state)
{
    fill(*state);
    tamper(*state, "UPDATE punches SET at = 201 WHERE seq = 2");
    expect_broken(*state, "punches of site hq: row 2:");
    assert_int_equal(rig_try_open(*state, "b"), RC_STORE_BROKEN_CHAIN);
}

static void section_8_a_row_taken_out_is_named(void **state)
{
    fill(*state);
    tamper(*state, "DELETE FROM punches WHERE seq = 3");
    expect_broken(*state, "row 3: is missing");
    assert_int_equal(rig_try_open(*state, "b"), RC_STORE_BROKEN_CHAIN);
}

static void section_8_a_log_cut_off_at_its_end_shows_by_its_head(void **state)
{
    fill(*state);
    tamper(*state, "DELETE FROM punches WHERE seq = 6");
    expect_broken(*state, "ends at row 5, but its recorded head is row 6");
    assert_int_equal(rig_try_open(*state, "b"), RC_STORE_BROKEN_CHAIN);
}

static void section_8_a_changed_audit_row_is_named(void **state)
{
    fill(*state);
    tamper(*state, "UPDATE audit_logs_2025_11 SET detail = NULL WHERE seq = 2");
    expect_broken(*state, "audit_logs of site hq: row 2:");
    assert_int_equal(rig_try_open(*state, "b"), RC_STORE_BROKEN_CHAIN);
}

static void section_8_a_closed_month_cut_off_at_its_end_shows(void **state)
{
    fill(*state);
    tamper(*state, "DELETE FROM audit_logs_2025_11 WHERE seq = 2");
    expect_broken(*state, "month 2025_12: does not begin where the one before ended");
    assert_int_equal(rig_try_open(*state, "b"), RC_STORE_BROKEN_CHAIN);
}

static void section_8_an_audit_log_cut_off_at_its_end_shows(void **state)
{
    fill(*state);
    tamper(*state, "DELETE FROM audit_logs_2025_12");
    expect_broken(*state, "ends at row 2, but its recorded head is row 3");
    assert_int_equal(rig_try_open(*state, "b"), RC_STORE_BROKEN_CHAIN);
}

static void rows_of_a_site_nobody_knows_are_found(void **state)
{
    fill(*state);
    tamper(*state, "INSERT INTO punches (site,seq,employee_id,type,at,recorded_at,state,review,hash) VALUES "
                   "('ghost',1,'x','IN',1,1,'effective',0,printf('%064d', 0))");
    expect_broken(*state, "ghost");
}

static void a_status_that_the_log_contradicts_is_found(void **state)
{
    fill(*state);
    tamper(*state, "UPDATE employee_status SET status = 'OUT' WHERE employee_id = 'bert'");
    expect_broken(*state, "a status says IN or OUT where the log says otherwise: site hq, bert");
}

static void a_log_that_breaks_the_rules_is_found_though_its_chain_is_right(void **state)
{
    struct rig *rig = *state;
    int64_t in = rig_in(rig, "anna", 100);
    rig_out(rig, "anna", 200, in);
    rig_out(rig, "anna", 210, in);
    rig_status(rig, "anna");
    expect_broken(rig, "an IN is closed by more than one OUT in effect: site hq, 1");
}

/* ---- the schema ---- */

static void change_schema(struct rig *rig, const char *sql)
{
    sqlite3 *db = open_file(rig);
    run_sql(db, sql);
    sqlite3_close(db);
}

static void expect_wrong_schema(struct rig *rig, const char *part)
{
    expect_broken(rig, part);
    assert_int_equal(rig_try_open(rig, "b"), RC_STORE_WRONG_SCHEMA);
    assert_non_null(strstr(rig->error, part));
}

/* The whole file; free it. */
static uint8_t *copy_file(struct rig *rig, size_t *size)
{
    rig_close(rig); /* folds the WAL back */
    const uint8_t *file = rc_fault_vfs_file(rig->disk, RIG_PATH, size);
    uint8_t *whole = malloc(*size);
    memcpy(whole, file, *size);
    return whole;
}

static void put_back(struct rig *rig, const uint8_t *whole, size_t size)
{
    rc_fault_vfs_remove(rig->disk, RIG_PATH "-wal");
    assert_true(rc_fault_vfs_put(rig->disk, RIG_PATH, whole, size));
}

static void section_8_a_view_that_counts_other_hours_is_found(void **state)
{
    struct rig *rig = *state;
    fill(rig);
    sqlite3 *db = open_file(rig);
    char *view = ask_text(db, "SELECT replace(sql, 'o.effective_at AS out_at', 'o.effective_at + 3600000 AS "
                              "out_at') FROM sqlite_schema WHERE name = 'periods'");
    run_sql(db, "DROP VIEW periods");
    run_sql(db, view);
    sqlite3_close(db);
    free(view);
    expect_wrong_schema(rig, "view periods is another");
}

static void section_8_a_trigger_that_is_none_of_ours_is_found(void **state)
{
    fill(*state);
    change_schema(*state, "CREATE TRIGGER kind AFTER INSERT ON punches BEGIN SELECT 1; END");
    expect_wrong_schema(*state, "trigger kind is no part of it");
}

static void section_8_every_object_that_is_dropped_is_missed(void **state)
{
    struct rig *rig = *state;
    size_t size;
    int count = 0;
    fill(rig);
    uint8_t *whole = copy_file(rig, &size);
    sqlite3 *db = open_file(rig);
    char *drops =
        ask_text(db, "SELECT group_concat('DROP ' || type || ' ' || name || char(10), '') FROM sqlite_schema "
                     "WHERE type IN ('trigger', 'view', 'index') AND sql IS NOT NULL");
    sqlite3_close(db);
    for (char *drop = drops, *end; *drop != '\0'; drop = end + 1, count++) {
        char part[128];
        end = strchr(drop, '\n');
        *end = '\0';
        snprintf(part, sizeof part, "%s is missing", drop + strlen("DROP "));
        change_schema(rig, drop);
        expect_wrong_schema(rig, part);
        put_back(rig, whole, size);
    }
    assert_true(count > 30);
    assert_int_equal(rig_try_open(rig, "b"), RC_STORE_OK);
    free(whole);
    free(drops);
}

/* It cannot be in an archive, and without it there is nothing to compare the head with. */
static void section_8_the_current_month_of_the_audit_log_must_be_there(void **state)
{
    struct rig *rig = *state;
    fill(rig);
    change_schema(rig,
                  "DROP VIEW audit_logs; DROP TABLE audit_logs_2025_12; CREATE VIEW audit_logs AS SELECT "
                  "site, seq, at, event, user_id, session_id, result, detail, hash FROM audit_logs_2025_11");
    expect_wrong_schema(rig, "table audit_logs_2025_12 is missing");
}

static void what_sqlite_notes_for_its_planner_is_no_fault(void **state)
{
    char message[RC_STORE_ERROR_MAX];
    fill(*state);
    change_schema(*state, "ANALYZE");
    assert_int_equal(verify(message), RC_VERIFY_SOUND);
    assert_int_equal(rig_try_open(*state, "b"), RC_STORE_OK);
}

/* ---- receipts and heads ---- */

static void section_9_a_receipt_is_checked_against_its_row(void **state)
{
    struct rig *rig = *state;
    char message[RC_STORE_ERROR_MAX];
    fill(rig);
    struct rc_verify_receipt receipt = {.seq = 6, .at = RC_NONE};
    int64_t seq;
    rig_ok(rig, rc_store_head(rig->store, rig->site, &seq, receipt.hash));
    struct rc_verify_options options = {.path = RIG_PATH, .vfs = RIG_VFS, .receipt = &receipt};
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_SOUND);
    receipt.site = rig_id("hq");
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_SOUND);
    receipt.site = rig_id("lab");
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_BROKEN);
    receipt.site = rig_id("hq");
    receipt.at = 1; /* the right row, but it says another time */
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_BROKEN);
    receipt.at = RC_NONE;
    receipt.type = "RESUME";
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_BROKEN);
    receipt.type = NULL;
    receipt.id = "another";
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_BROKEN);
    receipt.id = NULL;
    receipt.seq = 5;
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_BROKEN);
    receipt.seq = 6;
    receipt.hash[31] ^= 1;
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_BROKEN);
    assert_non_null(strstr(message, "the receipt for row 6"));
}

static void section_9_a_receipt_without_a_row_is_checked_by_the_head_that_it_holds(void **state)
{
    struct rig *rig = *state;
    char message[RC_STORE_ERROR_MAX];
    int64_t seq;
    struct rc_verify_receipt empty = {.at = RC_NONE}, later = {.at = RC_NONE};
    struct rc_verify_options options = {.path = RIG_PATH, .vfs = RIG_VFS, .receipt = &empty};
    rig_ok(rig, rc_store_head(rig->store, rig->site, &seq, empty.hash));
    fill(rig);
    rig_ok(rig, rc_store_head(rig->store, rig->site, &seq, later.hash));
    rig_in(rig, "dora", 500);
    rig_status(rig, "dora");
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_SOUND);
    empty.site = rig_id("lab");
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_BROKEN);
    options.receipt = &later;
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_SOUND);
    later.site = rig_id("lab");
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_BROKEN);
    later.site = rig_id("hq");
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_SOUND);
    later.hash[0] ^= 1;
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_BROKEN);
    assert_non_null(strstr(message, "no row of the log has its hash"));
}

struct heads {
    int count;
    int64_t punches, audit;
};

static void take_head(void *context, const struct rc_verify_head *head)
{
    struct heads *heads = context;
    heads->count++;
    assert_string_equal(head->site, "hq");
    if (strcmp(head->log, "punches") == 0)
        heads->punches = head->seq;
    else
        heads->audit = head->seq;
}

static void section_9_the_heads_are_given(void **state)
{
    char message[RC_STORE_ERROR_MAX];
    struct heads heads = {0};
    fill(*state);
    const struct rc_verify_options options = {
        .path = RIG_PATH, .vfs = RIG_VFS, .each_head = take_head, .context = &heads};
    assert_int_equal(rc_verify(&options, message), RC_VERIFY_SOUND);
    assert_int_equal(heads.count, 2);
    assert_int_equal(heads.punches, 6);
    assert_int_equal(heads.audit, 3);
}

/* ---- what is no database of ours ---- */

static void expect_untouched(struct rig *rig, const void *bytes, size_t size, enum rc_store_result wanted)
{
    char message[RC_STORE_ERROR_MAX];
    size_t after;
    rig_close(rig);
    rc_fault_vfs_remove(rig->disk, RIG_PATH "-wal");
    assert_true(rc_fault_vfs_put(rig->disk, RIG_PATH, bytes, size));
    assert_int_equal(rig_try_open(rig, "b"), wanted);
    assert_non_null(strstr(rig->error, RIG_PATH));
    assert_null(strchr(rig->error, '\n'));
    assert_int_equal(verify(message), RC_VERIFY_UNREADABLE);
    const uint8_t *left = rc_fault_vfs_file(rig->disk, RIG_PATH, &after);
    assert_int_equal(after, size);
    assert_memory_equal(left, bytes, size);
}

static void random_bytes_are_refused_and_left_as_they_are(void **state)
{
    uint8_t bytes[8192];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 131 + (i >> 3));
    expect_untouched(*state, bytes, sizeof bytes, RC_STORE_NOT_A_DATABASE);
    expect_untouched(*state, "hello", 5, RC_STORE_NOT_A_DATABASE);
}

static size_t foreign_database(struct rig *rig, const char *sql, uint8_t **out)
{
    sqlite3 *db = NULL;
    size_t size;
    assert_int_equal(sqlite3_open_v2("foreign.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, RIG_VFS),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    const uint8_t *bytes = rc_fault_vfs_file(rig->disk, "foreign.db", &size);
    *out = malloc(size);
    memcpy(*out, bytes, size);
    rc_fault_vfs_remove(rig->disk, "foreign.db");
    return size;
}

static void another_programs_database_is_refused_and_left_as_it_is(void **state)
{
    uint8_t *bytes;
    size_t size = foreign_database(*state, "CREATE TABLE theirs (x)", &bytes);
    expect_untouched(*state, bytes, size, RC_STORE_NOT_A_DATABASE);
    free(bytes);
    size = foreign_database(*state, "PRAGMA application_id=77; PRAGMA user_version=1", &bytes);
    expect_untouched(*state, bytes, size, RC_STORE_NOT_A_DATABASE);
    free(bytes);
}

static void a_newer_versions_database_is_refused_and_left_as_it_is(void **state)
{
    uint8_t *bytes;
    size_t size = foreign_database(
        *state, "PRAGMA application_id=1380731953; PRAGMA user_version=99; CREATE TABLE punches (x)", &bytes);
    expect_untouched(*state, bytes, size, RC_STORE_NEWER);
    free(bytes);
}

/* ---- every byte ---- */

/* All that the logs say, as text: what a flip must not change without being found. */
static char *dump(void)
{
    static const char sql[] =
        "SELECT group_concat(row, char(10)) FROM (SELECT "
        "quote(site)||quote(seq)||quote(id)||quote(employee_id)||"
        "quote(type)||quote(at)||quote(last_evidence_at)||quote(detected_at)||quote(recorded_at)||quote("
        "cause)||"
        "quote(session_id)||quote(login)||quote(device_at)||quote(state)||quote(review)||quote(closes)||"
        "quote(target_seq)||quote(action)||quote(actor)||quote(reason)||quote(hold_id)||quote(note)||quote("
        "out_t)||"
        "quote(out_detected_t)||hash AS row FROM punches ORDER BY site, seq)";
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    char *text = NULL;
    if (sqlite3_open_v2(RIG_PATH, &db, SQLITE_OPEN_READONLY, RIG_VFS) == SQLITE_OK &&
        sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        text = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return text;
}

/* The pages that hold punches and its indexes. */
static int pages_of_punches(int64_t *pages, int room)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int count = 0;
    assert_int_equal(sqlite3_open_v2(RIG_PATH, &db, SQLITE_OPEN_READONLY, RIG_VFS), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT pageno FROM dbstat WHERE name GLOB 'punches*'", -1, &statement, NULL),
        SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW && count < room)
        pages[count++] = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return count;
}

static void section_8_every_flipped_byte_of_punches_is_found_or_harmless(void **state)
{
    struct rig *rig = *state;
    int64_t pages[32];
    char message[RC_STORE_ERROR_MAX];
    size_t size;
    int found = 0, harmless = 0;
    fill(rig);
    rig_close(rig); /* folds the WAL back */
    char *before = dump();
    assert_non_null(before);
    int count = pages_of_punches(pages, 32);
    assert_true(count >= 7); /* the table and its indexes */
    for (int i = 0; i < count; i++)
        for (size_t byte = 0; byte < 4096; byte++) {
            uint8_t *at = rc_fault_vfs_file(rig->disk, RIG_PATH, &size) + (pages[i] - 1) * 4096 + byte;
            if (*at == 0 && byte > 64 && byte % 128 != 0)
                continue; /* most of a page is free space, all alike: a sample of it */
            uint8_t flip = (uint8_t)(1u << (byte % 8));
            *at ^= flip;
            if (verify(message) == RC_VERIFY_SOUND) {
                char *after = dump();
                assert_non_null(after);
                assert_string_equal(after, before);
                free(after);
                harmless++;
            } else {
                found++;
            }
            *(rc_fault_vfs_file(rig->disk, RIG_PATH, &size) + (pages[i] - 1) * 4096 + byte) ^= flip;
        }
    free(before);
    assert_true(found > 500);
    assert_true(harmless > 0); /* free space; else the comparison above proves nothing */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
        TEST(a_sound_database_verifies),
        TEST(section_8_a_changed_row_is_named),
        TEST(section_8_a_row_taken_out_is_named),
        TEST(section_8_a_log_cut_off_at_its_end_shows_by_its_head),
        TEST(section_8_a_changed_audit_row_is_named),
        TEST(section_8_a_closed_month_cut_off_at_its_end_shows),
        TEST(section_8_an_audit_log_cut_off_at_its_end_shows),
        TEST(rows_of_a_site_nobody_knows_are_found),
        TEST(a_status_that_the_log_contradicts_is_found),
        TEST(a_log_that_breaks_the_rules_is_found_though_its_chain_is_right),
        TEST(section_8_a_view_that_counts_other_hours_is_found),
        TEST(section_8_a_trigger_that_is_none_of_ours_is_found),
        TEST(section_8_every_object_that_is_dropped_is_missed),
        TEST(section_8_the_current_month_of_the_audit_log_must_be_there),
        TEST(what_sqlite_notes_for_its_planner_is_no_fault),
        TEST(section_9_a_receipt_is_checked_against_its_row),
        TEST(section_9_a_receipt_without_a_row_is_checked_by_the_head_that_it_holds),
        TEST(section_9_the_heads_are_given),
        TEST(random_bytes_are_refused_and_left_as_they_are),
        TEST(another_programs_database_is_refused_and_left_as_it_is),
        TEST(a_newer_versions_database_is_refused_and_left_as_it_is),
        TEST(section_8_every_flipped_byte_of_punches_is_found_or_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
