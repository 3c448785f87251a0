/*
 * plan.h: what a seed stands for: who the people are, which devices they have, what they intend to do and
 * when, and what goes wrong around them. Decides it all beforehand, from the seed alone; what follows from it
 * (every heartbeat, delay, retry) is decided as the run goes. Any action can be left out of a plan and the
 * rest still makes sense, so a failing plan can be shrunk. Owned by the caller.
 */
#ifndef RC_SIM_PLAN_H
#define RC_SIM_PLAN_H

#include "core/types.h"
#include "random.h"

/* Sizes of one run; the generator stays below them. */
#define SIM_EMPLOYEES_MAX 48
#define SIM_CLIENTS_MAX   256
#define SIM_GROUPS        3
#define SIM_COURSES       2

enum sim_client_kind {
    SIM_PERSONAL, /* one employee's browser tab, agent or phone */
    SIM_GATEWAY,  /* hears badges */
    SIM_KIOSK,    /* anybody punches there */
    SIM_MANAGER,  /* corrects, orders maintenance */
    SIM_CLIENT_KIND_COUNT
};

struct sim_client_plan {
    enum sim_client_kind kind;
    int employee; /* PERSONAL; else -1 */
    enum rc_class class;
    int64_t interval_ms;     /* how often it beats */
    bool announces;          /* says intervalMs; else interval_ms is its class's own */
    int64_t clock_offset_ms; /* of its wall clock */
    int64_t keepalive_ms;
};

enum sim_action_kind {
    /* people; `who` is a client unless said otherwise */
    SIM_DO_OPEN,        /* connects and beats; a: its class may say more */
    SIM_DO_CLOSE,       /* a: enum sim_close */
    SIM_DO_SLEEP,       /* a: sleepMs or RC_NONE; it stops beating and loses its connection */
    SIM_DO_DARK,        /* its radio is gone for `ms` */
    SIM_DO_HIDE,        /* a: beats at this interval from now on, and says so */
    SIM_DO_PUNCH,       /* employee `b` punches at `who`; a: RC_IN or RC_OUT */
    SIM_DO_REPEAT,      /* it sends its last punch once more; a: 1 with the other type (a conflict) */
    SIM_DO_STALE_LEAVE, /* a leave of an older epoch turns up */
    SIM_DO_BARE_LEAVE,  /* a leave without an epoch; a: rc_leave_cause */
    SIM_DO_OLD_BEAT,    /* a heartbeat of an older epoch turns up */
    SIM_DO_JUNK,        /* nonsense; a: which */
    SIM_DO_ENTER,       /* employee `b`'s badge comes near gateway `who` */
    SIM_DO_EXIT,        /* and goes */
    SIM_DO_CORRECT,     /* the manager `who` decides something; a: luck */
    SIM_DO_MAINTENANCE, /* the manager `who` orders it for `ms`; 0 ends it */
    SIM_DO_TRAIN,       /* a training heartbeat; a: course */
    SIM_DO_LESSON,      /* training heartbeats for `ms`; a: course, b: one every so many ms */
    /* faults; they last `ms` */
    SIM_DO_SITE_DARK, /* everybody's radio of group `who` (-1: all) */
    SIM_DO_LINK_CUT,  /* between broker and service; a: 1 half-open */
    SIM_DO_BROKER_STOP,
    SIM_DO_BROKER_CRASH,
    SIM_DO_SERVICE_STOP,
    SIM_DO_SERVICE_CRASH, /* a: after so many step boundaries more; ms: down so long */
    SIM_DO_SUSPEND,
    SIM_DO_STALL,     /* the loop; a: 1 the whole process (SIGSTOP) */
    SIM_DO_WALL_STEP, /* a: by so much */
    SIM_DO_REBOOT,    /* a: 1 power loss; ms: down so long */
    SIM_DO_DISK,      /* a: rc_fault of fault_vfs; b: nth operation from now; ms 0: once */
    SIM_ACTION_KIND_COUNT
};

enum sim_close {
    SIM_CLOSE_SAID,       /* leave `closed`, DISCONNECT */
    SIM_CLOSE_SAID_TWICE, /* leave `closed`, and the socket dies: the will comes too */
    SIM_CLOSE_SOCKET,     /* the socket dies at once: the will */
    SIM_CLOSE_SILENT,     /* nobody tells the broker: the will after 1.5 keepalives */
    SIM_CLOSE_MUTE,       /* a clean DISCONNECT without a leave: no will */
    SIM_CLOSE_COUNT
};

struct sim_action {
    int64_t time; /* ms since the start of the run */
    enum sim_action_kind kind;
    int who;
    int64_t a, b, ms;
};

/* How the service learns when a message was sent. */
enum sim_marks { SIM_MARKS_RC_AT, SIM_MARKS_EXPIRY, SIM_MARKS_NONE };

struct sim_plan {
    uint64_t seed;
    int employees, clients, groups;
    struct sim_client_plan client[SIM_CLIENTS_MAX];
    int manager; /* client */
    enum sim_marks marks;
    bool broker_on_host;  /* a suspended or rebooted host takes the broker along */
    int loss_permille;    /* of clients' packets, while there are faults */
    int64_t delay_ms_max; /* between client and broker */
    int64_t flush_ms;     /* between two flushes of last_seen */
    int limit_minutes;    /* of training, a day */
    int64_t horizon_ms;   /* after this nothing goes wrong any more */
    int64_t settle_ms;    /* and after so much more, everything must be in order */
    struct sim_action *actions;
    int count, room;
};

/* sim_plan_make fills *plan from the seed; sim_plan_free frees what it holds. */
void sim_plan_make(struct sim_plan *plan, uint64_t seed);
void sim_plan_free(struct sim_plan *plan);

const char *sim_action_name(enum sim_action_kind kind);
/* sim_action_text writes one line about an action, for people. */
void sim_action_text(const struct sim_action *action, char *out, size_t size);

#endif
