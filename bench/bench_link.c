/*
 * bench_link.c: how many heartbeats a second come through a real broker to (a) the link's inbox, with a
 * thread that takes and decodes each, (b) a subscriber on Paho that only counts, (c) mosquitto_sub. Each gets
 * the same flood, alone, in turn, in several rounds; the medians are compared.
 *
 *     bench_link [COUNT [ROUNDS]]        1,000,000 heartbeats, 3 rounds
 *
 * The flood: 10,000 sessions, QoS 0, encoded beforehand and written in large pieces by a process of its own.
 * Exit status 1 if (a) lost any, or is below 0.9 of (b).
 */
#define _GNU_SOURCE
#include "link/link.h"
#include "support/broker.h"
#include "wire/decode.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SESSIONS   10000
#define FILTER     "rollcall/v1/hq/emp/+/session/+/heartbeat"
#define MARKER     "rollcall/v1/hq/emp/marker/session/marker/heartbeat"
#define ROUNDS_MAX 15
#define PIECE      (256u * 1024u)
/* Who gets nothing for this long has lost the rest. */
#define IDLE_MS 5000
#define GOAL    0.9

struct result {
    long received;
    double seconds, cpu_us; /* of the subscriber, a message */
};

enum subscriber { LINK, BARE, MOSQUITTO_SUB, SUBSCRIBERS };
static const char *const names[SUBSCRIBERS] = {"rc_link into the inbox, decoded", "bare Paho, counted",
                                               "mosquitto_sub"};

static double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double cpu_seconds(const struct rusage *usage)
{
    return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
           (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(2);
}

/* ---- the flood ---- */

static size_t encode(uint8_t *to, int session)
{
    char topic[128], payload[64];
    size_t topic_length = (size_t)snprintf(
        topic, sizeof topic, "rollcall/v1/hq/emp/e%05d/session/tab%04d/heartbeat", session, session % 1000);
    size_t payload_length =
        (size_t)snprintf(payload, sizeof payload, "{\"epoch\":%lld}", 1764700000000LL + session);
    size_t length = 2 + topic_length + payload_length; /* below 128: one byte */
    to[0] = 0x30;
    to[1] = (uint8_t)length;
    to[2] = 0;
    to[3] = (uint8_t)topic_length;
    memcpy(to + 4, topic, topic_length);
    memcpy(to + 4 + topic_length, payload, payload_length);
    return 2 + length;
}

static void write_all(int fd, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n <= 0)
            give_up("write");
        bytes += n;
        length -= (size_t)n;
    }
}

static int say_hello(int port)
{
    static const uint8_t hello[] = {0x10, 17, 0, 4, 'M', 'Q', 'T', 'T', 4,  2,
                                    0,    60, 0, 5, 'f', 'l', 'o', 'o', 'd'};
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    uint8_t answer[4];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        give_up("connect");
    write_all(fd, hello, sizeof hello);
    if (recv(fd, answer, sizeof answer, MSG_WAITALL) != sizeof answer || answer[3] != 0)
        give_up("CONNACK");
    return fd;
}

/* In a process of its own: encodes, says so on `ready`, waits for a byte on `go`, writes. */
static _Noreturn void flood(int port, long count, int ready, int go)
{
    static const uint8_t goodbye[] = {0xe0, 0};
    uint8_t *all = malloc(SESSIONS * 130), *end = all, byte = 0;
    uint32_t starts[SESSIONS + 1];
    if (all == NULL)
        give_up("malloc");
    for (int i = 0; i < SESSIONS; i++) {
        starts[i] = (uint32_t)(end - all);
        end += encode(end, i);
    }
    starts[SESSIONS] = (uint32_t)(end - all);
    int fd = say_hello(port);
    if (write(ready, "!", 1) != 1 || read(go, &byte, 1) != 1)
        give_up("pipe");
    while (count > 0) {
        int sessions = count < SESSIONS ? (int)count : SESSIONS;
        for (uint32_t at = 0; at < starts[sessions]; at += PIECE) {
            uint32_t left = starts[sessions] - at;
            write_all(fd, all + at, left < PIECE ? left : PIECE);
        }
        count -= sessions;
    }
    write_all(fd, goodbye, sizeof goodbye);
    _exit(0);
}

struct flood {
    pid_t pid;
    int go;
};

