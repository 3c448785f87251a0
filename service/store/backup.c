/* Backups, made beside the running service: see store.h. */
#include "migrate.h"
#include "result.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The names that one backup needs. */
struct names {
    char temporary[PATH_MAX];
    char folder[PATH_MAX];
};

static enum rc_store_result system_error(const char *what, const char *path, char error[RC_STORE_ERROR_MAX])
{
    snprintf(error, RC_STORE_ERROR_MAX, "%s %.300s: %s", what, path, strerror(errno));
    return errno == ENOSPC || errno == EDQUOT ? RC_STORE_FULL : RC_STORE_IO;
}

static enum rc_store_result make_names(const char *path, struct names *out, char error[RC_STORE_ERROR_MAX])
{
    struct stat there;
    int length = snprintf(out->temporary, sizeof out->temporary, "%s.part-%ld", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof out->temporary) {
        snprintf(error, RC_STORE_ERROR_MAX, "the path of the backup is too long");
        return RC_STORE_REFUSED;
    }
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        snprintf(out->folder, sizeof out->folder, ".");
    else
        snprintf(out->folder, sizeof out->folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    if (lstat(path, &there) == 0) {
        snprintf(error, RC_STORE_ERROR_MAX, "%.300s exists already", path);
        return RC_STORE_REFUSED;
    }
    return RC_STORE_OK;
}

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

static enum rc_store_result sync_path(const char *path, int flags, char error[RC_STORE_ERROR_MAX])
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0)
        return system_error("cannot open", path, error);
    enum rc_store_result result = RC_STORE_OK;
    if (fsync(fd) != 0)
        result = system_error("cannot sync", path, error);
    close(fd);
    return result;
}

/* link fails where rename would replace: a backup that somebody else made meanwhile stays. */
static enum rc_store_result give_name(const struct names *names, const char *path,
                                      char error[RC_STORE_ERROR_MAX])
{
    if (link(names->temporary, path) != 0) {
        enum rc_store_result result = system_error("cannot make", path, error);
        return errno == EEXIST ? RC_STORE_REFUSED : result;
    }
    return sync_path(names->folder, O_RDONLY | O_DIRECTORY, error);
}

enum rc_store_result rc_store_backup(const char *database, const char *path, char error[RC_STORE_ERROR_MAX])
{
    struct names names;
    error[0] = '\0';
    enum rc_store_result result = make_names(path, &names, error);
    if (result != RC_STORE_OK)
        return result;
    /* Made by us first, for its mode: SQLite would let everybody read it. VACUUM INTO accepts an empty file.
     */
    int fd = open(names.temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return system_error("cannot make", names.temporary, error);
    close(fd);
    result = copy(database, names.temporary, error);
    if (result == RC_STORE_OK)
        result = sync_path(names.temporary, O_RDWR, error);
    if (result == RC_STORE_OK)
        result = give_name(&names, path, error);
    unlink(names.temporary);
    return result;
}
