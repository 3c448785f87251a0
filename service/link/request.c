#include "link/request.h"

#include <MQTTAsync.h>
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* How long a clean DISCONNECT may take; afterwards the socket is simply closed. We leave no will. */
#define CLOSE_MS 1000

/* Correlation data of ours; the protocol of rollcall allows more, but we make it ourselves. */
#define CORRELATION_MAX 64

/* What the caller waits for. A step ends once, in one of the callbacks. */
enum step { STEP_PENDING, STEP_DONE, STEP_FAILED };

struct rc_requester {
    MQTTAsync client;
    char uri[256];
    char reply_topic[RC_REQUEST_TOPIC_MAX];

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    enum step step;
    int reason; /* MQTT reason code of a failed step, 0: none came from the broker */
    bool lost;
    char correlation[CORRELATION_MAX];
    size_t correlation_length; /* 0: no question is open */
    char *answer;
    size_t answer_length;
};

static void say(char error[RC_REQUEST_ERROR_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(char error[RC_REQUEST_ERROR_MAX], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error, RC_REQUEST_ERROR_MAX, format, arguments);
    va_end(arguments);
}

/* ---- callbacks, on Paho's thread ---- */

static void end_step(struct rc_requester *requester, enum step step, int reason)
{
    pthread_mutex_lock(&requester->lock);
    requester->step = step;
    requester->reason = reason;
    pthread_cond_signal(&requester->changed);
    pthread_mutex_unlock(&requester->lock);
}

static void on_success(void *context, MQTTAsync_successData5 *data)
{
    end_step(context, STEP_DONE, data == NULL ? 0 : (int)data->reasonCode);
}

/* Paho 1.3.12 puts the reason of a refused CONNECT into `code`, which is negative for failures of its own. */
static void on_failure(void *context, MQTTAsync_failureData5 *data)
{
    int reason = 0;
    if (data != NULL) {
        reason = (int)data->reasonCode > 0 ? (int)data->reasonCode : data->code;
    }
    end_step(context, STEP_FAILED, reason > 0 ? reason : 0);
}

static void on_lost(void *context, char *cause)
{
    struct rc_requester *requester = context;
    (void)cause;
    pthread_mutex_lock(&requester->lock);
    requester->lost = true;
    pthread_cond_signal(&requester->changed);
    pthread_mutex_unlock(&requester->lock);
}

static bool is_ours(const struct rc_requester *requester, const char *topic, int topic_length,
                    MQTTAsync_message *message)
{
    size_t length = topic_length == 0 ? strlen(topic) : (size_t)topic_length;
    if (length != strlen(requester->reply_topic) || memcmp(topic, requester->reply_topic, length) != 0) {
        return false;
    }
    const MQTTProperty *property =
        MQTTProperties_getProperty(&message->properties, MQTTPROPERTY_CODE_CORRELATION_DATA);
    return requester->correlation_length > 0 && property != NULL &&
           (size_t)property->value.data.len == requester->correlation_length &&
           memcmp(property->value.data.data, requester->correlation, requester->correlation_length) == 0;
}

static int on_message(void *context, char *topic, int topic_length, MQTTAsync_message *message)
{
    struct rc_requester *requester = context;
    pthread_mutex_lock(&requester->lock);
    /* QoS 1 may bring an answer twice: the first one counts. */
    if (requester->answer == NULL && is_ours(requester, topic, topic_length, message)) {
        size_t length = (size_t)message->payloadlen;
        requester->answer = malloc(length + 1);
        if (requester->answer != NULL) {
            memcpy(requester->answer, message->payload, length);
            requester->answer[length] = '\0';
            requester->answer_length = length;
        }
        pthread_cond_signal(&requester->changed);
    }
    pthread_mutex_unlock(&requester->lock);
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

/* ---- waiting, on the caller's thread ---- */

static struct timespec deadline_in(int timeout_ms)
{
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += timeout_ms / 1000;
    deadline.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (deadline.tv_nsec >= 1000000000L) {
        deadline.tv_sec++;
        deadline.tv_nsec -= 1000000000L;
    }
    return deadline;
}

/* wait_step waits for the end of a step that was started with step == STEP_PENDING. */
static enum rc_request_result wait_step(struct rc_requester *requester, const char *what, int timeout_ms,
                                        char error[RC_REQUEST_ERROR_MAX])
{
    struct timespec deadline = deadline_in(timeout_ms);
    int rc = 0;
    pthread_mutex_lock(&requester->lock);
    while (requester->step == STEP_PENDING && !requester->lost && rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&requester->changed, &requester->lock, &deadline);
    }
    enum step step = requester->step;
    int reason = requester->reason;
    pthread_mutex_unlock(&requester->lock);

    if (step == STEP_DONE) {
        return RC_REQUEST_OK;
    }
    if (step == STEP_FAILED && reason >= MQTTREASONCODE_UNSPECIFIED_ERROR) {
        say(error, "the broker at %s refused to let us %s: %s", requester->uri, what,
            MQTTReasonCode_toString((enum MQTTReasonCodes)reason));
        return RC_REQUEST_REFUSED;
    }
    if (step == STEP_PENDING && rc == ETIMEDOUT) {
        say(error, "cannot %s: no answer from a broker at %s within %d ms", what, requester->uri, timeout_ms);
    } else {
        say(error, "cannot %s: no broker at %s", what, requester->uri);
    }
    return RC_REQUEST_NO_CONNECTION;
}

static void start_step(struct rc_requester *requester)
{
    pthread_mutex_lock(&requester->lock);
    requester->step = STEP_PENDING;
    requester->reason = 0;
    pthread_mutex_unlock(&requester->lock);
}

/* ---- opening ---- */

static struct rc_requester *requester_alloc(const struct rc_requester_options *options)
{
    struct rc_requester *requester = calloc(1, sizeof *requester);
    if (requester == NULL) {
        return NULL;
    }
    snprintf(requester->uri, sizeof requester->uri, "%s", options->uri);
    snprintf(requester->reply_topic, sizeof requester->reply_topic, "%s", options->reply_topic);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&requester->lock, NULL);
    pthread_cond_init(&requester->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return requester;
}

static int start_connecting(struct rc_requester *requester, const struct rc_requester_options *options)
{
    bool websocket = strncmp(options->uri, "ws", 2) == 0;
    MQTTAsync_connectOptions plain = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_connectOptions over_websocket = MQTTAsync_connectOptions_initializer5_ws;
    MQTTAsync_connectOptions connect = websocket ? over_websocket : plain;
    MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
    tls.trustStore = options->ca_file;
    tls.enableServerCertAuth = 1;
    tls.verify = 1;
    connect.cleanstart = 1; /* the session ends with us: nobody else will fetch these answers */
    connect.connectTimeout = (options->timeout_ms + 999) / 1000;
    connect.username = options->username;
    connect.binarypwd.data = options->password.length == 0 ? NULL : options->password.data;
    connect.binarypwd.len = (int)options->password.length;
    connect.ssl = &tls;
    connect.onSuccess5 = on_success;
    connect.onFailure5 = on_failure;
    connect.context = requester;
    start_step(requester);
    return MQTTAsync_connect(requester->client, &connect);
}

static int start_subscribing(struct rc_requester *requester)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.onSuccess5 = on_success;
    response.onFailure5 = on_failure;
    response.context = requester;
    start_step(requester);
    return MQTTAsync_subscribe(requester->client, requester->reply_topic, 1, &response);
}

