#include "daemon/config.h"

#include "daemon/log.h"
#include "daemon/setting.h"

#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <inttypes.h>
#include <string.h>

#define AT(field)                                                                                            \
    .offset = offsetof(struct rc_config, field), .size = sizeof(((struct rc_config *)NULL)->field)

#define INTEGER(section, name, field, initial, min, max, about)                                              \
    {                                                                                                        \
        section, name, RC_SETTING_INTEGER, AT(field), initial, min, max, .doc = (about)                      \
    }
#define MS(section, name, field, initial, min, max, about)                                                   \
    {                                                                                                        \
        section, name, RC_SETTING_MS, AT(field), initial, min, max, .doc = (about)                           \
    }
#define SHARE(section, name, field, initial, about)                                                          \
    {                                                                                                        \
        section, name, RC_SETTING_SHARE, AT(field), initial, .doc = (about)                                  \
    }
#define BOOL(section, name, field, initial, about)                                                           \
    {                                                                                                        \
        section, name, RC_SETTING_BOOL, AT(field), initial, .doc = (about)                                   \
    }
#define TEXT(type, section, name, field, initial, about)                                                     \
    {                                                                                                        \
        section, name, type, AT(field), initial, .doc = (about)                                              \
    }
#define CHOICE(section, name, field, initial, list, about)                                                   \
    {                                                                                                        \
        section, name, RC_SETTING_CHOICE, AT(field), initial, .choices = (list), .doc = (about)              \
    }

/* One entry for each class of session. */
#define EACH_CLASS(ENTRY)                                                                                    \
    ENTRY("browser", RC_BROWSER), ENTRY("agent", RC_AGENT), ENTRY("mobile", RC_MOBILE),                      \
        ENTRY("badge", RC_BADGE), ENTRY("kiosk", RC_KIOSK)

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const char *const days[] = {"monday", "tuesday",  "wednesday", "thursday",
                                   "friday", "saturday", "sunday",    NULL};
static const char *const access_modes[] = {
    [RC_ACCESS_OPEN] = "open", [RC_ACCESS_REQUIRED] = "required", NULL};
static const char *const log_levels[] = {
    [RC_LOG_DEBUG] = "debug", [RC_LOG_INFO] = "info", [RC_LOG_WARN] = "warn", [RC_LOG_ERROR] = "error", NULL};

static_assert(sizeof(enum rc_access_mode) == sizeof(int), "a choice is read and written as an int");

