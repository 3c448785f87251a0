#include "daemon/batch.h"

#include "core/names.h"
#include "daemon/apply.h"
#include "daemon/forgotten.h"
#include "daemon/log.h"
#include "daemon/service.h"
#include "daemon/training_turn.h"
#include "wire/encode.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_MESSAGE     "the service cannot write at the moment; send it again"
#define UNCOUNTED_MESSAGE "the service cannot write at the moment: this heartbeat does not count"

bool rc_batch_init(struct rc_batch *batch)
{
    *batch = (struct rc_batch){.store_ok = true, .oldest_now = RC_NONE};
    batch->effects.items = calloc(RC_BATCH_EFFECTS, sizeof *batch->effects.items);
    batch->effects.capacity = RC_BATCH_EFFECTS;
    batch->reload.items = calloc(RC_EFFECTS_MIN, sizeof *batch->reload.items);
    batch->reload.capacity = RC_EFFECTS_MIN;
    batch->waiting = calloc(RC_BATCH_EVENTS_MAX, sizeof *batch->waiting);
    return batch->effects.items && batch->reload.items && batch->waiting;
}

void rc_batch_fini(struct rc_batch *batch)
{
    free(batch->effects.items);
    free(batch->reload.items);
    free(batch->waiting);
}

bool rc_batch_full(const struct rc_service *service)
{
    const struct rc_batch *batch = &service->batch;
    if (batch->events >= RC_BATCH_EVENTS_MAX || batch->waiting_count + RC_ANSWERS_MAX > RC_BATCH_EVENTS_MAX)
        return true;
    for (int i = 0; i < service->site_count; i++) {
        const struct rc_site *site = &service->sites[i];
        if (!rc_engine_room(site->engine) || site->publisher.acked_count >= RC_ACKED_DUE)
            return true;
    }
    return false;
}

static struct rc_waiting *wait_for(struct rc_service *service, struct rc_site *site,
                                   const struct rc_reply_to *to)
{
    struct rc_batch *batch = &service->batch;
    assert(batch->waiting_count < RC_BATCH_EVENTS_MAX); /* rc_batch_full */
    struct rc_waiting *waiting = &batch->waiting[batch->waiting_count++];
    waiting->site = site;
    waiting->to = *to;
    return waiting;
}

void rc_batch_await_punch(struct rc_service *service, struct rc_site *site, const struct rc_reply_to *to,
                          const struct rc_receipt *receipt)
{
    struct rc_waiting *waiting = wait_for(service, site, to);
    waiting->awaited = RC_AWAITED_RECEIPT;
    waiting->receipt = *receipt;
}

void rc_batch_await_training(struct rc_service *service, struct rc_site *site, const struct rc_reply_to *to)
{
    wait_for(service, site, to)->awaited = RC_AWAITED_TRAINING;
}

void rc_batch_await_request(struct rc_service *service, struct rc_site *site, const struct rc_reply_to *to,
                            const char *request_id)
{
    struct rc_waiting *waiting = wait_for(service, site, to);
    waiting->awaited = RC_AWAITED_REPLY;
    snprintf(waiting->request_id, sizeof waiting->request_id, "%s", request_id);
}

void rc_batch_retry(struct rc_site *site, const struct rc_reply_to *to, const struct rc_receipt *receipt)
{
    char payload[RC_ENCODED_MAX];
    struct rc_receipt retry = *receipt;
    retry.result = RC_RETRY;
    retry.code = RC_UNAVAILABLE;
    retry.message = RETRY_MESSAGE;
    size_t length = rc_encode_receipt(&retry, payload, sizeof payload);
    rc_publisher_direct(&site->publisher, to->topic, (struct rc_text){.data = payload, .length = length},
                        (struct rc_text){.data = to->correlation, .length = to->correlation_length}, 1,
                        false);
}

void rc_batch_refuse_training(struct rc_site *site, const struct rc_reply_to *to, enum rc_code code,
                              const char *message)
{
    char payload[RC_ENCODED_MAX];
    size_t length = rc_encode_refusal(code, message, payload, sizeof payload);
    rc_publisher_direct(&site->publisher, to->topic, (struct rc_text){.data = payload, .length = length},
                        (struct rc_text){.data = to->correlation, .length = to->correlation_length}, 1,
                        false);
}

