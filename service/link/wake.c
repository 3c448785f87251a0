#define _GNU_SOURCE /* ppoll */
#include "link/wake.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

bool rc_wake_init(struct rc_wake *wake)
{
    atomic_init(&wake->asleep, false);
    wake->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return wake->fd >= 0;
}

void rc_wake_fini(struct rc_wake *wake)
{
    close(wake->fd);
    wake->fd = -1;
}

void rc_wake_announce(struct rc_wake *wake)
{
    atomic_store(&wake->asleep, true);
}

void rc_wake_stay(struct rc_wake *wake)
{
    atomic_store(&wake->asleep, false);
}

void rc_wake_sleep(struct rc_wake *wake, int timeout_ms)
{
    struct pollfd wait = {.fd = wake->fd, .events = POLLIN};
    uint64_t calls;
    (void)poll(&wait, 1, timeout_ms);
    atomic_store(&wake->asleep, false);
    (void)!read(wake->fd, &calls, sizeof calls);
}

void rc_wake_linger(struct rc_wake *wake, int timeout_us)
{
    struct pollfd wait = {.fd = wake->fd, .events = POLLIN};
    struct timespec timeout = {.tv_nsec = (long)timeout_us * 1000};
    /* A call is left to be read by the next sleep, which it ends at once. */
    (void)ppoll(&wait, 1, &timeout, NULL);
}

void rc_wake_nudge(struct rc_wake *wake)
{
    if (atomic_load(&wake->asleep) && atomic_exchange(&wake->asleep, false))
        rc_wake_call(wake);
}

void rc_wake_call(struct rc_wake *wake)
{
    int saved = errno;
    uint64_t one = 1;
    /* Fails only where 2^64 - 2 calls are pending, which wake as well. */
    (void)!write(wake->fd, &one, sizeof one);
    errno = saved;
}
