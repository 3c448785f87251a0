#include "service_parts.h"

#include "broker.h"
#include "check.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/training_turn.h"
#include "hooks.h"
#include "model.h"
#include "store/verify.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VFS_NAME    "rollcall-sim"
#define RESTART_MS  2000  /* a supervisor's patience with a start that failed */
#define LEAP_MS_MAX 20000 /* the longest wait: nothing is due in it */
#define INBOX_BYTES (1u << 20)

struct sim_world *sim_current;

/* ---- making it ---- */

static void configure(struct sim_service *service)
{
    const struct sim_plan *plan = service->world->plan;
    struct rc_config *config = &service->config;
    rc_config_default(config);
    config->access_mode = plan->marks == SIM_MARKS_RC_AT ? RC_ACCESS_REQUIRED : RC_ACCESS_OPEN;
    config->limit_employees = SIM_EMPLOYEES_MAX;
    config->limit_sessions = 4 * SIM_CLIENTS_MAX;
    config->limit_scopes = 16;
    config->limit_images = 64;
    config->store_flush_ms = plan->flush_ms;
    config->training_limit_minutes = plan->limit_minutes;
    snprintf(config->store_path, sizeof config->store_path, "%s", service->path);
}

struct sim_service *sim_service_new(struct sim_world *world)
{
    struct sim_service *service = calloc(1, sizeof *service);
    assert(service);
    service->world = world;
    service->boundaries = RC_NONE;
    snprintf(service->folder, sizeof service->folder, "/tmp/rollcall-sim-XXXXXX");
    char *made = mkdtemp(service->folder); /* for the lock file: it is not on the disk that fails */
    assert(made);
    (void)made;
    snprintf(service->path, sizeof service->path, "%s/sim.db", service->folder);
    service->vfs = rc_fault_vfs_new(VFS_NAME, RC_DISK_MEMORY);
    assert(service->vfs);
    configure(service);
    sim_current = world;
    return service;
}

void sim_service_free(struct sim_service *service)
{
    if (!service)
        return;
    char lock[128];
    rc_fault_vfs_free(service->vfs);
    snprintf(lock, sizeof lock, "%s.lock", service->path);
    unlink(lock);
    rmdir(service->folder);
    free(service->waiting);
    free(service);
    sim_current = NULL;
}

/* ---- a process's life: main.c without its signals and files ---- */

static bool allocate(struct sim_service *service)
{
    struct rc_service *inside = &service->inside;
    *inside = (struct rc_service){.config = &service->config,
                                  .open = service->config.access_mode == RC_ACCESS_OPEN,
                                  .reading = rc_clock_read()};
    inside->started_at = inside->reading.at;
    inside->report.head_day = RC_NONE;
    inside->inbox = rc_inbox_alloc(INBOX_BYTES);
    inside->board = rc_board_alloc();
    inside->metrics = rc_metrics_alloc(service->config.sites, 1, inside->reading.now);
    return rc_batch_init(&inside->batch) && inside->inbox && inside->board && inside->metrics;
}

static bool open_store(struct sim_service *service)
{
    char boot_id[RC_BOOT_ID_MAX], error[RC_STORE_ERROR_MAX];
    rc_clock_boot_id(boot_id);
    struct rc_store_options options = {.path = service->path,
                                       .vfs = VFS_NAME,
                                       .now = service->inside.reading.now,
                                       .at = service->inside.reading.at,
                                       .boot_id = boot_id,
                                       .verify = true};
    enum rc_store_result result = rc_store_open(&options, &service->inside.store, error);
    if (result == RC_STORE_OK)
        return true;
    sim_trace(service->world, "the store does not open: %s", rc_store_result_name(result));
    if (result != RC_STORE_IO && result != RC_STORE_FULL)
        sim_fail(service->world, 2, "the store does not open: %s: %.200s", rc_store_result_name(result),
                 error);
    return false;
}

static bool open_site(struct sim_service *service)
{
    char error[RC_STORE_ERROR_MAX];
    struct rc_service *inside = &service->inside;
    inside->sites = calloc(1, sizeof *inside->sites);
    assert(inside->sites);
    inside->site_count = 1;
    if (!rc_site_open(inside->sites, 0, inside->config, inside->store, inside->reading, error)) {
        sim_trace(service->world, "the site does not open");
        return false;
    }
    sim_check_opened(service->world);
    rc_batch_audit(inside, inside->sites, "SERVICE_START", NULL, NULL, "");
    return rc_batch_commit(inside) && rc_site_connect(inside->sites, inside->config, (struct rc_text){0},
                                                      inside->inbox, inside->started_at, error);
}

