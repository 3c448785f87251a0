#include "verify.h"

#include "audit.h"
#include "core/names.h"
#include "migrate.h"
#include "result.h"
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One run. */
struct run {
    const struct rc_verify_options *options;
    sqlite3 *db;
    struct rc_chain chain;
    char *message; /* RC_STORE_ERROR_MAX */
};

static enum rc_verify_result say(struct run *run, enum rc_verify_result result, const char *what,
                                 const char *detail)
{
    snprintf(run->message, RC_STORE_ERROR_MAX, "%.150s%s%.340s", what, *what == '\0' ? "" : ": ", detail);
    return result;
}

/* A damaged page is a finding; a disk that cannot be read is none. */
static enum rc_verify_result of_store(enum rc_store_result result)
{
    if (result == RC_STORE_OK)
        return RC_VERIFY_SOUND;
    return result == RC_STORE_BROKEN_CHAIN || result == RC_STORE_CORRUPT ? RC_VERIFY_BROKEN
                                                                         : RC_VERIFY_UNREADABLE;
}

static enum rc_verify_result of_sqlite(struct run *run, const char *what)
{
    return of_store(rc_result_line(run->db, what, run->message));
}

/* ---- opening ---- */

static enum rc_verify_result attach(struct run *run, size_t index)
{
    char *sql = sqlite3_mprintf("ATTACH %Q AS archive%d", run->options->archives[index], (int)index);
    int code = sqlite3_exec(run->db, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    return code == SQLITE_OK ? RC_VERIFY_SOUND : of_sqlite(run, run->options->archives[index]);
}

/* Read-only, and one snapshot for all that follows: the service may go on meanwhile. */
static enum rc_verify_result open_all(struct run *run)
{
    int version = 0;
    char detail[RC_STORE_ERROR_MAX] = "";
    int flags = SQLITE_OPEN_READONLY; /* of the archives too */
    if (!rc_chain_init(&run->chain))
        return say(run, RC_VERIFY_UNREADABLE, "", "no memory");
    if (sqlite3_open_v2(run->options->path, &run->db, flags, run->options->vfs) != SQLITE_OK)
        return of_sqlite(run, run->options->path);
    sqlite3_extended_result_codes(run->db, 1);
    sqlite3_busy_timeout(run->db, RC_STORE_BUSY_MS);
    enum rc_store_result result = rc_migrate_examine(run->db, &version, detail);
    if (result != RC_STORE_OK)
        return say(run, result == RC_STORE_CORRUPT ? RC_VERIFY_BROKEN : RC_VERIFY_UNREADABLE,
                   run->options->path, detail);
    if (version != rc_migration_count)
        return say(run, RC_VERIFY_UNREADABLE, run->options->path,
                   version == 0 ? "this database is empty"
                                : "made by an older version: let the service open it first");
    if (run->options->archive_count > RC_VERIFY_ARCHIVES_MAX)
        return say(run, RC_VERIFY_UNREADABLE, "", "too many archives at once");
    enum rc_verify_result verified = RC_VERIFY_SOUND;
    for (size_t i = 0; verified == RC_VERIFY_SOUND && i < run->options->archive_count; i++)
        verified = attach(run, i);
    if (verified == RC_VERIFY_SOUND && sqlite3_exec(run->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        verified = of_sqlite(run, run->options->path);
    return verified;
}

/* ---- SQLite's own check ---- */

static enum rc_verify_result check_integrity(struct run *run)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(run->db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    if (code != SQLITE_ROW)
        result = of_sqlite(run, "integrity_check");
    else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
        result = say(run, RC_VERIFY_BROKEN, "the file is damaged",
                     (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return result;
}

/* ---- chains ---- */

static void give_head(struct run *run, const char *site, const char *log, const struct head *head,
                      int64_t missing)
{
    if (run->options->each_head == NULL)
        return;
    struct rc_verify_head given = {.site = site, .log = log, .seq = head->seq, .missing = missing};
    memcpy(given.hash, head->hash, sizeof given.hash);
    run->options->each_head(run->options->context, &given);
}

static enum rc_verify_result check_punches(struct run *run, const char *site)
{
    struct head walked, recorded;
    enum rc_store_result result =
        rc_walk_head(run->db, &run->chain, site, "punches", &recorded, run->message);
    if (result == RC_STORE_OK)
        result = rc_walk_punches(run->db, &run->chain, site, &walked, run->message);
    if (result == RC_STORE_OK)
        result = rc_walk_ends(site, "punches", &walked, &recorded, run->message);
    if (result == RC_STORE_OK)
        give_head(run, site, "punches", &walked, 0);
    return of_store(result);
}

/* How far the walk over a site's months has come. */
struct audit_walk {
    const char *site;
    struct head walked;
    bool absent;     /* the table of the last month was nowhere */
    int64_t missing; /* rows of such months */
};

/* Where a month's table is: in an archive or the database itself; false: nowhere. */
static bool find_month(struct run *run, const char *table, char schema[24])
{
    for (size_t i = 0; i <= run->options->archive_count; i++) {
        if (i == run->options->archive_count)
            snprintf(schema, 24, "main");
        else
            snprintf(schema, 24, "archive%d", (int)i);
        if (sqlite3_table_column_metadata(run->db, schema, table, NULL, NULL, NULL, NULL, NULL, NULL) ==
            SQLITE_OK)
            return true;
    }
    return false;
}

/* Goes over rows that are not here, to where the log goes on. */
static void skip_absent(struct audit_walk *at, const struct head *next)
{
    if (!at->absent || next->seq <= at->walked.seq)
        return;
    at->missing += next->seq - at->walked.seq;
    at->walked = *next;
}

static enum rc_store_result check_month(struct run *run, struct audit_walk *at, const char *month,
                                        const struct head *start)
{
    char table[32], schema[24];
    snprintf(table, sizeof table, "audit_logs_%.15s", month);
    skip_absent(at, start);
    if (memcmp(start, &at->walked, sizeof *start) != 0) {
        snprintf(run->message, RC_STORE_ERROR_MAX,
                 "audit_logs of site %s: month %s: does not begin where the one before ended (row %lld)",
                 at->site, month, (long long)at->walked.seq);
        return RC_STORE_BROKEN_CHAIN;
    }
    at->absent = !find_month(run, table, schema);
    if (at->absent)
        return RC_STORE_OK;
    const struct rc_walk walk = {run->db, schema,           "audit_logs",
                                 table,   RC_AUDIT_COLUMNS, RC_AUDIT_COLUMN_COUNT};
    return rc_walk_rows(&walk, &run->chain, at->site, &at->walked, run->message);
}

static enum rc_store_result check_months(struct run *run, struct audit_walk *at)
{
    static const char sql[] =
        "SELECT month, first_seq, previous_hash FROM audit_months WHERE site = ? ORDER BY month";
    sqlite3_stmt *months = NULL;
    if (sqlite3_prepare_v2(run->db, sql, -1, &months, NULL) != SQLITE_OK)
        return rc_result_line(run->db, "audit_months", run->message);
    sqlite3_bind_text(months, 1, at->site, -1, SQLITE_STATIC);
    enum rc_store_result result = RC_STORE_OK;
    int code = SQLITE_DONE;
    while (result == RC_STORE_OK && (code = sqlite3_step(months)) == SQLITE_ROW) {
        struct head start = {.seq = sqlite3_column_int64(months, 1) - 1};
        struct rc_text hash = rc_column_text(months, 2);
        if (!rc_hash_parse(hash.data, hash.length, start.hash))
            memset(start.hash, 0, sizeof start.hash); /* fits nothing */
        result = check_month(run, at, (const char *)sqlite3_column_text(months, 0), &start);
    }
    if (result == RC_STORE_OK && code != SQLITE_DONE)
        result = rc_result_line(run->db, "audit_months", run->message);
    sqlite3_finalize(months);
    return result;
}

static enum rc_verify_result check_audit(struct run *run, const char *site)
{
    struct audit_walk at = {.site = site};
    struct head recorded;
    enum rc_store_result result =
        rc_walk_head(run->db, &run->chain, site, "audit_logs", &recorded, run->message);
    rc_chain_genesis(&run->chain, site, at.walked.hash);
    if (result == RC_STORE_OK)
        result = check_months(run, &at);
    if (result == RC_STORE_OK) {
        skip_absent(&at, &recorded);
        result = rc_walk_ends(site, "audit_logs", &at.walked, &recorded, run->message);
    }
    if (result == RC_STORE_OK)
        give_head(run, site, "audit_logs", &at.walked, at.missing);
    return of_store(result);
}

/* Rows of a site that the table of sites does not know would never be walked. */
static enum rc_verify_result check_no_other_sites(struct run *run)
{
    static const char sql[] =
        "SELECT site FROM punches WHERE site NOT IN (SELECT name FROM sites) UNION ALL "
        "SELECT site FROM audit_logs WHERE site NOT IN (SELECT name FROM sites) UNION ALL "
        "SELECT site FROM heads WHERE site NOT IN (SELECT name FROM sites) LIMIT 1";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(run->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    if (code == SQLITE_ROW)
        result = say(run, RC_VERIFY_BROKEN, "rows of a site that is not in `sites`",
                     (const char *)sqlite3_column_text(statement, 0));
    else if (code != SQLITE_DONE)
        result = of_sqlite(run, "sites");
    sqlite3_finalize(statement);
    return result;
}

static enum rc_verify_result check_chains(struct run *run)
{
    sqlite3_stmt *sites = NULL;
    if (sqlite3_prepare_v2(run->db, rc_sql_texts[RC_SQL_SITES], -1, &sites, NULL) != SQLITE_OK)
        return of_sqlite(run, "sites");
    enum rc_verify_result result = RC_VERIFY_SOUND;
    int code = SQLITE_DONE;
    while (result == RC_VERIFY_SOUND && (code = sqlite3_step(sites)) == SQLITE_ROW) {
        struct rc_id site;
        rc_column_id(sites, 0, &site);
        result = check_punches(run, site.text);
        if (result == RC_VERIFY_SOUND)
            result = check_audit(run, site.text);
    }
    if (result == RC_VERIFY_SOUND && code != SQLITE_DONE)
        result = of_sqlite(run, "sites");
    sqlite3_finalize(sites);
    return result == RC_VERIFY_SOUND ? check_no_other_sites(run) : result;
}

/* ---- the invariants ---- */

static void name_of_check(const char *sql, size_t length, char out[160])
{
    static const char mark[] = "-- check: ";
    const char *at = strstr(sql, mark);
    snprintf(out, 160, "a check");
    if (at == NULL || at >= sql + length)
        return;
    at += sizeof mark - 1;
    snprintf(out, 160, "%.*s", (int)strcspn(at, "\n"), at);
}

static enum rc_verify_result run_check(struct run *run, const char *sql, const char **tail)
{
    sqlite3_stmt *statement = NULL;
    char name[160], where[200];
    if (sqlite3_prepare_v2(run->db, sql, -1, &statement, tail) != SQLITE_OK)
        return of_sqlite(run, "checks");
    if (statement == NULL) /* only white space was left */
        return RC_VERIFY_SOUND;
    name_of_check(sql, (size_t)(*tail - sql), name);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        snprintf(where, sizeof where, "site %.64s, %.100s", (const char *)sqlite3_column_text(statement, 0),
                 (const char *)sqlite3_column_text(statement, 1));
        result = say(run, RC_VERIFY_BROKEN, name, where);
    } else if (code != SQLITE_DONE) {
        result = of_sqlite(run, name);
    }
    sqlite3_finalize(statement);
    return result;
}

static enum rc_verify_result check_invariants(struct run *run)
{
    const char *sql = rc_checks_sql;
    enum rc_verify_result result = RC_VERIFY_SOUND;
    while (result == RC_VERIFY_SOUND && *sql != '\0')
        result = run_check(run, sql, &sql);
    return result;
}

/* ---- a receipt ---- */

/* Whether `sql`, which takes a receipt's parts, gives a row. */
static enum rc_verify_result finds(struct run *run, const char *sql, bool *found)
{
    const struct rc_verify_receipt *receipt = run->options->receipt;
    char hex[RC_HASH_HEX + 1];
    rc_hash_hex(receipt->hash, hex);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(run->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return of_sqlite(run, "receipt");
    struct binder binder = rc_bind(statement);
    rc_bind_word(&binder, hex);
    rc_bind_id(&binder, &receipt->site);
    if (receipt->seq != 0) {
        rc_bind_int(&binder, receipt->seq);
        rc_bind_word(&binder, receipt->id);
        rc_bind_word(&binder, receipt->type);
        rc_bind_int(&binder, receipt->at);
    }
    int code = sqlite3_step(statement);
    *found = code == SQLITE_ROW;
    enum rc_verify_result result =
        code == SQLITE_ROW || code == SQLITE_DONE ? RC_VERIFY_SOUND : of_sqlite(run, "receipt");
    sqlite3_finalize(statement);
    return result;
}

/* Whether the receipt's hash is what stands before the first row of its site, or of any. */
static enum rc_verify_result is_genesis(struct run *run, bool *found)
{
    const struct rc_verify_receipt *receipt = run->options->receipt;
    sqlite3_stmt *sites = NULL;
    if (sqlite3_prepare_v2(run->db, rc_sql_texts[RC_SQL_SITES], -1, &sites, NULL) != SQLITE_OK)
        return of_sqlite(run, "sites");
    int code = SQLITE_DONE;
    while (!*found && (code = sqlite3_step(sites)) == SQLITE_ROW) {
        struct rc_id site;
        uint8_t hash[RC_HASH_BYTES];
        rc_column_id(sites, 0, &site);
        rc_chain_genesis(&run->chain, site.text, hash);
        *found = (receipt->site.length == 0 || rc_id_equal(&receipt->site, &site)) &&
                 memcmp(hash, receipt->hash, sizeof hash) == 0;
    }
    enum rc_verify_result result = *found || code == SQLITE_DONE ? RC_VERIFY_SOUND : of_sqlite(run, "sites");
    sqlite3_finalize(sites);
    return result;
}

static enum rc_verify_result check_receipt(struct run *run)
{
    const struct rc_verify_receipt *receipt = run->options->receipt;
    static const char of_row[] =
        "SELECT 1 FROM punches WHERE hash = ?1 AND (?2 IS NULL OR site = ?2) AND seq = ?3 "
        "AND (?4 IS NULL OR id = ?4) AND (?5 IS NULL OR type = ?5) AND (?6 = -1 OR at = ?6)";
    static const char of_head[] = "SELECT 1 FROM punches WHERE hash = ?1 AND (?2 IS NULL OR site = ?2)";
    char what[64];
    bool found = false;
    if (receipt == NULL)
        return RC_VERIFY_SOUND;
    enum rc_verify_result result = finds(run, receipt->seq != 0 ? of_row : of_head, &found);
    if (result == RC_VERIFY_SOUND && !found && receipt->seq == 0)
        result = is_genesis(run, &found);
    if (result != RC_VERIFY_SOUND || found)
        return result;
    if (receipt->seq == 0)
        return say(run, RC_VERIFY_BROKEN, "the receipt", "no row of the log has its hash");
    snprintf(what, sizeof what, "the receipt for row %lld", (long long)receipt->seq);
    return say(run, RC_VERIFY_BROKEN, what, "no row of the log has this seq and hash, and says the same");
}

enum rc_verify_result rc_verify(const struct rc_verify_options *options, char message[RC_STORE_ERROR_MAX])
{
    struct run run = {.options = options, .message = message};
    message[0] = '\0';
    enum rc_verify_result result = open_all(&run);
    if (result == RC_VERIFY_SOUND)
        result = check_integrity(&run);
    if (result == RC_VERIFY_SOUND)
        result = check_chains(&run);
    if (result == RC_VERIFY_SOUND)
        result = check_invariants(&run);
    if (result == RC_VERIFY_SOUND)
        result = check_receipt(&run);
    sqlite3_close(run.db);
    rc_chain_fini(&run.chain);
    return result;
}
