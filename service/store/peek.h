/*
 * peek.h: whose file it is, before anything is made beside it: a look that leaves the file and its folder as
 * they were, byte for byte. Opening a database in the ordinary way makes a -wal and -shm, and taking it a
 * .lock; none of that belongs beside another program's file. Private to store; any thread.
 */
#ifndef RC_STORE_PEEK_H
#define RC_STORE_PEEK_H

#include "store/store.h"

/* rc_peek: OK where there is no such file, where it is ours, or empty, or where somebody holds it, so that
 * only an ordinary opening can tell. Else NOT_A_DATABASE, NEWER, or what SQLite says; error holds one line.
 */
enum rc_store_result rc_peek(const char *path, char error[RC_STORE_ERROR_MAX]);

#endif
