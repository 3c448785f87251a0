#include "daemon/training_policy.h"

#include "core/names.h"
#include "wire/date.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)

/* A new zone leaves the old one's next midnight alone if it is nearer than this: what a heartbeat covers
 * beyond a midnight is counted for the date that follows, which must not become another one then. */
#define SETTLED_MS RC_TRAINING_INTERVAL_MS_MAX

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- memory ---- */

void rc_training_policies_fini(struct rc_training_policies *policies)
{
    for (size_t i = 0; i < policies->zone_count; i++)
        rc_zone_close(policies->zones[i]);
    free(policies->zones);
    free(policies->items);
    free(policies->order);
    free(policies->eras);
    *policies = (struct rc_training_policies){0};
}

static bool grow(void **items, size_t room, size_t bytes)
{
    void *grown = realloc(*items, room * bytes);
    if (grown)
        *items = grown;
    return grown != NULL;
}

static bool make_room(struct rc_training_policies *policies)
{
    if (policies->count < policies->room)
        return true;
    size_t room = policies->room ? 2 * policies->room : 8;
    if (!grow((void **)&policies->items, room, sizeof *policies->items) ||
        !grow((void **)&policies->order, room, sizeof *policies->order) ||
        !grow((void **)&policies->eras, room, sizeof *policies->eras))
        return false;
    policies->room = room;
    return true;
}

/* The open zone of that name; opens it where it is new. NULL: there is none such, or no memory. */
static struct rc_zone *zone_of(struct rc_training_policies *policies, const char *name)
{
    for (size_t i = 0; i < policies->zone_count; i++)
        if (strcmp(rc_zone_name(policies->zones[i]), name) == 0)
            return policies->zones[i];
    if (!grow((void **)&policies->zones, policies->zone_count + 1, sizeof(struct rc_zone *)))
        return NULL;
    struct rc_zone *zone = rc_zone_open(name);
    if (zone)
        policies->zones[policies->zone_count++] = zone;
    return zone;
}

/* ---- which days there are ---- */

static bool is_own(const struct rc_training_policy *policy)
{
    return policy->course.length == 0;
}

static void put_in_order(struct rc_training_policies *policies)
{
    policies->order_count = 0;
    for (uint32_t i = 0; i < policies->count; i++) {
        if (!is_own(&policies->items[i]))
            continue;
        size_t place = policies->order_count++;
        while (place > 0 &&
               policies->items[policies->order[place - 1]].from_at > policies->items[i].from_at) {
            policies->order[place] = policies->order[place - 1];
            place--;
        }
        policies->order[place] = i;
    }
}

/* The day of an era's zone, as if nothing came after that era. */
static struct rc_local_day era_day(const struct rc_training_era *era, int64_t at)
{
    struct rc_local_day day = rc_zone_day(era->zone, at);
    day.start_at = later(day.start_at, era->from_at); /* zone data that changed since: no day is lost */
    return day;
}

/* Whether a day can be the one that lasts until the next era, which begins with `first`. */
static bool can_last(const struct rc_local_day *day, const struct rc_local_day *first)
{
    return day->end_at <= first->start_at && strcmp(day->date, first->date) < 0;
}

/* Finds the last day of an era. False: it has none that can be; then it is its first. */
static bool find_last(struct rc_training_era *era, const struct rc_training_era *next)
{
    struct rc_local_day first = era_day(next, next->from_at);
    struct rc_local_day day = era_day(era, next->from_at - 1);
    while (!can_last(&day, &first) && day.start_at > era->from_at)
        day = era_day(era, day.start_at - 1);
    bool lasts = can_last(&day, &first);
    era->last = day;
    era->last.end_at = next->from_at;
    return lasts;
}

static void add_era(struct rc_training_policies *policies, const struct rc_training_policy *policy)
{
    struct rc_zone *zone = zone_of(policies, policy->zone);
    assert(zone); /* it was opened when the policy was added */
    if (policies->era_count > 0 && policies->eras[policies->era_count - 1].zone == zone)
        return;
    policies->eras[policies->era_count] =
        (struct rc_training_era){.zone = zone,
                                 .from_at = policies->era_count == 0 ? INT64_MIN : policy->from_at,
                                 .last.start_at = INT64_MAX};
    policies->era_count++;
}

static void rebuild(struct rc_training_policies *policies)
{
    put_in_order(policies);
    policies->era_count = 0;
    for (size_t i = 0; i < policies->order_count; i++) {
        const struct rc_training_policy *policy = &policies->items[policies->order[i]];
        bool overruled = i + 1 < policies->order_count &&
                         policies->items[policies->order[i + 1]].from_at == policy->from_at;
        if (!overruled)
            add_era(policies, policy);
    }
    for (size_t i = 0; i + 1 < policies->era_count; i++)
        find_last(&policies->eras[i], &policies->eras[i + 1]);
}

