#include "classroom.h"

#include "core/names.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VFS_NAME  "classroom"
#define START_NOW INT64_C(5000000)
#define START_AT  INT64_C(1764781200000) /* 2025-12-03 12:00 in New York */

struct classroom room;

static struct rc_id id_of(const char *text)
{
    struct rc_id id;
    assert_true(rc_id_set(&id, rc_text_of(text)));
    return id;
}

/* ---- the service's life: main.c without its threads ---- */

void room_begin(void)
{
    char error[RC_STORE_ERROR_MAX] = "";
    struct rc_service *service = &room.service;
    memset(service, 0, sizeof *service);
    memset(room.sites, 0, sizeof room.sites);
    service->config = &room.config;
    service->open = true;
    service->reading = (struct rc_reading){.now = room.now, .at = room.at, .mono_ms = room.now};
    service->metrics = rc_metrics_alloc(room.config.sites, (int)room.config.site_count, room.now);
    service->board = rc_board_alloc();
    service->sites = room.sites;
    assert_true(rc_batch_init(&service->batch));
    struct rc_store_options options = {.path = room.path,
                                       .vfs = VFS_NAME,
                                       .now = room.now,
                                       .at = room.at,
                                       .boot_id = "boot",
                                       .verify = true};
    enum rc_store_result result = rc_store_open(&options, &service->store, error);
    if (result != RC_STORE_OK)
        fail_msg("%s: %s", rc_store_result_name(result), error);
    for (size_t i = 0; i < room.config.site_count; i++) {
        service->site_count++;
        if (!rc_site_open(&room.sites[i], (int)i, &room.config, service->store, service->reading, error))
            fail_msg("%s", error);
        struct rc_event up = {.kind = RC_EV_LINK, .now = room.now, .at = room.at, .link.up = true};
        assert_true(rc_batch_step(service, &room.sites[i], &up, NULL, NULL));
    }
    room_turn();
}

static void release(void)
{
    struct rc_service *service = &room.service;
    for (int i = 0; i < service->site_count; i++)
        rc_site_close(&room.sites[i]);
    rc_batch_fini(&service->batch);
    rc_store_close(service->store);
    rc_metrics_free(service->metrics);
    rc_board_free(service->board);
}

void room_die(void)
{
    rc_fault_vfs_power_loss(room.disk, RC_LOSE_NOTHING, 0);
    release();
}

int room_open(void **state)
{
    (void)state;
    memset(&room, 0, sizeof room);
    room.disk = rc_fault_vfs_new(VFS_NAME, RC_DISK_MEMORY);
    snprintf(room.folder, sizeof room.folder, "/tmp/rollcall-room-XXXXXX");
    assert_non_null(mkdtemp(room.folder)); /* for the lock file */
    snprintf(room.path, sizeof room.path, "%s/room.db", room.folder);
    rc_config_default(&room.config);
    room.config.limit_employees = 100;
    room.config.limit_sessions = 400;
    room.config.limit_images = 64;
    room.now = START_NOW;
    room.at = START_AT;
    room_begin();
    return 0;
}

int room_close(void **state)
{
    char lock[128];
    (void)state;
    release();
    rc_fault_vfs_free(room.disk);
    snprintf(lock, sizeof lock, "%s.lock", room.path);
    unlink(lock);
    rmdir(room.folder);
    return 0;
}

/* ---- time ---- */

static bool take_message(void *context, int site, const struct rc_outgoing *message)
{
    (void)context;
    assert_true(room.spoken_count < SPOKEN_MAX);
    struct spoken *spoken = &room.spoken[room.spoken_count++];
    for (int i = 0; i < room.service.site_count; i++)
        spoken->site = room.sites[i].number == site ? i : spoken->site;
    snprintf(spoken->topic, sizeof spoken->topic, "%.*s", (int)message->topic.length, message->topic.data);
    snprintf(spoken->payload, sizeof spoken->payload, "%.*s", (int)message->payload.length,
             message->payload.length > 0 ? message->payload.data : "");
    snprintf(spoken->correlation, sizeof spoken->correlation, "%.*s", (int)message->correlation.length,
             message->correlation.length > 0 ? message->correlation.data : "");
    spoken->retain = message->retain;
    room.outbox_after = message->number;
    return true;
}

void room_turn(void)
{
    struct rc_service *service = &room.service;
    service->reading = (struct rc_reading){.now = room.now, .at = room.at, .mono_ms = room.now};
    rc_batch_recover(service);
    rc_training_look(service);
    for (int i = 0; i < service->site_count; i++) {
        struct rc_event tick = {.kind = RC_EV_TICK, .now = room.now, .at = room.at};
        while (service->batch.store_ok && rc_batch_tick(service, &room.sites[i], &tick))
            assert_true(rc_batch_commit(service));
    }
    rc_training_tend(service);
    if (rc_batch_commit(service))
        assert_int_equal(rc_store_outbox_each(service->store, room.outbox_after, take_message, NULL),
                         RC_STORE_OK);
}

