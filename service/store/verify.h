/*
 * verify.h: the proof that a database is what it claims to be, for `rollcall verify` and for auditors:
 * SQLite's own integrity check, the schema against this program's own, every chain from its beginning, the
 * recorded heads, every total of training added up again from the audit rows, the invariants of
 * db/checks.sql, and a receipt against the row that it names. Opens read-only and changes nothing; decides
 * nothing beyond sound or not. Needs no lock: a running service may go on writing, what is checked is one
 * snapshot. The caller's thread.
 *
 *     archive 2026_01 ──▶ archive 2026_02 ──▶ ... ──▶ database: the chain of audit_logs runs through all of
 * them
 *
 * An archive is a SQLite file with tables audit_logs_YYYY_MM (docs/durability.md); they come in any order. A
 * month that is neither in the database nor in an archive leaves a hole: the chain is then taken up from what
 * audit_months says, and the hole is reported as such, not as a fault; so are the days of training that the
 * month may count for, which are then not checked. A month that is in several places is checked in each.
 */
#ifndef RC_STORE_VERIFY_H
#define RC_STORE_VERIFY_H

#include "store/store.h"

/* Archives in one run: each is an open file. Forty years of months. */
#define RC_VERIFY_ARCHIVES_MAX 480

/* What a receipt claims; read from its JSON by the caller. */
struct rc_verify_receipt {
    struct rc_id site; /* empty: of any site */
    int64_t seq; /* 0: of no row; the hash is that of the log's last row at the time, or its beginning */
    uint8_t hash[32];
    const char *id, *type; /* NULL: it does not say */
    int64_t at;            /* RC_NONE: it does not say */
};

enum rc_verify_result {
    RC_VERIFY_SOUND,
    RC_VERIFY_BROKEN,     /* something does not hold; message names the first bad row */
    RC_VERIFY_UNREADABLE, /* it could not be checked: no such file, no database of ours, a newer one, I/O
                             error */
};

struct rc_verify_head {
    const char *site, *log; /* log: "punches" or "audit_logs" */
    int64_t seq;            /* 0: empty */
    uint8_t hash[32];
    int64_t missing; /* audit_logs: rows of archived months that were not given */
};

/* A month that is in none of the files. */
struct rc_verify_missing {
    const char *site, *month; /* "2026_01" */
    int64_t rows;
    const char *path; /* where it was archived to; NULL: that is not noted */
};

/* Days of training, of a user at a site each. */
struct rc_verify_days {
    int64_t checked, unchecked; /* unchecked: rows of a missing month may count for them */
};

struct rc_verify_options {
    const char *path;
    const char *vfs; /* NULL: the default */
    const char *const *archives;
    size_t archive_count;
    const struct rc_verify_receipt *receipt; /* NULL: none */
    /* called for each log of each site that is sound, in order; may be NULL */
    void (*each_head)(void *context, const struct rc_verify_head *head);
    /* called for each month of each site that is missing; may be NULL */
    void (*each_missing)(void *context, const struct rc_verify_missing *missing);
    void *context;
    struct rc_verify_days *days; /* set where the result is SOUND; may be NULL */
};

/* rc_verify checks everything, stops at the first fault, and says it in one line of message. */
enum rc_verify_result rc_verify(const struct rc_verify_options *options, char message[RC_STORE_ERROR_MAX]);

#endif
