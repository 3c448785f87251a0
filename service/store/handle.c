#include "handle.h"

#include "core/names.h"
#include "guard.h"
#include "migrate.h"
#include "result.h"
#include "schema.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- opening ---- */

/* The file is ours alone to read; SQLite gives -wal and -shm the same mode. */
static void make_private(const struct rc_store *store)
{
    if (store->vfs != NULL)
        return;
    int fd = open(store->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

static enum rc_store_result pragma_is(struct rc_store *store, const char *sql, const char *expected)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum rc_store_result result = RC_STORE_OK;
    if (code != SQLITE_ROW) {
        result = rc_result_line(store->db, sql, store->error);
    } else if (strcmp((const char *)sqlite3_column_text(statement, 0), expected) != 0) {
        snprintf(store->error, sizeof store->error, "%s gives %s, %s is needed", sql,
                 sqlite3_column_text(statement, 0), expected);
        result = RC_STORE_IO;
    }
    sqlite3_finalize(statement);
    return result;
}

static enum rc_store_result set_pragmas(struct rc_store *store)
{
    char sql[320];
    /* secure_delete: Debian's default; it writes zeros over what was deleted, and so every page that the
     * outbox gives back. What is deleted here is in the log anyway. */
    snprintf(sql, sizeof sql,
             "PRAGMA cache_size=-%d; PRAGMA wal_autocheckpoint=%d; PRAGMA journal_size_limit=%d; "
             "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; PRAGMA trusted_schema=OFF; "
             "PRAGMA secure_delete=OFF; PRAGMA synchronous=FULL",
             RC_STORE_CACHE_KIB, RC_STORE_WAL_PAGES, RC_STORE_WAL_BYTES);
    enum rc_store_result result = pragma_is(store, "PRAGMA journal_mode=WAL", "wal");
    if (result == RC_STORE_OK)
        result = rc_handle_exec(store, sql);
    /* None of these persists in the file, and a wrong one shows only when it is too late. */
    static const char *const expected[][2] = {{"PRAGMA synchronous", "2"},
                                              {"PRAGMA foreign_keys", "1"},
                                              {"PRAGMA recursive_triggers", "1"},
                                              {"PRAGMA trusted_schema", "0"}};
    for (size_t i = 0; result == RC_STORE_OK && i < sizeof expected / sizeof expected[0]; i++)
        result = pragma_is(store, expected[i][0], expected[i][1]);
    return result;
}

/* Until we know that the file is ours and sound, closing it must not fold its WAL into it. */
static void leave_untouched(sqlite3 *db, bool untouched)
{
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, untouched ? 1 : 0, NULL);
}

enum rc_store_result rc_handle_open(struct rc_store *store)
{
    int version = 0,
        flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX; /* one thread owns us */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS,
                   0); /* a lock for each malloc, for figures that nobody reads; too late: fine */
    make_private(store);
    int code = sqlite3_open_v2(store->path, &store->db, flags, store->vfs);
    enum rc_store_result result = RC_STORE_OK;
    if (code != SQLITE_OK) {
        result = rc_result_line(store->db, "cannot open the database", store->error);
    } else {
        sqlite3_extended_result_codes(store->db, 1);
        sqlite3_busy_timeout(store->db, RC_STORE_BUSY_MS);
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        leave_untouched(store->db, true);
        result = rc_migrate_examine(store->db, &version, store->error);
        if (result == RC_STORE_OK)
            result = rc_schema_check(store->db, version, store->error);
        if (result == RC_STORE_OK)
            result = set_pragmas(store);
        if (result == RC_STORE_OK)
            result = rc_migrate(store->db, version, store->error);
    }
    if (result != RC_STORE_OK) {
        sqlite3_close(store->db);
        store->db = NULL;
        return result;
    }
    leave_untouched(store->db, false);
    rc_guard_install(store->db, &store->leaving);
    store->failed = RC_STORE_OK;
    return RC_STORE_OK;
}

void rc_handle_close(struct rc_store *store)
{
    for (int i = 0; i < RC_SQL_COUNT; i++) {
        sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
    sqlite3_finalize(store->audit_insert);
    store->audit_insert = NULL;
    int code = sqlite3_close(store->db);
    assert(code == SQLITE_OK); /* else a statement was left behind */
    store->db = NULL;
    store->in_transaction = false;
}

/* ---- failing ---- */

void rc_handle_rollback(struct rc_store *store)
{
    if (store->db != NULL && sqlite3_get_autocommit(store->db) == 0)
        sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->in_transaction = false;
    store->month = store->month_committed;
    for (int i = 0; i < store->site_count; i++)
        if (store->sites[i].touched) {
            store->sites[i].now = store->sites[i].committed;
            store->sites[i].touched = false;
        }
}

enum rc_store_result rc_handle_fail(struct rc_store *store, const char *what)
{
    enum rc_store_result result = rc_result_line(store->db, what, store->error);
    if (!rc_result_is_fatal(result))
        return result;
    store->failed = result;
    for (int i = 0; i < RC_SQL_COUNT; i++)
        sqlite3_reset(store->statements[i]);
    sqlite3_reset(store->audit_insert);
    rc_handle_rollback(store);
    return result;
}

enum rc_store_result rc_handle_refuse(struct rc_store *store, const char *message)
{
    snprintf(store->error, sizeof store->error, "%s", message);
    return RC_STORE_REFUSED;
}

enum rc_store_result rc_handle_may_read(struct rc_store *store, int site)
{
    assert(site >= 0 && site < store->site_count);
    return store->failed;
}

enum rc_store_result rc_handle_may_write(struct rc_store *store, int site)
{
    assert(site >= 0 && site < store->site_count);
    if (store->failed != RC_STORE_OK)
        return store->failed;
    return store->in_transaction ? RC_STORE_OK : rc_handle_refuse(store, "no transaction is open");
}

/* ---- statements ---- */

enum rc_store_result rc_handle_exec(struct rc_store *store, const char *sql)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return RC_STORE_OK;
    return rc_handle_fail(store, "cannot run SQL");
}

