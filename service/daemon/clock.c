#include "daemon/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define BOOT_ID_PATH   "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_LENGTH 36

static int64_t read_us(clockid_t clock)
{
    struct timespec t = {0};
    (void)clock_gettime(clock, &t); /* cannot fail for these clocks */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

struct rc_reading rc_clock_read(void)
{
    /* The three are not read in one instant. A thread that was put aside between them would take that for a
     * step or a suspension, so a pair of readings too far apart is taken again; a busy host gets the last
     * try. */
    int64_t before = 0, wall = 0, mono = 0;
    for (int i = 0; i < 3; i++) {
        before = read_us(CLOCK_BOOTTIME);
        wall = read_us(CLOCK_REALTIME);
        mono = read_us(CLOCK_MONOTONIC);
        if (read_us(CLOCK_BOOTTIME) - before < 1000) {
            break;
        }
    }
    return (struct rc_reading){.now = before / 1000, .at = wall / 1000, .mono_ms = mono / 1000};
}

int64_t rc_clock_now(void)
{
    return read_us(CLOCK_BOOTTIME) / 1000;
}

int64_t rc_clock_at(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t rc_clock_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

bool rc_clock_boot_id(char out[RC_BOOT_ID_MAX])
{
    FILE *file = fopen(BOOT_ID_PATH, "re");
    size_t length = 0;
    if (file) {
        length = fread(out, 1, BOOT_ID_LENGTH, file);
        fclose(file);
    }
    if (length == BOOT_ID_LENGTH && !memchr(out, '\n', length)) {
        out[length] = '\0';
        return true;
    }
    uint64_t random[2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) {
        random[0] = (uint64_t)read_us(CLOCK_REALTIME);
        random[1] = (uint64_t)read_us(CLOCK_BOOTTIME);
    }
    snprintf(out, RC_BOOT_ID_MAX, "none-%016" PRIx64 "%014" PRIx64, random[0], random[1] >> 8);
    return false;
}

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

void rc_clock_watch_start(struct rc_clock_watch *watch, struct rc_reading first, int64_t step_ms_min)
{
    watch->step_ms_min = step_ms_min;
    watch->wall_offset = first.at - first.now;
    watch->sleep_offset = first.now - first.mono_ms;
}

struct rc_clock_news rc_clock_watch_look(struct rc_clock_watch *watch, struct rc_reading reading,
                                         int64_t due_now)
{
    struct rc_clock_news news = {0};
    int64_t step = reading.at - reading.now - watch->wall_offset;
    if (magnitude(step) > watch->step_ms_min) {
        news.step_ms = step;
        watch->wall_offset += step;
    }
    int64_t suspended = reading.now - reading.mono_ms - watch->sleep_offset;
    if (suspended > RC_CLOCK_SUSPEND_MS) {
        news.suspended_ms = suspended;
        watch->sleep_offset += suspended;
    }
    int64_t late = reading.now - due_now;
    if (late > RC_CLOCK_PAUSE_MS) {
        news.pause_ms = late;
    }
    /* A suspension in the middle of a long wait makes the loop less late than it was suspended. */
    if (news.suspended_ms > news.pause_ms) {
        news.pause_ms = news.suspended_ms;
    }
    return news;
}
