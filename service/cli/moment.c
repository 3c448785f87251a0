#include "cli/moment.h"

#include <ctype.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* Durations above this are a slip of the finger, and sums stay far from overflow. */
#define DURATION_MS_MAX (INT64_C(3660) * DAY_MS)

/* 9999-12-31T23:59:59.999Z, the last that ISO 8601 writes with four digits. */
#define MOMENT_MAX INT64_C(253402300799999)

/* The zone type is GLib's under another name, so that nobody else needs its headers. */
static GTimeZone *gzone(const struct rc_moment_zone *zone)
{
    return (GTimeZone *)(void *)(uintptr_t)zone;
}

struct rc_moment_zone *rc_moment_zone_open(const char *name)
{
    GTimeZone *zone = name == NULL ? g_time_zone_new_local() : g_time_zone_new_identifier(name);
    return (struct rc_moment_zone *)(void *)zone;
}

void rc_moment_zone_close(struct rc_moment_zone *zone)
{
    if (zone != NULL) {
        g_time_zone_unref(gzone(zone));
    }
}

/* ---- the calendar ---- */

static int64_t floor_div(int64_t value, int64_t by)
{
    return value / by - (value % by < 0 ? 1 : 0);
}

/* offset_ms returns how far the zone's clocks are ahead of UTC at that moment. */
static int64_t offset_ms(const struct rc_moment_zone *zone, int64_t at)
{
    int interval = g_time_zone_find_interval(gzone(zone), G_TIME_TYPE_UNIVERSAL, floor_div(at, SECOND_MS));
    return (int64_t)g_time_zone_get_offset(gzone(zone), interval) * SECOND_MS;
}

/* day_ms returns the start of a day as if the zone were UTC. */
static int64_t day_ms(int year, int month, int day)
{
    GDate date;
    GDate epoch;
    g_date_clear(&date, 1);
    g_date_clear(&epoch, 1);
    g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
    g_date_set_dmy(&epoch, 1, G_DATE_JANUARY, 1970);
    return (int64_t)g_date_days_between(&epoch, &date) * DAY_MS;
}

/* A local time of clocks, as if the zone were UTC, is 0, 1 or 2 moments: with the offset that held the day
 * before, and with that of the day after. No zone changes its clocks twice in two days. */
struct candidates {
    int count;
    int64_t first, second;
    int64_t as_before; /* the moment by the offset of the day before, whether or not clocks show it */
};

static struct candidates candidates_of(const struct rc_moment_zone *zone, int64_t local)
{
    struct candidates found = {0};
    int64_t before = local - offset_ms(zone, local - DAY_MS);
    int64_t after = local - offset_ms(zone, local + DAY_MS);
    found.as_before = before;
    if (before + offset_ms(zone, before) == local) {
        found.first = before;
        found.count = 1;
    }
    if (after != before && after + offset_ms(zone, after) == local) {
        *(found.count == 0 ? &found.first : &found.second) = after;
        found.count++;
    }
    return found;
}

/* first_of_day returns the first moment of a day that begins at `local`; where midnight is skipped that is
 * the moment of the change, and where it comes twice, the first. */
static int64_t first_of_day(const struct rc_moment_zone *zone, int64_t local)
{
    struct candidates found = candidates_of(zone, local);
    if (found.count == 0) {
        return found.as_before;
    }
    return found.count == 2 && found.second < found.first ? found.second : found.first;
}

static int64_t today_local(const struct rc_moment_zone *zone, int64_t now_at)
{
    return floor_div(now_at + offset_ms(zone, now_at), DAY_MS) * DAY_MS;
}

/* ---- reading ---- */

/* What was written down; the parts that were not are as a day has them at its start. */
struct written {
    bool has_date, has_time, has_offset;
    int year, month, day;
    int hour, minute, second, ms;
    int64_t offset_ms;
};

static bool take_digits(const char **text, int count, int *out)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (!isdigit((unsigned char)(*text)[i])) {
            return false;
        }
        value = value * 10 + ((*text)[i] - '0');
    }
    *text += count;
    *out = value;
    return true;
}

static bool take(const char **text, char expected)
{
    if (**text != expected) {
        return false;
    }
    (*text)++;
    return true;
}

