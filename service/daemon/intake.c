#include "daemon/intake.h"

#include "core/names.h"
#include "daemon/access.h"
#include "daemon/answer.h"
#include "daemon/log.h"
#include "daemon/repair.h"
#include "daemon/report.h"
#include "wire/encode.h"
#include "wire/topic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a message, as wire wants it ---- */

static struct rc_message message_of(struct rc_service *service, struct rc_site *site,
                                    const struct rc_inbound *entry)
{
    struct rc_sent sent = rc_sent_when(&site->backlog, entry, !service->open);
    struct rc_message message = {.topic = entry->topic,
                                 .payload = entry->payload,
                                 .retained = entry->retained,
                                 .now = entry->now,
                                 .at = entry->at,
                                 .sent_now = sent.now,
                                 .sent_at = sent.at,
                                 .marked = sent.marked,
                                 .backlog = rc_backlog_drains(&site->backlog, entry->now),
                                 .will = !service->open && !entry->verified,
                                 .response_topic = entry->response_topic,
                                 .correlation = entry->correlation};
    rc_backlog_took(&site->backlog, entry, &sent);
    if (entry->verified) {
        message.login = entry->login;
        if (!rc_role_parse(rc_text_of(entry->role), &message.role))
            message.role = RC_ROLE_NONE;
    }
    return message;
}

/* `topic`, and the Correlation Data that came with the message. Receipts take this way always: a device keeps
 * its punch until one is on the receipt's own topic, and somebody else's Response Topic must not keep it from
 * there. */
static struct rc_reply_to answer_on(const struct rc_message *message, const char *topic)
{
    struct rc_reply_to to = {.correlation_length = 0};
    snprintf(to.topic, sizeof to.topic, "%s", topic);
    if (message->correlation.length > 0 && message->correlation.length <= RC_CORRELATION_MAX) {
        to.correlation_length = (uint8_t)message->correlation.length;
        memcpy(to.correlation, message->correlation.data, to.correlation_length);
    }
    return to;
}

/* Of a request: the Response Topic where one is given and allowed, else `topic`. */
static struct rc_reply_to reply_to(const struct rc_site *site, const struct rc_message *message,
                                   const struct rc_id *login, const char *topic)
{
    struct rc_reply_to to = answer_on(message, topic);
    struct rc_text wanted = message->response_topic;
    if (wanted.length > 0 && wanted.length < sizeof to.topic &&
        message->correlation.length <= RC_CORRELATION_MAX && rc_topic_is_reply(wanted, &site->name, login)) {
        memcpy(to.topic, wanted.data, wanted.length);
        to.topic[wanted.length] = '\0';
    }
    return to;
}

/* ---- punches ---- */

static bool is_in_elsewhere(const struct rc_service *service, const struct rc_site *site,
                            const struct rc_id *employee)
{
    struct rc_employee_view view;
    for (int i = 0; i < service->site_count; i++) {
        const struct rc_site *other = &service->sites[i];
        if (other != site && rc_engine_find(other->engine, employee, &view) && view.status.ledger.is_in)
            return true;
    }
    return false;
}

/* P-17 for the INs that heartbeats make (P-10): asked for only where there are such, and other sites. */
static void look_elsewhere(const struct rc_service *service, const struct rc_site *site, struct rc_beat *beat)
{
    const struct rc_policy *policy = rc_engine_policy(site->engine);
    bool automatic = false;
    for (int class = 0; class < RC_CLASS_COUNT; class ++)
        automatic = automatic || policy->auto_in[class];
    beat->in_elsewhere =
        automatic && service->site_count > 1 && is_in_elsewhere(service, site, &beat->employee);
}

/* P-17: whether the id was IN at another site at that time, by the logs as they are now. */
static bool was_in_elsewhere(struct rc_service *service, const struct rc_site *site,
                             const struct rc_id *employee, int64_t at, bool *out)
{
    *out = false;
    for (int i = 0; i < service->site_count && !*out; i++) {
        const struct rc_site *other = &service->sites[i];
        struct rc_history then;
        if (other == site)
            continue;
        if (!rc_batch_check(service, rc_store_history(service->store, other->number, employee, at, &then)))
            return false;
        *out = then.at.found && (!then.at.closed || at < then.at.out_at);
    }
    return true;
}