sqlite3_stmt *rc_handle_use(struct rc_store *store, enum rc_sql sql)
{
    sqlite3_stmt **statement = &store->statements[sql];
    if (*statement == NULL)
        sqlite3_prepare_v3(store->db, rc_sql_texts[sql], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    return *statement;
}

enum rc_store_result rc_handle_run(struct rc_store *store, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    enum rc_store_result result =
        code == SQLITE_DONE ? RC_STORE_OK : rc_handle_fail(store, "cannot write to the database");
    sqlite3_reset(statement);
    return result;
}

bool rc_handle_row(struct rc_store *store, sqlite3_stmt *statement, enum rc_store_result *result)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return true;
    *result = code == SQLITE_DONE ? RC_STORE_OK : rc_handle_fail(store, "cannot read the database");
    sqlite3_reset(statement);
    return false;
}

/* ---- time ---- */

/* Days to the civil calendar, after Howard Hinnant's chrono-compatible algorithms. */
int rc_handle_month_of(int64_t at)
{
    const int64_t day_ms = 86400000, last_at = 253402300799999; /* the end of 9999 */
    int64_t clamped = at < 0 ? 0 : at > last_at ? last_at : at;
    int64_t days = clamped / day_ms + 719468;
    int64_t era = days / 146097, day_of_era = days % 146097;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
    int64_t year = era * 400 + year_of_era + (month <= 2 ? 1 : 0);
    return (int)(year * 12 + month - 1);
}

/* ---- binding ---- */

struct binder rc_bind(sqlite3_stmt *statement)
{
    return (struct binder){statement, 1};
}

enum rc_store_result rc_bind_sql(struct rc_store *store, enum rc_sql sql, struct binder *binder)
{
    *binder = rc_bind(rc_handle_use(store, sql));
    return binder->statement != NULL ? RC_STORE_OK : rc_handle_fail(store, "cannot prepare");
}

void rc_bind_int(struct binder *binder, int64_t value)
{
    sqlite3_bind_int64(binder->statement, binder->next++, value);
}

static void bind_null(struct binder *binder)
{
    sqlite3_bind_null(binder->statement, binder->next++);
}

void rc_bind_some(struct binder *binder, int64_t value)
{
    if (value == 0)
        bind_null(binder);
    else
        rc_bind_int(binder, value);
}

void rc_bind_given(struct binder *binder, int64_t value)
{
    if (value == RC_NONE)
        bind_null(binder);
    else
        rc_bind_int(binder, value);
}

void rc_bind_text(struct binder *binder, struct rc_text text)
{
    if (text.length == 0)
        bind_null(binder);
    else
        sqlite3_bind_text64(binder->statement, binder->next++, text.data, text.length, SQLITE_STATIC,
                            SQLITE_UTF8);
}

void rc_bind_blob(struct binder *binder, struct rc_text bytes)
{
    if (bytes.length == 0)
        sqlite3_bind_zeroblob(binder->statement, binder->next++, 0);
    else
        sqlite3_bind_blob64(binder->statement, binder->next++, bytes.data, bytes.length, SQLITE_STATIC);
}

void rc_bind_word(struct binder *binder, const char *word)
{
    rc_bind_text(binder, word == NULL ? (struct rc_text){NULL, 0} : rc_text_of(word));
}

void rc_bind_id(struct binder *binder, const struct rc_id *id)
{
    rc_bind_text(binder, (struct rc_text){id->text, id->length});
}

void rc_bind_key(struct binder *binder, const struct rc_id *id)
{
    sqlite3_bind_text(binder->statement, binder->next++, id->text, id->length, SQLITE_STATIC);
}

/* ---- columns ---- */

int64_t rc_column_some(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_int64(statement, column); /* of NULL: 0 */
}

int64_t rc_column_given(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? RC_NONE
                                                                 : sqlite3_column_int64(statement, column);
}

bool rc_column_bool(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_int(statement, column) != 0;
}

struct rc_text rc_column_text(sqlite3_stmt *statement, int column)
{
    const void *data = sqlite3_column_blob(statement, column); /* blob and text alike, without conversion */
    return (struct rc_text){data, (size_t)sqlite3_column_bytes(statement, column)};
}

void rc_column_id(sqlite3_stmt *statement, int column, struct rc_id *out)
{
    rc_id_set(out, rc_column_text(statement, column));
}
