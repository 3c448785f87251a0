/*
 * guard.h: what the service's own SQL may not do, even where a trigger is gone: change or remove rows of the
 * logs, drop or alter them, drop their triggers, attach other files, change pragmas. An authorizer, asked
 * once for each statement that is prepared. Private to store; the store's thread.
 */
#ifndef RC_STORE_GUARD_H
#define RC_STORE_GUARD_H

#include <sqlite3.h>
#include <stdbool.h>

/* rc_guard_install makes SQLite refuse (SQLITE_AUTH) the above on this handle from now on. While *leaving,
 * which must live as long as the handle, names a table of audit_logs, that one may lose its triggers and its
 * name: a month that was archived. */
void rc_guard_install(sqlite3 *db, const char *const *leaving);

/* rc_guard_is_log says whether a table is one of the append-only logs. */
bool rc_guard_is_log(const char *table);

#endif
