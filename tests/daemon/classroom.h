/*
 * classroom.h: training in one process: the real store on a disk of the test's own, the service's own code,
 * no broker and no loop. The test says what time it is and who sends a training heartbeat, and reads what
 * would be published. One at a time; one thread.
 */
#ifndef RC_TESTS_DAEMON_CLASSROOM_H
#define RC_TESTS_DAEMON_CLASSROOM_H

#include "daemon/service.h"
#include "daemon/training_turn.h"
#include "support/fault_vfs.h"
#include "test.h"

#include <cjson/cJSON.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* A message that the broker was to get, of one COMMIT. */
struct spoken {
    int site;
    char topic[RC_TOPIC_MAX];
    char payload[RC_ENCODED_MAX], correlation[RC_CORRELATION_MAX];
    bool retain;
};
#define SPOKEN_MAX 1024

struct classroom {
    struct rc_fault_vfs *disk;
    char folder[64], path[96];
    struct rc_config config;
    struct rc_service service;
    struct rc_site sites[2];
    int64_t now, at; /* what the clocks show */
    int64_t outbox_after;
    struct spoken spoken[SPOKEN_MAX]; /* since the last forget() */
    size_t spoken_count;
};
extern struct classroom room;

/* A cmocka set-up and its tear-down: New York, 240 minutes, one site, 2025-12-03 12:00 there. */
int room_open(void **state);
int room_close(void **state);

/* room_begin starts the service (again) with the settings of room.config; room_die ends it as kill -9 does.
 */
void room_begin(void);
void room_die(void);

/* room_pass lets time pass, and room_turn the loop turn once; room_sleep does both, in steps of a minute. */
void room_pass(int64_t ms);
void room_turn(void);
void room_sleep(int64_t ms);

/* room_beat sends a training heartbeat and lets the loop turn; returns the answer (the test frees it). */
cJSON *room_beat(const char *user, const char *session, const char *course);
cJSON *room_beat_at(int site, const char *user, const char *session, const char *course);
/* room_trained sends one and returns the code of the answer, "" for a success. */
const char *room_trained(const char *user, const char *session, const char *course);

/* room_save sends progress and returns the receipt. */
cJSON *room_save(const char *user, const char *session, const char *id, const char *course,
                 const char *lesson, const char *data);

/* room_said returns the last message on that topic below the site's prefix, NULL: none since room_forget. */
const struct spoken *room_said(int site, const char *leaf);
/* room_retained returns the last emp/{user}/training, which must be there. */
cJSON *room_retained(const char *user);
void room_forget(void);

/* Fields of what was said. */
int64_t number_of(const cJSON *object, const char *key);
const char *text_of(const cJSON *object, const char *key);

/* room_count returns the number that a query of the database gives, room_text the text. */
int64_t room_count(const char *sql);
const char *room_text(const char *sql);

#endif
