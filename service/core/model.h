/*
 * model.h: the engine's memory: sessions, employees, scopes, holds, and how they hang together. Private to
 * core; every file of the engine works on this one structure, on the one thread that owns it. Records live in
 * arrays that the caller's memory holds and are named by index; RC_NIL is no record.
 *
 *   employee ──sessions──▶ session ──sibling──▶ session ...        hash chains: employees by id,
 *      ▲                      │                                    sessions by (employee, session)
 *      └──────employee────────┘   a device is a session of nobody (employee RC_NIL)
 */
#ifndef RC_CORE_MODEL_H
#define RC_CORE_MODEL_H

#include "core/engine.h"
#include "core/wheel.h"

/* Bits of session.flags */
#define S_USED          0x01u /* the record is a session */
#define S_SLOT          0x02u /* evidence-only: stands for all sessions that found no room (P-18) */
#define S_DIRTY         0x04u /* in the dirty list */
#define S_TAKEN         0x08u /* handed to the flush, not yet committed */
#define S_AGAIN         0x10u /* changed since it was taken */
#define S_DEAD          0x20u /* forgotten, still in a list: freed when it leaves the list */
#define S_COUNT_WATCHED 0x40u /* counts in its gateway's scope */
#define S_COUNT_OVERDUE 0x80u

/* What a heartbeat reads and writes comes first, so that it touches few cache lines. */
struct session {
    uint8_t flags, state, class, ended_by;
    uint32_t employee, chain;
    uint32_t generation; /* of the link, when it was last heard live (P-6) */
    uint32_t interval_ms;
    uint32_t dirty_next, dirty_previous;
    int64_t epoch; /* RC_NONE: never given */
    int64_t deadline_t;
    int64_t heard_t, heard_now, heard_at;
    int64_t leave_now;    /* of the last leave that it obeyed, INT64_MIN: none since it was heard */
    int64_t heard_in_seq; /* kiosk: the IN whose period it belongs to */
    struct rc_id id;
    uint32_t sibling;
    uint32_t scope;       /* badge: its gateway's scope */
    int64_t deadline_now; /* kiosk: the shift limit */
    int64_t first_at;
};

/* Bits of employee.flags */
#define E_PENDING 0x01u /* in the pending list: to be settled at the next tick */
#define E_WAITING                                                                                            \
    0x02u /* due, but nobody may be convicted now: for the next LINK, STORE or end of maintenance */
#define E_LISTED        0x04u /* in the list of the held */
#define E_COUNT_WATCHED 0x08u
#define E_COUNT_OVERDUE 0x10u

/* What was last published; compared with what is true now to find out whether anything is to be said. */
struct published {
    bool is_in;
    uint8_t cause, presence;
    uint32_t sessions;
    int64_t since_at;
};

/* The log's side of an employee: what a failed COMMIT takes back. */
struct record {
    struct rc_ledger ledger;
    struct published published;
};

/* Sessions by what they are doing now. */
struct tally {
    uint8_t live, silent, lost, closed, asleep, kiosk, all;
};

struct employee {
    struct rc_id id;
    uint8_t flags, due_cause, counted_presence;
    bool counted, counted_in;
    uint8_t counted_open;
    uint32_t sessions, chain, pending_next, held_next;
    uint32_t scope;       /* of the group, RC_NIL: none */
    uint64_t image_batch; /* the batch for which an image was kept */
    struct tally tally;
    struct record record;
    struct rc_evidence evidence;
};

struct scope {
    struct rc_id name;
    uint8_t kind;
    uint32_t chain;
    uint32_t watched, overdue;
};

struct image {
    uint32_t employee;
    struct record record;
};

/* The site's side of the log: what a failed COMMIT takes back. */
struct site_record {
    int64_t last_seq, last_hold;
    uint32_t open_holds;
    struct rc_hold holds[RC_HOLDS_MAX];
    bool maintenance;
    int64_t maintenance_now, maintenance_at;
};

struct list {
    uint32_t first, last;
};

struct rc_engine {
    struct rc_engine_limits limits;
    struct rc_policy policy;

    /* clocks of the event at hand */
    int64_t now, at, t;
    bool started, connected, store_ok;
    uint32_t generation; /* counts starts, reconnects and ends of maintenance (P-6) */
    int64_t reconnect_now, reconnect_t;

    struct site_record site, site_image;
    struct image *images;
    uint32_t image_count;
    uint64_t batch;

    struct session *sessions;
    struct rc_timer *timers; /* timers[i] is sessions[i]'s */
    uint32_t *session_heads;
    uint32_t session_mask, session_free, session_used, named_used;
    struct employee *employees;
    uint32_t *employee_heads;
    uint32_t employee_mask, employee_used;
    struct scope *scopes;
    uint32_t *scope_heads;
    uint32_t scope_mask, scope_used;

