/*
 * training.h: the training day's side of the store: each user's ledger, the days, courses and sessions that
 * reports read, policies, progress, and the archive of closed months. Part of store.h's store: same thread,
 * same transactions, same results; writes go into the open transaction, reads see it.
 *
 *   training_covers    what a user's heartbeats cover from now on, and the run since the last break
 *   training_current   which day each user is in at each site
 *   training_totals    the days, their courses, their sessions: one table, seen apart through the views
 *                      training_days, training_courses and training_sessions, and behind them
 *                      daily_activity_logs and daily_course_logs
 *
 * Boot times are kept with the boot they are of and with their label, and come back in this boot's time: of
 * another boot by their labels, unless those show a wall clock that was wrong; then as nothing covered, no
 * run, and RC_NONE. They may be negative: from before this boot.
 *
 * `rollcall verify` adds the days up again from audit_logs (docs/durability.md says what each row's detail
 * holds), so whoever writes a day writes that row in the same transaction.
 */
#ifndef RC_STORE_TRAINING_H
#define RC_STORE_TRAINING_H

#include "core/day_clock.h"
#include "core/training.h"
#include "store/store.h"

/* ---- policies (T-1) ---- */

/* One policy: in force from its start until the next one of the same site and course starts. */
struct rc_training_policy {
    int64_t number;      /* counts up by site; set by rc_store_training_policy_add */
    struct rc_id course; /* empty: the site's own */
    int64_t from_at;     /* a local midnight, or 0: the first one, which has always held */
    int64_t limit_minutes;
    /* the site's own only: */
    int64_t interval_ms;
    int64_t break_minutes, break_after_minutes; /* 0: none */
    char zone[64];
    bool from_settings; /* the config says so; else somebody ordered it */
    struct rc_id actor; /* who did */
    int64_t added_at;
};
typedef bool rc_store_policy_fn(void *context, const struct rc_training_policy *policy);
/* In order of number: of two that start at once, the later number holds. */
enum rc_store_result rc_store_training_policies(struct rc_store *store, int site, rc_store_policy_fn *each,
                                                void *context);
enum rc_store_result rc_store_training_policy_add(struct rc_store *store, int site,
                                                  struct rc_training_policy *policy);

/* ---- a user's ledger ---- */

/* The moment by which boot times and labels are told from one another. */
struct rc_training_now {
    int64_t now, at; /* at: the label (day_clock.h) */
};

/* One user's day at one site, as it stands in training_current and training_days. */
struct rc_training_day {
    bool found;              /* false: the user has no day at this site yet; all below is 0 */
    struct rc_local_day day; /* the current one */
    int64_t ms, next_ms;     /* rc_training_total */
    int64_t limit_ms;        /* in force on the day when it was last written */
    int64_t next_limit_ms;   /* on the day after it, for its row where next_ms is not 0; 0: the same */
    int64_t heartbeats;      /* received on the day, refused ones too (T-7 isNewDay) */
    int64_t refused;
    int64_t session_count;
    int64_t created_at, last_heartbeat_at; /* 0: leaves them as they are in its row */
    int64_t locked_at;                     /* 0: not locked */
    struct rc_local_day kept; /* what training_current holds, set by loading; the caller leaves it alone */
};

/* rc_store_training_load reads what rc_training_judge needs: ledger->cover, course_cover, run_*, site_count,
 * and for each of `count` sites (numbers of the store) days[i] and ledger->sites[i].day, .user and .course.
 * Terms and next days are the caller's. A user who is not known comes with an empty ledger and days not
 * found. An empty course: its parts stay empty. */
enum rc_store_result rc_store_training_load(struct rc_store *store, const struct rc_id *user,
                                            const struct rc_id *course, const int *sites, uint32_t count,
                                            struct rc_training_now moment, struct rc_training_ledger *ledger,
                                            struct rc_training_day days[]);

