/*
 * connect.c: the life of a connection: connect, up, lost, again after a while (client.h has the drawing). The
 * link's own thread carries out; tend, on the service thread, says when; Paho's callbacks say what came of
 * it.
 */
#include "link/client.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What MQTT 5 takes for granted where a CONNACK does not say. */
#define RECEIVE_MAXIMUM_DEFAULT 65535
#define PACKET_SIZE_DEFAULT     268435460u

/* A clean DISCONNECT that is not through by then is left to the closing of the socket. */
#define DISCONNECT_MS 1000

static int64_t clock_ms(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void put(struct rc_link *link, enum rc_inbound_kind kind, int64_t number, bool session_present,
                struct rc_text why)
{
    struct rc_inbound entry = {
        .kind = kind,
        .site = link->site,
        .now = clock_ms(CLOCK_BOOTTIME),
        .at = clock_ms(CLOCK_REALTIME),
        .session_present = session_present,
        .expiry_s = RC_NONE,
        .rc_at = RC_NONE,
        .number = number,
        .payload = why,
    };
    (void)rc_inbox_put(link->inbox, &entry); /* dropped: counted there */
}

void rc_link_put(struct rc_link *link, enum rc_inbound_kind kind, int64_t number, bool session_present)
{
    put(link, kind, number, session_present, (struct rc_text){0});
}

static void explain(struct rc_link *link, const char *why)
{
    snprintf(link->why, sizeof link->why, "%s", why);
}

/* ---- up and down ---- */

static void go_up(struct rc_link *link, bool session_present)
{
    atomic_fetch_add(&link->sessions, 1);
    atomic_store(&link->up, true);
    rc_link_put(link, RC_INBOUND_UP, 0, session_present);
}

/* The connection is gone, or was never made. why NULL: it has been said. */
static void lost(struct rc_link *link, const char *why)
{
    char said[RC_LINK_WHY_MAX]; /* by the time that it is read, link->why may be of the next attempt */
    pthread_mutex_lock(&link->lock);
    bool ours =
        link->phase != RC_LINK_WAITING && link->phase != RC_LINK_DUE && link->phase != RC_LINK_CLOSING;
    bool was_up = ours && link->announced;
    if (ours) {
        link->phase = RC_LINK_WAITING;
        link->retry_now = RC_NONE;
        link->announced = false;
        if (why != NULL)
            explain(link, why);
    }
    memcpy(said, link->why, sizeof said);
    pthread_mutex_unlock(&link->lock);
    if (!was_up)
        return;
    atomic_store(&link->up, false);
    rc_link_refuse_all(link);
    put(link, RC_INBOUND_DOWN, 0, false, (struct rc_text){said, strlen(said)});
    rc_wake_nudge(&link->work);
}

void rc_link_fail(struct rc_link *link, const char *why)
{
    pthread_mutex_lock(&link->lock);
    if (link->phase == RC_LINK_CONNECTING || link->phase == RC_LINK_SUBSCRIBING ||
        link->phase == RC_LINK_READY) {
        link->phase = RC_LINK_DROPPED;
        explain(link, why);
    }
    pthread_mutex_unlock(&link->lock);
    rc_wake_nudge(&link->work);
}

void rc_link_is_subscribed(struct rc_link *link)
{
    pthread_mutex_lock(&link->lock);
    bool ours = link->phase == RC_LINK_SUBSCRIBING;
    bool announce = ours && !link->announced;
    if (ours) {
        link->phase = RC_LINK_READY;
        link->announced = true;
        link->ready_now = RC_NONE;
    }
    pthread_mutex_unlock(&link->lock);
    if (announce)
        go_up(link, false);
}

/* ---- Paho's callbacks ---- */

static unsigned property_or(MQTTProperties *properties, enum MQTTPropertyCodes code, unsigned otherwise)
{
    return MQTTProperties_hasProperty(properties, code)
               ? (unsigned)MQTTProperties_getNumericValue(properties, code)
               : otherwise;
}

static void on_connected(void *context, MQTTAsync_successData5 *data)
{
    struct rc_link *link = context;
    bool known = data->alt.connect.sessionPresent != 0;
    /* Paho stalls for up to a second where the broker's window is full; so ours is never larger. */
    unsigned window =
        property_or(&data->properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, RECEIVE_MAXIMUM_DEFAULT);
    atomic_store(&link->window, window < RC_LINK_INFLIGHT ? window : RC_LINK_INFLIGHT);
    atomic_store(&link->packet_max,
                 property_or(&data->properties, MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE, PACKET_SIZE_DEFAULT));
    pthread_mutex_lock(&link->lock);
    bool ours = link->phase == RC_LINK_CONNECTING;
    if (ours) {
        link->phase = RC_LINK_SUBSCRIBING;
        link->announced = known;
    }
    pthread_mutex_unlock(&link->lock);
    if (!ours)
        return; /* given up meanwhile: the link's thread disconnects */
    rc_link_settle(link);
    if (known)
        go_up(link, true);
    rc_link_subscribe(link);
}

static void on_not_connected(void *context, MQTTAsync_failureData5 *data)
{
    char why[RC_LINK_WHY_MAX];
    /* Where the broker refused, its reason code stands in `code`. */
    int reason = data->code > 0 ? data->code : (int)data->reasonCode;
    if (reason > 0)
        snprintf(why, sizeof why, "the broker refused: %s",
                 MQTTReasonCode_toString((enum MQTTReasonCodes)reason));
    else
        snprintf(why, sizeof why, "no connection: %s",
                 data->message != NULL ? data->message : "refused or timed out");
    lost(context, why);
}

static void on_lost(void *context, char *cause)
{
    lost(context, cause != NULL ? cause : "connection lost");
}

/* After a DISCONNECT from the broker Paho calls this, and not on_lost. */
static void on_dismissed(void *context, MQTTProperties *properties, enum MQTTReasonCodes reason)
{
    char why[RC_LINK_WHY_MAX];
    const char *text = MQTTReasonCode_toString(reason);
    (void)properties;
    snprintf(why, sizeof why, "the broker disconnected us: %s (0x%02X)",
             text != NULL ? text : "for no known reason", (unsigned)reason);
    lost(context, why);
}

void rc_link_prepare(struct rc_link *link)
{
    MQTTAsync_setCallbacks(link->client, link, on_lost, rc_link_receive, NULL);
    MQTTAsync_setDisconnected(link->client, link, on_dismissed);
}

/* ---- the link's thread ---- */

/* Reads the password, without a line feed at its end; negative: it cannot be read. */
static ssize_t read_password(const char *path, char out[RC_LINK_PASSWORD_MAX])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = 0, got = 1;
    while (got > 0 && length < RC_LINK_PASSWORD_MAX) {
        got = read(fd, out + length, (size_t)(RC_LINK_PASSWORD_MAX - length));
        length += got > 0 ? got : 0;
    }
    close(fd);
    if (got < 0 || length == RC_LINK_PASSWORD_MAX)
        return -1;
    while (length > 0 && (out[length - 1] == '\n' || out[length - 1] == '\r'))
        length--;
    return length;
}

