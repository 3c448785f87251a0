/*
 * client.h: browsers' tabs, agents, phones, kiosks, gateways and a manager, as programs: they connect with a
 * will, beat with jitter, keep a punch until it has its receipt, lose their radio, sleep, close. Each writes
 * its payloads itself; it shares no code with the service.
 */
#ifndef RC_SIM_CLIENT_H
#define RC_SIM_CLIENT_H

#include "world.h"

/* Events of the queue. */
void sim_client_timer(struct sim_world *world, int client, uint32_t stamp);
void sim_client_receive(struct sim_world *world, struct sim_parcel *parcel);

/* sim_client_do carries out an action of a person; `action` is one of SIM_DO_OPEN .. SIM_DO_TRAIN. */
void sim_client_do(struct sim_world *world, const struct sim_action *action);

/* sim_client_darken: no packet of it passes until `until`. */
void sim_client_darken(struct sim_world *world, int client, int64_t until);

/* sim_client_connection_lost: the broker closed the connection; it will try again. */
void sim_client_connection_lost(struct sim_world *world, int client);

/* sim_client_send_receipt hands a publication of the service to the client whose session's receipt it is, if
 * that is connected; owns parcel. */
void sim_client_send_receipt(struct sim_world *world, struct sim_parcel *parcel);

#endif
