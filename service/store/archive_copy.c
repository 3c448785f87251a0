/* Copying a closed month to a file of its own, beside the running service: see training.h. */
#include "archive.h"
#include "migrate.h"
#include "newfile.h"
#include "peek.h"
#include "result.h"
#include "walk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Rows copied in one read transaction. What is read stands still, so that many short ones do: a long one
 * would keep the service from folding back its WAL. A tenth of a second. */
#define CHUNK_ROWS 20000

/* One run. */
struct copying {
    sqlite3 *from, *to;
    struct rc_chain chain;
    struct rc_archive_month month;
    char *error; /* RC_STORE_ERROR_MAX */
};

static enum rc_store_result run(struct copying *copying, char *sql)
{
    enum rc_store_result result = RC_STORE_OK;
    if (sql == NULL || sqlite3_exec(copying->to, sql, NULL, NULL, NULL) != SQLITE_OK)
        result = rc_result_line(copying->to, "cannot write the archive", copying->error);
    sqlite3_free(sql);
    return result;
}

static enum rc_store_result refuse(struct copying *copying, const char *path, const char *why)
{
    snprintf(copying->error, RC_STORE_ERROR_MAX, "%.300s: %s", path, why);
    return RC_STORE_REFUSED;
}

/* ---- the month ---- */

