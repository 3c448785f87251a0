/*
 * bench_training: students in training, against a real service and broker, started here in a temporary
 * folder.
 *
 *   bench_training [--service PATH] [--folder DIR] [--students N] [--seconds N] [--flood SECONDS] [--perf
 * 0|1]
 *                  [--set S.K=V]...                                          (100000 students, 60 s, 15 s, 1)
 *
 * First everybody begins: one training heartbeat each, the day's first, as fast as the service answers. Then,
 * for
 * --seconds, one heartbeat a minute of each, evenly spread, every one audited durably: what share of a core
 * the service takes, split by thread and by part, and how long until the answer is with a subscriber, for 500
 * of the students. Then, for --flood seconds, as many as the service answers: the highest rate that it
 * sustains, beside the rate at which SQLite alone inserts the same audit rows in batches of the same size.
 * Last what the rows of a year take on the disk. Ends with exit code 1 where a heartbeat had no answer or no
 * row. Run it on the disk that matters (--folder).
 */
#define _GNU_SOURCE /* ppoll */
#include "bare_insert.h"
#include "split.h"
#include "stage.h"
#include "wire_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
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

#define PATIENCE_S 60
/* Heartbeats without an answer while everybody begins, and in the flood: some tenths of a second of work, so
 * that batches are as large as they get, and far below what the inbox takes. */
#define WINDOW 4000
/* Whose answers are timed at the steady rate. */
#define SAMPLED 500
/* Rows that SQLite alone writes; more would take memory and tell nothing new. */
#define BARE_ROWS_MAX 300000
/* From one student to the next: neighbours in the alphabet do not beat one after the other, so that what is
 * read and written of them lies scattered, as it does in life. A prime above all numbers of students, so that
 * everybody has their turn. */
#define STRIDE       15485863
#define SETTINGS_MAX 24
#define COMMITS      "rollcall_commits_total"
#define SECOND_NS    INT64_C(1000000000)

/* A year of a school: 240 heartbeats a day, the limit, on 200 days. */
#define YEAR_STUDENTS   1000.0
#define YEAR_HEARTBEATS (240.0 * 200)