void rc_batch_uncounted(struct rc_site *site, const struct rc_reply_to *to)
{
    rc_batch_refuse_training(site, to, RC_UNAVAILABLE, UNCOUNTED_MESSAGE);
}

void rc_batch_unavailable(struct rc_site *site, const struct rc_reply_to *to, const char *request_id)
{
    size_t length;
    char *payload = rc_reply_print(rc_reply_new(request_id, RC_UNAVAILABLE, RETRY_MESSAGE), &length);
    if (!payload)
        return;
    rc_publisher_direct(&site->publisher, to->topic, (struct rc_text){.data = payload, .length = length},
                        (struct rc_text){.data = to->correlation, .length = to->correlation_length}, 1,
                        false);
    free(payload);
}

/* Everybody in the batch hears that nothing came of it. */
static void tell_waiting(struct rc_service *service)
{
    struct rc_batch *batch = &service->batch;
    for (uint32_t i = 0; i < batch->waiting_count; i++) {
        const struct rc_waiting *waiting = &batch->waiting[i];
        switch (waiting->awaited) {
        case RC_AWAITED_RECEIPT:
            rc_batch_retry(waiting->site, &waiting->to, &waiting->receipt);
            break;
        case RC_AWAITED_TRAINING:
            rc_batch_uncounted(waiting->site, &waiting->to);
            break;
        case RC_AWAITED_REPLY:
            rc_batch_unavailable(waiting->site, &waiting->to, waiting->request_id);
            break;
        }
    }
}

static void begin_anew(struct rc_service *service)
{
    struct rc_batch *batch = &service->batch;
    batch->events = 0;
    batch->waiting_count = 0;
    batch->oldest_now = RC_NONE;
    for (int i = 0; i < service->site_count; i++) {
        service->sites[i].outbox_added = 0;
        service->sites[i].tally = (struct rc_tally){0};
        service->sites[i].maintenance_next_at = service->sites[i].maintenance_at;
    }
}

static void undo(struct rc_site *site)
{
    rc_engine_undo(site->engine);
    rc_alerts_undo(&site->alerts);
}

static void drop(struct rc_service *service)
{
    rc_store_rollback(service->store);
    for (int i = 0; i < service->site_count; i++)
        undo(&service->sites[i]);
    rc_training_undo(service);
    begin_anew(service);
}

/* Lets one event happen. Alerts are heard at once: what the engine says of a device or of its own room holds
 * whether or not the rest of the effects can be kept; holds are undone with the batch. */
static bool step(struct rc_site *site, const struct rc_event *event, struct rc_effects *effects)
{
    effects->count = 0;
    bool more = rc_engine_step(site->engine, event, effects);
    for (size_t i = 0; i < effects->count; i++) {
        if (effects->items[i].kind == RC_FX_ALERT)
            rc_alerts_effect(&site->alerts, &effects->items[i]);
        site->forgets = site->forgets || effects->items[i].kind == RC_FX_FORGET;
    }
    return more;
}

/* An event while nothing can be kept: it is heard, and what it would have decided is undone. */
static void step_unkept(struct rc_service *service, struct rc_site *site, const struct rc_event *event)
{
    step(site, event, &service->batch.effects);
    undo(site);
}

static void tell_engines(struct rc_service *service, bool ok)
{
    struct rc_event event = {
        .kind = RC_EV_STORE, .now = service->reading.now, .at = service->reading.at, .store.ok = ok};
    for (int i = 0; i < service->site_count; i++) {
        if (ok)
            rc_batch_step(service, &service->sites[i], &event, NULL, NULL);
        else
            step_unkept(service, &service->sites[i], &event);
    }
}

