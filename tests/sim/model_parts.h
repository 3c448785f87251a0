/*
 * model_parts.h: what the model's files share. See model.h.
 */
#ifndef RC_SIM_MODEL_PARTS_H
#define RC_SIM_MODEL_PARTS_H

#include "model.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* The contract's numbers, once more: the service's own would hide a wrong one. */
#define CONFIRM_MS        (10 * SECOND)
#define ECHO_MS           SECOND
#define SLEEP_MS_MAX      (20 * MINUTE)
#define RECONNECT_MS      (120 * SECOND)
#define PROTECTION_MS     (15 * MINUTE)
#define PAUSE_PROTECTS_MS (15 * SECOND) /* docs/protocol.md */
#define HOLD_MS           (15 * MINUTE)
#define RESUME_MS         (20 * MINUTE)
#define RESUME_LEAST      (2 * MINUTE)
#define RESUME_OUTAGE     (4 * HOUR)
#define MISSED_OUT_MS     (6 * HOUR)
#define TRUST_MS          (2 * MINUTE)
#define FUTURE_MS         (5 * SECOND)
#define LATE_MS_MAX       (7 * 24 * HOUR)
#define SHIFT_MS_MAX      (16 * HOUR)
#define GRACE_OF_ADDED_MS (17 * HOUR) /* nothing says when an IN ends that no device made; not after this */
#define LATENESS_MS       SECOND      /* of a decision: design.md, check 4 */

#define LONG_AGO   (INT64_MIN / 4)
#define NEVER_ENDS (INT64_MAX / 4)

/* What a session may be thought to be doing; a set, since a crash can leave it open. */
enum mark { MARK_LIVE = 1, MARK_LOST = 2, MARK_CLOSED = 4, MARK_ASLEEP = 8 };

/* A number of which only bounds are known. */
struct range {
    int64_t low, high;
};

struct session {
    int employee, client;
    enum rc_class class;
    int64_t announced; /* intervalMs as said, RC_NONE */
    struct range epoch;
    unsigned marks;
    int64_t mark_time;       /* when the last leave was received */
    struct range heard_t;    /* service time */
    struct range heard_time; /* true time */
    struct range deadline;   /* of silence, service time, without protection */
    int generation;          /* in which it was surely heard last */
    int maybe_generation;    /* in which it may have been */
    int64_t in_seq;          /* the IN in whose period it was last heard */
    bool may_resume;         /* whether that is known after a crash is not sure */
};

/* A kiosk where somebody pressed IN. */
struct kiosk {
    int employee, client;
    int64_t in_seq;    /* period */
    int64_t after_seq; /* last row when it began */
    bool sure;         /* the contract says so beyond doubt */
};

/* Proof that somebody was there: when, and its label. */
struct proof {
    int64_t time, at, t;
};

struct person {
    struct proof sure, maybe; /* the latest certain evidence, and the latest possible */
    struct proof kept;        /* as flushed */
    int64_t hold;             /* number of the hold they are seen to be in, 0: none */
    int64_t held_time;        /* when they fell into it */
    int64_t heard_time;       /* when anything of theirs was heard last, or decided on them */
    int64_t opened_t;         /* service time at which they became IN */
    bool was_in;
};

struct verdict {
    int employee;
    char id[24];
    enum rc_type type;
    enum rc_result result;
    int64_t seq, at;
    enum rc_code code;
    bool review;
    bool maybe;        /* it may have been written by a commit that failed */
    int64_t after_seq; /* last row when it was given */
};

/* A row of the log with what the model knows besides. */
struct entry {
    struct rc_row row;
    int employee;
    int64_t time;       /* true time of its `at`, as far as it has one */
    struct range out_t; /* AUTO_OUT: service time of its `at` */
    int64_t detected_t; /* AUTO_OUT: service time of its decision */
    int64_t lag_ms;     /* what restarts had taken from the service's own time by then */
};

/* Marks of the last commit, to which an undo goes back. */
struct mark_of_commit {
    int rows, verdicts, kiosks, outages;
    int64_t holds[SIM_EMPLOYEES_MAX];
};

/* A hold (P-8) as it was seen to open and end. */
struct outage {
    struct rc_hold hold;
    int64_t opened_time;
    int64_t ended_time; /* RC_NONE: open */
    bool ended_durably;
};

/* A commit that failed, of which nobody knows whether it is on the disk. */
struct limbo {
    bool is;
    struct entry *rows;
    struct verdict *verdicts;
    struct kiosk *kiosks;
    struct outage *outages; /* all of them */
    int row_count, verdict_count, kiosk_count, outage_count;
    int64_t holds[SIM_EMPLOYEES_MAX];
};

struct fact;
struct folded;

