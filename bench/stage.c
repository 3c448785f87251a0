#define _GNU_SOURCE /* memmem, syscall */
#include "stage.h"

#include "support/broker.h"
#include "wire_client.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A service with an empty database is there in far less. */
#define START_MS 30000

#define SETTINGS_MAX 32

struct stage {
    struct rc_test_broker *broker;
    pid_t service;
    bool online;
    double started_s;
    char folder[PATH_MAX / 2];
};

static void on_status(void *context, const struct wire_message *message)
{
    struct stage *stage = context;
    static const char there[] = "\"online\":true";
    stage->online = memmem(message->payload, message->payload_length, there, sizeof there - 1) != NULL;
}

/* The words of the service's command line; texts are kept in `store`. */
struct words {
    const char *argv[2 * SETTINGS_MAX + 8];
    size_t count;
    char store[4][PATH_MAX];
    size_t stored;
};

static void add_setting(struct words *words, const char *setting)
{
    if (words->count + 3 > sizeof words->argv / sizeof words->argv[0]) {
        wire_client_give_up("more than %d settings", SETTINGS_MAX);
    }
    words->argv[words->count++] = "--set";
    words->argv[words->count++] = setting;
}

static char *room(struct words *words)
{
    return words->store[words->stored++];
}

static void beside_us(char path[PATH_MAX])
{
    char us[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", us, sizeof us - 1);
    if (length < 0) {
        wire_client_give_up("cannot tell where this program is: %s", strerror(errno));
    }
    us[length] = '\0';
    *strrchr(us, '/') = '\0';
    snprintf(path, PATH_MAX, "%.4000s/rollcalld", us);
}

static void make_words(const struct stage *stage, const char *service, const char *const *settings,
                       struct words *words)
{
    char *path = room(words);
    char *uri = room(words);
    char *database = room(words);
    if (service == NULL) {
        beside_us(path);
    } else {
        snprintf(path, PATH_MAX, "%s", service);
    }
    snprintf(uri, PATH_MAX, "mqtt.uri=%s", rc_test_broker_uri(stage->broker));
    snprintf(database, PATH_MAX, "store.path=%s/rollcall.db", stage->folder);
    words->argv[words->count++] = path;
    add_setting(words, uri);
    add_setting(words, database);
    for (; settings != NULL && *settings != NULL; settings++) {
        add_setting(words, *settings);
    }
}

static void become_service(const struct stage *stage, const struct words *words)
{
    char log[PATH_MAX];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(log, sizeof log, "%s/service.log", stage->folder);
    int errors = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (errors < 0 || dup2(errors, 2) < 0) {
        _exit(98);
    }
    execv(words->argv[0], (char *const *)(void *)words->argv);
    _exit(99);
}

static void await_online(struct stage *stage)
{
    struct wire_client *watcher =
        wire_client_open(rc_test_broker_port(stage->broker), "stage", on_status, stage);
    wire_client_subscribe(watcher, "rollcall/v1/+/service/status", 1);
    int end = (int)syscall(SYS_pidfd_open, stage->service, 0); /* readable when the service has ended */
    while (!stage->online) {
        struct pollfd ready[] = {{.fd = wire_client_fd(watcher), .events = POLLIN},
                                 {.fd = end, .events = POLLIN}};
        if (poll(ready, 2, START_MS) <= 0 || ready[1].revents != 0) {
            wire_client_give_up("the service does not start; see %s/service.log", stage->folder);
        }
        wire_client_read(watcher);
    }
    close(end);
    wire_client_close(watcher);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct stage *stage_open(const char *service, const char *folder, const char *const *settings)
{
    return stage_open_on(NULL, NULL, service, folder, settings);
}

struct stage *stage_open_on(stage_prepare_fn *prepare, void *context, const char *service, const char *folder,
                            const char *const *settings)
{
    char database[PATH_MAX];
    struct stage *stage = calloc(1, sizeof *stage);
    const char *temporary = getenv("TMPDIR");
    if (stage == NULL) {
        wire_client_give_up("no memory");
    }
    folder = folder != NULL ? folder : temporary != NULL ? temporary : "/tmp";
    snprintf(stage->folder, sizeof stage->folder, "%s/rollcall-bench-XXXXXX", folder);
    if (mkdtemp(stage->folder) == NULL) {
        wire_client_give_up("%s: %s", folder, strerror(errno));
    }
    snprintf(database, sizeof database, "%s/rollcall.db", stage->folder);
    if (prepare != NULL) {
        prepare(database, context);
    }
    stage->broker = rc_test_broker_start(NULL);
    static struct words words;
    memset(&words, 0, sizeof words);
    make_words(stage, service, settings, &words);
    double start = seconds();
    stage->service = fork();
    if (stage->service == 0) {
        become_service(stage, &words);
    }
    await_online(stage);
    stage->started_s = seconds() - start;
    return stage;
}

void stage_close(struct stage *stage)
{
    static const char *const files[] = {"rollcall.db", "rollcall.db-wal", "rollcall.db-shm",
                                        "rollcall.db.lock", "service.log"};
    kill(stage->service, SIGTERM);
    waitpid(stage->service, NULL, 0);
    rc_test_broker_free(stage->broker);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", stage->folder, files[i]);
        unlink(path);
    }
    if (rmdir(stage->folder) != 0) {
        fprintf(stderr, "%s is not empty: %s\n", stage->folder, strerror(errno));
    }
    free(stage);
}

double stage_started_s(const struct stage *stage)
{
    return stage->started_s;
}

int stage_port(const struct stage *stage)
{
    return rc_test_broker_port(stage->broker);
}

pid_t stage_service(const struct stage *stage)
{
    return stage->service;
}

static double cpu_of(const struct stage *stage, pid_t process)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &used) != 0) {
        wire_client_give_up("service or broker has ended; see %s/service.log", stage->folder);
    }
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

double stage_service_cpu(const struct stage *stage)
{
    return cpu_of(stage, stage->service);
}

double stage_broker_cpu(const struct stage *stage)
{
    return cpu_of(stage, rc_test_broker_pid(stage->broker));
}

const char *stage_folder(const struct stage *stage)
{
    return stage->folder;
}
