/*
 * punch.h: rows of the log and verdicts, between C and SQL. Private to store; the store's thread.
 */
#ifndef RC_STORE_PUNCH_H
#define RC_STORE_PUNCH_H

#include "handle.h"

/* rc_punch_append writes the log's next row and sets its hash. */
enum rc_store_result rc_punch_append(struct rc_store *store, int site, struct rc_row *row);

/* rc_verdict_keep keeps a verdict where it is to be remembered, and fills in the hash of its row or, where it
 * has none, the head of the log. */
enum rc_store_result rc_verdict_keep(struct rc_store *store, int site, struct rc_receipt *receipt);

/* rc_punch_read reads a row of the statements that select STORED_COLUMNS; texts are borrowed until its next
 * step. Returns false where a word is none of ours: the file was changed by somebody else. */
bool rc_punch_read(sqlite3_stmt *statement, struct rc_stored_row *out);

#endif