static bool take_date(const char **text, struct written *out)
{
    out->has_date = true;
    return take_digits(text, 4, &out->year) && take(text, '-') && take_digits(text, 2, &out->month) &&
           take(text, '-') && take_digits(text, 2, &out->day) && out->year >= 1970 && out->month >= 1 &&
           out->month <= 12 && out->day >= 1 &&
           g_date_valid_dmy((GDateDay)out->day, (GDateMonth)out->month, (GDateYear)out->year);
}

static bool take_offset(const char **text, struct written *out)
{
    if (take(text, 'Z')) {
        out->has_offset = true;
        return true;
    }
    if (**text != '+' && **text != '-') {
        return true;
    }
    int64_t sign = *(*text)++ == '-' ? -1 : 1;
    int hours = 0;
    int minutes = 0;
    out->has_offset = true;
    if (!take_digits(text, 2, &hours)) {
        return false;
    }
    bool colon = take(text, ':');
    if ((colon || **text != '\0') && !take_digits(text, 2, &minutes)) {
        return false;
    }
    out->offset_ms = sign * (hours * HOUR_MS + minutes * MINUTE_MS);
    return hours <= 14 && minutes <= 59;
}

static bool take_time(const char **text, struct written *out)
{
    out->has_time = true;
    if (!take_digits(text, 2, &out->hour) || !take(text, ':') || !take_digits(text, 2, &out->minute)) {
        return false;
    }
    if (take(text, ':')) {
        if (!take_digits(text, 2, &out->second) || (take(text, '.') && !take_digits(text, 3, &out->ms))) {
            return false;
        }
    }
    return out->hour <= 23 && out->minute <= 59 && out->second <= 59 && take_offset(text, out);
}

/* read_written says whether text is [date][T][time][offset]; an offset needs a date, or nobody knows whose
 * day. */
static bool read_written(const char *text, struct written *out)
{
    *out = (struct written){0};
    if (strlen(text) >= 5 && text[4] == '-') {
        if (!take_date(&text, out)) {
            return false;
        }
        if (*text == '\0') {
            return true;
        }
        if (!take(&text, 'T') && !take(&text, ' ')) {
            return false;
        }
    }
    return take_time(&text, out) && *text == '\0' && (out->has_date || !out->has_offset);
}

static bool resolve(const struct rc_moment_zone *zone, int64_t now_at, const char *text,
                    const struct written *written, int64_t *out, char error[RC_MOMENT_ERROR_MAX])
{
    int64_t day =
        written->has_date ? day_ms(written->year, written->month, written->day) : today_local(zone, now_at);
    int64_t local = day + written->hour * HOUR_MS + written->minute * MINUTE_MS +
                    written->second * SECOND_MS + written->ms;
    if (!written->has_time) {
        *out = first_of_day(zone, day);
        return true;
    }
    if (written->has_offset) {
        *out = local - written->offset_ms;
        return true;
    }
    struct candidates found = candidates_of(zone, local);
    if (found.count == 1) {
        *out = found.first;
        return true;
    }
    char first[RC_MOMENT_TEXT_MAX];
    char second[RC_MOMENT_TEXT_MAX];
    if (found.count == 0) {
        snprintf(error, RC_MOMENT_ERROR_MAX,
                 "%.40s: the clocks are put forward over that time; say it with an offset", text);
        return false;
    }
    rc_moment_print(zone, found.first, first);
    rc_moment_print(zone, found.second, second);
    snprintf(error, RC_MOMENT_ERROR_MAX, "%.40s comes twice that day: say %s or %s", text, first, second);
    return false;
}

static int64_t unit_ms(char unit)
{
    switch (unit) {
    case 'w':
        return 7 * DAY_MS;
    case 'd':
        return DAY_MS;
    case 'h':
        return HOUR_MS;
    case 'm':
        return MINUTE_MS;
    case 's':
        return SECOND_MS;
    default:
        return 0;
    }
}

