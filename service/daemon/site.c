#include "daemon/site.h"

#include "daemon/log.h"
#include "daemon/training_turn.h"
#include "wire/encode.h"
#include "wire/topic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* The service's login where mqtt.username does not say another; with the site's name it is the client id,
 * under which the broker keeps our queue. */
#define SERVICE_LOGIN "rollcalld"

static uint64_t random_seed(void)
{
    uint64_t seed = 0;
    /* 8 bytes are never cut short once the pool is ready, and this call waits for that */
    while (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        ;
    return seed;
}

struct restoring {
    struct rc_engine *engine;
    struct rc_alerts *alerts;
    bool full;
};

static bool take_hold(void *context, const struct rc_hold *hold)
{
    struct restoring *restoring = context;
    restoring->full = restoring->full || !rc_engine_restore_hold(restoring->engine, hold);
    rc_alerts_hold(restoring->alerts, hold); /* P-8: it survives a restart, and so does its alert */
    return !restoring->full;
}

static bool take_employee(void *context, const struct rc_employee_row *row)
{
    struct restoring *restoring = context;
    restoring->full = restoring->full || !rc_engine_restore_employee(restoring->engine, row);
    return !restoring->full;
}

/* As the engine counts it: it was not heard any more, as opposed to said goodbye. */
static bool is_lost_device(const struct rc_session_row *row)
{
    return row->employee.length == 0 && row->state == RC_S_EXPIRED &&
           (row->ended_by == RC_CAUSE_STALE || row->ended_by == RC_CAUSE_LOST ||
            row->ended_by == RC_CAUSE_OUTAGE);
}

static bool take_session(void *context, const struct rc_session_row *row)
{
    struct restoring *restoring = context;
    if (is_lost_device(row))
        rc_alerts_device(restoring->alerts, &row->session);
    /* a session without room: its employee's evidence is restored, and the next heartbeat brings it back */
    if (!rc_engine_restore_session(restoring->engine, row))
        rc_log(RC_LOG_WARN, "session_not_restored", RC_F_ID("employee", &row->employee),
               RC_F_ID("session", &row->session));
    return true;
}

static bool take_person(void *context, const struct rc_directory_row *row)
{
    rc_directory_set(context, &row->employee, row->active);
    return true;
}

static enum rc_store_result restore(struct rc_site *site, struct rc_store *store)
{
    struct restoring restoring = {.engine = site->engine, .alerts = &site->alerts};
    struct rc_site_row row;
    enum rc_store_result result = rc_store_load_site(store, site->number, &row);
    if (result == RC_STORE_OK) {
        rc_engine_restore_site(site->engine, &row);
        site->maintenance_at = site->maintenance_next_at = row.maintenance_at;
        result = rc_store_load_holds(store, site->number, take_hold, &restoring);
    }
    if (result == RC_STORE_OK && !restoring.full)
        result = rc_store_load_employees(store, site->number, take_employee, &restoring);
    if (result == RC_STORE_OK && !restoring.full)
        result = rc_store_load_sessions(store, site->number, take_session, &restoring);
    if (result == RC_STORE_OK)
        result = rc_store_directory(store, site->number, take_person, &site->directory);
    rc_alerts_restored(&site->alerts);
    site->crowded = restoring.full;
    return result;
}

/* Refuses nothing: a setting below what the log already holds is an error that a person must see (limits.*).
 */
static bool load(struct rc_site *site, struct rc_store *store, struct rc_reading reading,
                 char error[RC_STORE_ERROR_MAX])
{
    enum rc_store_result result = restore(site, store);
    if (result != RC_STORE_OK) {
        snprintf(error, RC_STORE_ERROR_MAX, "site %s cannot be loaded: %s", site->name.text,
                 rc_store_error(store));
        return false;
    }
    if (site->crowded) {
        snprintf(error, RC_STORE_ERROR_MAX,
                 "site %s has more employees or holds than limits.employees allows", site->name.text);
        return false;
    }
    rc_engine_restore_done(site->engine, reading.now, reading.at);
    return true;
}

static bool make_engine(struct rc_site *site, const struct rc_config *config)
{
    struct rc_engine_limits limits = {.employees = (uint32_t)config->limit_employees,
                                      .sessions = (uint32_t)config->limit_sessions,
                                      .scopes = (uint32_t)config->limit_scopes,
                                      .images = (uint32_t)config->limit_images,
                                      .seed = random_seed()};
    struct rc_policy policy = rc_config_policy(config);
    /* calloc takes this much from the kernel as zero pages: what is not used costs nothing */
    site->memory = calloc(1, rc_engine_bytes(&limits));
    if (!site->memory)
        return false;
    site->engine = rc_engine_init(site->memory, &limits, &policy);
    return true;
}

bool rc_site_open(struct rc_site *site, int index, const struct rc_config *config, struct rc_store *store,
                  struct rc_reading reading, char error[RC_STORE_ERROR_MAX])
{
    site->index = index;
    site->name = config->sites[index];
    site->down_now = reading.now;
    if (!make_engine(site, config) ||
        !rc_rate_init(&site->rate, config->limit_heartbeats_per_s, random_seed())) {
        snprintf(error, RC_STORE_ERROR_MAX, "site %s: no memory for its engine", site->name.text);
        return false;
    }
    if (rc_store_site(store, &site->name, &site->number) != RC_STORE_OK) {
        snprintf(error, RC_STORE_ERROR_MAX, "site %s: %s", site->name.text, rc_store_error(store));
        return false;
    }
    rc_publisher_init(&site->publisher, site->number, &site->name, site->engine);
    rc_directory_init(&site->directory, config->directory_strict);
    site->publisher.directory = &site->directory;
    site->publisher.policies = &site->training.policies;
    rc_alerts_init(&site->alerts, &config->alerts, reading.now);
    return load(site, store, reading, error) && rc_training_site_open(site, store, random_seed(), error);
}

static const char *unless_empty(const char *text)
{
    return text[0] ? text : NULL;
}

bool rc_site_connect(struct rc_site *site, const struct rc_config *config, struct rc_text mac_key,
                     struct rc_inbox *inbox, int64_t started_at, char error[256])
{
    char client_id[2 * RC_CONFIG_TEXT_MAX], topic[RC_TOPIC_MAX], will[RC_ENCODED_MAX];
    const char *login = config->mqtt_username[0] ? config->mqtt_username : SERVICE_LOGIN;
    snprintf(client_id, sizeof client_id, "%s.%s", login, site->name.text);
    size_t topic_length = rc_topic_site(topic, &site->name, "service/status");
    size_t will_length = rc_encode_service(false, RC_VERSION, started_at, will, sizeof will);
    struct rc_link_options options = {
        .site = site->index,
        .site_name = site->name,
        .uri = config->mqtt_uri,
        .client_id = client_id,
        .username = unless_empty(config->mqtt_username),
        .password_file = unless_empty(config->mqtt_password_file),
        .ca_file = unless_empty(config->mqtt_ca_file),
        .certificate_file = unless_empty(config->mqtt_certificate_file),
        .key_file = unless_empty(config->mqtt_key_file),
        .mac_key = (const uint8_t *)mac_key.data,
        .mac_key_length = mac_key.length,
        .will_topic = {.data = topic, .length = topic_length},
        .will_payload = {.data = will, .length = will_length},
        .keepalive_s = (int)config->mqtt_keepalive_s,
        .session_expiry_s = (uint32_t)config->mqtt_session_expiry_s,
        .seed = random_seed(),
    };
    site->link = rc_link_open(&options, inbox, error);
    site->publisher.link = site->link;
    return site->link != NULL;
}

void rc_site_disconnect(struct rc_site *site, int timeout_ms)
{
    if (site->link)
        rc_link_close(site->link, timeout_ms);
    site->link = NULL;
    site->publisher.link = NULL;
}

void rc_site_close(struct rc_site *site)
{
    rc_publisher_fini(&site->publisher);
    rc_directory_fini(&site->directory);
    rc_rate_fini(&site->rate);
    rc_training_site_close(site);
    free(site->memory);
}