/* What only the store and the other sites know of a punch. */
static bool look_up(struct rc_service *service, struct rc_site *site, struct rc_punch *punch)
{
    enum rc_store_result result =
        rc_store_verdict(service->store, site->number, &punch->employee, &punch->id, &punch->prior);
    if (!rc_batch_check(service, result))
        return false;
    struct rc_punch_when when = rc_punch_when(punch, rc_engine_policy(site->engine));
    if (rc_punch_looks_back(site->engine, punch)) {
        result = rc_store_history(service->store, site->number, &punch->employee, when.at, &punch->history);
        if (!rc_batch_check(service, result))
            return false;
    }
    if (!when.late)
        punch->in_elsewhere = is_in_elsewhere(service, site, &punch->employee);
    else if (!was_in_elsewhere(service, site, &punch->employee, when.at, &punch->in_elsewhere))
        return false;
    /* with access.mode `open` nobody says who publishes: the class, or that it is known as a device, has to
     * do */
    if (service->open && !punch->from_device)
        punch->from_device = (punch->has_class && (punch->class == RC_KIOSK || punch->class == RC_BADGE)) ||
                             rc_engine_is_device(site->engine, &punch->session);
    return true;
}

/* Section 8: the head of the chain stands in every receipt, those too that go past the store: as of the last
 * COMMIT, which is known while the store fails, too. */
static void prove(struct rc_service *service, const struct rc_site *site, struct rc_receipt *receipt)
{
    int64_t seq;
    rc_store_head(service->store, site->number, &seq, receipt->hash);
    receipt->has_hash = true;
}

static void take_punch(struct rc_service *service, struct rc_site *site, const struct rc_message *message,
                       struct rc_event *event)
{
    struct rc_punch *punch = &event->punch;
    char topic[RC_TOPIC_MAX];
    rc_topic_receipt(topic, &site->name, &punch->employee, &punch->session);
    struct rc_reply_to to = answer_on(message, topic);
    struct rc_receipt receipt = {
        .employee = punch->employee, .session = punch->session, .id = punch->id, .type = punch->type};
    prove(service, site, &receipt);
    if (!service->batch.store_ok) {
        rc_batch_retry(site, &to, &receipt);
        return;
    }
    rc_batch_await_punch(service, site, &to, &receipt);
    if (rc_batch_begin(service) && look_up(service, site, punch))
        rc_batch_step(service, site, event, &to, NULL);
}

/* ---- training and progress ---- */

/* Where an answer to training goes: always to its own topic, and to a Response Topic below reply/ of the
 * employee or, at a kiosk, of the device. Nobody signs training, so the broker's rules say who sends it. */
static size_t training_answered_on(const struct rc_site *site, const struct rc_message *message,
                                   const struct rc_topic *from, struct rc_reply_to to[RC_ANSWERS_MAX])
{
    char topic[RC_TOPIC_MAX];
    rc_topic_training_result(topic, &site->name, &from->employee, &from->session);
    to[0] = answer_on(message, topic);
    to[1] = reply_to(site, message, &from->employee, topic);
    if (strcmp(to[1].topic, topic) == 0)
        to[1] = reply_to(site, message, &from->session, topic);
    return strcmp(to[1].topic, topic) == 0 ? 1 : RC_ANSWERS_MAX;
}

static void take_training(struct rc_service *service, struct rc_site *site, const struct rc_message *message,
                          struct rc_decoded *decoded)
{
    struct rc_reply_to to[RC_ANSWERS_MAX];
    size_t count = training_answered_on(site, message, &decoded->topic, to);
    look_elsewhere(service, site, &decoded->event.beat);
    rc_training_take(service, site, &decoded->event, &decoded->course, to, count);
}

static void take_progress(struct rc_service *service, struct rc_site *site, const struct rc_message *message,
                          const struct rc_decoded *decoded)
{
    char topic[RC_TOPIC_MAX];
    struct rc_receipt receipt = {
        .employee = decoded->topic.employee, .session = decoded->topic.session, .id = decoded->punch_id};
    prove(service, site, &receipt);
    rc_topic_receipt(topic, &site->name, &receipt.employee, &receipt.session);
    struct rc_reply_to to = answer_on(message, topic);
    rc_training_take_progress(service, site, decoded, message->sent_now, &receipt, &to);
}

/* ---- what else a message can be ---- */

#define NOT_LISTED "not in the directory of employees"

