/*
 * world.h: one simulated run: all that there is in it, and the time. Decides the order of things (world.c)
 * and keeps the trace; what people do stands in client.c, the broker in broker.c, faults in fault.c, our side
 * in service.c, what ought to come of it in model.c, and what is compared in check.c. One thread owns a
 * world.
 *
 *   client ──▶ broker ──▶ service (wire, engine, store) ──▶ broker ──▶ client
 *                            │  what it heard                  │  what it says
 *                            ▼                                 ▼
 *                          model ───────── check ──────────────┘
 *
 * True time (`time`, ms since the start of the run) is nobody's clock. The host's clocks derive from it.
 */
#ifndef RC_SIM_WORLD_H
#define RC_SIM_WORLD_H

#include "core/engine.h"
#include "core/training.h"
#include "plan.h"
#include "queue.h"
#include "random.h"
#include "support/fault_vfs.h"

#define SIM_SITE "hq"
/* Wall clock at time 0: 23:40 in New York, before the day of 25 hours. */
#define SIM_WALL_START  INT64_C(1762054800000)
#define SIM_TEXT_MAX    400
#define SIM_PENDING_MAX 32

enum sim_say {
    SIM_SAY_HEARTBEAT,
    SIM_SAY_TRAINING,
    SIM_SAY_LEAVE,
    SIM_SAY_PUNCH,
    SIM_SAY_DEVICE_HEARTBEAT,
    SIM_SAY_DEVICE_LEAVE,
    SIM_SAY_CORRECT,
    SIM_SAY_MAINTENANCE,
    SIM_SAY_JUNK,
    SIM_SAY_CANARY, /* the service to itself */
};

/* What a message means, beside its bytes: the model hears this, the service only the bytes. RC_NONE: not
 * said. */
struct sim_words {
    enum sim_say say;
    int employee; /* index, -1: none */
    int client;   /* whose id is the session's, or the device */
    int64_t epoch, interval_ms, sleep_ms;
    int class, course;
    enum rc_leave_cause leave;
    char punch[24]; /* its id */
    enum rc_type type;
    int64_t age_ms, device_at;
    enum rc_device_clock clock;
    bool from_device;
    enum rc_action action;
    int64_t seq, at, until_at;
};

/* A message on its way. Topic and payload are NUL-terminated besides. */
struct sim_parcel {
    struct sim_words words;
    int client;          /* sender; receiver of a receipt */
    uint32_t connection; /* of that client, or of the service's link */
    int64_t number;      /* of a publication of the service */
    int64_t broker_time; /* when the broker took it */
    int64_t broker_at;   /* the broker's wall clock then */
    uint8_t qos;
    bool retain, will, duplicate;
    size_t topic_length, payload_length;
    char *payload; /* into bytes */
    char bytes[];
};

/* ---- clients ---- */

struct sim_pending {
    struct sim_words words; /* of a punch without a receipt yet */
    int64_t made_time;      /* when it was made */
    int64_t sent_time;      /* RC_NONE: not yet */
    int tries;
    bool clock_only; /* the device has forgotten how long ago: it says deviceAt */
};

struct sim_client {
    bool open;      /* its program runs */
    bool connected; /* as it believes */
    uint32_t connection;
    uint32_t timer;
    int64_t epoch;
    bool said; /* epoch, class and interval were said in this connection */
    int64_t interval_ms;
    bool announces;
    int64_t beat_time;                            /* of the next heartbeat */
    int64_t lesson_time, lesson_until, lesson_ms; /* of the next training heartbeat; none after; pause */
    int course;
    int64_t try_time; /* of the next attempt to connect */
    int64_t tries;
    int64_t dark_until;  /* its radio */
    int64_t uplink_time; /* arrival of its last packet: packets keep their order */
    int64_t good_since;  /* since then nothing went wrong on its own side (check 5) */
    struct sim_pending pending[SIM_PENDING_MAX];
    int pendings;
    struct sim_words last_punch;
    bool punched;
    bool badges[SIM_EMPLOYEES_MAX];
    int64_t badge_since[SIM_EMPLOYEES_MAX];
    uint32_t punches; /* made so far, for their ids */
};

