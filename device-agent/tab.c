#define _GNU_SOURCE
#include "tab.h"

#include "backoff.h"
#include "clock.h"
#include "lesson.h"
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* A receipt takes milliseconds; after so long the punch is sent again. */
#define RECEIPT_MS 3000
/* After `retry` the service has said that it cannot write just now. */
#define RETRY_MS 1000
/* A leave that the broker does not acknowledge in this time stays unsaid; the last will says it then. */
#define LEAVE_MS 2000
#define NEVER    INT64_MAX

struct tab {
    const char *employee, *name;
    struct rc_agent_session *session;
    struct rc_random random;
    int64_t interval_ms;
    int parent;
    bool up, ends;
    int64_t connect_now, beat_now, punch_now, leave_now; /* when each is due, NEVER: not */
    struct rc_backoff backoff;
    bool has_punch;
    struct rc_agent_punch punch;
    const char *leaving; /* cause that is being said, NULL: none */
    const char *course;  /* NULL: no lesson */
    struct rc_lesson lesson;
    int64_t minutes; /* of the last answer that was logged */
};

static void say(struct tab *tab, enum rc_tab_word_kind kind)
{
    struct rc_tab_word word = {kind, rc_agent_session_epoch(tab->session)};
    /* If the parent is gone, so are we (PR_SET_PDEATHSIG). */
    ssize_t sent = send(tab->parent, &word, sizeof word, MSG_NOSIGNAL);
    (void)sent;
}

static int64_t jittered(struct tab *tab, int64_t ms)
{
    return rc_random_between(&tab->random, ms * 9 / 10, ms * 11 / 10);
}

static void on_up(struct tab *tab, int64_t now)
{
    tab->up = true;
    rc_backoff_reset(&tab->backoff);
    tab->beat_now = now;
    rc_lesson_up(&tab->lesson, now);
    if (tab->has_punch)
        tab->punch_now = now;
    if (tab->leaving)
        tab->leave_now = now;
    rc_agent_log("event=up employee=%s session=%s epoch=%lld", tab->employee, tab->name,
                 (long long)rc_agent_session_epoch(tab->session));
    say(tab, RC_WORD_UP);
}

static void on_down(struct tab *tab, int64_t now)
{
    if (tab->connect_now != NEVER)
        return;
    if (tab->up)
        rc_agent_log("event=down employee=%s session=%s", tab->employee, tab->name);
    tab->up = false;
    tab->beat_now = tab->punch_now = NEVER;
    rc_lesson_down(&tab->lesson);
    tab->connect_now = now + rc_backoff_take(&tab->backoff, &tab->random);
}

static void on_receipt(struct tab *tab, const struct rc_agent_event *event, int64_t now)
{
    if (!tab->has_punch || strcmp(event->id, tab->punch.id) != 0)
        return;
    rc_agent_log("event=receipt employee=%s session=%s type=%s id=%s result=%s code=%s", tab->employee,
                 tab->name, tab->punch.out ? "OUT" : "IN", event->id, event->result, event->code);
    if (strcmp(event->result, "retry") == 0) {
        tab->punch_now = now + RETRY_MS;
        return;
    }
    tab->has_punch = false;
    tab->punch_now = NEVER;
    say(tab, RC_WORD_DONE);
}

/* An answer is worth a line when the minutes have changed, or it is not the usual one. */
static void on_answer(struct tab *tab, const struct rc_agent_event *event, int64_t now)
{
    struct rc_lesson_answer answer;
    if (!rc_lesson_read(event->text, strlen(event->text), &answer))
        return;
    if (answer.verdict != RC_LESSON_COUNTED || answer.minutes != tab->minutes)
        rc_agent_log("event=training employee=%s session=%s course=%s date=%s minutes=%lld remaining=%lld "
                     "code=%s message=\"%s\"",
                     tab->employee, tab->name, tab->course, answer.date, (long long)answer.minutes,
                     (long long)answer.remaining_minutes, answer.code, answer.message);
    tab->minutes = answer.minutes;
    rc_lesson_answered(&tab->lesson, &answer, now);
}

static void on_left(struct tab *tab)
{
    if (!tab->leaving)
        return;
    tab->ends = strcmp(tab->leaving, "closed") == 0;
    tab->leaving = NULL;
    tab->leave_now = NEVER;
    say(tab, RC_WORD_DONE);
}

static void take_events(struct tab *tab, int64_t now)
{
    struct rc_agent_event event;
    while (rc_agent_session_next(tab->session, &event)) {
        switch (event.kind) {
        case RC_AGENT_UP:
            on_up(tab, now);
            break;
        case RC_AGENT_DOWN:
            on_down(tab, now);
            break;
        case RC_AGENT_RECEIPT:
            on_receipt(tab, &event, now);
            break;
        case RC_AGENT_ANSWER:
            on_answer(tab, &event, now);
            break;
        case RC_AGENT_LEFT:
            on_left(tab);
            break;
        }
    }
}