static MQTTAsync_SSLOptions tls_options(const struct rc_link *link)
{
    MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;
    tls.trustStore = link->ca_file;
    tls.keyStore = link->certificate_file;
    tls.privateKey = link->key_file;
    tls.enableServerCertAuth = 1;
    tls.verify = 1; /* the certificate must name the host that we asked for */
    tls.sslVersion = MQTT_SSL_VERSION_TLS_1_2;
    return tls;
}

/* Everything but the password. Paho copies it all. */
static int start_connect(struct rc_link *link, const char *password, size_t password_length)
{
    MQTTAsync_connectOptions options = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
    MQTTAsync_SSLOptions tls = tls_options(link);
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL};
    expiry.value.integer4 = link->session_expiry_s;
    if (MQTTProperties_add(&properties, &expiry) != 0)
        return MQTTASYNC_FAILURE;
    options.keepAliveInterval = link->keepalive_s;
    options.cleanstart = 0;
    options.automaticReconnect = 0;
    options.maxInflight = RECEIVE_MAXIMUM_DEFAULT; /* we keep the window */
    options.connectTimeout = RC_LINK_CONNECT_S;
    options.connectProperties = &properties;
    options.username = link->username;
    options.binarypwd.data = password;
    options.binarypwd.len = (int)password_length;
    options.onSuccess5 = on_connected;
    options.onFailure5 = on_not_connected;
    options.context = link;
    options.ssl = link->tls ? &tls : NULL;
    if (link->will_topic != NULL) {
        will.topicName = link->will_topic;
        will.payload.data = link->will_payload;
        will.payload.len = (int)link->will_length;
        will.retained = 1;
        will.qos = 1;
        options.will = &will;
    }
    int rc = MQTTAsync_connect(link->client, &options);
    MQTTProperties_free(&properties);
    return rc;
}

static void connect_now(struct rc_link *link)
{
    char password[RC_LINK_PASSWORD_MAX], why[RC_LINK_WHY_MAX] = "";
    ssize_t length = 0;
    pthread_mutex_lock(&link->lock);
    link->phase = RC_LINK_CONNECTING;
    link->give_up_now = RC_NONE;
    pthread_mutex_unlock(&link->lock);
    if (link->password_file != NULL)
        length = read_password(link->password_file, password);
    if (length < 0) {
        snprintf(why, sizeof why, "cannot read the password from %.100s", link->password_file);
    } else {
        int rc = start_connect(link, link->password_file != NULL ? password : NULL, (size_t)length);
        if (rc != MQTTASYNC_SUCCESS)
            snprintf(why, sizeof why, "Paho does not connect, code %d", rc);
    }
    OPENSSL_cleanse(password, sizeof password);
    if (why[0] != '\0')
        lost(link, why);
}

