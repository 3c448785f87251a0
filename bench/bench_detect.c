/*
 * bench_detect: how late a service notices that somebody is gone, under load: a real service and broker,
 * started here in a temporary folder.
 *
 *   bench_detect [--service PATH] [--folder DIR] [--people N] [--load N] [--silent N] [--seconds N]
 *                                                (10000 people, 5000, 20 a second, 60 s)
 *
 * So many people are IN, each with a browser that beats every ten seconds, and `load` more heartbeats a
 * second come from the same sessions. Then `silent` of them a second fall silent, for so many seconds; each
 * is due 30 s after the last heartbeat that counted (P-1). For every AUTO_OUT prints, from that deadline, how
 * long until it was decided (as the log says), until its event was with a subscriber, so after the COMMIT,
 * and what the service's own metric says.
 */
#define _GNU_SOURCE /* memmem */
#include "stage.h"
#include "wire_client.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL_MS  10000
#define THRESHOLD_MS 30000
/* Nothing takes so long that works. */
#define PATIENCE_S 120
/* Punches under way while they come in; their receipts bound it. */
#define WINDOW 500

struct detect {
    struct stage *stage;
    struct wire_client *talker, *watcher;
    int people, load, silent, seconds;
    int gone; /* e0 up to here are silent */
    int http_port;
    int64_t receipts, events;
    int64_t *late_ms; /* of events with the subscriber, behind their deadlines */
    uint64_t random;
};

static int64_t wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void on_receipt(void *context, const struct wire_message *message)
{
    struct detect *detect = context;
    detect->receipts +=
        memmem(message->payload, message->payload_length, "\"recorded\"", strlen("\"recorded\"")) != NULL;
}

static int64_t number_behind(const struct wire_message *message, const char *name)
{
    char digits[24] = "";
    const char *end = message->payload + message->payload_length;
    const char *at = memmem(message->payload, message->payload_length, name, strlen(name));
    for (size_t i = 0; at != NULL && i + 1 < sizeof digits && at + strlen(name) + i < end; i++) {
        digits[i] = at[strlen(name) + i];
    }
    return strtoll(digits, NULL, 10);
}

static void on_event(void *context, const struct wire_message *message)
{
    struct detect *detect = context;
    if (memmem(message->payload, message->payload_length, "\"AUTO_OUT\"", strlen("\"AUTO_OUT\"")) == NULL) {
        return;
    }
    int64_t due_at = number_behind(message, "\"lastEvidenceAt\":") + THRESHOLD_MS;
    if (detect->events < detect->people) {
        detect->late_ms[detect->events++] = wall_ms() - due_at;
    }
}

static void read_both(struct detect *detect, int wait_ms)
{
    struct pollfd fds[] = {{.fd = wire_client_fd(detect->talker), .events = POLLIN},
                           {.fd = wire_client_fd(detect->watcher), .events = POLLIN}};
    poll(fds, 2, wait_ms);
    if (fds[0].revents != 0) {
        wire_client_read(detect->talker);
    }
    if (fds[1].revents != 0) {
        wire_client_read(detect->watcher);
    }
}

static void everybody_in(struct detect *detect)
{
    char topic[128];
    double start = seconds();
    for (int sent = 0; detect->receipts < detect->people;) {
        if (sent < detect->people && sent - detect->receipts < WINDOW) {
            snprintf(topic, sizeof topic, "rollcall/v1/hq/emp/e%d/session/tab/punch", sent++);
            wire_client_publish(detect->talker, topic, "{\"id\":\"1\",\"type\":\"IN\"}", 22);
        } else {
            read_both(detect, 10);
        }
        if (seconds() - start > PATIENCE_S) {
            wire_client_give_up("%lld receipts of %d", (long long)detect->receipts, detect->people);
        }
    }
}

static void beat(struct detect *detect, int who)
{
    char topic[128];
    snprintf(topic, sizeof topic, "rollcall/v1/hq/emp/e%d/session/tab/heartbeat", who);
    wire_client_beat(detect->talker, topic);
}

/* All but those who are gone take turns, and some beat more often; `silent` a second go. */
static void beat_for(struct detect *detect, double duration, int silent)
{
    double start = seconds(), from = start;
    double due = 0, more = 0;
    int next = 0, gone = detect->gone;
    for (double now = start; now < start + duration; now = seconds()) {
        due += (now - from) * detect->people * 1000 / INTERVAL_MS;
        more += (now - from) * detect->load;
        from = now;
        detect->gone = gone + (int)((now - start) * silent);
        for (; due >= 1; due -= 1, next = (next + 1) % detect->people) {
            if (next >= detect->gone) {
                beat(detect, next);
            }
        }
        for (; more >= 1; more -= 1) {
            detect->random = detect->random * 6364136223846793005u + 1442695040888963407u;
            beat(detect,
                 detect->gone + (int)((detect->random >> 33) % (uint64_t)(detect->people - detect->gone)));
        }
        read_both(detect, 1);
    }
}

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void print_late(const char *name, int64_t *ms, int64_t count)
{
    if (count == 0) {
        wire_client_give_up("nobody was noticed");
    }
    qsort(ms, (size_t)count, sizeof *ms, by_value);
    printf("  deadline to %-32s p50 %4lld ms   p99 %4lld ms   max %4lld ms   (%lld)\n", name,
           (long long)ms[count / 2], (long long)ms[count * 99 / 100], (long long)ms[count - 1],
           (long long)count);
}

