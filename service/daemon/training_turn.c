#include "daemon/training_turn.h"

#include "core/names.h"
#include "daemon/log.h"
#include "daemon/service.h"
#include "wire/encode.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct rc_id nobody;

/* ---- opening ---- */

struct loading {
    struct rc_site *site;
    const struct rc_training_policy *wrong;
    struct rc_training_policy copy;
};

static bool take_policy(void *context, const struct rc_training_policy *policy)
{
    struct loading *loading = context;
    if (rc_training_policies_add(&loading->site->training.policies, policy))
        return true;
    loading->copy = *policy;
    loading->wrong = &loading->copy;
    return false;
}

bool rc_training_site_open(struct rc_site *site, struct rc_store *store, uint64_t seed,
                           char error[RC_STORE_ERROR_MAX])
{
    struct rc_site_training *training = &site->training;
    struct loading loading = {.site = site};
    training->next_end_at = RC_NONE;
    training->rate = rc_training_rate_alloc(seed);
    training->rows = calloc(RC_TRAINING_TURN_USERS, sizeof *training->rows);
    if (!training->rate || !training->rows) {
        snprintf(error, RC_STORE_ERROR_MAX, "site %s: no memory for training", site->name.text);
        return false;
    }
    if (rc_store_training_policies(store, site->number, take_policy, &loading) != RC_STORE_OK) {
        snprintf(error, RC_STORE_ERROR_MAX, "site %s: its training policies cannot be loaded: %s",
                 site->name.text, rc_store_error(store));
        return false;
    }
    if (loading.wrong) {
        snprintf(error, RC_STORE_ERROR_MAX,
                 "site %s: training policy %" PRId64 " cannot be followed: is the time zone %s installed?",
                 site->name.text, loading.wrong->number, loading.wrong->zone);
        return false;
    }
    rc_training_policies_commit(&training->policies);
    rc_training_sweep(site, false);
    return true;
}

void rc_training_site_close(struct rc_site *site)
{
    rc_training_policies_fini(&site->training.policies);
    rc_training_rate_free(site->training.rate);
    free(site->training.rows);
}

/* ---- policies ---- */

static struct rc_training_wish settings_of(const struct rc_config *config)
{
    struct rc_training_wish wish = {.limit_minutes = config->training_limit_minutes,
                                    .interval_ms = config->training_interval_ms,
                                    .break_minutes = config->training_break_minutes,
                                    .break_after_minutes = config->training_break_after_minutes};
    snprintf(wish.zone, sizeof wish.zone, "%s", config->training_zone);
    return wish;
}

static size_t describe(const struct rc_training_policy *policy, char *out, size_t size)
{
    int length = snprintf(out, size, "{\"number\":%" PRId64 ",\"from\":%" PRId64 ",\"limitMinutes\":%" PRId64,
                          policy->number, policy->from_at, policy->limit_minutes);
    if (policy->course.length > 0)
        length += snprintf(out + length, size - (size_t)length, ",\"courseId\":\"%s\"}", policy->course.text);
    else
        length +=
            snprintf(out + length, size - (size_t)length,
                     ",\"intervalMs\":%" PRId64 ",\"breakMinutes\":%" PRId64 ",\"breakAfterMinutes\":%" PRId64
                     ",\"zone\":\"%s\"}",
                     policy->interval_ms, policy->break_minutes, policy->break_after_minutes, policy->zone);
    assert(length > 0 && (size_t)length < size);
    return (size_t)length;
}

bool rc_training_policy_add(struct rc_service *service, struct rc_site *site,
                            struct rc_training_policy *policy)
{
    char detail[512];
    struct rc_training_policies *policies = &site->training.policies;
    int64_t at = rc_training_label(service, service->reading.now);
    bool first = policies->count == 0;
    struct rc_local_day before = {.start_at = 0}, after;
    if (!first)
        before = rc_training_policies_day(policies, at);
    policy->added_at = service->reading.at;
    if (!rc_batch_begin(service) ||
        !rc_batch_check(service, rc_store_training_policy_add(service->store, site->number, policy)))
        return false;
    if (!rc_training_policies_add(policies, policy)) { /* planned, so that only memory can be wanting */
        rc_batch_fail(service, RC_STORE_REFUSED);
        return false;
    }
    after = rc_training_policies_day(policies, at);
    if (policy->from_at <= after.start_at || (!first && before.end_at != after.end_at))
        rc_training_sweep(site, !first);
    size_t length = describe(policy, detail, sizeof detail);
    rc_log(RC_LOG_INFO, "training_policy", RC_F_ID("site", &site->name), RC_F_INT("number", policy->number),
           RC_F_ID("course", &policy->course), RC_F_INT("limit_minutes", policy->limit_minutes),
           RC_F_INT("from", policy->from_at), RC_F_ID("actor", &policy->actor));
    return rc_training_audit(service, site, "TRAINING_POLICY", &policy->actor, &nobody,
                             policy->from_settings ? "SETTINGS" : NULL, (struct rc_text){detail, length},
                             service->reading.at);
}