bool rc_training_policies_add(struct rc_training_policies *policies, const struct rc_training_policy *policy)
{
    if (policies->count >= RC_TRAINING_POLICIES_MAX || !make_room(policies) ||
        (is_own(policy) && !zone_of(policies, policy->zone)))
        return false;
    policies->items[policies->count++] = *policy;
    if (is_own(policy))
        rebuild(policies);
    return true;
}

void rc_training_policies_commit(struct rc_training_policies *policies)
{
    policies->committed = policies->count;
}

void rc_training_policies_undo(struct rc_training_policies *policies)
{
    if (policies->committed == policies->count)
        return;
    policies->count = policies->committed;
    rebuild(policies);
}

static const struct rc_training_era *era_at(const struct rc_training_policies *policies, int64_t at)
{
    assert(policies->era_count > 0);
    size_t i = policies->era_count - 1;
    while (i > 0 && policies->eras[i].from_at > at)
        i--;
    return &policies->eras[i];
}

struct rc_local_day rc_training_policies_day(struct rc_training_policies *policies, int64_t at)
{
    const struct rc_training_era *era = era_at(policies, at);
    return at >= era->last.start_at ? era->last : era_day(era, at);
}

bool rc_training_policies_date(struct rc_training_policies *policies, int64_t days, struct rc_local_day *out)
{
    char date[RC_DATE_MAX];
    rc_date_format(days, date);
    for (size_t i = 0; i < policies->era_count; i++) {
        rc_zone_date(policies->eras[i].zone, days, out);
        *out = rc_training_policies_day(policies, out->start_at);
        if (strcmp(out->date, date) == 0)
            return true;
    }
    return false;
}

/* ---- what is in force ---- */

const struct rc_training_policy *rc_training_policies_own(const struct rc_training_policies *policies,
                                                          int64_t start_at)
{
    assert(policies->order_count > 0);
    size_t i = policies->order_count - 1;
    while (i > 0 && policies->items[policies->order[i]].from_at > start_at)
        i--;
    return &policies->items[policies->order[i]];
}

const struct rc_training_policy *rc_training_policies_course(const struct rc_training_policies *policies,
                                                             int64_t start_at, const struct rc_id *course)
{
    const struct rc_training_policy *found = NULL;
    if (course->length == 0 || policies->order_count == policies->count)
        return NULL;
    for (size_t i = 0; i < policies->count; i++) {
        const struct rc_training_policy *policy = &policies->items[i];
        if (rc_id_equal(&policy->course, course) && policy->from_at <= start_at &&
            (!found || found->from_at <= policy->from_at))
            found = policy;
    }
    return found;
}

struct rc_training_terms rc_training_policies_terms(const struct rc_training_policies *policies,
                                                    int64_t start_at, const struct rc_id *course)
{
    const struct rc_training_policy *own = rc_training_policies_own(policies, start_at);
    const struct rc_training_policy *of_course = rc_training_policies_course(policies, start_at, course);
    return (struct rc_training_terms){.limit_ms = own->limit_minutes * MINUTE_MS,
                                      .course_limit_ms =
                                          of_course ? of_course->limit_minutes * MINUTE_MS : RC_NONE,
                                      .interval_ms = own->interval_ms,
                                      .break_ms = own->break_minutes * MINUTE_MS,
                                      .break_after_ms = own->break_after_minutes * MINUTE_MS};
}

/* ---- a new policy ---- */

/* Why a wish cannot be had. */
struct refusal {
    enum rc_code code;
    const char *message;
};

static const struct refusal fine = {RC_OK, NULL};

static struct refusal refuse(enum rc_code code, const char *message)
{
    return (struct refusal){code, message};
}

static bool in_range(int64_t value, int64_t low, int64_t high)
{
    return value >= low && value <= high;
}

static struct refusal check_values(const struct rc_training_policy *policy)
{
    if (!in_range(policy->limit_minutes, 1, RC_TRAINING_LIMIT_MINUTES_MAX))
        return refuse(RC_INVALID_ARGUMENT, "policy: limitMinutes must be 1 to 1440");
    if (!is_own(policy))
        return fine;
    if (!in_range(policy->interval_ms, RC_TRAINING_INTERVAL_MS_MIN, RC_TRAINING_INTERVAL_MS_MAX))
        return refuse(RC_INVALID_ARGUMENT, "policy: intervalMs must be 1000 to 600000");
    if (!in_range(policy->break_minutes, 0, RC_TRAINING_LIMIT_MINUTES_MAX) ||
        !in_range(policy->break_after_minutes, 0, RC_TRAINING_LIMIT_MINUTES_MAX) ||
        (policy->break_minutes == 0) != (policy->break_after_minutes == 0))
        return refuse(RC_INVALID_ARGUMENT, "policy: breakMinutes and breakAfterMinutes must both be 0, or "
                                           "both 1 to 1440");
    return fine;
}

