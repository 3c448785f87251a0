/*
 * service_parts.h: what service.c, link.c and hooks.c share: the service in the world, and the one world that
 * runs (the loop's functions have no other way to find it). See service.h.
 */
#ifndef RC_SIM_SERVICE_PARTS_H
#define RC_SIM_SERVICE_PARTS_H

#include "service.h"
#include "store/training.h"

#include <setjmp.h>
#include <signal.h>

/* A parcel of which the bytes wait in the inbox. */
struct waiting {
    struct sim_words words;
    int64_t sent_time, sent_at; /* as the marks say */
    int unmarked;               /* 1 yes, 0 no, -1: it cannot be told */
};

struct rc_link {
    uint32_t connection; /* 0: not connected */
    int64_t tries;
    uint64_t connects;
    int64_t up_time;
    int64_t in_flight;
};

enum { LINK_TRY, LINK_NOTICE, BROKER_NOTICE };

/* What the open transaction has written of a student's day, and whether it was lost since (plant.h). */
struct written_day {
    bool is, lost;
    int site;
    struct rc_id user;
    struct rc_training_day day;
    struct rc_local_day next;
};

struct sim_service {
    struct sim_world *world;
    struct rc_fault_vfs *vfs;
    char folder[64], path[96];
    struct rc_config config;
    struct rc_service inside; /* the daemon's own */
    bool running;             /* inside rc_loop_run */
    bool wanted;
    volatile sig_atomic_t stop;
    jmp_buf out;
    bool dies;
    enum sim_death death;
    int boundaries;       /* until it crashes, RC_NONE: it does not */
    int64_t overslept_ms; /* of the last wait: by choice, since nothing was due */
    int64_t suspended_ms; /* all together, in this boot */
    int64_t try_time;     /* no start before */
    int64_t down_ms;      /* how long it stays away after the crash that is to come */
    struct rc_link link;
    uint32_t connections;
    bool canary_out;         /* none has come back in this connection */
    struct waiting *waiting; /* first in, first out: what the inbox holds */
    size_t waiting_first, waiting_count, waiting_room;
    struct waiting current; /* the message that is being taken in */
    bool has_current;
    uint64_t published;
    struct written_day written;
};

/* The world that runs. */
extern struct sim_world *sim_current;

/* sim_boundary is a place where a crash may come; it may not return. */
void sim_boundary(void);
/* sim_service_leave ends the running loop: the run is over, or it dies. Does not return. */
_Noreturn void sim_service_leave(struct sim_world *world);

#endif
