#define _GNU_SOURCE
#include "train.h"

#include "backoff.h"
#include "clock.h"
#include "lesson.h"
#include "log.h"
#include "session.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define NEVER INT64_MAX

/* The broker notices a dead connection after 1.5 of these, as with a browser. */
#define KEEPALIVE_S 60

/* A leave that the broker does not acknowledge in this time stays unsaid; the last will says it then. */
#define LEAVE_MS 2000
/* When the time is over the last answer may take so long. */
#define LAST_ANSWER_MS 5000

enum phase {
    LEARNING,
    LAST_ANSWER, /* the time is over, and a heartbeat has no answer yet */
    LEAVING,     /* `closed` is being said */
    GONE,
};

struct train {
    const struct rc_train_options *options;
    enum phase phase;
    struct rc_agent_session *session;
    struct rc_lesson lesson;
    struct rc_backoff backoff;
    struct rc_random random;
    char progress_id[40]; /* what all ids of this run begin with; the number of the save follows */
    bool up;
    bool awaits; /* a heartbeat has no answer yet */
    bool signalled;
    int64_t beats, answers;
    int64_t sent_now; /* of the last heartbeat */
    int64_t connect_now;
    int64_t end_now; /* of the phase */
};

/* ---- what is shown ---- */

/* show_json writes a payload as one line, whatever white space it had. */
static void show_json(const char *payload)
{
    cJSON *value = cJSON_Parse(payload);
    char *line = cJSON_PrintUnformatted(value);
    if (line)
        printf("%s\n", line);
    cJSON_free(line);
    cJSON_Delete(value);
}

/* Quotes and controls of a message would break the line's form. */
static void show_text(const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    printf(" %s=\"", name);
    for (const char *at = text; *at != '\0'; at++)
        putchar((unsigned char)*at < 0x20 || *at == '"' || *at == 0x7f ? ' ' : *at);
    putchar('"');
}

static void show_integer(const char *name, int64_t value)
{
    if (value >= 0)
        printf(" %s=%" PRId64, name, value);
}

static void show_answer(const struct train *train, const struct rc_lesson_answer *answer, int64_t now)
{
    static const char *const words[] = {[RC_LESSON_COUNTED] = "counted",
                                        [RC_LESSON_DAY_LIMIT] = "day-limit",
                                        [RC_LESSON_COURSE_LIMIT] = "course-limit",
                                        [RC_LESSON_BREAK] = "break",
                                        [RC_LESSON_WRONG] = "wrong",
                                        [RC_LESSON_UNHEARD] = "not-counted"};
    printf("%s", words[answer->verdict]);
    if (answer->date[0] != '\0')
        printf(" date=%s", answer->date);
    show_integer("minutes", answer->minutes);
    show_integer("remaining", answer->remaining_minutes);
    if (answer->new_day)
        printf(" new_day=true");
    show_integer("locked_until", answer->locked_until_at);
    show_text("code", answer->code);
    show_text("message", answer->message);
    if (train->awaits)
        show_integer("answered_ms", now - train->sent_now);
    putchar('\n');
}

/* ---- what is heard ---- */

static void leave(struct train *train, int64_t now)
{
    if (train->phase >= LEAVING)
        return;
    bool says = train->up && rc_agent_session_leave(train->session, "closed");
    rc_lesson_down(&train->lesson);
    train->connect_now = NEVER;
    train->phase = says ? LEAVING : GONE;
    train->end_now = now + LEAVE_MS;
}

static void on_answer(struct train *train, const struct rc_agent_event *event, int64_t now)
{
    struct rc_lesson_answer answer;
    if (!rc_lesson_read(event->text, strlen(event->text), &answer)) {
        rc_agent_log("event=error what=\"an answer that is none: %.200s\"", event->text);
        return;
    }
    if (train->options->json)
        show_json(event->text);
    else
        show_answer(train, &answer, now);
    train->awaits = false;
    train->answers++;
    rc_lesson_answered(&train->lesson, &answer, now);
    if (train->lesson.state == RC_LESSON_ENDED || train->answers >= train->options->count ||
        train->phase == LAST_ANSWER)
        leave(train, now);
}

static void on_receipt(struct train *train, const struct rc_agent_event *event, int64_t now)
{
    size_t length = strlen(train->progress_id);
    bool ours = strncmp(event->id, train->progress_id, length) == 0 &&
                strtoull(event->id + length, NULL, 10) == train->lesson.save;
    if (!ours)
        return;
    if (train->options->json)
        show_json(event->text);
    else
        printf("progress lesson=%s id=%s result=%s%s%s\n", train->options->lesson, event->id, event->result,
               event->code[0] ? " code=" : "", event->code);
    rc_lesson_saved(&train->lesson, strcmp(event->result, "retry") == 0, now);
}

static void on_up(struct train *train, int64_t now)
{
    train->up = true;
    rc_backoff_reset(&train->backoff);
    rc_agent_log("event=up employee=%s session=%s epoch=%" PRId64, train->options->employee,
                 train->options->session, rc_agent_session_epoch(train->session));
    if (train->phase == LEARNING)
        rc_lesson_up(&train->lesson, now);
}

static void on_down(struct train *train, int64_t now)
{
    if (train->connect_now != NEVER)
        return;
    if (train->phase == LEAVING)
        train->phase = GONE; /* the last will says it */
    if (train->up)
        rc_agent_log("event=down employee=%s session=%s", train->options->employee, train->options->session);
    train->up = false;
    rc_lesson_down(&train->lesson);
    train->connect_now = now + rc_backoff_take(&train->backoff, &train->random);
}