/* False: the batch failed. */
static bool settle_site(struct rc_service *service, struct rc_site *site, int64_t at)
{
    struct rc_training_wish settings = settings_of(service->config);
    struct rc_training_policy policy;
    switch (rc_training_policies_settle(&site->training.policies, at, &settings, &policy)) {
    case RC_TRAINING_SETTLED:
        return true;
    case RC_TRAINING_UNSETTLED:
        rc_log(RC_LOG_ERROR, "training_settings_not_taken", RC_F_ID("site", &site->name),
               RC_F_INT("policies", (int64_t)site->training.policies.count));
        return true;
    case RC_TRAINING_ANEW:
        return rc_training_policy_add(service, site, &policy);
    }
    return false;
}

/* ---- the day's clock ---- */

static bool open_all(struct rc_service *service)
{
    struct rc_training *training = &service->training;
    enum rc_store_result result = rc_store_day_clock(service->store, &training->clock);
    training->kept_offset_ms = training->clock.offset_ms;
    if (result == RC_STORE_NOT_FOUND) {
        rc_day_clock_start(&training->clock, service->reading.now, service->reading.at);
        training->clock_due = true;
    } else if (!rc_batch_check(service, result)) {
        return false;
    }
    bool changed;
    int64_t at = rc_day_clock_look(&training->clock, service->reading.now, service->reading.at, &changed);
    training->clock_due = training->clock_due || changed;
    for (int i = 0; i < service->site_count; i++)
        if (!settle_site(service, &service->sites[i], at))
            return false;
    return true;
}

static void log_clock(const struct rc_service *service)
{
    const struct rc_day_clock *clock = &service->training.clock;
    bool doubts = clock->other_since_now != RC_NONE;
    rc_log(RC_LOG_WARN, "training_clock", RC_F_BOOL("doubts_wall_clock", doubts),
           RC_F_INT("off_by_ms", doubts ? clock->other_ms - clock->offset_ms : 0));
}

void rc_training_look(struct rc_service *service)
{
    struct rc_training *training = &service->training;
    bool changed = false;
    if (training->state == RC_TRAINING_UNOPENED) {
        if (service->batch.store_ok && open_all(service))
            training->state = RC_TRAINING_OPENING;
        return;
    }
    rc_day_clock_look(&training->clock, service->reading.now, service->reading.at, &changed);
    int64_t drift_ms = training->clock.offset_ms - training->kept_offset_ms;
    if (changed)
        log_clock(service);
    training->clock_due = training->clock_due || changed || drift_ms > RC_TRAINING_CLOCK_DRIFT_MS ||
                          drift_ms < -RC_TRAINING_CLOCK_DRIFT_MS;
}

static bool keep_clock(struct rc_service *service)
{
    struct rc_training *training = &service->training;
    if (!training->clock_due)
        return true;
    if (!rc_batch_begin(service) ||
        !rc_batch_check(service, rc_store_day_clock_save(service->store, &training->clock)))
        return false;
    training->kept_offset_ms = training->clock.offset_ms;
    training->clock_due = false;
    training->clock_kept = true;
    return true;
}

/* ---- users, one after the other ---- */

static bool take_row(void *context, const struct rc_training_current *current)
{
    struct rc_site_training *training = context;
    training->rows[training->row_count++] = *current;
    return training->row_count < RC_TRAINING_TURN_USERS;
}

/* False: the batch failed. */
static bool take_on(struct rc_service *service, struct rc_site *site, struct rc_training_current *current,
                    int64_t at, bool shows)
{
    struct rc_training_site side = {.day = current->day.day, .user = {current->day.ms, current->day.next_ms}};
    struct rc_training_seat seat;
    bool unsaid = shows && current->day.limit_ms == 0;
    rc_training_seat_roll(&seat, site, &side, &current->day, &current->user, &nobody, at);
    seat.fresh = unsaid;
    return rc_training_seat_keep(service, &seat, &current->user, &nobody, at, service->reading.at);
}

static bool take_rows_on(struct rc_service *service, struct rc_site *site, bool shows)
{
    struct rc_site_training *training = &site->training;
    int64_t at = rc_training_label(service, service->reading.now);
    for (uint32_t i = 0; i < training->row_count; i++)
        if (!take_on(service, site, &training->rows[i], at, shows))
            return false;
    return true;
}

/* Those whose day has ended. */
static void turn_day(struct rc_service *service, struct rc_site *site)
{
    struct rc_site_training *training = &site->training;
    int64_t at = rc_training_label(service, service->reading.now);
    training->row_count = 0;
    if (!rc_batch_check(service, rc_store_training_ended(service->store, site->number, at,
                                                         RC_TRAINING_TURN_USERS, take_row, training)) ||
        !take_rows_on(service, site, false))
        return;
    if (training->row_count < RC_TRAINING_TURN_USERS)
        rc_batch_check(service,
                       rc_store_training_next_end(service->store, site->number, &training->next_end_at));
}

