/*
 * event.h: everything that can happen to the engine, as values. wire and daemon make them, the engine reads
 * them and keeps no pointer into them. Each carries both clocks of the moment in which it was received; the
 * engine has no other.
 */
#ifndef RC_CORE_EVENT_H
#define RC_CORE_EVENT_H

#include "core/ledger.h"

enum rc_event_kind {
    RC_EV_HEARTBEAT, /* a heartbeat, of an employee's session or (employee empty) of a device */
    RC_EV_TRAINING,  /* a training heartbeat: evidence too (T-8) */
    RC_EV_PROGRESS,  /* heard, but no evidence */
    RC_EV_LEAVE,
    RC_EV_PUNCH,
    RC_EV_CORRECT,
    RC_EV_LEDGER,      /* the answer to RC_FX_RELOAD */
    RC_EV_DIRECTORY,   /* an employee's group changed, or the employee was removed */
    RC_EV_LINK,        /* the broker came or went; the first `up` after init is the start (P-6) */
    RC_EV_STORE,       /* COMMIT works again, or failed */
    RC_EV_PAUSE,       /* the loop was late (P-7) or the host suspended */
    RC_EV_MAINTENANCE, /* P-19 */
    RC_EV_TICK,        /* time has passed; decides who falls due */
    RC_EVENT_KIND_COUNT
};

/* HEARTBEAT, TRAINING, PROGRESS. */
struct rc_beat {
    struct rc_id employee; /* empty: `session` is a device */
    struct rc_id session;
    int64_t epoch;       /* RC_NONE: not given */
    int64_t interval_ms; /* RC_NONE: not given */
    bool has_class;
    enum rc_class class;
    bool in_elsewhere; /* the employee is IN at another site of this service; asked for only where P-10 may
                          punch in */
};

struct rc_leave {
    struct rc_id employee; /* empty: a device's */
    struct rc_id session;
    enum rc_leave_cause cause;
    int64_t epoch;    /* RC_NONE: not given */
    int64_t sleep_ms; /* RC_NONE: not given */
    int64_t sent_now; /* when it was sent: boot time, at most `now`; equal where nobody can tell */
};

struct rc_punch {
    struct rc_id employee, session;
    struct rc_punch_id id;
    enum rc_type type; /* RC_IN or RC_OUT */
    bool has_class;
    enum rc_class class;
    int64_t sent_at;  /* the time sent, by rc-at or Message Expiry; the time received where nobody can tell */
    int64_t sent_now; /* the same moment in boot time */
    int64_t age_ms;   /* RC_NONE: not given */
    int64_t device_at; /* RC_NONE: not given */
    enum rc_device_clock clock;
    bool unmarked;     /* no mark of when it was sent, and it came while a backlog drained (section 2) */
    bool from_device;  /* its login is a device (P-13) */
    bool stranger;     /* of somebody who is not served: not in the directory, which is strict (section 8) */
    bool in_elsewhere; /* the same id is IN at another site of this service, or was when it was late (P-17) */
    struct rc_id login; /* empty: unknown */
    struct rc_text note;
    struct rc_verdict prior;   /* P-12; the shell looks it up for every punch */
    struct rc_history history; /* only where rc_punch_looks_back says so: the log around its `at` */
};

struct rc_correct {
    struct rc_id employee;
    enum rc_action action;
    int64_t target_seq; /* ACCEPT, REJECT, VOID, RETIME */
    enum rc_type type;  /* ADD: RC_IN or RC_OUT */
    int64_t at;         /* ADD, RETIME */
    struct rc_id actor; /* who decides */
    struct rc_text reason;
    struct rc_target target;   /* ACCEPT, REJECT, VOID, RETIME: what the log says of it */
    struct rc_history history; /* ADD: around at; ACCEPT of a held row: around the row's at; else unused */
};

struct rc_event {
    enum rc_event_kind kind;
    int64_t
        now;    /* boot time when it was received; the engine takes an earlier one than it has seen as that */
    int64_t at; /* wall clock at the same moment */
    union {
        struct rc_beat beat;
        struct rc_leave leave;
        struct rc_punch punch;
        struct rc_correct correct;
        struct {
            struct rc_id employee;
            struct rc_ledger ledger; /* hold and version are ignored: the engine's own are newer */
        } ledger;
        struct {
            struct rc_id employee;
            struct rc_id group; /* empty: none */
            bool removed;
        } directory;
        struct {
            bool up;
        } link;
        struct {
            bool ok;
        } store;
        struct {
            int64_t pause_ms;
        } pause;
        struct {
            int64_t until_at; /* 0: ends now */
        } maintenance;
    };
};

#endif