    struct rc_wheel silence; /* in service time */
    struct rc_wheel shift;   /* in boot time: kiosk sessions */
    struct list pending, waiting, held, dirty, taken;
    uint32_t devices;     /* list of device sessions, by sibling */
    bool devices_changed; /* their statuses are to be said again */
    uint32_t devices_said;
    uint32_t reloading; /* the employee whose ledger was asked for, RC_NIL: nobody's */
    uint32_t devices_lost;
    bool capacity_alert;

    struct scope everybody; /* the site's own scope */
    struct rc_counts counts;
};

/* ---- index.c: finding and making records ---- */

uint32_t rc_employee_find(const struct rc_engine *engine, const struct rc_id *id);
/* RC_NIL at the limit */
uint32_t rc_employee_make(struct rc_engine *engine, const struct rc_id *id);
/* One look in one table: the way of a heartbeat. An empty employee: a device. */
uint32_t rc_session_lookup(const struct rc_engine *engine, const struct rc_id *employee,
                           const struct rc_id *id);
/* employee RC_NIL: a device; id empty: the evidence-only slot */
uint32_t rc_session_find(const struct rc_engine *engine, uint32_t employee, const struct rc_id *id);
/* RC_NIL where neither the process nor the employee has room; the employee's session that gives way is
 * forgotten */
uint32_t rc_session_make(struct rc_engine *engine, uint32_t employee, const struct rc_id *id,
                         struct rc_effects *out);
/* takes it out of every index and frees it, at once or when the flush lets go of it */
void rc_session_drop(struct rc_engine *engine, uint32_t index);
void rc_session_free(struct rc_engine *engine, uint32_t index);
/* RC_NIL at the limit */
uint32_t rc_scope_get(struct rc_engine *engine, enum rc_scope_kind kind, const struct rc_id *name);

/* ---- flush.c: which sessions the store does not know yet ---- */

/* The session as the store keeps it. */
void rc_session_row_of(const struct rc_engine *engine, const struct session *session,
                       struct rc_session_row *out);
void rc_mark_dirty(struct rc_engine *engine, uint32_t index);
void rc_flush_committed(struct rc_engine *engine);
void rc_flush_undone(struct rc_engine *engine);

/* ---- session.c: the table state x event ---- */

/* When something was evident; see struct rc_evidence. */
struct moment {
    int64_t at, now, t;
};
/* heard: a message that is no leave came. The class, interval and epoch given stick. */
struct heard {
    const struct rc_beat *beat;
    struct moment evidence;
    bool is_evidence;
    bool is_heartbeat; /* as opposed to a punch: may be an echo of what came before a leave */
    int64_t sent_now;
};
void rc_session_heard(struct rc_engine *engine, uint32_t index, const struct heard *heard,
                      struct rc_effects *out);
void rc_session_leave(struct rc_engine *engine, uint32_t index, const struct rc_leave *leave,
                      struct rc_effects *out);
void rc_session_fire(struct rc_engine *engine, uint32_t index, struct rc_effects *out);
void rc_session_forget(struct rc_engine *engine, uint32_t index, struct rc_effects *out);
/* Starts or keeps the kiosk session of the IN in_seq (P-1). */
void rc_session_kiosk(struct rc_engine *engine, uint32_t index, int64_t in_seq, int64_t in_at);
/* An evidence-only slot stands for its employee's current period until the shift limit, as a kiosk's session
 * does, or until a session of theirs is heard in it. */
void rc_session_watch_shift(struct rc_engine *engine, uint32_t index);
/* An evidence-only slot begins to wait for a first sign of its employee, as long as for a browser. */
void rc_session_listen(struct rc_engine *engine, uint32_t index);
/* Puts kiosk sessions into the state that the ledger gives them. */
void rc_session_settle_kiosk(struct rc_engine *engine, uint32_t index);
/* After a reconnect: the last to end of an employee's sessions gets its protected deadline. */
void rc_session_protect(struct rc_engine *engine, uint32_t index);
/* Says a device's status; while nothing can be made durable, later. */
void rc_session_push_device(struct rc_engine *engine, uint32_t index, struct rc_effects *out);
int64_t rc_session_deadline_t(const struct rc_engine *engine, const struct session *session, bool *by_outage);
int64_t rc_session_interval(const struct rc_engine *engine, const struct session *session);
int64_t rc_session_threshold(const struct rc_engine *engine, const struct session *session);
/* Sets the session's timer by its state. */
void rc_session_arm(struct rc_engine *engine, uint32_t index);

/* ---- employee.c: one employee, as the sum of their sessions and their ledger ---- */

/* Counts afresh, decides whether they fall due, and says what changed. Call it after anything happened to
 * them. */
