#define _GNU_SOURCE
#include "simulate.h"

#include "clock.h"
#include "log.h"
#include "person.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* How long the tabs may take to say goodbye before they are killed. */
#define QUIT_MS 3000

struct crowd {
    struct rc_world world;
    struct rc_person *people;
    size_t count;
    struct pollfd *fds; /* the signals, then RC_PERSON_TABS for each person */
    nfds_t fd_count;
    bool failed;
};

static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

/* poll skips a negative fd, so a tab without a process keeps its place. */
static void fill_fds(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count; i++)
        for (size_t j = 0; j < RC_PERSON_TABS; j++)
            crowd->fds[1 + i * RC_PERSON_TABS + j] = (struct pollfd){crowd->people[i].tabs[j].fd, POLLIN, 0};
}

static int timeout(const struct crowd *crowd, int64_t end_now, int64_t now)
{
    int64_t due = end_now;
    for (size_t i = 0; i < crowd->count; i++)
        if (crowd->people[i].due_now < due)
            due = crowd->people[i].due_now;
    if (due <= now)
        return 0;
    return due - now > 60000 ? 60000 : (int)(due - now);
}

/* Waits for the next thing, lets everybody hear theirs. Returns whether a signal came. */
static bool wait_and_hear(struct crowd *crowd, int64_t end_now)
{
    fill_fds(crowd);
    int ready = poll(crowd->fds, crowd->fd_count, timeout(crowd, end_now, rc_agent_now()));
    if (ready < 0) {
        crowd->failed = errno != EINTR;
        return false;
    }
    int64_t now = rc_agent_now();
    for (size_t i = 0; i < crowd->count; i++)
        for (size_t j = 0; j < RC_PERSON_TABS; j++)
            if (crowd->fds[1 + i * RC_PERSON_TABS + j].revents && !rc_person_hear(&crowd->people[i], j, now))
                crowd->failed = true;
    return crowd->fds[0].revents != 0;
}

static void live(struct crowd *crowd)
{
    bool stop = false;
    while (!stop && !crowd->failed) {
        int64_t now = rc_agent_now();
        for (size_t i = 0; i < crowd->count; i++)
            if (!rc_person_step(&crowd->people[i], now)) {
                rc_agent_log("event=error what=\"%s\"", strerror(errno));
                crowd->failed = true;
            }
        stop = wait_and_hear(crowd, INT64_MAX);
    }
}

static bool all_gone(const struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count; i++)
        if (!rc_person_is_gone(&crowd->people[i]))
            return false;
    return true;
}

static void end(struct crowd *crowd)
{
    int64_t end_now = rc_agent_now() + QUIT_MS;
    crowd->fds[0].fd = -1; /* a second signal changes nothing */
    for (size_t i = 0; i < crowd->count; i++)
        rc_person_quit(&crowd->people[i]);
    while (!all_gone(crowd)) {
        if (rc_agent_now() >= end_now) {
            for (size_t i = 0; i < crowd->count; i++)
                rc_person_kill(&crowd->people[i]);
            end_now = INT64_MAX;
        }
        wait_and_hear(crowd, end_now);
    }
}

int rc_simulate(const struct rc_simulate_options *options)
{
    struct crowd crowd = {.world = {.uri = options->uri,
                                    .site = options->site,
                                    .pace = rc_pace_of(options->speed),
                                    .training_interval_ms = options->training_interval_ms,
                                    .started_at = rc_agent_wall()},
                          .count = options->people,
                          .fd_count = 1 + options->people * RC_PERSON_TABS};
    int signals = block_signals();
    crowd.people = calloc(crowd.count, sizeof *crowd.people);
    crowd.fds = calloc(crowd.fd_count, sizeof *crowd.fds);
    if (signals < 0 || !crowd.people || !crowd.fds) {
        rc_agent_log("event=error what=\"%s\"", strerror(errno));
        crowd.failed = true;
    } else {
        crowd.fds[0] = (struct pollfd){signals, POLLIN, 0};
        rc_agent_log("event=start people=%zu uri=%s site=%s speed=%g seed=%llu", crowd.count, options->uri,
                     options->site, options->speed, (unsigned long long)options->seed);
        int64_t now = rc_agent_now();
        for (size_t i = 0; i < crowd.count; i++)
            rc_person_init(&crowd.people[i], &crowd.world, options->seed, i, now);
        live(&crowd);
        end(&crowd);
        rc_agent_log("event=end failed=%d", crowd.failed);
    }
    if (signals >= 0)
        close(signals);
    free(crowd.people);
    free(crowd.fds);
    return crowd.failed ? 1 : 0;
}
