/* The service's own SQL cannot change the logs, even where somebody dropped the triggers. */
#include "guard.h"
#include "migrate.h"
#include "rig.h"

static const char *leaving;

static sqlite3 *guarded(void)
{
    sqlite3 *db = NULL;
    char error[RC_STORE_ERROR_MAX];
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(rc_migrate(db, 0, error), RC_STORE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "CREATE TABLE audit_logs_2025_11 (site, seq); DROP TRIGGER punches_only_next;"
                     "DROP TRIGGER punches_no_update; DROP TRIGGER punches_no_delete;",
                     NULL, NULL, NULL),
        SQLITE_OK);
    rc_guard_install(db, &leaving);
    return db;
}

static void section_8_the_authorizer_refuses_to_change_a_log(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "UPDATE punches SET at = 1",
        "UPDATE PUNCHES SET at = 1",
        "UPDATE main.\"punches\" SET at = 1",
        "DELETE FROM punches",
        "DELETE FROM punches WHERE seq = 1",
        "DROP TABLE punches",
        "DROP INDEX punches_by_employee",
        "ALTER TABLE punches ADD COLUMN x",
        "ALTER TABLE punches RENAME TO other",
        "UPDATE audit_logs_2025_11 SET seq = 2",
        "DELETE FROM audit_logs_2025_11",
        "DROP TABLE audit_logs_2025_11",
        "UPDATE training_policies SET limit_minutes = 1",
        "DELETE FROM training_policies",
        "DELETE FROM audit_archives",
        "DROP TABLE audit_archives",
        "DROP TRIGGER heads_stay",
        "WITH x AS (SELECT 1) DELETE FROM punches",
        ("CREATE TRIGGER t AFTER INSERT ON meta BEGIN DELETE FROM punches; END; "
         "REPLACE INTO meta VALUES (1, 2)"),
        "ATTACH ':memory:' AS other",
        "PRAGMA writable_schema = ON",
        "PRAGMA recursive_triggers = OFF",
        "PRAGMA synchronous = OFF",
    };
    sqlite3 *db = guarded();
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        int code = sqlite3_exec(db, refused[i], NULL, NULL, NULL);
        if (code != SQLITE_AUTH)
            fail_msg("%s gave %d", refused[i], code);
    }
    sqlite3_close(db);
}

static void section_8_a_month_that_is_archived_may_go_and_no_other(void **state)
{
    (void)state;
    static const char *const refused[] = {
        "DELETE FROM audit_logs_2025_11",
        "UPDATE audit_logs_2025_11 SET seq = 2",
        "ALTER TABLE audit_logs_2025_12 RENAME TO x",
        "DROP TRIGGER t_2025_12",
        "ALTER TABLE punches RENAME TO x",
        "DROP TRIGGER heads_stay",
    };
    sqlite3 *db = NULL;
    char error[RC_STORE_ERROR_MAX];
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    assert_int_equal(rc_migrate(db, 0, error), RC_STORE_OK);
    static const char months[] =
        "CREATE TABLE audit_logs_2025_11 (site, seq); CREATE TABLE audit_logs_2025_12 (site, seq);"
        "CREATE TRIGGER t_2025_11 BEFORE DELETE ON audit_logs_2025_11 BEGIN SELECT 1; END;"
        "CREATE TRIGGER t_2025_12 BEFORE DELETE ON audit_logs_2025_12 BEGIN SELECT 1; END;";
    assert_int_equal(sqlite3_exec(db, months, NULL, NULL, NULL), SQLITE_OK);
    rc_guard_install(db, &leaving);
    static const char going[] = "DROP TRIGGER t_2025_11; ALTER TABLE audit_logs_2025_11 RENAME TO x";
    assert_int_equal(sqlite3_exec(db, going, NULL, NULL, NULL), SQLITE_AUTH);
    leaving = "audit_logs_2025_11";
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (sqlite3_exec(db, refused[i], NULL, NULL, NULL) != SQLITE_AUTH)
            fail_msg("%s was allowed", refused[i]);
    assert_int_equal(sqlite3_exec(db, going, NULL, NULL, NULL), SQLITE_OK);
    leaving = NULL;
    sqlite3_close(db);
}

static void the_authorizer_lets_the_service_work(void **state)
{
    (void)state;
    static const char *const allowed[] = {
        "INSERT INTO meta VALUES ('a', 'b')",
        "UPDATE sites SET service_t = 1",
        "DELETE FROM outbox",
        "DROP VIEW audit_logs; CREATE VIEW audit_logs AS SELECT * FROM audit_logs_2025_11",
        "SELECT * FROM periods",
        "SELECT * FROM daily_activity_logs",
        "UPDATE training_totals SET ms = 1",
        "SAVEPOINT a; RELEASE a",
        "PRAGMA synchronous",
    };
    sqlite3 *db = guarded();
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++)
        if (sqlite3_exec(db, allowed[i], NULL, NULL, NULL) != SQLITE_OK)
            fail_msg("%s: %s", allowed[i], sqlite3_errmsg(db));
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(section_8_the_authorizer_refuses_to_change_a_log),
        cmocka_unit_test(section_8_a_month_that_is_archived_may_go_and_no_other),
        cmocka_unit_test(the_authorizer_lets_the_service_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