/* Sections stand together, in the order in which they are printed. */
static const struct rc_setting settings[] = {
    {"site", "names", RC_SETTING_SITES, AT(sites), "hq",
     .count_offset = offsetof(struct rc_config, site_count),
     .doc = "The sites that this service serves. Messages of other sites are counted and ignored."},
    TEXT(RC_SETTING_ZONE, "site", "zone", site_zone, "America/New_York",
         "Time zone of days and weeks in reports."),
    CHOICE("site", "week_start", week_start, "sunday", days, "First day of a week in timesheets."),

    CHOICE("access", "mode", access_mode, "open", access_modes,
           "`required`: only what the broker's plugin signed is believed. `open`: everyone is ops; loopback "
           "only."),
    BOOL("access", "open_remote", access_open_remote, "no",
         "Accept access.mode `open` with a broker that is not on loopback. For closed test networks only."),
    TEXT(RC_SETTING_PATH, "access", "key_file", access_key_file, "",
         "File with the key that broker and service share (access.mode `required`)."),

    TEXT(RC_SETTING_URI, "mqtt", "uri", mqtt_uri, "tcp://127.0.0.1:1883", "The broker."),
    TEXT(RC_SETTING_TEXT, "mqtt", "username", mqtt_username, "", "Login at the broker; empty: none."),
    TEXT(RC_SETTING_PATH, "mqtt", "password_file", mqtt_password_file, "",
         "File with the password, read at each connect; empty: none."),
    TEXT(RC_SETTING_PATH, "mqtt", "ca_file", mqtt_ca_file, "",
         "Certificates that the broker's must be signed by (ssl, wss); empty: the system's."),
    TEXT(RC_SETTING_PATH, "mqtt", "certificate_file", mqtt_certificate_file, "",
         "Our own certificate (ssl, wss); empty: none."),
    TEXT(RC_SETTING_PATH, "mqtt", "key_file", mqtt_key_file, "", "Key of our own certificate; empty: none."),
    INTEGER("mqtt", "keepalive_s", mqtt_keepalive_s, "10", 5, 600,
            "Seconds of silence after which either side looks whether the other is alive."),
    INTEGER("mqtt", "session_expiry_s", mqtt_session_expiry_s, "604800", 60, 31536000,
            "Seconds for which the broker keeps punches for us while we are away."),

#define ENTRY(class, index)                                                                                  \
    MS("presence", "interval_ms." class, policy.interval_ms[index],                                          \
       (index) == RC_MOBILE ? "20000" : "10000", 100, 1 * HOUR,                                              \
       "P-1: time between the heartbeats of a " class " session that announces none.")
    EACH_CLASS(ENTRY),
#undef ENTRY
#define ENTRY(class, index)                                                                                  \
    MS("presence", "interval_ms_max." class, policy.interval_ms_max[index],                                  \
       (index) == RC_MOBILE    ? "1200000"                                                                   \
       : (index) == RC_BROWSER ? "120000"                                                                    \
                               : "60000",                                                                    \
       1 * SECOND, 1 * HOUR,                                                                                 \
       "P-1: the longest interval that a " class " session may announce; more is cut to it.")
    EACH_CLASS(ENTRY),
#undef ENTRY
    MS("presence", "interval_ms_min", policy.interval_ms_min, "1000", 100, 1 * MINUTE,
       "P-1: the shortest interval that a session may announce; less is raised to it."),
#define ENTRY(class, index)                                                                                  \
    {                                                                                                        \
        "presence", "grace_ms." class, RC_SETTING_MS, AT(policy.grace_ms[index]),                            \
            (index) == RC_BADGE ? "120000" : "interval", 0, 1 * HOUR,                                        \
            .none = "interval",                                                                              \
            .doc = "P-1: a " class " session is stale after 2 intervals and this; `interval`: one interval " \
                                   "more."                                                                   \
    }
    EACH_CLASS(ENTRY),
#undef ENTRY
    MS("presence", "confirm_ms", policy.confirm_ms, "10000", 0, 1 * HOUR,
       "P-2: least time that a session gets to come back after its last will."),
    MS("presence", "echo_ms", policy.echo_ms, "1000", 0, 1 * MINUTE,
       "P-2: a heartbeat so soon after a leave may be older than it and does not undo it."),
    MS("presence", "sleep_ms_max", policy.sleep_ms_max, "1200000", 0, 4 * HOUR,
       "P-3: the longest that a session may say it sleeps; more is cut to it."),
    MS("presence", "reconnect_ms", policy.reconnect_ms, "120000", 0, 1 * HOUR,
       "P-6: least time that everyone gets to be heard after a start or reconnect."),
    MS("presence", "protection_ms_max", policy.protection_ms_max, "900000", 0, 4 * HOUR,
       "P-6: connected silence, summed over reconnects, that ends the protection."),
    MS("presence", "hold_ms", policy.hold_ms, "900000", 0, 4 * HOUR,
       "P-8: how long a hold for an outage lasts."),
    INTEGER("presence", "hold_min", policy.hold_min, "5", 1, INT32_MAX,
            "P-8: fewest overdue that open a hold."),
    SHARE("presence", "hold_share", policy.hold_share, "0.5",
          "P-8: least share of the watched that opens a hold."),
    MS("presence", "resume_ms", policy.resume_ms, "1200000", 0, 4 * HOUR,
       "P-9: how long after an AUTO_OUT a session that is heard again undoes it."),
    MS("presence", "resume_detected_ms", policy.resume_detected_ms, "120000", 0, 4 * HOUR,
       "P-9: but no less than this after the AUTO_OUT was decided."),
    MS("presence", "resume_outage_ms", policy.resume_outage_ms, "14400000", 0, 1 * DAY,
       "P-9: the same where the AUTO_OUT's cause was an outage."),
#define ENTRY(class, index)                                                                                  \
    BOOL("presence", "auto_in." class, policy.auto_in[index], "no",                                          \
         "P-10: the first heartbeat of a new " class " session punches in.")
    EACH_CLASS(ENTRY),
#undef ENTRY
    MS("presence", "missed_out_ms", policy.missed_out_ms, "21600000", 1 * SECOND, 7 * DAY,
       "P-11: a kiosk IN so long after the last evidence means that the OUT was forgotten."),
    MS("presence", "max_shift_ms", policy.max_shift_ms, "57600000", 1 * SECOND, 7 * DAY,
       "P-1, P-13: the shift limit: how long a kiosk IN holds without an OUT."),
    MS("presence", "forget_ms", policy.forget_ms, "86400000", 1 * SECOND, 30 * DAY,
       "P-18: how long after its deadline a session is forgotten."),
    MS("presence", "maintenance_ms_max", policy.maintenance_ms_max, "86400000", 1 * SECOND, 7 * DAY,
       "P-19: the longest maintenance."),

    MS("punch", "trust_ms", policy.trust_ms, "120000", 0, 1 * DAY,
       "P-13: a punch older than this when sent is late."),
    MS("punch", "future_ms", policy.future_ms, "5000", 0, 10 * MINUTE,
       "P-13: a deviceAt this far ahead of our clock still counts as now."),
    MS("punch", "late_ms_max", policy.late_ms_max, "604800000", 1 * SECOND, 90 * DAY,
       "P-13: an older punch is held for a person to decide."),

    INTEGER("training", "limit_minutes", training_limit_minutes, "240", 1, 1440,
            "T-1: minutes of training a day."),
    TEXT(RC_SETTING_ZONE, "training", "zone", training_zone, "America/New_York",
         "T-1: the zone whose midnight ends a training day."),
    MS("training", "interval_ms", training_interval_ms, "60000", 1 * SECOND, 10 * MINUTE,
       "T-2: the time that one training heartbeat covers."),
    INTEGER("training", "break_minutes", training_break_minutes, "0", 0, 1440,
            "How long a break must be after training.break_after_minutes without one; 0: none is asked for."),
    INTEGER("training", "break_after_minutes", training_break_after_minutes, "0", 0, 1440,
            "Minutes of training without a break after which one is due; 0: none is."),

    BOOL("directory", "strict", directory_strict, "no", "Serve only who is in the directory of employees."),

    INTEGER("limits", "employees", limit_employees, "100000", 1, 10000000,
            "P-18: employees of one site. Beyond: punches are answered `retry`, alert `capacity`."),
    INTEGER("limits", "sessions", limit_sessions, "250000", 1, 50000000,
            "P-18: sessions and devices of one site. Beyond: each employee's evidence-only slot, alert "
            "`capacity`."),
    INTEGER("limits", "heartbeats_per_s", limit_heartbeats_per_s, "20", 0, 100000,
            "Heartbeats of one session, training aside, that count in a second; 10 s of them may come in one "
            "go. Further ones are dropped and counted. 0: no limit."),
    INTEGER("limits", "scopes", limit_scopes, "4096", 1, 1000000,
            "P-8: groups and gateways that can have a hold of their own. Beyond: the site's hold only."),
    INTEGER("limits", "images", limit_images, "4096", 64, 1000000,
            "Employees whose state one transaction may change. At it: the transaction is committed."),

    TEXT(RC_SETTING_PATH, "store", "path", store_path, "var/rollcall.db", "The database."),
    MS("store", "flush_ms", store_flush_ms, "5000", 100, 10 * MINUTE,
       "How often last_seen of those who were heard is written down."),
    INTEGER("store", "flush_rows", store_flush_rows, "5000", 1, 1000000,
            "Sessions written at most in one such flush; the rest follow in the next transaction."),

    INTEGER("http", "port", http_port, "0", 0, 65535, "Port of /healthz and /metrics; 0: off."),
    TEXT(RC_SETTING_ADDRESS, "http", "address", http_address, "127.0.0.1",
         "Address of /healthz and /metrics."),
    BOOL("http", "allow_remote", http_allow_remote, "no",
         "Accept an http.address that is not loopback: no login!"),

    INTEGER("alerts", "auto_out_spike", alerts.auto_out_spike, "10", 1, 1000000,
            "auto-out-spike: more AUTO_OUTs than this in a minute."),
    MS("alerts", "realtime_ms", alerts.realtime_ms, "5000", 100, 10 * MINUTE,
       "realtime: a canary through the broker takes longer than this."),
    MS("alerts", "link_ms", alerts.link_ms, "10000", 0, 1 * HOUR, "link: no broker for longer than this."),
    MS("alerts", "storage_ms", alerts.storage_ms, "0", 0, 1 * HOUR, "storage: COMMITs fail for this long."),
    MS("alerts", "clock_step_ms", alerts.clock_step_ms, "2000", 100, 1 * HOUR,
       "clock-step: the wall clock steps by more than this."),
    MS("alerts", "clock_step_clear_ms", alerts.clock_step_clear_ms, "600000", 1 * SECOND, 1 * DAY,
       "clock-step: how long after the last step it clears."),
    SHARE("alerts", "heartbeat_error_share", alerts.heartbeat_error_share, "0.05",
          "heartbeat-errors: more than this share of a minute's heartbeats is invalid."),
    INTEGER("alerts", "heartbeat_errors_min", alerts.heartbeat_errors_min, "10", 1, 1000000,
            "heartbeat-errors: and at least so many are."),
    SHARE("alerts", "capacity_share", alerts.capacity_share, "0.9",
          "capacity: more than this share of limits.employees or limits.sessions is in use."),

    CHOICE("log", "level", log_level, "info", log_levels, "The least important lines that are written."),
};