static void leave(struct tab *tab, const char *cause, int64_t now)
{
    tab->leaving = cause;
    tab->leave_now = now + LEAVE_MS;
    tab->beat_now = NEVER; /* a heartbeat after it would take it back */
    rc_lesson_down(&tab->lesson);
    if (!rc_agent_session_leave(tab->session, cause))
        tab->leave_now = now;
}

static void take_order(struct tab *tab, int64_t now)
{
    struct rc_tab_order order;
    if (recv(tab->parent, &order, sizeof order, 0) != sizeof order) {
        tab->ends = true;
        return;
    }
    switch (order.kind) {
    case RC_ORDER_PUNCH:
        tab->has_punch = true;
        tab->punch = order.punch;
        tab->punch_now = tab->up ? now : NEVER;
        break;
    case RC_ORDER_SLEEP:
        leave(tab, "sleeping", now);
        break;
    case RC_ORDER_CLOSE:
        leave(tab, "closed", now);
        break;
    case RC_ORDER_QUIT:
        tab->ends = true;
        break;
    }
}

static void train(struct tab *tab, int64_t now)
{
    enum rc_lesson_step step;
    while ((step = rc_lesson_step(&tab->lesson, &tab->random, now)) != RC_LESSON_NOTHING) {
        if (step == RC_LESSON_BEAT)
            rc_agent_session_train(tab->session, tab->course);
        else
            rc_agent_log("event=lesson-stopped employee=%s session=%s", tab->employee, tab->name);
    }
}

static void do_what_is_due(struct tab *tab, int64_t now)
{
    if (tab->connect_now <= now) {
        tab->connect_now = NEVER;
        rc_agent_session_connect(tab->session);
    }
    if (tab->beat_now <= now) {
        rc_agent_session_heartbeat(tab->session);
        tab->beat_now = now + jittered(tab, tab->interval_ms);
    }
    if (tab->punch_now <= now) {
        rc_agent_session_punch(tab->session, &tab->punch, now);
        tab->punch_now = now + RECEIPT_MS;
    }
    if (tab->course)
        train(tab, now);
    if (tab->leave_now <= now)
        on_left(tab); /* unheard; go all the same, as people do */
}

static int poll_timeout(const struct tab *tab, int64_t now)
{
    int64_t due = tab->connect_now;
    due = tab->beat_now < due ? tab->beat_now : due;
    due = tab->punch_now < due ? tab->punch_now : due;
    due = tab->leave_now < due ? tab->leave_now : due;
    if (tab->course)
        due = rc_lesson_due(&tab->lesson) < due ? rc_lesson_due(&tab->lesson) : due;
    if (due == NEVER)
        return -1;
    return due > now ? (int)(due - now) : 0;
}

static void wake_up(struct tab *tab, int64_t now)
{
    /* After a `sleeping` nothing is due any more but the first heartbeat of the time after it. */
    if (tab->up && !tab->leaving && tab->beat_now == NEVER) {
        tab->beat_now = now + tab->interval_ms;
        rc_lesson_up(&tab->lesson, tab->beat_now);
    }
}

static void run(struct tab *tab)
{
    while (!tab->ends) {
        struct pollfd fds[2] = {{tab->parent, POLLIN, 0}, {rc_agent_session_fd(tab->session), POLLIN, 0}};
        int ready = poll(fds, 2, poll_timeout(tab, rc_agent_now()));
        if (ready < 0 && errno != EINTR)
            break;
        int64_t now = rc_agent_now();
        if (ready > 0 && fds[1].revents)
            take_events(tab, now);
        if (ready > 0 && fds[0].revents)
            take_order(tab, now);
        do_what_is_due(tab, now);
        wake_up(tab, now);
    }
}

/* The new process: nothing of the parent's but its own end of the socket. */
static void be_a_tab(const struct rc_tab_options *options, int parent) __attribute__((noreturn));
static void be_a_tab(const struct rc_tab_options *options, int parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN); /* Ctrl-C goes to the whole group; the parent decides what it means */
    signal(SIGTERM, SIG_IGN);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (parent != 3) {
        dup2(parent, 3);
        parent = 3;
    }
    closefrom(4);

    struct tab tab = {.employee = options->session.employee,
                      .name = options->session.session,
                      .random = options->random,
                      .interval_ms = options->session.interval_ms,
                      .parent = parent,
                      .course = options->course,
                      .minutes = -1,
                      .connect_now = rc_agent_now(),
                      .beat_now = NEVER,
                      .punch_now = NEVER,
                      .leave_now = NEVER};
    rc_lesson_begin(&tab.lesson, options->training_interval_ms, false);
    tab.session = rc_agent_session_new(&options->session);
    if (!tab.session) {
        rc_agent_log("event=error employee=%s session=%s what=\"no session can be made for %s\"",
                     tab.employee, tab.name, options->session.uri);
        _exit(1);
    }
    run(&tab);
    rc_agent_session_free(tab.session);
    _exit(0);
}

pid_t rc_tab_start(const struct rc_tab_options *options, int *fd)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0)
        be_a_tab(options, pair[1]);
    close(pair[1]);
    if (pid < 0) {
        int error = errno;
        close(pair[0]);
        errno = error;
        return -1;
    }
    *fd = pair[0];
    return pid;
}
