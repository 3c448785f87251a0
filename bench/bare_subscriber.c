/*
 * bare_subscriber.c: the least that a subscriber on Paho's MQTTAsync can do: count. What bench_link measures
 * the link against; linked to Paho's shared library as the system has it. Says `ready` when it is subscribed,
 * and the count of messages when it has them all or none came for 5 s.
 *
 *     bare_subscriber URI FILTER COUNT
 */
#include <MQTTAsync.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static MQTTAsync client;
static const char *filter;
static atomic_long received;
static long wanted;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t complete = PTHREAD_COND_INITIALIZER;

static int on_message(void *context, char *topic, int length, MQTTAsync_message *message)
{
    (void)context;
    (void)length;
    if (atomic_fetch_add(&received, 1) + 1 == wanted) {
        pthread_mutex_lock(&lock);
        pthread_cond_signal(&complete);
        pthread_mutex_unlock(&lock);
    }
    MQTTAsync_freeMessage(&message);
    MQTTAsync_free(topic);
    return 1;
}

static void on_subscribed(void *context, MQTTAsync_successData5 *data)
{
    (void)context;
    (void)data;
    puts("ready");
    fflush(stdout);
}

static void on_connected(void *context, MQTTAsync_successData5 *data)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    (void)context;
    (void)data;
    response.onSuccess5 = on_subscribed;
    response.subscribeOptions.retainHandling = 2;
    MQTTAsync_subscribe(client, filter, 0, &response);
}

static void await_all(void)
{
    long before = -1;
    pthread_mutex_lock(&lock);
    while (atomic_load(&received) < wanted && (atomic_load(&received) != before || before == 0)) {
        struct timespec until;
        before = atomic_load(&received);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 5;
        pthread_cond_timedwait(&complete, &lock, &until);
    }
    pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
    MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer5;
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
    if (argc != 4) {
        fputs("usage: bare_subscriber URI FILTER COUNT\n", stderr);
        return 2;
    }
    filter = argv[2];
    wanted = strtol(argv[3], NULL, 10);
    if (MQTTAsync_createWithOptions(&client, argv[1], "bare", MQTTCLIENT_PERSISTENCE_NONE, NULL, &create) !=
        0)
        return 1;
    MQTTAsync_setCallbacks(client, NULL, NULL, on_message, NULL);
    connect.onSuccess5 = on_connected;
    if (MQTTAsync_connect(client, &connect) != 0)
        return 1;
    await_all();
    printf("%ld\n", atomic_load(&received));
    /* The process ends here, and Paho's threads with it: what its closing costs is not to be measured. */
    fflush(stdout);
    _Exit(0);
}
