#define _GNU_SOURCE
#include "person.h"

#include "log.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const NAMES[] = {"ana", "ben",  "cleo", "dan",  "eva",  "finn", "gia",  "hugo", "ida",
                                    "jan", "kim",  "leo",  "mia",  "nils", "ola",  "pia",  "quin", "rosa",
                                    "sam", "tess", "udo",  "vera", "wim",  "xena", "yann", "zoe"};
#define NAME_COUNT (sizeof NAMES / sizeof NAMES[0])

/* Every third person is a student, of one course or the other. */
static const char *const COURSES[] = {"first-aid", NULL, NULL, "fire-safety", NULL, NULL};
#define COURSE_CYCLE (sizeof COURSES / sizeof COURSES[0])

/* Of ten people so many have a second tab open. */
#define SECOND_TAB_OF_TEN 3

/* Within so many minutes of the simulated life everybody has come for the first time. */
#define ARRIVAL_MINUTES 8

/* The broker notices a dead connection after 1.5 of these and up to 5 s more. */
static int keepalive_s(const struct rc_pace *pace)
{
    int64_t seconds = 2 * pace->interval_ms / 1000;
    return seconds < 5 ? 5 : (int)seconds;
}

static void make_id(struct rc_person *person, const char *kind, char out[RC_AGENT_ID_SIZE])
{
    struct rc_world *world = person->world;
    snprintf(out, RC_AGENT_ID_SIZE, "%s-%" PRIx64 "-%" PRIu64, kind, (uint64_t)world->started_at,
             ++world->ids);
}

/* ---- orders ---- */

static void order(struct rc_person_tab *tab, enum rc_tab_order_kind kind, const struct rc_agent_punch *punch)
{
    struct rc_tab_order packet;
    memset(&packet, 0, sizeof packet);
    packet.kind = kind;
    if (punch)
        packet.punch = *punch;
    /* A tab that has just died is heard of by its socket's end. */
    ssize_t sent = send(tab->fd, &packet, sizeof packet, MSG_NOSIGNAL);
    (void)sent;
}

static bool start_tab(struct rc_person *person, struct rc_person_tab *tab)
{
    const struct rc_world *world = person->world;
    struct rc_tab_options options = {.session = {.uri = world->uri,
                                                 .site = world->site,
                                                 .employee = person->name,
                                                 .session = tab->session,
                                                 .class = "browser",
                                                 .interval_ms = world->pace.interval_ms,
                                                 .epoch_last = tab->epoch,
                                                 .keepalive_s = keepalive_s(&world->pace),
                                                 .trains = person->course != NULL},
                                     .course = person->course,
                                     .training_interval_ms = world->training_interval_ms,
                                     .random = {rc_random_next(&person->random)}};
    tab->pid = rc_tab_start(&options, &tab->fd);
    if (tab->pid < 0) {
        tab->fd = -1;
        return false;
    }
    tab->frozen = tab->killed = false;
    tab->await = RC_AWAIT_UP;
    return true;
}

static bool start_tabs(struct rc_person *person, bool fresh)
{
    if (fresh)
        person->tab_count = rc_random_between(&person->random, 1, 10) <= SECOND_TAB_OF_TEN ? 2 : 1;
    for (size_t i = 0; i < person->tab_count; i++) {
        struct rc_person_tab *tab = &person->tabs[i];
        if (tab->fd >= 0)
            continue; /* still ending: impossible by the scripts, harmless otherwise */
        if (fresh) {
            make_id(person, "tab", tab->session);
            tab->epoch = 0;
        }
        if (!start_tab(person, tab))
            return false;
    }
    return true;
}

static void punch(struct rc_person *person, bool out, int64_t now)
{
    assert(person->tabs[0].fd >= 0);
    make_id(person, out ? "out" : "in", person->punch.id);
    person->punch.out = out;
    person->punch.made_now = now;
    person->has_punch = true;
    person->tabs[0].await = RC_AWAIT_DONE;
    order(&person->tabs[0], RC_ORDER_PUNCH, &person->punch);
}

static void close_tabs(struct rc_person *person, size_t first)
{
    for (size_t i = first; i < person->tab_count; i++) {
        order(&person->tabs[i], RC_ORDER_CLOSE, NULL);
        person->tabs[i].await = RC_AWAIT_END;
    }
}

static void signal_tabs(struct rc_person *person, int number)
{
    for (size_t i = 0; i < person->tab_count; i++) {
        struct rc_person_tab *tab = &person->tabs[i];
        if (tab->fd < 0)
            continue;
        kill(tab->pid, number);
        tab->frozen = number == SIGSTOP;
        tab->killed = number == SIGKILL;
        if (tab->killed)
            tab->await = RC_AWAIT_END;
    }
}