/* Of somebody who is not served (directory.strict): counted, and whoever waits for an answer gets it. */
static void take_stranger(struct rc_service *service, struct rc_site *site, const struct rc_message *message,
                          struct rc_decoded *decoded)
{
    const struct rc_topic *from = &decoded->topic;
    struct rc_reply_to training[RC_ANSWERS_MAX];
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    size_t length = 0;
    rc_metrics_add(service->metrics, RC_M_REFUSED, site->index, RC_REFUSAL_STRANGER, 1);
    if (decoded->event.kind == RC_EV_PUNCH) {
        decoded->event.punch.stranger = true;
        take_punch(service, site, message, &decoded->event);
    } else if (decoded->event.kind == RC_EV_TRAINING) {
        for (size_t i = training_answered_on(site, message, from, training); i-- > 0;)
            rc_batch_refuse_training(site, &training[i], RC_NOT_FOUND, NOT_LISTED);
    } else if (decoded->event.kind == RC_EV_PROGRESS) {
        struct rc_receipt receipt = {
            .id = decoded->punch_id, .result = RC_REJECTED, .code = RC_NOT_FOUND, .message = NOT_LISTED};
        prove(service, site, &receipt);
        rc_topic_receipt(topic, &site->name, &from->employee, &from->session);
        length = rc_encode_receipt(&receipt, payload, sizeof payload);
    }
    if (length > 0) {
        struct rc_reply_to to = answer_on(message, topic);
        rc_publisher_direct(&site->publisher, to.topic, (struct rc_text){payload, length},
                            (struct rc_text){to.correlation, to.correlation_length}, 1, false);
    }
}

/* A heartbeat too many of one sender is dropped before the engine; those before it were evidence enough. Of
 * training, which is answered, training_rate.h says how much is too much. */
static bool is_excess(struct rc_service *service, struct rc_site *site, const struct rc_event *event)
{
    const struct rc_beat *beat = &event->beat;
    if (event->kind != RC_EV_HEARTBEAT ||
        rc_rate_take(&site->rate, &beat->employee, &beat->session, event->now))
        return false;
    rc_metrics_add(service->metrics, RC_M_HEARTBEATS_RATE_LIMITED, site->index, 0, 1);
    uint64_t count = rc_rate_report(&site->rate, event->now);
    if (count > 0)
        rc_log(RC_LOG_WARN, "heartbeats_rate_limited", RC_F_ID("site", &site->name),
               RC_F_ID("employee", &beat->employee), RC_F_ID("session", &beat->session),
               RC_F_INT("dropped", count));
    return true;
}

static void take_event(struct rc_service *service, struct rc_site *site, const struct rc_message *message,
                       struct rc_decoded *decoded)
{
    if (!service->open && !message->will &&
        !rc_access_speaks(message->role, &message->login, &decoded->topic)) {
        rc_metrics_add(service->metrics, RC_M_REFUSED, site->index, RC_REFUSAL_UNSIGNED, 1);
        return;
    }
    if (is_excess(service, site, &decoded->event))
        return;
    if (rc_directory_bars(&site->directory, &decoded->topic.employee)) {
        take_stranger(service, site, message, decoded);
        return;
    }
    switch (decoded->event.kind) {
    case RC_EV_PUNCH:
        take_punch(service, site, message, &decoded->event);
        break;
    case RC_EV_TRAINING:
        take_training(service, site, message, decoded);
        break;
    case RC_EV_PROGRESS:
        take_progress(service, site, message, decoded);
        break;
    case RC_EV_HEARTBEAT:
        if (decoded->event.beat.employee.length > 0) {
            rc_metrics_add(service->metrics, RC_M_HEARTBEATS_RECEIVED, site->index, 0, 1);
            rc_alerts_heartbeat(&site->alerts, decoded->event.now, true);
            look_elsewhere(service, site, &decoded->event.beat);
        }
        rc_batch_step(service, site, &decoded->event, NULL, NULL);
        break;
    default:
        rc_batch_step(service, site, &decoded->event, NULL, NULL);
        break;
    }
}

static void take_request(struct rc_service *service, struct rc_site *site, const struct rc_message *message,
                         struct rc_request *request, struct rc_text verb)
{
    char topic[RC_TOPIC_MAX];
    rc_topic_reply(topic, &site->name, &request->login, verb);
    struct rc_reply_to to = reply_to(site, message, &request->login, topic);
    struct rc_asker asker = rc_access_asker(service->open, message, request);
    rc_metrics_add(service->metrics, RC_M_REQUESTS, site->index, 0, 1);
    rc_answer(service, site, &asker, request, &to, message->now, message->at);
}

