#include "daemon/apply.h"

#include "wire/encode.h"
#include "wire/topic.h"

#include <assert.h>

static struct rc_text text(const char *data, size_t length)
{
    return (struct rc_text){.data = data, .length = length};
}

/* Publishes what was encoded. Every payload of the service fits its buffer: not to is a programmer's error.
 */
static bool tell(const struct rc_applying *applying, const char *topic, const char *payload, size_t length,
                 bool retain)
{
    assert(length > 0);
    return rc_batch_publish(applying->service, applying->site, topic, text(payload, length), text(NULL, 0),
                            retain);
}

static bool keep(const struct rc_applying *applying, struct rc_effect *effect)
{
    struct rc_service *service = applying->service;
    if (!rc_batch_begin(service))
        return false;
    return rc_batch_check(service, rc_store_apply(service->store, applying->site->number, effect));
}

static bool apply_row(const struct rc_applying *applying, struct rc_effect *effect)
{
    const struct rc_row *row = &effect->row;
    struct rc_site *site = applying->site;
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    if (!keep(applying, effect))
        return false;
    site->tally.rows[row->type]++;
    if (row->type == RC_AUTO_OUT) {
        applying->outcome->auto_outs++;
        rc_metrics_observe_ms(applying->service->metrics, RC_M_STALENESS, site->index,
                              row->detected_at - row->at);
        /* the earliest deadline that this tick had to look at: so this is the most that it can have been late
         */
        if (site->due_now != RC_NONE)
            rc_metrics_observe_ms(applying->service->metrics, RC_M_DETECTION_ERROR, site->index,
                                  applying->now - site->due_now);
    }
    rc_topic_event(topic, &site->name, &row->employee);
    return tell(applying, topic, payload, rc_encode_event(row, payload, sizeof payload), false);
}

static bool apply_receipt(const struct rc_applying *applying, struct rc_effect *effect)
{
    const struct rc_receipt *receipt = &effect->receipt;
    struct rc_site *site = applying->site;
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    if (!keep(applying, effect))
        return false;
    site->tally.receipts[receipt->result]++;
    size_t length = rc_encode_receipt(receipt, payload, sizeof payload);
    assert(length > 0);
    const struct rc_reply_to *to = applying->to;
    if (to)
        return rc_batch_publish(applying->service, site, to->topic, text(payload, length),
                                text(to->correlation, to->correlation_length), false);
    rc_topic_receipt(topic, &site->name, &receipt->employee, &receipt->session);
    return tell(applying, topic, payload, length, false);
}

static bool apply_status(const struct rc_applying *applying, struct rc_effect *effect)
{
    const struct rc_status *status = &effect->status;
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    if (!keep(applying, effect))
        return false;
    if (status->presence == RC_HELD)
        applying->outcome->held++;
    rc_topic_status(topic, &applying->site->name, &status->employee);
    if (rc_directory_hides(&applying->site->directory, status))
        return rc_batch_publish(applying->service, applying->site, topic, text(NULL, 0), text(NULL, 0), true);
    return tell(applying, topic, payload, rc_encode_status(status, payload, sizeof payload), true);
}

static bool apply_device(const struct rc_applying *applying, struct rc_effect *effect)
{
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    if (!keep(applying, effect))
        return false;
    rc_topic_device_status(topic, &applying->site->name, &effect->device.device);
    return tell(applying, topic, payload, rc_encode_device(&effect->device, payload, sizeof payload), true);
}

static bool apply_forget(const struct rc_applying *applying, struct rc_effect *effect)
{
    char topic[RC_TOPIC_MAX];
    if (!keep(applying, effect))
        return false;
    if (effect->forget.employee.length > 0)
        return true;
    /* a device that is gone has its retained topic cleared */
    rc_topic_device_status(topic, &applying->site->name, &effect->forget.session);
    return rc_batch_publish(applying->service, applying->site, topic, text(NULL, 0), text(NULL, 0), true);
}

bool rc_apply(const struct rc_applying *applying, struct rc_effect *effect)
{
    assert(effect->kind != RC_FX_RELOAD && effect->kind < RC_EFFECT_KIND_COUNT); /* RELOAD is batch.c's */
    switch (effect->kind) {
    case RC_FX_ROW:
        return apply_row(applying, effect);
    case RC_FX_RECEIPT:
        return apply_receipt(applying, effect);
    case RC_FX_STATUS:
        return apply_status(applying, effect);
    case RC_FX_DEVICE:
        return apply_device(applying, effect);
    case RC_FX_FORGET:
        return apply_forget(applying, effect);
    case RC_FX_SESSION:
    case RC_FX_HOLD:
        return keep(applying, effect);
    case RC_FX_MAINTENANCE:
        applying->site->maintenance_next_at = effect->maintenance.until_at;
        return keep(applying, effect);
    case RC_FX_ALERT: /* heard at the step; rises at the next look of rc_alerts, which also writes it down */
        return true;
    case RC_FX_ANSWER:
        applying->outcome->code = effect->answer.code;
        applying->outcome->message = effect->answer.message;
        applying->outcome->seq = effect->answer.seq;
        return true;
    case RC_FX_RELOAD:
    case RC_EFFECT_KIND_COUNT:
        break;
    }
    return false;
}