void rc_employee_settle(struct rc_engine *engine, uint32_t index, struct rc_effects *out);
void rc_employee_count(struct rc_engine *engine, struct employee *employee);
bool rc_employee_has_news(const struct employee *employee);
/* Asks for the ledger to be read from the rows; until it comes the employee is not settled. */
void rc_employee_reload(struct rc_engine *engine, uint32_t index, struct rc_effects *out);
void rc_employee_evidence(struct employee *employee, struct moment moment);
/* Keeps the image of the record before its first change in this batch. */
struct record *rc_employee_record(struct rc_engine *engine, uint32_t index);
void rc_employee_pend(struct rc_engine *engine, uint32_t index);
void rc_employee_all_waiting(struct rc_engine *engine);
/* Works off the pending list; true if the room ran out. */
bool rc_employee_pending(struct rc_engine *engine, struct rc_effects *out);
enum rc_presence rc_employee_presence(const struct employee *employee);
uint32_t rc_employee_open(const struct employee *employee);
/* Heard while OUT: P-9, then P-10. */
void rc_employee_heard_out(struct rc_engine *engine, uint32_t index, uint32_t session, bool in_elsewhere,
                           struct rc_effects *out);
/* Appends an AUTO_OUT at the last evidence. */
void rc_employee_auto_out(struct rc_engine *engine, uint32_t index, enum rc_cause cause,
                          struct rc_effects *out);
void rc_employee_emit_status(struct rc_engine *engine, uint32_t index, struct rc_effects *out);

/* ---- hold.c: P-8 ---- */

/* The hold that keeps this employee, who falls due by silence, from AUTO_OUT: joined, or opened; 0: none. */
int64_t rc_hold_for(struct rc_engine *engine, uint32_t employee, struct rc_effects *out);
bool rc_hold_is_open(const struct rc_engine *engine, int64_t number);
void rc_hold_end_due(struct rc_engine *engine, struct rc_effects *out);
int64_t rc_hold_next_now(const struct rc_engine *engine);
void rc_hold_list(struct rc_engine *engine, uint32_t employee);
/* Makes the scopes' counts agree with the employee's tally. */
void rc_hold_count(struct rc_engine *engine, uint32_t employee);

/* ---- punch.c, late.c, correct.c ---- */

void rc_punch_step(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out);
void rc_correct_step(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out);
void rc_late_step(struct rc_engine *engine, uint32_t employee, const struct rc_punch *punch,
                  struct rc_punch_when when, struct rc_effects *out);
/* The OUT that waits for an IN at in_at: its seq, 0: none. One that came later than a shift after it waits
 * for another, and on (P-13). */
int64_t rc_late_waiting(const struct rc_engine *engine, const struct rc_history *history, int64_t in_at);
/* A receipt for the punch; row is the row that records it, or NULL. */
void rc_punch_receipt(struct rc_engine *engine, const struct rc_punch *punch, const struct rc_row *row,
                      enum rc_result result, enum rc_code code, const char *message, struct rc_effects *out);
/* The receipt of an IN that was recorded; it says where the same id is IN at another site (P-17). */
void rc_punch_recorded(struct rc_engine *engine, const struct rc_punch *punch, const struct rc_row *row,
                       struct rc_effects *out);
/* Copies what the client said into a row. */
void rc_punch_into_row(const struct rc_punch *punch, struct rc_row *row);
void rc_punch_hold_back(struct rc_engine *engine, uint32_t employee, const struct rc_punch *punch,
                        struct rc_punch_when when, enum rc_code code, const char *message,
                        struct rc_effects *out);
/* P-13, P-16: a late punch that no device made, or that nobody knows when it was sent, is for a person to
 * look at. */
bool rc_punch_late_review(const struct rc_punch *punch, struct rc_punch_when when);
/* The session that a message belongs to: found, made, or else the employee's evidence-only slot; RC_NIL: no
 * room at all, which is counted. */
uint32_t rc_session_for(struct rc_engine *engine, uint32_t employee, const struct rc_beat *beat,
                        struct rc_effects *out);
/* The employee's evidence-only slot (P-18); RC_NIL: not even for that, which is counted. */
uint32_t rc_session_slot(struct rc_engine *engine, uint32_t employee, struct rc_effects *out);
void rc_capacity_reached(struct rc_engine *engine, struct rc_effects *out);

/* ---- row.c: effects ---- */

struct rc_effect *rc_effect_push(struct rc_effects *out, enum rc_effect_kind kind);
/* A row with the log's next seq, recorded now. */
struct rc_row *rc_row_push(struct rc_engine *engine, uint32_t employee, enum rc_type type,
                           enum rc_cause cause, int64_t at, struct rc_effects *out);
/* The label of a row that is not late: never below the employee's latest (P-14); sets *review where it was
 * raised. */
int64_t rc_row_label(const struct employee *employee, int64_t at, bool *review);
void rc_site_touch(struct rc_engine *engine);

/* ---- time.c ---- */

void rc_time_advance(struct rc_engine *engine, int64_t now, int64_t at);
bool rc_time_runs(const struct rc_engine *engine);
/* A reconnect, a start, or the end of maintenance: everybody unheard is protected afresh (P-6). */
void rc_time_protect_all(struct rc_engine *engine);

/* Fell silent, as opposed to having said goodbye or good night (P-8). */
static inline bool rc_is_silence(enum rc_cause cause)
{
    return cause == RC_CAUSE_STALE || cause == RC_CAUSE_LOST || cause == RC_CAUSE_OUTAGE;
}

static inline bool rc_list_empty(const struct list *list)
{
    return list->first == RC_NIL;
}

#endif
