/*
 * state.h: what is known now, as opposed to what happened: statuses, sessions, devices, holds, maintenance.
 * Private to store; the store's thread. Each function carries out one effect in the open transaction.
 */
#ifndef RC_STORE_STATE_H
#define RC_STORE_STATE_H

#include "handle.h"

enum rc_store_result rc_state_status(struct rc_store *store, int site, const struct rc_status *status);
enum rc_store_result rc_state_device(struct rc_store *store, int site, const struct rc_device_status *device);
/* employee empty: a device */
enum rc_store_result rc_state_forget(struct rc_store *store, int site, const struct rc_id *employee,
                                     const struct rc_id *session);
enum rc_store_result rc_state_hold(struct rc_store *store, int site, const struct rc_hold *hold);
/* until_at 0: ended */
enum rc_store_result rc_state_maintenance(struct rc_store *store, int site, int64_t until_at);

#endif