/* ---- broker ---- */

struct sim_peer {
    bool connected;
    uint32_t connection;
    int64_t heard_time;
    struct sim_parcel *will; /* owned; NULL: none */
};

struct sim_retained {
    char *topic, *payload;
};

struct sim_broker {
    bool up, cut; /* cut: no packet passes between it and the service */
    int64_t up_time;
    struct sim_peer peer[SIM_CLIENTS_MAX];
    struct sim_parcel *
        *queue; /* QoS 1 for the service, oldest first; the first `inflight` of them are on their way */
    size_t queued, queue_room, inflight;
    bool service_connected;
    uint32_t service_connection;
    int64_t up_until, down_until;       /* from and to the service: packets wait for one that is sent again */
    int64_t downlink_time, uplink_time; /* arrival of the last packet to and from the service */
    struct sim_retained *retained;
    size_t retained_count, retained_room;
};

/* ---- host ---- */

struct sim_host {
    int64_t boot_time; /* true time at which boot time was 0 */
    int64_t wall_offset;
    int boots;
    int64_t suspended_until, stalled_until, stopped_until; /* stopped: the whole process */
};

struct sim_failure {
    bool failed;
    int check; /* which of the ten, 0: something else */
    char text[SIM_TEXT_MAX];
    int64_t time;
    uint64_t step;
};

struct sim_service;
struct sim_model;
struct sim_check;
struct sim_training;

struct sim_world {
    const struct sim_plan *plan;
    int plant; /* enum sim_plant, 0: none */
    int64_t time;
    struct sim_queue queue;
    struct sim_host host;
    struct sim_broker broker;
    struct sim_client client[SIM_CLIENTS_MAX];
    struct sim_service *service;
    struct sim_model *model;
    struct sim_check *check;
    struct sim_training *training;
    struct sim_failure failure;
    bool over, calm; /* calm: the horizon is behind us, nothing goes wrong any more */
    bool tracing;    /* to standard output */
    uint64_t trace_hash, trace_lines;
    uint64_t steps;
    struct {
        uint64_t punches, late, resumes, holds, corrections, wills, crashes, undone;
        uint64_t auto_outs[RC_CAUSE_COUNT], receipts[RC_RESULT_COUNT], codes[RC_CODE_COUNT],
            trained[RC_TRAINING_RESULT_COUNT];
    } seen;
};

/* sim_run lives one plan through; the result is in *world, which sim_world_free empties. */
void sim_run(struct sim_world *world, const struct sim_plan *plan, int plant, bool tracing);
void sim_world_free(struct sim_world *world);

/* sim_world_turn lets the next thing happen that is due by `until`; false: there is none, and it is `until`
 * now, or the run is over. */
bool sim_world_turn(struct sim_world *world, int64_t until);
bool sim_world_over(const struct sim_world *world);

/* sim_fail notes the first thing that is wrong; the run ends. */
void sim_fail(struct sim_world *world, int check, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* sim_trace adds a line to the trace. */
void sim_trace(struct sim_world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* sim_trace_beat is its short form for a heartbeat that changed nothing, of which there are very many. */
void sim_trace_beat(struct sim_world *world, int employee, int client);

/* The host's clocks. */
int64_t sim_now(const struct sim_world *world); /* CLOCK_BOOTTIME */
int64_t sim_at(const struct sim_world *world);  /* wall */

/* Ids. */
void sim_employee_id(int employee, struct rc_id *out);
void sim_client_id(const struct sim_world *world, int client, struct rc_id *out);
void sim_group_id(int group, struct rc_id *out);
int sim_group_of(const struct sim_world *world, int employee);
/* sim_employee_index and sim_client_index: -1 where there is none of that id. */
int sim_employee_index(const struct rc_id *id);
int sim_client_index(const struct rc_id *id);

/* sim_parcel makes a message; the caller owns it. */
struct sim_parcel *sim_parcel_make(const struct sim_words *words, const char *topic, const char *payload,
                                   size_t payload_length);

/* sim_faulty: the plan's horizon is not reached, so things may still go wrong. */
bool sim_faulty(const struct sim_world *world);

#endif
