/*
 * link.c: opening and closing a link, and what can be asked of it. See client.h for the inside.
 */
#include "link/client.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEEPALIVE_S_DEFAULT    10
#define SESSION_EXPIRY_DEFAULT (7u * 24 * 3600)

/* Publications that Paho buffers: all in flight, and what forgotten windows left there. Beyond it the
 * connection is given up (publish.c). */
#define PAHO_BUFFERED_MAX (4 * RC_LINK_INFLIGHT)

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_tls(const char *uri)
{
    return starts_with(uri, "ssl://") || starts_with(uri, "mqtts://") || starts_with(uri, "wss://");
}

static const char *find_fault(const struct rc_link_options *options)
{
    const char *uri = options->uri;
    if (uri == NULL || !(is_tls(uri) || starts_with(uri, "tcp://") || starts_with(uri, "mqtt://") ||
                         starts_with(uri, "ws://")))
        return "the broker's address must begin with tcp://, mqtt://, ssl://, mqtts://, ws:// or wss://";
    if (options->client_id == NULL || options->client_id[0] == '\0')
        return "the client id is missing: the broker keeps our session under it";
    if (options->site_name.length == 0)
        return "the site is missing";
    if (options->keepalive_s < 0 || options->keepalive_s > UINT16_MAX)
        return "the keepalive must be 1 to 65535 s";
    if (options->password_file != NULL && options->username == NULL)
        return "there is a password, but no user name";
    if ((options->certificate_file == NULL) != (options->key_file == NULL))
        return "a certificate and its key come together";
    return NULL;
}

/* Copies text, NULL included; *ok turns false where there is no memory. */
static char *copy(const char *text, bool *ok)
{
    char *copied = text != NULL ? strdup(text) : NULL;
    *ok = *ok && (text == NULL || copied != NULL);
    return copied;
}

static void *copy_bytes(const void *bytes, size_t length, bool *ok)
{
    /* One more, so that a text ends in NUL. */
    char *copied = calloc(1, length + 1);
    if (copied != NULL && length > 0)
        memcpy(copied, bytes, length);
    *ok = *ok && copied != NULL;
    return copied;
}

static bool copy_options(struct rc_link *link, const struct rc_link_options *options)
{
    bool ok = true;
    link->site = options->site;
    link->keepalive_s = options->keepalive_s > 0 ? options->keepalive_s : KEEPALIVE_S_DEFAULT;
    link->session_expiry_s =
        options->session_expiry_s > 0 ? options->session_expiry_s : SESSION_EXPIRY_DEFAULT;
    link->random = options->seed;
    link->uri = copy(options->uri, &ok);
    link->tls = is_tls(options->uri);
    link->client_id = copy(options->client_id, &ok);
    link->username = copy(options->username, &ok);
    link->password_file = copy(options->password_file, &ok);
    link->ca_file = copy(options->ca_file, &ok);
    link->certificate_file = copy(options->certificate_file, &ok);
    link->key_file = copy(options->key_file, &ok);
    link->site_name = copy_bytes(options->site_name.text, options->site_name.length, &ok);
    if (options->mac_key != NULL)
        link->mac_key = copy_bytes(options->mac_key, options->mac_key_length, &ok);
    link->mac_key_length = options->mac_key_length;
    if (options->will_topic.length > 0) {
        link->will_topic = copy_bytes(options->will_topic.data, options->will_topic.length, &ok);
        link->will_payload = copy_bytes(options->will_payload.data, options->will_payload.length, &ok);
        link->will_length = options->will_payload.length;
    }
    return ok;
}

static void release(struct rc_link *link)
{
    free(link->uri);
    free(link->client_id);
    free(link->username);
    free(link->password_file);
    free(link->ca_file);
    free(link->certificate_file);
    free(link->key_file);
    free(link->site_name);
    free(link->mac_key);
    free(link->will_topic);
    free(link->will_payload);
    rc_ring_free(link->out);
    free(link);
}

/* Paho formats a line for each packet into a buffer in memory, asked or not. It does so still where its own
 * environment variable asks for them. */
static void quieten_paho(void)
{
    if (getenv("MQTT_C_CLIENT_TRACE") == NULL)
        MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
}

