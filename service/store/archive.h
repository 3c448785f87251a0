/*
 * archive.h: a closed month of audit_logs as a file of its own: its pieces of the chains, what the file
 * holds, and what is left in the database when it is taken out. Private to store. Reading is any thread's, on
 * a handle of its own.
 *
 *   database: audit_logs_2026_01 ──copy, check, sync──▶ archive: audit_logs_2026_01, archived (its notes)
 *                     │
 *                     └─drop: notes in audit_archives, view without it, renamed─▶ archived_logs_2026_01
 *                                                                                       │ sweep, by slices
 *                                                                                       ▼ nothing
 *
 * A crash leaves the month in the database, in both, or in the file with some of its rows left aside; none of
 * which is missing or counted twice.
 */
#ifndef RC_STORE_ARCHIVE_H
#define RC_STORE_ARCHIVE_H

#include "audit.h"
#include "handle.h"
#include "store/training.h"

/* "RLA1": an archive is no database of the service, and is not opened as one. */
#define RC_ARCHIVE_APPLICATION_ID 0x524C4131

/* Bytes of the names of the tables below, with their NUL. */
#define RC_ARCHIVE_TABLE_MAX 32

/* One site's piece of a month. */
struct rc_archive_piece {
    struct rc_id site;
    int64_t first_seq, last_seq;
    char previous_hash[RC_HASH_HEX + 1]; /* before the first row */
    char first_hash[RC_HASH_HEX + 1], last_hash[RC_HASH_HEX + 1];
};

struct rc_archive_month {
    char name[RC_AUDIT_MONTH_MAX]; /* 2026_01 */
    char table[RC_ARCHIVE_TABLE_MAX];
    int count;
    struct rc_archive_piece *pieces;
};

/* rc_archive_month reads what the pieces of a month are, from a database that has it; where it is not closed,
 * not there, or archived: REFUSED. rc_archive_month_end frees them, also after a failure. */
enum rc_store_result rc_archive_month(sqlite3 *db, const char *month, struct rc_archive_month *out,
                                      char error[RC_STORE_ERROR_MAX]);
void rc_archive_month_end(struct rc_archive_month *month);

/* rc_archive_noted says whether an archive's notes and the ends of its rows are those of a piece, and gives
 * the first and last training day that it counts for; "": none. */
enum rc_store_result rc_archive_noted(sqlite3 *archive, const struct rc_archive_month *month,
                                      const struct rc_archive_piece *piece, bool *noted,
                                      char first_date[RC_DATE_MAX], char last_date[RC_DATE_MAX],
                                      char error[RC_STORE_ERROR_MAX]);

#endif
