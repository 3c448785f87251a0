#include "client.h"

#include "broker.h"
#include "check.h"
#include "core/names.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A punch without a receipt is sent again, ever more rarely. */
#define RESEND_MS_MIN  15000
#define RESEND_MS_MAX  300000
#define BACKOFF_MS_MAX 30000
#define BACKOFF_MS_MIN 1000

static int64_t resend_time(const struct sim_pending *pending)
{
    int64_t ms = (int64_t)RESEND_MS_MIN << (pending->tries < 5 ? pending->tries : 5);
    return pending->sent_time + (ms < RESEND_MS_MAX ? ms : RESEND_MS_MAX);
}

static void set_timer(struct sim_world *world, int client)
{
    struct sim_client *c = &world->client[client];
    if (!c->open)
        return;
    int64_t time = c->connected ? c->beat_time : c->try_time;
    if (c->connected && world->time < c->lesson_until && c->lesson_time < time)
        time = c->lesson_time;
    for (int i = 0; c->connected && i < c->pendings; i++) {
        int64_t due = c->pending[i].sent_time == RC_NONE ? world->time : resend_time(&c->pending[i]);
        if (due < time)
            time = due;
    }
    if (time < c->dark_until)
        time = c->dark_until;
    if (time < world->time)
        time = world->time;
    sim_queue_put(&world->queue,
                  (struct sim_due){.time = time, .kind = SIM_DUE_CLIENT, .who = client, .stamp = ++c->timer});
}

/* ---- sending ---- */

static struct sim_words words_of(enum sim_say say, int employee, int client)
{
    return (struct sim_words){.say = say,
                              .employee = employee,
                              .client = client,
                              .epoch = RC_NONE,
                              .interval_ms = RC_NONE,
                              .sleep_ms = RC_NONE,
                              .class = RC_NONE,
                              .age_ms = RC_NONE,
                              .device_at = RC_NONE};
}

static void topic_of(const struct sim_world *world, const struct sim_words *words, char out[200])
{
    static const char *const ends[] = {
        [SIM_SAY_HEARTBEAT] = "heartbeat",
        [SIM_SAY_TRAINING] = "training",
        [SIM_SAY_LEAVE] = "leave",
        [SIM_SAY_PUNCH] = "punch",
        [SIM_SAY_DEVICE_HEARTBEAT] = "heartbeat",
        [SIM_SAY_DEVICE_LEAVE] = "leave",
        [SIM_SAY_CORRECT] = "correct",
        [SIM_SAY_MAINTENANCE] = "maintenance",
    };
    struct rc_id employee, client;
    sim_client_id(world, words->client, &client);
    if (words->say == SIM_SAY_CORRECT || words->say == SIM_SAY_MAINTENANCE) {
        snprintf(out, 200, "rollcall/v1/" SIM_SITE "/request/%s/%s", client.text, ends[words->say]);
    } else if (words->say == SIM_SAY_DEVICE_HEARTBEAT || words->say == SIM_SAY_DEVICE_LEAVE) {
        snprintf(out, 200, "rollcall/v1/" SIM_SITE "/dev/%s/%s", client.text, ends[words->say]);
    } else {
        sim_employee_id(words->employee, &employee);
        snprintf(out, 200, "rollcall/v1/" SIM_SITE "/emp/%s/session/%s/%s", employee.text, client.text,
                 ends[words->say]);
    }
}

struct text {
    char bytes[900];
    size_t length;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text->bytes + text->length, sizeof text->bytes - text->length, format, arguments);
    va_end(arguments);
    text->length += (size_t)length;
    assert(text->length < sizeof text->bytes);
}

static void add_integer(struct text *text, const char *key, int64_t value)
{
    if (value >= 0)
        add(text, "%s\"%s\":%lld", text->length > 1 ? "," : "", key, (long long)value);
}

