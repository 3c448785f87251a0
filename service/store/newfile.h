/*
 * newfile.h: a file that appears whole or not at all: written under a temporary name beside it, synced, given
 * its name, and the folder synced. Replaces nothing. Private to store; any thread.
 */
#ifndef RC_STORE_NEWFILE_H
#define RC_STORE_NEWFILE_H

#include "store/store.h"

#include <limits.h>

struct rc_newfile {
    const char *path;         /* borrowed: what it will be called */
    char temporary[PATH_MAX]; /* what it is called meanwhile; readable by its owner alone */
    char folder[PATH_MAX];
};

/* rc_newfile_make makes an empty one. REFUSED: path is there already, or too long. */
enum rc_store_result rc_newfile_make(struct rc_newfile *file, const char *path,
                                     char error[RC_STORE_ERROR_MAX]);

/* rc_newfile_keep syncs it and gives it its name. REFUSED: somebody else made such a file meanwhile, which
 * stays. */
enum rc_store_result rc_newfile_keep(const struct rc_newfile *file, char error[RC_STORE_ERROR_MAX]);

/* rc_newfile_end removes the temporary name; to be called after either, once it was made. */
void rc_newfile_end(const struct rc_newfile *file);

#endif