bool rc_moment_parse_duration(const char *text, int64_t *out_ms, char error[RC_MOMENT_ERROR_MAX])
{
    int64_t total = 0;
    const char *at = text;
    while (*at != '\0') {
        int64_t value = 0;
        const char *digits = at;
        while (isdigit((unsigned char)*at) && value <= DURATION_MS_MAX) {
            value = value * 10 + (*at++ - '0');
        }
        int64_t unit = unit_ms(*at);
        if (at == digits || unit == 0 || value > DURATION_MS_MAX / unit) {
            total = 0;
            break;
        }
        at++;
        total += value * unit;
        if (total > DURATION_MS_MAX) {
            total = 0;
            break;
        }
    }
    if (total == 0) {
        snprintf(error, RC_MOMENT_ERROR_MAX, "%.40s is no duration: write 90s, 30m, 2h, 1h30m or 1d", text);
        return false;
    }
    *out_ms = total;
    return true;
}

/* read_word reads what needs no calendar. */
static bool read_word(const struct rc_moment_zone *zone, int64_t now_at, const char *text, int64_t *out)
{
    size_t length = strlen(text);
    if (strcmp(text, "now") == 0) {
        *out = now_at;
    } else if (strcmp(text, "today") == 0) {
        *out = first_of_day(zone, today_local(zone, now_at));
    } else if (strcmp(text, "yesterday") == 0) {
        *out = first_of_day(zone, today_local(zone, now_at) - DAY_MS);
    } else if (strcmp(text, "tomorrow") == 0) {
        *out = first_of_day(zone, today_local(zone, now_at) + DAY_MS);
    } else if (length >= 12 && length <= 15 && strspn(text, "0123456789") == length) {
        *out = g_ascii_strtoll(text, NULL, 10);
    } else {
        return false;
    }
    return true;
}

bool rc_moment_parse(const struct rc_moment_zone *zone, int64_t now_at, const char *text, int64_t *out,
                     char error[RC_MOMENT_ERROR_MAX])
{
    if (read_word(zone, now_at, text, out)) {
        return true;
    }
    if (text[0] == '-' || text[0] == '+') {
        int64_t duration = 0;
        if (!rc_moment_parse_duration(text + 1, &duration, error)) {
            return false;
        }
        *out = text[0] == '-' ? now_at - duration : now_at + duration;
        return true;
    }
    struct written written;
    if (!read_written(text, &written)) {
        snprintf(error, RC_MOMENT_ERROR_MAX,
                 "%.40s is no time: write 2025-12-03T08:00, 2025-12-03, 08:00, today, -2h or ms since 1970",
                 text);
        return false;
    }
    return resolve(zone, now_at, text, &written, out, error);
}

/* ---- writing ---- */

void rc_moment_print(const struct rc_moment_zone *zone, int64_t at, char out[RC_MOMENT_TEXT_MAX])
{
    if (at < 0 || at > MOMENT_MAX - DAY_MS) {
        snprintf(out, RC_MOMENT_TEXT_MAX, "%" G_GINT64_FORMAT, at);
        return;
    }
    int64_t offset = offset_ms(zone, at);
    int64_t local = at + offset;
    int64_t days = floor_div(local, DAY_MS);
    int64_t ms = local - days * DAY_MS;
    GDate date;
    g_date_clear(&date, 1);
    g_date_set_dmy(&date, 1, G_DATE_JANUARY, 1970);
    /* GDate knows no day before the year 1; a west-of-Greenwich 1969-12-31 is fine. */
    if (days >= 0) {
        g_date_add_days(&date, (guint)days);
    } else {
        g_date_subtract_days(&date, (guint)-days);
    }
    int64_t distance = offset < 0 ? -offset : offset;
    snprintf(out, RC_MOMENT_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d",
             g_date_get_year(&date) % 10000, (int)g_date_get_month(&date), g_date_get_day(&date) % 100,
             (int)(ms / HOUR_MS) % 100, (int)(ms / MINUTE_MS % 60), (int)(ms / SECOND_MS % 60),
             offset < 0 ? '-' : '+', (int)(distance / HOUR_MS) % 100, (int)(distance / MINUTE_MS % 60));
}

void rc_moment_print_duration(int64_t duration_ms, char out[RC_MOMENT_TEXT_MAX])
{
    snprintf(out, RC_MOMENT_TEXT_MAX, "%" G_GINT64_FORMAT ":%02d:%02d", duration_ms / HOUR_MS,
             (int)(duration_ms / MINUTE_MS % 60), (int)(duration_ms / SECOND_MS % 60));
}