/* With our will: to those who watch service/status we are gone. */
static void drop_now(struct rc_link *link)
{
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
    options.reasonCode = MQTTREASONCODE_DISCONNECT_WITH_WILL_MESSAGE;
    (void)MQTTAsync_disconnect(link->client, &options); /* not connected: just as well */
    lost(link, NULL);
}

static void on_disconnected(void *context, MQTTAsync_successData5 *data)
{
    struct rc_link *link = context;
    (void)data;
    pthread_mutex_lock(&link->lock);
    link->disconnected = true;
    pthread_cond_broadcast(&link->changed);
    pthread_mutex_unlock(&link->lock);
}

static void close_now(struct rc_link *link)
{
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer5;
    struct timespec until;
    options.onSuccess5 = on_disconnected;
    options.context = link;
    if (MQTTAsync_disconnect(link->client, &options) != MQTTASYNC_SUCCESS)
        return;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += DISCONNECT_MS / 1000;
    pthread_mutex_lock(&link->lock);
    while (!link->disconnected && pthread_cond_timedwait(&link->changed, &link->lock, &until) != ETIMEDOUT) {
    }
    pthread_mutex_unlock(&link->lock);
}

static enum rc_link_phase phase_of(struct rc_link *link)
{
    pthread_mutex_lock(&link->lock);
    enum rc_link_phase phase = link->phase;
    pthread_mutex_unlock(&link->lock);
    return phase;
}

static bool has_work(struct rc_link *link)
{
    enum rc_link_phase phase = phase_of(link);
    return phase == RC_LINK_DUE || phase == RC_LINK_DROPPED || phase == RC_LINK_CLOSING ||
           atomic_load(&link->forget) || rc_link_may_hand_over(link);
}

void *rc_link_run(void *context)
{
    struct rc_link *link = context;
    for (;;) {
        enum rc_link_phase phase = phase_of(link);
        if (phase == RC_LINK_CLOSING) {
            close_now(link);
            return NULL;
        }
        if (phase == RC_LINK_DUE)
            connect_now(link);
        else if (phase == RC_LINK_DROPPED)
            drop_now(link);
        if (atomic_exchange(&link->forget, false))
            rc_link_forget_held(link);
        rc_link_hand_over(link);
        rc_wake_announce(&link->work);
        if (has_work(link))
            rc_wake_stay(&link->work);
        else
            rc_wake_sleep(&link->work, -1);
    }
}

/* ---- the service thread ---- */

/* splitmix64 */
static uint64_t next_random(struct rc_link *link)
{
    uint64_t z = link->random += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Half of it is certain and half is chance, so that the clients of a broker that comes back do not come all
 * at once. */
static int64_t next_wait_ms(struct rc_link *link)
{
    int64_t half = link->backoff_ms / 2;
    int64_t wait = half + (int64_t)(next_random(link) % (uint64_t)(half + 1));
    link->backoff_ms *= 2;
    if (link->backoff_ms > RC_LINK_BACKOFF_MS_MAX)
        link->backoff_ms = RC_LINK_BACKOFF_MS_MAX;
    return wait;
}

/* Under the lock. Returns whether the link's thread has something to do. */
static bool tend(struct rc_link *link, int64_t now)
{
    switch (link->phase) {
    case RC_LINK_WAITING:
        if (link->retry_now == RC_NONE)
            link->retry_now = now + next_wait_ms(link);
        if (now < link->retry_now)
            return false;
        link->phase = RC_LINK_DUE;
        return true;
    case RC_LINK_CONNECTING:
    case RC_LINK_SUBSCRIBING:
        if (link->give_up_now == RC_NONE)
            link->give_up_now = now + RC_LINK_ATTEMPT_MS;
        if (now < link->give_up_now)
            return false;
        link->phase = RC_LINK_DROPPED;
        explain(link, "the broker does not answer");
        return true;
    case RC_LINK_READY:
        if (link->ready_now == RC_NONE) {
            link->ready_now = now;
            link->settled_now = now + RC_LINK_SETTLE_MS;
        }
        if (now - link->ready_now >= RC_LINK_STEADY_MS)
            link->backoff_ms = RC_LINK_BACKOFF_MS_MIN;
        if (!atomic_load(&link->settling) || now < link->settled_now)
            return false;
        atomic_store(&link->forget, true);
        return true;
    case RC_LINK_DUE:
    case RC_LINK_DROPPED:
    case RC_LINK_CLOSING:
        break;
    }
    return false;
}

void rc_link_tend(struct rc_link *link, int64_t now)
{
    pthread_mutex_lock(&link->lock);
    bool work = tend(link, now);
    pthread_mutex_unlock(&link->lock);
    if (work)
        rc_wake_nudge(&link->work);
}
