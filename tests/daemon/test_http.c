/* /healthz and /metrics over a real socket. */
#include "test.h"

#include "daemon/clock.h"
#include "daemon/http.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct rc_board *board;
static struct rc_http *http;
static char error[256], answer[65536];

static int start(void **state)
{
    (void)state;
    board = rc_board_alloc();
    http = board ? rc_http_open("127.0.0.1", 0, board, error) : NULL;
    return http ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    rc_http_close(http);
    rc_board_free(board);
    return 0;
}

static int dial(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(rc_http_port(http))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Sends a request line (and what follows it) and reads to the end. */
static void ask(const char *request)
{
    int fd = dial();
    size_t length = 0;
    assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
    for (ssize_t n; (n = recv(fd, answer + length, sizeof answer - 1 - length, 0)) > 0;) {
        length += (size_t)n;
    }
    answer[length] = '\0';
    close(fd);
}

#define TAIL " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

static void assert_answer(int status, const char *body)
{
    char line[32];
    snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
    assert_memory_equal(answer, line, strlen(line));
    const char *found = strstr(answer, "\r\n\r\n");
    assert_non_null(found);
    assert_string_equal(found + 4, body);
}

static void healthz_is_200_while_all_is_well_else_503_with_the_reason(void **state)
{
    (void)state;
    ask("GET /healthz" TAIL);
    assert_answer(503, "starting\n");
    rc_board_post_health(board, rc_clock_now(), NULL);
    ask("GET /healthz" TAIL);
    assert_answer(200, "ok\n");
    ask("GET /healthz?verbose=1" TAIL);
    assert_answer(200, "ok\n");
    rc_board_post_health(board, rc_clock_now(), "hq: no broker");
    ask("GET /healthz" TAIL);
    assert_answer(503, "hq: no broker\n");
}

static void metrics_are_the_text_that_was_posted(void **state)
{
    (void)state;
    ask("GET /metrics" TAIL);
    assert_answer(503, "starting\n");
    rc_board_post_metrics(board, strdup("rollcall_held 0\n"), 16);
    ask("GET /metrics" TAIL);
    assert_answer(200, "rollcall_held 0\n");
    assert_non_null(strstr(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
}

static void anything_else_is_404(void **state)
{
    (void)state;
    static const char *const paths[] = {"/",         "/health",    "/healthz/", "/metrics/../etc/passwd",
                                        "//metrics", "/%6detricsx"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char request[256];
        snprintf(request, sizeof request, "GET %s" TAIL, paths[i]);
        ask(request);
        assert_memory_equal(answer, "HTTP/1.1 404 ", 13);
    }
}

static void other_methods_are_405(void **state)
{
    (void)state;
    ask("DELETE /metrics" TAIL);
    assert_answer(405, "only GET\n");
    assert_non_null(strstr(answer, "Allow: GET, HEAD\r\n"));
    ask("POST /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
    assert_memory_equal(answer, "HTTP/1.1 405 ", 13);
    rc_board_post_health(board, rc_clock_now(), NULL);
    ask("HEAD /healthz" TAIL);
    assert_answer(200, "");
}

static void every_answer_has_the_headers_that_keep_it_to_itself(void **state)
{
    (void)state;
    static const char *const requests[] = {"GET /healthz" TAIL, "GET /x" TAIL, "PUT /metrics" TAIL};
    for (size_t i = 0; i < 3; i++) {
        ask(requests[i]);
        assert_non_null(strstr(answer, "X-Content-Type-Options: nosniff\r\n"));
        assert_non_null(strstr(answer, "Cache-Control: no-store\r\n"));
        assert_non_null(strstr(answer, "Content-Security-Policy: default-src 'none'"));
    }
}

static void requests_that_are_too_large_or_no_http_are_refused(void **state)
{
    (void)state;
    static char large[4 * RC_HTTP_REQUEST_MAX];
    int length = snprintf(large, sizeof large, "GET /metrics HTTP/1.1\r\nHost: h\r\nX: ");
    memset(large + length, 'x', sizeof large - (size_t)length - 1);
    int fd = dial();
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    (void)send(fd, large, strlen(large), MSG_NOSIGNAL);
    assert_int_equal(poll(&wait, 1, 10000), 1);
    ssize_t n = recv(fd, answer, sizeof answer - 1, 0); /* an answer of the 400s, or a reset */
    answer[n > 0 ? n : 0] = '\0';
    assert_true(n <= 0 || strncmp(answer, "HTTP/1.1 4", 10) == 0);
    close(fd);
    ask("\x10\x0cMQTT no HTTP\r\n\r\n");
    assert_true(answer[0] == '\0' || strncmp(answer, "HTTP/1.1 4", 10) == 0);
    rc_board_post_health(board, rc_clock_now(), NULL);
    ask("GET /healthz" TAIL);
    assert_answer(200, "ok\n");
}

/* A connection more than the limit is closed, and one that goes makes room. */
static void connections_are_limited(void **state)
{
    (void)state;
    int idle[RC_HTTP_CONNECTIONS];
    char byte;
    rc_board_post_health(board, rc_clock_now(), NULL);
    for (int i = 0; i < RC_HTTP_CONNECTIONS; i++) {
        static const char request[] = "GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n"; /* kept open */
        idle[i] = dial();
        assert_int_equal(send(idle[i], request, sizeof request - 1, MSG_NOSIGNAL), sizeof request - 1);
        assert_int_equal(recv(idle[i], &byte, 1, 0), 1); /* it is counted once it is answered */
    }
    int beyond = dial();
    struct pollfd wait = {.fd = beyond, .events = POLLIN};
    assert_true(poll(&wait, 1, 300) == 0 || recv(beyond, &byte, 1, 0) <= 0); /* not served */
    close(beyond);
    for (int i = 0; i < RC_HTTP_CONNECTIONS; i++) {
        close(idle[i]);
    }
    ask("GET /healthz" TAIL);
    assert_answer(200, "ok\n");
}

static void a_port_in_use_and_a_bad_address_are_errors(void **state)
{
    (void)state;
    assert_null(rc_http_open("127.0.0.1", rc_http_port(http), board, error));
    assert_non_null(strstr(error, "cannot listen on 127.0.0.1 port"));
    assert_null(rc_http_open("localhost", 0, board, error));
    assert_string_equal(error, "localhost is not a numeric address");
}

static void it_listens_on_the_address_alone(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(rc_http_port(http))};
    inet_pton(AF_INET, "127.0.0.2", &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), -1);
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(healthz_is_200_while_all_is_well_else_503_with_the_reason),
        TEST(metrics_are_the_text_that_was_posted),
        TEST(anything_else_is_404),
        TEST(other_methods_are_405),
        TEST(every_answer_has_the_headers_that_keep_it_to_itself),
        TEST(requests_that_are_too_large_or_no_http_are_refused),
        TEST(connections_are_limited),
        TEST(a_port_in_use_and_a_bad_address_are_errors),
        TEST(it_listens_on_the_address_alone),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
