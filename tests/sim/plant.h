/*
 * plant.h: bugs put into a run on purpose, to show that the checks can fail: each tampers with what passes
 * between the service's parts, where hooks.c stands. Decides what each bug does; a run has one or none.
 */
#ifndef RC_SIM_PLANT_H
#define RC_SIM_PLANT_H

#include "world.h"

#include "store/store.h"

enum sim_plant {
    SIM_PLANT_NONE,
    SIM_PLANT_EARLY,           /* deadlines pass 1.5 s early */
    SIM_PLANT_LATE,            /* ... 3 s late */
    SIM_PLANT_TWO_AUTO_OUTS,   /* whoever is punched out is so twice */
    SIM_PLANT_WILL_OBEYED,     /* a will is taken at its word */
    SIM_PLANT_STALE_EPOCH,     /* a leave of an older epoch counts */
    SIM_PLANT_PUBLISH_FIRST,   /* published before COMMIT */
    SIM_PLANT_FORGET_VERDICT,  /* a verdict is not remembered */
    SIM_PLANT_DUPLICATE_TAKEN, /* the same id twice is two punches */
    SIM_PLANT_DROP_ROW,        /* a row is not written */
    SIM_PLANT_WRONG_AT,        /* AUTO_OUT at its decision */
    SIM_PLANT_NO_RESUME,       /* nobody is resumed */
    SIM_PLANT_NO_PAUSE,        /* stalls and suspensions count */
    SIM_PLANT_NO_LINK_DOWN,    /* time without a broker counts */
    SIM_PLANT_FORGET_SESSIONS, /* a restart forgets all sessions */
    SIM_PLANT_NO_REPUBLISH,    /* retained topics are not published again */
    SIM_PLANT_COMMIT_LIES,     /* what was committed is not on the disk */
    SIM_PLANT_NO_UNDO,         /* a failed COMMIT is not undone in the engine */
    SIM_PLANT_NO_EVIDENCE,     /* heartbeats are heard a minute in the past */
    SIM_PLANT_CLOSED_IS_OUT,   /* a closed tab is an OUT */
    SIM_PLANT_NO_RECEIPT,      /* some punches get no receipt */
    SIM_PLANT_DAY_OUTSIDE,     /* a student's day is written, though its transaction was not */
    SIM_PLANT_REFUSED_COVERS,  /* a refused training heartbeat counts on the new day */
    SIM_PLANT_OLD_LOCK,        /* yesterday's minutes are there today */
    SIM_PLANT_NO_TURN,         /* no day turns by itself at midnight */
    SIM_PLANT_NO_LIMIT_ROW,    /* no row says that a day is full */
    SIM_PLANT_COUNT
};

const char *sim_plant_name(enum sim_plant plant);
/* sim_plant_parse returns SIM_PLANT_COUNT for an unknown name. */
enum sim_plant sim_plant_parse(const char *name);

/* What hooks.c asks. */

/* sim_plant_event may change the event; false: it never reaches the engine. */
bool sim_plant_event(const struct sim_world *world, struct rc_event *event);
/* sim_plant_effects may change what the engine said. */
void sim_plant_effects(const struct sim_world *world, const struct rc_event *event,
                       struct rc_effects *effects, size_t first);
/* sim_plant_swallows: this effect is not written. */
bool sim_plant_swallows(const struct sim_world *world, const struct rc_effect *effect);
static inline bool sim_planted(const struct sim_world *world, enum sim_plant plant)
{
    return world->plant == (int)plant;
}

#endif
