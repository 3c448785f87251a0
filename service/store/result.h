/*
 * result.h: SQLite's result codes in the store's words. Pure; any thread. Private to store.
 */
#ifndef RC_STORE_RESULT_H
#define RC_STORE_RESULT_H

#include "store/store.h"

#include <sqlite3.h>

/* rc_result_of says what a SQLite code (extended or not) means for the caller. What is a mistake in a request
 * is REFUSED; everything that says that the disk or the file cannot be trusted now is FULL, IO or CORRUPT. */
enum rc_store_result rc_result_of(int code);

/* rc_result_is_fatal: FULL, IO, CORRUPT: nothing more is done before rc_store_recover. */
bool rc_result_is_fatal(enum rc_store_result result);

/* rc_result_line writes "what: SQLite's message" to error and returns rc_result_of the handle's last code. */
enum rc_store_result rc_result_line(sqlite3 *db, const char *what, char error[RC_STORE_ERROR_MAX]);

#endif