static void add_word(struct text *text, const char *key, const char *value)
{
    add(text, "%s\"%s\":\"%s\"", text->length > 1 ? "," : "", key, value);
}

static void add_punch(struct text *text, const struct sim_words *words)
{
    add_word(text, "id", words->punch);
    add_word(text, "type", words->type == RC_IN ? "IN" : "OUT");
    add_integer(text, "ageMs", words->age_ms);
    add_integer(text, "deviceAt", words->device_at);
    if (words->clock != RC_CLOCK_UNSAID)
        add_word(text, "clock", words->clock == RC_CLOCK_SYNCED ? "synced" : "unset");
}

static void add_correct(struct text *text, const struct sim_words *words)
{
    static const char *const actions[] = {"", "accept", "reject", "add", "void", "retime"};
    add_word(text, "action", actions[words->action]);
    add_word(text, "reason", "as seen");
    if (words->action == RC_ACTION_ADD) {
        struct rc_id employee;
        sim_employee_id(words->employee, &employee);
        add_word(text, "employeeId", employee.text);
        add_word(text, "type", words->type == RC_IN ? "IN" : "OUT");
    } else {
        add_integer(text, "seq", words->seq);
    }
    add_integer(text, "at", words->at);
}

static void payload_of(const struct sim_words *words, struct text *text)
{
    static const char *const classes[] = {"browser", "agent", "mobile", "badge", "kiosk"};
    static const char *const leaves[] = {"lost", "closed", "sleeping"};
    text->length = 0;
    add(text, "{");
    if (words->say == SIM_SAY_PUNCH)
        add_punch(text, words);
    else if (words->say == SIM_SAY_CORRECT)
        add_correct(text, words);
    else if (words->say == SIM_SAY_MAINTENANCE)
        add_integer(text, "until", words->until_at);
    else if (words->say == SIM_SAY_TRAINING)
        add(text, "\"courseId\":\"course-%d\"", words->course);
    else if (words->say == SIM_SAY_LEAVE || words->say == SIM_SAY_DEVICE_LEAVE)
        add_word(text, "cause", leaves[words->leave]);
    add_integer(text, "epoch", words->epoch);
    if (words->class >= 0)
        add_word(text, "class", classes[words->class]);
    add_integer(text, "intervalMs", words->interval_ms);
    add_integer(text, "sleepMs", words->sleep_ms);
    add(text, "}");
    if (text->length == 2 && words->say == SIM_SAY_HEARTBEAT)
        text->length = 0; /* nothing to say: empty */
}

static struct sim_parcel *parcel_of(const struct sim_world *world, const struct sim_words *words, int client)
{
    char topic[200];
    struct text text;
    topic_of(world, words, topic);
    payload_of(words, &text);
    struct sim_parcel *parcel = sim_parcel_make(words, topic, text.bytes, text.length);
    parcel->client = client;
    parcel->connection = world->client[client].connection;
    parcel->qos = words->say == SIM_SAY_HEARTBEAT ? 0 : 1;
    return parcel;
}

static void post(struct sim_world *world, struct sim_parcel *parcel)
{
    struct sim_client *c = &world->client[parcel->client];
    struct sim_random luck = sim_dice(world->plan->seed, SIM_LUCK_UPLINK, parcel->client, world->time);
    if (sim_faulty(world) && sim_chance(&luck, world->plan->loss_permille)) {
        c->good_since = world->time;
        free(parcel);
        return;
    }
    int64_t arrival = world->time + sim_between(&luck, 1, 5 + world->plan->delay_ms_max);
    if (arrival < c->uplink_time)
        arrival = c->uplink_time; /* one connection keeps its order */
    c->uplink_time = arrival;
    sim_queue_put(&world->queue,
                  (struct sim_due){.time = arrival, .kind = SIM_DUE_AT_BROKER, .what = parcel});
}

static bool can_send(const struct sim_world *world, int client)
{
    const struct sim_client *c = &world->client[client];
    return c->open && c->connected && world->time >= c->dark_until;
}