static int make_client(struct rc_link *link)
{
    quieten_paho();
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer5;
    options.maxBufferedMessages = PAHO_BUFFERED_MAX;
    options.sendWhileDisconnected = 0;
    options.deleteOldestMessages = 0;
    int rc = MQTTAsync_createWithOptions(&link->client, link->uri, link->client_id,
                                         MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
    if (rc == MQTTASYNC_SUCCESS)
        rc_link_prepare(link);
    return rc;
}

static void init_state(struct rc_link *link)
{
    pthread_condattr_t attributes;
    pthread_mutex_init(&link->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&link->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    link->phase = RC_LINK_DUE;
    link->retry_now = link->give_up_now = link->ready_now = RC_NONE;
    link->backoff_ms = RC_LINK_BACKOFF_MS_MIN;
    atomic_store(&link->window, RC_LINK_INFLIGHT);
}

/* Signals are the service thread's business; Paho's threads begin on this one and take its mask. */
static bool start_thread(struct rc_link *link)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&link->thread, NULL, rc_link_run, link) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static struct rc_link *open_with(struct rc_link *link, char error[256])
{
    int rc = 0;
    init_state(link);
    link->out = rc_ring_alloc(RC_LINK_OUT_BYTES);
    if (link->out == NULL || !rc_wake_init(&link->work)) {
        snprintf(error, 256, "no memory or file descriptors for a link");
        goto no_wake;
    }
    if (!rc_link_register(link)) {
        snprintf(error, 256, "more than %d links", RC_LINKS_MAX);
        goto no_place;
    }
    rc = make_client(link);
    if (rc != MQTTASYNC_SUCCESS) {
        snprintf(error, 256, "Paho makes no client for %.150s, code %d", link->uri, rc);
        goto no_client;
    }
    if (start_thread(link))
        return link;
    snprintf(error, 256, "no thread for a link");
    MQTTAsync_destroy(&link->client);
no_client:
    rc_link_unregister(link);
no_place:
    rc_wake_fini(&link->work);
no_wake:
    pthread_cond_destroy(&link->changed);
    pthread_mutex_destroy(&link->lock);
    release(link);
    return NULL;
}

struct rc_link *rc_link_open(const struct rc_link_options *options, struct rc_inbox *inbox, char error[256])
{
    const char *fault = find_fault(options);
    if (fault != NULL) {
        snprintf(error, 256, "%s", fault);
        return NULL;
    }
    struct rc_link *link = calloc(1, sizeof *link);
    if (link == NULL || !copy_options(link, options)) {
        snprintf(error, 256, "no memory for a link");
        if (link != NULL)
            release(link);
        return NULL;
    }
    link->inbox = inbox;
    /* A broker that goes while we write must not end the process; Paho sees to it only in part. */
    signal(SIGPIPE, SIG_IGN);
    return open_with(link, error);
}

static void await_flight(struct rc_link *link, int timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&link->lock);
    while (atomic_load(&link->in_flight) > 0 &&
           pthread_cond_timedwait(&link->changed, &link->lock, &until) != ETIMEDOUT) {
    }
    link->phase = RC_LINK_CLOSING;
    pthread_mutex_unlock(&link->lock);
}

void rc_link_close(struct rc_link *link, int timeout_ms)
{
    if (link == NULL)
        return;
    await_flight(link, timeout_ms);
    atomic_store(&link->closing, true);
    rc_wake_call(&link->work);
    pthread_join(link->thread, NULL);
    MQTTAsync_destroy(&link->client);
    rc_link_unregister(link);
    rc_wake_fini(&link->work);
    pthread_cond_destroy(&link->changed);
    pthread_mutex_destroy(&link->lock);
    release(link);
}

bool rc_link_is_up(const struct rc_link *link)
{
    return atomic_load(&link->up);
}

uint64_t rc_link_reconnects(const struct rc_link *link)
{
    uint64_t sessions = atomic_load(&link->sessions);
    return sessions > 0 ? sessions - 1 : 0;
}

uint64_t rc_link_unsendable(const struct rc_link *link)
{
    return atomic_load(&link->unsendable);
}

void rc_link_why(struct rc_link *link, char out[RC_LINK_WHY_MAX])
{
    pthread_mutex_lock(&link->lock);
    memcpy(out, link->why, RC_LINK_WHY_MAX);
    pthread_mutex_unlock(&link->lock);
}
