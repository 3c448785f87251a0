/*
 * audit.h: audit_logs: one chain a site, in tables by month, behind a view of all of them. Private to store;
 * the store's thread.
 *
 *   audit_logs_2026_10 ─┐
 *   audit_logs_2026_11 ─┴─ UNION ALL ─▶ view audit_logs          rows go to the newest month only
 *
 * A row goes to the month of its `at` (UTC), but never to one before the newest: seq and month rise together,
 * so a closed month is a piece of every chain without gaps, and can be verified where it is moved to.
 */
#ifndef RC_STORE_AUDIT_H
#define RC_STORE_AUDIT_H

#include "handle.h"

/* rc_audit_load finds the newest month table, and for each site the last month and the head of its chain. */
enum rc_store_result rc_audit_load(struct rc_store *store);

/* rc_audit_month_name writes "2026_11". */
#define RC_AUDIT_MONTH_MAX 16
void rc_audit_month_name(int month, char out[RC_AUDIT_MONTH_MAX]);

/* rc_audit_table_sql writes the SQL that makes a month's table with its triggers. */
#define RC_AUDIT_TABLE_SQL_MAX 2048
void rc_audit_table_sql(const char *month, char out[RC_AUDIT_TABLE_SQL_MAX]);

/* rc_audit_view_sql returns the SQL that makes the view audit_logs afresh over all month tables but `without`
 * (NULL: over all); free it with sqlite3_free; NULL on a failure, or when there are more than
 * RC_AUDIT_MONTHS_MAX. */
char *rc_audit_view_sql(sqlite3 *db, const char *without);

/* Month tables that one view can join: SQLite's limit of terms in a compound SELECT, forty years. Closed
 * months are to be archived long before; a row that would need one more is REFUSED. */
#define RC_AUDIT_MONTHS_MAX 500

#endif