struct bench {
    struct stage *stage;
    struct wire_client *talker, *listener;
    sqlite3 *db; /* the service's, read beside it */
    int students, seconds, flood_s, http_port;
    bool perf;
    int64_t *sent_ns; /* by student */
    double *latencies_ms;
    long latency_count, latency_max;
    long sent, answered, refused; /* of the phase */
    int next;                     /* the student whose turn it is */
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

/* ---- messages ---- */

/* rollcall/v1/hq/emp/s12/session/t/training/result */
static void on_answer(void *context, const struct wire_message *message)
{
    static const char prefix[] = "rollcall/v1/hq/emp/s";
    struct bench *bench = context;
    if (message->topic_length < sizeof prefix)
        return;
    long student = strtol(message->topic + sizeof prefix - 1, NULL, 10);
    bench->answered++;
    bench->refused += memmem(message->payload, message->payload_length, "\"success\":true", 14) == NULL;
    if (student >= 0 && student < bench->students && bench->latency_count < bench->latency_max)
        bench->latencies_ms[bench->latency_count++] = (double)(now_ns() - bench->sent_ns[student]) / 1e6;
}

static void on_nothing(void *context, const struct wire_message *message)
{
    (void)context;
    (void)message;
}

static void beat(struct bench *bench)
{
    static const char payload[] = "{\"courseId\":\"first-aid\"}";
    char topic[96];
    snprintf(topic, sizeof topic, "rollcall/v1/hq/emp/s%d/session/t/training", bench->next);
    bench->sent_ns[bench->next] = now_ns();
    wire_client_publish(bench->talker, topic, payload, sizeof payload - 1);
    bench->next = (int)(((int64_t)bench->next + STRIDE) % bench->students);
    bench->sent++;
}

/* Says how often it will be heard: a student who beats once a minute is not silent in between (P-1). */
static void introduce(struct bench *bench)
{
    static const char payload[] = "{\"class\":\"browser\",\"intervalMs\":60000}";
    char topic[96];
    snprintf(topic, sizeof topic, "rollcall/v1/hq/emp/s%d/session/t/heartbeat", bench->next);
    wire_client_publish(bench->talker, topic, payload, sizeof payload - 1);
}

/* Takes what has come, or waits until then for it. */
static void read_both(struct bench *bench, int64_t until_ns)
{
    struct pollfd fds[] = {{.fd = wire_client_fd(bench->talker), .events = POLLIN},
                           {.fd = wire_client_fd(bench->listener), .events = POLLIN}};
    int64_t left = until_ns - now_ns();
    struct timespec wait = {left > 0 ? left / SECOND_NS : 0, left > 0 ? left % SECOND_NS : 0};
    ppoll(fds, 2, &wait, NULL);
    if (fds[0].revents != 0)
        wire_client_read(bench->talker);
    if (fds[1].revents != 0)
        wire_client_read(bench->listener);
}

static void begin_phase(struct bench *bench, long latency_max)
{
    bench->sent = bench->answered = bench->refused = bench->latency_count = 0;
    bench->latency_max = latency_max;
    bench->latencies_ms = realloc(bench->latencies_ms, (size_t)(latency_max + 1) * sizeof(double));
    if (bench->latencies_ms == NULL)
        wire_client_give_up("no memory");
}

/* Listens to everybody's answers, or to those of some. */
static void listen_to(struct bench *bench, int students)
{
    char filter[96];
    if (bench->listener != NULL)
        wire_client_close(bench->listener);
    bench->listener = wire_client_open(stage_port(bench->stage), "bench-listener", on_answer, bench);
    if (students == bench->students)
        wire_client_subscribe(bench->listener, "rollcall/v1/hq/emp/+/session/+/training/result", 0);
    for (int i = 0; students < bench->students && i < students; i++) {
        snprintf(filter, sizeof filter, "rollcall/v1/hq/emp/s%d/session/+/training/result",
                 (int)((long)i * bench->students / students));
        wire_client_subscribe(bench->listener, filter, 1);
    }
}

static void await_answers(struct bench *bench, long count)
{
    int64_t end_ns = now_ns() + PATIENCE_S * SECOND_NS;
    while (bench->answered < count) {
        read_both(bench, now_ns() + SECOND_NS / 100);
        if (now_ns() > end_ns)
            wire_client_give_up("%ld of %ld heartbeats have no answer", count - bench->answered, count);
    }
}

/* ---- what the service says of itself ---- */

static void open_database(struct bench *bench)
{
    char path[600];
    snprintf(path, sizeof path, "%s/rollcall.db", stage_folder(bench->stage));
    if (sqlite3_open_v2(path, &bench->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK ||
        sqlite3_busy_timeout(bench->db, 10000) != SQLITE_OK)
        wire_client_give_up("%s: %s", path, sqlite3_errmsg(bench->db));
}

/* audited returns how many rows the audit log has by now. */
static int64_t audited(struct bench *bench)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(bench->db, "SELECT seq FROM heads WHERE log = 'audit_logs'", -1, &statement,
                           NULL) != SQLITE_OK)
        wire_client_give_up("heads: %s", sqlite3_errmsg(bench->db));
    int64_t seq = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return seq;
}

/* figure returns a figure of GET /metrics by its name and labels. */
static double figure(struct bench *bench, const char *name)
{
    static const char request[] = "GET /metrics HTTP/1.0\r\nConnection: close\r\n\r\n";
    static char answer[1 << 20];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)bench->http_port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    size_t length = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        send(fd, request, sizeof request - 1, MSG_NOSIGNAL) < 0)
        wire_client_give_up("the service does not answer on port %d", bench->http_port);
    for (ssize_t n = 1; n > 0 && length<sizeof answer - 1; length += n> 0 ? (size_t)n : 0)
        n = recv(fd, answer + length, sizeof answer - 1 - length, 0);
    close(fd);
    answer[length] = '\0';
    for (const char *line = answer; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == ' ')
            return strtod(line + strlen(name), NULL);
    }
    wire_client_give_up("no %s in /metrics", name);
}

static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, length) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        wire_client_give_up("no free port");
    close(fd);
    return ntohs(address.sin_port);
}

/* await_rows waits until the audit log has so many rows, and returns how many it has. */
static int64_t await_rows(struct bench *bench, int64_t rows)
{
    int64_t end_ns = now_ns() + PATIENCE_S * SECOND_NS;
    while (audited(bench) < rows && now_ns() < end_ns)
        read_both(bench, now_ns() + SECOND_NS / 100);
    return audited(bench);
}

/* ---- the phases ---- */