struct sim_model {
    struct sim_world *world;
    struct session *sessions, *flushed; /* the same places in both */
    bool *flushing;
    int session_count, session_room;
    struct person people[SIM_EMPLOYEES_MAX];
    bool person_flushing[SIM_EMPLOYEES_MAX];
    struct entry *rows;
    int row_count, row_room;
    struct verdict *verdicts;
    int verdict_count, verdict_room;
    struct kiosk *kiosks;
    int kiosk_count, kiosk_room;
    struct mark_of_commit committed;
    struct limbo limbo;
    /* service time */
    int64_t t, time;
    bool connected, store_ok;
    int64_t maintenance_at;   /* label of its end, 0: none */
    int64_t maintenance_time; /* true time of its end, by boot time */
    bool maintained;          /* as of the last step */
    int generation;
    int64_t generation_t, generation_time;
    int64_t running_since;     /* true time; decisions cannot have been made before */
    int64_t t_saved, t_saving; /* service time as durable; as in the open transaction, RC_NONE */
    int64_t lag_ms;            /* what restarts took from the service's own time, all together */
    struct outage *outages;
    int outage_count, outage_room;
    struct fact *facts;    /* of all rows, made anew whenever the log has changed */
    struct folded *folded; /* of all employees, likewise */
    bool folded_yet;
};

/* ---- model_log.c ---- */

/* What later rows made of one. */
struct fact {
    bool in_effect, decided;
    int64_t at, closes;
};

/* Periods of one employee; more in one run is an error of the plan. */
#define PERIODS_MAX 512

/* What the rows say of one employee, in order of time. */
struct folded {
    struct sim_period period[PERIODS_MAX];
    int64_t resumed_at[PERIODS_MAX]; /* label of the latest RESUME of it, LONG_AGO */
    int count;
    bool is_in;       /* the last one is open */
    int64_t last_at;  /* label of the latest row in effect, CORRECTIONs apart */
    int64_t top_at;   /* the highest such label */
    int64_t last_seq; /* that latest row */
};
/* model_fold goes through the whole log; valid until a row is added or undone. */
const struct folded *model_fold(struct sim_model *model, int employee);
const struct fact *model_fact(struct sim_model *model, int64_t seq);
const struct entry *model_entry(const struct sim_model *model, int64_t seq);
void model_add_row(struct sim_model *model, const struct rc_row *row, int64_t time);

/* What ought to be written for a punch. */
struct wanted_row {
    enum rc_type type;
    enum rc_cause cause;
    struct range at;
    int review; /* 0, 1; -1: either */
    bool held;
    int64_t closes, target; /* RC_NONE: not looked at */
    enum rc_action action;
};
struct wanted {
    struct wanted_row row[6];
    int rows;
    bool receipt;
    enum rc_result result, first;
    enum rc_code code; /* RC_CODE_COUNT: not looked at */
};
/* model_judge says what a punch must come to; *also, where two readings are allowed, the second
 * (also->receipt true).
 */
void model_judge(struct sim_model *model, const struct sim_heard *heard, struct wanted *want,
                 struct wanted *also);
/* model_when: the time of a punch (P-13). */
struct when {
    int64_t at, time;
    bool late, doubtful;
};
struct when model_when(const struct sim_heard *heard);

/* model_clamp: P-14, no label of a row that is not late is earlier than the latest one in effect. */
void model_clamp(struct wanted_row *row, const struct folded *folded);

/* ---- model_hold.c ---- */

/* model_see_hold and model_see_status take what the service says of holds, and check it. */
void model_see_hold(struct sim_model *model, const struct sim_heard *heard, const struct rc_hold *hold);
void model_see_status(struct sim_model *model, const struct rc_status *status, bool last);
/* model_check_not_held: this AUTO_OUT, about to be added, ought not to have been held back. */
void model_check_not_held(struct sim_model *model, int employee, const struct rc_row *row);
/* model_check_was_held: this AUTO_OUT of a hold is right as to the hold. */
void model_check_was_held(struct sim_model *model, const struct sim_heard *heard, int employee,
                          const struct rc_row *row);
/* model_hold_over: true time at which the hold that keeps an employee ended; RC_NONE: it has not. */
int64_t model_hold_over(const struct sim_model *model, int64_t hold);

/* ---- model_presence.c ---- */

void model_advance(struct sim_model *model, const struct sim_heard *heard);
void model_beat(struct sim_model *model, const struct sim_heard *heard);
/* model_leave returns whether it may change anything. */
bool model_leave(struct sim_model *model, const struct sim_heard *heard);
void model_link(struct sim_model *model, const struct sim_heard *heard);
struct session *model_session(struct sim_model *model, int employee, int client);
void model_prove(struct sim_model *model, int employee, struct proof proof, bool sure);
/* model_due: when the last of an employee's sessions passes its deadline, in service time; a kiosk's shift
 * limit as true time in *shift (low > high: there is none). *causes: those whose deadline may be the last (1
 * << rc_cause). */
struct range model_due(struct sim_model *model, int employee, struct range *shift, unsigned *causes);
int64_t model_interval(const struct session *session);
int64_t model_threshold(const struct session *session);
struct range model_deadline(const struct sim_model *model, const struct session *session, bool *capped);

#endif
