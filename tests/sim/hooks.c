#include "hooks.h"

#include "check.h"
#include "model.h"
#include "plant.h"
#include "service_parts.h"

#include <stdio.h>
#include <string.h>

/* ---- what the engine is told, and what it says ---- */

static bool speaks(enum rc_event_kind kind)
{
    return kind == RC_EV_HEARTBEAT || kind == RC_EV_TRAINING || kind == RC_EV_LEAVE || kind == RC_EV_PUNCH ||
           kind == RC_EV_CORRECT;
}

static struct sim_heard heard_of(const struct sim_world *world, const struct rc_event *event)
{
    const struct sim_service *service = world->service;
    struct sim_heard heard = {.kind = event->kind,
                              .time = event->now + world->host.boot_time,
                              .at = event->at,
                              .sent_at = event->at};
    heard.sent_time = heard.time;
    if (speaks(event->kind) && service->has_current) {
        heard.words = &service->current.words;
        heard.sent_time = service->current.sent_time;
        heard.sent_at = service->current.sent_at;
        heard.unmarked = service->current.unmarked;
    }
    switch (event->kind) {
    case RC_EV_LINK:
        heard.up = event->link.up;
        break;
    case RC_EV_STORE:
        heard.ok = event->store.ok;
        break;
    case RC_EV_PAUSE:
        heard.pause_ms = event->pause.pause_ms;
        break;
    case RC_EV_MAINTENANCE:
        heard.until_at = event->maintenance.until_at;
        break;
    default:
        break;
    }
    return heard;
}

static bool is_service_engine(const struct sim_world *world, const struct rc_engine *engine)
{
    const struct rc_service *inside = &world->service->inside;
    return inside->site_count > 0 && inside->sites[0].engine == engine;
}

bool __wrap_rc_engine_step(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out)
{
    struct sim_world *world = sim_current;
    if (!is_service_engine(world, engine))
        return __real_rc_engine_step(engine, event, out);
    if (event->kind == RC_EV_LEDGER) {
        size_t before = out->count;
        bool again = __real_rc_engine_step(engine, event, out);
        for (size_t i = before; i < out->count; i++)
            if (out->items[i].kind == RC_FX_STATUS)
                sim_trace(world, "  ledger anew: %s is %s", out->items[i].status.employee.text,
                          out->items[i].status.ledger.is_in ? "IN" : "OUT");
        sim_model_reloaded(world->model, out->items + before, out->count - before);
        return again;
    }
    sim_boundary();
    struct sim_heard heard = heard_of(world, event);
    struct rc_event told = *event;
    size_t first = out->count;
    bool more = sim_plant_event(world, &told) && __real_rc_engine_step(engine, &told, out);
    sim_plant_effects(world, &told, out, first);
    sim_check_step(world, &heard, event, out->items + first, out->count - first);
    sim_model_step(world->model, &heard, out->items + first, out->count - first, more);
    sim_boundary();
    return more;
}

void __wrap_rc_engine_undo(struct rc_engine *engine)
{
    struct sim_world *world = sim_current;
    if (!sim_planted(world, SIM_PLANT_NO_UNDO))
        __real_rc_engine_undo(engine);
    if (is_service_engine(world, engine)) {
        sim_trace(world, "undone");
        world->seen.undone++;
        hooks_training_undone();
        sim_model_undo(world->model);
        sim_check_undone(world);
    }
}

int64_t __wrap_rc_engine_wake_now(const struct rc_engine *engine)
{
    int64_t wake_now = __real_rc_engine_wake_now(engine);
    bool late = sim_planted(sim_current, SIM_PLANT_LATE) && wake_now < INT64_MAX;
    bool early = sim_planted(sim_current, SIM_PLANT_EARLY) && wake_now < INT64_MAX;
    return late ? wake_now + 3000 : early ? wake_now - 1500 : wake_now;
}

bool __wrap_rc_engine_restore_session(struct rc_engine *engine, const struct rc_session_row *row)
{
    return sim_planted(sim_current, SIM_PLANT_FORGET_SESSIONS) ||
           __real_rc_engine_restore_session(engine, row);
}

/* ---- what is written ---- */

enum rc_store_result __wrap_rc_store_begin(struct rc_store *store)
{
    sim_boundary();
    enum rc_store_result result = __real_rc_store_begin(store);
    if (result == RC_STORE_OK)
        hooks_training_begun(store);
    return result;
}

enum rc_store_result __wrap_rc_store_apply(struct rc_store *store, int site, struct rc_effect *effect)
{
    struct sim_world *world = sim_current;
    sim_boundary();
    if (sim_plant_swallows(world, effect))
        return RC_STORE_OK;
    enum rc_store_result result = __real_rc_store_apply(store, site, effect);
    if (result == RC_STORE_OK && effect->kind == RC_FX_SESSION)
        sim_model_flushing(world->model, sim_employee_index(&effect->session.employee),
                           sim_client_index(&effect->session.session));
    if (result == RC_STORE_OK)
        sim_check_applied(world, effect);
    else
        sim_trace(world, "not applied: %s", rc_store_result_name(result));
    if (result == RC_STORE_REFUSED && !world->plant)
        sim_fail(world, 0, "the store refuses an effect: %.200s", rc_store_error(store));
    return result;
}

