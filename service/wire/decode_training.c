/* Questions and orders about training: training-days, policy, archive. */
#include "core/names.h"
#include "wire/date.h"
#include "wire/decode_parts.h"

#include <stdio.h>
#include <string.h>

/* A date alone is a day of the site's policy; a moment is whichever day it falls on there. */
static void read_day(struct rc_fields *fields, const char *key, char date[RC_DATE_MAX], int64_t *at)
{
    int64_t days = 0;
    if (!rc_fields_is_text(fields, key)) {
        rc_fields_integer(fields, key, 0, at);
        return;
    }
    char text[RC_DATE_MAX];
    size_t length = rc_fields_text(fields, key, 0, RC_DATE_MAX - 1, text);
    if (rc_date_parse((struct rc_text){text, length}, &days))
        rc_date_format(days, date);
    else
        rc_fields_wrong(fields, key, "must be a date, as 2025-12-03, or an integer from 0");
}

/* "2025-12-03/e100": the last row of the page before. */
static void read_cursor(struct rc_fields *fields, struct rc_request *request)
{
    char text[RC_DATE_MAX + RC_ID_MAX];
    int64_t days = 0;
    if (!rc_fields_has(fields, "cursor"))
        return;
    size_t length = rc_fields_text(fields, "cursor", 0, sizeof text, text);
    size_t date = RC_DATE_MAX - 1;
    bool is_cursor =
        length > date + 1 && text[date] == '/' && rc_date_parse((struct rc_text){text, date}, &days) &&
        rc_id_set(&request->after_employee, (struct rc_text){text + date + 1, length - date - 1});
    if (is_cursor)
        rc_date_format(days, request->after_date);
    else
        rc_fields_wrong(fields, "cursor", "must be a nextCursor");
}

void rc_decode_training_days(struct rc_fields *fields, struct rc_request *request)
{
    rc_fields_id(fields, "employeeId", &request->employee);
    read_day(fields, "from", request->from_date, &request->from_at);
    read_day(fields, "to", request->to_date, &request->to_at);
    rc_fields_integer(fields, "limit", 1, &request->limit);
    read_cursor(fields, request);
}

/* A course has a limit and nothing else of its own. */
static void need_for_policy(struct rc_fields *fields, const struct rc_request *request)
{
    static const char *const keys[] = {"limitMinutes", "intervalMs", "zone", "breakMinutes",
                                       "breakAfterMinutes"};
    bool any = false;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        any = any || rc_fields_has(fields, keys[i]);
        if (i > 0 && request->course.length > 0 && rc_fields_has(fields, keys[i]))
            rc_fields_wrong(fields, keys[i], "is the site's, and no course has its own");
    }
    if (request->course.length > 0)
        rc_fields_need(fields, "limitMinutes");
    else if (!any)
        rc_fields_wrong(fields, "limitMinutes,",
                        "intervalMs, zone, breakMinutes or breakAfterMinutes must be given");
}

void rc_decode_policy(struct rc_fields *fields, struct rc_request *request)
{
    char word[RC_WORD_MAX];
    struct rc_text action = rc_fields_word(fields, "action", word);
    rc_fields_need(fields, "action");
    request->adds = action.length == 3 && memcmp(action.data, "add", 3) == 0;
    if (!request->adds && !(action.length == 4 && memcmp(action.data, "list", 4) == 0))
        rc_fields_wrong(fields, "action", "must be list or add");
    rc_fields_integer(fields, "limit", 1, &request->limit);
    rc_fields_integer(fields, "cursor", 0, &request->cursor);
    if (!request->adds || !rc_fields_ok(fields))
        return;
    rc_fields_id(fields, "courseId", &request->course);
    rc_fields_integer(fields, "limitMinutes", 0, &request->limit_minutes);
    rc_fields_interval(fields, "intervalMs", &request->interval_ms);
    request->zone[rc_fields_text(fields, "zone", 1, RC_ZONE_MAX, request->zone)] = '\0';
    rc_fields_integer(fields, "breakMinutes", 0, &request->break_minutes);
    rc_fields_integer(fields, "breakAfterMinutes", 0, &request->break_after_minutes);
    read_day(fields, "from", request->from_date, &request->from_at);
    if (rc_fields_ok(fields))
        need_for_policy(fields, request);
}

/* A month is the first seven characters of its first day. */
void rc_decode_archive(struct rc_fields *fields, struct rc_request *request)
{
    char date[RC_DATE_MAX + 8];
    int64_t days = 0;
    rc_fields_need(fields, "month");
    size_t length = rc_fields_text(fields, "month", 0, RC_MONTH_MAX - 1, request->month);
    request->month[length] = '\0';
    snprintf(date, sizeof date, "%s-01", request->month);
    if (!rc_date_parse(rc_text_of(date), &days))
        rc_fields_wrong(fields, "month", "must be a month, as 2025-12");
}
