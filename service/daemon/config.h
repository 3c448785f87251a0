/*
 * config.h: every setting of the service: its name, type, default, range and one line about it, in one table
 * (config.c). The table gives parsing, errors, --print-config and docs/settings.md; there is no second list.
 * Decides what a valid setting is, and nothing about people. A struct rc_config is the caller's, a plain
 * value; it is filled once before any thread starts and only read afterwards.
 *
 *     defaults ──▶ file (INI: [section], name = value) ──▶ --set section.name=value ... ──▶ check
 *
 * A later --set wins over an earlier one, both over the file. A name that stands twice in the file is an
 * error. Nothing here is a secret: passwords and keys are in files of their own, of which only the paths are
 * settings.
 */
#ifndef RC_DAEMON_CONFIG_H
#define RC_DAEMON_CONFIG_H

#include "core/policy.h"
#include "core/types.h"

#include <stdio.h>

/* Sites of one process. Each has an engine and an MQTT connection of its own; 32 of them at the default
 * limits are what one host can hold. More names are an error of site.names. */
#define RC_SITES_MAX 32

/* Bytes of a path or URI, and of any other text (zone, user name, address), with the NUL. Longer is an error.
 */
#define RC_PATH_MAX        512
#define RC_CONFIG_TEXT_MAX 128

/* Bytes of training.zone with its NUL: as the store has a policy's. The longest name of a zone has 38. */
#define RC_CONFIG_ZONE_MAX 64

/* One line for people about what is wrong, with `file:line` or the --set text. */
#define RC_CONFIG_ERROR_MAX 1280

/* Bytes of where a setting was given. */
#define RC_CONFIG_WHERE_MAX (RC_PATH_MAX + 16)

/* Entries of the table; config.c asserts at compile time that it fits. */
#define RC_SETTINGS_MAX 128

/* Bytes of a line of the file; a longer one is an error. Room for the longest value. */
#define RC_CONFIG_LINE_MAX 2560

enum rc_access_mode { RC_ACCESS_OPEN, RC_ACCESS_REQUIRED };

/* When an alert rises; alerts.h says how each clears. */
struct rc_alert_thresholds {
    int64_t auto_out_spike;       /* more AUTO_OUTs than this in a minute */
    int64_t realtime_ms;          /* a canary takes longer than this */
    int64_t link_ms;              /* no broker for longer than this */
    int64_t storage_ms;           /* COMMITs fail for longer than this */
    int64_t clock_step_ms;        /* the wall clock steps by more than this */
    int64_t clock_step_clear_ms;  /* so long after the last step the alert clears */
    double heartbeat_error_share; /* more than this share of a minute's heartbeats is invalid ... */
    int64_t heartbeat_errors_min; /* ... and at least so many are */
    double capacity_share;        /* more than this share of limits.employees or limits.sessions is in use */
};

struct rc_config {
    struct rc_id sites[RC_SITES_MAX];
    size_t site_count;
    char site_zone[RC_CONFIG_TEXT_MAX];
    int week_start; /* 0 Monday .. 6 Sunday */

    enum rc_access_mode access_mode;
    bool access_open_remote;
    char access_key_file[RC_PATH_MAX]; /* "": none */

    char mqtt_uri[RC_PATH_MAX];
    char mqtt_username[RC_CONFIG_TEXT_MAX]; /* "": none */
    char mqtt_password_file[RC_PATH_MAX];   /* "": none */
    char mqtt_ca_file[RC_PATH_MAX];         /* "": the system's */
    char mqtt_certificate_file[RC_PATH_MAX], mqtt_key_file[RC_PATH_MAX];
    int64_t mqtt_keepalive_s, mqtt_session_expiry_s;

    struct rc_policy policy; /* presence.*, punch.* and maintenance.*: ready for rc_engine_init */

    int64_t limit_employees, limit_sessions, limit_scopes, limit_images; /* a site */
    int64_t limit_heartbeats_per_s;                                      /* a session; 0: none */

    char store_path[RC_PATH_MAX];
    int64_t store_flush_ms, store_flush_rows;

    int64_t http_port; /* 0: off */
    char http_address[RC_CONFIG_TEXT_MAX];
    bool http_allow_remote;

    struct rc_alert_thresholds alerts;

    int64_t training_limit_minutes, training_interval_ms, training_break_minutes,
        training_break_after_minutes;
    char training_zone[RC_CONFIG_ZONE_MAX];

    bool directory_strict;
    int log_level; /* enum rc_log_level */

    char file[RC_PATH_MAX];      /* the file that was read, as it was named; "": none */
    int origin[RC_SETTINGS_MAX]; /* where each setting comes from: 0 default, > 0 line of the file, < 0 --set
                                  */
};

/* rc_config_default fills in the defaults of the table. */
void rc_config_default(struct rc_config *config);

/* rc_config_file reads an INI file over what is there; false with one line in error (`PATH:LINE: ...`) at the
 * first thing that is wrong; config is then not to be used. */
bool rc_config_file(struct rc_config *config, const char *path, char error[RC_CONFIG_ERROR_MAX]);

/* rc_config_stream is rc_config_file for an open stream; name stands for the path in errors. */
bool rc_config_stream(struct rc_config *config, FILE *stream, const char *name,
                      char error[RC_CONFIG_ERROR_MAX]);

/* rc_config_set takes one `section.name=value`; false with one line in error (`--set TEXT: ...`). */
bool rc_config_set(struct rc_config *config, const char *text, char error[RC_CONFIG_ERROR_MAX]);

/* rc_config_check looks at settings that depend on one another; call it after all of the above. False with
 * one line in error, which begins with where the setting was given: `PATH:LINE`, `--set` or, a default,
 * `settings`. */
bool rc_config_check(const struct rc_config *config, char error[RC_CONFIG_ERROR_MAX]);

/* rc_config_policy returns the rules' settings: config->policy. */
struct rc_policy rc_config_policy(const struct rc_config *config);

/* rc_config_print writes the settings in force as a file that rc_config_file reads back to the same, with the
 * docs as comments. */
void rc_config_print(const struct rc_config *config, FILE *out);

/* rc_config_print_doc writes docs/settings.md: the table for people. */
void rc_config_print_doc(FILE *out);

#endif