void rc_batch_fail(struct rc_service *service, enum rc_store_result result)
{
    struct rc_batch *batch = &service->batch;
    if (!batch->store_ok)
        return;
    snprintf(batch->reason, sizeof batch->reason, "%s: %s", rc_store_result_name(result),
             rc_store_error(service->store));
    rc_log(RC_LOG_ERROR, "store_failed", RC_F_STR("reason", batch->reason), RC_F_INT("events", batch->events),
           RC_F_INT("waiting", batch->waiting_count));
    rc_metrics_add(service->metrics, RC_M_COMMITS_FAILED, RC_METRICS_PROCESS, 0, 1);
    batch->store_ok = false;
    batch->failed_now = service->reading.now;
    batch->recover_now = service->reading.now + RC_RECOVER_MS;
    tell_waiting(service);
    drop(service);
    tell_engines(service, false);
    for (int i = 0; i < service->site_count; i++)
        rc_alerts_storage(&service->sites[i].alerts, service->reading.now, batch->reason);
    rc_board_post_health(service->board, service->reading.now, batch->reason);
}

bool rc_batch_check(struct rc_service *service, enum rc_store_result result)
{
    if (result != RC_STORE_OK)
        rc_batch_fail(service, result);
    return result == RC_STORE_OK;
}

bool rc_batch_begin(struct rc_service *service)
{
    return service->batch.store_ok && rc_batch_check(service, rc_store_begin(service->store));
}

/* The ledger is derived from the rows again, those of this transaction included. */
static bool reload(const struct rc_applying *applying, const struct rc_event *cause,
                   const struct rc_id *employee)
{
    struct rc_service *service = applying->service;
    struct rc_effects *effects = &service->batch.reload;
    struct rc_event event = {.kind = RC_EV_LEDGER, .now = cause->now, .at = cause->at};
    event.ledger.employee = *employee;
    enum rc_store_result result =
        rc_store_ledger(service->store, applying->site->number, employee, &event.ledger.ledger);
    if (!rc_batch_check(service, result))
        return false;
    step(applying->site, &event, effects);
    for (size_t i = 0; i < effects->count; i++) {
        assert(effects->items[i].kind != RC_FX_RELOAD);
        if (!rc_apply(applying, &effects->items[i]))
            return false;
    }
    return true;
}

/* Who is IN is so by their sessions: a kiosk's says for how long. If a crash before the next flush lost them,
 * silence would be all that a restart could judge by. So an IN and its sessions are one transaction. */
static bool keep_sessions(const struct rc_applying *applying, const struct rc_row *row)
{
    struct rc_service *service = applying->service;
    struct rc_session_row session;
    uint32_t cursor = 0;
    while (rc_engine_each_session(applying->site->engine, &row->employee, &cursor, &session)) {
        if (!rc_batch_check(service,
                            rc_store_flush_session(service->store, applying->site->number, &session)))
            return false;
    }
    return true;
}

void rc_batch_received(struct rc_service *service, const struct rc_site *site, int64_t now)
{
    struct rc_batch *batch = &service->batch;
    if (batch->oldest_now != RC_NONE)
        return;
    batch->oldest_now = now;
    batch->oldest_site = site->index;
}

static bool apply_all(const struct rc_applying *applying, const struct rc_event *event)
{
    struct rc_batch *batch = &applying->service->batch;
    struct rc_effects *effects = &batch->effects;
    if (effects->count > 0)
        rc_batch_received(applying->service, applying->site, event->now);
    for (size_t i = 0; i < effects->count; i++) {
        if (effects->items[i].kind != RC_FX_RELOAD && !rc_apply(applying, &effects->items[i]))
            return false;
    }
    /* Last: the status that a reload brings about is newer than any of this step's. */
    for (size_t i = 0; i < effects->count; i++) {
        if (effects->items[i].kind == RC_FX_RELOAD &&
            !reload(applying, event, &effects->items[i].reload.employee))
            return false;
    }
    for (size_t i = 0; i < effects->count; i++) {
        if (effects->items[i].kind == RC_FX_ROW && effects->items[i].row.type == RC_IN &&
            !keep_sessions(applying, &effects->items[i].row))
            return false;
    }
    return true;
}