static void say(struct sim_world *world, const struct sim_words *words, int client)
{
    if (can_send(world, client))
        post(world, parcel_of(world, words, client));
}

/* ---- beating ---- */

/* What a session says of itself: all of it in its first heartbeat, then mostly its epoch alone or nothing.
 * What is not the usual it says every time: a heartbeat may be lost. */
static void introduce(struct sim_world *world, int client, struct sim_words *words)
{
    struct sim_client *c = &world->client[client];
    const struct sim_client_plan *plan = &world->plan->client[client];
    struct sim_random luck = sim_dice(world->plan->seed, SIM_LUCK_BEAT, client, world->time);
    bool all = !c->said || sim_chance(&luck, 50);
    if (all || sim_chance(&luck, 600))
        words->epoch = c->epoch;
    if (all || plan->class == RC_MOBILE || c->announces)
        words->class = (int)plan->class;
    if (c->announces)
        words->interval_ms = c->interval_ms;
}

static void beat(struct sim_world *world, int client)
{
    struct sim_client *c = &world->client[client];
    const struct sim_client_plan *plan = &world->plan->client[client];
    if (plan->kind == SIM_PERSONAL) {
        struct sim_words words = words_of(SIM_SAY_HEARTBEAT, plan->employee, client);
        introduce(world, client, &words);
        say(world, &words, client);
    }
    if (plan->kind == SIM_GATEWAY || plan->kind == SIM_KIOSK) {
        struct sim_words words = words_of(SIM_SAY_DEVICE_HEARTBEAT, -1, client);
        words.epoch = c->epoch;
        if (c->announces)
            words.interval_ms = c->interval_ms;
        say(world, &words, client);
    }
    for (int i = 0; plan->kind == SIM_GATEWAY && i < world->plan->employees; i++)
        if (c->badges[i]) {
            struct sim_words words = words_of(SIM_SAY_HEARTBEAT, i, client);
            words.class = RC_BADGE;
            words.epoch = c->epoch;
            if (c->announces)
                words.interval_ms = c->interval_ms;
            say(world, &words, client);
        }
    c->said = true;
    struct sim_random luck = sim_dice(world->plan->seed, SIM_LUCK_BEAT, client, ~world->time);
    c->beat_time = world->time + sim_between(&luck, c->interval_ms * 19 / 20, c->interval_ms * 21 / 20);
}

static void train(struct sim_world *world, int client, int course)
{
    struct sim_words words = words_of(SIM_SAY_TRAINING, world->plan->client[client].employee, client);
    words.course = course;
    say(world, &words, client);
}

/* Whoever was away goes on at once, and not with what was missed. */
static void study(struct sim_world *world, int client)
{
    struct sim_client *c = &world->client[client];
    struct sim_random luck = sim_dice(world->plan->seed, SIM_LUCK_LESSON, client, world->time);
    train(world, client, c->course);
    if (sim_chance(&luck, 30)) /* a client that is not sure whether it got through */
        train(world, client, c->course);
    c->lesson_time = world->time + sim_between(&luck, c->lesson_ms * 19 / 20, c->lesson_ms * 21 / 20);
}

/* ---- punches ---- */

static void send_punch(struct sim_world *world, int client, struct sim_pending *pending)
{
    struct sim_random luck =
        sim_dice(world->plan->seed, SIM_LUCK_PUNCH, client, world->time + pending->made_time);
    struct sim_words *words = &pending->words;
    int64_t age = world->time - pending->made_time;
    bool plain = age < 1000 && sim_chance(&luck, 500); /* pressed just now: nothing to explain */
    words->age_ms = RC_NONE;
    words->device_at = RC_NONE;
    words->clock = RC_CLOCK_UNSAID;
    if (!plain && !pending->clock_only)
        words->age_ms = age;
    if (!plain && (pending->clock_only || sim_chance(&luck, 200))) {
        int64_t offset = world->plan->client[client].clock_offset_ms;
        words->device_at = SIM_WALL_START + pending->made_time + offset;
        words->clock = offset == 0 || sim_chance(&luck, 300) ? RC_CLOCK_SYNCED : RC_CLOCK_UNSET;
    }
    words->class = (int)world->plan->client[client].class;
    pending->sent_time = world->time;
    pending->tries++;
    say(world, words, client);
}

