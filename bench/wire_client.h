/*
 * wire_client.h: an MQTT 5 connection as thin as it gets, so that a measurement measures the service and not
 * its client: one write a message, one read for as many as have come, no thread, no queue. It speaks only
 * what the benches need, to a broker that they started themselves. What goes wrong ends the program with a
 * line on standard error.
 */
#ifndef RC_BENCH_WIRE_CLIENT_H
#define RC_BENCH_WIRE_CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct wire_client;

/* A message that came in; borrowed until the call that it is given to returns. */
struct wire_message {
    const char *topic, *payload; /* neither is NUL-terminated */
    size_t topic_length, payload_length;
};
typedef void wire_message_fn(void *context, const struct wire_message *message);

/* wire_client_open connects to 127.0.0.1 and returns when the broker has agreed. wire_client_close says
 * DISCONNECT. */
struct wire_client *wire_client_open(int port, const char *client_id, wire_message_fn *on_message,
                                     void *context);
void wire_client_close(struct wire_client *client);

/* wire_client_subscribe returns when the subscription is granted; messages that come meanwhile are handed
 * over. */
void wire_client_subscribe(struct wire_client *client, const char *filter, int qos);

/* wire_client_publish writes a message at QoS 1 with a Message Expiry of 7 days, and waits for nothing. */
void wire_client_publish(struct wire_client *client, const char *topic, const char *payload, size_t length);

/* wire_client_beat writes an empty message at QoS 0: a heartbeat. */
void wire_client_beat(struct wire_client *client, const char *topic);

/* wire_client_read takes what has come, hands messages over, and acknowledges those of QoS 1; it waits for
 * nothing. */
void wire_client_read(struct wire_client *client);

/* wire_client_fd is for poll and epoll. */
int wire_client_fd(const struct wire_client *client);

/* wire_client_give_up ends the program with a line on standard error. */
_Noreturn void wire_client_give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
