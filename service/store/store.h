/*
 * store.h: the one SQLite file: log, statuses, sessions, verdicts, audit, outbox. Decides nothing about
 * people; it writes what the engine's effects say, in the caller's transaction, keeps the hash chains, and
 * answers the questions that the engine asks of the log. The only folder that includes sqlite3.h.
 *
 * One thread owns a store. Only one process may (a lock file beside the database sees to it). Every function
 * that returns enum rc_store_result leaves the store as it was when it fails, but for those after FULL, IO or
 * CORRUPT: then the transaction is rolled back and rc_store_recover must succeed before anything else (facts:
 * never retry an fsync).
 */
#ifndef RC_STORE_STORE_H
#define RC_STORE_STORE_H

#include "core/effect.h"
#include "core/engine.h"

struct rc_store;

enum rc_store_result {
    RC_STORE_OK,
    RC_STORE_NOT_FOUND,
    RC_STORE_IN_USE, /* another service has it */
    RC_STORE_NEWER,  /* made by a newer version of this program */
    RC_STORE_NOT_A_DATABASE,
    RC_STORE_BROKEN_CHAIN,
    RC_STORE_WRONG_SCHEMA, /* its tables, views or triggers are not those that this program makes */
    RC_STORE_FULL,         /* no space on the disk */
    RC_STORE_IO,
    RC_STORE_CORRUPT,
    RC_STORE_REFUSED, /* the request breaks a constraint: a programmer's error, or a wrong seq */
    RC_STORE_AHEAD, /* rc_store_recover only: a batch whose COMMIT was reported as failed is in the log after
                       all. The engine has undone it and cannot go on: end the process and load afresh */
};

const char *rc_store_result_name(enum rc_store_result result);

#define RC_STORE_ERROR_MAX 512

struct rc_store_options {
    const char *path;
    const char *vfs;     /* name of a registered SQLite VFS, NULL: the default one (tests) */
    int64_t now, at;     /* of the opening */
    const char *boot_id; /* of this boot: boot times of another one are not comparable */
    bool verify;         /* check the chains before anything else (a service always does) */
};

/* rc_store_open opens or creates the database, migrates it, and takes the lock. On failure *out is NULL and
 * error holds one line for people. The store is the caller's, who closes it with rc_store_close. */
enum rc_store_result rc_store_open(const struct rc_store_options *options, struct rc_store **out,
                                   char error[RC_STORE_ERROR_MAX]);
void rc_store_close(struct rc_store *store);

/* rc_store_error returns one line about the last failure; valid until the next call. */
const char *rc_store_error(const struct rc_store *store);

/* rc_store_recover closes and opens the database again after FULL, IO or CORRUPT, and tries a write that it
 * rolls back... then commits one. RC_STORE_OK: everything works again. */
enum rc_store_result rc_store_recover(struct rc_store *store, int64_t at);

/* A site within the store; small, stable, from 0. Adds it if it is new (in a transaction of its own). */
enum rc_store_result rc_store_site(struct rc_store *store, const struct rc_id *name, int *site);

/* ---- transactions: one a batch ---- */

/* rc_store_begin starts a transaction if none is open (BEGIN IMMEDIATE); no-op otherwise. */
enum rc_store_result rc_store_begin(struct rc_store *store);
bool rc_store_in_transaction(const struct rc_store *store);
/* rc_store_commit makes the batch durable. Chain heads in memory move only now. */
enum rc_store_result rc_store_commit(struct rc_store *store);
void rc_store_rollback(struct rc_store *store);

/* rc_store_apply carries out one effect inside the open transaction, and fills in hashes: a ROW's own; of a
 * RECEIPT that has none yet that of the row which it names or, where it names none, of the log's last row.
 * ALERT, ANSWER and RELOAD are no business of the store (OK, nothing done). A ROW whose seq is not the log's
 * next is REFUSED, and so is a second verdict on one punch id. */
enum rc_store_result rc_store_apply(struct rc_store *store, int site, struct rc_effect *effect);

/* rc_store_flush_session writes one session's (or device's) row, and its employee's evidence. */
enum rc_store_result rc_store_flush_session(struct rc_store *store, int site,
                                            const struct rc_session_row *row);

/* rc_store_save_t keeps the service time reached (P-6). */
enum rc_store_result rc_store_save_t(struct rc_store *store, int site, int64_t t);