void room_pass(int64_t ms)
{
    room.now += ms;
    room.at += ms;
}

void room_sleep(int64_t ms)
{
    while (ms > 0) {
        int64_t step = ms < MINUTE ? ms : MINUTE;
        room_pass(step);
        room_turn();
        ms -= step;
    }
}

/* ---- what was said ---- */

void room_forget(void)
{
    room.spoken_count = 0;
}

const struct spoken *room_said(int site, const char *leaf)
{
    char topic[RC_TOPIC_MAX];
    snprintf(topic, sizeof topic, "rollcall/v1/%s/%s", room.sites[site].name.text, leaf);
    for (size_t i = room.spoken_count; i-- > 0;)
        if (strcmp(room.spoken[i].topic, topic) == 0)
            return &room.spoken[i];
    return NULL;
}

static cJSON *parsed(const struct spoken *spoken)
{
    assert_non_null(spoken);
    cJSON *object = cJSON_Parse(spoken->payload);
    assert_non_null(object);
    return object;
}

cJSON *room_retained(const char *user)
{
    char leaf[128];
    snprintf(leaf, sizeof leaf, "emp/%s/training", user);
    const struct spoken *spoken = room_said(0, leaf);
    assert_true(spoken && spoken->retain);
    return parsed(spoken);
}

int64_t number_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsNumber(item))
        fail_msg("no number %s", key);
    return (int64_t)item->valuedouble;
}

const char *text_of(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsString(item))
        fail_msg("no text %s", key);
    return item->valuestring;
}

/* ---- what is done ---- */

cJSON *room_beat_at(int site, const char *user, const char *session, const char *course)
{
    struct rc_event event = {
        .kind = RC_EV_TRAINING,
        .now = room.now,
        .at = room.at,
        .beat = {
            .employee = id_of(user), .session = id_of(session), .epoch = RC_NONE, .interval_ms = RC_NONE}};
    struct rc_id course_id = id_of(course);
    struct rc_reply_to to = {.correlation_length = 0};
    char leaf[256];
    room.service.reading = (struct rc_reading){.now = room.now, .at = room.at, .mono_ms = room.now};
    rc_topic_training_result(to.topic, &room.sites[site].name, &event.beat.employee, &event.beat.session);
    rc_training_take(&room.service, &room.sites[site], &event, &course_id, &to, 1);
    room_turn();
    snprintf(leaf, sizeof leaf, "emp/%s/session/%s/training/result", user, session);
    return parsed(room_said(site, leaf));
}

cJSON *room_beat(const char *user, const char *session, const char *course)
{
    return room_beat_at(0, user, session, course);
}

const char *room_trained(const char *user, const char *session, const char *course)
{
    static char code[64];
    cJSON *answer = room_beat(user, session, course);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(answer, "code");
    snprintf(code, sizeof code, "%s", item ? item->valuestring : "");
    cJSON_Delete(answer);
    return code;
}

cJSON *room_save(const char *user, const char *session, const char *id, const char *course,
                 const char *lesson, const char *data)
{
    static struct rc_decoded decoded;
    struct rc_reply_to to = {.correlation_length = 0};
    char leaf[256];
    decoded = (struct rc_decoded){.course = id_of(course), .lesson = id_of(lesson)};
    decoded.topic.employee = id_of(user);
    decoded.topic.session = id_of(session);
    decoded.punch_id.length =
        (uint16_t)snprintf(decoded.punch_id.text, sizeof decoded.punch_id.text, "%s", id);
    decoded.progress_data = rc_text_of(data);
    decoded.event = (struct rc_event){.kind = RC_EV_PROGRESS, .now = room.now, .at = room.at};
    decoded.event.beat = (struct rc_beat){.employee = decoded.topic.employee,
                                          .session = decoded.topic.session,
                                          .epoch = RC_NONE,
                                          .interval_ms = RC_NONE};
    struct rc_receipt receipt = {
        .employee = decoded.topic.employee, .session = decoded.topic.session, .id = decoded.punch_id};
    rc_topic_receipt(to.topic, &room.sites[0].name, &receipt.employee, &receipt.session);
    rc_training_take_progress(&room.service, &room.sites[0], &decoded, room.now, &receipt, &to);
    room_turn();
    snprintf(leaf, sizeof leaf, "emp/%s/session/%s/receipt", user, session);
    return parsed(room_said(0, leaf));
}

/* ---- what is written ---- */

const char *room_text(const char *sql)
{
    static char text[4096];
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(room.path, &db, SQLITE_OPEN_READONLY, VFS_NAME), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    text[0] = '\0';
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0) != NULL)
        snprintf(text, sizeof text, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return text;
}

int64_t room_count(const char *sql)
{
    return strtoll(room_text(sql), NULL, 10);
}
