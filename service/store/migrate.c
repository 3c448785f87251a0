#include "migrate.h"

#include "result.h"

#include <stdio.h>

static enum rc_store_result read_integer(sqlite3 *db, const char *sql, int64_t *out,
                                         char error[RC_STORE_ERROR_MAX])
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    enum rc_store_result result = RC_STORE_OK;
    if (code != SQLITE_ROW)
        result = rc_result_line(db, "cannot read the database", error);
    sqlite3_finalize(statement);
    return result;
}

enum rc_store_result rc_migrate_examine(sqlite3 *db, int *version, char error[RC_STORE_ERROR_MAX])
{
    int64_t mark = 0, user_version = 0, objects = 0;
    enum rc_store_result result = read_integer(db, "PRAGMA application_id", &mark, error);
    if (result == RC_STORE_OK)
        result = read_integer(db, "PRAGMA user_version", &user_version, error);
    if (result == RC_STORE_OK)
        result = read_integer(db, "SELECT count(*) FROM sqlite_schema", &objects, error);
    if (result == RC_STORE_CORRUPT && (sqlite3_errcode(db) & 0xff) == SQLITE_NOTADB) {
        snprintf(error, RC_STORE_ERROR_MAX, "this is not a database; it was left as it is");
        return RC_STORE_NOT_A_DATABASE;
    }
    if (result != RC_STORE_OK)
        return result;
    bool is_empty = mark == 0 && user_version == 0 && objects == 0;
    if (mark != RC_APPLICATION_ID && !is_empty) {
        snprintf(error, RC_STORE_ERROR_MAX,
                 "this is another program's database (application_id %lld); it was left as it is",
                 (long long)mark);
        return RC_STORE_NOT_A_DATABASE;
    }
    if (user_version > rc_migration_count) {
        snprintf(
            error, RC_STORE_ERROR_MAX,
            "the database is of version %lld, this program knows versions up to %d; it was left as it is",
            (long long)user_version, rc_migration_count);
        return RC_STORE_NEWER;
    }
    *version = (int)user_version;
    return RC_STORE_OK;
}

static enum rc_store_result run(sqlite3 *db, const char *sql, const char *what,
                                char error[RC_STORE_ERROR_MAX])
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return RC_STORE_OK;
    return rc_result_line(db, what, error);
}

static enum rc_store_result run_one(sqlite3 *db, const struct rc_migration *migration,
                                    char error[RC_STORE_ERROR_MAX])
{
    char marks[128];
    snprintf(marks, sizeof marks, "PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT;",
             RC_APPLICATION_ID, migration->version);
    enum rc_store_result result = run(db, "BEGIN IMMEDIATE", migration->name, error);
    if (result == RC_STORE_OK)
        result = run(db, migration->sql, migration->name, error);
    if (result == RC_STORE_OK)
        result = run(db, marks, migration->name, error);
    if (result != RC_STORE_OK && sqlite3_get_autocommit(db) == 0)
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

enum rc_store_result rc_migrate(sqlite3 *db, int version, char error[RC_STORE_ERROR_MAX])
{
    for (int i = version; i < rc_migration_count; i++) {
        enum rc_store_result result = run_one(db, &rc_migrations[i], error);
        if (result != RC_STORE_OK)
            return result;
    }
    return RC_STORE_OK;
}