/* One line of `audit_logs`. Texts are borrowed. */
struct rc_audit {
    int64_t at;
    const char *event; /* CLOCK_STEP, SERVICE_START, MAINTENANCE, SESSION_HEARTBEAT, ... */
    struct rc_id user, session;
    const char *result;    /* NULL: none */
    struct rc_text detail; /* JSON, or empty */
};
enum rc_store_result rc_store_audit(struct rc_store *store, int site, const struct rc_audit *audit);

/* ---- the outbox: what is to be published, in the batch that made it true ---- */

struct rc_outgoing {
    int64_t number; /* set by rc_store_outbox_add; counts up */
    struct rc_text topic, payload, correlation;
    uint8_t qos;
    bool retain;
};
enum rc_store_result rc_store_outbox_add(struct rc_store *store, int site, struct rc_outgoing *message);
/* rc_store_outbox_done forgets the messages from `first` to `last`, which the broker acknowledged. */
enum rc_store_result rc_store_outbox_done(struct rc_store *store, int64_t first, int64_t last);
/* rc_store_outbox_prune deletes the site's retained messages that a later one of the same topic supersedes,
 * and statuses older than the present one, in the open transaction; *pruned: how many. Retained topics say
 * what is, so nobody misses anything, and nobody sees an older state come after a newer one when the rest is
 * published again. Reads all of the outbox. */
enum rc_store_result rc_store_outbox_prune(struct rc_store *store, int site, uint64_t *pruned);
/* rc_store_outbox_each calls each for every message with a number above `after`, in order, until it returns
 * false. */
enum rc_store_result
rc_store_outbox_each(struct rc_store *store, int64_t after,
                     bool (*each)(void *context, int site, const struct rc_outgoing *message), void *context);

/* ---- loading ----
 *
 * A callback that is given a row returns false to stop; here and below it must not call the function that
 * calls it, and texts and rows are lent for the call. Employees come with their group from the directory; who
 * is only in the directory and was never heard of is not among them (rc_store_directory has those). Holds:
 * the open ones. Sessions: devices first. */

enum rc_store_result rc_store_load_site(struct rc_store *store, int site, struct rc_site_row *out);
typedef bool rc_store_hold_fn(void *context, const struct rc_hold *hold);
typedef bool rc_store_employee_fn(void *context, const struct rc_employee_row *row);
typedef bool rc_store_session_fn(void *context, const struct rc_session_row *row);
enum rc_store_result rc_store_load_holds(struct rc_store *store, int site, rc_store_hold_fn *each,
                                         void *context);
enum rc_store_result rc_store_load_employees(struct rc_store *store, int site, rc_store_employee_fn *each,
                                             void *context);
enum rc_store_result rc_store_load_sessions(struct rc_store *store, int site, rc_store_session_fn *each,
                                            void *context);

/* ---- what the engine asks of the log; they see the open transaction ---- */

/* rc_store_verdict: the message in *out lives until the next call. */
enum rc_store_result rc_store_verdict(struct rc_store *store, int site, const struct rc_id *employee,
                                      const struct rc_punch_id *id, struct rc_verdict *out);
enum rc_store_result rc_store_history(struct rc_store *store, int site, const struct rc_id *employee,
                                      int64_t at, struct rc_history *out);
enum rc_store_result rc_store_target(struct rc_store *store, int site, const struct rc_id *employee,
                                     int64_t seq, struct rc_target *out);
/* rc_store_ledger derives the ledger from the rows alone (not from employee_status), as db/schema.md says;
 * but for out_final, which also looks for an OUT answered ALREADY_OUT among the verdicts. hold and version
 * are 0; without any row everything is. */
enum rc_store_result rc_store_ledger(struct rc_store *store, int site, const struct rc_id *employee,
                                     struct rc_ledger *out);

/* ---- questions of people; pages ---- */

struct rc_page {
    struct rc_id employee;  /* empty: everybody */
    int64_t from_at, to_at; /* [from, to) */
    int64_t after;          /* cursor: seq of the last row of the page before, 0: start */
    uint32_t limit;
    bool undecided_only; /* punches: only held or under review, and not decided */
};
/* One stored row as the log has it, with what later rows made of it. Texts are borrowed for the call. */
struct rc_stored_row {
    struct rc_row row;
    bool in_effect, decided;
    int64_t effective_at; /* as retimed */
};
typedef bool rc_store_row_fn(void *context, const struct rc_stored_row *row);
enum rc_store_result rc_store_punches(struct rc_store *store, int site, const struct rc_page *page,
                                      rc_store_row_fn *each, void *context);
