#include "newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rc_store_result system_error(const char *what, const char *path, char error[RC_STORE_ERROR_MAX])
{
    snprintf(error, RC_STORE_ERROR_MAX, "%s %.300s: %s", what, path, strerror(errno));
    return errno == ENOSPC || errno == EDQUOT ? RC_STORE_FULL : RC_STORE_IO;
}

static enum rc_store_result make_names(struct rc_newfile *file, const char *path,
                                       char error[RC_STORE_ERROR_MAX])
{
    int length = snprintf(file->temporary, sizeof file->temporary, "%s.part-%ld", path, (long)getpid());
    if (length < 0 || (size_t)length >= sizeof file->temporary) {
        snprintf(error, RC_STORE_ERROR_MAX, "the path of the new file is too long");
        return RC_STORE_REFUSED;
    }
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        snprintf(file->folder, sizeof file->folder, ".");
    else
        snprintf(file->folder, sizeof file->folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    file->path = path;
    return RC_STORE_OK;
}

enum rc_store_result rc_newfile_make(struct rc_newfile *file, const char *path,
                                     char error[RC_STORE_ERROR_MAX])
{
    struct stat there;
    enum rc_store_result result = make_names(file, path, error);
    if (result != RC_STORE_OK)
        return result;
    if (lstat(path, &there) == 0) {
        snprintf(error, RC_STORE_ERROR_MAX, "%.300s exists already", path);
        return RC_STORE_REFUSED;
    }
    unlink(file->temporary); /* of a process that had our number and died over it */
    /* Made by us, for its mode: SQLite would let everybody read it, and takes an empty file as it is. */
    int fd = open(file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return system_error("cannot make", file->temporary, error);
    close(fd);
    return RC_STORE_OK;
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

/* link fails where rename would replace: a file that somebody else made meanwhile stays. */
static enum rc_store_result give_name(const struct rc_newfile *file, char error[RC_STORE_ERROR_MAX])
{
    if (link(file->temporary, file->path) != 0) {
        enum rc_store_result result = system_error("cannot make", file->path, error);
        return errno == EEXIST ? RC_STORE_REFUSED : result;
    }
    return sync_path(file->folder, O_RDONLY | O_DIRECTORY, error);
}

enum rc_store_result rc_newfile_keep(const struct rc_newfile *file, char error[RC_STORE_ERROR_MAX])
{
    enum rc_store_result result = sync_path(file->temporary, O_RDWR, error);
    return result == RC_STORE_OK ? give_name(file, error) : result;
}

void rc_newfile_end(const struct rc_newfile *file)
{
    unlink(file->temporary);
}
