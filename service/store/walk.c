#include "walk.h"

#include "result.h"

#include <stdio.h>
#include <string.h>

static enum rc_store_result broken(const struct rc_walk *walk, const char *site, int64_t seq,
                                   const char *what, char error[RC_STORE_ERROR_MAX])
{
    snprintf(error, RC_STORE_ERROR_MAX, "%s of site %s: row %lld: %s", walk->log, site, (long long)seq, what);
    return RC_STORE_BROKEN_CHAIN;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql, const char *site)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK)
        sqlite3_bind_text(statement, 1, site, -1, SQLITE_STATIC);
    return statement;
}

/* Feeds a column to the chain as it is stored; false: of a type that the table cannot hold. */
static bool feed(struct rc_chain *chain, sqlite3_stmt *statement, int column)
{
    struct rc_text text;
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
        rc_chain_null(chain);
        return true;
    case SQLITE_INTEGER:
        rc_chain_integer(chain, sqlite3_column_int64(statement, column));
        return true;
    case SQLITE_TEXT:
        text = rc_column_text(statement, column);
        rc_chain_text(chain, text.data, text.length);
        return true;
    default:
        return false;
    }
}

static enum rc_store_result check_row(const struct rc_walk *walk, struct rc_chain *chain, const char *site,
                                      sqlite3_stmt *statement, struct head *head,
                                      char error[RC_STORE_ERROR_MAX])
{
    struct head next = {.seq = sqlite3_column_int64(statement, 1)};
    uint8_t stored[RC_HASH_BYTES];
    if (next.seq != head->seq + 1)
        return broken(walk, site, head->seq + 1, "is missing", error);
    rc_chain_begin(chain, head->hash, walk->log);
    for (int i = 0; i < walk->column_count - 1; i++)
        if (!feed(chain, statement, i))
            return broken(walk, site, next.seq, "a column is of an impossible type", error);
    rc_chain_end(chain, next.hash);
    struct rc_text hash = rc_column_text(statement, walk->column_count - 1);
    if (!rc_hash_parse(hash.data, hash.length, stored) || memcmp(stored, next.hash, sizeof stored) != 0)
        return broken(walk, site, next.seq, "the hash does not fit the row and the one before it", error);
    *head = next;
    return RC_STORE_OK;
}

enum rc_store_result rc_walk_rows(const struct rc_walk *walk, struct rc_chain *chain, const char *site,
                                  struct head *head, char error[RC_STORE_ERROR_MAX])
{
    char sql[640];
    snprintf(sql, sizeof sql, "SELECT %s FROM %s.%s WHERE site = ? AND seq > ? ORDER BY seq", walk->columns,
             walk->schema, walk->table);
    sqlite3_stmt *statement = prepare(walk->db, sql, site);
    if (statement == NULL)
        return rc_result_line(walk->db, "cannot read the log", error);
    sqlite3_bind_int64(statement, 2, head->seq);
    enum rc_store_result result = RC_STORE_OK;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        result = check_row(walk, chain, site, statement, head, error);
        if (result != RC_STORE_OK)
            break;
    }
    if (result == RC_STORE_OK && code != SQLITE_DONE)
        result = rc_result_line(walk->db, "cannot read the log", error);
    sqlite3_finalize(statement);
    return result;
}

enum rc_store_result rc_walk_punches(sqlite3 *db, struct rc_chain *chain, const char *site, struct head *head,
                                     char error[RC_STORE_ERROR_MAX])
{
    const struct rc_walk walk = {db, "main", "punches", "punches", RC_PUNCH_COLUMNS, RC_PUNCH_COLUMN_COUNT};
    head->seq = 0;
    rc_chain_genesis(chain, site, head->hash);
    return rc_walk_rows(&walk, chain, site, head, error);
}

enum rc_store_result rc_walk_head(sqlite3 *db, struct rc_chain *chain, const char *site, const char *log,
                                  struct head *head, char error[RC_STORE_ERROR_MAX])
{
    sqlite3_stmt *statement = prepare(db, rc_sql_texts[RC_SQL_HEAD_GET], site);
    if (statement == NULL)
        return rc_result_line(db, "cannot read the heads", error);
    sqlite3_bind_text(statement, 2, log, -1, SQLITE_STATIC);
    int code = sqlite3_step(statement);
    enum rc_store_result result = RC_STORE_OK;
    head->seq = 0;
    rc_chain_genesis(chain, site, head->hash);
    if (code == SQLITE_ROW) {
        struct rc_text hash = rc_column_text(statement, 1);
        head->seq = sqlite3_column_int64(statement, 0);
        if (!rc_hash_parse(hash.data, hash.length, head->hash)) {
            snprintf(error, RC_STORE_ERROR_MAX, "%s of site %s: the recorded head is no hash", log, site);
            result = RC_STORE_BROKEN_CHAIN;
        }
    } else if (code != SQLITE_DONE) {
        result = rc_result_line(db, "cannot read the heads", error);
    }
    sqlite3_finalize(statement);
    return result;
}

