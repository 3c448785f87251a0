/* Moving a closed month of audit_logs to a file of its own: see store.h. On a handle of its own, without the
 * authorizer: dropping what was copied is the one thing that the service itself must never be able to do. */
#include "audit.h"
#include "lock.h"
#include "migrate.h"
#include "result.h"
#include "walk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One run. */
struct archive {
    sqlite3 *db;
    struct rc_chain chain;
    const char *month, *path;
    char *error;
};

static enum rc_store_result run(struct archive *archive, char *sql)
{
    enum rc_store_result result = RC_STORE_OK;
    if (sql == NULL || sqlite3_exec(archive->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        result = rc_result_line(archive->db, "cannot archive", archive->error);
    sqlite3_free(sql);
    return result;
}

static enum rc_store_result refuse(struct archive *archive, const char *why)
{
    snprintf(archive->error, RC_STORE_ERROR_MAX, "month %.16s: %s", archive->month, why);
    return RC_STORE_REFUSED;
}

/* Only a month that has a table, and a newer one after it: the newest is still written to. */
static enum rc_store_result check_closed(struct archive *archive)
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'audit_logs_' || ?1), "
        "(SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB 'audit_logs_[0-9]*' "
        "AND name > 'audit_logs_' || ?1)";
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(archive->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return rc_result_line(archive->db, "cannot archive", archive->error);
    struct binder binder = rc_bind(statement);
    rc_bind_word(&binder, archive->month);
    bool has_row = sqlite3_step(statement) == SQLITE_ROW;
    bool there = has_row && sqlite3_column_int(statement, 0) == 1,
         closed = has_row && sqlite3_column_int(statement, 1) > 0;
    sqlite3_finalize(statement);
    if (!there)
        return refuse(archive, "is not in this database");
    return closed ? RC_STORE_OK : refuse(archive, "is not closed yet");
}

static enum rc_store_result copy(struct archive *archive)
{
    const char *month = archive->month;
    enum rc_store_result result = run(archive, sqlite3_mprintf("ATTACH %Q AS archive", archive->path));
    if (result == RC_STORE_OK)
        result = run(
            archive,
            sqlite3_mprintf("PRAGMA archive.synchronous=FULL; BEGIN IMMEDIATE;"
                            "CREATE TABLE archive.audit_logs_%s (site TEXT NOT NULL, seq INTEGER NOT NULL, "
                            "at INTEGER NOT NULL, event TEXT NOT NULL, user_id TEXT, session_id TEXT, "
                            "result TEXT, detail TEXT, hash TEXT NOT NULL, PRIMARY KEY (site, seq)) "
                            "STRICT, WITHOUT ROWID;"
                            "INSERT INTO archive.audit_logs_%s SELECT " RC_AUDIT_COLUMNS
                            " FROM main.audit_logs_%s; COMMIT",
                            month, month, month));
    return result;
}

/* The copy's piece of one site's chain, from where audit_months says that it begins. */
static enum rc_store_result check_site(struct archive *archive, sqlite3_stmt *row)
{
    char table[32];
    struct head head = {.seq = sqlite3_column_int64(row, 1) - 1};
    struct rc_text hash = rc_column_text(row, 2);
    snprintf(table, sizeof table, "audit_logs_%.15s", archive->month);
    if (!rc_hash_parse(hash.data, hash.length, head.hash))
        return refuse(archive, "audit_months holds no hash");
    const struct rc_walk walk = {archive->db, "archive",        "audit_logs",
                                 table,       RC_AUDIT_COLUMNS, RC_AUDIT_COLUMN_COUNT};
    enum rc_store_result result = rc_walk_rows(
        &walk, &archive->chain, (const char *)sqlite3_column_text(row, 0), &head, archive->error);
    if (result == RC_STORE_OK && sqlite3_column_type(row, 3) != SQLITE_NULL &&
        sqlite3_column_int64(row, 3) != head.seq)
        return refuse(archive, "the copy ends too early");
    return result;
}

static enum rc_store_result check_copy(struct archive *archive)
{
    static const char sql[] =
        "SELECT m.site, m.first_seq, m.previous_hash, COALESCE((SELECT min(n.first_seq) - 1 FROM "
        "audit_months n "
        "WHERE n.site = m.site AND n.month > m.month), (SELECT h.seq FROM heads h WHERE h.site = m.site "
        "AND h.log = 'audit_logs')) FROM audit_months m WHERE m.month = ?";
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(archive->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return rc_result_line(archive->db, "cannot archive", archive->error);
    struct binder binder = rc_bind(statement);
    rc_bind_word(&binder, archive->month);
    enum rc_store_result result = RC_STORE_OK;
    int code = SQLITE_DONE;
    while (result == RC_STORE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        result = check_site(archive, statement);
    if (result == RC_STORE_OK && code != SQLITE_DONE)
        result = rc_result_line(archive->db, "cannot archive", archive->error);
    sqlite3_finalize(statement);
    return result;
}

/* The copy is whole and on the disk: now the table may go, with its triggers, and the view be made without
 * it. */
static enum rc_store_result drop(struct archive *archive)
{
    char *view = rc_audit_view_sql(archive->db, archive->month);
    if (view == NULL)
        return rc_result_line(archive->db, "cannot archive", archive->error);
    /* the view first: SQLite refuses to prepare a schema that has a view of a missing table */
    char *sql =
        sqlite3_mprintf("BEGIN IMMEDIATE; %s; DROP TABLE main.audit_logs_%s; COMMIT", view, archive->month);
    sqlite3_free(view);
    enum rc_store_result result = run(archive, sql);
    if (result != RC_STORE_OK && sqlite3_get_autocommit(archive->db) == 0)
        sqlite3_exec(archive->db, "ROLLBACK", NULL, NULL, NULL);
    return result;
}

static enum rc_store_result open_database(struct archive *archive, const char *database)
{
    int version = 0;
    if (sqlite3_open_v2(database, &archive->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return rc_result_line(archive->db, database, archive->error);
    enum rc_store_result result = rc_migrate_examine(archive->db, &version, archive->error);
    if (result == RC_STORE_OK && version != rc_migration_count) {
        snprintf(archive->error, RC_STORE_ERROR_MAX,
                 "the database is not of this version: let the service open it first");
        result = RC_STORE_REFUSED;
    }
    if (result == RC_STORE_OK)
        result = run(archive, sqlite3_mprintf("PRAGMA main.synchronous=FULL"));
    return result;
}

/* Made first, and not replaced; for its mode, and so that nothing that is there is ever written to. */
static enum rc_store_result make_file(const struct archive *archive)
{
    int fd = open(archive->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        close(fd);
        return RC_STORE_OK;
    }
    snprintf(archive->error, RC_STORE_ERROR_MAX, "cannot make %.300s: it exists, or its folder does not",
             archive->path);
    return RC_STORE_REFUSED;
}

static enum rc_store_result archive_locked(struct archive *archive, const char *database)
{
    enum rc_store_result result =
        rc_chain_init(&archive->chain) ? open_database(archive, database) : RC_STORE_IO;
    if (result == RC_STORE_OK)
        result = check_closed(archive);
    if (result == RC_STORE_OK)
        result = make_file(archive);
    if (result != RC_STORE_OK)
        return result;
    result = copy(archive);
    if (result == RC_STORE_OK)
        result = check_copy(archive);
    if (result != RC_STORE_OK) {
        unlink(archive->path);
        return result;
    }
    return drop(archive);
}

enum rc_store_result rc_store_archive(const char *database, const char *month, const char *path,
                                      char error[RC_STORE_ERROR_MAX])
{
    struct archive archive = {.month = month, .path = path, .error = error};
    int lock = -1;
    error[0] = '\0';
    if (strlen(month) != 7 || strspn(month, "0123456789_") != 7 || month[4] != '_') {
        snprintf(error, RC_STORE_ERROR_MAX, "a month is written 2026_01");
        return RC_STORE_REFUSED;
    }
    if (access(database, F_OK) != 0) { /* or the lock would be of nothing */
        snprintf(error, RC_STORE_ERROR_MAX, "%.300s: there is no such database", database);
        return RC_STORE_NOT_FOUND;
    }
    enum rc_store_result result = rc_lock_take(database, &lock, error);
    if (result != RC_STORE_OK)
        return result;
    result = archive_locked(&archive, database);
    sqlite3_close(archive.db);
    rc_chain_fini(&archive.chain);
    close(lock);
    return result;
}
