/*
 * message.h: a message as it came from the broker, and as wire sees it: borrowed bytes and what the link
 * knows about them. Made by daemon from an inbox entry; no ownership; any thread.
 */
#ifndef RC_WIRE_MESSAGE_H
#define RC_WIRE_MESSAGE_H

#include "core/types.h"

enum rc_role {
    RC_ROLE_NONE,
    RC_ROLE_EMPLOYEE,
    RC_ROLE_KIOSK,
    RC_ROLE_DASHBOARD,
    RC_ROLE_MANAGER,
    RC_ROLE_OPS,
    RC_ROLE_SERVICE,
    RC_ROLE_COUNT
};

struct rc_message {
    struct rc_text topic, payload;
    bool retained;
    int64_t now, at;           /* when it was received */
    int64_t sent_now, sent_at; /* when it was sent, as far as that is known; else as received */
    bool marked;               /* sent_* rest on rc-at or Message Expiry */
    bool backlog;              /* it came while the backlog of a start or reconnect drained */
    bool will;          /* access.mode `required`, and no valid rc-mac: only a `leave` `lost` is obeyed. Means
                         nothing for heartbeats and training: nobody signs those */
    struct rc_id login; /* empty: unknown */
    enum rc_role role;
    struct rc_text response_topic, correlation; /* MQTT 5; empty: none */
};

/* rc_role_name returns the spelling ("" for none); rc_role_parse sets *out if text is exactly one, else
 * leaves it. */
const char *rc_role_name(enum rc_role role);
bool rc_role_parse(struct rc_text text, enum rc_role *out);

#endif
