/*
 * bench_mass: everybody gone at once, against a real service and broker, started here in a temporary folder.
 *
 *   bench_mass [--service PATH] [--folder DIR] [--people N] [--set S.K=V]...       (100000)
 *
 * N people punch IN during a maintenance, which holds every AUTO_OUT, and say nothing more. When it ends, all
 * are protected for some seconds (P-6) and then fall due in the same millisecond, with the guard against mass
 * silence (P-8) out of the way. Prints how long until all AUTO_OUTs are durable (rows in the database, read
 * beside the service), and until a subscriber has every status, beside the peer: the same number of messages
 * published at QoS 1 to the same broker by this program, and received by the same subscriber.
 */
#define _GNU_SOURCE /* memmem */
#include "stage.h"
#include "wire_client.h"

#include <poll.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_S   300
#define PROTECTED_MS 5000
/* Punches under way while they come in; their receipts bound it. */
#define WINDOW 2000

struct mass {
    struct stage *stage;
    struct wire_client *talker, *watcher;
    sqlite3 *db;
    sqlite3_stmt *last_seq;
    int people;
    int64_t receipts, statuses_in, statuses_out, peers;
    bool answered;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool has(const struct wire_message *message, const char *text)
{
    return memmem(message->payload, message->payload_length, text, strlen(text)) != NULL;
}

static void on_answer(void *context, const struct wire_message *message)
{
    struct mass *mass = context;
    mass->receipts += has(message, "\"result\":\"recorded\"");
    mass->answered |= has(message, "\"ok\":true");
}

static void on_status(void *context, const struct wire_message *message)
{
    struct mass *mass = context;
    mass->statuses_in += has(message, "\"status\":\"IN\"");
    mass->statuses_out += has(message, "\"cause\":\"AUTO_OUT\"");
    mass->peers += has(message, "\"peer\"");
}

/* Takes what has come, or waits for it a little: the processor belongs to the service. */
static void read_both(struct mass *mass, int wait_ms)
{
    struct pollfd fds[] = {{.fd = wire_client_fd(mass->talker), .events = POLLIN},
                           {.fd = wire_client_fd(mass->watcher), .events = POLLIN}};
    poll(fds, 2, wait_ms);
    if (fds[0].revents != 0) {
        wire_client_read(mass->talker);
    }
    if (fds[1].revents != 0) {
        wire_client_read(mass->watcher);
    }
}

static void maintain(struct mass *mass, int64_t until_at)
{
    char payload[96];
    int length =
        snprintf(payload, sizeof payload, "{\"requestId\":\"m\",\"until\":%lld}", (long long)until_at);
    mass->answered = false;
    wire_client_publish(mass->talker, "rollcall/v1/hq/request/bench/maintenance", payload, (size_t)length);
    for (double start = seconds(); !mass->answered;) {
        read_both(mass, 10);
        if (seconds() - start > PATIENCE_S) {
            wire_client_give_up("no answer to maintenance");
        }
    }
}

static void everybody_in(struct mass *mass)
{
    char topic[128];
    double start = seconds();
    for (int sent = 0; mass->receipts < mass->people || mass->statuses_in < mass->people;) {
        if (sent < mass->people && sent - mass->receipts < WINDOW) {
            snprintf(topic, sizeof topic, "rollcall/v1/hq/emp/e%d/session/tab/punch", sent++);
            wire_client_publish(mass->talker, topic, "{\"id\":\"1\",\"type\":\"IN\"}", 22);
        } else {
            read_both(mass, 10);
        }
        if (seconds() - start > PATIENCE_S) {
            wire_client_give_up("%lld receipts of %d", (long long)mass->receipts, mass->people);
        }
    }
    printf("%d people punched IN, one after the other, in %.1f s\n", mass->people, seconds() - start);
}

static int64_t last_seq(struct mass *mass)
{
    int64_t seq = 0;
    if (sqlite3_step(mass->last_seq) == SQLITE_ROW) {
        seq = sqlite3_column_int64(mass->last_seq, 0);
    }
    sqlite3_reset(mass->last_seq);
    return seq;
}

static void open_database(struct mass *mass)
{
    char path[512];
    snprintf(path, sizeof path, "%s/rollcall.db", stage_folder(mass->stage));
    if (sqlite3_open_v2(path, &mass->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(mass->db, "SELECT max(seq) FROM punches", -1, &mass->last_seq, NULL) !=
            SQLITE_OK) {
        wire_client_give_up("%s: %s", path, sqlite3_errmsg(mass->db));
    }
}

static void everybody_gone(struct mass *mass)
{
    double due = seconds() + PROTECTED_MS / 1e3;
    double durable = 0, look = 0, durable_cpu = 0, cpu = stage_service_cpu(mass->stage);
    while (durable == 0 || mass->statuses_out < mass->people) {
        read_both(mass, 10);
        if (durable == 0 && seconds() > look) {
            look = seconds() + 0.01;
            durable = last_seq(mass) >= 2 * (int64_t)mass->people ? seconds() : 0;
            durable_cpu = stage_service_cpu(mass->stage) - cpu;
        }
        if (seconds() - due > PATIENCE_S) {
            wire_client_give_up("%lld statuses of %d", (long long)mass->statuses_out, mass->people);
        }
    }
    printf("all gone at once: AUTO_OUTs durable after %.2f s, statuses with a subscriber after %.2f s\n",
           durable - due, seconds() - due);
    printf("the service used %.2f s of a processor for it, %.2f s until they were durable\n",
           stage_service_cpu(mass->stage) - cpu, durable_cpu);
}

/* The peer: twice as many messages, as the service publishes an event and a status for each, by a bare
 * client. */
static void peer(struct mass *mass)
{
    char topic[128], payload[256];
    int length = snprintf(payload, sizeof payload, "{\"peer\":1,\"filling\":\"%0*d\"}", 170, 0);
    double start = seconds();
    for (int i = 0; i < 2 * mass->people; i++) {
        snprintf(topic, sizeof topic, "rollcall/v1/hq/emp/e%d/%s", i / 2,
                 i % 2 ? "peer/status" : "peer/event");
        wire_client_publish(mass->talker, topic, payload, (size_t)length);
        if (i % 64 == 0) {
            read_both(mass, 0);
        }
    }
    while (mass->peers < mass->people) {
        read_both(mass, 10);
    }
    printf("peer: as many messages by a bare client through the same broker: %.2f s\n", seconds() - start);
}

/* Settings of this measurement, and those that --set may add. */
#define SETTINGS_MAX 24

int main(int argc, char **argv)
{
    struct mass mass = {.people = 100000};
    const char *service = NULL, *folder = NULL;
    const char *settings[SETTINGS_MAX + 1] = {
        "presence.hold_min=2000000000", "presence.reconnect_ms=5000", "presence.interval_ms.browser=1000",
        "limits.employees=1000000",     "limits.sessions=1000000",    "site.names=hq"};
    for (int i = 1, set = 6; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--people") == 0) {
            mass.people = (int)strtol(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--service") == 0) {
            service = argv[i + 1];
        } else if (strcmp(argv[i], "--folder") == 0) {
            folder = argv[i + 1];
        } else if (strcmp(argv[i], "--set") == 0 && set < SETTINGS_MAX) {
            settings[set++] = argv[i + 1];
        } else {
            wire_client_give_up("no such option: %s", argv[i]);
        }
    }
    mass.stage = stage_open(service, folder, settings);
    mass.talker = wire_client_open(stage_port(mass.stage), "bench", on_answer, &mass);
    mass.watcher = wire_client_open(stage_port(mass.stage), "watcher", on_status, &mass);
    wire_client_subscribe(mass.talker, "rollcall/v1/hq/reply/bench/#", 1);
    wire_client_subscribe(mass.talker, "rollcall/v1/hq/emp/+/session/+/receipt", 1);
    wire_client_subscribe(mass.watcher, "rollcall/v1/hq/emp/+/status", 1);
    wire_client_subscribe(mass.watcher, "rollcall/v1/hq/emp/+/peer/status", 1);
    open_database(&mass);
    maintain(&mass, (int64_t)time(NULL) * 1000 + 3600000);
    everybody_in(&mass);
    maintain(&mass, 0);
    everybody_gone(&mass);
    peer(&mass);
    sqlite3_finalize(mass.last_seq);
    sqlite3_close(mass.db);
    wire_client_close(mass.talker);
    wire_client_close(mass.watcher);
    stage_close(mass.stage);
    return 0;
}