static void send_pending(struct sim_world *world, int client)
{
    struct sim_client *c = &world->client[client];
    for (int i = 0; i < c->pendings; i++)
        if (c->pending[i].sent_time == RC_NONE || world->time >= resend_time(&c->pending[i]))
            send_punch(world, client, &c->pending[i]);
}

static void do_punch(struct sim_world *world, const struct sim_action *action)
{
    struct sim_client *c = &world->client[action->who];
    if (c->pendings == SIM_PENDING_MAX)
        return; /* the device's own store is full: the button does nothing */
    struct sim_words words = words_of(SIM_SAY_PUNCH, (int)action->b, action->who);
    words.type = (enum rc_type)action->a;
    words.from_device = world->plan->client[action->who].kind == SIM_KIOSK;
    snprintf(words.punch, sizeof words.punch, "p%d-%u", action->who, c->punches++);
    struct sim_random luck = sim_dice(world->plan->seed, SIM_LUCK_PUNCH, action->who, ~world->time);
    c->pending[c->pendings++] = (struct sim_pending){
        .words = words, .made_time = world->time, .sent_time = RC_NONE, .clock_only = sim_chance(&luck, 60)};
    c->last_punch = words;
    c->punched = true;
    sim_trace(world, "%s presses %s at client %d: %s", words.punch, words.type == RC_IN ? "IN" : "OUT",
              action->who, can_send(world, action->who) ? "on line" : "off line");
    set_timer(world, action->who);
}

static void do_repeat(struct sim_world *world, const struct sim_action *action)
{
    struct sim_client *c = &world->client[action->who];
    if (!c->punched)
        return;
    struct sim_words words = c->last_punch;
    if (action->a)
        words.type = words.type == RC_IN ? RC_OUT : RC_IN;
    words.age_ms = RC_NONE;
    words.device_at = RC_NONE;
    words.clock = RC_CLOCK_UNSAID;
    words.class = (int)world->plan->client[action->who].class;
    say(world, &words, action->who);
}

static const char *text_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

void sim_client_receive(struct sim_world *world, struct sim_parcel *parcel)
{
    struct sim_client *c = &world->client[parcel->client];
    bool there =
        c->open && c->connected && c->connection == parcel->connection && world->time >= c->dark_until;
    cJSON *receipt = there ? cJSON_Parse(parcel->payload) : NULL;
    for (int i = 0; receipt && i < c->pendings; i++) {
        if (strcmp(c->pending[i].words.punch, text_of(receipt, "id")) != 0)
            continue;
        if (strcmp(text_of(receipt, "result"), "retry") == 0)
            break;
        memmove(&c->pending[i], &c->pending[i + 1], (size_t)(--c->pendings - i) * sizeof c->pending[0]);
        break;
    }
    cJSON_Delete(receipt);
    free(parcel);
}

void sim_client_send_receipt(struct sim_world *world, struct sim_parcel *parcel)
{
    char start[] = "/session/";
    const char *session = strstr(parcel->bytes, start);
    const char *end = session ? strstr(session + sizeof start - 1, "/receipt") : NULL;
    struct rc_id id;
    int client = -1;
    if (end && rc_id_set(&id, (struct rc_text){session + sizeof start - 1,
                                               (size_t)(end - session) - (sizeof start - 1)}))
        client = sim_client_index(&id);
    if (client < 0 || client >= world->plan->clients || !world->broker.peer[client].connected) {
        free(parcel);
        return;
    }
    struct sim_random luck = sim_dice(world->plan->seed, SIM_LUCK_DOWNLINK, client, world->time);
    parcel->client = client;
    parcel->connection = world->broker.peer[client].connection;
    sim_queue_put(&world->queue,
                  (struct sim_due){.time = world->time + sim_between(&luck, 1, 5 + world->plan->delay_ms_max),
                                   .kind = SIM_DUE_AT_CLIENT,
                                   .what = parcel});
}