#define SETTINGS (sizeof settings / sizeof settings[0])
static_assert(SETTINGS <= RC_SETTINGS_MAX, "struct rc_config has an origin for each setting");

/* The index of `section.name` in the table, -1 if there is none. */
static int find(const char *section, const char *name)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(settings[i].section, section) == 0 && strcmp(settings[i].name, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

void rc_config_default(struct rc_config *config)
{
    char reason[RC_SETTING_REASON_MAX];
    memset(config, 0, sizeof *config);
    for (size_t i = 0; i < SETTINGS; i++) {
        bool valid = rc_setting_parse(&settings[i], config, settings[i].initial, reason);
        /* The zone data of the host may be missing; that is the host's error, and rc_config_check finds it.
         */
        assert(valid || settings[i].type == RC_SETTING_ZONE);
        if (!valid) {
            snprintf((char *)config + settings[i].offset, settings[i].size, "%s", settings[i].initial);
        }
    }
}

/* A value in an error message: a URI with an @ holds a password, perhaps, and errors end up in logs. */
static const char *shown(const struct rc_setting *setting, const char *value)
{
    return setting->type == RC_SETTING_URI && strchr(value, '@') ? "(not shown)" : value;
}

/* What the reader and the handler of one file share. */
struct file {
    struct rc_config *config;
    FILE *stream;
    const char *name;
    int line;
    bool failed;
    char *error;
};

static void fail(struct file *file, const char *what, const char *detail)
{
    if (!file->failed) {
        snprintf(file->error, RC_CONFIG_ERROR_MAX, "%.512s:%d: %.200s%.500s", file->name, file->line, what,
                 detail);
    }
    file->failed = true;
}

/* A line that begins a section, which inih tells nobody of before the first setting in it, and behind whose ]
 * it takes anything. */
static void check_section(struct file *file, const char *line)
{
    char name[RC_SETTING_REASON_MAX];
    const char *start = line + strspn(line, " \t");
    if (strncmp(start, "\xEF\xBB\xBF", 3) == 0) {
        start += 3; /* inih takes a byte order mark */
    }
    const char *end = *start == '[' ? strchr(start, ']') : NULL;
    if (!end) {
        return; /* a setting, a comment, or for inih to refuse */
    }
    const char *behind = end + 1 + strspn(end + 1, " \t\r\n");
    snprintf(name, sizeof name, "%.*s", (int)(end - start - 1), start + 1);
    for (size_t i = 0; i < SETTINGS; i++) {
        if (strcmp(settings[i].section, name) == 0) {
            if (*behind != '\0') {
                fail(file, "something stands behind the section: ", behind);
            }
            return;
        }
    }
    fail(file, "no such section: ", name);
}

/* Reads a line as fgets does, and counts: inih's handler is not told the line. */
static char *read_line(char *out, int size, void *context)
{
    struct file *file = context;
    if (file->failed || !fgets(out, size, file->stream)) {
        return NULL;
    }
    file->line++;
    size_t length = strlen(out);
    if ((length == 0 || out[length - 1] != '\n') && !feof(file->stream)) {
        fail(file, length + 1 < (size_t)size ? "a NUL in the line" : "the line is too long", "");
        return NULL;
    }
    check_section(file, out);
    return file->failed ? NULL : out;
}

static int handle(void *context, const char *section, const char *name, const char *value)
{
    struct file *file = context;
    char reason[RC_SETTING_REASON_MAX], detail[2 * RC_SETTING_REASON_MAX];
    int index = find(section, name);
    if (index < 0) {
        snprintf(detail, sizeof detail, "%.100s.%.100s", section, name);
        fail(file, "no such setting: ", detail);
        return 0;
    }
    if (file->config->origin[index] > 0) {
        snprintf(detail, sizeof detail, "%s.%s, first in line %d", section, name,
                 file->config->origin[index]);
        fail(file, "stands twice: ", detail);
        return 0;
    }
    if (!rc_setting_parse(&settings[index], file->config, value, reason)) {
        snprintf(detail, sizeof detail, "%s.%s = %.100s: %s", section, name, shown(&settings[index], value),
                 reason);
        fail(file, "", detail);
        return 0;
    }
    file->config->origin[index] = file->line;
    return 1;
}

bool rc_config_stream(struct rc_config *config, FILE *stream, const char *name,
                      char error[RC_CONFIG_ERROR_MAX])
{
    struct file file = {.config = config, .stream = stream, .name = name, .error = error};
    snprintf(config->file, sizeof config->file, "%s", name);
    /* Debian's inih takes these at run time. Continuation lines would swallow an indented setting, inline
     * comments part of a path. */
    ini_allow_multiline = false;
    ini_allow_inline_comments = false;
    ini_stop_on_first_error = true;
    ini_max_line = RC_CONFIG_LINE_MAX;
    int line = ini_parse_stream(read_line, &file, handle, &file);
    if (ferror(stream)) {
        fail(&file, "cannot be read", "");
    } else if (line != 0) {
        fail(&file, "neither `[section]` nor `name = value`", "");
    }
    return !file.failed;
}

bool rc_config_file(struct rc_config *config, const char *path, char error[RC_CONFIG_ERROR_MAX])
{
    FILE *stream = fopen(path, "re");
    if (!stream) {
        snprintf(error, RC_CONFIG_ERROR_MAX, "%.512s: %s", path, strerror(errno));
        return false;
    }
    bool done = rc_config_stream(config, stream, path, error);
    fclose(stream);
    return done;
}

bool rc_config_set(struct rc_config *config, const char *text, char error[RC_CONFIG_ERROR_MAX])
{
    char section[32], name[64], reason[RC_SETTING_REASON_MAX];
    const char *dot = strchr(text, '.');
    const char *equals = strchr(text, '=');
    if (!dot || !equals || dot > equals) {
        snprintf(error, RC_CONFIG_ERROR_MAX, "--set %.500s: not section.name=value", text);
        return false;
    }
    snprintf(section, sizeof section, "%.*s", (int)(dot - text), text);
    snprintf(name, sizeof name, "%.*s", (int)(equals - dot - 1), dot + 1);
    int index = find(section, name);
    if (index < 0) {
        snprintf(error, RC_CONFIG_ERROR_MAX, "--set %.500s: no such setting: %s.%s", text, section, name);
        return false;
    }
    if (!rc_setting_parse(&settings[index], config, equals + 1, reason)) {
        snprintf(error, RC_CONFIG_ERROR_MAX, "--set %s.%s=%.500s: %s", section, name,
                 shown(&settings[index], equals + 1), reason);
        return false;
    }
    config->origin[index] = -1;
    return true;
}

/* Within the limit a session is heard once an interval at least, whatever it sends beside. */
static bool limit_silences(const struct rc_config *config)
{
    const struct rc_policy *policy = &config->policy;
    int64_t shortest_ms = policy->interval_ms_min;
    for (int class = 0; class < RC_CLASS_COUNT; class ++)
        shortest_ms = policy->interval_ms[class] < shortest_ms ? policy->interval_ms[class] : shortest_ms;
    return config->limit_heartbeats_per_s != 0 && config->limit_heartbeats_per_s * shortest_ms < 1000;
}

/* What is wrong with settings that depend on one another, and the one of them to look at first. */
struct fault {
    const char *section, *name, *text;
};

static struct fault check_access(const struct rc_config *config)
{
    if (config->access_mode == RC_ACCESS_REQUIRED && config->access_key_file[0] == '\0') {
        return (struct fault){"access", "mode", "access.mode required needs access.key_file"};
    }
    if (config->access_mode == RC_ACCESS_OPEN && !config->access_open_remote &&
        !rc_uri_loopback(config->mqtt_uri)) {
        return (struct fault){"mqtt", "uri",
                              "access.mode open is for a broker on loopback: set access.mode required, or "
                              "access.open_remote yes on a closed test network"};
    }
    return (struct fault){0};
}

static struct fault check_limits(const struct rc_config *config)
{
    if (limit_silences(config)) {
        return (struct fault){
            "limits", "heartbeats_per_s",
            "limits.heartbeats_per_s must allow one heartbeat in each of the shortest intervals"};
    }
    return (struct fault){0};
}

static struct fault check_rest(const struct rc_config *config)
{
    if (config->policy.trust_ms >= config->policy.late_ms_max) {
        return (struct fault){"punch", "trust_ms", "punch.trust_ms must be below punch.late_ms_max"};
    }
    if (!config->http_allow_remote && !rc_address_loopback(config->http_address)) {
        return (struct fault){"http", "address",
                              "http.address is not loopback: set http.allow_remote yes if everyone there may "
                              "read the figures"};
    }
    if ((config->mqtt_certificate_file[0] == '\0') != (config->mqtt_key_file[0] == '\0')) {
        return (struct fault){"mqtt", config->mqtt_key_file[0] == '\0' ? "certificate_file" : "key_file",
                              "mqtt.certificate_file and mqtt.key_file go together"};
    }
    if (config->mqtt_password_file[0] != '\0' && config->mqtt_username[0] == '\0') {
        return (struct fault){"mqtt", "password_file", "mqtt.password_file needs mqtt.username"};
    }
    if (config->store_path[0] == '\0') {
        return (struct fault){"store", "path", "store.path is empty"};
    }
    if ((config->training_break_minutes == 0) != (config->training_break_after_minutes == 0)) {
        return (struct fault){"training", "break_minutes",
                              "training.break_minutes and training.break_after_minutes go together"};
    }
    return (struct fault){0};
}

/* The defaults are not looked up when they are set: the host's zones may be missing. */
static struct fault check_zones(const struct rc_config *config)
{
    if (!rc_zone_valid(config->site_zone)) {
        return (struct fault){"site", "zone", "site.zone: no such time zone is installed (is tzdata?)"};
    }
    if (!rc_zone_valid(config->training_zone)) {
        return (struct fault){"training", "zone",
                              "training.zone: no such time zone is installed (is tzdata?)"};
    }
    return (struct fault){0};
}

/* Where a setting was given: `FILE:LINE`, `--set`, or `settings` for a default. */
static void say_where(const struct rc_config *config, const struct fault *fault,
                      char where[RC_CONFIG_WHERE_MAX])
{
    int index = find(fault->section, fault->name);
    assert(index >= 0);
    int origin = config->origin[index];
    if (origin > 0) {
        snprintf(where, RC_CONFIG_WHERE_MAX, "%.*s:%d", RC_PATH_MAX - 1, config->file, origin);
    } else {
        snprintf(where, RC_CONFIG_WHERE_MAX, "%s", origin < 0 ? "--set" : "settings");
    }
}

bool rc_config_check(const struct rc_config *config, char error[RC_CONFIG_ERROR_MAX])
{
    struct fault (*const checks[])(const struct rc_config *) = {check_access, check_limits, check_rest,
                                                                check_zones};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        struct fault fault = checks[i](config);
        if (fault.text) {
            char where[RC_CONFIG_WHERE_MAX];
            say_where(config, &fault, where);
            snprintf(error, RC_CONFIG_ERROR_MAX, "%s: %s", where, fault.text);
            return false;
        }
    }
    return true;
}

