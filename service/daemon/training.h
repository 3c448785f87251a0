/*
 * training.h: the training day limit at work (T-1 to T-8): a training heartbeat judged, written down and
 * answered in the open transaction. What a day is to come to, core/training.h decides; this decides what of
 * it is written where, and what is answered. Nothing of a user is kept in memory: their ledger is read from
 * the store for each heartbeat, so a failed COMMIT has nothing to undo. Part of the service; service thread.
 *
 *   heartbeat ─▶ evidence (T-8) ─▶ ledger read, rolled to today, judged, written back ─┬▶ training/result
 *                                  session, audit row(s)                               └▶ retained training
 *                └─────────────────────── one transaction ──────────────────────────────────────────────┘
 */
#ifndef RC_DAEMON_TRAINING_H
#define RC_DAEMON_TRAINING_H

#include "daemon/batch.h"
#include "daemon/training_day.h"
#include "daemon/training_rate.h"

/* A site's side of training. */
struct rc_site_training {
    struct rc_training_policies policies;
    struct rc_training_rate *rate;
    int64_t next_end_at;              /* by label: when the first user's day ends; RC_NONE: the store knows */
    bool sweeps;                      /* all users' days are being looked at; see training_turn.h */
    bool sweep_shows;                 /* and published again, as a limit has changed that no row tells of */
    bool sweep_stepped;               /* some of it is in the open transaction */
    struct rc_id sweep_after;         /* the last user that was */
    struct rc_training_current *rows; /* RC_TRAINING_TURN_USERS of them */
    uint32_t row_count;
};

/* A user's ledger over all sites, while it is judged. */
struct rc_training_ledger_open {
    struct rc_id user, course;
    struct rc_training_now moment; /* at: the label */
    struct rc_training_ledger ledger;
    struct rc_training_day days[RC_TRAINING_SITES_MAX];
    struct rc_training_seat seats[RC_TRAINING_SITES_MAX];
    struct rc_training_total user_before[RC_TRAINING_SITES_MAX], course_before[RC_TRAINING_SITES_MAX];
};

/* What the service keeps of training. */
struct rc_training {
    enum { RC_TRAINING_UNOPENED, RC_TRAINING_OPENING, RC_TRAINING_OPEN } state; /* training_turn.h */
    struct rc_day_clock clock;
    int64_t kept_offset_ms;              /* of the clock, as the store has it */
    bool clock_due;                      /* the store does not have it as it is */
    bool clock_kept;                     /* it does with the open transaction */
    struct rc_training_ledger_open open; /* of the heartbeat at hand: too large for a stack frame */
};

/* rc_training_take lets one training heartbeat happen and answers it on each of `count` topics (at most
 * RC_ANSWERS_MAX). */
void rc_training_take(struct rc_service *service, struct rc_site *site, const struct rc_event *event,
                      const struct rc_id *course, const struct rc_reply_to *to, size_t count);

/* rc_training_take_progress does the same of progress (T-5): a receipt on `to`. sent_now: when it was sent,
 * by boot time. */
struct rc_decoded;
void rc_training_take_progress(struct rc_service *service, struct rc_site *site,
                               const struct rc_decoded *decoded, int64_t sent_now,
                               const struct rc_receipt *receipt, const struct rc_reply_to *to);

/* rc_training_open reads a user's ledger and brings it to the day of `now` at every site. False: the batch
 * failed. */
bool rc_training_open(struct rc_service *service, const struct rc_id *user, const struct rc_id *course,
                      int64_t now);

/* rc_training_label returns what the day's clock says of boot time `now` (core/day_clock.h). */
int64_t rc_training_label(const struct rc_service *service, int64_t now);

#endif