static struct flood prepare_flood(int port, long count)
{
    int ready[2], go[2];
    char byte;
    if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(go, O_CLOEXEC) != 0)
        give_up("pipe");
    struct flood prepared = {.pid = fork(), .go = go[1]};
    if (prepared.pid < 0)
        give_up("fork");
    if (prepared.pid == 0)
        flood(port, count, ready[1], go[0]);
    if (read(ready[0], &byte, 1) != 1)
        give_up("the flood's process");
    close(ready[0]);
    close(ready[1]);
    close(go[0]);
    return prepared;
}

static double start_flood(struct flood *prepared)
{
    if (write(prepared->go, "!", 1) != 1)
        give_up("pipe");
    close(prepared->go);
    return seconds();
}

static void end_flood(struct flood *prepared)
{
    waitpid(prepared->pid, NULL, 0);
}

/* ---- (a) the link ---- */

static int64_t boot_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static bool is_heartbeat(const struct rc_inbound *entry, const struct rc_id *site, struct rc_decoded *decoded)
{
    char scratch[RC_TEXT_MAX];
    struct rc_message message = {.topic = entry->topic,
                                 .payload = entry->payload,
                                 .retained = entry->retained,
                                 .now = entry->now,
                                 .at = entry->at,
                                 .sent_now = entry->now,
                                 .sent_at = entry->at};
    rc_decode(&message, site, scratch, decoded);
    return decoded->kind == RC_DECODED_EVENT && decoded->event.kind == RC_EV_HEARTBEAT;
}

/* Waits, tending, as the service's loop does; false: nothing came for IDLE_MS. */
static bool await_entry(struct rc_link *link, struct rc_inbox *inbox, struct rc_inbound *entry)
{
    for (int64_t since = boot_ms(); !rc_inbox_take(inbox, entry);) {
        int64_t now = boot_ms();
        if (now - since > IDLE_MS)
            return false;
        rc_link_tend(link, now);
        rc_inbox_wait(inbox, 100);
    }
    return true;
}

static struct result take_all(struct rc_link *link, struct rc_inbox *inbox, const struct rc_id *site,
                              long count, double start)
{
    static struct rc_decoded decoded;
    struct result result = {0};
    struct rc_inbound entry;
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    result.seconds = seconds();
    while (result.received < count && await_entry(link, inbox, &entry)) {
        if (entry.kind == RC_INBOUND_MESSAGE && is_heartbeat(&entry, site, &decoded))
            result.received++;
    }
    result.seconds = seconds() - start;
    getrusage(RUSAGE_SELF, &after);
    result.cpu_us = (cpu_seconds(&after) - cpu_seconds(&before)) * 1e6 / (double)count;
    return result;
}

static struct result measure_link(struct rc_test_broker *broker, long count)
{
    char error[256];
    struct rc_inbox *inbox = rc_inbox_alloc(RC_INBOX_BYTES);
    struct rc_inbound entry;
    struct rc_link_options options = {.site_name = {2, "hq"},
                                      .uri = rc_test_broker_uri(broker),
                                      .client_id = "bench",
                                      .session_expiry_s = 1};
    struct flood prepared = prepare_flood(rc_test_broker_port(broker), count);
    struct rc_link *link = inbox != NULL ? rc_link_open(&options, inbox, error) : NULL;
    if (link == NULL)
        give_up("the link");
    do {
        if (!await_entry(link, inbox, &entry))
            give_up("the link does not come up");
    } while (entry.kind != RC_INBOUND_UP);
    struct result result = take_all(link, inbox, &options.site_name, count, start_flood(&prepared));
    if (rc_inbox_dropped(inbox) > 0)
        printf("    the inbox dropped %llu\n", (unsigned long long)rc_inbox_dropped(inbox));
    end_flood(&prepared);
    rc_link_close(link, 1000);
    rc_inbox_free(inbox);
    return result;
}

/* ---- (b) and (c): children that write lines ---- */

static pid_t spawn(char *const arguments[], FILE **lines)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        give_up("pipe");
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    close(ends[1]);
    *lines = fdopen(ends[0], "r");
    if (child < 0 || *lines == NULL)
        give_up("fork");
    return child;
}

static struct result finish(pid_t child, FILE *lines, long received, double start, long count)
{
    struct result result = {.received = received, .seconds = seconds() - start};
    struct rusage usage;
    if (wait4(child, NULL, 0, &usage) == child)
        result.cpu_us = cpu_seconds(&usage) * 1e6 / (double)count;
    fclose(lines);
    return result;
}

