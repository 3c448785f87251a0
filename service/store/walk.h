/*
 * walk.h: recomputes a chain over stored rows and finds the first row that does not fit: a wrong hash, a gap,
 * or an end that is not the recorded head. Reads only. Private to store and its verify; the thread that owns
 * the handle.
 */
#ifndef RC_STORE_WALK_H
#define RC_STORE_WALK_H

#include "handle.h"

/* At opening the audit logs of the current and the month before are checked, but no more rows than these of a
 * site: half a second of work. `rollcall verify` checks all of them. */
#define RC_WALK_AUDIT_ROWS 200000

/* Rows of one table. */
struct rc_walk {
    sqlite3 *db;
    const char *schema; /* "main", or an attached archive */
    const char *log;    /* "punches" or "audit_logs": what the canonical text begins with */
    const char *table;
    const char *columns; /* in canonical order, hash last */
    int column_count;
};

/* rc_walk_rows checks the rows of a site above head->seq, from head->hash on, and moves *head to the last
 * one. Returns BROKEN_CHAIN with the first bad row in error, or what SQLite says. */
enum rc_store_result rc_walk_rows(const struct rc_walk *walk, struct rc_chain *chain, const char *site,
                                  struct head *head, char error[RC_STORE_ERROR_MAX]);

/* rc_walk_punches checks a whole log from its genesis; *head is its end. */
enum rc_store_result rc_walk_punches(sqlite3 *db, struct rc_chain *chain, const char *site, struct head *head,
                                     char error[RC_STORE_ERROR_MAX]);

/* rc_walk_recent_audit checks the end of a site's audit log as above; expects it to end at *head. */
enum rc_store_result rc_walk_recent_audit(sqlite3 *db, struct rc_chain *chain, const char *site,
                                          const struct head *head, char error[RC_STORE_ERROR_MAX]);

/* rc_walk_head reads the recorded head of a log; seq 0 and the genesis where there is none. */
enum rc_store_result rc_walk_head(sqlite3 *db, struct rc_chain *chain, const char *site, const char *log,
                                  struct head *head, char error[RC_STORE_ERROR_MAX]);

/* rc_walk_ends says whether a log that was walked to `walked` ends where its recorded head says. */
enum rc_store_result rc_walk_ends(const char *site, const char *log, const struct head *walked,
                                  const struct head *recorded, char error[RC_STORE_ERROR_MAX]);

#endif
