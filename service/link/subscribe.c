/*
 * subscribe.c: what a site's link listens to. All of it is asked for at every connect, whether the broker
 * still knows us or not: asking again costs nothing, and a broker with an older memory is put right.
 *
 *                                 kept: QoS 1, with an identifier     heard: QoS 0, no local
 *   heartbeat, training                                               rollcall/v1/{site}/#
 *   leave, punch, progress,       a filter for each                   a copy of it: spare
 *   request, canary
 *   what nobody knows, and what
 *   only we may publish                                               rollcall/v1/{site}/#
 *   kept kinds of other sites                                         rollcall/v1/+/..., the first link only
 *
 * Heartbeats and training count at receipt and are never replayed from a queue, hence QoS 0. One filter for
 * all that is heard, since a broker sends a copy for each filter that matches: so a heartbeat comes once, and
 * whatever stands on a topic that nobody knows comes, too, and can be counted. The kept kinds come twice by
 * that, and a third time on the first link. The copies are known: they come without the identifier, which is
 * on whatever a kept filter matched (MQTT 5, 3.3.4), and at QoS 0; and are let go before anybody has work
 * with them. A message that waited in the broker is never at QoS 0, so none of these depends on the
 * identifier. Heartbeats and training of other sites are not asked for, being most of all traffic.
 */
#include "link/client.h"

#include <stdio.h>
#include <string.h>

#define PREFIX "rollcall/v1/"

/* The identifier of what is kept. */
#define KEPT_ID 1

/* Below rollcall/v1/{site}/. The canary is taken at the QoS at which it is sent: at QoS 1 it keeps its place
 * behind what is queued, at QoS 0 it would overtake what waits for the receive maximum. It is our own, so it
 * must come back. */
static const char *const kept[] = {
    "emp/+/session/+/leave", "emp/+/session/+/punch", "emp/+/session/+/progress",
    "dev/+/leave",           "request/+/+",           "service/canary",
};
#define KEPT  ((int)(sizeof kept / sizeof *kept))
#define OTHER (KEPT - 1) /* the first of them, of other sites: no service but its own has a canary */

/* What versions before this one asked for, below the site: a broker may still have it in our session. */
static const char *const retired[] = {
    "emp/+/session/+/heartbeat",
    "emp/+/session/+/training",
    "dev/+/heartbeat",
    "emp/+/status",
    "emp/+/event",
    "emp/+/profile",
    "emp/+/training",
    "dev/+/status",
    "summary",
    "service/status",
    "service/metrics",
    "alert/+",
};
#define RETIRED ((int)(sizeof retired / sizeof *retired))

#define FILTERS_MAX (RETIRED > KEPT + 1 ? RETIRED : KEPT + 1)

/* The prefix, a site's id, the longest filter. */
#define FILTER_MAX (sizeof PREFIX + RC_ID_MAX + 64)

/* Filters of one packet. */
struct packet {
    char text[FILTERS_MAX][FILTER_MAX];
    char *filters[FILTERS_MAX];
    int qos[FILTERS_MAX];
    MQTTSubscribe_options options[FILTERS_MAX];
    int count;
};

static void add(struct packet *packet, const char *site, const char *filter, int qos, bool no_local)
{
    int i = packet->count++;
    snprintf(packet->text[i], FILTER_MAX, PREFIX "%s/%s", site, filter);
    packet->filters[i] = packet->text[i];
    packet->qos[i] = qos;
    packet->options[i] = (MQTTSubscribe_options)MQTTSubscribe_options_initializer;
    /* Clients' topics are never retained; one that somebody put there is no message of theirs. */
    packet->options[i].retainHandling = 2;
    packet->options[i].noLocal = no_local;
    packet->options[i].retainAsPublished = 1; /* so that it can be told when it comes live, too */
}

/* ---- the answers ---- */

