/*
 * apply.h: one effect of an engine into the open transaction: its rows, and the message that tells of it into
 * the outbox. Decides nothing but where a message goes. Service thread; called by batch.c.
 */
#ifndef RC_DAEMON_APPLY_H
#define RC_DAEMON_APPLY_H

#include "daemon/service.h"

struct rc_applying {
    struct rc_service *service;
    struct rc_site *site;
    int64_t now;                  /* boot time of the event */
    const struct rc_reply_to *to; /* where receipts go; NULL: their ordinary topic */
    struct rc_outcome *outcome;
};

/* rc_apply carries out one effect other than RC_FX_RELOAD. False: the batch failed. */
bool rc_apply(const struct rc_applying *applying, struct rc_effect *effect);

#endif
