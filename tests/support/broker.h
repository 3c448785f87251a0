/*
 * broker.h: a real mosquitto for a test, on free loopback ports, with the project's own
 * broker-config/mosquitto.conf and a temporary folder of its own. The test owns it and frees it; it dies with
 * the thread that started it. As root it runs as user mosquitto, as in production. Not thread-safe. Failures
 * of the machinery end the program with a line on standard error: a test cannot go on without its broker.
 */
#ifndef RC_TESTS_SUPPORT_BROKER_H
#define RC_TESTS_SUPPORT_BROKER_H

#include <sys/types.h>

struct rc_test_broker;

/* rc_test_broker_start returns once the broker has answered a connection. extra: more lines for the
 * configuration (before its listeners), or NULL. */
struct rc_test_broker *rc_test_broker_start(const char *extra);
/* rc_test_broker_free kills the broker if it runs, and removes its folder. NULL is allowed. */
void rc_test_broker_free(struct rc_test_broker *broker);

/* rc_test_broker_stop sends SIGTERM (all wills fire, everything is saved) or SIGKILL (neither), and waits
 * until the process is gone. */
void rc_test_broker_stop(struct rc_test_broker *broker, int signal);
/* rc_test_broker_again starts a stopped broker on the same ports with what it saved. */
void rc_test_broker_again(struct rc_test_broker *broker);
/* rc_test_broker_wipe removes what a stopped broker saved. */
void rc_test_broker_wipe(struct rc_test_broker *broker);

/* rc_test_broker_set changes a line of a stopped broker's configuration: `name value` in place of `name ...`.
 */
void rc_test_broker_set(struct rc_test_broker *broker, const char *name, const char *value);

/* Constant from start to free; the ports stay reserved while the broker is down. */
int rc_test_broker_port(const struct rc_test_broker *broker);        /* MQTT over TCP */
int rc_test_broker_ws_port(const struct rc_test_broker *broker);     /* MQTT over WebSockets */
const char *rc_test_broker_uri(const struct rc_test_broker *broker); /* tcp://127.0.0.1:N */
pid_t rc_test_broker_pid(const struct rc_test_broker *broker);       /* 0 while it is down */
const char *rc_test_broker_log(const struct rc_test_broker *broker); /* path of its log, all runs */

#endif
