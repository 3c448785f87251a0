/* Taking an archived month out of the running service's database: see training.h. */
#include "archive.h"
#include "result.h"

#include <stdio.h>
#include <string.h>

/* What is left of a month: of this name and the month's. */
#define LEFT_ASIDE "archived_logs_"

/* Rows that one sweep takes away: some 10 ms. */
#define SWEEP_ROWS 10000

/* ---- the copy ---- */

static enum rc_store_result write_note(struct rc_store *store, const struct rc_archive_month *month,
                                       const struct rc_archive_piece *piece, const char *first_date,
                                       const char *last_date, const char *path, int64_t at)
{
    struct binder binder;
    enum rc_store_result result = rc_bind_sql(store, RC_SQL_ARCHIVE_ADD, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_word(&binder, month->name);
    rc_bind_key(&binder, &piece->site);
    rc_bind_int(&binder, piece->first_seq);
    rc_bind_int(&binder, piece->last_seq);
    rc_bind_word(&binder, piece->first_hash);
    rc_bind_word(&binder, piece->last_hash);
    rc_bind_int(&binder, piece->last_seq - piece->first_seq + 1);
    rc_bind_word(&binder, first_date);
    rc_bind_word(&binder, last_date);
    rc_bind_word(&binder, path);
    rc_bind_int(&binder, at);
    return rc_handle_run(store, binder.statement);
}

/* Compares each piece with the copy's, and notes it. */
static enum rc_store_result note_pieces(struct rc_store *store, const struct rc_archive_month *month,
                                        sqlite3 *archive, const char *path, int64_t at)
{
    enum rc_store_result result = RC_STORE_OK;
    for (int i = 0; result == RC_STORE_OK && i < month->count; i++) {
        char first_date[RC_DATE_MAX], last_date[RC_DATE_MAX];
        bool noted = false;
        /* what is wrong with the copy's file is nothing that the store has to recover from */
        if (rc_archive_noted(archive, month, &month->pieces[i], &noted, first_date, last_date,
                             store->error) != RC_STORE_OK)
            return RC_STORE_REFUSED;
        if (!noted)
            return rc_handle_refuse(store, "the copy is not of this month's rows");
        result = write_note(store, month, &month->pieces[i], first_date, last_date, path, at);
    }
    return result;
}

/* ---- the database ---- */

/* The view first: SQLite refuses to prepare a schema that has a view of a missing table. */
static enum rc_store_result take_out(struct rc_store *store, const struct rc_archive_month *month)
{
    static const char *const triggers[] = {"only_next", "no_update", "no_delete"};
    char sql[256];
    char *view = rc_audit_view_sql(store->db, month->name);
    if (view == NULL)
        return rc_handle_fail(store, "cannot read the schema");
    enum rc_store_result result = rc_handle_exec(store, view);
    sqlite3_free(view);
    for (size_t i = 0; result == RC_STORE_OK && i < sizeof triggers / sizeof triggers[0]; i++) {
        snprintf(sql, sizeof sql, "DROP TRIGGER IF EXISTS %s_%s", month->table, triggers[i]);
        result = rc_handle_exec(store, sql);
    }
    snprintf(sql, sizeof sql, "ALTER TABLE %s RENAME TO " LEFT_ASIDE "%s", month->table, month->name);
    return result == RC_STORE_OK ? rc_handle_exec(store, sql) : result;
}

static enum rc_store_result drop_month(struct rc_store *store, const struct rc_archive_month *month,
                                       const char *path, int64_t at)
{
    sqlite3 *archive = NULL;
    enum rc_store_result result;
    if (sqlite3_open_v2(path, &archive, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
        rc_result_line(archive, "cannot open the copy", store->error);
        result = RC_STORE_REFUSED;
    } else {
        result = note_pieces(store, month, archive, path, at);
    }
    sqlite3_close(archive);
    if (result != RC_STORE_OK)
        return result;
    store->leaving = month->table;
    result = take_out(store, month);
    store->leaving = NULL;
    return result;
}

/* In a savepoint: where it fails half way, the batch goes on without it. */
static enum rc_store_result drop_or_not(struct rc_store *store, const struct rc_archive_month *month,
                                        const char *path, int64_t at)
{
    enum rc_store_result result = rc_handle_exec(store, "SAVEPOINT archiving");
    if (result != RC_STORE_OK)
        return result;
    result = drop_month(store, month, path, at);
    if (result == RC_STORE_OK)
        return rc_handle_exec(store, "RELEASE archiving");
    if (result == RC_STORE_REFUSED)
        sqlite3_exec(store->db, "ROLLBACK TO archiving; RELEASE archiving", NULL, NULL, NULL);
    return result;
}

enum rc_store_result rc_store_archive_drop(struct rc_store *store, const char *month, const char *path,
                                           int64_t at)
{
    struct rc_archive_month leaving = {.count = 0};
    enum rc_store_result result = rc_handle_may_write(store, 0);
    if (result != RC_STORE_OK)
        return result;
    result = rc_archive_month(store->db, month, &leaving, store->error);
    if (rc_result_is_fatal(result))
        result = rc_handle_fail(store, "cannot archive");
    if (result == RC_STORE_OK)
        result = drop_or_not(store, &leaving, path, at);
    rc_archive_month_end(&leaving);
    return result;
}

enum rc_store_result rc_store_archived(struct rc_store *store, int site, const char *month,
                                       struct rc_archived *out)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_ARCHIVED, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_word(&binder, month);
    rc_bind_key(&binder, &store->sites[site].name);
    if (!rc_handle_row(store, binder.statement, &result))
        return result == RC_STORE_OK ? RC_STORE_NOT_FOUND : result;
    struct rc_text first = rc_column_text(binder.statement, 1), last = rc_column_text(binder.statement, 2);
    out->rows = rc_column_some(binder.statement, 0);
    snprintf(out->first_hash, sizeof out->first_hash, "%.*s", (int)first.length, first.data);
    snprintf(out->last_hash, sizeof out->last_hash, "%.*s", (int)last.length, last.data);
    sqlite3_reset(binder.statement);
    return RC_STORE_OK;
}

/* ---- what was left aside ---- */

/* A table that was left aside and its first row; false: there is none, or *result says why not. */
static bool find_left(struct rc_store *store, char table[RC_ARCHIVE_TABLE_MAX], enum rc_store_result *result)
{
    struct binder binder;
    *result = rc_bind_sql(store, RC_SQL_LEFT_ASIDE, &binder);
    if (*result != RC_STORE_OK || !rc_handle_row(store, binder.statement, result))
        return false;
    snprintf(table, RC_ARCHIVE_TABLE_MAX, "%s", (const char *)sqlite3_column_text(binder.statement, 0));
    sqlite3_reset(binder.statement);
    return true;
}

/* The first rows, by their key: the pages at the left of the tree become free one after the other. */
static enum rc_store_result take_rows(struct rc_store *store, const char *table)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "DELETE FROM %s WHERE site = (SELECT site FROM %s LIMIT 1) "
             "AND seq < %d + (SELECT seq FROM %s LIMIT 1)",
             table, table, SWEEP_ROWS, table);
    enum rc_store_result result = rc_handle_exec(store, sql);
    if (result != RC_STORE_OK || sqlite3_changes(store->db) > 0)
        return result;
    snprintf(sql, sizeof sql, "DROP TABLE %s", table);
    return rc_handle_exec(store, sql);
}

enum rc_store_result rc_store_archive_sweep(struct rc_store *store, bool *done)
{
    char table[RC_ARCHIVE_TABLE_MAX];
    *done = false;
    if (store->failed != RC_STORE_OK)
        return store->failed;
    if (store->in_transaction)
        return rc_handle_refuse(store, "a transaction is open");
    enum rc_store_result result = RC_STORE_OK;
    if (!find_left(store, table, &result)) {
        *done = result == RC_STORE_OK;
        return result;
    }
    result = rc_store_begin(store);
    if (result == RC_STORE_OK)
        result = take_rows(store, table);
    if (result == RC_STORE_OK)
        return rc_store_commit(store);
    rc_store_rollback(store);
    return result;
}
