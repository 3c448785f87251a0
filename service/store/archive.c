#include "archive.h"

#include "result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a database says of a month ---- */

static enum rc_store_result refuse(const char *month, const char *why, char error[RC_STORE_ERROR_MAX])
{
    snprintf(error, RC_STORE_ERROR_MAX, "month %.16s: %s", month, why);
    return RC_STORE_REFUSED;
}

/* Only a month that has a table, and a newer one after it: the newest is still written to. */
static enum rc_store_result check_closed(sqlite3 *db, const char *month, char error[RC_STORE_ERROR_MAX])
{
    static const char sql[] =
        "SELECT (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'audit_logs_' || ?1), "
        "(SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB 'audit_logs_[0-9]*' "
        "AND name > 'audit_logs_' || ?1), (SELECT count(*) FROM audit_archives WHERE month = ?1)";
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return rc_result_line(db, "cannot archive", error);
    struct binder binder = rc_bind(statement);
    rc_bind_word(&binder, month);
    enum rc_store_result result = RC_STORE_OK;
    if (sqlite3_step(statement) != SQLITE_ROW)
        result = rc_result_line(db, "cannot archive", error);
    else if (sqlite3_column_int(statement, 2) > 0)
        result = refuse(month, "has been archived", error);
    else if (sqlite3_column_int(statement, 0) == 0)
        result = refuse(month, "is not in this database", error);
    else if (sqlite3_column_int(statement, 1) == 0)
        result = refuse(month, "is not closed yet", error);
    sqlite3_finalize(statement);
    return result;
}

static void take_word(sqlite3_stmt *statement, int column, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    snprintf(out, size, "%s", text == NULL ? "" : text);
}

/* Where each site's piece begins says audit_months; it ends before the next one, or at the head. */
static enum rc_store_result read_pieces(sqlite3 *db, struct rc_archive_month *month,
                                        char error[RC_STORE_ERROR_MAX])
{
    char *sql = sqlite3_mprintf(
        "WITH pieces (site, first_seq, previous_hash, last_seq) AS (SELECT m.site, m.first_seq, "
        "m.previous_hash, COALESCE((SELECT min(n.first_seq) - 1 FROM audit_months n WHERE n.site = m.site "
        "AND n.month > m.month), (SELECT h.seq FROM heads h WHERE h.site = m.site AND h.log = "
        "'audit_logs')) FROM audit_months m WHERE m.month = %Q) "
        "SELECT p.site, p.first_seq, p.last_seq, p.previous_hash, f.hash, l.hash FROM pieces p "
        "LEFT JOIN %w f ON f.site = p.site AND f.seq = p.first_seq "
        "LEFT JOIN %w l ON l.site = p.site AND l.seq = p.last_seq",
        month->name, month->table, month->table);
    sqlite3_stmt *statement = NULL;
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    sqlite3_free(sql);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW || month->count == RC_STORE_SITES_MAX)
            break;
        struct rc_archive_piece *piece = &month->pieces[month->count++];
        rc_column_id(statement, 0, &piece->site);
        piece->first_seq = sqlite3_column_int64(statement, 1);
        piece->last_seq = sqlite3_column_int64(statement, 2);
        take_word(statement, 3, piece->previous_hash, sizeof piece->previous_hash);
        take_word(statement, 4, piece->first_hash, sizeof piece->first_hash);
        take_word(statement, 5, piece->last_hash, sizeof piece->last_hash);
    }
    enum rc_store_result result =
        code == SQLITE_DONE ? RC_STORE_OK : rc_result_line(db, "cannot archive", error);
    sqlite3_finalize(statement);
    return result;
}

enum rc_store_result rc_archive_month(sqlite3 *db, const char *month, struct rc_archive_month *out,
                                      char error[RC_STORE_ERROR_MAX])
{
    *out = (struct rc_archive_month){.count = 0};
    if (strlen(month) != 7 || strspn(month, "0123456789_") != 7 || month[4] != '_') {
        snprintf(error, RC_STORE_ERROR_MAX, "a month is written 2026_01");
        return RC_STORE_REFUSED;
    }
    snprintf(out->name, sizeof out->name, "%s", month);
    snprintf(out->table, sizeof out->table, "audit_logs_%s", month);
    out->pieces = calloc(RC_STORE_SITES_MAX, sizeof *out->pieces);
    if (out->pieces == NULL) {
        snprintf(error, RC_STORE_ERROR_MAX, "no memory");
        return RC_STORE_IO;
    }
    enum rc_store_result result = check_closed(db, month, error);
    return result == RC_STORE_OK ? read_pieces(db, out, error) : result;
}

void rc_archive_month_end(struct rc_archive_month *month)
{
    free(month->pieces);
    month->pieces = NULL;
}

/* ---- what an archive says of itself ---- */

enum rc_store_result rc_archive_noted(sqlite3 *archive, const struct rc_archive_month *month,
                                      const struct rc_archive_piece *piece, bool *noted,
                                      char first_date[RC_DATE_MAX], char last_date[RC_DATE_MAX],
                                      char error[RC_STORE_ERROR_MAX])
{
    char *sql = sqlite3_mprintf(
        "SELECT a.first_date, a.last_date FROM archived a JOIN %w f ON f.site = a.site AND f.seq = "
        "a.first_seq "
        "JOIN %w l ON l.site = a.site AND l.seq = a.last_seq WHERE a.month = %Q AND a.site = ? "
        "AND a.first_seq = ? AND a.last_seq = ? AND a.previous_hash = ? AND a.first_hash = ? AND a.last_hash "
        "= "
        "? AND f.hash = a.first_hash AND l.hash = a.last_hash",
        month->table, month->table, month->name);
    sqlite3_stmt *statement = NULL;
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(archive, sql, -1, &statement, NULL);
    sqlite3_free(sql);
    if (code == SQLITE_OK) {
        struct binder binder = rc_bind(statement);
        rc_bind_key(&binder, &piece->site);
        rc_bind_int(&binder, piece->first_seq);
        rc_bind_int(&binder, piece->last_seq);
        rc_bind_word(&binder, piece->previous_hash);
        rc_bind_word(&binder, piece->first_hash);
        rc_bind_word(&binder, piece->last_hash);
        code = sqlite3_step(statement);
    }
    *noted = code == SQLITE_ROW;
    if (*noted) {
        take_word(statement, 0, first_date, RC_DATE_MAX);
        take_word(statement, 1, last_date, RC_DATE_MAX);
    }
    enum rc_store_result result = code == SQLITE_ROW || code == SQLITE_DONE
                                      ? RC_STORE_OK
                                      : rc_result_line(archive, "cannot read the archive", error);
    sqlite3_finalize(statement);
    return result;
}