static void take_events(struct train *train, int64_t now)
{
    struct rc_agent_event event;
    while (rc_agent_session_next(train->session, &event)) {
        switch (event.kind) {
        case RC_AGENT_UP:
            on_up(train, now);
            break;
        case RC_AGENT_DOWN:
            on_down(train, now);
            break;
        case RC_AGENT_RECEIPT:
            on_receipt(train, &event, now);
            break;
        case RC_AGENT_ANSWER:
            on_answer(train, &event, now);
            break;
        case RC_AGENT_LEFT:
            train->phase = GONE;
            break;
        }
    }
    fflush(stdout); /* who reads a pipe wants each line when it is true */
}

/* ---- what is done ---- */

static void save(struct train *train)
{
    struct rc_agent_progress progress = {
        .course = train->options->course, .lesson = train->options->lesson, .step = (uint64_t)train->beats};
    snprintf(progress.id, sizeof progress.id, "%s%" PRIu64, train->progress_id, train->lesson.save);
    rc_agent_session_progress(train->session, &progress);
}

/* The session's heartbeat says epoch, class and interval: a training heartbeat cannot, and one may be lost.
 */
static void beat(struct train *train, int64_t now)
{
    rc_agent_session_heartbeat(train->session);
    rc_agent_session_train(train->session, train->options->course);
    train->awaits = true;
    train->sent_now = now;
    train->beats++;
}

static void go_on(struct train *train, int64_t now)
{
    enum rc_lesson_step step;
    while ((step = rc_lesson_step(&train->lesson, &train->random, now)) != RC_LESSON_NOTHING) {
        if (step == RC_LESSON_SAVE)
            save(train);
        else if (step == RC_LESSON_BEAT)
            beat(train, now);
        else
            rc_agent_log("event=lesson-stopped employee=%s session=%s what=\"no answer for 1.5 intervals\"",
                         train->options->employee, train->options->session);
    }
}

/* The phase has lasted long enough. */
static void end_phase(struct train *train, int64_t now)
{
    if (train->phase == LEAVING) {
        train->phase = GONE;
    } else if (train->phase == LEARNING && train->awaits) {
        train->phase = LAST_ANSWER;
        train->end_now = now + LAST_ANSWER_MS;
        rc_lesson_down(&train->lesson);
    } else {
        leave(train, now);
    }
}

static void do_what_is_due(struct train *train, int64_t now)
{
    if (train->connect_now <= now) {
        train->connect_now = NEVER;
        rc_agent_session_connect(train->session);
    }
    if (train->end_now <= now)
        end_phase(train, now);
    if (train->phase == LEARNING)
        go_on(train, now);
}

static int poll_timeout(const struct train *train, int64_t now)
{
    int64_t due = train->phase == LEARNING ? rc_lesson_due(&train->lesson) : NEVER;
    due = train->connect_now < due ? train->connect_now : due;
    due = train->end_now < due ? train->end_now : due;
    if (due <= now)
        return 0;
    return due - now > INT32_MAX ? INT32_MAX : (int)(due - now);
}

static bool run(struct train *train, int signals)
{
    while (train->phase != GONE) {
        struct pollfd fds[2] = {{signals, POLLIN, 0}, {rc_agent_session_fd(train->session), POLLIN, 0}};
        if (poll(fds, 2, poll_timeout(train, rc_agent_now())) < 0 && errno != EINTR)
            return false;
        int64_t now = rc_agent_now();
        struct signalfd_siginfo signal;
        take_events(train, now);
        if (read(signals, &signal, sizeof signal) > 0) {
            train->signalled = true;
            leave(train, now);
        }
        do_what_is_due(train, now);
    }
    return true;
}

static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A lesson that waits has stopped, but in a break, which is an answer. */
static int exit_code(const struct train *train)
{
    const struct rc_lesson *lesson = &train->lesson;
    if (lesson->state == RC_LESSON_ENDED)
        return RC_TRAIN_LIMIT;
    bool stopped = lesson->state == RC_LESSON_WAITS && lesson->verdict != RC_LESSON_BREAK;
    return !train->signalled && (train->awaits || stopped) ? RC_TRAIN_NO_ANSWER : RC_TRAIN_DONE;
}

/* learn runs the lesson from its first connection to its goodbye. */
static int learn(const struct rc_train_options *options, int signals)
{
    struct rc_agent_session_options session = {.uri = options->uri,
                                               .site = options->site,
                                               .employee = options->employee,
                                               .session = options->session,
                                               .class = "browser",
                                               .interval_ms = options->interval_ms,
                                               .keepalive_s = KEEPALIVE_S,
                                               .trains = true};
    int64_t now = rc_agent_now();
    struct train train = {.options = options,
                          .random = rc_random_of((uint64_t)rc_agent_wall(), (uint64_t)getpid()),
                          .connect_now = now,
                          .end_now = options->for_ms == NEVER ? NEVER : now + options->for_ms};
    snprintf(train.progress_id, sizeof train.progress_id, "save-%" PRIx64 "-%x-", (uint64_t)rc_agent_wall(),
             (unsigned)getpid());
    rc_lesson_begin(&train.lesson, options->interval_ms, options->lesson != NULL);
    train.session = rc_agent_session_new(&session);
    if (!train.session) {
        rc_agent_log("event=error what=\"no session can be made for %s\"", options->uri);
        return RC_TRAIN_FAILED;
    }
    bool ran = run(&train, signals);
    if (!ran)
        rc_agent_log("event=error what=\"%s\"", strerror(errno));
    rc_agent_session_free(train.session);
    return ran ? exit_code(&train) : RC_TRAIN_FAILED;
}

int rc_train(const struct rc_train_options *options)
{
    int signals = block_signals();
    if (signals < 0) {
        rc_agent_log("event=error what=\"%s\"", strerror(errno));
        return RC_TRAIN_FAILED;
    }
    int code = learn(options, signals);
    close(signals);
    return code;
}