static bool is_granted(struct rc_link *link, const MQTTAsync_successData5 *data, const char *what)
{
    int count = data->alt.sub.reasonCodeCount;
    for (int i = 0; i < count; i++) {
        /* Of a single filter's answer Paho makes no list, and leaves the pointer as it was. */
        int code = (int)(count == 1 ? data->reasonCode : data->alt.sub.reasonCodes[i]);
        if (code >= MQTTREASONCODE_UNSPECIFIED_ERROR) {
            char why[RC_LINK_WHY_MAX];
            snprintf(why, sizeof why, "subscription %d to what is %s refused, reason code %d", i + 1, what,
                     code);
            rc_link_fail(link, why);
            return false;
        }
    }
    return true;
}

static void on_kept(void *context, MQTTAsync_successData5 *data)
{
    (void)is_granted(context, data, "kept");
}

/* The broker answers in the order of the questions: so this is the last. */
static void on_heard(void *context, MQTTAsync_successData5 *data)
{
    if (is_granted(context, data, "heard"))
        rc_link_is_subscribed(context);
}

static void on_failure(void *context, MQTTAsync_failureData5 *data)
{
    /* Also the end of a subscription of an earlier connection, whose session is gone; then we are not in its
     * phase. */
    if (data->code != MQTTASYNC_OPERATION_INCOMPLETE)
        rc_link_fail(context, "subscriptions failed");
}

/* ---- the questions ---- */

static bool ask(struct rc_link *link, struct packet *packet, MQTTAsync_onSuccess5 *on_success,
                const MQTTProperties *properties)
{
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.onSuccess5 = on_success;
    response.onFailure5 = on_failure;
    response.context = link;
    response.properties = *properties;
    response.subscribeOptionsCount = packet->count;
    response.subscribeOptionsList = packet->options;
    return MQTTAsync_subscribeMany(link->client, packet->count, packet->filters, packet->qos, &response) ==
           MQTTASYNC_SUCCESS;
}

static bool ask_for_kept(struct rc_link *link)
{
    struct packet packet = {.count = 0};
    MQTTProperties properties = MQTTProperties_initializer;
    MQTTProperty identifier = {.identifier = MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER};
    identifier.value.integer4 = KEPT_ID;
    for (int i = 0; i < KEPT; i++)
        add(&packet, link->site_name, kept[i], 1, false);
    bool asked =
        MQTTProperties_add(&properties, &identifier) == 0 && ask(link, &packet, on_kept, &properties);
    MQTTProperties_free(&properties);
    return asked;
}

static bool ask_for_heard(struct rc_link *link)
{
    struct packet packet = {.count = 0};
    MQTTProperties none = MQTTProperties_initializer;
    add(&packet, link->site_name, "#", 0, true);
    for (int i = 0; link->site == 0 && i < OTHER; i++)
        add(&packet, "+", kept[i], 0, true);
    return ask(link, &packet, on_heard, &none);
}

/* Nobody waits for the answer: what the broker does not know it lets stand, and what comes twice for once is
 * no harm. */
static void give_up_retired(struct rc_link *link)
{
    struct packet packet = {.count = 0};
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    for (int i = 0; i < RETIRED; i++)
        add(&packet, link->site_name, retired[i], 0, false);
    (void)MQTTAsync_unsubscribeMany(link->client, packet.count, packet.filters, &response);
}

void rc_link_subscribe(struct rc_link *link)
{
    give_up_retired(link);
    if (!ask_for_kept(link) || !ask_for_heard(link))
        rc_link_fail(link, "cannot ask for subscriptions");
}

/* ---- copies ---- */

/* Whether a topic's rest matches a filter, which has no wildcard but '+'. */
static bool matches(const char *filter, const char *at, const char *end)
{
    for (; *filter != '\0'; filter++) {
        if (*filter != '+') {
            if (at == end || *at++ != *filter)
                return false;
        } else {
            while (at < end && *at != '/')
                at++;
        }
    }
    return at == end;
}

bool rc_link_is_spare(const struct rc_link *link, struct rc_text topic)
{
    size_t site = strlen(link->site_name), before = sizeof PREFIX - 1 + site + 1;
    const char *end = topic.data + topic.length;
    if (topic.length < before || memcmp(topic.data + sizeof PREFIX - 1, link->site_name, site) != 0 ||
        topic.data[before - 1] != '/')
        return false;
    for (int i = 0; i < KEPT; i++)
        if (matches(kept[i], topic.data + before, end))
            return true;
    return false;
}