struct rc_period_row {
    struct rc_id employee;
    int64_t in_seq, in_at, out_seq, out_at; /* out_*: 0 while open */
    enum rc_type out_type;
    enum rc_cause cause;
    bool review;
    int64_t held; /* punches of theirs inside it that are held, and on which nobody has decided */
};
typedef bool rc_store_period_fn(void *context, const struct rc_period_row *row);
/* Ordered by in_seq; `from`..`to` overlap the period; an open one overlaps everything after its in_at. */
enum rc_store_result rc_store_periods(struct rc_store *store, int site, const struct rc_page *page,
                                      rc_store_period_fn *each, void *context);
/* Undecided rows in effect of one hold: its AUTO_OUTs, and the RESUMEs that undid any of them. */
enum rc_store_result rc_store_hold_rows(struct rc_store *store, int site, int64_t hold, rc_store_row_fn *each,
                                        void *context);

/* ---- asks: corrections that wait for someone else's decision ---- */

struct rc_ask {
    int64_t number; /* 0 when adding: the store sets it */
    struct rc_id employee, asked_by, decided_by;
    int64_t asked_at, decided_at;
    enum rc_action action;
    int64_t target_seq;
    enum rc_type type;
    int64_t at;
    struct rc_text reason;
    enum rc_ask_state { RC_ASK_OPEN, RC_ASK_ACCEPTED, RC_ASK_REJECTED } state;
    int64_t result_seq;
    struct rc_text decision_reason; /* of who decided; may be empty */
};
typedef bool rc_store_ask_fn(void *context, const struct rc_ask *ask);
enum rc_store_result rc_store_ask_add(struct rc_store *store, int site, struct rc_ask *ask);
enum rc_store_result rc_store_ask_find(struct rc_store *store, int site, int64_t number,
                                       rc_store_ask_fn *each, void *context);
/* rc_store_ask_decide writes the decision on the open ask ask->number: state, decided_by, decided_at,
 * result_seq, decision_reason. NOT_FOUND: there is none such that is open. */
enum rc_store_result rc_store_ask_decide(struct rc_store *store, int site, const struct rc_ask *ask);
enum rc_store_result rc_store_asks(struct rc_store *store, int site, const struct rc_page *page,
                                   rc_store_ask_fn *each, void *context);

/* ---- housekeeping ---- */

/* The directory: name, group; empty texts where unknown. */
struct rc_directory_row {
    struct rc_id employee, group, manager;
    struct rc_text name, email;
    bool active;
};
typedef bool rc_store_directory_fn(void *context, const struct rc_directory_row *row);
enum rc_store_result rc_store_directory(struct rc_store *store, int site, rc_store_directory_fn *each,
                                        void *context);
/* In the order of ids. rc_store_directory_after begins behind that employee (empty: at the first);
 * rc_store_directory_one calls it for that employee alone; NOT_FOUND: the directory has none such. */
enum rc_store_result rc_store_directory_after(struct rc_store *store, int site, const struct rc_id *employee,
                                              rc_store_directory_fn *each, void *context);
enum rc_store_result rc_store_directory_one(struct rc_store *store, int site, const struct rc_id *employee,
                                            rc_store_directory_fn *each, void *context);

/* rc_store_directory_set writes the row of row->employee, new or not, in the open transaction. */
enum rc_store_result rc_store_directory_set(struct rc_store *store, int site,
                                            const struct rc_directory_row *row);

enum rc_store_result rc_store_alert(struct rc_store *store, int site, const char *kind, bool raised,
                                    int64_t at, struct rc_text detail);

/* rc_store_checkpoint folds the WAL back into the file; call it when idle. */
enum rc_store_result rc_store_checkpoint(struct rc_store *store);

/* rc_store_head returns the last seq of a site's log and its hash (committed). */
enum rc_store_result rc_store_head(struct rc_store *store, int site, int64_t *seq, uint8_t hash[32]);

/* rc_store_backup writes a consistent copy to path (VACUUM INTO a temporary name, fsync of file and folder,
 * rename); it fails if path exists. Blocks for as long as the copy takes. */
enum rc_store_result rc_store_backup(const char *database, const char *path, char error[RC_STORE_ERROR_MAX]);

#endif