/* What is not wished for stays as it is in `now`. */
static struct rc_training_policy filled_in(const struct rc_training_wish *wish,
                                           const struct rc_training_policy *now)
{
    struct rc_training_policy policy = {
        .limit_minutes = wish->limit_minutes == RC_NONE ? now->limit_minutes : wish->limit_minutes,
        .interval_ms = wish->interval_ms == RC_NONE ? now->interval_ms : wish->interval_ms,
        .break_minutes = wish->break_minutes == RC_NONE ? now->break_minutes : wish->break_minutes,
        .break_after_minutes =
            wish->break_after_minutes == RC_NONE ? now->break_after_minutes : wish->break_after_minutes};
    snprintf(policy.zone, sizeof policy.zone, "%s", wish->zone[0] ? wish->zone : now->zone);
    return policy;
}

static bool same_terms(const struct rc_training_policy *a, const struct rc_training_policy *b)
{
    return a->interval_ms == b->interval_ms && a->break_minutes == b->break_minutes &&
           a->break_after_minutes == b->break_after_minutes && strcmp(a->zone, b->zone) == 0;
}

static const char past[] = "policy: from lies before today: what was, stays";
static const char no_date[] = "policy: this site has no day of that date";
static const char not_today[] = "policy: from today a policy may only raise the limit";
static const char no_zone[] = "policy: no such time zone is installed";
static const char no_midnight[] =
    "policy: a new zone starts at a midnight of its own after the old zone's, with a date that is new";

/* Whether every change of zone that is still to come begins at a midnight, and leaves the old zone a last
 * day. */
static bool eras_are_sound(struct rc_training_policies *policies, int64_t at)
{
    for (size_t i = 0; i + 1 < policies->era_count; i++) {
        const struct rc_training_era *next = &policies->eras[i + 1];
        if (next->from_at > at && (rc_zone_day(next->zone, next->from_at).start_at != next->from_at ||
                                   !find_last(&policies->eras[i], next)))
            return false;
    }
    return true;
}

/* Whether the site's days stay sound with this policy, and today what it is. There is room for one more. */
static bool fits(struct rc_training_policies *policies, int64_t at, const struct rc_training_policy *policy)
{
    int64_t today_at = rc_training_policies_day(policies, at).start_at;
    int64_t settled_at = rc_training_policies_day(policies, at + SETTLED_MS).start_at;
    bool added = rc_training_policies_add(policies, policy);
    assert(added);
    bool sound = added && eras_are_sound(policies, at) &&
                 rc_training_policies_day(policies, at).start_at == today_at &&
                 rc_training_policies_day(policies, at + SETTLED_MS).start_at == settled_at;
    policies->count--;
    rebuild(policies);
    return sound;
}

/* The first midnight of a new zone after everything that is planned, and after today. */
static int64_t first_midnight_at(struct rc_training_policies *policies, int64_t at, struct rc_zone *zone)
{
    const struct rc_training_policy *latest = &policies->items[policies->order[policies->order_count - 1]];
    struct rc_local_day before = rc_training_policies_day(policies, later(at + SETTLED_MS, latest->from_at));
    struct rc_local_day day = rc_zone_day(zone, before.end_at);
    while (day.start_at < before.end_at || strcmp(day.date, before.date) <= 0)
        day = rc_zone_day(zone, day.end_at);
    return day.start_at;
}

/* The next midnight: but the one after it where the new limit is less than what a heartbeat may have covered
 * of that day already. */
static int64_t next_midnight_at(struct rc_training_policies *policies, int64_t at, int64_t limit_minutes)
{
    struct rc_local_day today = rc_training_policies_day(policies, at);
    const struct rc_training_policy *now = rc_training_policies_own(policies, today.start_at);
    bool small = limit_minutes != RC_NONE && limit_minutes * MINUTE_MS < now->interval_ms;
    return small ? rc_training_policies_day(policies, at + now->interval_ms).end_at : today.end_at;
}

/* Of one that names a zone and a date: the date is that of the new zone. */
static struct refusal plan_date(struct rc_training_policies *policies, int64_t at,
                                const struct rc_training_wish *wish, struct rc_training_policy *out)
{
    struct rc_local_day today = rc_training_policies_day(policies, at), day;
    bool found = rc_training_policies_date(policies, wish->from_days, &day);
    struct rc_zone *zone = wish->zone[0] ? zone_of(policies, wish->zone) : NULL;
    if (wish->zone[0] && !zone)
        return refuse(RC_INVALID_ARGUMENT, no_zone);
    if (zone && (!found || era_at(policies, day.start_at)->zone != zone))
        found = rc_zone_date(zone, wish->from_days, &day);
    if (!found)
        return refuse(RC_FAILED_PRECONDITION, no_date);
    if (day.start_at < today.start_at)
        return refuse(RC_FAILED_PRECONDITION, past);
    const struct rc_training_policy *now = rc_training_policies_own(policies, day.start_at);
    *out = filled_in(wish, now);
    out->from_at = day.start_at;
    if (day.start_at == today.start_at && (!same_terms(out, now) || out->limit_minutes < now->limit_minutes))
        return refuse(RC_FAILED_PRECONDITION, not_today);
    if (day.start_at != today.start_at && day.start_at < today.end_at)
        return refuse(RC_FAILED_PRECONDITION, no_midnight);
    return fits(policies, at, out) ? fine : refuse(RC_FAILED_PRECONDITION, no_midnight);
}

