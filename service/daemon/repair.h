/*
 * repair.h: what somebody else published on the service's own topics is noted, and the truth published over
 * it: the status that holds, or, on a topic of nobody's, an empty payload, which clears it. Decides what is
 * true; how often, forgery.h. Service thread; part of the service.
 */
#ifndef RC_DAEMON_REPAIR_H
#define RC_DAEMON_REPAIR_H

#include "wire/decode.h"

struct rc_service;
struct rc_site;

/* rc_repair_note takes a message that came in on a topic of ours, received at message->now, and logs it. */
void rc_repair_note(struct rc_site *site, const struct rc_message *message, const struct rc_topic *topic);

/* rc_repair publishes what is true where that is due. As for rc_publisher_republish, no transaction may be
 * open and the engine has no uncommitted changes; what was committed before goes out first. */
void rc_repair(struct rc_service *service, struct rc_site *site);

#endif
