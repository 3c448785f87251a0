#include "verify_parts.h"

#include "core/names.h"
#include "migrate.h"
#include "result.h"
#include "schema.h"
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum rc_verify_result rc_verify_say(struct rc_verify_run *run, enum rc_verify_result result, const char *what,
                                    const char *detail)
{
    snprintf(run->message, RC_STORE_ERROR_MAX, "%.150s%s%.340s", what, *what == '\0' ? "" : ": ", detail);
    return result;
}

enum rc_verify_result rc_verify_of_store(enum rc_store_result result)
{
    if (result == RC_STORE_OK)
        return RC_VERIFY_SOUND;
    return result == RC_STORE_BROKEN_CHAIN || result == RC_STORE_WRONG_SCHEMA || result == RC_STORE_CORRUPT
               ? RC_VERIFY_BROKEN
               : RC_VERIFY_UNREADABLE;
}

enum rc_verify_result rc_verify_of_sqlite(struct rc_verify_run *run, sqlite3 *db, const char *what)
{
    return rc_verify_of_store(rc_result_line(db, what, run->message));
}

/* ---- opening ---- */

static enum rc_verify_result open_archives(struct rc_verify_run *run)
{
    const struct rc_verify_options *options = run->options;
    if (options->archive_count > RC_VERIFY_ARCHIVES_MAX)
        return rc_verify_say(run, RC_VERIFY_UNREADABLE, "", "too many archives at once");
    run->archives = calloc(options->archive_count + 1, sizeof *run->archives);
    if (run->archives == NULL)
        return rc_verify_say(run, RC_VERIFY_UNREADABLE, "", "no memory");
    for (size_t i = 0; i < options->archive_count; i++) {
        const char *path = options->archives[i];
        if (sqlite3_open_v2(path, &run->archives[i], SQLITE_OPEN_READONLY, options->vfs) != SQLITE_OK)
            return rc_verify_of_sqlite(run, run->archives[i], path);
        sqlite3_extended_result_codes(run->archives[i], 1);
    }
    return RC_VERIFY_SOUND;
}

static void close_all(struct rc_verify_run *run)
{
    for (size_t i = 0; run->archives != NULL && i < run->options->archive_count; i++)
        sqlite3_close(run->archives[i]);
    free(run->archives);
    sqlite3_close(run->db);
    rc_chain_fini(&run->chain);
}

/* Read-only, and one snapshot for all that follows: the service may go on meanwhile. */
static enum rc_verify_result open_all(struct rc_verify_run *run)
{
    int version = 0;
    char detail[RC_STORE_ERROR_MAX] = "";
    if (!rc_chain_init(&run->chain))
        return rc_verify_say(run, RC_VERIFY_UNREADABLE, "", "no memory");
    if (sqlite3_open_v2(run->options->path, &run->db, SQLITE_OPEN_READONLY, run->options->vfs) != SQLITE_OK)
        return rc_verify_of_sqlite(run, run->db, run->options->path);
    sqlite3_extended_result_codes(run->db, 1);
    sqlite3_busy_timeout(run->db, RC_STORE_BUSY_MS);
    enum rc_store_result result = rc_migrate_examine(run->db, &version, detail);
    if (result != RC_STORE_OK)
        return rc_verify_say(run, result == RC_STORE_CORRUPT ? RC_VERIFY_BROKEN : RC_VERIFY_UNREADABLE,
                             run->options->path, detail);
    if (version != rc_migration_count)
        return rc_verify_say(run, RC_VERIFY_UNREADABLE, run->options->path,
                             version == 0 ? "this database is empty"
                                          : "made by an older version: let the service open it first");
    enum rc_verify_result verified = open_archives(run);
    if (verified == RC_VERIFY_SOUND && sqlite3_exec(run->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        verified = rc_verify_of_sqlite(run, run->db, run->options->path);
    return verified;
}

/* ---- SQLite's own check ---- */

static enum rc_verify_result check_file(struct rc_verify_run *run, sqlite3 *db, const char *path)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    if (code != SQLITE_ROW)
        result = rc_verify_of_sqlite(run, db, path);
    else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0)
        result = rc_verify_say(run, RC_VERIFY_BROKEN, "the file is damaged",
                               (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return result;
}

static enum rc_verify_result check_files(struct rc_verify_run *run)
{
    enum rc_verify_result result = check_file(run, run->db, run->options->path);
    for (size_t i = 0; result == RC_VERIFY_SOUND && i < run->options->archive_count; i++)
        result = check_file(run, run->archives[i], run->options->archives[i]);
    return result;
}

/* ---- chains ---- */

static void give_head(struct rc_verify_run *run, const char *site, const char *log, const struct head *head,
                      int64_t missing)
{
    if (run->options->each_head == NULL)
        return;
    struct rc_verify_head given = {.site = site, .log = log, .seq = head->seq, .missing = missing};
    memcpy(given.hash, head->hash, sizeof given.hash);
    run->options->each_head(run->options->context, &given);
}

static enum rc_verify_result check_punches(struct rc_verify_run *run, const char *site)
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
    return rc_verify_of_store(result);
}

static enum rc_verify_result check_audit(struct rc_verify_run *run, const char *site)
{
    struct head head;
    int64_t missing = 0;
    enum rc_verify_result result = rc_verify_audit(run, site, &head, &missing);
    if (result == RC_VERIFY_SOUND)
        give_head(run, site, "audit_logs", &head, missing);
    return result;
}

/* Rows of a site that the table of sites does not know would never be walked. */
static enum rc_verify_result check_no_other_sites(struct rc_verify_run *run)
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
        result = rc_verify_say(run, RC_VERIFY_BROKEN, "rows of a site that is not in `sites`",
                               (const char *)sqlite3_column_text(statement, 0));
    else if (code != SQLITE_DONE)
        result = rc_verify_of_sqlite(run, run->db, "sites");
    sqlite3_finalize(statement);
    return result;
}