static enum rc_request_result connect_and_subscribe(struct rc_requester *requester,
                                                    const struct rc_requester_options *options,
                                                    char error[RC_REQUEST_ERROR_MAX])
{
    int rc = start_connecting(requester, options);
    if (rc != MQTTASYNC_SUCCESS) {
        say(error, "cannot connect to %s: %s", requester->uri, MQTTAsync_strerror(rc));
        return RC_REQUEST_USAGE;
    }
    enum rc_request_result result = wait_step(requester, "connect", options->timeout_ms, error);
    if (result != RC_REQUEST_OK) {
        return result;
    }
    rc = start_subscribing(requester);
    if (rc != MQTTASYNC_SUCCESS) {
        say(error, "the connection to %s broke", requester->uri);
        return RC_REQUEST_NO_CONNECTION;
    }
    return wait_step(requester, "subscribe to the reply", options->timeout_ms, error);
}

enum rc_request_result rc_requester_open(const struct rc_requester_options *options,
                                         struct rc_requester **out, char error[RC_REQUEST_ERROR_MAX])
{
    *out = NULL;
    /* A broker that goes away while we write must be an error, not the end of the process. */
    signal(SIGPIPE, SIG_IGN);
    struct rc_requester *requester = requester_alloc(options);
    if (requester == NULL) {
        say(error, "no memory");
        return RC_REQUEST_NO_CONNECTION;
    }
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    int rc = MQTTAsync_createWithOptions(&requester->client, options->uri, options->client_id,
                                         MQTTCLIENT_PERSISTENCE_NONE, NULL, &create);
    if (rc != MQTTASYNC_SUCCESS) {
        say(error, "%s is no address of a broker: %s", options->uri, MQTTAsync_strerror(rc));
        requester->client = NULL;
        rc_requester_close(requester);
        return RC_REQUEST_USAGE;
    }
    MQTTAsync_setCallbacks(requester->client, requester, on_lost, on_message, NULL);
    enum rc_request_result result = connect_and_subscribe(requester, options, error);
    if (result != RC_REQUEST_OK) {
        rc_requester_close(requester);
        return result;
    }
    *out = requester;
    return RC_REQUEST_OK;
}