static enum rc_store_result open_database(struct copying *copying, const char *database, const char *month)
{
    int version = 0;
    if (sqlite3_open_v2(database, &copying->from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        return rc_result_line(copying->from, database, copying->error);
    sqlite3_busy_timeout(copying->from, RC_STORE_BUSY_MS);
    enum rc_store_result result = rc_migrate_examine(copying->from, &version, copying->error);
    if (result == RC_STORE_OK && version != rc_migration_count)
        result = refuse(copying, database, "is not of this version: let the service open it first");
    if (result != RC_STORE_OK)
        return result;
    if (sqlite3_exec(copying->from, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return rc_result_line(copying->from, database, copying->error);
    result = rc_archive_month(copying->from, month, &copying->month, copying->error);
    sqlite3_exec(copying->from, "COMMIT", NULL, NULL, NULL); /* it only read */
    return result;
}

/* ---- rows ---- */

/* No journal, and no sync but one at the end: until it has its name, nobody counts on the file. */
static enum rc_store_result make_tables(struct copying *copying, const char *path)
{
    if (sqlite3_open_v2(path, &copying->to, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return rc_result_line(copying->to, path, copying->error);
    return run(
        copying,
        sqlite3_mprintf("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA application_id=%d;"
                        "CREATE TABLE %w (site TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, "
                        "event TEXT NOT NULL, user_id TEXT, session_id TEXT, result TEXT, detail TEXT, "
                        "hash TEXT NOT NULL, PRIMARY KEY (site, seq)) STRICT, WITHOUT ROWID;"
                        "CREATE TABLE archived (month TEXT NOT NULL, site TEXT NOT NULL, "
                        "first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL, previous_hash TEXT NOT NULL, "
                        "first_hash TEXT NOT NULL, last_hash TEXT NOT NULL, rows INTEGER NOT NULL, "
                        "first_date TEXT, last_date TEXT, PRIMARY KEY (month, site)) STRICT, WITHOUT ROWID",
                        RC_ARCHIVE_APPLICATION_ID, copying->month.table));
}

/* Copies the rows of a piece from *seq on, at most a chunk; *seq is then the next. */
static enum rc_store_result copy_chunk(struct copying *copying, const struct rc_archive_piece *piece,
                                       sqlite3_stmt *select, sqlite3_stmt *insert, int64_t *seq)
{
    struct binder binder = rc_bind(select);
    rc_bind_key(&binder, &piece->site);
    rc_bind_int(&binder, *seq);
    rc_bind_int(&binder, *seq + CHUNK_ROWS - 1 < piece->last_seq ? *seq + CHUNK_ROWS - 1 : piece->last_seq);
    int read, written = SQLITE_DONE;
    int64_t before = *seq;
    while (written == SQLITE_DONE && (read = sqlite3_step(select)) == SQLITE_ROW) {
        for (int i = 0; i < RC_AUDIT_COLUMN_COUNT; i++)
            sqlite3_bind_value(insert, i + 1, sqlite3_column_value(select, i));
        written = sqlite3_step(insert);
        sqlite3_reset(insert);
        *seq = sqlite3_column_int64(select, 1) + 1;
    }
    enum rc_store_result result = RC_STORE_OK;
    if (written != SQLITE_DONE)
        result = rc_result_line(copying->to, "cannot write the archive", copying->error);
    else if (read != SQLITE_DONE)
        result = rc_result_line(copying->from, "cannot read audit_logs", copying->error);
    else if (*seq == before)
        result = refuse(copying, piece->site.text, "rows of this site are missing in the month");
    sqlite3_reset(select);
    return result;
}

static enum rc_store_result copy_rows(struct copying *copying)
{
    struct rc_archive_month *month = &copying->month;
    sqlite3_stmt *select = NULL, *insert = NULL;
    char *reading = sqlite3_mprintf("SELECT " RC_AUDIT_COLUMNS
                                    " FROM %w WHERE site = ? AND seq >= ? AND seq <= ? ORDER BY seq",
                                    month->table);
    char *writing = sqlite3_mprintf("INSERT INTO %w VALUES (?,?,?,?,?,?,?,?,?)", month->table);
    enum rc_store_result result = RC_STORE_OK;
    if (reading == NULL || sqlite3_prepare_v2(copying->from, reading, -1, &select, NULL) != SQLITE_OK)
        result = rc_result_line(copying->from, "cannot read audit_logs", copying->error);
    else if (writing == NULL || sqlite3_prepare_v2(copying->to, writing, -1, &insert, NULL) != SQLITE_OK)
        result = rc_result_line(copying->to, "cannot write the archive", copying->error);
    sqlite3_free(reading);
    sqlite3_free(writing);
    if (result == RC_STORE_OK)
        result = run(copying, sqlite3_mprintf("BEGIN"));
    for (int i = 0; result == RC_STORE_OK && i < month->count; i++) {
        int64_t seq = month->pieces[i].first_seq;
        while (result == RC_STORE_OK && seq <= month->pieces[i].last_seq)
            result = copy_chunk(copying, &month->pieces[i], select, insert, &seq);
    }
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return result == RC_STORE_OK ? run(copying, sqlite3_mprintf("COMMIT")) : result;
}

/* The training days that a site's rows count for: every key of a detail that is a date and has a number. */
static enum rc_store_result note(struct copying *copying, const struct rc_archive_piece *piece)
{
    return run(copying, sqlite3_mprintf(
                            "INSERT INTO archived SELECT %Q, %Q, %lld, %lld, %Q, %Q, %Q, %lld, min(j.key), "
                            "max(j.key) FROM %w "
                            "a, json_tree(a.detail) j WHERE a.site = %Q AND a.event = 'SESSION_HEARTBEAT' "
                            "AND json_valid(a.detail) AND j.type = 'integer' "
                            "AND j.key GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'",
                            copying->month.name, piece->site.text, piece->first_seq, piece->last_seq,
                            piece->previous_hash, piece->first_hash, piece->last_hash,
                            piece->last_seq - piece->first_seq + 1, copying->month.table, piece->site.text));
}

/* ---- checking ---- */

/* The copy's piece of one site's chain, from where it begins in the database to where it ends there. */
static enum rc_store_result check_piece(struct copying *copying, const char *path,
                                        const struct rc_archive_piece *piece)
{
    struct head head = {.seq = piece->first_seq - 1};
    char hash[RC_HASH_HEX + 1];
    const struct rc_walk walk = {copying->to,          "main",           "audit_logs",
                                 copying->month.table, RC_AUDIT_COLUMNS, RC_AUDIT_COLUMN_COUNT};
    if (!rc_hash_parse(piece->previous_hash, strlen(piece->previous_hash), head.hash))
        return refuse(copying, path, "audit_months holds no hash");
    enum rc_store_result result =
        rc_walk_rows(&walk, &copying->chain, piece->site.text, &head, copying->error);
    if (result != RC_STORE_OK)
        return result;
    rc_hash_hex(head.hash, hash);
    bool same = head.seq == piece->last_seq && strcmp(hash, piece->last_hash) == 0;
    return same ? RC_STORE_OK : refuse(copying, path, "does not end where the month does");
}

static enum rc_store_result check_noted(struct copying *copying, const char *path,
                                        const struct rc_archive_piece *piece)
{
    char first_date[RC_DATE_MAX], last_date[RC_DATE_MAX];
    bool noted = false;
    enum rc_store_result result =
        rc_archive_noted(copying->to, &copying->month, piece, &noted, first_date, last_date, copying->error);
    return result != RC_STORE_OK || noted ? result : refuse(copying, path, "its notes are not of this month");
}

/* Rows that belong to no piece. */
static enum rc_store_result check_count(struct copying *copying, const char *path)
{
    sqlite3_stmt *statement = NULL;
    int64_t wanted = 0, there = -1;
    char *sql = sqlite3_mprintf("SELECT count(*) FROM %w", copying->month.table);
    if (sql != NULL && sqlite3_prepare_v2(copying->to, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        there = sqlite3_column_int64(statement, 0);
    sqlite3_free(sql);
    sqlite3_finalize(statement);
    if (there < 0)
        return rc_result_line(copying->to, "cannot read the archive", copying->error);
    for (int i = 0; i < copying->month.count; i++)
        wanted += copying->month.pieces[i].last_seq - copying->month.pieces[i].first_seq + 1;
    return there == wanted ? RC_STORE_OK : refuse(copying, path, "holds rows that are not of this month");
}

/* Reads the file anew, as it will be read when it is needed. */
static enum rc_store_result check(struct copying *copying, const char *path)
{
    if (sqlite3_open_v2(path, &copying->to, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        return rc_result_line(copying->to, path, copying->error);
    enum rc_store_result result = RC_STORE_OK;
    for (int i = 0; result == RC_STORE_OK && i < copying->month.count; i++) {
        result = check_piece(copying, path, &copying->month.pieces[i]);
        if (result == RC_STORE_OK)
            result = check_noted(copying, path, &copying->month.pieces[i]);
    }
    return result == RC_STORE_OK ? check_count(copying, path) : result;
}

static enum rc_store_result close_archive(struct copying *copying, enum rc_store_result result)
{
    int code = sqlite3_close(copying->to);
    copying->to = NULL;
    if (result == RC_STORE_OK && code != SQLITE_OK) {
        snprintf(copying->error, RC_STORE_ERROR_MAX, "cannot close the archive (%d)", code);
        return RC_STORE_IO;
    }
    return result;
}

/* ---- the whole ---- */

static enum rc_store_result write_archive(struct copying *copying, const char *path)
{
    struct rc_newfile file;
    enum rc_store_result result = rc_newfile_make(&file, path, copying->error);
    if (result != RC_STORE_OK)
        return result;
    result = make_tables(copying, file.temporary);
    if (result == RC_STORE_OK)
        result = copy_rows(copying);
    for (int i = 0; result == RC_STORE_OK && i < copying->month.count; i++)
        result = note(copying, &copying->month.pieces[i]);
    result = close_archive(copying, result);
    if (result == RC_STORE_OK)
        result = close_archive(copying, check(copying, file.temporary));
    if (result == RC_STORE_OK)
        result = rc_newfile_keep(&file, copying->error);
    rc_newfile_end(&file);
    return result;
}

enum rc_store_result rc_store_archive_copy(const char *database, const char *month, const char *path,
                                           char error[RC_STORE_ERROR_MAX])
{
    struct copying copying = {.error = error};
    error[0] = '\0';
    enum rc_store_result result = rc_peek(database, error);
    if (result == RC_STORE_OK)
        result = rc_chain_init(&copying.chain) ? open_database(&copying, database, month) : RC_STORE_IO;
    if (result == RC_STORE_OK)
        result = access(path, F_OK) == 0 ? close_archive(&copying, check(&copying, path))
                                         : write_archive(&copying, path);
    sqlite3_close(copying.to);
    sqlite3_close(copying.from);
    rc_archive_month_end(&copying.month);
    rc_chain_fini(&copying.chain);
    return result;
}
