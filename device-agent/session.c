#define _GNU_SOURCE
#include "session.h"

#include "clock.h"

#include <MQTTAsync.h>
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* rollcall/v1/{site}/emp/{employee}/session/{session}/heartbeat: three ids and 46 fixed bytes. */
#define TOPIC_SIZE        (3 * RC_AGENT_ID_SIZE + 64)
#define URI_SIZE          256
#define PAYLOAD_SIZE      384
#define ANSWER_LEAF       "training/result"
#define CONNECT_TIMEOUT_S 5
/* How long a farewell may take. */
#define FAREWELL_MS 1000
/* Messages that Paho may hold for us: a punch or progress, a leave and a few heartbeats. Full means: not
 * sent. */
#define BUFFERED_MAX 16

struct rc_agent_session {
    MQTTAsync client;
    char employee[RC_AGENT_ID_SIZE], class[16];
    char base[TOPIC_SIZE]; /* rollcall/v1/{site}/emp/{employee}/session/{session}/ */
    int64_t interval_ms, epoch;
    int keepalive_s;
    bool trains;
    int pipe[2]; /* events: Paho's threads write, the owner reads */
};

/* ---- on Paho's threads ---- */

static void tell(struct rc_agent_session *session, const struct rc_agent_event *event)
{
    _Static_assert(sizeof *event <= PIPE_BUF, "an event is written whole or not at all");
    /* Smaller than PIPE_BUF, so whole or not at all. A pipe that is full holds dozens of events that the
     * owner has not read: it is frozen, and finds out when it goes on, by its missing receipt. */
    ssize_t written = write(session->pipe[1], event, sizeof *event);
    (void)written;
}

static void tell_kind(struct rc_agent_session *session, enum rc_agent_event_kind kind)
{
    struct rc_agent_event event;
    memset(&event, 0, sizeof event);
    event.kind = kind;
    tell(session, &event);
}

static void on_subscribed(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    tell_kind(context, RC_AGENT_UP);
}

static void on_failure(void *context, MQTTAsync_failureData5 *data)
{
    (void)data;
    tell_kind(context, RC_AGENT_DOWN);
}

static void on_connected(void *context, MQTTAsync_successData5 *data)
{
    struct rc_agent_session *session = context;
    (void)data;
    char receipt[TOPIC_SIZE + 16], answer[TOPIC_SIZE + 16];
    char *topics[] = {receipt, answer};
    int qos[] = {1, 1};
    snprintf(receipt, sizeof receipt, "%sreceipt", session->base);
    snprintf(answer, sizeof answer, "%s%s", session->base, ANSWER_LEAF);
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.onSuccess5 = on_subscribed;
    options.onFailure5 = on_failure;
    options.context = session;
    if (MQTTAsync_subscribeMany(session->client, session->trains ? 2 : 1, topics, qos, &options) !=
        MQTTASYNC_SUCCESS)
        tell_kind(session, RC_AGENT_DOWN);
}

static void on_lost(void *context, char *cause)
{
    (void)cause;
    tell_kind(context, RC_AGENT_DOWN);
}

static void on_left(void *context, MQTTAsync_successData5 *data)
{
    (void)data;
    tell_kind(context, RC_AGENT_LEFT);
}

static bool copy_text(const cJSON *object, const char *key, char *out, size_t size)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsString(item) || strlen(item->valuestring) >= size)
        return false;
    snprintf(out, size, "%s", item->valuestring);
    return true;
}

static bool read_receipt(struct rc_agent_event *event)
{
    cJSON *receipt = cJSON_Parse(event->text);
    bool usable = copy_text(receipt, "id", event->id, sizeof event->id) &&
                  copy_text(receipt, "result", event->result, sizeof event->result);
    copy_text(receipt, "code", event->code, sizeof event->code);
    cJSON_Delete(receipt);
    return usable;
}

