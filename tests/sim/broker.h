/*
 * broker.h: a model of Mosquitto as measured: QoS 0 and 1, a persistent session for the service whose queue
 * outlives its absence (but not a crash of the broker), wills that come at once, late, twice or not at all,
 * everybody's at a clean stop and nobody's at a crash, retained messages that a crash may lose. Knows bytes
 * and connections only.
 */
#ifndef RC_SIM_BROKER_H
#define RC_SIM_BROKER_H

#include "world.h"

void sim_broker_start(struct sim_world *world);
void sim_broker_free(struct sim_world *world);

/* sim_broker_reachable: a packet from outside gets an answer. */
bool sim_broker_reachable(const struct sim_world *world);

/* ---- clients' side ---- */

/* sim_broker_connect takes a client over into a new connection; the victim's will fires. Owns will. */
void sim_broker_connect(struct sim_world *world, int client, uint32_t connection, struct sim_parcel *will);
/* sim_broker_disconnect: a clean DISCONNECT; no will. */
void sim_broker_disconnect(struct sim_world *world, int client, uint32_t connection);
/* sim_broker_socket_died: the will comes at once. */
void sim_broker_socket_died(struct sim_world *world, int client, uint32_t connection);
/* sim_broker_watch_silence: it hears nothing more of a client; it will look after 1.5 keepalives. */
void sim_broker_watch_silence(struct sim_world *world, int client);

/* Events of the queue; parcels become the broker's. */
void sim_broker_take(struct sim_world *world, struct sim_parcel *parcel);
void sim_broker_peer_silent(struct sim_world *world, int client, uint32_t connection);
void sim_broker_late_will(struct sim_world *world, struct sim_parcel *parcel);

/* ---- the service's side ---- */

/* sim_broker_service_connect begins connection number `connection`; what waits comes first. */
void sim_broker_service_connect(struct sim_world *world, uint32_t connection);
void sim_broker_service_gone(struct sim_world *world);
void sim_broker_delivered(struct sim_world *world, uint32_t connection, struct sim_parcel *parcel);
void sim_broker_published(struct sim_world *world, struct sim_parcel *parcel);

/* ---- faults ---- */

void sim_broker_stop(struct sim_world *world);
void sim_broker_crash(struct sim_world *world, bool forgets_retained);
void sim_broker_return(struct sim_world *world);

/* sim_broker_retained returns the retained payload of a topic, NULL: none. */
const char *sim_broker_retained(const struct sim_world *world, const char *topic);

#endif
