/*
 * ledger.h: what the log says of one employee now, and the slices of the log that the judges of late punches
 * and corrections ask for. The store makes these from the rows (db/schema.md says how), the engine keeps a
 * ledger for each employee in memory and hands it back, changed, with each status. Plain values, no
 * ownership.
 */
#ifndef RC_CORE_LEDGER_H
#define RC_CORE_LEDGER_H

#include "core/types.h"

struct rc_ledger {
    bool is_in;
    enum rc_status_cause cause;
    int64_t since_at; /* IN: the period's IN; OUT: the OUT; nothing yet: when the employee was first seen */
    int64_t in_seq;   /* the IN of the current or else of the last period; 0: none yet */
    int64_t in_at;    /* its label */
    int64_t last_seq; /* the latest row in effect but CORRECTION; 0: none */
    int64_t last_at;  /* the highest label of a row in effect: no later label is lower (P-14) */
    int64_t out_seq;  /* OUT only: the OUT in effect of the last period, else 0 */
    enum rc_type out_type; /* RC_OUT, RC_AUTO_OUT or, while IN or before any period, RC_TYPE_NONE */
    enum rc_cause out_cause;
    int64_t out_t;          /* AUTO_OUT: service time of its `at` */
    int64_t out_detected_t; /* AUTO_OUT: service time of its decision */
    bool out_final;         /* a person decided on that OUT, or said OUT after it: it is never resumed */
    int64_t hold;           /* IN only: number of the hold that keeps them from AUTO_OUT (P-8), 0: none */
    int64_t version;        /* of the retained status */
};

/* The last proof that an employee was there, over all of their sessions. */
struct rc_evidence {
    int64_t at;  /* 0: none */
    int64_t now; /* boot time, RC_NONE if of an earlier boot */
    int64_t t;
};

/* One period in effect. */
struct rc_period {
    bool found;
    bool closed;
    int64_t in_seq, in_at;
    int64_t out_seq, out_at; /* when closed */
    enum rc_type out_type;
    int64_t out_detected_at; /* AUTO_OUT: when it was decided; else 0 */
    bool out_decided;        /* a person decided on that OUT, or made it */
    int64_t resumed_at;      /* label of the latest RESUME of this period, 0: none */
};

/* The log around a time A, for one employee. */
struct rc_history {
    struct rc_period at;   /* the period with the latest in_at <= A */
    struct rc_period next; /* the one with the earliest in_at > A */
    int64_t waiting_seq;   /* earliest OUT held for NO_IN, undecided, with A < at < next.in_at; 0: none */
    int64_t waiting_at;
};

/* A row that somebody wants to decide on. */
struct rc_target {
    bool found;
    int64_t seq;
    enum rc_type type;
    int64_t at; /* as retimed, if it was */
    bool held;  /* state `held` */
    bool in_effect;
    bool rejected;           /* a held row that was rejected, or a row that was voided */
    bool review;             /* flagged, and nobody decided yet */
    int64_t target_seq;      /* RESUME: the AUTO_OUT that it undoes */
    int64_t undone_at;       /* RESUME: when that AUTO_OUT was */
    struct rc_period period; /* in effect: the period it belongs to; not found: its IN is in effect no more */
    int64_t previous_in_at;  /* start of the period before that one; INT64_MIN: none */
    int64_t previous_out_at; /* end of the period before that one; INT64_MIN: none */
    int64_t next_in_at;      /* start of the one after it; INT64_MAX: none */
};

/* The verdict on an earlier punch of the same id (P-12). */
struct rc_verdict {
    bool found;
    enum rc_type type;
    enum rc_result result; /* RC_RECORDED, RC_HELD_BACK or RC_REJECTED */
    int64_t seq;           /* 0: no row */
    int64_t at, recorded_at;
    bool review;
    enum rc_code code;
    const char *message; /* NULL: none; borrowed, for as long as the event is used */
    bool has_hash;
    uint8_t hash[32];
};

#endif
