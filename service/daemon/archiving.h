/*
 * archiving.h: a closed month of the audit log moved to a file of its own, while the service runs: the copy
 * is made and checked by a thread of its own, which only reads the database; then the service thread notes it
 * and takes the month out, in a transaction with its row of the audit log, and answers whoever asked. What
 * that leaves behind is given back slice by slice, when nothing else is to be done. One month at a time.
 *
 *   request ─▶ worker: copy, check ─▶ wakes the loop ─▶ drop, audit row, answer ─▶ slices
 *
 * Part of the service; service thread, but for the worker, which shares nothing with it but the job.
 */
#ifndef RC_DAEMON_ARCHIVING_H
#define RC_DAEMON_ARCHIVING_H

#include "daemon/answer.h"

/* How often a slice of what was dropped is given back: a slice takes some 10 ms, so the loop has most of its
 * time to itself. */
#define RC_ARCHIVE_SLICE_MS 50

/* rc_archiving_ask begins to archive the month of the request; answers where that cannot be. */
void rc_archiving_ask(const struct rc_answering *answering);

/* rc_archiving_tend takes over a copy that is finished, in the open transaction. */
void rc_archiving_tend(struct rc_service *service);

/* rc_archiving_idle gives back a slice if one is due; no transaction may be open. */
void rc_archiving_idle(struct rc_service *service);

/* rc_archiving_wake_now returns when there is a slice to give back; INT64_MAX: there is none. */
int64_t rc_archiving_wake_now(const struct rc_service *service);

/* rc_archiving_stop: the service ends. A copy that is being made is left to itself: its thread ends with the
 * process, and the next start of the same archive takes the file over or makes it anew. */
void rc_archiving_stop(struct rc_service *service);

#endif