/* ---- connecting ---- */

static struct sim_parcel *will_of(const struct sim_world *world, int client)
{
    const struct sim_client_plan *plan = &world->plan->client[client];
    if (plan->kind == SIM_MANAGER)
        return NULL;
    struct sim_words words =
        words_of(plan->kind == SIM_PERSONAL ? SIM_SAY_LEAVE : SIM_SAY_DEVICE_LEAVE, plan->employee, client);
    words.leave = RC_LEAVE_LOST;
    words.epoch = world->client[client].epoch;
    struct sim_parcel *will = parcel_of(world, &words, client);
    will->will = true;
    return will;
}

static void try_connect(struct sim_world *world, int client)
{
    struct sim_client *c = &world->client[client];
    struct sim_random luck = sim_dice(world->plan->seed, SIM_LUCK_RECONNECT, client, world->time);
    if (!sim_broker_reachable(world)) {
        int64_t most = BACKOFF_MS_MIN << (c->tries < 5 ? c->tries : 5);
        c->tries++;
        c->try_time =
            world->time + sim_between(&luck, BACKOFF_MS_MIN, most < BACKOFF_MS_MAX ? most : BACKOFF_MS_MAX);
        return;
    }
    int64_t wall = SIM_WALL_START + world->time + world->plan->client[client].clock_offset_ms;
    c->epoch = wall > c->epoch + 1 ? wall : c->epoch + 1;
    c->connected = true;
    c->connection++;
    c->said = false;
    c->tries = 0;
    c->beat_time = world->time;
    for (int i = 0; i < c->pendings; i++) {
        c->pending[i].sent_time = RC_NONE;
        c->pending[i].tries = 0;
    }
    sim_trace(world, "client %d connects, epoch %lld", client, (long long)c->epoch);
    sim_broker_connect(world, client, c->connection, will_of(world, client));
}

void sim_client_timer(struct sim_world *world, int client, uint32_t stamp)
{
    struct sim_client *c = &world->client[client];
    if (stamp != c->timer || !c->open)
        return;
    if (world->time >= c->dark_until) {
        if (c->connected &&
            !(world->broker.peer[client].connected && world->broker.peer[client].connection == c->connection))
            sim_client_connection_lost(world, client); /* the broker gave up on it meanwhile */
        if (!c->connected && world->time >= c->try_time)
            try_connect(world, client);
        if (c->connected) {
            if (world->time >= c->beat_time)
                beat(world, client);
            if (world->time >= c->lesson_time && world->time < c->lesson_until)
                study(world, client);
            send_pending(world, client);
        }
    }
    set_timer(world, client);
}

void sim_client_connection_lost(struct sim_world *world, int client)
{
    struct sim_client *c = &world->client[client];
    if (!c->open || !c->connected)
        return;
    struct sim_random luck = sim_dice(world->plan->seed, SIM_LUCK_RECONNECT, client, ~world->time);
    c->connected = false;
    c->tries = 1;
    c->try_time = world->time + sim_between(&luck, 200, BACKOFF_MS_MIN);
    set_timer(world, client);
}

void sim_client_darken(struct sim_world *world, int client, int64_t until)
{
    struct sim_client *c = &world->client[client];
    if (until > c->dark_until)
        c->dark_until = until;
    if (c->good_since < c->dark_until)
        c->good_since = c->dark_until;
    sim_broker_watch_silence(world, client);
    set_timer(world, client);
}

