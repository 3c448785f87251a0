/*
 * verify_parts.h: what the parts of a verification share: the database, the archives beside it, and how a
 * finding is said. Private to store and its verify; the caller's thread.
 */
#ifndef RC_STORE_VERIFY_PARTS_H
#define RC_STORE_VERIFY_PARTS_H

#include "handle.h"
#include "store/verify.h"

/* One run. Months of audit_logs come from sources: 0 is the database, 1 and up are archives. */
struct rc_verify_run {
    const struct rc_verify_options *options;
    sqlite3 *db;
    sqlite3 **archives; /* archive_count of them */
    struct rc_chain chain;
    char *message; /* RC_STORE_ERROR_MAX */
};

/* rc_verify_say writes "what: detail" and returns result. */
enum rc_verify_result rc_verify_say(struct rc_verify_run *run, enum rc_verify_result result, const char *what,
                                    const char *detail);
/* rc_verify_of_store: a damaged page is a finding; a disk that cannot be read is none. */
enum rc_verify_result rc_verify_of_store(enum rc_store_result result);
/* rc_verify_of_sqlite says the last failure of a handle. */
enum rc_verify_result rc_verify_of_sqlite(struct rc_verify_run *run, sqlite3 *db, const char *what);

/* rc_verify_source returns the handle of a source that has that table; NULL: it has none such. */
sqlite3 *rc_verify_source(const struct rc_verify_run *run, size_t index, const char *table);
size_t rc_verify_source_count(const struct rc_verify_run *run);

/* rc_verify_archives says whether every month in the archives is one of this database. */
enum rc_verify_result rc_verify_archives(struct rc_verify_run *run);

/* rc_verify_audit walks a site's chain of audit_logs through all sources: *head is its end, *missing the rows
 * of months that are nowhere. */
enum rc_verify_result rc_verify_audit(struct rc_verify_run *run, const char *site, struct head *head,
                                      int64_t *missing);

/* rc_verify_training adds the days of training up again from audit_logs and compares. */
enum rc_verify_result rc_verify_training(struct rc_verify_run *run);

#endif
