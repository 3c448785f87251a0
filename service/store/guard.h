/*
 * guard.h: what the service's own SQL may not do, even where a trigger is gone: change or remove rows of the
 * logs, drop or alter them, drop their triggers, attach other files, change pragmas. An authorizer, asked
 * once for each statement that is prepared. Private to store; the store's thread.
 */
#ifndef RC_STORE_GUARD_H
#define RC_STORE_GUARD_H

#include <sqlite3.h>
#include <stdbool.h>

/* rc_guard_install makes SQLite refuse (SQLITE_AUTH) the above on this handle from now on. */
void rc_guard_install(sqlite3 *db);

/* rc_guard_is_log says whether a table is one of the append-only logs. */
bool rc_guard_is_log(const char *table);

#endif