/* rc_store_training_save_user writes cover, course_cover and run_*. */
enum rc_store_result rc_store_training_save_user(struct rc_store *store, const struct rc_id *user,
                                                 const struct rc_id *course, struct rc_training_now moment,
                                                 const struct rc_training_ledger *ledger);

/* rc_store_training_save_day writes a site's day: training_current where it changes, the row of the day
 * unless it is empty (no heartbeat and nothing covered), and, where next_ms is not 0, the row of `next`. */
enum rc_store_result rc_store_training_save_day(struct rc_store *store, int site, const struct rc_id *user,
                                                const struct rc_training_day *day,
                                                const struct rc_local_day *next);
/* The same of one course on that day. Limits: RC_NONE without one of its own. */
enum rc_store_result rc_store_training_save_course(struct rc_store *store, int site, const struct rc_id *user,
                                                   const struct rc_id *course, const struct rc_local_day *day,
                                                   const struct rc_local_day *next,
                                                   const struct rc_training_total *total, int64_t limit_ms,
                                                   int64_t next_limit_ms);

/* rc_store_training_heard notes a heartbeat, counted or refused, of a session and course on `date`; *sessions
 * is then how many sessions of the user there were on that day, this one included: it belongs into the day's
 * session_count, which is believed the next time. added_ms: what it added to the user's union. */
enum rc_store_result rc_store_training_heard(struct rc_store *store, int site, const struct rc_id *user,
                                             const struct rc_id *session, const struct rc_id *course,
                                             const char *date, struct rc_training_now moment,
                                             int64_t added_ms, int64_t *sessions);
/* rc_store_training_last returns when that was last, in boot time (T-5); RC_NONE: not since the day before
 * the user's current one, or never. */
enum rc_store_result rc_store_training_last(struct rc_store *store, int site, const struct rc_id *user,
                                            const struct rc_id *session, const struct rc_id *course,
                                            struct rc_training_now moment, int64_t *heard_now);

/* ---- the turn of the day ---- */

struct rc_training_current {
    struct rc_id user;
    struct rc_training_day day;
};
typedef bool rc_store_current_fn(void *context, const struct rc_training_current *current);
/* rc_store_training_ended lists users whose current day at the site has ended at `at`, at most `limit`;
 * _after lists all, in order of user id, after `after` (empty: from the start), at most `limit`: for
 * publishing again. */
enum rc_store_result rc_store_training_ended(struct rc_store *store, int site, int64_t at, uint32_t limit,
                                             rc_store_current_fn *each, void *context);
enum rc_store_result rc_store_training_after(struct rc_store *store, int site, const struct rc_id *after,
                                             uint32_t limit, rc_store_current_fn *each, void *context);
/* rc_store_training_next_end returns when the earliest current day at the site ends; INT64_MAX: there is
 * none. */
enum rc_store_result rc_store_training_next_end(struct rc_store *store, int site, int64_t *end_at);

/* ---- reports ---- */

struct rc_training_row {
    struct rc_id user;
    char date[RC_DATE_MAX];
    int64_t minutes_completed, seconds_completed, session_count, heartbeats, refused, created_at,
        last_heartbeat_at;
    bool locked;
    int64_t locked_at; /* 0: it is not, or nobody knows */
};
struct rc_training_page {
    struct rc_id user;                                 /* empty: everybody */
    char from_date[RC_DATE_MAX], to_date[RC_DATE_MAX]; /* [from, to]; empty: no bound */
    struct rc_id after_user;                           /* cursor: the last row of the page before */
    char after_date[RC_DATE_MAX];
    uint32_t limit;
};
typedef bool rc_store_training_fn(void *context, const struct rc_training_row *row);
/* In order of date, then user. */
enum rc_store_result rc_store_training_days(struct rc_store *store, int site,
                                            const struct rc_training_page *page, rc_store_training_fn *each,
                                            void *context);