enum rc_store_result rc_walk_ends(const char *site, const char *log, const struct head *walked,
                                  const struct head *recorded, char error[RC_STORE_ERROR_MAX])
{
    if (walked->seq == recorded->seq && memcmp(walked->hash, recorded->hash, RC_HASH_BYTES) == 0)
        return RC_STORE_OK;
    snprintf(error, RC_STORE_ERROR_MAX,
             "%s of site %s: ends at row %lld, but its recorded head is row %lld%s", log, site,
             (long long)walked->seq, (long long)recorded->seq,
             walked->seq == recorded->seq ? " with another hash" : "");
    return RC_STORE_BROKEN_CHAIN;
}

/* ---- the end of the audit log ---- */

/* The month tables that a site's last two months are in, oldest first, and what stands before them. */
struct recent {
    int count;
    char table[2][32];
    struct head start;
};

static enum rc_store_result find_recent(sqlite3 *db, const char *site, struct recent *out,
                                        char error[RC_STORE_ERROR_MAX])
{
    sqlite3_stmt *statement =
        prepare(db,
                "SELECT m.month, m.first_seq, m.previous_hash FROM audit_months m WHERE m.site = ? "
                "AND EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'audit_logs_' || m.month) "
                "ORDER BY m.month DESC LIMIT 2",
                site);
    if (statement == NULL)
        return rc_result_line(db, "cannot read the months of audit_logs", error);
    int code;
    out->count = 0;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW && out->count < 2) {
        struct rc_text hash = rc_column_text(statement, 2);
        if (out->count == 1)
            memcpy(out->table[1], out->table[0], sizeof out->table[1]);
        snprintf(out->table[0], sizeof out->table[0], "audit_logs_%.15s",
                 (const char *)sqlite3_column_text(statement, 0));
        out->count++;
        out->start.seq = sqlite3_column_int64(statement, 1) - 1;
        if (!rc_hash_parse(hash.data, hash.length, out->start.hash)) {
            sqlite3_finalize(statement);
            snprintf(error, RC_STORE_ERROR_MAX, "audit_months of site %s: a hash is none", site);
            return RC_STORE_BROKEN_CHAIN;
        }
    }
    enum rc_store_result result =
        code == SQLITE_DONE ? RC_STORE_OK : rc_result_line(db, "cannot read the months of audit_logs", error);
    sqlite3_finalize(statement);
    return result;
}

/* Starts later where there are too many rows: the hash of the row there is taken as it is. */
static enum rc_store_result skip_ahead(sqlite3 *db, const char *site, int64_t seq, struct head *start,
                                       char error[RC_STORE_ERROR_MAX])
{
    if (seq <= start->seq)
        return RC_STORE_OK;
    sqlite3_stmt *statement = prepare(db, "SELECT hash FROM audit_logs WHERE site = ? AND seq = ?", site);
    if (statement == NULL)
        return rc_result_line(db, "cannot read audit_logs", error);
    sqlite3_bind_int64(statement, 2, seq);
    enum rc_store_result result = RC_STORE_OK;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        struct rc_text hash = rc_column_text(statement, 0);
        start->seq = seq;
        if (!rc_hash_parse(hash.data, hash.length, start->hash))
            code = SQLITE_DONE;
    }
    if (code == SQLITE_DONE) {
        snprintf(error, RC_STORE_ERROR_MAX, "audit_logs of site %s: row %lld: is missing", site,
                 (long long)seq);
        result = RC_STORE_BROKEN_CHAIN;
    } else if (code != SQLITE_ROW) {
        result = rc_result_line(db, "cannot read audit_logs", error);
    }
    sqlite3_finalize(statement);
    return result;
}

enum rc_store_result rc_walk_recent_audit(sqlite3 *db, struct rc_chain *chain, const char *site,
                                          const struct head *head, char error[RC_STORE_ERROR_MAX])
{
    struct recent recent;
    enum rc_store_result result = find_recent(db, site, &recent, error);
    if (result == RC_STORE_OK && recent.count == 0) {
        recent.start.seq = 0;
        rc_chain_genesis(chain, site, recent.start.hash);
        /* all months archived: nothing here to compare the head with */
        return head->seq == 0 ? rc_walk_ends(site, "audit_logs", &recent.start, head, error) : RC_STORE_OK;
    }
    if (result == RC_STORE_OK)
        result = skip_ahead(db, site, head->seq - RC_WALK_AUDIT_ROWS, &recent.start, error);
    for (int i = 0; result == RC_STORE_OK && i < recent.count; i++) {
        const struct rc_walk walk = {
            db, "main", "audit_logs", recent.table[i], RC_AUDIT_COLUMNS, RC_AUDIT_COLUMN_COUNT};
        result = rc_walk_rows(&walk, chain, site, &recent.start, error);
    }
    return result == RC_STORE_OK ? rc_walk_ends(site, "audit_logs", &recent.start, head, error) : result;
}
