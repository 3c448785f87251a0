#define _GNU_SOURCE
#include "split.h"

#include "wire_client.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 64

/* Samples a second of processor time: enough for a percent in ten seconds, and next to nothing to take. */
#define SAMPLES_HZ "499"
/* Of the stack, for the call chain: frames of SQLite and ours are small. */
#define CALL_CHAIN "dwarf,8192"

struct thread {
    pid_t id;
    char name[32];
    long long ns;
};

struct split {
    pid_t process, perf; /* 0: no perf */
    double start_s;
    char file[512];
    struct thread threads[THREADS_MAX];
    int count;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- by thread ---- */

static bool read_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    bool read = file != NULL && fgets(line, (int)size, file) != NULL;
    if (file != NULL)
        fclose(file);
    line[read ? strcspn(line, "\n") : 0] = '\0';
    return read;
}

static void read_thread(pid_t process, struct thread *thread)
{
    char path[96], line[96];
    snprintf(path, sizeof path, "/proc/%d/task/%d/comm", process, thread->id);
    read_line(path, thread->name, sizeof thread->name);
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", process, thread->id);
    thread->ns = read_line(path, line, sizeof line) ? strtoll(line, NULL, 10) : 0;
}

static int read_threads(pid_t process, struct thread *threads)
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/task", process);
    DIR *folder = opendir(path);
    if (folder == NULL)
        wire_client_give_up("the service has ended");
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] == '.' || count == THREADS_MAX)
            continue;
        threads[count].id = (pid_t)strtol(entry->d_name, NULL, 10);
        read_thread(process, &threads[count++]);
    }
    closedir(folder);
    return count;
}

static long long before(const struct split *split, pid_t id)
{
    for (int i = 0; i < split->count; i++)
        if (split->threads[i].id == id)
            return split->threads[i].ns;
    return 0;
}

/* What a thread is for; the link's own thread has no name. */
static const char *role_of(const struct split *split, const struct thread *thread)
{
    if (thread->id == split->process)
        return "service thread: decode, ledger, SQLite, hand over";
    if (strcmp(thread->name, "MQTTAsync_rcv") == 0)
        return "Paho, receiving into the inbox";
    if (strcmp(thread->name, "MQTTAsync_send") == 0)
        return "Paho, sending";
    return strcmp(thread->name, "rollcalld") == 0 ? "link, calls into Paho" : thread->name;
}

static double print_threads(const struct split *split, double elapsed_s, long messages)
{
    struct thread now[THREADS_MAX];
    int count = read_threads(split->process, now);
    double sum = 0;
    for (int i = 0; i < count; i++) {
        double used = (double)(now[i].ns - before(split, now[i].id)) / 1e9;
        sum += used;
        if (used / elapsed_s >= 0.001)
            printf("  %-52s %5.1f %% of a core   %6.1f us a message\n", role_of(split, &now[i]),
                   used / elapsed_s * 100, used * 1e6 / (double)messages);
    }
    printf("  %-52s %5.1f %% of a core   %6.1f us a message\n", "the service", sum / elapsed_s * 100,
           sum * 1e6 / (double)messages);
    return sum / elapsed_s;
}

/* ---- by part ---- */

enum part { RECEIVE, PRESENCE, LEDGER, SQLITE, PUBLISH, OTHER, PARTS };
static const char *const names[PARTS] = {
    "receive and decode",         "presence (T-8)", "ledger and audit, hashes",
    "SQLite, its files included", "publish",        "other"};

/* What a function's name, or its library, begins with; the innermost that is known decides. */
static const struct {
    const char *prefix;
    enum part part;
} functions[] = {
    {"sqlite3", SQLITE},    {"rc_handle", SQLITE},   {"rc_bind", SQLITE},       {"rc_inbox", RECEIVE},
    {"rc_ring", RECEIVE},   {"rc_decode", RECEIVE},  {"rc_json", RECEIVE},      {"rc_fields", RECEIVE},
    {"rc_topic", RECEIVE},  {"rc_access", RECEIVE},  {"rc_training", LEDGER},   {"rc_store", LEDGER},
    {"rc_audit", LEDGER},   {"rc_chain", LEDGER},    {"rc_day", LEDGER},        {"rc_policies", LEDGER},
    {"rc_zone", LEDGER},    {"rc_engine", PRESENCE}, {"rc_session", PRESENCE},  {"rc_employee", PRESENCE},
    {"rc_flush", PRESENCE}, {"rc_link", PUBLISH},    {"rc_publisher", PUBLISH}, {"rc_encode", PUBLISH},
    {"rc_writer", PUBLISH}, {"rc_outbox", PUBLISH},  {"rc_notify", PUBLISH},    {"rc_intake", RECEIVE},
    {"rc_batch", LEDGER},   {"rc_apply", PRESENCE},
};

