/*
 * rig.h: an engine on a bench: a clock that the test turns, a log kept as an array, and short words for what
 * people do. The log answers history, target and ledger questions naively, by looking at all rows.
 * Single-threaded; a rig is the test's, made by rig_up and freed by rig_free.
 */
#ifndef RC_TESTS_RIG_H
#define RC_TESTS_RIG_H

#include "core/engine.h"
#include "core/names.h"

#define RIG_ROWS 4096
#define RIG_SENT 4096

struct rig {
    struct rc_engine_limits limits;
    struct rc_policy policy;
    void *memory;
    struct rc_engine *engine;
    int64_t now, at; /* the bench's clocks */
    bool from_device, unmarked, elsewhere;
    struct rc_effect items[512];
    struct rc_effects out;
    struct rc_row rows[RIG_ROWS];
    size_t row_count;
    struct rc_receipt receipt; /* the last one */
    struct rc_status statuses[RIG_SENT];
    size_t status_count;
    struct rc_hold hold; /* the last one said */
    size_t hold_count;
    size_t alerts[RC_ALERT_COUNT][2]; /* cleared, raised */
    size_t devices_said, forgotten, announced_count;
    struct rc_session_row announced; /* the last one */
    struct rc_device_status device;
    enum rc_code answer;
    const char *answer_message;
    bool failing;                      /* COMMIT fails: the next step is undone */
    struct rc_session_row flushed[64]; /* what a store has of the sessions; none: all, as they are */
    size_t flushed_count;
};

/* rig_up starts an engine with an empty log, connected, 1,000 s after boot, at 2025-12-03 14:00 UTC. */
struct rig *rig_up(void);
struct rig *rig_up_with(const struct rc_engine_limits *limits, const struct rc_policy *policy);
void rig_free(struct rig *rig);
/* rig_restart kills the engine and starts one from what a store would have kept, after down_ms. rig_flush: of
 * employees' sessions that is what they are now. */
void rig_flush(struct rig *rig);
void rig_restart(struct rig *rig, int64_t down_ms);

/* rig_step lets an event happen now; of a punch it looks up what the engine needs of the log, as the shell
 * does. */
void rig_step(struct rig *rig, struct rc_event *event);
/* rig_wait lets time pass, with a tick whenever the engine wants one. */
void rig_wait(struct rig *rig, int64_t ms);
void rig_link(struct rig *rig, bool up);

void rig_beat(struct rig *rig, const char *employee, const char *session);
void rig_beat_with(struct rig *rig, const char *employee, const char *session, enum rc_class class,
                   int64_t epoch, int64_t interval_ms);
/* rig_beats: a heartbeat every step_ms for ms. */
void rig_beats(struct rig *rig, const char *employee, const char *session, int64_t ms, int64_t step_ms);
void rig_leave(struct rig *rig, const char *employee, const char *session, enum rc_leave_cause cause,
               int64_t epoch);
void rig_sleep(struct rig *rig, const char *employee, const char *session, int64_t epoch, int64_t sleep_ms);
/* rig_punch: a new id each time; the receipt is in rig->receipt. class RC_CLASS_COUNT: none given. */
void rig_punch(struct rig *rig, const char *employee, const char *session, enum rc_type type,
               enum rc_class class);
/* rig_late: a punch that happened age_ms ago. */
void rig_late(struct rig *rig, const char *employee, const char *session, enum rc_type type, int64_t age_ms);
struct rc_event rig_punch_event(struct rig *rig, const char *employee, const char *session,
                                enum rc_type type);
void rig_correct(struct rig *rig, const char *employee, enum rc_action action, int64_t target_seq,
                 enum rc_type type, int64_t at);

/* rig_row returns the n-th row from the end (0: the last) of the employee's. */
const struct rc_row *rig_row(const struct rig *rig, const char *employee, size_t from_end);
size_t rig_count(const struct rig *rig, const char *employee, enum rc_type type);
struct rc_employee_view rig_view(const struct rig *rig, const char *employee);
bool rig_in(const struct rig *rig, const char *employee);
enum rc_presence rig_presence(const struct rig *rig, const char *employee);
/* rig_agrees checks that the engine's ledger is what the rows say (replay equals live). */
bool rig_agrees(const struct rig *rig, const char *employee);

#endif