/* A receipt where there is an id to name, so that the device can stop sending it; else the complaint alone.
 */
static size_t encode_refused(struct rc_service *service, struct rc_site *site,
                             const struct rc_decoded *decoded, char payload[RC_ENCODED_MAX])
{
    if (decoded->answer != RC_ANSWER_RECEIPT || decoded->punch_id.length == 0)
        return rc_encode_refusal(RC_INVALID_ARGUMENT, decoded->message, payload, RC_ENCODED_MAX);
    struct rc_receipt receipt = {.id = decoded->punch_id,
                                 .result = RC_REJECTED,
                                 .code = RC_INVALID_ARGUMENT,
                                 .message = decoded->message};
    prove(service, site, &receipt);
    return rc_encode_receipt(&receipt, payload, RC_ENCODED_MAX);
}

/* A verb that no topic can hold leaves only the Response Topic to answer on. */
static void refuse_request(struct rc_site *site, const struct rc_message *message,
                           const struct rc_decoded *decoded)
{
    char topic[RC_TOPIC_MAX] = "";
    const struct rc_topic *from = &decoded->topic;
    if (from->verb.length > 0)
        rc_topic_reply(topic, &site->name, &from->login, from->verb);
    struct rc_reply_to to = reply_to(site, message, &from->login, topic);
    if (to.topic[0] != '\0')
        rc_answer_refusal(site, &to, decoded->request.request_id, RC_INVALID_ARGUMENT, decoded->message);
}

/* Says what is wrong, on the topic where the sender listens. */
static void refuse(struct rc_service *service, struct rc_site *site, const struct rc_message *message,
                   const struct rc_decoded *decoded)
{
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    struct rc_reply_to training[RC_ANSWERS_MAX];
    const struct rc_topic *from = &decoded->topic;
    switch (decoded->answer) {
    case RC_ANSWER_NOBODY:
        return;
    case RC_ANSWER_RECEIPT:
        rc_topic_receipt(topic, &site->name, &from->employee, &from->session);
        break;
    case RC_ANSWER_TRAINING:
        for (size_t i = training_answered_on(site, message, from, training); i-- > 0;)
            rc_batch_refuse_training(site, &training[i], RC_INVALID_ARGUMENT, decoded->message);
        return;
    case RC_ANSWER_REPLY:
        refuse_request(site, message, decoded);
        return;
    }
    struct rc_reply_to to = answer_on(message, topic);
    size_t length = encode_refused(service, site, decoded, payload);
    rc_publisher_direct(&site->publisher, to.topic, (struct rc_text){payload, length},
                        (struct rc_text){to.correlation, to.correlation_length}, 1, false);
}

/* Sites that this service serves have a link of their own, which has heard it, too. */
static bool is_served(const struct rc_service *service, const struct rc_id *name)
{
    for (int i = 0; i < service->site_count; i++)
        if (rc_id_equal(&service->sites[i].name, name))
            return true;
    return false;
}

static void take_refused(struct rc_service *service, struct rc_site *site, const struct rc_message *message,
                         const struct rc_decoded *decoded)
{
    bool lost = decoded->refusal == RC_REFUSAL_UNKNOWN_SITE || decoded->refusal == RC_REFUSAL_UNKNOWN_TOPIC;
    if (decoded->refusal == RC_REFUSAL_UNKNOWN_SITE && is_served(service, &decoded->topic.site))
        return;
    rc_metrics_add(service->metrics, RC_M_REFUSED, site->index, (int)decoded->refusal, 1);
    if (decoded->refusal == RC_REFUSAL_SERVICE_TOPIC)
        rc_repair_note(site, message, &decoded->topic);
    if (lost)
        rc_log(RC_LOG_WARN, "message_refused", RC_F_ID("site", &site->name),
               RC_F_TEXT("topic", message->topic), RC_F_STR("refusal", rc_refusal_name(decoded->refusal)),
               RC_F_ID("login", &message->login));
    if (decoded->kind != RC_DECODED_INVALID)
        return;
    if (decoded->topic.kind == RC_TOPIC_HEARTBEAT) {
        rc_metrics_add(service->metrics, RC_M_HEARTBEATS_INVALID, site->index, 0, 1);
        rc_alerts_heartbeat(&site->alerts, message->now, false);
    }
    rc_log(RC_LOG_WARN, "message_refused", RC_F_ID("site", &site->name), RC_F_TEXT("topic", message->topic),
           RC_F_STR("refusal", rc_refusal_name(decoded->refusal)), RC_F_STR("why", decoded->message));
    /* who may not speak here is told nothing: the answer would reach the one whose topic it is; but training,
     * which nobody signs */
    if (service->open || (message->will && decoded->answer == RC_ANSWER_TRAINING) ||
        rc_access_speaks(message->role, &message->login, &decoded->topic))
        refuse(service, site, message, decoded);
}

