/*
 * service.h: the real service, in the world. Runs rollcalld's own loop (service/daemon) with its engine,
 * wire, store and publisher, and stands in for what it reaches the world through: its clocks, the wait for
 * its inbox, Paho (link.c) and the disk (a VFS in memory). The loop calls; waiting is what lets the world go
 * on. A crash is a longjmp out of it at a step boundary: what the process had in memory is gone, what was
 * committed stays.
 *
 *   rc_loop_run ──▶ rc_inbox_wait ──▶ the world's queue: clients, broker, faults ──▶ inbox ──▶ back into the
 * loop │ └─▶ rc_engine_step, rc_store_commit ...: watched by hooks.c, which tells the model
 */
#ifndef RC_SIM_SERVICE_H
#define RC_SIM_SERVICE_H

#include "daemon/service.h"
#include "world.h"

enum sim_death { SIM_DEATH_KILL, SIM_DEATH_REBOOT, SIM_DEATH_POWER };

struct sim_service *sim_service_new(struct sim_world *world);
void sim_service_free(struct sim_service *service);

/* sim_service_start: a supervisor wants it to run from now on. */
void sim_service_start(struct sim_world *world);
/* sim_service_wanted: it should run; sim_service_run then runs it until it stops, dies, or the run is over.
 */
bool sim_service_wanted(const struct sim_world *world);
void sim_service_run(struct sim_world *world);
/* sim_service_release closes what is open after sim_service_run ended because the run is over. */
void sim_service_release(struct sim_world *world);

/* ---- faults; they take effect before the world goes on ---- */

void sim_service_stop(struct sim_world *world);
void sim_service_die(struct sim_world *world, enum sim_death death);
/* sim_service_crash_after: it dies at the given step boundary from now, and is started again down_ms later.
 */
void sim_service_crash_after(struct sim_world *world, int boundaries, int64_t down_ms);
/* sim_service_woke: the process, or (suspended) all of the host, stood still for `ms`. */
void sim_service_woke(struct sim_world *world, int64_t ms, bool suspended);
void sim_service_disk(struct sim_world *world, enum rc_fault fault, uint64_t nth, bool lasting);
void sim_service_disk_heals(struct sim_world *world);

/* ---- the link: link.c ---- */

/* sim_service_link returns the number of its connection, 0: none. */
uint32_t sim_service_link(const struct sim_world *world);
void sim_service_link_timer(struct sim_world *world, int what, uint32_t stamp);
void sim_service_link_lost(struct sim_world *world);
void sim_service_link_cut(struct sim_world *world, bool half_open);
/* sim_service_receive hands it a message or an acknowledgement; owns parcel. */
void sim_service_receive(struct sim_world *world, struct sim_parcel *parcel);

/* ---- for checks ---- */

struct rc_service *sim_service_inside(struct sim_world *world); /* NULL: it does not run */
bool sim_service_idle(struct sim_world *world);                 /* nothing waits anywhere in it */
/* sim_service_verify checks the database file, as `rollcall verify` does; false, and why. */
bool sim_service_verify(struct sim_world *world, char message[RC_STORE_ERROR_MAX]);

#endif
