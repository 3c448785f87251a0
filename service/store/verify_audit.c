/* The chains of audit_logs through the database and its archives: see verify.h. */
#include "audit.h"
#include "result.h"
#include "verify_parts.h"
#include "walk.h"

#include <stdio.h>
#include <string.h>

/* ---- where the months are ---- */

size_t rc_verify_source_count(const struct rc_verify_run *run)
{
    return run->options->archive_count + 1;
}

sqlite3 *rc_verify_source(const struct rc_verify_run *run, size_t index, const char *table)
{
    sqlite3 *db = index == 0 ? run->db : run->archives[index - 1];
    bool has =
        sqlite3_table_column_metadata(db, "main", table, NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
    return has ? db : NULL;
}

/* Whether the database knows a month, of a site or (NULL) of any. */
static bool knows(struct rc_verify_run *run, const char *month, const char *site)
{
    static const char sql[] = "SELECT 1 FROM audit_months WHERE month = ?1 AND (?2 IS NULL OR site = ?2)";
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(run->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return false;
    struct binder binder = rc_bind(statement);
    rc_bind_word(&binder, month);
    rc_bind_word(&binder, site);
    bool known = sqlite3_step(statement) == SQLITE_ROW;
    sqlite3_finalize(statement);
    return known;
}

/* Rows of a site without a piece in that month would never be walked. */
static enum rc_verify_result check_sites(struct rc_verify_run *run, sqlite3 *archive, const char *path,
                                         const char *month)
{
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf("WITH RECURSIVE s (site) AS (SELECT min(site) FROM audit_logs_%w UNION ALL "
                                "SELECT (SELECT min(site) FROM audit_logs_%w WHERE site > s.site) FROM s "
                                "WHERE s.site IS NOT NULL) SELECT site FROM s WHERE site IS NOT NULL",
                                month, month);
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(archive, sql, -1, &statement, NULL);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    sqlite3_free(sql);
    while ((code == SQLITE_OK || code == SQLITE_ROW) && result == RC_VERIFY_SOUND &&
           (code = sqlite3_step(statement)) == SQLITE_ROW)
        if (!knows(run, month, (const char *)sqlite3_column_text(statement, 0)))
            result =
                rc_verify_say(run, RC_VERIFY_BROKEN, path, "holds rows of a site that had none in its month");
    if (result == RC_VERIFY_SOUND && code != SQLITE_DONE)
        result = rc_verify_of_sqlite(run, archive, path);
    sqlite3_finalize(statement);
    return result;
}

static enum rc_verify_result check_archive(struct rc_verify_run *run, size_t index)
{
    const char *path = run->options->archives[index];
    sqlite3 *archive = run->archives[index];
    sqlite3_stmt *tables = NULL;
    int months = 0, code = sqlite3_prepare_v2(archive, rc_sql_texts[RC_SQL_AUDIT_TABLES], -1, &tables, NULL);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    while ((code == SQLITE_OK || code == SQLITE_ROW) && result == RC_VERIFY_SOUND &&
           (code = sqlite3_step(tables)) == SQLITE_ROW) {
        const char *month = (const char *)sqlite3_column_text(tables, 0) + strlen("audit_logs_");
        months++;
        result = knows(run, month, NULL) ? check_sites(run, archive, path, month)
                                         : rc_verify_say(run, RC_VERIFY_BROKEN, path,
                                                         "holds a month that this database never had");
    }
    if (result == RC_VERIFY_SOUND && code != SQLITE_DONE)
        result = rc_verify_of_sqlite(run, archive, path);
    else if (result == RC_VERIFY_SOUND && months == 0)
        result =
            rc_verify_say(run, RC_VERIFY_UNREADABLE, path, "is no archive: it holds no month of audit_logs");
    sqlite3_finalize(tables);
    return result;
}

enum rc_verify_result rc_verify_archives(struct rc_verify_run *run)
{
    enum rc_verify_result result = RC_VERIFY_SOUND;
    for (size_t i = 0; result == RC_VERIFY_SOUND && i < run->options->archive_count; i++)
        result = check_archive(run, i);
    return result;
}

/* ---- one site's chain ---- */

/* One month of a site, by audit_months, and by audit_archives where it is noted there. */
struct month {
    const char *name;
    struct head start; /* what stands before it */
    int64_t last_seq;
    const char *path; /* NULL: not noted */
    int64_t noted_first_seq, noted_last_seq;
    struct rc_text noted_first_hash, noted_last_hash;
};

/* How far the walk over a site's months has come. */
struct audit_walk {
    const char *site;
    struct head walked;
    bool absent; /* the last month was nowhere; walked is before it, or where its note says that it ends */
    int64_t missing; /* rows of such months */
};

static enum rc_store_result broken(struct rc_verify_run *run, const struct audit_walk *at, const char *month,
                                   const char *what)
{
    snprintf(run->message, RC_STORE_ERROR_MAX, "audit_logs of site %s: month %s: %s (row %lld)", at->site,
             month, what, (long long)at->walked.seq);
    return RC_STORE_BROKEN_CHAIN;
}

/* The hash of a month's first row, as one source has it. */
static bool first_hash_is(sqlite3 *db, const char *table, const char *site, const struct month *month)
{
    sqlite3_stmt *statement = NULL;
    char *sql = sqlite3_mprintf("SELECT 1 FROM %w WHERE site = ? AND seq = ? AND hash = ?", table);
    if (sql != NULL && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK) {
        struct binder binder = rc_bind(statement);
        rc_bind_word(&binder, site);
        rc_bind_int(&binder, month->noted_first_seq);
        rc_bind_text(&binder, month->noted_first_hash);
    }
    sqlite3_free(sql);
    bool is = statement != NULL && sqlite3_step(statement) == SQLITE_ROW;
    sqlite3_finalize(statement);
    return is;
}

/* What was noted when the month was archived. */
static bool note_fits(const struct month *month, const struct head *end)
{
    char hash[RC_HASH_HEX + 1];
    rc_hash_hex(end->hash, hash);
    return month->noted_first_seq == month->start.seq + 1 && month->noted_last_seq == end->seq &&
           month->noted_last_hash.length == RC_HASH_HEX &&
           memcmp(month->noted_last_hash.data, hash, RC_HASH_HEX) == 0;
}

/* A month that is nowhere: the chain goes on where its note says that it ends, or without one where the next
 * begins. */
static void skip_month(struct rc_verify_run *run, struct audit_walk *at, const struct month *month)
{
    const struct rc_verify_missing missing = {.site = at->site,
                                              .month = month->name,
                                              .rows = month->last_seq - month->start.seq,
                                              .path = month->path};
    at->missing += missing.rows;
    at->absent = month->path == NULL;
    if (run->options->each_missing != NULL)
        run->options->each_missing(run->options->context, &missing);
    if (at->absent)
        return;
    at->walked.seq = month->noted_last_seq;
    if (!rc_hash_parse(month->noted_last_hash.data, month->noted_last_hash.length, at->walked.hash))
        memset(at->walked.hash, 0, sizeof at->walked.hash); /* fits nothing */
}

/* Walks a month wherever it is; all places must lead to the same end. */
static enum rc_store_result check_month(struct rc_verify_run *run, struct audit_walk *at,
                                        const struct month *month)
{
    char table[32];
    size_t places = 0;
    struct head end = month->start;
    snprintf(table, sizeof table, "audit_logs_%.15s", month->name);
    if (at->absent)
        at->walked = month->start;
    if (memcmp(&month->start, &at->walked, sizeof month->start) != 0)
        return broken(run, at, month->name, "does not begin where the one before ended");
    for (size_t i = 0; i < rc_verify_source_count(run); i++) {
        sqlite3 *db = rc_verify_source(run, i, table);
        struct head head = month->start;
        if (db == NULL)
            continue;
        const struct rc_walk walk = {db,    "main",           "audit_logs",
                                     table, RC_AUDIT_COLUMNS, RC_AUDIT_COLUMN_COUNT};
        enum rc_store_result result = rc_walk_rows(&walk, &run->chain, at->site, &head, run->message);
        if (result != RC_STORE_OK)
            return result;
        if (places++ > 0 && memcmp(&head, &end, sizeof head) != 0)
            return broken(run, at, month->name, "is in two places and not the same in both");
        end = head;
        if (month->path != NULL && !first_hash_is(db, table, at->site, month))
            return broken(run, at, month->name, "does not begin as was noted when it was archived");
    }
    at->walked = end;
    at->absent = false;
    if (places == 0)
        skip_month(run, at, month);
    else if (month->path != NULL && !note_fits(month, &end))
        return broken(run, at, month->name, "does not end as was noted when it was archived");
    return RC_STORE_OK;
}

static struct month read_month(sqlite3_stmt *months)
{
    struct rc_text hash = rc_column_text(months, 2);
    struct month month = {
        .name = (const char *)sqlite3_column_text(months, 0),
        .start.seq = sqlite3_column_int64(months, 1) - 1,
        .last_seq = sqlite3_column_int64(months, 3),
        .path = (const char *)sqlite3_column_text(months, 4),
        .noted_first_seq = sqlite3_column_int64(months, 5),
        .noted_last_seq = sqlite3_column_int64(months, 6),
        .noted_first_hash = rc_column_text(months, 7),
        .noted_last_hash = rc_column_text(months, 8),
    };
    if (!rc_hash_parse(hash.data, hash.length, month.start.hash))
        memset(month.start.hash, 0, sizeof month.start.hash); /* fits nothing */
    return month;
}

static enum rc_store_result check_months(struct rc_verify_run *run, struct audit_walk *at, int64_t last_seq)
{
    static const char sql[] =
        "SELECT m.month, m.first_seq, m.previous_hash, "
        "COALESCE(lead(m.first_seq) OVER (ORDER BY m.month) - 1, ?2), a.path, a.first_seq, a.last_seq, "
        "a.first_hash, a.last_hash FROM audit_months m "
        "LEFT JOIN audit_archives a ON a.site = m.site AND a.month = m.month WHERE m.site = ?1 ORDER BY "
        "m.month";
    sqlite3_stmt *months = NULL;
    if (sqlite3_prepare_v2(run->db, sql, -1, &months, NULL) != SQLITE_OK)
        return rc_result_line(run->db, "audit_months", run->message);
    struct binder binder = rc_bind(months);
    rc_bind_word(&binder, at->site);
    rc_bind_int(&binder, last_seq);
    enum rc_store_result result = RC_STORE_OK;
    int code = SQLITE_DONE;
    while (result == RC_STORE_OK && (code = sqlite3_step(months)) == SQLITE_ROW) {
        const struct month month = read_month(months);
        result = check_month(run, at, &month);
    }
    if (result == RC_STORE_OK && code != SQLITE_DONE)
        result = rc_result_line(run->db, "audit_months", run->message);
    sqlite3_finalize(months);
    return result;
}

enum rc_verify_result rc_verify_audit(struct rc_verify_run *run, const char *site, struct head *head,
                                      int64_t *missing)
{
    struct audit_walk at = {.site = site};
    struct head recorded;
    enum rc_store_result result =
        rc_walk_head(run->db, &run->chain, site, "audit_logs", &recorded, run->message);
    rc_chain_genesis(&run->chain, site, at.walked.hash);
    if (result == RC_STORE_OK)
        result = check_months(run, &at, recorded.seq);
    if (result == RC_STORE_OK && at.absent) /* nothing here to compare the head with */
        at.walked = recorded;
    if (result == RC_STORE_OK)
        result = rc_walk_ends(site, "audit_logs", &at.walked, &recorded, run->message);
    *head = at.walked;
    *missing = at.missing;
    return rc_verify_of_store(result);
}
