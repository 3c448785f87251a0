/*
 * schema.h: whether a database's tables, indices, views and triggers are those that this program makes.
 * Rows can be proven by their hashes; but `periods`, the one source of hours, is a view, and that the logs
 * only grow is the work of triggers, so whoever can change those can change hours without touching a row.
 *
 *   the migrations, in a private database in memory ──┐
 *   + a table with its triggers for each month        ├─ object by object, text by text ─ sqlite_schema
 *   + the view over them, by their generators         ┘
 *
 * Private to store and its verify; reads only; the thread that owns the handle.
 */
#ifndef RC_STORE_SCHEMA_H
#define RC_STORE_SCHEMA_H

#include "store/store.h"

#include <sqlite3.h>

/* rc_schema_check compares the schema of an examined database of that version. The month that
 * the audit log is in must have its table. WRONG_SCHEMA: error names the first object
 * that is missing, other than it should be, or none of ours; SQLite's own statistics are nobody's. Else what
 * SQLite says. */
enum rc_store_result rc_schema_check(sqlite3 *db, int version, char error[RC_STORE_ERROR_MAX]);

#endif
