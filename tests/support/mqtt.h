/*
 * mqtt.h: a small MQTT 5 client for tests, written against the standard and independent of the library that
 * the service uses: it can say what a well-behaved client would not (forged and doubled user properties, a
 * socket that closes without a word). Blocking, one thread; the test owns it. What goes wrong with the
 * connection ends the program with a line on standard error.
 */
#ifndef RC_TESTS_SUPPORT_MQTT_H
#define RC_TESTS_SUPPORT_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rc_test_mqtt;

struct rc_test_mqtt_options {
    int port; /* on 127.0.0.1 */
    const char *client_id;
    bool keep_session;                     /* the broker keeps it for an hour, and we take up an older one */
    const char *will_topic, *will_payload; /* NULL: none; QoS 1, not retained */
};
struct rc_test_mqtt *rc_test_mqtt_connect(const struct rc_test_mqtt_options *options);
/* rc_test_mqtt_close says DISCONNECT first if politely, so that no will fires; frees. */
void rc_test_mqtt_close(struct rc_test_mqtt *client, bool politely);

struct rc_test_message {
    char topic[512];
    char payload[8192]; /* NUL-terminated for convenience */
    size_t payload_length;
    int qos;
    bool retain;
    int64_t expiry_s;         /* -1: none */
    char response_topic[512]; /* "": none */
    char correlation[128];    /* "": none; text in tests */
    const char *user[17];     /* to send: name, value, name, value, ... NULL */
};

/* rc_test_mqtt_publish returns when the message is written (QoS 0) or acknowledged (QoS 1): the reason code.
 */
int rc_test_mqtt_publish(struct rc_test_mqtt *client, const struct rc_test_message *message);
/* rc_test_mqtt_say publishes text. */
int rc_test_mqtt_say(struct rc_test_mqtt *client, const char *topic, const char *payload, int qos,
                     bool retain);

/* rc_test_mqtt_subscribe returns when it is granted: the reason code. */
int rc_test_mqtt_subscribe(struct rc_test_mqtt *client, const char *filter, int qos);
/* rc_test_mqtt_receive waits for the next message, which it acknowledges; false: none came in time. */
bool rc_test_mqtt_receive(struct rc_test_mqtt *client, int timeout_ms, struct rc_test_message *out);

#endif
