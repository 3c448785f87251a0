/*
 * intake.h: what came through the inbox, one entry at a time: messages decoded and turned into events and
 * requests, the link's ups and downs, acknowledgements. Decides what of a message can be believed (login,
 * role, time sent), and who is told that it was refused; counts everything that it ignores. Service thread.
 */
#ifndef RC_DAEMON_INTAKE_H
#define RC_DAEMON_INTAKE_H

#include "daemon/service.h"

/* rc_intake takes one entry into the open batch. The entry is borrowed for the call. */
void rc_intake(struct rc_service *service, const struct rc_inbound *entry);

#endif