static void release(struct sim_service *service)
{
    struct rc_service *inside = &service->inside;
    for (int i = 0; i < inside->site_count; i++)
        rc_site_close(&inside->sites[i]);
    free(inside->sites);
    rc_batch_fini(&inside->batch);
    if (inside->store)
        rc_store_close(inside->store);
    rc_metrics_free(inside->metrics);
    rc_board_free(inside->board);
    rc_inbox_free(inside->inbox);
    *inside = (struct rc_service){0};
    service->running = false;
    service->waiting_first = service->waiting_count = 0;
    service->has_current = false;
    service->link = (struct rc_link){0};
}

void sim_service_release(struct sim_world *world)
{
    if (world->service->running)
        release(world->service);
}

/* The process is gone without a word, perhaps the machine too; the kernel closes its sockets. */
static void bury(struct sim_service *service)
{
    struct sim_world *world = service->world;
    static const enum rc_power_loss losses[] = {[SIM_DEATH_KILL] = RC_LOSE_NOTHING,
                                                [SIM_DEATH_REBOOT] = RC_LOSE_NOTHING,
                                                [SIM_DEATH_POWER] = RC_LOSE_RANDOM};
    sim_trace(world, "the service dies (%d)", (int)service->death);
    world->seen.crashes++;
    rc_fault_vfs_power_loss(service->vfs, losses[service->death], world->plan->seed ^ (uint64_t)world->time);
    if (service->running)
        release(service);
    sim_broker_service_gone(world);
    if (service->death != SIM_DEATH_KILL) {
        world->host.boot_time = world->time;
        world->host.boots++;
        service->suspended_ms = 0;
    }
    service->dies = false;
    service->boundaries = RC_NONE;
    sim_model_restart(world->model);
    hooks_training_undone();
    sim_check_undone(world);
}

/* ---- being run ---- */

bool sim_service_wanted(const struct sim_world *world)
{
    return world->service->wanted && world->time >= world->service->try_time;
}

static void try_later(struct sim_service *service, int64_t ms)
{
    service->try_time = service->world->time + ms;
    sim_queue_put(&service->world->queue,
                  (struct sim_due){.time = service->try_time, .kind = SIM_DUE_SERVICE});
}

void sim_service_start(struct sim_world *world)
{
    struct sim_service *service = world->service;
    service->wanted = true;
    if (service->try_time > world->time)
        service->try_time = world->time; /* whatever it was down for */
}

static void gone(struct sim_service *service)
{
    release(service);
    sim_broker_service_gone(service->world);
    sim_model_restart(service->world->model);
    hooks_training_undone();
    sim_check_undone(service->world);
}

/* Runs the loop until it stops by itself; false: the start failed. */
static bool live(struct sim_service *service)
{
    service->running = true;
    if (!allocate(service) || !open_store(service) || !open_site(service))
        return false;
    sim_check_started(service->world);
    struct rc_reading first = rc_clock_read();
    bool clean = rc_loop_run(&service->inside, first, &service->stop);
    sim_trace(service->world, "the service stops%s", clean ? "" : ", and could not write all");
    return true;
}

void sim_service_run(struct sim_world *world)
{
    struct sim_service *service = world->service;
    sim_trace(world, "the service starts");
    service->overslept_ms = 0;
    service->stop = 0;
    if (setjmp(service->out) == 0) {
        if (!live(service))
            try_later(service, RESTART_MS);
        gone(service);
    } else if (service->dies) {
        bury(service);
    } /* else the run is over: what is open is looked at */
}

void sim_service_leave(struct sim_world *world)
{
    longjmp(world->service->out, 1);
}

void sim_boundary(void)
{
    struct sim_world *world = sim_current;
    struct sim_service *service = world->service;
    world->steps++;
    if (!service->running)
        return;
    if (world->failure.failed)
        sim_service_leave(world);
    if (service->boundaries == RC_NONE || service->boundaries-- > 0)
        return;
    service->dies = true;
    service->death = SIM_DEATH_KILL;
    try_later(service, service->down_ms);
    sim_service_leave(world);
}