static int on_message(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    (void)topic_length; /* 0: our topics hold no NUL */
    struct rc_agent_event event;
    memset(&event, 0, sizeof event);
    if (message->payloadlen > 0 && (size_t)message->payloadlen < sizeof event.text) {
        size_t length = strlen(topic);
        bool answer =
            length > strlen(ANSWER_LEAF) && strcmp(topic + length - strlen(ANSWER_LEAF), ANSWER_LEAF) == 0;
        memcpy(event.text, message->payload, (size_t)message->payloadlen);
        event.kind = answer ? RC_AGENT_ANSWER : RC_AGENT_RECEIPT;
        if (answer || read_receipt(&event))
            tell(context, &event);
    }
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

/* ---- on the owner's thread ---- */

static bool take_options(struct rc_agent_session *session, const struct rc_agent_session_options *options)
{
    int base = snprintf(session->base, sizeof session->base, "rollcall/v1/%s/emp/%s/session/%s/",
                        options->site, options->employee, options->session);
    int employee = snprintf(session->employee, sizeof session->employee, "%s", options->employee);
    int class = snprintf(session->class, sizeof session->class, "%s", options->class);
    session->interval_ms = options->interval_ms;
    session->epoch = options->epoch_last;
    session->keepalive_s = options->keepalive_s;
    session->trains = options->trains;
    return (size_t)base < sizeof session->base && (size_t)employee < sizeof session->employee &&
           (size_t) class < sizeof session->class;
}

static bool make_client(struct rc_agent_session *session, const struct rc_agent_session_options *options)
{
    /* Client id: the login, a dot, and what tells this session from the others of the same person. */
    char client_id[2 * RC_AGENT_ID_SIZE + 1];
    snprintf(client_id, sizeof client_id, "%s.%s", options->employee, options->session);
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    create.maxBufferedMessages = BUFFERED_MAX;
    if (MQTTAsync_createWithOptions(&session->client, options->uri, client_id, MQTTCLIENT_PERSISTENCE_NONE,
                                    NULL, &create) != MQTTASYNC_SUCCESS)
        return false;
    return MQTTAsync_setCallbacks(session->client, session, on_lost, on_message, NULL) == MQTTASYNC_SUCCESS;
}

struct rc_agent_session *rc_agent_session_new(const struct rc_agent_session_options *options)
{
    struct rc_agent_session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    if (pipe2(session->pipe, O_CLOEXEC | O_NONBLOCK) != 0) {
        free(session);
        return NULL;
    }
    if (!take_options(session, options) || !make_client(session, options)) {
        rc_agent_session_free(session);
        return NULL;
    }
    return session;
}

void rc_agent_session_free(struct rc_agent_session *session)
{
    if (!session)
        return;
    if (session->client) {
        MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
        options.timeout = FAREWELL_MS;
        if (MQTTAsync_disconnect(session->client, &options) == MQTTASYNC_SUCCESS) {
            int64_t end = rc_agent_now() + FAREWELL_MS;
            while (MQTTAsync_isConnected(session->client) && rc_agent_now() < end)
                usleep(5000);
        }
        MQTTAsync_destroy(&session->client);
    }
    close(session->pipe[0]);
    close(session->pipe[1]);
    free(session);
}

int rc_agent_session_fd(const struct rc_agent_session *session)
{
    return session->pipe[0];
}

bool rc_agent_session_next(struct rc_agent_session *session, struct rc_agent_event *event)
{
    return read(session->pipe[0], event, sizeof *event) == sizeof *event;
}

static void add_expiry(MQTTProperties *properties)
{
    MQTTProperty expiry;
    memset(&expiry, 0, sizeof expiry);
    expiry.identifier = MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL;
    expiry.value.integer4 = RC_AGENT_EXPIRY_S;
    MQTTProperties_add(properties, &expiry);
}

void rc_agent_session_connect(struct rc_agent_session *session)
{
    int64_t wall = rc_agent_wall();
    session->epoch = session->epoch + 1 > wall ? session->epoch + 1 : wall;
    char topic[TOPIC_SIZE + 16], payload[PAYLOAD_SIZE];
    snprintf(topic, sizeof topic, "%sleave", session->base);
    snprintf(payload, sizeof payload, "{\"cause\":\"lost\",\"epoch\":%" PRId64 "}", session->epoch);

    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    will.topicName = topic;
    will.message = payload;
    will.qos = 1;
    MQTTProperties will_properties = MQTTProperties_initializer;
    add_expiry(&will_properties);
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
    options.keepAliveInterval = session->keepalive_s;
    options.connectTimeout = CONNECT_TIMEOUT_S;
    options.cleanstart = 1;
    options.username = session->employee;
    options.will = &will;
    options.willProperties = &will_properties;
    options.onSuccess5 = on_connected;
    options.onFailure5 = on_failure;
    options.context = session;
    if (MQTTAsync_connect(session->client, &options) != MQTTASYNC_SUCCESS)
        tell_kind(session, RC_AGENT_DOWN);
    MQTTProperties_free(&will_properties);
}

int64_t rc_agent_session_epoch(const struct rc_agent_session *session)
{
    return session->epoch;
}

/* keeps: the broker is to keep it for a service that is away; what is no evidence later it must not. */
static bool send_message(struct rc_agent_session *session, const char *leaf, const char *payload, int qos,
                         bool keeps, MQTTAsync_onSuccess5 *done)
{
    char topic[TOPIC_SIZE + 16];
    snprintf(topic, sizeof topic, "%s%s", session->base, leaf);
    MQTTAsync_message message = MQTTAsync_message_initializer;
    message.payload = (void *)(uintptr_t)payload;
    message.payloadlen = (int)strlen(payload);
    message.qos = qos;
    if (keeps)
        add_expiry(&message.properties);
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.onSuccess5 = done;
    options.context = session;
    int result = MQTTAsync_sendMessage(session->client, topic, &message, &options);
    MQTTProperties_free(&message.properties);
    return result == MQTTASYNC_SUCCESS;
}

bool rc_agent_session_heartbeat(struct rc_agent_session *session)
{
    char payload[PAYLOAD_SIZE];
    snprintf(payload, sizeof payload, "{\"epoch\":%" PRId64 ",\"class\":\"%s\",\"intervalMs\":%" PRId64 "}",
             session->epoch, session->class, session->interval_ms);
    return send_message(session, "heartbeat", payload, 0, false, NULL);
}

bool rc_agent_session_punch(struct rc_agent_session *session, const struct rc_agent_punch *punch, int64_t now)
{
    char payload[PAYLOAD_SIZE];
    snprintf(payload, sizeof payload,
             "{\"id\":\"%s\",\"type\":\"%s\",\"ageMs\":%" PRId64 ",\"class\":\"%s\"}", punch->id,
             punch->out ? "OUT" : "IN", now - punch->made_now, session->class);
    return send_message(session, "punch", payload, 1, true, NULL);
}

bool rc_agent_session_train(struct rc_agent_session *session, const char *course)
{
    char payload[PAYLOAD_SIZE];
    snprintf(payload, sizeof payload, "{\"courseId\":\"%s\"}", course);
    return send_message(session, "training", payload, 1, false, NULL);
}

bool rc_agent_session_progress(struct rc_agent_session *session, const struct rc_agent_progress *progress)
{
    char payload[PAYLOAD_SIZE];
    snprintf(payload, sizeof payload,
             "{\"id\":\"%s\",\"courseId\":\"%s\",\"lessonId\":\"%s\",\"data\":{\"step\":%" PRIu64 "}}",
             progress->id, progress->course, progress->lesson, progress->step);
    return send_message(session, "progress", payload, 1, true, NULL);
}

bool rc_agent_session_leave(struct rc_agent_session *session, const char *cause)
{
    char payload[PAYLOAD_SIZE];
    snprintf(payload, sizeof payload, "{\"cause\":\"%s\",\"epoch\":%" PRId64 "}", cause, session->epoch);
    return send_message(session, "leave", payload, 1, true, on_left);
}