static void everybody_begins(struct bench *bench)
{
    listen_to(bench, bench->students);
    begin_phase(bench, 0);
    int64_t start_ns = now_ns();
    double cpu = stage_service_cpu(bench->stage);
    while (bench->sent < bench->students) {
        if (bench->sent - bench->answered < WINDOW) {
            introduce(bench);
            beat(bench);
        } else {
            read_both(bench, now_ns() + SECOND_NS / 100);
        }
        if (now_ns() - start_ns > 10 * PATIENCE_S * SECOND_NS)
            wire_client_give_up("%ld answers of %d", bench->answered, bench->students);
    }
    await_answers(bench, bench->sent);
    double took = (double)(now_ns() - start_ns) / 1e9;
    printf("%d students begin: the day's first heartbeat of each, %.0f a second, %.0f us of a core each\n",
           bench->students, bench->students / took,
           (stage_service_cpu(bench->stage) - cpu) * 1e6 / bench->students);
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void print_latencies(struct bench *bench)
{
    long count = bench->latency_count;
    if (count == 0) {
        printf("  no answer of a sampled student: too short a run\n");
        return;
    }
    qsort(bench->latencies_ms, (size_t)count, sizeof(double), by_value);
    printf(
        "  published to answer at a subscriber: p50 %.2f ms   p99 %.2f ms   max %.2f ms   (%ld sampled; aim: "
        "p99 50 ms)\n",
        bench->latencies_ms[(count - 1) / 2], bench->latencies_ms[(count - 1) * 99 / 100],
        bench->latencies_ms[count - 1], count);
}

static bool is_sampled(const struct bench *bench, int student)
{
    int i = (int)((long)student * SAMPLED / bench->students);
    return student == (int)((long)i * bench->students / SAMPLED) ||
           student == (int)((long)(i + 1) * bench->students / SAMPLED);
}

/* How many of so many students, one after the other from `first`, are sampled. */
static long sampled_of(const struct bench *bench, int first, long count)
{
    long found = 0;
    for (long i = 0; i < count; i++)
        found += is_sampled(bench, (int)((first + i * STRIDE) % bench->students));
    return found;
}

static bool steady(struct bench *bench)
{
    double rate = bench->students / 60.0;
    long count = (long)(rate * bench->seconds);
    int first = bench->next;
    listen_to(bench, SAMPLED);
    begin_phase(bench, count);
    int64_t rows = audited(bench);
    double batches = figure(bench, COMMITS), broker = stage_broker_cpu(bench->stage);
    struct split *split = split_begin(stage_service(bench->stage), bench->perf, stage_folder(bench->stage));
    int64_t start_ns = now_ns();
    for (long i = 0; i < count; i++) {
        int64_t due_ns = start_ns + (int64_t)((double)i / rate * 1e9);
        while (now_ns() < due_ns)
            read_both(bench, due_ns);
        beat(bench);
    }
    await_answers(bench, sampled_of(bench, first, count));
    double took = (double)(now_ns() - start_ns) / 1e9;
    batches = figure(bench, COMMITS) - batches;
    broker = stage_broker_cpu(bench->stage) - broker;
    printf("%d students at one heartbeat a minute: %.0f a second for %.0f s, %.1f in a COMMIT\n",
           bench->students, (double)count / took, took, (double)count / batches);
    double share = split_end(split, count);
    printf("  aim: below 60 %% of a core, %s; the broker took %.1f %%\n", share < 0.6 ? "met" : "missed",
           broker / took * 100);
    print_latencies(bench);
    printf("  a COMMIT: p50 %.2f ms   p99 %.2f ms\n", figure(bench, "rollcall_commit_ms{quantile=\"0.5\"}"),
           figure(bench, "rollcall_commit_ms{quantile=\"0.99\"}"));
    rows = await_rows(bench, rows + count) - rows;
    printf("  %ld heartbeats, %lld rows of audit_logs\n", count, (long long)rows);
    return rows >= count && bench->refused == 0;
}

/* flood returns heartbeats a second, and in *batch how many of them a COMMIT held. */
static double flood(struct bench *bench, long *batch)
{
    listen_to(bench, bench->students);
    begin_phase(bench, 0);
    int64_t rows = audited(bench);
    double batches = figure(bench, COMMITS);
    struct split *split = split_begin(stage_service(bench->stage), bench->perf, stage_folder(bench->stage));
    int64_t start_ns = now_ns();
    while (now_ns() - start_ns < bench->flood_s * SECOND_NS) {
        for (int i = 0; i < 64 && bench->sent - bench->answered < WINDOW; i++)
            beat(bench);
        read_both(bench, bench->sent - bench->answered < WINDOW ? 0 : now_ns() + SECOND_NS / 100);
    }
    double took = (double)(now_ns() - start_ns) / 1e9;
    rows = audited(bench) - rows;
    batches = figure(bench, COMMITS) - batches;
    if (rows <= 0)
        wire_client_give_up("the service audits nothing");
    *batch = (long)((double)rows / batches + 0.5);
    printf("as many as it answers: %.0f heartbeats a second for %.0f s, %ld in a COMMIT\n",
           (double)rows / took, took, *batch);
    split_end(split, rows);
    await_answers(bench, bench->sent);
    return (double)rows / took;
}

static void compare(struct bench *bench, double rate, long batch)
{
    char path[600];
    snprintf(path, sizeof path, "%s/rollcall.db", stage_folder(bench->stage));
    struct bare_insert bare = bare_insert(path, stage_folder(bench->stage), BARE_ROWS_MAX, batch);
    double bare_rate = (double)bare.rows / bare.seconds;
    printf("SQLite alone inserts the same audit rows, %ld in a COMMIT: %.0f a second (%ld rows)\n", batch,
           bare_rate, bare.rows);
    printf("  the service sustains %.2f of that (aim: 0.5)\n", rate / bare_rate);
    printf("an audit row takes %.0f bytes; a year of %.0f students at 240 heartbeats on 200 days: %.1f GB\n",
           bare.bytes_a_row, YEAR_STUDENTS, bare.bytes_a_row * YEAR_STUDENTS * YEAR_HEARTBEATS / 1e9);
}

/* ---- the command ---- */

static int number_of(const char *text, const char *option, int least)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (*end != '\0' || end == text || number < least || number > 1000000)
        wire_client_give_up("%s needs a number from %d to 1000000, not %s", option, least, text);
    return (int)number;
}

