/*
 * training_policy.h: one site's training policies (T-1): which days it has, what is in force on each, and
 * from when a new policy may hold. A policy is never changed or removed; the one with the latest start at or
 * before a day's is in force on it, and of two that start at once the one that was added later.
 *
 * Days are those of the zone in force (zones.h), but where the zone changes: the new one starts at a midnight
 * of its own, and the last day of the old zone that ends by then, with an earlier date, lasts until then:
 *
 *     New York  │ 12-01       │ 12-02                 ┆ (12-03)   ┆
 *     Tokyo          ┆           ┆           │ 12-04        │ 12-05
 *                    asked for on 12-02       ▲ 12-02 lasts until here
 *
 * Pure over zones.h. A plain value of the site's, which owns memory; service thread. What is added in a
 * transaction is forgotten again where that fails.
 */
#ifndef RC_DAEMON_TRAINING_POLICY_H
#define RC_DAEMON_TRAINING_POLICY_H

#include "daemon/zones.h"
#include "store/training.h"

/* Policies of one site, its courses' included: a change a day for ten years. Beyond: RESOURCE_EXHAUSTED. */
#define RC_TRAINING_POLICIES_MAX 4096

/* What a policy may say. A day has 1,440 minutes; interval as core/training.h. */
#define RC_TRAINING_LIMIT_MINUTES_MAX 1440
#define RC_TRAINING_INTERVAL_MS_MIN   1000

/* Days of one zone without a break: from one policy that names another zone to the next. */
struct rc_training_era {
    struct rc_zone *zone;
    int64_t from_at;          /* where its first day begins */
    struct rc_local_day last; /* lasts until the next era; start_at INT64_MAX: there is none */
};

struct rc_training_policies {
    struct rc_training_policy *items; /* in order of number */
    size_t count, committed, room;
    uint32_t *order; /* of the site's own: by start, then number */
    size_t order_count;
    struct rc_training_era *eras;
    size_t era_count;
    struct rc_zone **zones; /* those that were ever named */
    size_t zone_count;
};

/* What somebody wants: RC_NONE and "" where it is to stay as it is. */
struct rc_training_wish {
    struct rc_id course; /* empty: the site's own */
    int64_t limit_minutes, interval_ms, break_minutes, break_after_minutes;
    char zone[sizeof((struct rc_training_policy *)0)->zone];
    bool has_from;
    int64_t from_days; /* the date from which it is to hold; else as early as it can */
};

/* rc_training_policies_fini frees what was taken; a zeroed struct is an empty one. */
void rc_training_policies_fini(struct rc_training_policies *policies);

/* rc_training_policies_add takes one policy: those of the store in order of number, and those that are added
 * to it. False, and nothing is changed: no memory, no such zone, or too many. */
bool rc_training_policies_add(struct rc_training_policies *policies, const struct rc_training_policy *policy);

/* rc_training_policies_commit: what was added is durable; _undo: what was added since is forgotten. */
void rc_training_policies_commit(struct rc_training_policies *policies);
void rc_training_policies_undo(struct rc_training_policies *policies);

/* The rest needs one policy of the site's own at least. */

/* rc_training_policies_day returns the site's day that holds `at`. */
struct rc_local_day rc_training_policies_day(struct rc_training_policies *policies, int64_t at);

/* rc_training_policies_date finds the site's day of a date. False: it has none. */
bool rc_training_policies_date(struct rc_training_policies *policies, int64_t days, struct rc_local_day *out);

/* rc_training_policies_own returns the site's policy in force on the day that begins at start_at;
 * rc_training_policies_course the course's, NULL: it has none of its own. Borrowed until the next add. */
const struct rc_training_policy *rc_training_policies_own(const struct rc_training_policies *policies,
                                                          int64_t start_at);
const struct rc_training_policy *rc_training_policies_course(const struct rc_training_policies *policies,
                                                             int64_t start_at, const struct rc_id *course);

/* rc_training_policies_terms returns what the core needs of both; course empty: none. */
struct rc_training_terms rc_training_policies_terms(const struct rc_training_policies *policies,
                                                    int64_t start_at, const struct rc_id *course);

/* rc_training_policies_plan makes of a wish at the moment `at` the policy to be added: all fields filled in
 * but number, actor, added_at. RC_OK, or why not, in *message for people (static): a start that was before
 * today, or today's where it does more than raise the limit (what was promised this morning holds till
 * midnight), a date that the site does not have, a value out of range. */
enum rc_code rc_training_policies_plan(struct rc_training_policies *policies, int64_t at,
                                       const struct rc_training_wish *wish, struct rc_training_policy *out,
                                       const char **message);

/* rc_training_policies_settle does the same for the settings, of which a wish without course and from names
 * every field; the first ones hold since ever. SETTLED: they say what they said at the last start. ANEW: *out
 * is to be added. UNSETTLED: too many policies, no memory or no such zone. */
enum rc_training_settled { RC_TRAINING_SETTLED, RC_TRAINING_ANEW, RC_TRAINING_UNSETTLED };
enum rc_training_settled rc_training_policies_settle(struct rc_training_policies *policies, int64_t at,
                                                     const struct rc_training_wish *settings,
                                                     struct rc_training_policy *out);

#endif