/* ---- waiting: the world goes on ---- */

/* Until when nothing is due inside, so that the loop need not turn ten times a second for nothing. */
static int64_t leap_until(const struct sim_service *service, int timeout_ms)
{
    const struct sim_world *world = service->world;
    const struct rc_service *inside = &service->inside;
    const struct rc_site *site = &inside->sites[0];
    int64_t soon = world->time + timeout_ms;
    bool busy = service->stop || !inside->batch.store_ok || site->publisher.full ||
                (site->up && site->publisher.phase != RC_REPUBLISH_DONE);
    int64_t wake_now = rc_engine_wake_now(site->engine), now = sim_now(world);
    if (rc_training_wake_now(inside) < wake_now)
        wake_now = rc_training_wake_now(inside);
    if (busy || timeout_ms == 0 || wake_now <= now + timeout_ms)
        return soon;
    int64_t leap =
        service->config.store_flush_ms < LEAP_MS_MAX ? service->config.store_flush_ms : LEAP_MS_MAX;
    if (wake_now - now < leap)
        leap = wake_now - now;
    return world->time + leap > soon ? world->time + leap : soon;
}

static bool stalled(const struct sim_world *world)
{
    const struct sim_host *host = &world->host;
    return world->time < host->stalled_until || world->time < host->stopped_until ||
           world->time < host->suspended_until;
}

static void wait_until(struct sim_service *service, int64_t until)
{
    struct sim_world *world = service->world;
    bool stopping = service->stop;
    for (;;) {
        if (rc_inbox_depth(service->inside.inbox) > 0 || stalled(world) || (service->stop && !stopping))
            return;
        bool turned = sim_world_turn(world, until);
        if (service->dies || sim_world_over(world))
            sim_service_leave(world);
        if (!turned)
            return;
    }
}

static void sleep_through(struct sim_service *service)
{
    struct sim_world *world = service->world;
    while (stalled(world)) {
        sim_world_turn(world, INT64_MAX);
        if (service->dies || sim_world_over(world))
            sim_service_leave(world);
    }
}

void __wrap_rc_inbox_wait(struct rc_inbox *inbox, int timeout_ms);
void __wrap_rc_inbox_wait(struct rc_inbox *inbox, int timeout_ms)
{
    (void)inbox;
    struct sim_world *world = sim_current;
    struct sim_service *service = world->service;
    sim_boundary();
    int64_t soon = world->time + timeout_ms;
    wait_until(service, leap_until(service, timeout_ms));
    service->overslept_ms = world->time > soon ? world->time - soon : 0;
    sleep_through(service);
}

/* ---- faults ---- */

void sim_service_stop(struct sim_world *world)
{
    world->service->wanted = false;
    world->service->stop = 1;
}

void sim_service_die(struct sim_world *world, enum sim_death death)
{
    struct sim_service *service = world->service;
    service->death = death;
    service->wanted = false;
    if (service->running)
        service->dies = true;
    else
        bury(service);
}

void sim_service_crash_after(struct sim_world *world, int boundaries, int64_t down_ms)
{
    world->service->boundaries = boundaries;
    world->service->down_ms = down_ms;
}

void sim_service_disk(struct sim_world *world, enum rc_fault fault, uint64_t nth, bool lasting)
{
    rc_fault_vfs_plan(world->service->vfs, RC_OPS_CHANGING, nth, fault, lasting);
}

void sim_service_disk_heals(struct sim_world *world)
{
    rc_fault_vfs_heal(world->service->vfs);
}

/* ---- for checks ---- */

struct rc_service *sim_service_inside(struct sim_world *world)
{
    return world->service->running ? &world->service->inside : NULL;
}

bool sim_service_verify(struct sim_world *world, char message[RC_STORE_ERROR_MAX])
{
    struct rc_verify_options options = {.path = world->service->path, .vfs = VFS_NAME};
    return rc_verify(&options, message) == RC_VERIFY_SOUND;
}

bool sim_service_idle(struct sim_world *world)
{
    struct sim_service *service = world->service;
    return service->running && service->waiting_count == 0 && service->inside.batch.store_ok &&
           service->inside.sites[0].up && rc_publisher_idle(&service->inside.sites[0].publisher, true);
}
