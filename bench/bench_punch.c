/*
 * bench_punch: punches with receipts against a real service and broker, started here in a temporary folder.
 *
 *   bench_punch [--service PATH] [--folder DIR] [--punches N] [--clients N] [--seconds N] [--set S.K=V]...
 *
 * First one client punches IN and OUT by turns, each time waiting for the receipt and for the status at
 * another subscriber: how long from the punch published to the receipt, and to the status. Then so many
 * clients do the same at once, each with one punch under way: how many a second, and how long to the receipt.
 * A punch that is not recorded ends it with exit code 1: only what is durable counts. Run it on the disk that
 * matters (--folder).
 */
#include "stage.h"
#include "wire_client.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

/* Nothing takes so long that works. */
#define PATIENCE_MS 10000

#define WARM_UP 200

struct times {
    int64_t *ns;
    size_t count, capacity;
};

/* One client is one employee at one session. */
struct puncher {
    struct wire_client *client;
    struct times *times; /* of receipts */
    int number;
    int64_t punches;
    int64_t sent_ns;
    bool waiting;
    char id[32];
    char topic[128];
};

/* The other subscriber. */
struct watcher {
    struct wire_client *client;
    int64_t seen; /* statuses */
};

/* Settings that --set may give to the service. */
#define SETS_MAX 16

struct options {
    const char *service, *folder;
    const char *sets[SETS_MAX + 1];
    size_t set_count;
    int punches, clients, seconds;
};

/* ---- times ---- */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void keep(struct times *times, int64_t ns)
{
    if (times->count == times->capacity) {
        times->capacity = times->capacity == 0 ? 4096 : 2 * times->capacity;
        times->ns = realloc(times->ns, times->capacity * sizeof *times->ns);
        if (times->ns == NULL) {
            wire_client_give_up("no memory");
        }
    }
    times->ns[times->count++] = ns;
}

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

/* at_share returns, in ms, what so large a share of the times is not above; the times must be in order. */
static double at_share(const struct times *times, double share)
{
    size_t index = (size_t)(share * (double)(times->count - 1));
    return (double)times->ns[index] / 1e6;
}

static void print_times(const char *what, struct times *times)
{
    qsort(times->ns, times->count, sizeof *times->ns, by_value);
    printf("  %-36s p50 %7.3f ms   p99 %7.3f ms   max %7.3f ms   (%zu)\n", what, at_share(times, 0.5),
           at_share(times, 0.99), at_share(times, 1), times->count);
}

/* ---- punching ---- */

static void on_receipt(void *context, const struct wire_message *message)
{
    struct puncher *puncher = context;
    char expected[64];
    int length = snprintf(expected, sizeof expected, "{\"id\":\"%s\",\"result\":\"recorded\"", puncher->id);
    if (message->payload_length < (size_t)length || memcmp(message->payload, expected, (size_t)length) != 0) {
        wire_client_give_up("expected %s, got %.*s", expected, (int)message->payload_length,
                            message->payload);
    }
    keep(puncher->times, now_ns() - puncher->sent_ns);
    puncher->waiting = false;
}

static void on_status(void *context, const struct wire_message *message)
{
    (void)message;
    ((struct watcher *)context)->seen++;
}

static void open_puncher(struct puncher *puncher, int port, int number, struct times *times)
{
    char client_id[64];
    char filter[128];
    *puncher = (struct puncher){.number = number, .times = times};
    snprintf(client_id, sizeof client_id, "bench-%d", number);
    snprintf(filter, sizeof filter, "rollcall/v1/hq/emp/bench-%d/session/desk/receipt", number);
    snprintf(puncher->topic, sizeof puncher->topic, "rollcall/v1/hq/emp/bench-%d/session/desk/punch", number);
    puncher->client = wire_client_open(port, client_id, on_receipt, puncher);
    wire_client_subscribe(puncher->client, filter, 1);
}

static void punch(struct puncher *puncher)
{
    char payload[96];
    snprintf(puncher->id, sizeof puncher->id, "p-%lld", (long long)puncher->punches);
    int length = snprintf(payload, sizeof payload, "{\"id\":\"%s\",\"type\":\"%s\"}", puncher->id,
                          puncher->punches % 2 == 0 ? "IN" : "OUT");
    puncher->punches++;
    puncher->waiting = true;
    puncher->sent_ns = now_ns();
    wire_client_publish(puncher->client, puncher->topic, payload, (size_t)length);
}

static void watch(int epoll, int fd, void *what)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        wire_client_give_up("epoll does not take a socket");
    }
}

/* ---- one client ---- */

/* punch_and_wait returns when receipt and status are there; the status's time is kept unless times is NULL.
 */
static void punch_and_wait(int epoll, struct puncher *puncher, struct watcher *watcher,
                           struct times *statuses)
{
    int64_t seen = watcher->seen;
    bool status_waits = true;
    punch(puncher);
    while (puncher->waiting || status_waits) {
        struct epoll_event ready[2];
        int count = epoll_wait(epoll, ready, 2, PATIENCE_MS);
        if (count <= 0) {
            wire_client_give_up("punch %s has no %s", puncher->id, puncher->waiting ? "receipt" : "status");
        }
        for (int i = 0; i < count; i++) {
            wire_client_read(ready[i].data.ptr);
        }
        if (status_waits && watcher->seen > seen) {
            keep(statuses, now_ns() - puncher->sent_ns);
            status_waits = false;
        }
    }
}

