#include "daemon/zones.h"

#include "core/names.h"
#include "wire/date.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S INT64_C(86400)

/* No zone has ever been further from UTC than this: Manila was 15 h 56 min behind, Alaska 15 h 2 min ahead,
 * before they changed sides of the date line. */
#define OFFSET_S_MAX (16 * 3600)

/* Days that are kept: today and tomorrow, which is what is asked for again and again. */
#define KEPT_DAYS 2

struct rc_zone {
    GTimeZone *zone;
    struct rc_local_day kept[KEPT_DAYS];
    unsigned oldest; /* of kept: the next to go */
    char name[];
};

struct rc_zone *rc_zone_open(const char *name)
{
    GTimeZone *found = g_time_zone_new_identifier(name);
    if (!found)
        return NULL;
    size_t bytes = strlen(name) + 1;
    struct rc_zone *zone = calloc(1, sizeof *zone + bytes);
    if (!zone) {
        g_time_zone_unref(found);
        return NULL;
    }
    zone->zone = found;
    memcpy(zone->name, name, bytes);
    return zone;
}

void rc_zone_close(struct rc_zone *zone)
{
    if (!zone)
        return;
    g_time_zone_unref(zone->zone);
    free(zone);
}

const char *rc_zone_name(const struct rc_zone *zone)
{
    return zone->name;
}

static int64_t divide_down(int64_t a, int64_t b)
{
    return a / b - (a % b != 0 && a < 0);
}

static int interval_at(const struct rc_zone *zone, int64_t utc_s)
{
    return g_time_zone_find_interval(zone->zone, G_TIME_TYPE_UNIVERSAL, utc_s);
}

static int64_t offset_s(const struct rc_zone *zone, int interval)
{
    return g_time_zone_get_offset(zone->zone, interval);
}

/* The date on the wall, in days since 1970. */
static int64_t date_at(const struct rc_zone *zone, int64_t utc_s)
{
    return divide_down(utc_s + offset_s(zone, interval_at(zone, utc_s)), DAY_S);
}

/* The first second after `from` at which another interval begins, but at most `to`. GLib does not say where
 * an interval ends; that its number grows with time is enough to find it. */
static int64_t interval_end(const struct rc_zone *zone, int64_t from, int64_t to)
{
    int interval = interval_at(zone, from);
    if (interval_at(zone, to) == interval)
        return to;
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (interval_at(zone, middle) == interval)
            from = middle;
        else
            to = middle;
    }
    return to;
}

/* The first second at which the wall shows `days` or a later date. */
static int64_t first_second(const struct rc_zone *zone, int64_t days)
{
    int64_t midnight = days * DAY_S;
    int64_t from = midnight - OFFSET_S_MAX, end = midnight + OFFSET_S_MAX;
    while (from < end) {
        int64_t to = interval_end(zone, from, end);
        int64_t wanted = midnight - offset_s(zone, interval_at(zone, from));
        if (wanted <= from)
            return from;
        if (wanted < to)
            return wanted;
        from = to;
    }
    return end;
}

/* The day that begins with date `days` or, if that was skipped, the next that was not. */
static struct rc_local_day day_from(const struct rc_zone *zone, int64_t days)
{
    struct rc_local_day day;
    int64_t start_s = first_second(zone, days);
    int64_t date = date_at(zone, start_s);
    rc_date_format(date, day.date);
    day.start_at = start_s * 1000;
    day.end_at = first_second(zone, date + 1) * 1000;
    return day;
}

static int64_t days_of(const struct rc_local_day *day)
{
    int64_t days = 0;
    bool valid = rc_date_parse(rc_text_of(day->date), &days);
    assert(valid);
    (void)valid;
    return days;
}

static bool holds(const struct rc_local_day *day, int64_t at)
{
    return day->start_at <= at && at < day->end_at;
}

/* A day of its own on each end, so that every day has one before and after it. */
static int64_t within_the_calendar(int64_t at)
{
    int64_t first_at = (RC_DATE_FIRST + 2) * DAY_S * 1000, last_at = (RC_DATE_LAST - 2) * DAY_S * 1000;
    return at < first_at ? first_at : at > last_at ? last_at : at;
}

struct rc_local_day rc_zone_day(struct rc_zone *zone, int64_t at)
{
    at = within_the_calendar(at);
    for (int i = 0; i < KEPT_DAYS; i++)
        if (holds(&zone->kept[i], at))
            return zone->kept[i];
    struct rc_local_day day = day_from(zone, date_at(zone, divide_down(at, 1000)));
    while (day.end_at <= at) /* the clocks went back over a midnight that had been */
        day = day_from(zone, days_of(&day) + 1);
    assert(holds(&day, at));
    zone->kept[zone->oldest] = day;
    zone->oldest = (zone->oldest + 1) % KEPT_DAYS;
    return day;
}

bool rc_zone_date(struct rc_zone *zone, int64_t days, struct rc_local_day *out)
{
    assert(days >= RC_DATE_FIRST && days <= RC_DATE_LAST);
    *out = day_from(zone, days);
    return days_of(out) == days;
}
