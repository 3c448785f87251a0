/* Backups, made beside the running service: see store.h. */
#include "migrate.h"
#include "newfile.h"
#include "result.h"

#include <stdio.h>

static enum rc_store_result copy(const char *database, const char *temporary, char error[RC_STORE_ERROR_MAX])
{
    sqlite3 *db = NULL;
    int version = 0;
    enum rc_store_result result = RC_STORE_OK;
    if (sqlite3_open_v2(database, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
        result = rc_result_line(db, database, error);
    if (result == RC_STORE_OK)
        result = rc_migrate_examine(db, &version, error);
    if (result == RC_STORE_OK && version == 0) {
        snprintf(error, RC_STORE_ERROR_MAX, "%.300s is no database of this program", database);
        result = RC_STORE_NOT_A_DATABASE;
    }
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", temporary);
    if (result == RC_STORE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        result = rc_result_line(db, "cannot copy", error);
    sqlite3_free(sql);
    sqlite3_close(db);
    return result;
}

enum rc_store_result rc_store_backup(const char *database, const char *path, char error[RC_STORE_ERROR_MAX])
{
    struct rc_newfile file;
    error[0] = '\0';
    enum rc_store_result result = rc_newfile_make(&file, path, error);
    if (result != RC_STORE_OK)
        return result;
    result = copy(database, file.temporary, error);
    if (result == RC_STORE_OK)
        result = rc_newfile_keep(&file, error);
    rc_newfile_end(&file);
    return result;
}