/* part_of reads a frame, `address name+0x1 (library)`; OTHER: go on outwards. */
static enum part part_of(const char *frame)
{
    frame += strspn(frame, " \t");
    frame += strcspn(frame, " ");
    frame += strspn(frame, " ");
    if (strstr(frame, "/libsqlite3") != NULL)
        return SQLITE;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
        if (strncmp(frame, functions[i].prefix, strlen(functions[i].prefix)) == 0)
            return functions[i].part;
    return OTHER;
}

struct sample {
    char thread[32];
    bool service_thread;
    enum part part;
};

static void begin_sample(const struct split *split, const char *header, struct sample *sample)
{
    int id = 0;
    sample->part = OTHER;
    sample->thread[0] = '\0';
    sscanf(header, " %31s %d", sample->thread, &id);
    sample->service_thread = id == split->process;
}

/* Threads other than the service thread are of one part each. */
static enum part settle(const struct sample *sample)
{
    if (sample->service_thread)
        return sample->part;
    if (strcmp(sample->thread, "MQTTAsync_rcv") == 0)
        return RECEIVE;
    return strcmp(sample->thread, "rollcalld") == 0 || strcmp(sample->thread, "MQTTAsync_send") == 0 ? PUBLISH
                                                                                                     : OTHER;
}

static long read_samples(const struct split *split, long counts[PARTS])
{
    char command[640], line[4096];
    struct sample sample = {.part = OTHER};
    long sum = 0;
    bool open = false;
    snprintf(command, sizeof command, "perf script -F comm,tid,ip,sym,dso -i %s 2>/dev/null", split->file);
    FILE *script = popen(command, "re");
    while (script != NULL && fgets(line, sizeof line, script) != NULL) {
        if (line[0] == '\n') {
            counts[settle(&sample)] += open;
            sum += open;
            open = false;
        } else if (!open) {
            begin_sample(split, line, &sample);
            open = true;
        } else if (sample.part == OTHER) {
            sample.part = part_of(line);
        }
    }
    if (script != NULL)
        pclose(script);
    return sum;
}

static void print_parts(const struct split *split, double share, double elapsed_s, long messages)
{
    long counts[PARTS] = {0};
    long sum = read_samples(split, counts);
    if (sum == 0) {
        printf("  (perf gave no samples: only the threads are known)\n");
        return;
    }
    printf("  of which, by %ld samples of perf:\n", sum);
    for (int i = 0; i < PARTS; i++) {
        double part = share * (double)counts[i] / (double)sum;
        printf("    %-50s %5.1f %% of a core   %6.1f us a message\n", names[i], part * 100,
               part * elapsed_s * 1e6 / (double)messages);
    }
}

/* ---- a split ---- */

static pid_t start_perf(struct split *split)
{
    char process[16];
    snprintf(process, sizeof process, "%d", split->process);
    pid_t child = fork();
    if (child == 0) {
        int nothing = open("/dev/null", O_WRONLY);
        dup2(nothing, 1);
        dup2(nothing, 2);
        execlp("perf", "perf", "record", "-F", SAMPLES_HZ, "--call-graph", CALL_CHAIN, "-o", split->file,
               "-p", process, NULL);
        _exit(127);
    }
    return child;
}

struct split *split_begin(pid_t process, bool samples, const char *folder)
{
    struct split *split = calloc(1, sizeof *split);
    if (split == NULL)
        wire_client_give_up("no memory");
    split->process = process;
    snprintf(split->file, sizeof split->file, "%s/perf.data", folder);
    split->count = read_threads(process, split->threads);
    split->start_s = seconds();
    if (samples)
        split->perf = start_perf(split);
    return split;
}

double split_end(struct split *split, long messages)
{
    double elapsed_s = seconds() - split->start_s;
    double share = print_threads(split, elapsed_s, messages);
    if (split->perf > 0) {
        kill(split->perf, SIGINT);
        waitpid(split->perf, NULL, 0);
        print_parts(split, share, elapsed_s, messages);
        unlink(split->file);
    }
    free(split);
    return share;
}