bool rc_batch_step(struct rc_service *service, struct rc_site *site, const struct rc_event *event,
                   const struct rc_reply_to *to, struct rc_outcome *outcome)
{
    struct rc_batch *batch = &service->batch;
    struct rc_outcome nobody_asks = {0};
    struct rc_applying applying = {.service = service,
                                   .site = site,
                                   .now = event->now,
                                   .to = to,
                                   .outcome = outcome ? outcome : &nobody_asks};
    batch->events++;
    if (!batch->store_ok) {
        step_unkept(service, site, event);
        return false;
    }
    for (bool more = true; more;) {
        if (!rc_engine_room(site->engine) && !rc_batch_commit(service))
            return false;
        more = step(site, event, &batch->effects);
        if (!apply_all(&applying, event))
            return false;
    }
    return true;
}

bool rc_batch_tick(struct rc_service *service, struct rc_site *site, const struct rc_event *event)
{
    struct rc_batch *batch = &service->batch;
    struct rc_outcome nobody_asks = {0};
    struct rc_applying applying = {
        .service = service, .site = site, .now = event->now, .outcome = &nobody_asks};
    bool more = true;
    assert(event->kind == RC_EV_TICK && batch->store_ok);
    batch->events++;
    while (more && rc_engine_room(site->engine)) {
        more = step(site, event, &batch->effects);
        if (!apply_all(&applying, event))
            return false;
    }
    return more;
}

bool rc_batch_publish(struct rc_service *service, struct rc_site *site, const char *topic,
                      struct rc_text payload, struct rc_text correlation, bool retain)
{
    if (!rc_batch_begin(service))
        return false;
    struct rc_outgoing message = {.topic = rc_text_of(topic),
                                  .payload = payload,
                                  .correlation = correlation,
                                  .qos = 1,
                                  .retain = retain};
    site->outbox_added++;
    return rc_batch_check(service, rc_store_outbox_add(service->store, site->number, &message));
}

bool rc_batch_audit(struct rc_service *service, struct rc_site *site, const char *event,
                    const struct rc_id *user, const char *result, const char *detail)
{
    if (!rc_batch_begin(service))
        return false;
    struct rc_audit audit = {
        .at = service->reading.at, .event = event, .result = result, .detail = rc_text_of(detail)};
    if (user)
        audit.user = *user;
    return rc_batch_check(service, rc_store_audit(service->store, site->number, &audit));
}

static bool forget_acked(struct rc_service *service)
{
    for (int i = 0; i < service->site_count; i++) {
        if (!rc_batch_check(service, rc_publisher_forget(&service->sites[i].publisher, service->store)))
            return false;
    }
    return true;
}

static void count_tally(struct rc_service *service, struct rc_site *site)
{
    for (int type = RC_IN; type < RC_TYPE_COUNT; type++)
        rc_metrics_add(service->metrics, RC_M_PUNCHES, site->index, type, site->tally.rows[type]);
    for (int result = 0; result < RC_RESULT_COUNT; result++)
        rc_metrics_add(service->metrics, RC_M_RECEIPTS, site->index, result, site->tally.receipts[result]);
    for (int outcome = 0; outcome < RC_TRAINED_COUNT; outcome++)
        rc_metrics_add(service->metrics, RC_M_TRAINED, site->index, outcome, site->tally.trained[outcome]);
    for (int result = 0; result < RC_RESULT_COUNT; result++)
        rc_metrics_add(service->metrics, RC_M_PROGRESS, site->index, result, site->tally.progress[result]);
    for (uint32_t i = 0; i < site->tally.rows[RC_AUTO_OUT]; i++) {
        rc_metrics_auto_out(service->metrics, site->index, service->reading.now);
        rc_alerts_auto_out(&site->alerts, service->reading.now);
    }
}

/* The transaction is on the disk. */
static void durable(struct rc_service *service)
{
    rc_training_commit(service);
    for (int i = 0; i < service->site_count; i++) {
        struct rc_site *site = &service->sites[i];
        count_tally(service, site);
        site->forgets = false;
        site->maintenance_at = site->maintenance_next_at;
        site->outbox_depth += site->outbox_added;
        uint64_t done = rc_publisher_forgotten(&site->publisher);
        site->outbox_depth -= done < site->outbox_depth ? done : site->outbox_depth;
        if (site->outbox_added > 0)
            rc_publisher_committed(&site->publisher);
    }
}

