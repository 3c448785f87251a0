/* What systemd is told, on a socket of the test's own. */
#include "test.h"

#include "daemon/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fd = -1;
static char text[256];

static int start(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* an abstract name: nothing to clean up */
    int length =
        snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "rollcall-test-%d", (int)getpid());
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    snprintf(text, sizeof text, "@%s", address.sun_path + 1);
    setenv("NOTIFY_SOCKET", text, 1);
    return bind(fd, (struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length));
}

static int stop(void **state)
{
    (void)state;
    close(fd);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return 0;
}

static const char *told(void)
{
    ssize_t length = recv(fd, text, sizeof text - 1, 0);
    text[length > 0 ? length : 0] = '\0';
    return text;
}

static void ready_and_stopping_are_told(void **state)
{
    (void)state;
    rc_notify_ready("serving hq");
    assert_string_equal(told(), "READY=1\nSTATUS=serving hq");
    rc_notify_stopping();
    assert_string_equal(told(), "STOPPING=1");
}

static void the_watchdog_is_fed_at_half_its_interval(void **state)
{
    (void)state;
    struct rc_notify notify;
    setenv("WATCHDOG_USEC", "10000000", 1);
    rc_notify_init(&notify, 1000);
    assert_int_equal(rc_notify_wake_now(&notify), 1000);
    rc_notify_tend(&notify, 1000);
    assert_string_equal(told(), "WATCHDOG=1");
    rc_notify_tend(&notify, 5999);
    assert_string_equal(told(), "");
    assert_int_equal(rc_notify_wake_now(&notify), 6000);
    rc_notify_tend(&notify, 6000);
    assert_string_equal(told(), "WATCHDOG=1");
}

static void without_a_watchdog_nothing_is_due(void **state)
{
    (void)state;
    struct rc_notify notify;
    rc_notify_init(&notify, 0);
    assert_true(rc_notify_wake_now(&notify) == INT64_MAX);
    rc_notify_tend(&notify, INT64_MAX / 2);
    assert_string_equal(told(), "");
}

static void without_systemd_nothing_happens(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    rc_notify_ready("serving hq");
    rc_notify_stopping();
    assert_string_equal(told(), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ready_and_stopping_are_told),
        TEST(the_watchdog_is_fed_at_half_its_interval),
        TEST(without_a_watchdog_nothing_is_due),
        TEST(without_systemd_nothing_happens),
    };
    return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
