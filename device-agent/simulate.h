/*
 * simulate.h: N simulated people against a real broker, until a signal ends it. One thread, one loop: it
 * sleeps until a tab has something to say, someone's next step is due, or SIGINT or SIGTERM comes.
 */
#ifndef RC_AGENT_SIMULATE_H
#define RC_AGENT_SIMULATE_H

#include <stddef.h>
#include <stdint.h>

/* A process for each tab, at most two a person: 2,000 processes, which one machine carries. More people than
 * that are the load generator's business. More are refused with the usage message. */
#define RC_SIMULATE_PEOPLE_MAX 1000

struct rc_simulate_options {
    size_t people;
    const char *uri, *site;
    double speed;
    int64_t training_interval_ms; /* the service's training.interval_ms */
    uint64_t seed;
};

/* rc_simulate runs until SIGINT or SIGTERM; returns the exit code: 0, or 1 if something failed (logged). */
int rc_simulate(const struct rc_simulate_options *options);

#endif
