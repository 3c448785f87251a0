/* The logs only grow: whoever writes, and however. */
#include "rig.h"

#include "core/names.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#define NOVEMBER_AT 1763500000000 /* 2025-11-18 */
#define DECEMBER_AT 1765000000000 /* 2025-12-06 */

/* Another program's handle on the same file: no authorizer, no pragma. */
static sqlite3 *other_tool(void)
{
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(RIG_PATH, &db, SQLITE_OPEN_READWRITE, RIG_VFS), SQLITE_OK);
    return db;
}

static void must_refuse(const char *sql)
{
    sqlite3 *db = other_tool();
    char *message = NULL;
    int code = sqlite3_exec(db, sql, NULL, NULL, &message);
    if (code != SQLITE_CONSTRAINT)
        fail_msg("%s gave %d, %s", sql, code, message == NULL ? "no message" : message);
    assert_non_null(strstr(message, "append-only"));
    sqlite3_free(message);
    sqlite3_close(db);
}

static void audit(struct rig *rig, int64_t at, const char *event)
{
    const struct rc_audit line = {.at = at, .event = event, .detail = rc_text_of("{}")};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_audit(rig->store, rig->site, &line));
    rig_ok(rig, rc_store_commit(rig->store));
}

static void fill(struct rig *rig)
{
    int64_t in = rig_in(rig, "anna", 100);
    rig_out(rig, "anna", 200, in);
    audit(rig, NOVEMBER_AT, "SERVICE_START");
    audit(rig, NOVEMBER_AT + 1, "CLOCK_STEP");
}

static void section_8_no_tool_can_update_or_delete_punches(void **state)
{
    fill(*state);
    must_refuse("UPDATE punches SET at = 5 WHERE seq = 1");
    must_refuse("UPDATE OR REPLACE punches SET seq = 2 WHERE seq = 1");
    must_refuse("DELETE FROM punches");
    must_refuse("DELETE FROM punches WHERE seq = 2");
}

#define ROW_1                                                                                                \
    "('hq',1,'evil','IN',1,1,'effective',0,'"                                                                \
    "0000000000000000000000000000000000000000000000000000000000000000')"
#define COLUMNS "(site,seq,employee_id,type,at,recorded_at,state,review,hash)"

static void section_8_insert_or_replace_cannot_get_round(void **state)
{
    fill(*state);
    must_refuse("INSERT OR REPLACE INTO punches " COLUMNS " VALUES " ROW_1);
    must_refuse("REPLACE INTO punches " COLUMNS " VALUES " ROW_1);
    must_refuse("INSERT INTO punches " COLUMNS " VALUES " ROW_1);
    must_refuse("INSERT OR IGNORE INTO punches " COLUMNS " VALUES " ROW_1);
    must_refuse("INSERT INTO punches " COLUMNS " VALUES " ROW_1
                " ON CONFLICT (site, seq) DO UPDATE SET at = excluded.at");
    must_refuse("PRAGMA recursive_triggers=OFF; REPLACE INTO punches " COLUMNS " VALUES " ROW_1);
}

static void section_8_a_gap_in_seq_cannot_be_made(void **state)
{
    fill(*state);
    must_refuse("INSERT INTO punches " COLUMNS " VALUES ('hq',4,'evil','IN',1,1,'effective',0,"
                "'0000000000000000000000000000000000000000000000000000000000000000')");
    must_refuse("INSERT INTO punches " COLUMNS " VALUES ('elsewhere',2,'evil','IN',1,1,'effective',0,"
                "'0000000000000000000000000000000000000000000000000000000000000000')");
}

#define ZEROS "'0000000000000000000000000000000000000000000000000000000000000000'"

static void a_row_that_makes_no_sense_is_refused(void **state)
{
    fill(*state);
    must_refuse("INSERT INTO punches " COLUMNS " VALUES ('hq',3,'x','SIDEWAYS',1,1,'effective',0," ZEROS ")");
    must_refuse("INSERT INTO punches " COLUMNS " VALUES ('hq',3,'x','IN',1,1,'maybe',0," ZEROS ")");
    must_refuse("INSERT INTO punches " COLUMNS " VALUES ('hq',3,'x','IN',1,1,'effective',2," ZEROS ")");
    must_refuse("INSERT INTO punches " COLUMNS " VALUES ('hq',3,'x','IN',1,1,'effective',0,'short')");
    must_refuse("INSERT INTO punches " COLUMNS " VALUES ('hq',3,'x','AUTO_OUT',1,1,'effective',0," ZEROS ")");
    must_refuse("INSERT INTO punches " COLUMNS " VALUES ('hq',3,'x','RESUME',1,1,'effective',0," ZEROS ")");
    must_refuse("INSERT INTO punches " COLUMNS " VALUES ('hq',3,'x','CORRECTION',1,1,'effective',0," ZEROS
                ")");
}

static void section_8_audit_months_are_append_only_too(void **state)
{
    fill(*state);
    must_refuse("UPDATE audit_logs_2025_11 SET event = 'NOTHING'");
    must_refuse("DELETE FROM audit_logs_2025_11 WHERE seq = 2");
    must_refuse("REPLACE INTO audit_logs_2025_11 (site,seq,at,event,hash) VALUES ('hq',1,5,'NOTHING',"
                "'0000000000000000000000000000000000000000000000000000000000000000')");
}