/* ---- asking ---- */

static int publish(struct rc_requester *requester, const char *topic, struct rc_text payload,
                   struct rc_text correlation, int timeout_ms)
{
    MQTTAsync_message message = MQTTAsync_message_initializer;
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    MQTTProperty property = {.identifier = MQTTPROPERTY_CODE_RESPONSE_TOPIC};
    property.value.data.data = requester->reply_topic;
    property.value.data.len = (int)strlen(requester->reply_topic);
    MQTTProperties_add(&message.properties, &property);
    property.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA;
    property.value.data.data = (char *)correlation.data;
    property.value.data.len = (int)correlation.length;
    MQTTProperties_add(&message.properties, &property);
    property.identifier = MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL;
    property.value.integer4 = (unsigned)((timeout_ms + 999) / 1000);
    MQTTProperties_add(&message.properties, &property);

    message.qos = 1;
    message.payload = (void *)payload.data;
    message.payloadlen = (int)payload.length;
    response.onSuccess5 = on_success;
    response.onFailure5 = on_failure;
    response.context = requester;
    int rc = MQTTAsync_sendMessage(requester->client, topic, &message, &response);
    MQTTProperties_free(&message.properties);
    return rc;
}

/* wait_answer waits with the lock held. The PUBACK may come before the answer or after it. */
static void wait_answer(struct rc_requester *requester, int timeout_ms)
{
    struct timespec deadline = deadline_in(timeout_ms);
    int rc = 0;
    while (requester->answer == NULL && requester->step != STEP_FAILED && !requester->lost &&
           rc != ETIMEDOUT) {
        rc = pthread_cond_timedwait(&requester->changed, &requester->lock, &deadline);
    }
}

/* explain says, with the lock held, why there is no answer. */
static enum rc_request_result explain(const struct rc_requester *requester, const char *topic, int timeout_ms,
                                      char error[RC_REQUEST_ERROR_MAX])
{
    if (requester->step == STEP_FAILED && requester->reason >= MQTTREASONCODE_UNSPECIFIED_ERROR) {
        say(error, "the broker refused the request on %s: %s", topic,
            MQTTReasonCode_toString((enum MQTTReasonCodes)requester->reason));
        return RC_REQUEST_REFUSED;
    }
    if (requester->lost || requester->step == STEP_FAILED) {
        say(error, "the connection to %s broke before the answer came", requester->uri);
        return RC_REQUEST_NO_CONNECTION;
    }
    say(error, "no answer within %d ms", timeout_ms);
    return RC_REQUEST_NO_ANSWER;
}

enum rc_request_result rc_requester_ask(struct rc_requester *requester, const char *topic,
                                        struct rc_text payload, struct rc_text correlation, int timeout_ms,
                                        char **answer, size_t *length, char error[RC_REQUEST_ERROR_MAX])
{
    assert(correlation.length > 0 && correlation.length <= CORRELATION_MAX);
    *answer = NULL;
    pthread_mutex_lock(&requester->lock);
    memcpy(requester->correlation, correlation.data, correlation.length);
    requester->correlation_length = correlation.length;
    requester->step = STEP_PENDING;
    requester->reason = 0;
    pthread_mutex_unlock(&requester->lock);
    int rc = publish(requester, topic, payload, correlation, timeout_ms);

    pthread_mutex_lock(&requester->lock);
    if (rc != MQTTASYNC_SUCCESS) {
        requester->step = STEP_FAILED;
    }
    wait_answer(requester, timeout_ms);
    enum rc_request_result result = RC_REQUEST_OK;
    if (requester->answer == NULL) {
        result = explain(requester, topic, timeout_ms, error);
    }
    *answer = requester->answer;
    *length = requester->answer_length;
    requester->answer = NULL;
    requester->correlation_length = 0;
    pthread_mutex_unlock(&requester->lock);
    return result;
}

/* ---- closing ---- */

void rc_requester_close(struct rc_requester *requester)
{
    if (requester == NULL) {
        return;
    }
    if (requester->client != NULL) {
        MQTTAsync_disconnectOptions disconnect = MQTTAsync_disconnectOptions_initializer5;
        disconnect.timeout = CLOSE_MS;
        disconnect.onSuccess5 = on_success;
        disconnect.onFailure5 = on_failure;
        disconnect.context = requester;
        char ignored[RC_REQUEST_ERROR_MAX];
        start_step(requester);
        if (MQTTAsync_disconnect(requester->client, &disconnect) == MQTTASYNC_SUCCESS) {
            wait_step(requester, "disconnect", CLOSE_MS, ignored);
        }
        MQTTAsync_destroy(&requester->client);
    }
    free(requester->answer);
    pthread_cond_destroy(&requester->changed);
    pthread_mutex_destroy(&requester->lock);
    free(requester);
}
