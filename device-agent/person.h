/*
 * person.h: one simulated person: their tabs (a process each), the script that they are in, and what they
 * wait for. Does what life.h says; decides nothing by itself. Owned by simulate.c, which polls the tabs'
 * sockets and calls when something is due. One thread.
 */
#ifndef RC_AGENT_PERSON_H
#define RC_AGENT_PERSON_H

#include "life.h"
#include "tab.h"

/* A browser tab, and perhaps a second one. */
#define RC_PERSON_TABS 2

enum rc_await {
    RC_AWAIT_NOTHING,
    RC_AWAIT_UP,   /* the tab's connection */
    RC_AWAIT_DONE, /* the receipt, or the broker's word that it has the leave */
    RC_AWAIT_END,  /* the end of the process */
};

struct rc_person_tab {
    char session[RC_AGENT_ID_SIZE];
    int64_t epoch; /* of the last connection, 0: none yet */
    pid_t pid;
    int fd; /* to the process, -1: there is none */
    bool frozen, killed;
    enum rc_await await;
};

/* What all people of a run share. */
struct rc_world {
    const char *uri, *site;
    struct rc_pace pace;
    int64_t training_interval_ms;
    int64_t started_at; /* wall ms: makes ids unique over runs */
    uint64_t ids;       /* ids given out so far */
};

struct rc_person {
    char name[RC_AGENT_ID_SIZE];
    struct rc_world *world;
    const char *course; /* that runs in their tabs; NULL: no student */
    struct rc_random random;
    const struct rc_happening *happening;
    size_t step;
    int64_t due_now; /* when the next step begins; INT64_MAX while something is awaited */
    size_t tab_count;
    struct rc_person_tab tabs[RC_PERSON_TABS];
    bool has_punch;
    struct rc_agent_punch punch; /* without a receipt yet */
};

/* rc_person_init makes the index-th person of a seed; their day begins at once, with a first pause. */
void rc_person_init(struct rc_person *person, struct rc_world *world, uint64_t seed, size_t index,
                    int64_t now);

/* rc_person_step does what is due at now (CLOCK_BOOTTIME). False: a process could not be started (errno). */
bool rc_person_step(struct rc_person *person, int64_t now);

/* rc_person_hear takes what the index-th tab has to say. False: the tab's process failed, which is a fault of
 * this program or of its options and has been logged. */
bool rc_person_hear(struct rc_person *person, size_t index, int64_t now);

/* rc_person_quit tells all tabs to end (kills frozen ones); rc_person_kill ends them at once. Then hear on
 * until rc_person_is_gone. */
void rc_person_quit(struct rc_person *person);
void rc_person_kill(struct rc_person *person);
bool rc_person_is_gone(const struct rc_person *person);

#endif