/* ---- opening and closing ---- */

static void do_open(struct sim_world *world, int client)
{
    struct sim_client *c = &world->client[client];
    const struct sim_client_plan *plan = &world->plan->client[client];
    if (c->open)
        return;
    c->open = true;
    c->connected = false;
    c->interval_ms = plan->interval_ms;
    c->announces = c->announces || plan->announces; /* what it said once sticks until it says otherwise */
    c->good_since = world->time > c->dark_until ? world->time : c->dark_until;
    c->try_time = world->time;
    c->tries = 0;
    set_timer(world, client);
}

static void say_leave(struct sim_world *world, int client, enum rc_leave_cause cause, int64_t sleep_ms)
{
    struct sim_words words = words_of(SIM_SAY_LEAVE, world->plan->client[client].employee, client);
    words.leave = cause;
    words.epoch = world->client[client].epoch;
    words.sleep_ms = sleep_ms;
    say(world, &words, client);
}

static void do_close(struct sim_world *world, int client, enum sim_close how)
{
    struct sim_client *c = &world->client[client];
    if (!c->open || world->plan->client[client].kind != SIM_PERSONAL)
        return;
    sim_trace(world, "client %d closes (%d)", client, (int)how);
    bool reaches = can_send(world, client);
    if (how == SIM_CLOSE_SAID || how == SIM_CLOSE_SAID_TWICE)
        say_leave(world, client, RC_LEAVE_CLOSED, RC_NONE);
    c->open = c->connected = false;
    c->good_since = INT64_MAX;
    if (!reaches || how == SIM_CLOSE_SILENT) {
        sim_broker_watch_silence(world, client);
        return;
    }
    bool clean = how == SIM_CLOSE_SAID || how == SIM_CLOSE_MUTE;
    sim_queue_put(&world->queue,
                  (struct sim_due){.time = c->uplink_time > world->time ? c->uplink_time : world->time,
                                   .kind = clean ? SIM_DUE_DISCONNECT : SIM_DUE_SOCKET_DEAD,
                                   .who = client,
                                   .stamp = c->connection});
}

static void do_sleep(struct sim_world *world, int client, int64_t sleep_ms)
{
    struct sim_client *c = &world->client[client];
    if (!c->open || world->plan->client[client].kind != SIM_PERSONAL)
        return;
    say_leave(world, client, RC_LEAVE_SLEEPING, sleep_ms);
    c->open = c->connected = false;
    c->good_since = INT64_MAX;
    sim_broker_watch_silence(world, client);
}

/* ---- odd things ---- */

static void do_leave(struct sim_world *world, const struct sim_action *action, bool stale)
{
    const struct sim_client *c = &world->client[action->who];
    if (world->plan->client[action->who].kind != SIM_PERSONAL)
        return;
    struct sim_words words = words_of(SIM_SAY_LEAVE, world->plan->client[action->who].employee, action->who);
    words.leave = (enum rc_leave_cause)action->a;
    if (stale)
        words.epoch = c->epoch - 1 - action->time % 1000;
    say(world, &words, action->who);
}

static void do_old_beat(struct sim_world *world, int client)
{
    if (world->plan->client[client].kind != SIM_PERSONAL)
        return;
    struct sim_words words = words_of(SIM_SAY_HEARTBEAT, world->plan->client[client].employee, client);
    words.epoch = world->client[client].epoch - 1;
    say(world, &words, client);
}

static void do_lesson(struct sim_world *world, const struct sim_action *action)
{
    struct sim_client *c = &world->client[action->who];
    c->course = (int)action->a;
    c->lesson_ms = action->b;
    c->lesson_time = world->time;
    c->lesson_until = world->time + action->ms;
    set_timer(world, action->who);
}