struct rc_policy rc_config_policy(const struct rc_config *config)
{
    return config->policy;
}

void rc_config_print(const struct rc_config *config, FILE *out)
{
    char value[RC_SETTING_TEXT_MAX], range[RC_SETTING_REASON_MAX];
    fputs("# Settings of rollcalld, as in force. Any of them may be left out; each then has its default.\n",
          out);
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct rc_setting *setting = &settings[i];
        if (i == 0 || strcmp(settings[i - 1].section, setting->section) != 0) {
            fprintf(out, "\n[%s]\n", setting->section);
        }
        rc_setting_format(setting, config, value);
        rc_setting_range(setting, range);
        fprintf(out, "# %s\n# %s; default %s\n%s = %s\n", setting->doc, range,
                setting->initial[0] ? setting->initial : "empty", setting->name, value);
    }
}

void rc_config_print_doc(FILE *out)
{
    char range[RC_SETTING_REASON_MAX];
    fputs("# Settings\n\n"
          "Written by `rollcalld --print-config-doc`; do not edit. A setting stands in the file of "
          "`--config` as\n"
          "`name = value` below `[section]`, or on the command line as `--set section.name=value`, which "
          "wins.\n"
          "Names that end in `_ms` are milliseconds, in `_s` seconds. A name or value that is not known is "
          "an error\n"
          "that says where, and nothing starts. `rollcalld --print-config` shows what is in force.\n",
          out);
    for (size_t i = 0; i < SETTINGS; i++) {
        const struct rc_setting *setting = &settings[i];
        if (i == 0 || strcmp(settings[i - 1].section, setting->section) != 0) {
            fprintf(out, "\n## %s\n\n| setting | default | values | |\n|---|---|---|---|\n",
                    setting->section);
        }
        rc_setting_range(setting, range);
        fprintf(out, "| `%s.%s` | %s%s%s | %s | %s |\n", setting->section, setting->name,
                setting->initial[0] ? "`" : "", setting->initial[0] ? setting->initial : "none",
                setting->initial[0] ? "`" : "", range, setting->doc);
    }
}