static bool act(struct rc_person *person, const struct rc_step *step, int64_t now)
{
    rc_agent_log("event=act employee=%s happening=%s act=%s tabs=%zu", person->name, person->happening->name,
                 rc_act_name(step->act), person->tab_count);
    switch (step->act) {
    case RC_ACT_OPEN:
        return start_tabs(person, true);
    case RC_ACT_REOPEN:
        return start_tabs(person, false);
    case RC_ACT_IN:
    case RC_ACT_OUT:
        punch(person, step->act == RC_ACT_OUT, now);
        break;
    case RC_ACT_CLOSE:
        close_tabs(person, 0);
        break;
    case RC_ACT_CLOSE_ONE:
        close_tabs(person, 1);
        break;
    case RC_ACT_CRASH:
        signal_tabs(person, SIGKILL);
        break;
    case RC_ACT_SLEEP:
        for (size_t i = 0; i < person->tab_count; i++) {
            order(&person->tabs[i], RC_ORDER_SLEEP, NULL);
            person->tabs[i].await = RC_AWAIT_DONE;
        }
        break;
    case RC_ACT_FREEZE:
        signal_tabs(person, SIGSTOP);
        break;
    case RC_ACT_THAW:
        signal_tabs(person, SIGCONT);
        break;
    case RC_ACT_COUNT:
        abort();
    }
    return true;
}

/* ---- the script ---- */

static bool awaits(const struct rc_person *person)
{
    for (size_t i = 0; i < person->tab_count; i++)
        if (person->tabs[i].await != RC_AWAIT_NOTHING)
            return true;
    return false;
}

/* The act is done when nothing is awaited any more; then comes its pause. */
static void go_on(struct rc_person *person, int64_t now)
{
    if (person->due_now != INT64_MAX || awaits(person))
        return;
    const struct rc_step *step = &person->happening->steps[person->step];
    if (step->act == RC_ACT_CLOSE_ONE)
        person->tab_count = 1;
    person->due_now = now + rc_life_pause(step, &person->world->pace, &person->random);
    person->step++;
}

void rc_person_init(struct rc_person *person, struct rc_world *world, uint64_t seed, size_t index,
                    int64_t now)
{
    memset(person, 0, sizeof *person);
    snprintf(person->name, sizeof person->name, "%s%zu", NAMES[index % NAME_COUNT], index / NAME_COUNT + 1);
    person->world = world;
    person->course = COURSES[index % COURSE_CYCLE];
    person->random = rc_random_of(seed, index);
    person->happening = rc_life_start();
    for (size_t i = 0; i < RC_PERSON_TABS; i++)
        person->tabs[i].fd = -1;
    /* People come one after the other, not all at once. */
    person->due_now = now + rc_random_between(&person->random, 0, ARRIVAL_MINUTES * world->pace.minute_ms);
}

bool rc_person_step(struct rc_person *person, int64_t now)
{
    if (person->due_now > now)
        return true;
    if (person->step == person->happening->count) {
        person->happening = rc_life_next(&person->random);
        person->step = 0;
    }
    person->due_now = INT64_MAX;
    if (!act(person, &person->happening->steps[person->step], now))
        return false;
    go_on(person, now);
    return true;
}

/* ---- hearing ---- */

/* The process has ended. What it was doing is done by a new one, unless the end was meant. */
static bool on_end(struct rc_person *person, size_t index)
{
    struct rc_person_tab *tab = &person->tabs[index];
    int status = 0;
    close(tab->fd);
    tab->fd = -1;
    waitpid(tab->pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0) {
        rc_agent_log("event=error employee=%s session=%s what=\"a tab failed\" exit=%d", person->name,
                     tab->session, WEXITSTATUS(status));
        return false;
    }
    bool meant = tab->await == RC_AWAIT_END;
    tab->await = RC_AWAIT_NOTHING;
    if (meant)
        return true;
    rc_agent_log("event=died employee=%s session=%s", person->name, tab->session);
    if (!start_tab(person, tab))
        return false;
    if (index == 0 && person->has_punch) {
        tab->await = RC_AWAIT_DONE;
        order(tab, RC_ORDER_PUNCH, &person->punch);
    }
    return true;
}

bool rc_person_hear(struct rc_person *person, size_t index, int64_t now)
{
    struct rc_person_tab *tab = &person->tabs[index];
    struct rc_tab_word word;
    ssize_t length = recv(tab->fd, &word, sizeof word, 0);
    if (length != sizeof word) {
        if (!on_end(person, index))
            return false;
    } else {
        tab->epoch = word.epoch;
        bool awaited = word.kind == RC_WORD_UP ? tab->await == RC_AWAIT_UP : tab->await == RC_AWAIT_DONE;
        if (awaited)
            tab->await = RC_AWAIT_NOTHING;
        if (awaited && word.kind == RC_WORD_DONE && index == 0)
            person->has_punch = false;
    }
    go_on(person, now);
    return true;
}

void rc_person_quit(struct rc_person *person)
{
    person->due_now = INT64_MAX - 1; /* nothing more is due */
    for (size_t i = 0; i < RC_PERSON_TABS; i++) {
        struct rc_person_tab *tab = &person->tabs[i];
        if (tab->fd < 0)
            continue;
        tab->await = RC_AWAIT_END;
        if (tab->frozen)
            kill(tab->pid, SIGKILL);
        else
            order(tab, RC_ORDER_QUIT, NULL);
    }
}

void rc_person_kill(struct rc_person *person)
{
    for (size_t i = 0; i < RC_PERSON_TABS; i++)
        if (person->tabs[i].fd >= 0)
            kill(person->tabs[i].pid, SIGKILL);
}

bool rc_person_is_gone(const struct rc_person *person)
{
    for (size_t i = 0; i < RC_PERSON_TABS; i++)
        if (person->tabs[i].fd >= 0)
            return false;
    return true;
}
