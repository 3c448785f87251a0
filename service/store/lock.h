/*
 * lock.h: one service a database: an flock on a file beside it. The kernel lets go of it however the process
 * ends. Private to store; the store's thread.
 */
#ifndef RC_STORE_LOCK_H
#define RC_STORE_LOCK_H

#include "store/store.h"

/* rc_lock_take locks `path`.lock (made if needed, never removed: removing it would let two in) and sets *fd,
 * the caller's to close. IN_USE: somebody else has it; IO: it cannot be made; else what rc_peek has against
 * the database, and then nothing was made. Does not block. */
enum rc_store_result rc_lock_take(const char *path, int *fd, char error[RC_STORE_ERROR_MAX]);

#endif
