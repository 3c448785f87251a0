/*
 * bench_ledger: what one training heartbeat costs in the store (load, save_user, save_day, save_course,
 * heard, audit, a share of the COMMIT), how many bytes its audit row takes, and what moving a month of them
 * to an archive costs. Usage: bench_ledger [DIR [USERS [HEARTBEATS]]]; it makes its files in DIR (default: a
 * folder in /tmp, removed at the end). Prints one line a measurement.
 */
#include "store/training.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define DAY_AT 1764738000000 /* 2025-12-03 00:00 in New York */

static const struct rc_local_day today = {"2025-12-03", DAY_AT, DAY_AT + 86400000};
static const struct rc_local_day tomorrow = {"2025-12-04", DAY_AT + 86400000, DAY_AT + 2 * 86400000};

struct bench {
    char path[512], archive[512];
    struct rc_store *store;
    int site, users;
    int64_t now;
    uint64_t random;
};

static double clock_s(clockid_t id)
{
    struct timespec time;
    clock_gettime(id, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct start {
    double wall, cpu;
};

static struct start start_now(void)
{
    return (struct start){clock_s(CLOCK_MONOTONIC), clock_s(CLOCK_PROCESS_CPUTIME_ID)};
}

static void report(const char *name, int count, struct start start)
{
    double wall = clock_s(CLOCK_MONOTONIC) - start.wall, cpu = clock_s(CLOCK_PROCESS_CPUTIME_ID) - start.cpu;
    printf("%-52s %8d %8.3f s %9.0f /s %8.2f us, of CPU %7.2f us\n", name, count, wall, count / wall,
           wall / count * 1e6, cpu / count * 1e6);
    fflush(stdout);
}

static void must(enum rc_store_result result, struct bench *bench, const char *what)
{
    if (result == RC_STORE_OK)
        return;
    fprintf(stderr, "%s: %s: %s\n", what, rc_store_result_name(result),
            bench->store == NULL ? "" : rc_store_error(bench->store));
    exit(1);
}

static struct rc_id name_of(const char *format, int number)
{
    struct rc_id id;
    id.length = (uint8_t)snprintf(id.text, sizeof id.text, format, number);
    return id;
}

static void open_store(struct bench *bench)
{
    char error[RC_STORE_ERROR_MAX];
    const struct rc_store_options options = {
        .path = bench->path, .now = 1, .at = 1, .boot_id = "bench", .verify = true};
    const struct rc_id hq = {2, "hq"};
    if (rc_store_open(&options, &bench->store, error) != RC_STORE_OK) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
    must(rc_store_site(bench->store, &hq, &bench->site), bench, "site");
}

/* The row as the service writes it. */
static void write_audit(struct bench *bench, const struct rc_id *user, const struct rc_id *session,
                        int64_t at)
{
    static const char detail[] = "{\"courseId\":\"safety-101\",\"added\":{\"2025-12-03\":60000},"
                                 "\"course\":{\"2025-12-03\":60000}}";
    const struct rc_audit row = {.at = at,
                                 .event = "SESSION_HEARTBEAT",
                                 .user = *user,
                                 .session = *session,
                                 .result = "COUNTED",
                                 .detail = {detail, sizeof detail - 1}};
    must(rc_store_audit(bench->store, bench->site, &row), bench, "audit");
}

static void heartbeat(struct bench *bench, int who)
{
    static const struct rc_id course = {10, "safety-101"};
    const struct rc_id user = name_of("employee-%07d", who), session = name_of("tab-%08d", who);
    struct rc_training_ledger ledger;
    struct rc_training_day day;
    bench->now += 1;
    const struct rc_training_now moment = {bench->now, DAY_AT + bench->now};
    must(rc_store_training_load(bench->store, &user, &course, &bench->site, 1, moment, &ledger, &day), bench,
         "load");
    const struct rc_span span = {moment.now, moment.now + 60000};
    ledger.cover = ledger.course_cover = (struct rc_cover){1, {span}};
    ledger.run_ms += 60000;
    ledger.run_until_now = span.to_now;
    ledger.sites[0].course.ms += 60000;
    day.day = today;
    day.ms += 60000;
    day.limit_ms = 14400000;
    day.heartbeats++;
    day.created_at = day.created_at == 0 ? moment.at : day.created_at;
    day.last_heartbeat_at = moment.at;
    must(rc_store_training_heard(bench->store, bench->site, &user, &session, &course, today.date, moment,
                                 60000, &day.session_count),
         bench, "heard");
    must(rc_store_training_save_user(bench->store, &user, &course, moment, &ledger), bench, "user");
    must(rc_store_training_save_day(bench->store, bench->site, &user, &day, &tomorrow), bench, "day");
    must(rc_store_training_save_course(bench->store, bench->site, &user, &course, &today, &tomorrow,
                                       &ledger.sites[0].course, RC_NONE, RC_NONE),
         bench, "course");
    write_audit(bench, &user, &session, moment.at);
}

static int anybody(struct bench *bench)
{
    bench->random ^= bench->random << 13;
    bench->random ^= bench->random >> 7;
    bench->random ^= bench->random << 17;
    return (int)(bench->random % (uint64_t)bench->users);
}

static void bench_heartbeats(struct bench *bench, const char *name, int count, int batch, bool everybody)
{
    struct start start = start_now();
    for (int i = 0; i < count; i++) {
        must(rc_store_begin(bench->store), bench, "begin");
        heartbeat(bench, everybody ? (int)((int64_t)i * 7919 % bench->users) : anybody(bench));
        if (i % batch == batch - 1 || i == count - 1)
            must(rc_store_commit(bench->store), bench, "commit");
    }
    report(name, count, start);
}

static void bench_parts(struct bench *bench, int count)
{
    static const struct rc_id course = {10, "safety-101"};
    must(rc_store_begin(bench->store), bench, "begin");
    struct start start = start_now();
    for (int i = 0; i < count; i++) {
        const struct rc_id user = name_of("employee-%07d", anybody(bench));
        const struct rc_training_now moment = {bench->now, DAY_AT + bench->now};
        struct rc_training_ledger ledger;
        struct rc_training_day day;
        must(rc_store_training_load(bench->store, &user, &course, &bench->site, 1, moment, &ledger, &day),
             bench, "load");
    }
    report("  of it: loading", count, start);
    rc_store_rollback(bench->store);
    start = start_now();
    for (int i = 0; i < count; i++) {
        const struct rc_id user = name_of("employee-%07d", anybody(bench));
        must(rc_store_begin(bench->store), bench, "begin");
        write_audit(bench, &user, &user, DAY_AT + bench->now);
        if (i % 100 == 99 || i == count - 1)
            must(rc_store_commit(bench->store), bench, "commit");
    }
    report("  of it: the audit row, 100 a commit", count, start);
}

static int64_t size_of(const char *path)
{
    struct stat file;
    return stat(path, &file) == 0 ? (int64_t)file.st_size : 0;
}

/* Audit rows alone, a month of them, and the first of the next. */
static void bench_archive(struct bench *bench, int rows)
{
    char error[RC_STORE_ERROR_MAX];
    struct start start = start_now();
    for (int i = 0; i < rows; i++) {
        const struct rc_id user = name_of("employee-%07d", i % 1000), session = name_of("tab-%08d", i % 1000);
        must(rc_store_begin(bench->store), bench, "begin");
        write_audit(bench, &user, &session, DAY_AT + (int64_t)i * 2000000 / rows * 1000);
        if (i % 5000 == 4999 || i == rows - 1)
            must(rc_store_commit(bench->store), bench, "commit");
    }
    report("audit rows, 5000 a commit", rows, start);
    must(rc_store_begin(bench->store), bench, "begin");
    const struct rc_id last = name_of("employee-%07d", 1);
    write_audit(bench, &last, &last, DAY_AT + 86400000LL * 35);
    must(rc_store_commit(bench->store), bench, "commit");
    must(rc_store_checkpoint(bench->store), bench, "checkpoint");
    start = start_now();
    if (rc_store_archive_copy(bench->path, "2025_12", bench->archive, error) != RC_STORE_OK) {
        fprintf(stderr, "copy: %s\n", error);
        exit(1);
    }
    report("archive: copied and checked, beside the service", rows, start);
    printf("%-52s %8.1f bytes a row\n", "archive: size", (double)size_of(bench->archive) / rows);
    start = start_now();
    must(rc_store_begin(bench->store), bench, "begin");
    must(rc_store_archive_drop(bench->store, "2025_12", bench->archive, DAY_AT), bench, "drop");
    must(rc_store_commit(bench->store), bench, "commit");
    report("archive: noted and taken out of the log", 1, start);
}

static void bench_sweep(struct bench *bench, int rows)
{
    bool done = false;
    int slices = 0;
    double longest = 0;
    struct start start = start_now();
    while (!done) {
        double begun = clock_s(CLOCK_MONOTONIC);
        must(rc_store_archive_sweep(bench->store, &done), bench, "sweep");
        double took = clock_s(CLOCK_MONOTONIC) - begun;
        longest = took > longest ? took : longest;
        slices++;
    }
    report("archive: its room given back, in slices", rows, start);
    printf("%-52s %8d, the longest %.1f ms\n", "archive: slices", slices, longest * 1e3);
}

int main(int argc, char **argv)
{
    char made[] = "/tmp/rollcall-bench-XXXXXX";
    const char *folder = argc > 1 ? argv[1] : mkdtemp(made);
    struct bench bench = {.random = 88172645463325252u};
    bench.users = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 100000;
    int count = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 100000;
    if (folder == NULL || bench.users < 1 || count < 1) {
        fprintf(stderr, "usage: bench_ledger [DIR [USERS [HEARTBEATS]]]\n");
        return 2;
    }
    snprintf(bench.path, sizeof bench.path, "%s/ledger.db", folder);
    snprintf(bench.archive, sizeof bench.archive, "%s/2025_12.db", folder);
    open_store(&bench);
    bench_heartbeats(&bench, "the first heartbeat of each user, 1000 a commit", bench.users, 1000, true);
    bench_heartbeats(&bench, "heartbeats, 17 a commit", count, 17, false);
    bench_heartbeats(&bench, "heartbeats, 100 a commit", count, 100, false);
    bench_heartbeats(&bench, "heartbeats, 1000 a commit", count, 1000, false);
    bench_parts(&bench, count);
    rc_store_close(bench.store);
    snprintf(bench.path, sizeof bench.path, "%s/month.db", folder);
    open_store(&bench);
    bench_archive(&bench, count);
    bench_sweep(&bench, count);
    rc_store_close(bench.store);
    if (argc > 1)
        return 0;
    char command[64];
    snprintf(command, sizeof command, "rm -rf -- '%s'", made);
    return system(command) == 0 ? 0 : 1;
}
