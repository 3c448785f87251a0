#define _GNU_SOURCE /* pipe2 */
#include "support/broker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <pwd.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The project's template; CMake says where it is. */
#ifndef RC_BROKER_TEMPLATE
#error "RC_BROKER_TEMPLATE must be the path of broker-config/mosquitto.conf"
#endif

/* A broker that is not up after this is broken: here it takes about 20 ms. */
#define START_S_MAX 30

struct rc_test_broker {
    char folder[PATH_MAX / 2], config[PATH_MAX], log[PATH_MAX], saved[PATH_MAX], uri[64];
    int port, ws_port;
    int reserved[2]; /* bound, never listening: keeps the ports ours while the broker is down */
    pid_t pid;
    int errors; /* our end of the broker's standard error */
    bool watched;
    pthread_t watcher;
    sem_t settled; /* posted once it runs, or its standard error has ended */
    bool runs;     /* valid after `settled` */
};

static _Noreturn void give_up(const char *what, ...)
{
    va_list arguments;
    va_start(arguments, what);
    fputs("test broker: ", stderr);
    vfprintf(stderr, what, arguments);
    fprintf(stderr, " (errno: %s)\n", strerror(errno));
    va_end(arguments);
    exit(99);
}

/* Mosquitto sets SO_REUSEADDR as well, so it may listen on a port that we merely hold. */
static int reserve_port(int *port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        give_up("no free port");
    *port = ntohs(address.sin_port);
    return fd;
}

/* Writes one line of the template with its placeholders filled in. */
static void fill_line(FILE *out, const struct rc_test_broker *broker, const char *line)
{
    while (*line != '\0') {
        if (strncmp(line, "@MQTT_PORT@", 11) == 0) {
            fprintf(out, "%d", broker->port);
            line += 11;
        } else if (strncmp(line, "@WS_PORT@", 9) == 0) {
            fprintf(out, "%d", broker->ws_port);
            line += 9;
        } else if (strncmp(line, "@DATA@", 6) == 0) {
            fputs(broker->folder, out);
            line += 6;
        } else if (strncmp(line, "@USER@", 6) == 0) {
            fputs("mosquitto", out);
            line += 6;
        } else {
            fputc(*line++, out);
        }
    }
}

static void write_config(const struct rc_test_broker *broker, const char *extra)
{
    FILE *in = fopen(RC_BROKER_TEMPLATE, "re");
    FILE *out = fopen(broker->config, "we");
    if (in == NULL || out == NULL)
        give_up("cannot make %s from %s", broker->config, RC_BROKER_TEMPLATE);
    /* How we learn that it takes connections. */
    fputs("log_type information\n", out);
    if (extra != NULL)
        fprintf(out, "%s\n", extra);
    char line[1024];
    while (fgets(line, sizeof line, in) != NULL)
        fill_line(out, broker, line);
    fclose(in);
    if (fclose(out) != 0)
        give_up("cannot write %s", broker->config);
}

/* In the child: become user mosquitto before exec, and not by mosquitto itself, since a change of user there
 * would undo PR_SET_PDEATHSIG. */
static void drop_root(void)
{
    const struct passwd *user = geteuid() == 0 ? getpwnam("mosquitto") : NULL;
    if (user == NULL)
        return;
    if (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
        _exit(98);
}

static _Noreturn void become_broker(const struct rc_test_broker *broker, int errors)
{
    drop_root();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int nothing = open("/dev/null", O_RDWR);
    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(nothing, 1) < 0 || dup2(errors, 2) < 0)
        _exit(98);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execlp("mosquitto", "mosquitto", "-c", broker->config, (char *)NULL);
    execl("/usr/sbin/mosquitto", "mosquitto", "-c", broker->config, (char *)NULL);
    static const char missing[] = "mosquitto is not installed\n";
    (void)!write(2, missing, sizeof missing - 1);
    _exit(98);
}

/* Copies what the broker says to the log file until it ends, and says when it runs. */
static void *watch(void *argument)
{
    struct rc_test_broker *broker = argument;
    FILE *in = fdopen(broker->errors, "re");
    FILE *out = fopen(broker->log, "ae");
    if (in == NULL || out == NULL)
        give_up("cannot watch the broker's standard error");
    setlinebuf(out);
    bool said = false;
    char line[1024];
    while (fgets(line, sizeof line, in) != NULL) {
        fputs(line, out);
        if (!said && strstr(line, "mosquitto version") != NULL && strstr(line, "running") != NULL) {
            said = true;
            broker->runs = true;
            sem_post(&broker->settled);
        }
    }
    if (!said)
        sem_post(&broker->settled);
    fclose(in);
    fclose(out);
    return NULL;
}

static void await_start(struct rc_test_broker *broker)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += START_S_MAX;
    while (sem_timedwait(&broker->settled, &until) != 0) {
        if (errno != EINTR)
            give_up("does not start; see %s", broker->log);
    }
    if (!broker->runs)
        give_up("ended at once; see %s", broker->log);
}

/* A CONNECT that is answered shows that its loop runs. Before, between its last line and its loop, it would
 * forget a SIGTERM. */
