#include "peek.h"

#include "migrate.h"
#include "result.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* A path as the URI of a file that nobody changes while we look: SQLite then neither locks it nor looks for a
 * WAL. */
static bool immutable_uri(const char *path, char uri[3 * PATH_MAX + 32])
{
    static const char hex[] = "0123456789ABCDEF";
    size_t at = 0;
    if (strlen(path) >= PATH_MAX)
        return false;
    memcpy(uri, "file:", 5);
    for (at = 5; *path != '\0'; path++) {
        unsigned char byte = (unsigned char)*path;
        if (byte > 0x20 && byte < 0x7F && strchr("?#%", byte) == NULL) {
            uri[at++] = (char)byte;
            continue;
        }
        uri[at++] = '%';
        uri[at++] = hex[byte >> 4];
        uri[at++] = hex[byte & 15];
    }
    memcpy(uri + at, "?immutable=1", sizeof "?immutable=1");
    return true;
}

static bool has_wal(const char *path)
{
    char wal[PATH_MAX + 8];
    struct stat file;
    snprintf(wal, sizeof wal, "%s-wal", path);
    return stat(wal, &file) == 0 && file.st_size > 0;
}

/* What the file says may stand in its WAL alone. In exclusive mode SQLite keeps the WAL's index in memory
 * instead of in a file, and told so, it does not fold the WAL back when it closes. */
static int open_with_wal(const char *path, sqlite3 **db)
{
    int code = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(*db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(*db, "PRAGMA locking_mode=EXCLUSIVE", NULL, NULL, NULL);
    return code;
}

static int open_alone(const char *path, sqlite3 **db)
{
    char uri[3 * PATH_MAX + 32];
    if (!immutable_uri(path, uri))
        return SQLITE_CANTOPEN;
    return sqlite3_open_v2(uri, db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
}

enum rc_store_result rc_peek(const char *path, char error[RC_STORE_ERROR_MAX])
{
    struct stat file;
    sqlite3 *db = NULL;
    int version;
    if (stat(path, &file) != 0 && errno == ENOENT)
        return RC_STORE_OK;
    int code = has_wal(path) ? open_with_wal(path, &db) : open_alone(path, &db);
    enum rc_store_result result = code == SQLITE_OK ? rc_migrate_examine(db, &version, error)
                                                    : rc_result_line(db, "cannot open the database", error);
    int basic = sqlite3_errcode(db) & 0xff;
    sqlite3_close(db);
    return basic == SQLITE_BUSY || basic == SQLITE_LOCKED ? RC_STORE_OK : result;
}