struct rc_course_row {
    struct rc_id course;
    int64_t seconds_completed;
    bool locked;
};
typedef bool rc_store_course_fn(void *context, const struct rc_course_row *row);
/* A user's courses on one day. */
enum rc_store_result rc_store_training_courses(struct rc_store *store, int site, const struct rc_id *user,
                                               const char *date, rc_store_course_fn *each, void *context);

/* What one session did in one course. */
struct rc_training_session_row {
    struct rc_id session, course;
    int64_t seconds_added, heartbeats, last_heartbeat_at;
};
typedef bool rc_store_training_session_fn(void *context, const struct rc_training_session_row *row);
/* A user's sessions on one day. */
enum rc_store_result rc_store_training_sessions(struct rc_store *store, int site, const struct rc_id *user,
                                                const char *date, rc_store_training_session_fn *each,
                                                void *context);

/* ---- progress (T-5) ---- */

/* The verdict on a progress id (P-12 for progress): content is course and lesson. */
struct rc_progress_verdict {
    bool found;
    struct rc_id course, lesson;
    enum rc_result result; /* RC_RECORDED or RC_REJECTED */
    enum rc_code code;
    int64_t at; /* when it was saved, or refused */
};
enum rc_store_result rc_store_progress_verdict(struct rc_store *store, int site, const struct rc_id *user,
                                               const struct rc_punch_id *id, struct rc_progress_verdict *out);
/* rc_store_progress_keep remembers the verdict under its id and, where it is RC_RECORDED, writes the
 * progress. */
enum rc_store_result rc_store_progress_keep(struct rc_store *store, int site, const struct rc_id *user,
                                            const struct rc_punch_id *id,
                                            const struct rc_progress_verdict *verdict, struct rc_text data);

/* ---- the day clock, over restarts within one boot ---- */

/* rc_store_day_clock returns NOT_FOUND where none of this boot is kept. */
enum rc_store_result rc_store_day_clock(struct rc_store *store, struct rc_day_clock *out);
enum rc_store_result rc_store_day_clock_save(struct rc_store *store, const struct rc_day_clock *clock);

/* ---- archiving a closed month while the service runs ---- */

/* rc_store_archive_copy copies a closed month of audit_logs ("2026_01") from the database at `database` into
 * a new file at `path`, checks the copy against the chain and syncs it. A file that is there already is
 * checked instead, and is as good, if it is such a copy: that of a service that died before the drop.
 * REFUSED: the month is not closed, not in the database, or path is something else. Opens the database for
 * itself, read-only, so that it may run on a thread of its own beside the service, and holds its snapshot for
 * moments only. Leaves no file of its own where it fails. */
enum rc_store_result rc_store_archive_copy(const char *database, const char *month, const char *path,
                                           char error[RC_STORE_ERROR_MAX]);

/* rc_store_archive_drop compares the copy's pieces of the chains with the store's, notes them in
 * audit_archives, and takes the month out of audit_logs, in the open transaction; all or nothing of it. Takes
 * some ms however long the month is: its rows are left aside, for rc_store_archive_sweep. */
enum rc_store_result rc_store_archive_drop(struct rc_store *store, const char *month, const char *path,
                                           int64_t at);

/* What the store noted of one site's piece of a month that was dropped. */
struct rc_archived {
    int64_t rows;
    char first_hash[65], last_hash[65]; /* 64 lower-case hex digits */
};
/* rc_store_archived reads it; NOT_FOUND: that month of the site was not archived. Sees the open transaction.
 */
enum rc_store_result rc_store_archived(struct rc_store *store, int site, const char *month,
                                       struct rc_archived *out);

/* rc_store_archive_sweep gives back the room of what drops have left aside, a slice of some ms, in a
 * transaction of its own (none may be open); *done: there was nothing left. Call it when idle after a drop
 * and after a start, until it is done. */
enum rc_store_result rc_store_archive_sweep(struct rc_store *store, bool *done);

#endif
