/*
 * migrate.h: which schema a database has, and how an older one becomes the present one. The texts come from
 * db/ at build time. Each migration is one transaction together with its PRAGMA user_version, so a crash
 * leaves the version before or after it. Private to store; the store's thread.
 */
#ifndef RC_STORE_MIGRATE_H
#define RC_STORE_MIGRATE_H

#include "store/store.h"

#include <sqlite3.h>

/* "RLL1": the file's own mark, so that another program's database is never written to. */
#define RC_APPLICATION_ID 0x524C4C31

struct rc_migration {
    int version; /* the user_version that it leads to */
    const char *name;
    const char *sql;
};
extern const struct rc_migration rc_migrations[];
extern const int rc_migration_count;

/* db/checks.sql: queries, each after a line `-- check: name`; any row that one returns is a fault. */
extern const char rc_checks_sql[];

/* rc_migrate_examine reads whose database this is, and changes nothing. OK: ours, or an empty one; *version
 * is its user_version. Else NOT_A_DATABASE, NEWER, or what SQLite says; error holds one line. */
enum rc_store_result rc_migrate_examine(sqlite3 *db, int *version, char error[RC_STORE_ERROR_MAX]);

/* rc_migrate brings an examined database from `version` to the last one. */
enum rc_store_result rc_migrate(sqlite3 *db, int version, char error[RC_STORE_ERROR_MAX]);

#endif