/* As early as it can be. */
static struct refusal plan_soon(struct rc_training_policies *policies, int64_t at,
                                const struct rc_training_wish *wish, int64_t not_before_at,
                                struct rc_training_policy *out)
{
    int64_t from_at = later(next_midnight_at(policies, at, wish->limit_minutes), not_before_at);
    struct rc_zone *zone = wish->zone[0] ? zone_of(policies, wish->zone) : NULL;
    if (wish->zone[0] && !zone)
        return refuse(RC_INVALID_ARGUMENT, no_zone);
    *out = filled_in(wish, rc_training_policies_own(policies, from_at));
    out->from_at = from_at;
    if (!fits(policies, at, out)) {
        assert(zone); /* without a zone of its own it changes nobody's days */
        from_at = first_midnight_at(policies, at, zone);
        *out = filled_in(wish, rc_training_policies_own(policies, from_at));
        out->from_at = from_at;
    }
    return fine;
}

static struct refusal plan_course(struct rc_training_policies *policies, int64_t at,
                                  const struct rc_training_wish *wish, struct rc_training_policy *out)
{
    struct rc_local_day today = rc_training_policies_day(policies, at), day;
    *out = (struct rc_training_policy){
        .course = wish->course, .limit_minutes = wish->limit_minutes, .from_at = today.end_at};
    if (wish->interval_ms != RC_NONE || wish->break_minutes != RC_NONE ||
        wish->break_after_minutes != RC_NONE || wish->zone[0])
        return refuse(RC_INVALID_ARGUMENT, "policy: a course has a limit only");
    if (!wish->has_from)
        return fine;
    if (!rc_training_policies_date(policies, wish->from_days, &day))
        return refuse(RC_FAILED_PRECONDITION, no_date);
    if (day.start_at < today.start_at)
        return refuse(RC_FAILED_PRECONDITION, past);
    const struct rc_training_policy *now = rc_training_policies_course(policies, day.start_at, &wish->course);
    out->from_at = day.start_at;
    if (day.start_at == today.start_at && (!now || out->limit_minutes < now->limit_minutes))
        return refuse(RC_FAILED_PRECONDITION, not_today);
    return fine;
}

static bool is_full(struct rc_training_policies *policies)
{
    return policies->count >= RC_TRAINING_POLICIES_MAX || !make_room(policies);
}

enum rc_code rc_training_policies_plan(struct rc_training_policies *policies, int64_t at,
                                       const struct rc_training_wish *wish, struct rc_training_policy *out,
                                       const char **message)
{
    struct refusal refusal = is_full(policies)
                                 ? refuse(RC_RESOURCE_EXHAUSTED, "policy: this site has too many policies")
                             : wish->course.length > 0 ? plan_course(policies, at, wish, out)
                             : wish->has_from          ? plan_date(policies, at, wish, out)
                                                       : plan_soon(policies, at, wish, 0, out);
    if (refusal.code == RC_OK)
        refusal = check_values(out);
    *message = refusal.message;
    return refusal.code;
}

enum rc_training_settled rc_training_policies_settle(struct rc_training_policies *policies, int64_t at,
                                                     const struct rc_training_wish *settings,
                                                     struct rc_training_policy *out)
{
    const struct rc_training_policy *newest = NULL;
    struct rc_training_policy wanted = filled_in(settings, &(struct rc_training_policy){0});
    for (size_t i = 0; i < policies->count; i++)
        if (policies->items[i].from_settings)
            newest = &policies->items[i];
    if (newest && same_terms(newest, &wanted) && newest->limit_minutes == wanted.limit_minutes)
        return RC_TRAINING_SETTLED;
    int64_t newest_at = newest ? newest->from_at : 0; /* making room may move it */
    if (is_full(policies))
        return RC_TRAINING_UNSETTLED;
    if (policies->order_count == 0)
        *out = wanted; /* since ever */
    else if (plan_soon(policies, at, settings, newest_at, out).code != RC_OK)
        return RC_TRAINING_UNSETTLED;
    out->from_settings = true;
    return RC_TRAINING_ANEW;
}
