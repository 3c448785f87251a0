/*
 * rig.h: a link under test: a broker, an inbox, a link of site hq, and a loop that plays the service thread.
 * One thread; the test owns it.
 */
#ifndef RC_TESTS_LINK_RIG_H
#define RC_TESTS_LINK_RIG_H

#include "link/link.h"
#include "support/broker.h"
#include "support/mqtt.h"

/* For what must come. Here most of it comes within milliseconds; a reconnect within seconds. */
#define RIG_WAIT_MS 60000

struct rig {
    struct rc_test_broker *broker;
    struct rc_inbox *inbox;
    struct rc_link *link;
    struct rc_link_options options; /* to be changed before rig_open */
    struct rc_inbound entry;        /* the last one taken; its texts live until the next one */
};

/* rig_init starts a broker (extra: lines for its configuration) and fills in the options; rig_open opens the
 * link, and rig_open_up waits for its UP. rig_fini closes what is open. */
void rig_init(struct rig *rig, const char *extra);
void rig_open(struct rig *rig);
void rig_open_up(struct rig *rig);
void rig_fini(struct rig *rig);

/* rig_next takes the next entry, tending the link meanwhile; false: none came within timeout_ms. */
bool rig_next(struct rig *rig, int timeout_ms);
/* rig_await takes entries until one of this kind comes, and fails if none does. */
void rig_await(struct rig *rig, enum rc_inbound_kind kind);
/* rig_await_message skips what is no message, and fails if none with this topic (below rollcall/v1/hq/) comes
 * next. */
void rig_await_message(struct rig *rig, const char *below);

/* rig_publish fails unless the link takes it. */
void rig_publish(struct rig *rig, const char *below, const char *payload, uint8_t qos, int64_t number);

struct rc_text rig_text(const char *text);
struct rc_test_mqtt *rig_client(const struct rig *rig, const char *client_id);

#endif