static void heads_never_go_back(void **state)
{
    fill(*state);
    sqlite3 *db = other_tool();
    assert_int_equal(sqlite3_exec(db, "UPDATE heads SET seq = 1 WHERE log = 'punches'", NULL, NULL, NULL),
                     SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM heads", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

static void a_row_with_another_seq_than_the_next_is_refused_and_changes_nothing(void **state)
{
    struct rig *rig = *state;
    fill(rig);
    const int64_t wrong[] = {0, 1, 2, 4, -1};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct rc_effect effect = {.kind = RC_FX_ROW, .row = rig_row(rig, "anna", RC_IN, 300)};
        effect.row.seq = wrong[i];
        rig_ok(rig, rc_store_begin(rig->store));
        assert_int_equal(rc_store_apply(rig->store, rig->site, &effect), RC_STORE_REFUSED);
    }
    rig_ok(rig, rc_store_commit(rig->store));
    assert_int_equal(rig_in(rig, "anna", 300), 3);
}

static void a_rolled_back_row_leaves_its_seq_to_the_next(void **state)
{
    struct rig *rig = *state;
    fill(rig);
    struct rc_effect effect = {.kind = RC_FX_ROW, .row = rig_row(rig, "anna", RC_IN, 300)};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_apply(rig->store, rig->site, &effect));
    rc_store_rollback(rig->store);
    assert_false(rc_store_in_transaction(rig->store));
    assert_int_equal(rig_in(rig, "bert", 301), 3);
    rig_reopen(rig, "boot-1"); /* the chain verifies */
    assert_int_equal(rig->seq, 3);
}

static void writing_without_a_transaction_is_refused(void **state)
{
    struct rig *rig = *state;
    struct rc_effect effect = {.kind = RC_FX_ROW, .row = rig_row(rig, "anna", RC_IN, 300)};
    assert_int_equal(rc_store_apply(rig->store, rig->site, &effect), RC_STORE_REFUSED);
    assert_int_equal(rc_store_save_t(rig->store, rig->site, 5), RC_STORE_REFUSED);
}

static int64_t count(const char *sql)
{
    sqlite3 *db = other_tool();
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static void audit_rows_go_to_the_month_of_their_time_but_never_back(void **state)
{
    struct rig *rig = *state;
    audit(rig, NOVEMBER_AT, "A");
    audit(rig, DECEMBER_AT, "B");
    audit(rig, NOVEMBER_AT, "C"); /* the wall clock was set back */
    assert_int_equal(count("SELECT count(*) FROM audit_logs_2025_11"), 1);
    assert_int_equal(count("SELECT count(*) FROM audit_logs_2025_12"), 2);
    assert_int_equal(count("SELECT count(*) FROM audit_logs"), 3);
    assert_int_equal(count("SELECT max(seq) FROM audit_logs WHERE event = 'C'"), 3);
    rig_reopen(rig, "boot-1");
    audit(rig, DECEMBER_AT, "D");
    assert_int_equal(count("SELECT max(seq) FROM audit_logs_2025_12"), 4);
    rig_reopen(rig, "boot-1");
}

static void a_month_begun_in_a_batch_that_is_rolled_back_is_begun_again(void **state)
{
    struct rig *rig = *state;
    const struct rc_audit line = {.at = NOVEMBER_AT, .event = "A"};
    audit(rig, NOVEMBER_AT - 40 * 86400000LL, "EARLIER");
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_audit(rig->store, rig->site, &line));
    rc_store_rollback(rig->store);
    audit(rig, NOVEMBER_AT, "B");
    assert_int_equal(count("SELECT count(*) FROM audit_logs_2025_11"), 1);
    assert_int_equal(count("SELECT count(*) FROM audit_logs"), 2);
    rig_reopen(rig, "boot-1");
}

static void each_site_has_a_log_and_a_chain_of_its_own(void **state)
{
    struct rig *rig = *state;
    const struct rc_id other = rig_id("lab");
    int hq = rig->site, lab;
    fill(rig);
    rig_ok(rig, rc_store_site(rig->store, &other, &lab));
    assert_int_not_equal(lab, hq);
    rig->site = lab;
    rig->seq = 0;
    assert_int_equal(rig_in(rig, "anna", 100), 1);
    audit(rig, NOVEMBER_AT, "LAB");
    rig->site = hq;
    rig->seq = 2;
    assert_int_equal(rig_in(rig, "anna", 300), 3);
    rig_reopen(rig, "boot-1");
    int again;
    rig_ok(rig, rc_store_site(rig->store, &other, &again));
    assert_int_equal(again, lab);
    int64_t seq;
    uint8_t hash[32];
    rig_ok(rig, rc_store_head(rig->store, lab, &seq, hash));
    assert_int_equal(seq, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
        TEST(section_8_no_tool_can_update_or_delete_punches),
        TEST(section_8_insert_or_replace_cannot_get_round),
        TEST(section_8_a_gap_in_seq_cannot_be_made),
        TEST(a_row_that_makes_no_sense_is_refused),
        TEST(section_8_audit_months_are_append_only_too),
        TEST(heads_never_go_back),
        TEST(a_row_with_another_seq_than_the_next_is_refused_and_changes_nothing),
        TEST(a_rolled_back_row_leaves_its_seq_to_the_next),
        TEST(writing_without_a_transaction_is_refused),
        TEST(audit_rows_go_to_the_month_of_their_time_but_never_back),
        TEST(a_month_begun_in_a_batch_that_is_rolled_back_is_begun_again),
        TEST(each_site_has_a_log_and_a_chain_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
