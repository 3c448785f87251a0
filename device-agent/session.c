#define _GNU_SOURCE
#include "session.h"

#include "clock.h"

#include <MQTTAsync.h>
#include <cjson/cJSON.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* rollcall/v1/{site}/emp/{employee}/session/{session}/heartbeat: three ids and 46 fixed bytes. */
#define TOPIC_SIZE   (3 * RC_AGENT_ID_SIZE + 64)
#define URI_SIZE     256
#define PAYLOAD_SIZE 256
/* A receipt has at most 1 KiB. */
#define RECEIPT_BYTES_MAX 1024
#define CONNECT_TIMEOUT_S 5
/* How long a farewell may take. */
#define FAREWELL_MS 1000
/* Messages that Paho may hold for us: a punch, a leave and a few heartbeats. Full means: not sent. */
#define BUFFERED_MAX 16

struct rc_agent_session {
    MQTTAsync client;
    char employee[RC_AGENT_ID_SIZE], class[16];
    char base[TOPIC_SIZE]; /* rollcall/v1/{site}/emp/{employee}/session/{session}/ */
    int64_t interval_ms, epoch;
    int keepalive_s;
    int pipe[2]; /* events: Paho's threads write, the owner reads */
};

/* ---- on Paho's threads ---- */

static void tell(struct rc_agent_session *session, const struct rc_agent_event *event)
{
    /* Smaller than PIPE_BUF, so whole or not at all. A pipe that is full holds hundreds of events that the
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
    char topic[TOPIC_SIZE + 16];
    snprintf(topic, sizeof topic, "%sreceipt", session->base);
    MQTTAsync_responseOptions options = MQTTAsync_responseOptions_initializer;
    options.onSuccess5 = on_subscribed;
    options.onFailure5 = on_failure;
    options.context = session;
    if (MQTTAsync_subscribe(session->client, topic, 1, &options) != MQTTASYNC_SUCCESS)
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

static int on_message(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    (void)topic_length;
    struct rc_agent_event event;
    memset(&event, 0, sizeof event);
    event.kind = RC_AGENT_RECEIPT;
    if (message->payloadlen > 0 && message->payloadlen <= RECEIPT_BYTES_MAX) {
        cJSON *receipt = cJSON_ParseWithLength(message->payload, (size_t)message->payloadlen);
        bool usable = copy_text(receipt, "id", event.id, sizeof event.id) &&
                      copy_text(receipt, "result", event.result, sizeof event.result);
        copy_text(receipt, "code", event.code, sizeof event.code);
        cJSON_Delete(receipt);
        if (usable)
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

static bool send_message(struct rc_agent_session *session, const char *leaf, const char *payload, int qos,
                         MQTTAsync_onSuccess5 *done)
{
    char topic[TOPIC_SIZE + 16];
    snprintf(topic, sizeof topic, "%s%s", session->base, leaf);
    MQTTAsync_message message = MQTTAsync_message_initializer;
    message.payload = (void *)(uintptr_t)payload;
    message.payloadlen = (int)strlen(payload);
    message.qos = qos;
    if (qos > 0)
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
    return send_message(session, "heartbeat", payload, 0, NULL);
}

bool rc_agent_session_punch(struct rc_agent_session *session, const struct rc_agent_punch *punch, int64_t now)
{
    char payload[PAYLOAD_SIZE];
    snprintf(payload, sizeof payload,
             "{\"id\":\"%s\",\"type\":\"%s\",\"ageMs\":%" PRId64 ",\"class\":\"%s\"}", punch->id,
             punch->out ? "OUT" : "IN", now - punch->made_now, session->class);
    return send_message(session, "punch", payload, 1, NULL);
}

bool rc_agent_session_leave(struct rc_agent_session *session, const char *cause)
{
    char payload[PAYLOAD_SIZE];
    snprintf(payload, sizeof payload, "{\"cause\":\"%s\",\"epoch\":%" PRId64 "}", cause, session->epoch);
    return send_message(session, "leave", payload, 1, on_left);
}