/* What is to be deleted from an outbox makes a transaction due for itself. */
static bool forgetting_is_due(const struct rc_service *service)
{
    for (int i = 0; i < service->site_count; i++) {
        if (rc_publisher_must_forget(&service->sites[i].publisher))
            return true;
    }
    return false;
}

static bool commit_store(struct rc_service *service)
{
    if (!forget_acked(service))
        return false;
    int64_t started_us = rc_clock_us();
    enum rc_store_result result = rc_store_commit(service->store);
    rc_metrics_observe_us(service->metrics, RC_M_COMMIT, RC_METRICS_PROCESS, rc_clock_us() - started_us);
    if (!rc_batch_check(service, result))
        return false;
    rc_metrics_add(service->metrics, RC_M_COMMITS, RC_METRICS_PROCESS, 0, 1);
    durable(service);
    return true;
}

bool rc_batch_pump(struct rc_service *service)
{
    for (int i = 0; i < service->site_count; i++) {
        struct rc_publisher *publisher = &service->sites[i].publisher;
        if (!service->batch.store_ok)
            rc_publisher_pump_direct(publisher);
        else if (!rc_batch_check(service, rc_publisher_pump(publisher, service->store)))
            return false;
    }
    return service->batch.store_ok;
}

static bool is_of_students(const struct rc_batch *batch)
{
    uint32_t students = 0;
    while (students < batch->waiting_count && batch->waiting[students].awaited == RC_AWAITED_TRAINING)
        students++;
    return students > 0 && students == batch->waiting_count;
}

bool rc_batch_commit(struct rc_service *service)
{
    struct rc_batch *batch = &service->batch;
    if (!batch->store_ok) {
        begin_anew(service);
        return false;
    }
    if (forgetting_is_due(service) && !rc_batch_begin(service))
        return false;
    bool wrote = rc_store_in_transaction(service->store);
    if (wrote && !commit_store(service))
        return false;
    for (int i = 0; i < service->site_count; i++) {
        rc_engine_commit(service->sites[i].engine);
        rc_alerts_commit(&service->sites[i].alerts);
    }
    int64_t received_now = batch->oldest_now;
    batch->of_students = is_of_students(batch);
    begin_anew(service);
    if (!rc_batch_pump(service))
        return false;
    if (wrote && received_now != RC_NONE)
        rc_metrics_observe_ms(service->metrics, RC_M_PUBLISH_LAG, batch->oldest_site,
                              rc_clock_now() - received_now);
    return true;
}

/* The store works again: what was lost with the failed batch and is nobody's else to say. */
static bool make_up(struct rc_service *service, struct rc_site *site, const char *detail)
{
    struct rc_outcome nobody_asks = {0};
    struct rc_applying applying = {
        .service = service, .site = site, .now = service->reading.now, .outcome = &nobody_asks};
    if (!rc_batch_audit(service, site, "STORE_GAP", NULL, NULL, detail))
        return false;
    if (site->forgets && !rc_forgotten_again(&applying))
        return false;
    rc_publisher_committed(&site->publisher);
    rc_alerts_storage(&site->alerts, service->reading.now, NULL);
    return true;
}

void rc_batch_recover(struct rc_service *service)
{
    struct rc_batch *batch = &service->batch;
    if (batch->store_ok || service->reading.now < batch->recover_now)
        return;
    batch->recover_now = service->reading.now + RC_RECOVER_MS;
    enum rc_store_result result = rc_store_recover(service->store, service->reading.at);
    if (result == RC_STORE_AHEAD) {
        rc_log(RC_LOG_ERROR, "store_ahead", RC_F_STR("reason", rc_store_error(service->store)));
        batch->behind = true;
    }
    if (result != RC_STORE_OK)
        return;
    int64_t gap_ms = service->reading.now - batch->failed_now;
    char detail[RC_STORE_ERROR_MAX];
    snprintf(detail, sizeof detail, "{\"ms\":%lld}", (long long)gap_ms);
    batch->store_ok = true;
    begin_anew(service);
    rc_log(RC_LOG_WARN, "store_recovered", RC_F_INT("gap_ms", gap_ms));
    tell_engines(service, true);
    for (int i = 0; i < service->site_count && batch->store_ok; i++) {
        if (!make_up(service, &service->sites[i], detail))
            return;
    }
}