/* Nonsense that must change nothing: the end of the topic (or all of it) and a payload. */
static const struct {
    const char *topic, *payload;
    size_t length; /* 0: as a C string */
    bool retain;
} junk[] = {
    {"punch", "{\"id\":\"j1\",\"type\":\"MAYBE\"}", 0, false},
    {"punch", "{\"type\":\"IN\"}", 0, false},
    {"punch", "{\"id\":\"j2\",\"type\":\"IN\",\"type\":\"OUT\"}", 0, false},
    {"punch", "{\"id\":\"j3\",\"type\":\"IN\"} ", 0, true},
    {"punch", "{\"id\":\"j4\",\"type\":\"IN\"}x", 0, false},
    {"punch", "{\"id\":\"j5\",\"type\":\"OUT\",\"ageMs\":-5}", 0, false},
    {"punch", "{\"id\":\"j6\",\"type\":\"OUT\",\"ageMs\":1e400}", 0, false},
    {"punch", "[\"id\",\"j7\"]", 0, false},
    {"punch", "", 0, false},
    {"punch", "{\"id\":\"\",\"type\":\"IN\"}", 0, false},
    {"punch", "{\"id\":\"j\0k\",\"type\":\"IN\"}", 23, false},
    {"punch", "{\"id\":\"j8\",\"type\":\"IN\",\"note\":\"\xff\xfe\"}", 0, false},
    {"leave", "{\"cause\":\"bored\"}", 0, false},
    {"leave", "{}", 0, false},
    {"leave", "{\"cause\":\"closed\",\"epoch\":\"7\"}", 0, false},
    {"leave", "{\"cause\":\"closed\"}", 0, true},
    {"heartbeat", "{\"epoch\":-1}", 0, false},
    {"heartbeat", "{\"intervalMs\":\"soon\"}", 0, false},
    {"heartbeat", "{\"class\":\"horse\"}", 0, false},
    {"heartbeat", "{\"a\":{\"b\":{\"c\":{\"d\":{}}}}}", 0, false},
    {"heartbeat", "{\"epoch\":1,}", 0, false},
    {"heartbeat", "", 0, true},
    {"nothing", "", 0, false},
    {"rollcall/v1/" SIM_SITE "/emp/e0/status", "{\"status\":\"OUT\"}", 0, true},
    {"rollcall/v1/" SIM_SITE "/emp/e 0/session/s0/heartbeat", "", 0, false},
    {"rollcall/v1/elsewhere/emp/e0/session/s0/heartbeat", "", 0, false},
    {"rollcall/v1/" SIM_SITE "/emp/e0/session//punch", "{\"id\":\"j9\",\"type\":\"IN\"}", 0, false},
    {"rollcall/v1/" SIM_SITE "/service/status", "", 0, true},
};

static void do_junk(struct sim_world *world, const struct sim_action *action)
{
    if (world->plan->client[action->who].kind != SIM_PERSONAL || !can_send(world, action->who))
        return;
    size_t which = (size_t)action->a % (sizeof junk / sizeof *junk);
    struct sim_words words = words_of(SIM_SAY_JUNK, world->plan->client[action->who].employee, action->who);
    struct rc_id employee, client;
    sim_employee_id(words.employee, &employee);
    sim_client_id(world, action->who, &client);
    char topic[200];
    if (strncmp(junk[which].topic, "rollcall/", 9) == 0)
        snprintf(topic, sizeof topic, "%s", junk[which].topic);
    else
        snprintf(topic, sizeof topic, "rollcall/v1/" SIM_SITE "/emp/%s/session/%s/%s", employee.text,
                 client.text, junk[which].topic);
    size_t length = junk[which].length ? junk[which].length : strlen(junk[which].payload);
    struct sim_parcel *parcel = sim_parcel_make(&words, topic, junk[which].payload, length);
    parcel->client = action->who;
    parcel->connection = world->client[action->who].connection;
    parcel->retain = junk[which].retain;
    parcel->qos = 1;
    post(world, parcel);
}

