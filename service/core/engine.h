/*
 * engine.h: the rules P-1 to P-19 of one site. Decides who is present, whose punch counts, who is punched
 * out, when, and why. Pure: events in, effects out; no clock, no I/O, no threads, no malloc (the caller gives
 * it all its memory once). The same events give the same effects, byte for byte. One thread owns an engine;
 * several engines, one a site, share nothing.
 *
 *     event ──▶ rc_engine_step ──▶ effects        rc_engine_commit   the effects are durable
 *                                                 rc_engine_undo     they are not: forget them (P-15)
 *
 * What a failed COMMIT undoes is what the log would have said: ledgers, holds, the next seq. What was heard
 * was heard, and stays.
 */
#ifndef RC_CORE_ENGINE_H
#define RC_CORE_ENGINE_H

#include "core/effect.h"
#include "core/event.h"
#include "core/policy.h"

struct rc_engine;

struct rc_engine_limits {
    uint32_t employees; /* at the limit a punch of a new one is answered `retry`, a heartbeat dropped, alert
                           `capacity` */
    uint32_t
        sessions; /* devices included; at the limit new ones share the employee's evidence-only slot (P-18) */
    uint32_t
        scopes; /* groups and gateways; at the limit a further one has no hold of its own, the site's only */
    uint32_t images; /* ledgers that one uncommitted batch may change */
    uint64_t seed;   /* of the hash; random in production, so that nobody can choose colliding ids */
};

/* rc_engine_bytes returns the memory that an engine of these limits needs, all of it. */
size_t rc_engine_bytes(const struct rc_engine_limits *limits);

/* rc_engine_init lays an engine out in memory (rc_engine_bytes of it, zeroed, aligned as malloc aligns),
 * which stays the caller's and must outlive it. The engine starts without broker and with an empty log. */
struct rc_engine *rc_engine_init(void *memory, const struct rc_engine_limits *limits,
                                 const struct rc_policy *policy);

/* rc_engine_set_policy takes new settings; they hold for what happens from now on. */
void rc_engine_set_policy(struct rc_engine *engine, const struct rc_policy *policy);

/*
 * What the store kept, handed in before the first event, in this order: site, holds, employees, sessions,
 * done.
 */
struct rc_site_row {
    int64_t last_seq;       /* of the log, 0: empty */
    int64_t last_hold;      /* number of the last hold, 0: none yet */
    int64_t t;              /* service time at the last flush */
    int64_t maintenance_at; /* until when, 0: none */
};

struct rc_employee_row {
    struct rc_id employee;
    struct rc_id group;
    struct rc_ledger ledger;
    struct rc_evidence evidence;
    enum rc_presence presence; /* as last published */
    uint32_t sessions;         /* as last published */
};

void rc_engine_restore_site(struct rc_engine *engine, const struct rc_site_row *row);
/* These return false where a limit is reached; nothing is changed then. */
bool rc_engine_restore_hold(struct rc_engine *engine, const struct rc_hold *row);
bool rc_engine_restore_employee(struct rc_engine *engine, const struct rc_employee_row *row);
bool rc_engine_restore_session(struct rc_engine *engine, const struct rc_session_row *row);
/* rc_engine_restore_done: call it once, also with an empty store. Everybody who is IN and has no session left
 * gets an evidence-only one, so that silence can find them. */
void rc_engine_restore_done(struct rc_engine *engine, int64_t now, int64_t at);

/* rc_engine_step lets one event happen and appends its effects to out (not reset). Returns true when the
 * event is a TICK that found no room for all of its work: apply the effects, empty the buffer, step a TICK
 * again. Before any event: out->capacity - out->count >= RC_EFFECTS_MIN, and rc_engine_room must be true. */
bool rc_engine_step(struct rc_engine *engine, const struct rc_event *event, struct rc_effects *out);

/* rc_engine_room says whether the batch may take another event before it must be committed. */
bool rc_engine_room(const struct rc_engine *engine);