static struct result measure_bare(struct rc_test_broker *broker, long count, const char *own_path)
{
    char path[4096], number[32], line[64], uri[64];
    FILE *lines;
    snprintf(path, sizeof path, "%.*s/bare_subscriber", (int)(strrchr(own_path, '/') - own_path), own_path);
    snprintf(number, sizeof number, "%ld", count);
    snprintf(uri, sizeof uri, "%s", rc_test_broker_uri(broker));
    struct flood prepared = prepare_flood(rc_test_broker_port(broker), count);
    pid_t child = spawn((char *[]){path, uri, (char[]){FILTER}, number, NULL}, &lines);
    if (fgets(line, sizeof line, lines) == NULL)
        give_up("bare_subscriber");
    double start = start_flood(&prepared);
    long received = fgets(line, sizeof line, lines) != NULL ? strtol(line, NULL, 10) : 0;
    struct result result = finish(child, lines, received, start, count);
    end_flood(&prepared);
    return result;
}

static void put_marker(struct rc_test_broker *broker)
{
    char command[256];
    snprintf(command, sizeof command, "mosquitto_pub -p %d -t " MARKER " -r -m x",
             rc_test_broker_port(broker));
    if (system(command) != 0)
        give_up("mosquitto_pub");
}

/* A retained message tells when it is subscribed: it is its first line. */
static struct result measure_mosquitto_sub(struct rc_test_broker *broker, long count)
{
    char port[16], number[32], idle[16], line[64];
    FILE *lines;
    snprintf(port, sizeof port, "%d", rc_test_broker_port(broker));
    snprintf(number, sizeof number, "%ld", count + 1);
    snprintf(idle, sizeof idle, "%d", 120);
    struct flood prepared = prepare_flood(rc_test_broker_port(broker), count);
    pid_t child = spawn((char *[]){"mosquitto_sub", "-p", port, "-t", (char[]){FILTER}, "-F", "x", "-C",
                                   number, "-W", idle, NULL},
                        &lines);
    if (fgets(line, sizeof line, lines) == NULL)
        give_up("mosquitto_sub");
    double start = start_flood(&prepared);
    long received = 0;
    while (fgets(line, sizeof line, lines) != NULL)
        received++;
    struct result result = finish(child, lines, received, start, count);
    end_flood(&prepared);
    return result;
}

/* ---- the comparison ---- */

static int by_rate(const void *a, const void *b)
{
    const struct result *x = a, *y = b;
    double left = (double)x->received / x->seconds, right = (double)y->received / y->seconds;
    return (left > right) - (left < right);
}

static struct result measure(enum subscriber who, struct rc_test_broker *broker, long count,
                             const char *own_path)
{
    struct result result = who == LINK   ? measure_link(broker, count)
                           : who == BARE ? measure_bare(broker, count, own_path)
                                         : measure_mosquitto_sub(broker, count);
    printf("  %-32s %9.0f /s  %5.2f us CPU each  lost %ld\n", names[who],
           (double)result.received / result.seconds, result.cpu_us, count - result.received);
    fflush(stdout);
    return result;
}

int main(int argc, char **argv)
{
    static struct result results[SUBSCRIBERS][ROUNDS_MAX];
    char own_path[4096] = "";
    double medians[SUBSCRIBERS];
    long lost = 0, count = argc > 1 ? strtol(argv[1], NULL, 10) : 1000000;
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 3;
    if (count < 1 || rounds < 1 || rounds > ROUNDS_MAX || readlink("/proc/self/exe", own_path, 4095) < 0) {
        fputs("usage: bench_link [COUNT [ROUNDS]]\n", stderr);
        return 2;
    }
    struct rc_test_broker *broker = rc_test_broker_start(NULL);
    put_marker(broker);
    for (int round = 0; round < rounds; round++) {
        printf("round %d of %d, %ld heartbeats of %d sessions\n", round + 1, rounds, count, SESSIONS);
        for (int i = 0; i < SUBSCRIBERS; i++) {
            enum subscriber who = (enum subscriber)((i + round) % SUBSCRIBERS);
            results[who][round] = measure(who, broker, count, own_path);
        }
        lost += count - results[LINK][round].received;
    }
    rc_test_broker_free(broker);
    for (int who = 0; who < SUBSCRIBERS; who++) {
        qsort(results[who], (size_t)rounds, sizeof **results, by_rate);
        medians[who] = (double)results[who][rounds / 2].received / results[who][rounds / 2].seconds;
        printf("median %-32s %9.0f /s\n", names[who], medians[who]);
    }
    double ratio = medians[LINK] / medians[BARE];
    printf("the link takes %.2f of what bare Paho takes (goal: %.1f), lost %ld\n", ratio, GOAL, lost);
    return ratio >= GOAL && lost == 0 ? 0 : 1;
}