static void measure_one(int port, int punches)
{
    struct times receipts = {0};
    struct times statuses = {0};
    struct puncher puncher;
    struct watcher watcher = {0};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    open_puncher(&puncher, port, 0, &receipts);
    watcher.client = wire_client_open(port, "bench-watcher", on_status, &watcher);
    wire_client_subscribe(watcher.client, "rollcall/v1/hq/emp/bench-0/status", 1);
    watch(epoll, wire_client_fd(puncher.client), puncher.client);
    watch(epoll, wire_client_fd(watcher.client), watcher.client);
    for (int i = 0; i < WARM_UP; i++) {
        punch_and_wait(epoll, &puncher, &watcher, &statuses);
    }
    receipts.count = statuses.count = 0;
    int64_t begin = now_ns();
    for (int i = 0; i < punches; i++) {
        punch_and_wait(epoll, &puncher, &watcher, &statuses);
    }
    double seconds = (double)(now_ns() - begin) / 1e9;
    printf("one client, one punch at a time: %.0f a second\n", punches / seconds);
    print_times("published to receipt", &receipts);
    print_times("published to status at a subscriber", &statuses);
    wire_client_close(puncher.client);
    wire_client_close(watcher.client);
    free(receipts.ns);
    free(statuses.ns);
}

/* ---- many clients ---- */

/* serve lets whoever has a receipt punch again, until so many ns have passed; returns how long it took. */
static int64_t serve(int epoll, struct puncher *punchers, int clients, int64_t duration_ns)
{
    struct epoll_event ready[64];
    int64_t begin = now_ns();
    for (int i = 0; i < clients; i++) {
        punch(&punchers[i]);
    }
    for (int waiting = clients; waiting > 0;) {
        int count = epoll_wait(epoll, ready, 64, PATIENCE_MS);
        if (count <= 0) {
            wire_client_give_up("%d punches have no receipt", waiting);
        }
        for (int i = 0; i < count; i++) {
            struct puncher *puncher = ready[i].data.ptr;
            bool was_waiting = puncher->waiting;
            wire_client_read(puncher->client);
            if (!was_waiting || puncher->waiting) {
                continue;
            }
            if (now_ns() - begin < duration_ns) {
                punch(puncher);
            } else {
                waiting--;
            }
        }
    }
    return now_ns() - begin;
}

static void measure_many(const struct stage *stage, int clients, int seconds)
{
    struct times receipts = {0};
    struct puncher *punchers = calloc((size_t)clients, sizeof *punchers);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (punchers == NULL) {
        wire_client_give_up("no memory");
    }
    for (int i = 0; i < clients; i++) {
        open_puncher(&punchers[i], stage_port(stage), i + 1, &receipts);
        watch(epoll, wire_client_fd(punchers[i].client), &punchers[i]);
    }
    serve(epoll, punchers, clients, 500 * 1000000LL); /* warms up */
    receipts.count = 0;
    double service = stage_service_cpu(stage);
    double broker = stage_broker_cpu(stage);
    int64_t took_ns = serve(epoll, punchers, clients, seconds * 1000000000LL);
    printf("%d clients, each one punch at a time: %.0f a second\n", clients,
           (double)receipts.count / ((double)took_ns / 1e9));
    print_times("published to receipt", &receipts);
    double each_us = 1e6 / (double)receipts.count;
    printf("  processor time a punch: service %.0f us, broker %.0f us\n",
           (stage_service_cpu(stage) - service) * each_us, (stage_broker_cpu(stage) - broker) * each_us);
    for (int i = 0; i < clients; i++) {
        wire_client_close(punchers[i].client);
    }
    free(punchers);
    free(receipts.ns);
}

/* ---- the command ---- */

static int number_of(const char *text, const char *option)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (*end != '\0' || number < 1 || number > 1000000) {
        wire_client_give_up("%s needs a number from 1 to 1000000, not %s", option, text);
    }
    return (int)number;
}

static struct options read_options(int argc, char **argv)
{
    struct options options = {.punches = 2000, .clients = 100, .seconds = 10};
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--service") == 0) {
            options.service = value;
        } else if (strcmp(argv[i], "--folder") == 0) {
            options.folder = value;
        } else if (strcmp(argv[i], "--set") == 0 && options.set_count < SETS_MAX) {
            options.sets[options.set_count++] = value;
        } else if (strcmp(argv[i], "--punches") == 0) {
            options.punches = number_of(value, argv[i]);
        } else if (strcmp(argv[i], "--clients") == 0) {
            options.clients = number_of(value, argv[i]);
        } else if (strcmp(argv[i], "--seconds") == 0) {
            options.seconds = number_of(value, argv[i]);
        } else {
            wire_client_give_up(
                "bench_punch [--service PATH] [--folder DIR] [--punches N] [--clients N] [--seconds N] "
                "[--set S.K=V]...");
        }
    }
    return options;
}

int main(int argc, char **argv)
{
    struct options options = read_options(argc, argv);
    struct stage *stage = stage_open(options.service, options.folder, options.sets);
    measure_one(stage_port(stage), options.punches);
    measure_many(stage, options.clients, options.seconds);
    stage_close(stage);
    return 0;
}