/* rc_engine_commit: everything stepped so far is durable. */
void rc_engine_commit(struct rc_engine *engine);

/* rc_engine_undo: the batch since the last commit was rolled back: the log's side of the engine goes back to
 * what it was then. What fell due falls due again at a later tick, and statuses are compared again. */
void rc_engine_undo(struct rc_engine *engine);

/* rc_engine_wake_now returns the boot time at which a TICK has work to do at the earliest; INT64_MAX: never.
 * It may be early, never late. */
int64_t rc_engine_wake_now(const struct rc_engine *engine);

/* rc_engine_service_t returns service time at boot time `now`. */
int64_t rc_engine_service_t(const struct rc_engine *engine, int64_t now);

/* rc_engine_next_dirty takes the next session whose row in the store is out of date, or returns false. */
bool rc_engine_next_dirty(struct rc_engine *engine, struct rc_session_row *out);
/* rc_engine_take_session takes this session, whether its row is out of date or not; where there was no room
 * for it the one that stands for it (P-18). Either way it is for the open transaction: rc_engine_undo makes
 * it due again. False: there is none. */
bool rc_engine_take_session(struct rc_engine *engine, const struct rc_id *employee,
                            const struct rc_id *session, struct rc_session_row *out);

struct rc_counts {
    uint64_t in, out, present, suspect, held; /* employees; present and suspect: of those IN */
    uint64_t employees;
    uint64_t sessions; /* employees' sessions not past their deadline */
    uint64_t tracked;  /* session records in use, devices' and expired ones' too */
    uint64_t devices_online, devices;
    uint64_t expected_per_ks; /* heartbeats that live sessions should send in 1,000 s */
    uint64_t holds;
    uint64_t dropped;        /* events for which there was no room, since init */
    uint64_t leaves_ignored; /* leaves of an older epoch, or older than what was heard */
    bool connected, store_ok, in_maintenance;
    int64_t last_seq;
};
struct rc_counts rc_engine_counts(const struct rc_engine *engine);

/* What is known of one employee now. */
struct rc_employee_view {
    struct rc_id employee, group;
    struct rc_status status;
    int64_t last_seen_at;
    struct rc_id last_session; /* heard last; empty: none known */
    enum rc_class last_class;
};

/* rc_engine_find fills *out and returns true if the employee is known. */
bool rc_engine_find(const struct rc_engine *engine, const struct rc_id *employee,
                    struct rc_employee_view *out);

/* rc_engine_each walks all employees in order of first appearance: start with *cursor 0; false at the end.
 * Stays valid over steps; employees that appear meanwhile come at the end or not at all. */
bool rc_engine_each(const struct rc_engine *engine, uint32_t *cursor, struct rc_employee_view *out);

/* rc_engine_each_session walks one employee's sessions (or, employee NULL, all devices): *cursor 0 to start.
 */
bool rc_engine_each_session(const struct rc_engine *engine, const struct rc_id *employee, uint32_t *cursor,
                            struct rc_session_row *out);

/* rc_engine_is_device says whether a device of that id has been heard. */
bool rc_engine_is_device(const struct rc_engine *engine, const struct rc_id *id);

/* When a punch happened, before anything is known of the log (P-13). */
struct rc_punch_when {
    int64_t at;
    bool late;              /* older than trust_ms when sent: the log around `at` is needed */
    enum rc_code held_code; /* RC_OK, or why its time cannot be believed */
};
struct rc_punch_when rc_punch_when(const struct rc_punch *punch, const struct rc_policy *policy);

/* rc_punch_looks_back says whether the punch's judgement needs the log around its `at` (punch->history): of
 * one that is late, and of an OUT of somebody who was punched out automatically (P-13). */
bool rc_punch_looks_back(const struct rc_engine *engine, const struct rc_punch *punch);

/* rc_engine_policy returns the settings in force. */
const struct rc_policy *rc_engine_policy(const struct rc_engine *engine);

#endif