static void await_answer(const struct rc_test_broker *broker)
{
    static const uint8_t hello[] = {0x10, 16, 0, 4, 'M', 'Q', 'T', 'T', 5, 2, 0, 60, 0, 0, 3, 'r', 'i', 'g'};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)broker->port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    uint8_t answer;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        write(fd, hello, sizeof hello) != (ssize_t)sizeof hello || recv(fd, &answer, 1, 0) != 1)
        give_up("does not answer; see %s", broker->log);
    close(fd);
}

void rc_test_broker_again(struct rc_test_broker *broker)
{
    int ends[2];
    if (broker->pid != 0)
        give_up("runs already");
    if (pipe2(ends, O_CLOEXEC) != 0)
        give_up("no pipe");
    broker->runs = false;
    pid_t parent = getpid();
    broker->pid = fork();
    if (broker->pid < 0)
        give_up("no process");
    if (broker->pid == 0) {
        if (getppid() != parent)
            _exit(98);
        become_broker(broker, ends[1]);
    }
    close(ends[1]);
    broker->errors = ends[0];
    if (pthread_create(&broker->watcher, NULL, watch, broker) != 0)
        give_up("no thread");
    broker->watched = true;
    await_start(broker);
    await_answer(broker);
}

void rc_test_broker_stop(struct rc_test_broker *broker, int signal)
{
    if (broker->pid == 0)
        return;
    if (kill(broker->pid, signal) != 0)
        give_up("cannot be stopped");
    while (waitpid(broker->pid, NULL, 0) < 0) {
        if (errno != EINTR)
            give_up("cannot be waited for");
    }
    broker->pid = 0;
    if (broker->watched)
        pthread_join(broker->watcher, NULL);
    broker->watched = false;
}

void rc_test_broker_wipe(struct rc_test_broker *broker)
{
    if (unlink(broker->saved) != 0 && errno != ENOENT)
        give_up("cannot remove %s", broker->saved);
}

void rc_test_broker_set(struct rc_test_broker *broker, const char *name, const char *value)
{
    char changed[PATH_MAX + 8], line[1024];
    size_t length = strlen(name);
    snprintf(changed, sizeof changed, "%s.new", broker->config);
    FILE *in = fopen(broker->config, "re"), *out = fopen(changed, "we");
    if (in == NULL || out == NULL)
        give_up("cannot change %s", broker->config);
    while (fgets(line, sizeof line, in) != NULL) {
        if (strncmp(line, name, length) == 0 && line[length] == ' ')
            fprintf(out, "%s %s\n", name, value);
        else
            fputs(line, out);
    }
    fclose(in);
    if (fclose(out) != 0 || rename(changed, broker->config) != 0)
        give_up("cannot change %s", broker->config);
}

static void make_folder(struct rc_test_broker *broker)
{
    const char *base = getenv("TMPDIR");
    snprintf(broker->folder, sizeof broker->folder, "%s/rollcall-broker-XXXXXX",
             base != NULL ? base : "/tmp");
    if (mkdtemp(broker->folder) == NULL)
        give_up("no folder %s", broker->folder);
    const struct passwd *user = geteuid() == 0 ? getpwnam("mosquitto") : NULL;
    if (user != NULL && chown(broker->folder, user->pw_uid, user->pw_gid) != 0)
        give_up("cannot give %s away", broker->folder);
    snprintf(broker->config, sizeof broker->config, "%s/mosquitto.conf", broker->folder);
    snprintf(broker->log, sizeof broker->log, "%s/log", broker->folder);
    snprintf(broker->saved, sizeof broker->saved, "%s/mosquitto.db", broker->folder);
}

struct rc_test_broker *rc_test_broker_start(const char *extra)
{
    struct rc_test_broker *broker = calloc(1, sizeof *broker);
    if (broker == NULL || sem_init(&broker->settled, 0, 0) != 0)
        give_up("no memory");
    make_folder(broker);
    broker->reserved[0] = reserve_port(&broker->port);
    broker->reserved[1] = reserve_port(&broker->ws_port);
    snprintf(broker->uri, sizeof broker->uri, "tcp://127.0.0.1:%d", broker->port);
    write_config(broker, extra);
    rc_test_broker_again(broker);
    return broker;
}

void rc_test_broker_free(struct rc_test_broker *broker)
{
    if (broker == NULL)
        return;
    rc_test_broker_stop(broker, SIGKILL);
    close(broker->reserved[0]);
    close(broker->reserved[1]);
    unlink(broker->config);
    unlink(broker->log);
    unlink(broker->saved);
    rmdir(broker->folder);
    sem_destroy(&broker->settled);
    free(broker);
}

int rc_test_broker_port(const struct rc_test_broker *broker)
{
    return broker->port;
}

int rc_test_broker_ws_port(const struct rc_test_broker *broker)
{
    return broker->ws_port;
}

const char *rc_test_broker_uri(const struct rc_test_broker *broker)
{
    return broker->uri;
}

pid_t rc_test_broker_pid(const struct rc_test_broker *broker)
{
    return broker->pid;
}

const char *rc_test_broker_log(const struct rc_test_broker *broker)
{
    return broker->log;
}
