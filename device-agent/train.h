/*
 * train.h: one employee in a lesson, as a program: connects with a last will and an epoch, sends training
 * heartbeats, writes each answer as a line to standard output, stops at a limit (T-5; lesson.h decides). One
 * thread, one loop: it sleeps until something has come, something is due, or SIGINT or SIGTERM comes.
 */
#ifndef RC_AGENT_TRAIN_H
#define RC_AGENT_TRAIN_H

#include <stdbool.h>
#include <stdint.h>

/* Exit codes; --help says the same. */
enum rc_train_exit {
    RC_TRAIN_DONE,          /* as long or as often as it was asked, or until a signal */
    RC_TRAIN_LIMIT,         /* the service said no: a limit was reached, or the request is wrong */
    RC_TRAIN_NO_ANSWER = 3, /* at the end the lesson had stopped, or never begun, for want of an answer */
    RC_TRAIN_FAILED = 5,    /* something of this machine's */
};

struct rc_train_options {
    const char *uri, *site, *employee, *session, *course;
    const char *lesson;  /* whose progress is saved; NULL: none is */
    int64_t interval_ms; /* the service's training.interval_ms */
    int64_t for_ms;      /* INT64_MAX: until a limit or a signal */
    int64_t count;       /* heartbeats answered; INT64_MAX likewise */
    bool json;           /* answers as they came, one a line */
};

/* rc_train runs the lesson; returns the exit code. What went wrong is logged. */
int rc_train(const struct rc_train_options *options);

#endif