/* Everybody. */
static void sweep_on(struct rc_service *service, struct rc_site *site)
{
    struct rc_site_training *training = &site->training;
    training->row_count = 0;
    if (!rc_batch_check(service, rc_store_training_after(service->store, site->number, &training->sweep_after,
                                                         RC_TRAINING_TURN_USERS, take_row, training)) ||
        !take_rows_on(service, site, training->sweep_shows))
        return;
    training->sweep_stepped = true;
    if (training->row_count == RC_TRAINING_TURN_USERS)
        training->sweep_after = training->rows[training->row_count - 1].user;
    else
        training->sweeps = false;
}

void rc_training_sweep(struct rc_site *site, bool shows)
{
    struct rc_site_training *training = &site->training;
    training->sweep_shows = shows || (training->sweeps && training->sweep_shows);
    training->sweeps = true;
    training->sweep_after = nobody;
}

/* ---- when ---- */

static bool has_room(const struct rc_site *site)
{
    uint64_t waiting = site->outbox_depth + site->outbox_added;
    return !site->up || waiting < RC_TRAINING_TURN_OUTBOX + site->publisher.acked_count;
}

/* By boot time. */
static int64_t due_now(const struct rc_service *service, const struct rc_site *site)
{
    const struct rc_site_training *training = &site->training;
    if (training->sweeps || training->next_end_at == RC_NONE)
        return service->reading.now;
    return training->next_end_at == INT64_MAX ? INT64_MAX
                                              : training->next_end_at - service->training.clock.offset_ms;
}

/* Whether there was something to do. */
static bool tend_site(struct rc_service *service, struct rc_site *site)
{
    if (due_now(service, site) > service->reading.now || !has_room(site))
        return false;
    turn_day(service, site);
    if (service->batch.store_ok && site->training.sweeps)
        sweep_on(service, site);
    return true;
}

static bool write_refusals(struct rc_service *service, struct rc_site *site, int64_t now)
{
    const struct rc_training_refused *line;
    while ((line = rc_training_rate_due(site->training.rate, now)) != NULL) {
        char detail[64];
        int length = snprintf(detail, sizeof detail, "{\"count\":%" PRId64 "}", line->count);
        if (!rc_training_audit(service, site, "SESSION_HEARTBEAT", &line->user, &line->session,
                               rc_code_name(RC_RATE_LIMITED), (struct rc_text){detail, (size_t)length},
                               service->reading.at))
            return false;
    }
    return true;
}

void rc_training_tend(struct rc_service *service)
{
    if (service->training.state == RC_TRAINING_UNOPENED || !service->batch.store_ok || !keep_clock(service))
        return;
    for (int i = 0; i < service->site_count; i++)
        if (!write_refusals(service, &service->sites[i], service->reading.now))
            return;
    for (int i = 0; i < service->site_count; i++)
        if (tend_site(service, &service->sites[i]))
            return; /* one site a turn: the loop is not to be late for the number of sites */
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t rc_training_wake_now(const struct rc_service *service)
{
    int64_t wake_now = INT64_MAX, now = service->reading.now;
    if (service->training.state == RC_TRAINING_UNOPENED || !service->batch.store_ok)
        return wake_now; /* recovery wakes the loop */
    for (int i = 0; i < service->site_count; i++) {
        const struct rc_site *site = &service->sites[i];
        int64_t site_now = due_now(service, site);
        if (site_now <= now && !has_room(site))
            site_now = now + RC_TRAINING_TURN_WAIT_MS;
        wake_now = sooner(wake_now, sooner(site_now, rc_training_rate_wake_now(site->training.rate)));
    }
    return wake_now;
}

void rc_training_stop(struct rc_service *service)
{
    if (service->training.state == RC_TRAINING_UNOPENED || !keep_clock(service))
        return;
    for (int i = 0; i < service->site_count; i++)
        if (!write_refusals(service, &service->sites[i], INT64_MAX))
            return;
}

/* ---- the transaction's end ---- */

void rc_training_commit(struct rc_service *service)
{
    struct rc_training *training = &service->training;
    training->clock_kept = false;
    if (training->state == RC_TRAINING_OPENING)
        training->state = RC_TRAINING_OPEN;
    for (int i = 0; i < service->site_count; i++) {
        struct rc_site_training *site = &service->sites[i].training;
        rc_training_policies_commit(&site->policies);
        rc_training_rate_commit(site->rate);
        site->sweep_stepped = false;
    }
}

void rc_training_undo(struct rc_service *service)
{
    struct rc_training *training = &service->training;
    training->clock_due = training->clock_due || training->clock_kept;
    training->clock_kept = false;
    if (training->state == RC_TRAINING_OPENING)
        training->state = RC_TRAINING_UNOPENED;
    for (int i = 0; i < service->site_count; i++) {
        struct rc_site_training *site = &service->sites[i].training;
        rc_training_policies_undo(&site->policies);
        rc_training_rate_undo(site->rate);
        site->next_end_at = RC_NONE;
        if (site->sweep_stepped)
            rc_training_sweep(&service->sites[i], site->sweep_shows);
        site->sweep_stepped = false;
    }
}
