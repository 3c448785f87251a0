/*
 * paho_wake.c: wakes Paho's sending thread when it has something to send. Paho 1.3.12 looks for commands, and
 * then waits for a signal that it does not remember: one that comes between the two is lost, and what was to
 * be sent lies there until the next one, or for a second. It waits by the wall clock, too, so that a clock
 * put back by an hour makes it an hour.
 *
 * Here a signal is remembered until the next wait, and time is monotonic. Paho has one such condition, on
 * which its one sending thread waits. Linked in by the linker's --wrap (CMakeLists.txt). Any thread.
 */
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards both */
static pthread_cond_t changed;
static bool signalled;
static pthread_once_t once = PTHREAD_ONCE_INIT;

int __wrap_Thread_signal_cond(void *condition);
int __wrap_Thread_wait_cond(void *condition, int timeout_ms);

static void prepare(void)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

int __wrap_Thread_signal_cond(void *condition)
{
    (void)condition;
    pthread_once(&once, prepare);
    pthread_mutex_lock(&lock);
    signalled = true;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    return 0;
}

/* Returns 0 or ETIMEDOUT, as Paho's own does. */
int __wrap_Thread_wait_cond(void *condition, int timeout_ms)
{
    struct timespec until;
    int rc = 0;
    (void)condition;
    pthread_once(&once, prepare);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&lock);
    while (!signalled && rc == 0) {
        rc = pthread_cond_timedwait(&changed, &lock, &until);
    }
    signalled = false;
    pthread_mutex_unlock(&lock);
    return rc;
}
