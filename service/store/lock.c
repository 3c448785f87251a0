#include "lock.h"

#include "peek.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum rc_store_result rc_lock_take(const char *path, int *fd, char error[RC_STORE_ERROR_MAX])
{
    char name[PATH_MAX];
    int length = snprintf(name, sizeof name, "%s.lock", path);
    if (length < 0 || (size_t)length >= sizeof name) {
        snprintf(error, RC_STORE_ERROR_MAX, "the path of the database is too long");
        return RC_STORE_IO;
    }
    int opened = open(name, O_RDWR | O_CLOEXEC);
    if (opened < 0 && errno == ENOENT) {
        /* nothing is made beside a file that is not ours */
        enum rc_store_result result = rc_peek(path, error);
        if (result != RC_STORE_OK)
            return result;
        opened = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    if (opened < 0) {
        snprintf(error, RC_STORE_ERROR_MAX, "cannot make the lock file %.300s: %s", name, strerror(errno));
        return RC_STORE_IO;
    }
    if (flock(opened, LOCK_EX | LOCK_NB) != 0) {
        bool taken = errno == EWOULDBLOCK;
        snprintf(error, RC_STORE_ERROR_MAX, "%.300s: %s", name,
                 taken ? "another service has this database" : strerror(errno));
        close(opened);
        return taken ? RC_STORE_IN_USE : RC_STORE_IO;
    }
    /* again, or for the first time where the lock was there */
    enum rc_store_result result = rc_peek(path, error);
    if (result != RC_STORE_OK) {
        close(opened);
        return result;
    }
    *fd = opened;
    return RC_STORE_OK;
}