struct choice {
    const char *service, *folder;
    const char *settings[SETTINGS_MAX + 1];
    int setting_count;
};

static void read_options(int argc, char **argv, struct bench *bench, struct choice *choice)
{
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--service") == 0)
            choice->service = value;
        else if (strcmp(argv[i], "--folder") == 0)
            choice->folder = value;
        else if (strcmp(argv[i], "--set") == 0 && choice->setting_count < SETTINGS_MAX)
            choice->settings[choice->setting_count++] = value;
        else if (strcmp(argv[i], "--students") == 0)
            bench->students = number_of(value, argv[i], SAMPLED);
        else if (strcmp(argv[i], "--seconds") == 0)
            bench->seconds = number_of(value, argv[i], 1);
        else if (strcmp(argv[i], "--flood") == 0)
            bench->flood_s = number_of(value, argv[i], 1);
        else if (strcmp(argv[i], "--perf") == 0)
            bench->perf = number_of(value, argv[i], 0) != 0;
        else
            wire_client_give_up("bench_training [--service PATH] [--folder DIR] [--students N] [--seconds N] "
                                "[--flood SECONDS] [--perf 0|1] [--set S.K=V]...");
    }
}

int main(int argc, char **argv)
{
    struct bench bench = {.students = 100000, .seconds = 60, .flood_s = 15, .perf = true};
    char http[32];
    struct choice choice = {.settings = {"limits.employees=1000000", "limits.sessions=1000000", http},
                            .setting_count = 3};
    bench.http_port = free_port();
    snprintf(http, sizeof http, "http.port=%d", bench.http_port);
    read_options(argc, argv, &bench, &choice);
    bench.sent_ns = calloc((size_t)bench.students, sizeof *bench.sent_ns);
    if (bench.sent_ns == NULL)
        wire_client_give_up("no memory");
    bench.stage = stage_open(choice.service, choice.folder, choice.settings);
    bench.talker = wire_client_open(stage_port(bench.stage), "bench-talker", on_nothing, &bench);
    open_database(&bench);
    everybody_begins(&bench);
    bool whole = steady(&bench);
    long batch = 1;
    double rate = flood(&bench, &batch);
    compare(&bench, rate, batch);
    sqlite3_close(bench.db);
    wire_client_close(bench.listener);
    wire_client_close(bench.talker);
    stage_close(bench.stage);
    free(bench.sent_ns);
    free(bench.latencies_ms);
    return whole ? 0 : 1;
}
