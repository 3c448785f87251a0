#include "wire/date.h"

#include <assert.h>

#define DAYS_IN_400_YEARS 146097

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t days_of_month(int64_t year, int64_t month)
{
    static const int64_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return lengths[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to the first of March of a year, from which on February's length no longer matters. */
static int64_t days_to_march(int64_t year)
{
    return 365 * year + year / 4 - year / 100 + year / 400 - 719468;
}

/* Days from the first of March to the first of the n-th month after it: 31, 30, 31, 30, 31 repeat. */
static int64_t days_of_months(int64_t n)
{
    return (153 * n + 2) / 5;
}

static bool read_digits(const char *text, int count, int64_t *out)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = 10 * *out + (text[i] - '0');
    }
    return true;
}

bool rc_date_parse(struct rc_text text, int64_t *days)
{
    int64_t year, month, day;
    if (text.length != RC_DATE_MAX - 1 || text.data[4] != '-' || text.data[7] != '-' ||
        !read_digits(text.data, 4, &year) || !read_digits(text.data + 5, 2, &month) ||
        !read_digits(text.data + 8, 2, &day))
        return false;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
        return false;
    *days = month > 2 ? days_to_march(year) + days_of_months(month - 3) + day - 1
                      : days_to_march(year - 1) + days_of_months(month + 9) + day - 1;
    return true;
}

static void write_digits(char *out, int count, int64_t value)
{
    while (count-- > 0) {
        out[count] = (char)('0' + value % 10);
        value /= 10;
    }
}

void rc_date_format(int64_t days, char out[RC_DATE_MAX])
{
    assert(days >= RC_DATE_FIRST && days <= RC_DATE_LAST);
    int64_t year =
        (days - RC_DATE_FIRST) * 400 / DAYS_IN_400_YEARS + 1; /* of March to February; or one off */
    while (days_to_march(year) > days)
        year--;
    while (days_to_march(year + 1) <= days)
        year++;
    int64_t rest = days - days_to_march(year);
    int64_t n = (5 * rest + 2) / 153;
    int64_t month = n < 10 ? n + 3 : n - 9;
    write_digits(out, 4, month <= 2 ? year + 1 : year);
    out[4] = '-';
    write_digits(out + 5, 2, month);
    out[7] = '-';
    write_digits(out + 8, 2, rest - days_of_months(n) + 1);
    out[RC_DATE_MAX - 1] = '\0';
}