static void do_hide(struct sim_world *world, int client, int64_t interval_ms)
{
    struct sim_client *c = &world->client[client];
    if (world->plan->client[client].kind != SIM_PERSONAL || !c->open)
        return;
    c->interval_ms = interval_ms;
    c->announces = true;
    c->said = false;
    c->beat_time = world->time; /* says so at once */
    set_timer(world, client);
}

static void do_correct(struct sim_world *world, const struct sim_action *action)
{
    struct sim_random luck = {.state = (uint64_t)action->a};
    struct sim_words words = words_of(SIM_SAY_CORRECT, -1, action->who);
    words.at = RC_NONE;
    words.seq = RC_NONE;
    const struct rc_row *row = sim_check_some_row(world, &luck);
    if (!row || sim_chance(&luck, 150)) {
        words.action = RC_ACTION_ADD;
        words.employee = (int)sim_between(&luck, 0, world->plan->employees - 1);
        words.type = sim_chance(&luck, 500) ? RC_IN : RC_OUT;
        words.at = sim_at(world) - sim_between(&luck, 0, 4 * 3600000);
    } else {
        words.seq = row->seq;
        words.employee = sim_employee_index(&row->employee);
        words.action = (enum rc_action)sim_between(&luck, RC_ACTION_ACCEPT, RC_ACTION_RETIME);
        if (words.action == RC_ACTION_ADD || (row->held && sim_chance(&luck, 700)))
            words.action = sim_chance(&luck, 600) ? RC_ACTION_ACCEPT : RC_ACTION_REJECT;
        if (words.action == RC_ACTION_RETIME)
            words.at = row->at + sim_between(&luck, -1200000, 1200000);
    }
    say(world, &words, action->who);
}

static void do_maintenance(struct sim_world *world, const struct sim_action *action)
{
    struct sim_words words = words_of(SIM_SAY_MAINTENANCE, -1, action->who);
    words.until_at = action->ms ? sim_at(world) + action->ms : 0;
    words.at = RC_NONE;
    say(world, &words, action->who);
}

void sim_client_do(struct sim_world *world, const struct sim_action *action)
{
    switch (action->kind) {
    case SIM_DO_OPEN:
        do_open(world, action->who);
        break;
    case SIM_DO_CLOSE:
        do_close(world, action->who, (enum sim_close)action->a);
        break;
    case SIM_DO_SLEEP:
        do_sleep(world, action->who, action->a);
        break;
    case SIM_DO_DARK:
        sim_client_darken(world, action->who, world->time + action->ms);
        break;
    case SIM_DO_HIDE:
        do_hide(world, action->who, action->a);
        break;
    case SIM_DO_PUNCH:
        do_open(world, action->who); /* nobody punches on a program that does not run */
        do_punch(world, action);
        break;
    case SIM_DO_REPEAT:
        do_repeat(world, action);
        break;
    case SIM_DO_STALE_LEAVE:
    case SIM_DO_BARE_LEAVE:
        do_leave(world, action, action->kind == SIM_DO_STALE_LEAVE);
        break;
    case SIM_DO_OLD_BEAT:
        do_old_beat(world, action->who);
        break;
    case SIM_DO_JUNK:
        do_junk(world, action);
        break;
    case SIM_DO_ENTER:
    case SIM_DO_EXIT:
        world->client[action->who].badges[action->b] = action->kind == SIM_DO_ENTER;
        world->client[action->who].badge_since[action->b] = world->time;
        break;
    case SIM_DO_CORRECT:
        do_correct(world, action);
        break;
    case SIM_DO_MAINTENANCE:
        do_maintenance(world, action);
        break;
    case SIM_DO_TRAIN:
        if (world->plan->client[action->who].kind == SIM_PERSONAL)
            train(world, action->who, (int)action->a);
        break;
    case SIM_DO_LESSON:
        do_lesson(world, action);
        break;
    default:
        assert(false && "no action of a person");
    }
}