static enum rc_verify_result check_chains(struct rc_verify_run *run)
{
    sqlite3_stmt *sites = NULL;
    if (sqlite3_prepare_v2(run->db, rc_sql_texts[RC_SQL_SITES], -1, &sites, NULL) != SQLITE_OK)
        return rc_verify_of_sqlite(run, run->db, "sites");
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
        result = rc_verify_of_sqlite(run, run->db, "sites");
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

static enum rc_verify_result run_check(struct rc_verify_run *run, const char *sql, const char **tail)
{
    sqlite3_stmt *statement = NULL;
    char name[160], where[200];
    if (sqlite3_prepare_v2(run->db, sql, -1, &statement, tail) != SQLITE_OK)
        return rc_verify_of_sqlite(run, run->db, "checks");
    if (statement == NULL) /* only white space was left */
        return RC_VERIFY_SOUND;
    name_of_check(sql, (size_t)(*tail - sql), name);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        snprintf(where, sizeof where, "site %.64s, %.100s", (const char *)sqlite3_column_text(statement, 0),
                 (const char *)sqlite3_column_text(statement, 1));
        result = rc_verify_say(run, RC_VERIFY_BROKEN, name, where);
    } else if (code != SQLITE_DONE) {
        result = rc_verify_of_sqlite(run, run->db, name);
    }
    sqlite3_finalize(statement);
    return result;
}

static enum rc_verify_result check_invariants(struct rc_verify_run *run)
{
    const char *sql = rc_checks_sql;
    enum rc_verify_result result = RC_VERIFY_SOUND;
    while (result == RC_VERIFY_SOUND && *sql != '\0')
        result = run_check(run, sql, &sql);
    return result;
}

/* ---- a receipt ---- */

/* Whether `sql`, which takes a receipt's parts, gives a row. */
static enum rc_verify_result finds(struct rc_verify_run *run, const char *sql, bool *found)
{
    const struct rc_verify_receipt *receipt = run->options->receipt;
    char hex[RC_HASH_HEX + 1];
    rc_hash_hex(receipt->hash, hex);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(run->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return rc_verify_of_sqlite(run, run->db, "receipt");
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
    enum rc_verify_result result = code == SQLITE_ROW || code == SQLITE_DONE
                                       ? RC_VERIFY_SOUND
                                       : rc_verify_of_sqlite(run, run->db, "receipt");
    sqlite3_finalize(statement);
    return result;
}

/* Whether the receipt's hash is what stands before the first row of its site, or of any. */
static enum rc_verify_result is_genesis(struct rc_verify_run *run, bool *found)
{
    const struct rc_verify_receipt *receipt = run->options->receipt;
    sqlite3_stmt *sites = NULL;
    if (sqlite3_prepare_v2(run->db, rc_sql_texts[RC_SQL_SITES], -1, &sites, NULL) != SQLITE_OK)
        return rc_verify_of_sqlite(run, run->db, "sites");
    int code = SQLITE_DONE;
    while (!*found && (code = sqlite3_step(sites)) == SQLITE_ROW) {
        struct rc_id site;
        uint8_t hash[RC_HASH_BYTES];
        rc_column_id(sites, 0, &site);
        rc_chain_genesis(&run->chain, site.text, hash);
        *found = (receipt->site.length == 0 || rc_id_equal(&receipt->site, &site)) &&
                 memcmp(hash, receipt->hash, sizeof hash) == 0;
    }
    enum rc_verify_result result =
        *found || code == SQLITE_DONE ? RC_VERIFY_SOUND : rc_verify_of_sqlite(run, run->db, "sites");
    sqlite3_finalize(sites);
    return result;
}

static enum rc_verify_result check_receipt(struct rc_verify_run *run)
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
        return rc_verify_say(run, RC_VERIFY_BROKEN, "the receipt", "no row of the log has its hash");
    snprintf(what, sizeof what, "the receipt for row %lld", (long long)receipt->seq);
    return rc_verify_say(run, RC_VERIFY_BROKEN, what,
                         "no row of the log has this seq and hash, and says the same");
}

enum rc_verify_result rc_verify(const struct rc_verify_options *options, char message[RC_STORE_ERROR_MAX])
{
    struct rc_verify_run run = {.options = options, .message = message};
    message[0] = '\0';
    enum rc_verify_result result = open_all(&run);
    if (result == RC_VERIFY_SOUND)
        result = check_files(&run);
    if (result == RC_VERIFY_SOUND) /* whose views and triggers all that follows relies on */
        result = rc_verify_of_store(rc_schema_check(run.db, rc_migration_count, message));
    if (result == RC_VERIFY_SOUND)
        result = rc_verify_archives(&run);
    if (result == RC_VERIFY_SOUND)
        result = check_chains(&run);
    if (result == RC_VERIFY_SOUND)
        result = rc_verify_training(&run);
    if (result == RC_VERIFY_SOUND)
        result = check_invariants(&run);
    if (result == RC_VERIFY_SOUND)
        result = check_receipt(&run);
    close_all(&run);
    return result;
}
