/*
 * subscribe.c: what a site's link listens to. All of it is asked for at every connect, whether the broker
 * still knows us or not: asking again costs nothing, and a broker with an older memory is put right.
 */
#include "link/client.h"

#include <stdio.h>
#include <string.h>

/* Heartbeats and training count at receipt and are never replayed from a queue, hence QoS 0. The canary is
 * taken at the QoS at which it is sent: at QoS 1 it keeps its place behind what is queued, at QoS 0 it would
 * overtake what waits for the receive maximum. On the service's own topics nobody else may publish; who does
 * is heard, and we are not (no local). */
static const struct {
    const char *filter; /* below rollcall/v1/{site}/ */
    int qos;
    bool ours;
} subscriptions[] = {
    {"emp/+/session/+/heartbeat", 0, false},
    {"emp/+/session/+/training", 0, false},
    {"dev/+/heartbeat", 0, false},
    {"emp/+/session/+/leave", 1, false},
    {"emp/+/session/+/punch", 1, false},
    {"emp/+/session/+/progress", 1, false},
    {"dev/+/leave", 1, false},
    {"request/+/+", 1, false},
    {"service/canary", 1, false},
    {"emp/+/status", 0, true},
    {"emp/+/event", 0, true},
    {"emp/+/profile", 0, true},
    {"emp/+/training", 0, true},
    {"dev/+/status", 0, true},
    {"summary", 0, true},
    {"service/status", 0, true},
    {"service/metrics", 0, true},
    {"alert/+", 0, true},
};
#define SUBSCRIPTIONS ((int)(sizeof subscriptions / sizeof *subscriptions))

/* The prefix, a site's id, the longest filter. */
#define FILTER_MAX (sizeof "rollcall/v1/" + RC_ID_MAX + 64)

static void on_subscribed(void *context, MQTTAsync_successData5 *data)
{
    struct rc_link *link = context;
    for (int i = 0; i < data->alt.sub.reasonCodeCount; i++) {
        int code = (int)data->alt.sub.reasonCodes[i];
        if (code >= MQTTREASONCODE_UNSPECIFIED_ERROR) {
            char why[RC_LINK_WHY_MAX];
            snprintf(why, sizeof why, "subscription to %s refused, reason code %d", subscriptions[i].filter,
                     code);
            rc_link_fail(link, why);
            return;
        }
    }
    rc_link_is_subscribed(link);
}

static void on_failure(void *context, MQTTAsync_failureData5 *data)
{
    /* Also the end of a subscription of an earlier connection, whose session is gone; then we are not in its
     * phase. */
    if (data->code != MQTTASYNC_OPERATION_INCOMPLETE)
        rc_link_fail(context, "subscriptions failed");
}

void rc_link_subscribe(struct rc_link *link)
{
    char text[SUBSCRIPTIONS][FILTER_MAX];
    char *filters[SUBSCRIPTIONS];
    int qos[SUBSCRIPTIONS];
    MQTTSubscribe_options options[SUBSCRIPTIONS];
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    for (int i = 0; i < SUBSCRIPTIONS; i++) {
        snprintf(text[i], FILTER_MAX, "rollcall/v1/%s/%s", link->site_name, subscriptions[i].filter);
        filters[i] = text[i];
        qos[i] = subscriptions[i].qos;
        options[i] = (MQTTSubscribe_options)MQTTSubscribe_options_initializer;
        /* Clients' topics are never retained; one that somebody put there is no message of theirs. */
        options[i].retainHandling = 2;
        options[i].noLocal = subscriptions[i].ours;
        options[i].retainAsPublished = 1; /* so that it can be told when it comes live, too */
    }
    response.onSuccess5 = on_subscribed;
    response.onFailure5 = on_failure;
    response.context = link;
    response.subscribeOptionsCount = SUBSCRIPTIONS;
    response.subscribeOptionsList = options;
    int rc = MQTTAsync_subscribeMany(link->client, SUBSCRIPTIONS, filters, qos, &response);
    if (rc != MQTTASYNC_SUCCESS)
        rc_link_fail(link, "cannot ask for subscriptions");
}