static void take_message(struct rc_service *service, struct rc_site *site, const struct rc_inbound *entry)
{
    char scratch[RC_TEXT_MAX];
    struct rc_message message = message_of(service, site, entry);
    struct rc_decoded *decoded = &service->decoded;
    rc_decode(&message, &site->name, scratch, decoded);
    switch (decoded->kind) {
    case RC_DECODED_EVENT:
        take_event(service, site, &message, decoded);
        break;
    case RC_DECODED_REQUEST:
        take_request(service, site, &message, &decoded->request, decoded->topic.verb);
        break;
    case RC_DECODED_CANARY:
        rc_report_canary_back(service, site, decoded->canary_now, entry->now);
        break;
    case RC_DECODED_IGNORED:
    case RC_DECODED_INVALID:
        take_refused(service, site, &message, decoded);
        break;
    }
}

/* ---- the link ---- */

static void step_link(struct rc_service *service, struct rc_site *site, const struct rc_inbound *entry,
                      bool up)
{
    struct rc_event event = {.kind = RC_EV_LINK, .now = entry->now, .at = entry->at, .link.up = up};
    rc_batch_step(service, site, &event, NULL, NULL);
    rc_alerts_link(&site->alerts, entry->now, up);
}

static void take_down(struct rc_service *service, struct rc_site *site, const struct rc_inbound *entry,
                      struct rc_text why)
{
    if (!site->up)
        return;
    site->up = false;
    /* a broker gives a stopped service up before that can notice it */
    site->down_now = site->heard_now;
    rc_backlog_down(&site->backlog);
    rc_publisher_down(&site->publisher);
    step_link(service, site, entry, false);
    rc_batch_audit(service, site, "LINK_DOWN", NULL, NULL, "");
    rc_log(RC_LOG_WARN, "link_down", RC_F_ID("site", &site->name), RC_F_TEXT("why", why));
}

static void take_up(struct rc_service *service, struct rc_site *site, const struct rc_inbound *entry)
{
    char detail[64];
    take_down(service, site, entry, rc_text_of("no word of it")); /* an UP ends the connection before it */
    int64_t away_ms = entry->now - site->down_now;
    site->up = true;
    rc_backlog_up(&site->backlog, entry->now,
                  site->was_up ? away_ms
                               : rc_backlog_away(service->written_at, service->started_at, entry->at));
    site->was_up = true;
    site->heard_now = entry->now;
    rc_publisher_up(&site->publisher, entry->now);
    step_link(service, site, entry, true);
    snprintf(detail, sizeof detail, "{\"awayMs\":%lld}", (long long)away_ms);
    rc_batch_audit(service, site, "LINK_UP", NULL, NULL, detail);
    rc_log(RC_LOG_INFO, "link_up", RC_F_ID("site", &site->name), RC_F_INT("away_ms", away_ms),
           RC_F_BOOL("session_present", entry->session_present));
    rc_report_connected(service, site);
}

void rc_intake(struct rc_service *service, const struct rc_inbound *entry)
{
    struct rc_site *site = &service->sites[entry->site];
    switch (entry->kind) {
    case RC_INBOUND_MESSAGE:
        site->heard_now = entry->now;
        take_message(service, site, entry);
        break;
    case RC_INBOUND_UP:
        take_up(service, site, entry);
        break;
    case RC_INBOUND_DOWN:
        take_down(service, site, entry, entry->payload);
        break;
    case RC_INBOUND_ACKED:
        rc_publisher_acked(&site->publisher, entry->number);
        break;
    case RC_INBOUND_REFUSED:
        rc_publisher_refused(&site->publisher, entry->number);
        break;
    }
}
