#include "daemon/repair.h"

#include "core/names.h"
#include "daemon/log.h"
#include "daemon/service.h"
#include "wire/encode.h"

void rc_repair_note(struct rc_site *site, const struct rc_message *message, const struct rc_topic *topic)
{
    rc_log(RC_LOG_WARN, "service_topic_refused", RC_F_ID("site", &site->name),
           RC_F_TEXT("topic", message->topic), RC_F_BOOL("retained", message->retained),
           RC_F_ID("login", &message->login));
    /* an event is said once: only one that stays has to be taken away; nor do receipts and replies stay */
    if (topic->ours == RC_OURS_NONE || (topic->ours == RC_OURS_EVENT && !message->retained))
        return;
    rc_forgeries_note(&site->forgeries, message->topic, message->payload.length > 0, message->now);
}

/* ---- the truth: bytes of payload, 0: there is none ---- */

static size_t status_of(const struct rc_site *site, const struct rc_id *employee,
                        char payload[RC_ENCODED_MAX])
{
    struct rc_employee_view view;
    if (!rc_engine_find(site->engine, employee, &view) || rc_directory_hides(&site->directory, &view.status))
        return 0;
    return rc_encode_status(&view.status, payload, RC_ENCODED_MAX);
}

static size_t device_of(const struct rc_site *site, const struct rc_id *device, char payload[RC_ENCODED_MAX])
{
    struct rc_session_row row;
    uint32_t cursor = 0;
    if (!rc_engine_is_device(site->engine, device))
        return 0;
    while (rc_engine_each_session(site->engine, NULL, &cursor, &row)) {
        if (rc_id_equal(&row.session, device)) {
            struct rc_device_status status = rc_publisher_device(&row);
            return rc_encode_device(&status, payload, RC_ENCODED_MAX);
        }
    }
    return 0;
}

struct profile {
    char *payload;
    size_t length;
};

static bool take_profile(void *context, const struct rc_directory_row *row)
{
    struct profile *profile = context;
    if (!row->active)
        return false;
    profile->length =
        rc_encode_profile(&row->employee, row->name, &row->group, profile->payload, RC_ENCODED_MAX);
    return false;
}

/* False: the store cannot say. */
static bool profile_of(struct rc_service *service, const struct rc_site *site, const struct rc_id *employee,
                       char payload[RC_ENCODED_MAX], size_t *length)
{
    struct profile profile = {.payload = payload};
    enum rc_store_result result =
        rc_store_directory_one(service->store, site->number, employee, take_profile, &profile);
    *length = profile.length;
    return result == RC_STORE_OK || result == RC_STORE_NOT_FOUND;
}

/* False: the store cannot say. */
static bool training_of(struct rc_service *service, const struct rc_site *site, const struct rc_id *employee,
                        char payload[RC_ENCODED_MAX], size_t *length)
{
    static const struct rc_id no_course;
    static struct rc_training_ledger ledger; /* what stands in it is not asked for; service thread */
    struct rc_training_current current = {.user = *employee};
    struct rc_training_now moment = {service->reading.now, service->reading.at};
    *length = 0;
    enum rc_store_result result = rc_store_training_load(service->store, employee, &no_course, &site->number,
                                                         1, moment, &ledger, &current.day);
    if (result == RC_STORE_OK && current.day.found &&
        !rc_training_hides(&site->directory, site->engine, employee))
        *length = rc_training_retained(&site->training.policies, &current, payload, RC_ENCODED_MAX);
    return result == RC_STORE_OK;
}

static void make_right(struct rc_service *service, struct rc_site *site, const struct rc_forgery *forgery)
{
    struct rc_topic topic;
    char payload[RC_ENCODED_MAX];
    size_t length = 0;
    rc_topic_parse((struct rc_text){forgery->topic, forgery->length}, &topic);
    switch (topic.ours) {
    case RC_OURS_STATUS:
        length = status_of(site, &topic.employee, payload);
        break;
    case RC_OURS_DEVICE:
        length = device_of(site, &topic.session, payload);
        break;
    case RC_OURS_PROFILE:
        if (!profile_of(service, site, &topic.employee, payload, &length))
            return;
        break;
    case RC_OURS_SUMMARY:
    case RC_OURS_METRICS:
        rc_report_soon(service, site, topic.ours);
        return;
    case RC_OURS_SERVICE:
        length = rc_report_status(service, true, payload);
        break;
    case RC_OURS_ALERT:
        length = rc_report_alert(site, topic.word, payload);
        break;
    case RC_OURS_TRAINING:
        if (!training_of(service, site, &topic.employee, payload, &length))
            return;
        break;
    case RC_OURS_EVENT:
    case RC_OURS_NONE:
        break;
    }
    if (length > 0 || forgery->filled)
        rc_publisher_direct(&site->publisher, forgery->topic, (struct rc_text){payload, length},
                            (struct rc_text){0}, 1, true);
}

void rc_repair(struct rc_service *service, struct rc_site *site)
{
    int64_t now = service->reading.now;
    const struct rc_forgery *forgery;
    if (!rc_publisher_caught_up(&site->publisher))
        return;
    while ((forgery = rc_forgeries_next(&site->forgeries, now)) != NULL)
        make_right(service, site, forgery);
    if (rc_forgeries_flood(&site->forgeries, now)) {
        rc_log(RC_LOG_WARN, "service_topic_flood", RC_F_ID("site", &site->name));
        rc_publisher_again(&site->publisher, now);
        rc_report_again(service, site);
    }
}
