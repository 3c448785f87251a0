/*
 * forgotten.h: sessions and devices that the engine forgot in a batch that then failed: the engine has let go
 * of them, but their rows are still in the store, and a device's status is still retained. Decides which
 * these are (whatever the store knows and the engine does not), and has them forgotten again. Service thread;
 * part of the service.
 */
#ifndef RC_DAEMON_FORGOTTEN_H
#define RC_DAEMON_FORGOTTEN_H

#include "daemon/apply.h"

/* rc_forgotten_again forgets them in the open transaction. It reads all of the site's sessions, so it is for
 * after a failure only. False: the batch failed. */
bool rc_forgotten_again(const struct rc_applying *applying);

#endif
