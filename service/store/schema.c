#include "schema.h"

#include "audit.h"
#include "migrate.h"
#include "result.h"

#include <stdio.h>
#include <string.h>

/* What is compared, in one order on both sides. Tables that archiving has left aside are on their way out. */
static const char objects[] =
    "SELECT type, name, tbl_name, COALESCE(sql, '') FROM sqlite_schema WHERE name NOT GLOB "
    "'sqlite_stat[0-9]*' "
    "AND NOT (type = 'table' AND name GLOB 'archived_logs_[0-9]*') ORDER BY type, name";

/* The columns of `objects`. */
enum { TYPE, NAME, TABLE, SQL };

/* The newest month is written to, so its table must be there; of an older one that is not, verify says that
 * its rows are missing. */
static const char months[] =
    "SELECT DISTINCT month FROM audit_months WHERE month = (SELECT max(month) FROM audit_months) "
    "OR EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'audit_logs_' || month)";

/* ---- what should be ---- */

static enum rc_store_result run(sqlite3 *model, const char *sql, char error[RC_STORE_ERROR_MAX])
{
    if (sql != NULL && sqlite3_exec(model, sql, NULL, NULL, NULL) == SQLITE_OK)
        return RC_STORE_OK;
    return rc_result_line(model, "cannot make the schema to compare with", error);
}

/* The tables of the months that the database should have, and the view over them. */
static enum rc_store_result add_months(sqlite3 *model, sqlite3 *db, char error[RC_STORE_ERROR_MAX])
{
    sqlite3_stmt *statement = NULL;
    enum rc_store_result result = RC_STORE_OK;
    int count = 0, code = SQLITE_DONE;
    if (sqlite3_prepare_v2(db, months, -1, &statement, NULL) != SQLITE_OK)
        return rc_result_line(db, "cannot read the months of audit_logs", error);
    while (result == RC_STORE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        char sql[RC_AUDIT_TABLE_SQL_MAX];
        rc_audit_table_sql((const char *)sqlite3_column_text(statement, 0), sql);
        result = run(model, sql, error);
        count++;
    }
    if (result == RC_STORE_OK && code != SQLITE_DONE)
        result = rc_result_line(db, "cannot read the months of audit_logs", error);
    sqlite3_finalize(statement);
    if (result == RC_STORE_OK && count > 0) {
        char *view = rc_audit_view_sql(model, NULL);
        result = run(model, view, error);
        sqlite3_free(view);
    }
    return result;
}

static enum rc_store_result make_model(sqlite3 *model, sqlite3 *db, int version,
                                       char error[RC_STORE_ERROR_MAX])
{
    enum rc_store_result result = RC_STORE_OK;
    for (int i = 0; result == RC_STORE_OK && i < version; i++)
        result = run(model, rc_migrations[i].sql, error);
    return result == RC_STORE_OK && version > 0 ? add_months(model, db, error) : result;
}

/* ---- comparing ---- */

static const char *text(sqlite3_stmt *row, int column)
{
    return (const char *)sqlite3_column_text(row, column);
}

static enum rc_store_result wrong(sqlite3_stmt *row, const char *what, char error[RC_STORE_ERROR_MAX])
{
    snprintf(
        error, RC_STORE_ERROR_MAX,
        "the schema is not the one that this program makes: %s %.200s %s; the database was left as it is",
        text(row, TYPE), text(row, NAME), what);
    return RC_STORE_WRONG_SCHEMA;
}

/* Which comes first: negative: the first, which the second lacks. A row that is not there comes last. */
static int order(sqlite3_stmt *first, bool has_first, sqlite3_stmt *second, bool has_second)
{
    if (!has_first || !has_second)
        return has_second - has_first;
    int types = strcmp(text(first, TYPE), text(second, TYPE));
    return types != 0 ? types : strcmp(text(first, NAME), text(second, NAME));
}

static bool is_same(sqlite3_stmt *first, sqlite3_stmt *second)
{
    return strcmp(text(first, TABLE), text(second, TABLE)) == 0 &&
           strcmp(text(first, SQL), text(second, SQL)) == 0;
}

/* Both are in order of type and name. */
static enum rc_store_result compare(sqlite3_stmt *wanted, sqlite3_stmt *found, sqlite3 *db,
                                    char error[RC_STORE_ERROR_MAX])
{
    int want = sqlite3_step(wanted), have = sqlite3_step(found);
    while (want == SQLITE_ROW || have == SQLITE_ROW) {
        if (have != SQLITE_ROW && have != SQLITE_DONE)
            return rc_result_line(db, "cannot read the schema", error);
        int first = order(wanted, want == SQLITE_ROW, found, have == SQLITE_ROW);
        if (first < 0)
            return wrong(wanted, "is missing", error);
        if (first > 0)
            return wrong(found, "is no part of it", error);
        if (!is_same(wanted, found))
            return wrong(found, "is another", error);
        want = sqlite3_step(wanted);
        have = sqlite3_step(found);
    }
    return RC_STORE_OK;
}

static enum rc_store_result compare_with(sqlite3 *model, sqlite3 *db, char error[RC_STORE_ERROR_MAX])
{
    sqlite3_stmt *wanted = NULL, *found = NULL;
    enum rc_store_result result;
    if (sqlite3_prepare_v2(model, objects, -1, &wanted, NULL) != SQLITE_OK)
        result = rc_result_line(model, "cannot make the schema to compare with", error);
    else if (sqlite3_prepare_v2(db, objects, -1, &found, NULL) != SQLITE_OK)
        result = rc_result_line(db, "cannot read the schema", error);
    else
        result = compare(wanted, found, db, error);
    sqlite3_finalize(wanted);
    sqlite3_finalize(found);
    return result;
}

enum rc_store_result rc_schema_check(sqlite3 *db, int version, char error[RC_STORE_ERROR_MAX])
{
    sqlite3 *model = NULL;
    enum rc_store_result result;
    if (sqlite3_open_v2(":memory:", &model, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        result = rc_result_line(model, "cannot make the schema to compare with", error);
    else
        result = make_model(model, db, version, error);
    if (result == RC_STORE_OK)
        result = compare_with(model, db, error);
    sqlite3_close(model);
    return result;
}
