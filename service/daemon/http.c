#include "daemon/http.h"

#include "daemon/clock.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct rc_http {
    struct rc_board *board;
    struct MHD_Daemon *daemon;
};

#define TEXT "text/plain; charset=utf-8"

/* Answers are small texts of this moment; nothing may keep, embed, or guess at them. */
static const char *const headers[][2] = {
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Referrer-Policy", "no-referrer"},
};

/* Queues an answer; takes over a malloc'ed text. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              char *text, size_t length)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(length, text, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(text);
        return MHD_NO;
    }
    enum MHD_Result added = MHD_add_response_header(response, "Content-Type", type);
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        added &= MHD_add_response_header(response, headers[i][0], headers[i][1]);
    }
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        added &= MHD_add_response_header(response, "Allow", "GET, HEAD");
    }
    enum MHD_Result queued = added == MHD_YES ? MHD_queue_response(connection, status, response) : MHD_NO;
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result answer_line(struct MHD_Connection *connection, unsigned status, const char *line)
{
    size_t size = strlen(line) + 2;
    char *text = malloc(size);
    if (!text) {
        return MHD_NO;
    }
    int length = snprintf(text, size, "%s\n", line);
    return answer(connection, status, TEXT, text, (size_t)length);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    (void)version;
    (void)upload;
    static char headers_seen;
    struct rc_http *http = context;
    bool metrics = strcmp(path, "/metrics") == 0;
    if (!*state) { /* the library calls once more when the request is whole */
        *state = &headers_seen;
        return MHD_YES;
    }
    if (*upload_size > 0) { /* a body: let it pass, in pieces, unread */
        *upload_size = 0;
        return MHD_YES;
    }
    if (!metrics && strcmp(path, "/healthz") != 0) {
        return answer_line(connection, MHD_HTTP_NOT_FOUND, "not found: there are /healthz and /metrics");
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        return answer_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET");
    }
    if (metrics) {
        size_t length = 0;
        char *text = rc_board_metrics(http->board, &length);
        return text
                   ? answer(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", text, length)
                   : answer_line(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "starting");
    }
    char reason[RC_BOARD_REASON_MAX];
    bool healthy = rc_board_healthy(http->board, rc_clock_now(), reason);
    return answer_line(connection, healthy ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
                       healthy ? "ok" : reason);
}

/* The library's own complaints are about clients that went away; they are not events of ours. */
static void ignore_message(void *context, const char *format, va_list arguments)
{
    (void)context;
    (void)format;
    (void)arguments;
}

static bool make_address(const char *text, uint16_t port, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        return true;
    }
    return false;
}

struct rc_http *rc_http_open(const char *address, uint16_t port, struct rc_board *board, char error[256])
{
    struct sockaddr_storage sockaddr;
    if (!make_address(address, port, &sockaddr)) {
        snprintf(error, 256, "%.100s is not a numeric address", address);
        return NULL;
    }
    struct rc_http *http = calloc(1, sizeof *http);
    if (!http) {
        snprintf(error, 256, "no memory");
        return NULL;
    }
    http->board = board;
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_USE_ERROR_LOG;
    flags |= sockaddr.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0u;
    http->daemon = MHD_start_daemon(
        flags, port, NULL, NULL, handle, http, MHD_OPTION_EXTERNAL_LOGGER, ignore_message, NULL,
        MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&sockaddr, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)RC_HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)RC_HTTP_TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)RC_HTTP_REQUEST_MAX, MHD_OPTION_END);
    if (!http->daemon) {
        snprintf(error, 256, "cannot listen on %.100s port %u (in use?)", address, port);
        free(http);
        return NULL;
    }
    return http;
}

uint16_t rc_http_port(const struct rc_http *http)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

void rc_http_close(struct rc_http *http)
{
    if (http) {
        MHD_stop_daemon(http->daemon);
        free(http);
    }
}