enum rc_store_result __wrap_rc_store_commit(struct rc_store *store)
{
    struct sim_world *world = sim_current;
    sim_boundary();
    enum rc_store_result result = RC_STORE_OK;
    if (sim_planted(world, SIM_PLANT_COMMIT_LIES) && world->steps % 5 == 0)
        rc_store_rollback(store);
    else
        result = __real_rc_store_commit(store);
    if (result == RC_STORE_OK) {
        hooks_training_committed();
        sim_model_commit(world->model);
        sim_check_committed(world);
    } else {
        sim_trace(world, "not committed: %s", rc_store_result_name(result));
        sim_model_commit_failed(world->model);
        sim_check_commit_failed(world);
    }
    sim_boundary();
    return result;
}

enum rc_store_result __wrap_rc_store_outbox_add(struct rc_store *store, int site, struct rc_outgoing *message)
{
    struct sim_world *world = sim_current;
    sim_boundary();
    if (sim_planted(world, SIM_PLANT_PUBLISH_FIRST)) {
        struct rc_publication publication = {.topic = message->topic,
                                             .payload = message->payload,
                                             .qos = message->qos,
                                             .retain = message->retain,
                                             .number = RC_DIRECT_NUMBER};
        rc_link_publish(&world->service->link, &publication);
    }
    return __real_rc_store_outbox_add(store, site, message);
}

enum rc_store_result __wrap_rc_store_flush_session(struct rc_store *store, int site,
                                                   const struct rc_session_row *row)
{
    struct sim_world *world = sim_current;
    enum rc_store_result result = __real_rc_store_flush_session(store, site, row);
    if (result == RC_STORE_OK)
        sim_model_flushing(world->model, sim_employee_index(&row->employee), sim_client_index(&row->session));
    return result;
}

enum rc_store_result __wrap_rc_store_save_t(struct rc_store *store, int site, int64_t t)
{
    struct sim_world *world = sim_current;
    enum rc_store_result result = __real_rc_store_save_t(store, site, t);
    if (result == RC_STORE_OK)
        sim_model_saving_t(world->model,
                           rc_engine_service_t(world->service->inside.sites[0].engine, sim_now(world)) - t);
    return result;
}

/* ---- what comes in, and what goes out again ---- */

bool __wrap_rc_inbox_take(struct rc_inbox *inbox, struct rc_inbound *out)
{
    struct sim_service *service = sim_current->service;
    sim_boundary();
    bool taken = __real_rc_inbox_take(inbox, out);
    service->has_current = taken && out->kind == RC_INBOUND_MESSAGE;
    if (service->has_current) {
        service->current = service->waiting[service->waiting_first++];
        service->waiting_count--;
    }
    return taken;
}

bool __wrap_rc_publisher_republish(struct rc_publisher *publisher, struct rc_store *store, int64_t now)
{
    return !sim_planted(sim_current, SIM_PLANT_NO_REPUBLISH) &&
           __real_rc_publisher_republish(publisher, store, now);
}

/* ---- clocks, chance, and what costs time and shows nothing ---- */

struct rc_reading __wrap_rc_clock_read(void)
{
    const struct sim_world *world = sim_current;
    int64_t now = sim_now(world);
    return (struct rc_reading){
        .now = now, .at = sim_at(world), .mono_ms = now - world->service->suspended_ms};
}

int64_t __wrap_rc_clock_now(void)
{
    return sim_now(sim_current);
}

int64_t __wrap_rc_clock_at(void)
{
    return sim_at(sim_current);
}

int64_t __wrap_rc_clock_us(void)
{
    return sim_current->time * 1000;
}

bool __wrap_rc_clock_boot_id(char out[RC_BOOT_ID_MAX])
{
    snprintf(out, RC_BOOT_ID_MAX, "boot-%d", sim_current->host.boots);
    return true;
}

/* A wait that was long by choice, since nothing was due, is not one that was late. */
struct rc_clock_news __wrap_rc_clock_watch_look(struct rc_clock_watch *watch, struct rc_reading reading,
                                                int64_t due_now)
{
    int64_t overslept_ms = sim_current ? sim_current->service->overslept_ms : 0;
    return __real_rc_clock_watch_look(watch, reading, due_now + overslept_ms);
}

ssize_t __wrap_getrandom(void *buffer, size_t length, unsigned flags)
{
    (void)flags;
    memset(buffer, 0x5a, length);
    return (ssize_t)length;
}

char *__wrap_rc_metrics_prometheus(struct rc_metrics *metrics, size_t *length)
{
    (void)metrics;
    *length = 0;
    return NULL;
}

size_t __wrap_rc_metrics_json(struct rc_metrics *metrics, int site, int64_t at, char *out, size_t size)
{
    (void)metrics;
    (void)site;
    (void)at;
    (void)out;
    (void)size;
    return 0;
}

int64_t __wrap_rc_metrics_resident_bytes(void)
{
    return 0;
}
