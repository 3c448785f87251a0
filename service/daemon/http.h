/*
 * http.h: GET /healthz and GET /metrics for supervisors and Prometheus, by libmicrohttpd on one thread of its
 * own. It reads the board and nothing else, takes no input but method and path, and knows of no person.
 * Anything else is 404, any other method 405. http.address is loopback unless http.allow_remote is on: there
 * is no login.
 */
#ifndef RC_DAEMON_HTTP_H
#define RC_DAEMON_HTTP_H

#include "daemon/board.h"

/* Connections at once; a supervisor, a scraper and a person with curl need three. Further ones are closed. */
#define RC_HTTP_CONNECTIONS 16
/* Seconds that an idle connection may stay; a scraper asks every 15 s and may reuse it. */
#define RC_HTTP_TIMEOUT_S 20
/* Bytes of request line and headers; more is refused by the library (413 or 431). */
#define RC_HTTP_REQUEST_MAX 8192

struct rc_http;

/* rc_http_open listens on address (IPv4 or IPv6, numeric) and port (0: any free one) and starts its thread;
 * NULL with one line in error. The board must outlive it. */
struct rc_http *rc_http_open(const char *address, uint16_t port, struct rc_board *board, char error[256]);
/* rc_http_port returns the port in use. */
uint16_t rc_http_port(const struct rc_http *http);
/* rc_http_close stops the thread and closes all connections; NULL is allowed. */
void rc_http_close(struct rc_http *http);

#endif
