/* rollcalld: reads the settings, opens the database, restores the sites, and runs the loop until it is told
 * to stop. */
#include "daemon/answer.h"
#include "daemon/http.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/options.h"
#include "daemon/setting.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Bytes of the key of rc-mac: 256 bits in hex, with room for a longer one. */
#define MAC_KEY_MAX 256

static volatile sig_atomic_t stop_asked;
static struct rc_inbox *inbox_to_wake; /* set before the handlers are installed */

static void on_stop(int signal_number)
{
    (void)signal_number;
    int saved_errno = errno;
    stop_asked = 1;
    rc_inbox_wake(inbox_to_wake);
    errno = saved_errno;
}

static void install_handlers(void)
{
    struct sigaction stop = {.sa_handler = on_stop};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigemptyset(&stop.sa_mask);
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

/* What was wrong may hold anything, and must not steer the terminal. */
static int usage_error(const char *error)
{
    fputs("rollcalld: ", stderr);
    for (; *error != '\0'; error++)
        fputc((unsigned char)*error < 0x20 || *error == 0x7F ? '?' : *error, stderr);
    fputc('\n', stderr);
    return RC_EXIT_USAGE;
}

/* Reads the file and the --set of the command line over the defaults. */
static bool read_config(const struct rc_options *options, struct rc_config *config,
                        char error[RC_CONFIG_ERROR_MAX])
{
    rc_config_default(config);
    if (options->config_path && !rc_config_file(config, options->config_path, error))
        return false;
    for (size_t i = 0; i < options->set_count; i++) {
        if (!rc_config_set(config, options->sets[i], error))
            return false;
    }
    return rc_config_check(config, error);
}

/* The key is the file's content without the end of its line. Returns its length, 0: none wanted; -1: error.
 */
static int read_mac_key(const char *path, char key[MAC_KEY_MAX])
{
    if (!path[0])
        return 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    size_t length = fread(key, 1, MAC_KEY_MAX, file);
    bool whole = feof(file) && !ferror(file);
    fclose(file);
    while (length > 0 && (key[length - 1] == '\n' || key[length - 1] == '\r'))
        length--;
    return whole && length > 0 ? (int)length : -1;
}

static int exit_code_of(enum rc_store_result result)
{
    switch (result) {
    case RC_STORE_IN_USE:
        return RC_EXIT_IN_USE;
    case RC_STORE_NEWER:
    case RC_STORE_NOT_A_DATABASE:
    case RC_STORE_BROKEN_CHAIN:
    case RC_STORE_WRONG_SCHEMA:
    case RC_STORE_CORRUPT:
        return RC_EXIT_STORE;
    default:
        return RC_EXIT_FAILED;
    }
}

/* When a file was last written, by the wall clock; RC_NONE: there is no such file. */
static int64_t file_written_at(const char *path)
{
    struct stat file;
    if (stat(path, &file) != 0)
        return RC_NONE;
    return (int64_t)file.st_mtim.tv_sec * 1000 + file.st_mtim.tv_nsec / 1000000;
}

/* When the database was: what is committed stands in the WAL first. Must be asked before it is opened, which
 * writes. */
static int64_t store_written_at(const char *path)
{
    char wal[RC_PATH_MAX + sizeof "-wal"];
    snprintf(wal, sizeof wal, "%s-wal", path);
    int64_t file_at = file_written_at(path), wal_at = file_written_at(wal);
    if (file_at == RC_NONE)
        return RC_NONE;
    return wal_at != RC_NONE && wal_at > file_at ? wal_at : file_at;
}

static int open_store(struct rc_service *service, struct rc_reading reading)
{
    char boot_id[RC_BOOT_ID_MAX], error[RC_STORE_ERROR_MAX];
    if (!rc_clock_boot_id(boot_id))
        rc_log(RC_LOG_WARN, "boot_id_unknown");
    struct rc_store_options options = {.path = service->config->store_path,
                                       .now = reading.now,
                                       .at = reading.at,
                                       .boot_id = boot_id,
                                       .verify = true};
    service->written_at = store_written_at(options.path);
    enum rc_store_result result = rc_store_open(&options, &service->store, error);
    if (result == RC_STORE_OK)
        return RC_EXIT_OK;
    rc_log(RC_LOG_ERROR, "store_not_opened", RC_F_STR("path", options.path),
           RC_F_STR("result", rc_store_result_name(result)), RC_F_STR("reason", error));
    return exit_code_of(result);
}

static bool count_outbox(void *context, int site, const struct rc_outgoing *message)
{
    struct rc_service *service = context;
    (void)message;
    for (int i = 0; i < service->site_count; i++)
        service->sites[i].outbox_depth += service->sites[i].number == site;
    return true;
}

/* People of the directory of whom the engine has not heard, one page of them. */
struct newcomers {
    const struct rc_engine *engine;
    struct rc_id last; /* looked at */
    struct rc_directory_row rows[64];
    size_t count;
};

static bool take_newcomer(void *context, const struct rc_directory_row *row)
{
    struct newcomers *newcomers = context;
    struct rc_employee_view view;
    newcomers->last = row->employee;
    if (row->active && !rc_engine_find(newcomers->engine, &row->employee, &view))
        newcomers->rows[newcomers->count++] = *row; /* its texts are not used */
    return newcomers->count < sizeof newcomers->rows / sizeof newcomers->rows[0];
}

/* Whoever the directory has and the engine does not know yet is shown as OUT, and counts in their group
 * (P-8). */
static bool introduce_newcomers(struct rc_service *service, struct rc_site *site)
{
    static struct newcomers newcomers; /* large; one thread, and once a site */
    newcomers = (struct newcomers){.engine = site->engine};
    do {
        newcomers.count = 0;
        if (rc_store_directory_after(service->store, site->number, &newcomers.last, take_newcomer,
                                     &newcomers) != RC_STORE_OK)
            return false;
        for (size_t i = 0; i < newcomers.count; i++)
            rc_answer_introduce(service, site, &newcomers.rows[i], service->reading.now, service->reading.at);
    } while (newcomers.count > 0);
    return true;
}

/* Restores every site, and writes down that the service started. */
static int open_sites(struct rc_service *service)
{
    char error[RC_STORE_ERROR_MAX];
    service->sites = calloc(service->config->site_count, sizeof *service->sites);
    if (!service->sites)
        return RC_EXIT_FAILED;
    for (size_t i = 0; i < service->config->site_count; i++) {
        service->site_count++;
        if (!rc_site_open(&service->sites[i], (int)i, service->config, service->store, service->reading,
                          error)) {
            rc_log(RC_LOG_ERROR, "site_not_opened", RC_F_STR("reason", error));
            return service->sites[i].crowded ? RC_EXIT_USAGE : RC_EXIT_FAILED;
        }
    }
    rc_store_outbox_each(service->store, 0, count_outbox, service);
    for (int i = 0; i < service->site_count; i++) {
        if (!introduce_newcomers(service, &service->sites[i]))
            return RC_EXIT_FAILED;
        rc_batch_audit(service, &service->sites[i], "SERVICE_START", NULL, NULL,
                       "{\"version\":\"" RC_VERSION "\"}");
    }
    return rc_batch_commit(service) ? RC_EXIT_OK : RC_EXIT_FAILED;
}

static int connect_sites(struct rc_service *service, struct rc_text mac_key)
{
    char error[256];
    for (int i = 0; i < service->site_count; i++) {
        if (!rc_site_connect(&service->sites[i], service->config, mac_key, service->inbox,
                             service->started_at, error)) {
            rc_log(RC_LOG_ERROR, "link_not_opened", RC_F_ID("site", &service->sites[i].name),
                   RC_F_STR("reason", error));
            return RC_EXIT_USAGE;
        }
    }
    return RC_EXIT_OK;
}

static bool allocate(struct rc_service *service)
{
    const struct rc_config *config = service->config;
    service->inbox = rc_inbox_alloc(RC_INBOX_BYTES);
    service->board = rc_board_alloc();
    service->metrics = rc_metrics_alloc(config->sites, (int)config->site_count, service->reading.now);
    return rc_batch_init(&service->batch) && service->inbox && service->board && service->metrics;
}

static void release(struct rc_service *service)
{
    for (int i = 0; i < service->site_count; i++) {
        rc_site_disconnect(&service->sites[i], 0);
        rc_site_close(&service->sites[i]);
    }
    free(service->sites);
    rc_batch_fini(&service->batch);
    if (service->store)
        rc_store_close(service->store);
    rc_metrics_free(service->metrics);
    rc_board_free(service->board);
    rc_inbox_free(service->inbox);
}

/* Everything is open: connects, and runs until a signal. */
static int serve(struct rc_service *service, struct rc_text mac_key)
{
    char status[128];
    inbox_to_wake = service->inbox;
    install_handlers();
    int code = connect_sites(service, mac_key);
    if (code != RC_EXIT_OK)
        return code;
    struct rc_reading first = rc_clock_read();
    rc_notify_init(&service->notify, first.now);
    snprintf(status, sizeof status, "serving %d site(s)", service->site_count);
    rc_notify_ready(status);
    rc_log(RC_LOG_INFO, "ready", RC_F_STR("version", RC_VERSION), RC_F_INT("sites", service->site_count),
           RC_F_INT("start_ms", first.now - service->reading.now));
    bool clean = rc_loop_run(service, first, &stop_asked);
    rc_log(RC_LOG_INFO, "stopped", RC_F_BOOL("clean", clean));
    return clean ? RC_EXIT_OK : RC_EXIT_FAILED;
}

static int with_http(struct rc_service *service, struct rc_text mac_key)
{
    const struct rc_config *config = service->config;
    char error[256];
    struct rc_http *http = NULL;
    if (config->http_port != 0) {
        http = rc_http_open(config->http_address, (uint16_t)config->http_port, service->board, error);
        if (!http) {
            rc_log(RC_LOG_ERROR, "http_not_opened", RC_F_STR("reason", error));
            return RC_EXIT_FAILED;
        }
        rc_log(RC_LOG_INFO, "http_open", RC_F_INT("port", rc_http_port(http)));
    }
    int code = serve(service, mac_key);
    rc_http_close(http);
    return code;
}

static int run(const struct rc_config *config)
{
    static struct rc_service service; /* with the message at hand, too large for the stack */
    static char key[MAC_KEY_MAX];
    service.config = config;
    service.open = config->access_mode == RC_ACCESS_OPEN;
    service.reading = rc_clock_read();
    service.started_at = service.reading.at;
    service.report.head_day = RC_NONE;
    rc_log_set_level((enum rc_log_level)config->log_level);
    if (service.open && !rc_uri_loopback(config->mqtt_uri))
        rc_log(RC_LOG_WARN, "access_open_remote",
               RC_F_STR("meaning", "whoever reaches the broker may punch, decide and order as anybody"));
    int key_length = read_mac_key(config->access_key_file, key);
    if (key_length < 0) {
        rc_log(RC_LOG_ERROR, "key_not_read", RC_F_STR("path", config->access_key_file));
        return RC_EXIT_USAGE;
    }
    if (!allocate(&service)) {
        rc_log(RC_LOG_ERROR, "no_memory");
        release(&service);
        return RC_EXIT_FAILED;
    }
    int code = open_store(&service, service.reading);
    if (code == RC_EXIT_OK)
        code = open_sites(&service);
    if (code == RC_EXIT_OK)
        code = with_http(&service, (struct rc_text){key, (size_t)key_length});
    release(&service);
    return code;
}

int main(int argc, char **argv)
{
    static struct rc_config config;
    struct rc_options options;
    char error[RC_CONFIG_ERROR_MAX];
    umask(077); /* what people did when is nobody else's to read */
    if (!rc_options_parse(argc, argv, &options, error))
        return usage_error(error);
    switch (options.command) {
    case RC_COMMAND_HELP:
        rc_options_help(stdout);
        return RC_EXIT_OK;
    case RC_COMMAND_VERSION:
        rc_options_version(stdout);
        return RC_EXIT_OK;
    case RC_COMMAND_PRINT_CONFIG_DOC:
        rc_config_print_doc(stdout);
        return RC_EXIT_OK;
    case RC_COMMAND_PRINT_CONFIG:
    case RC_COMMAND_RUN:
        break;
    }
    if (!read_config(&options, &config, error))
        return usage_error(error);
    if (options.command == RC_COMMAND_PRINT_CONFIG) {
        rc_config_print(&config, stdout);
        return RC_EXIT_OK;
    }
    return run(&config);
}