/* As the log has it: read beside the service. */
static void print_log(const struct detect *detect)
{
    char path[512];
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    int64_t count = 0, *ms = calloc((size_t)detect->people, sizeof *ms);
    snprintf(path, sizeof path, "%s/rollcall.db", stage_folder(detect->stage));
    if (ms == NULL || sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT detected_at - last_evidence_at FROM punches WHERE type = 'AUTO_OUT'",
                           -1, &rows, NULL) != SQLITE_OK) {
        wire_client_give_up("%s: %s", path, sqlite3_errmsg(db));
    }
    while (count < detect->people && sqlite3_step(rows) == SQLITE_ROW) {
        ms[count++] = sqlite3_column_int64(rows, 0) - THRESHOLD_MS;
    }
    print_late("the decision, by the log", ms, count);
    sqlite3_finalize(rows);
    sqlite3_close(db);
    free(ms);
}

static void print_metrics(const struct detect *detect)
{
    static const char question[] = "GET /metrics HTTP/1.0\r\n\r\n";
    static char answer[256 * 1024];
    size_t length = 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)detect->http_port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        write(fd, question, strlen(question)) < 0) {
        wire_client_give_up("the service answers no questions on port %d", detect->http_port);
    }
    for (ssize_t got; length + 1 < sizeof answer; length += (size_t)got) {
        got = read(fd, answer + length, sizeof answer - 1 - length);
        if (got <= 0) {
            break;
        }
    }
    close(fd);
    for (char *line = answer, *next; *line != '\0'; line = next) {
        size_t end = strcspn(line, "\n");
        next = line + end + (line[end] != '\0');
        line[end] = '\0';
        if (line[0] != '#' &&
            (strstr(line, "detection_error_ms") != NULL || strstr(line, "dropped") != NULL)) {
            printf("  %s\n", line);
        }
    }
}

static void measure(struct detect *detect)
{
    everybody_in(detect);
    beat_for(detect, INTERVAL_MS / 1000.0, 0); /* each at least once */
    double cpu = stage_service_cpu(detect->stage), start = seconds();
    beat_for(detect, detect->seconds, detect->silent);
    beat_for(detect, THRESHOLD_MS / 1000.0 + 1, 0);
    printf("%d people, %d heartbeats a second, %d gone in %d s\n", detect->people,
           detect->people * 1000 / INTERVAL_MS + detect->load, detect->gone, detect->seconds);
    printf("  the service used %.0f %% of a processor\n",
           100 * (stage_service_cpu(detect->stage) - cpu) / (seconds() - start));
    print_log(detect);
    print_late("the event, with a subscriber", detect->late_ms, detect->events);
    print_metrics(detect);
}

static int *option_of(struct detect *detect, const char *name)
{
    static const char *const names[] = {"--people", "--load", "--silent", "--seconds"};
    int *const numbers[] = {&detect->people, &detect->load, &detect->silent, &detect->seconds};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return numbers[i];
        }
    }
    wire_client_give_up("no such option: %s", name);
}

int main(int argc, char **argv)
{
    struct detect detect = {.people = 10000, .load = 5000, .silent = 20, .seconds = 60, .random = 1};
    const char *service = NULL, *folder = NULL;
    char http[32];
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--service") == 0) {
            service = argv[i + 1];
        } else if (strcmp(argv[i], "--folder") == 0) {
            folder = argv[i + 1];
        } else {
            *option_of(&detect, argv[i]) = (int)strtol(argv[i + 1], NULL, 10);
        }
    }
    /* More at once would be an outage (P-8), and nobody would be punched out. */
    if (detect.people < 1 || detect.silent * (detect.seconds + 31) > detect.people / 2 ||
        (detect.late_ms = calloc((size_t)detect.people, sizeof *detect.late_ms)) == NULL) {
        wire_client_give_up("half of the people at least have to stay");
    }
    detect.http_port = 20000 + (int)getpid() % 10000;
    snprintf(http, sizeof http, "http.port=%d", detect.http_port);
    const char *const settings[] = {"presence.interval_ms.browser=10000", "site.names=hq", http, NULL};
    detect.stage = stage_open(service, folder, settings);
    detect.talker = wire_client_open(stage_port(detect.stage), "bench", on_receipt, &detect);
    detect.watcher = wire_client_open(stage_port(detect.stage), "watcher", on_event, &detect);
    wire_client_subscribe(detect.talker, "rollcall/v1/hq/emp/+/session/+/receipt", 1);
    wire_client_subscribe(detect.watcher, "rollcall/v1/hq/emp/+/event", 1);
    measure(&detect);
    wire_client_close(detect.talker);
    wire_client_close(detect.watcher);
    stage_close(detect.stage);
    free(detect.late_ms);
    return 0;
}
