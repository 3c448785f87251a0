#include "cli/context.h"

#include "cli/table.h"
#include "core/names.h"
#include "wire/date.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_TIMEOUT_MS 5000

/* Whole numbers above this are rounded by JSON readers, so no id that the service gives is greater. */
#define INTEGER_MAX INT64_C(9007199254740992)

void rc_complain(const struct rc_context *context, const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    char *escaped = rc_escape(line);
    fprintf(context->err, "rollcall: %s\n", escaped);
    free(escaped);
}

static const char *value_or(const struct rc_context *context, enum rc_option option, const char *otherwise)
{
    const char *value = context->arguments->values[option];
    return value == NULL ? otherwise : value;
}

bool rc_given(const struct rc_context *context, enum rc_option option)
{
    return context->arguments->values[option] != NULL;
}

bool rc_context_id(const struct rc_context *context, enum rc_option option, struct rc_id *out)
{
    const char *value = context->arguments->values[option];
    if (value != NULL && !rc_id_set(out, rc_text_of(value))) {
        rc_complain(context, "%s %.80s: an id has 1 to %d letters, digits, _ and -", rc_option_name(option),
                    value, RC_ID_MAX);
        return false;
    }
    return true;
}

static bool read_integer(const struct rc_context *context, enum rc_option option, int64_t least, int64_t *out)
{
    const char *value = context->arguments->values[option];
    if (value == NULL) {
        return true;
    }
    char *end = NULL;
    errno = 0;
    long long number = strtoll(value, &end, 10);
    if (strspn(value, "0123456789") != strlen(value) || errno != 0 || number < least ||
        number > INTEGER_MAX) {
        rc_complain(context, "%s %.80s: not a whole number from %d", rc_option_name(option), value,
                    (int)least);
        return false;
    }
    *out = number;
    return true;
}

bool rc_context_integer(const struct rc_context *context, enum rc_option option, int64_t *out)
{
    return read_integer(context, option, 1, out);
}

bool rc_context_count(const struct rc_context *context, enum rc_option option, int64_t *out)
{
    return read_integer(context, option, 0, out);
}

bool rc_context_moment(const struct rc_context *context, enum rc_option option, int64_t *out)
{
    const char *value = context->arguments->values[option];
    char error[RC_MOMENT_ERROR_MAX];
    if (value != NULL && !rc_moment_parse(context->zone, context->now_at, value, out, error)) {
        rc_complain(context, "%s: %s", rc_option_name(option), error);
        return false;
    }
    return true;
}

bool rc_context_day(const struct rc_context *context, enum rc_option option, char date[RC_DATE_MAX],
                    int64_t *at)
{
    const char *value = context->arguments->values[option];
    int64_t days = 0;
    if (value == NULL) {
        return true;
    }
    if (rc_date_parse(rc_text_of(value), &days)) {
        rc_date_format(days, date);
        return true;
    }
    /* Midnight of our zone is no midnight of the service's. */
    if (strcmp(value, "yesterday") == 0 || strcmp(value, "tomorrow") == 0) {
        rc_complain(context, "%s %s: days are those of the training's own zone; write a date",
                    rc_option_name(option), value);
        return false;
    }
    if (strcmp(value, "today") == 0) {
        *at = context->now_at;
        return true;
    }
    return rc_context_moment(context, option, at);
}

bool rc_no_words(const struct rc_context *context)
{
    if (context->arguments->word_count > 0) {
        rc_complain(context, "%s: one word too many: %.80s", context->arguments->command->name,
                    context->arguments->words[0]);
        return false;
    }
    return true;
}

static bool read_timeout(struct rc_context *context)
{
    const char *value = context->arguments->values[RC_O_TIMEOUT];
    context->timeout_ms = DEFAULT_TIMEOUT_MS;
    if (value == NULL) {
        return true;
    }
    char error[RC_MOMENT_ERROR_MAX];
    int64_t ms = 0;
    if (!rc_moment_parse_duration(value, &ms, error)) {
        rc_complain(context, "--timeout: %s", error);
        return false;
    }
    context->timeout_ms = ms > INT_MAX ? INT_MAX : (int)ms;
    return true;
}

bool rc_context_open(struct rc_context *context, const struct rc_arguments *arguments, int64_t now_at,
                     FILE *out, FILE *err)
{
    *context = (struct rc_context){.arguments = arguments, .out = out, .err = err, .now_at = now_at};
    context->json = rc_given(context, RC_O_JSON);
    context->csv = rc_given(context, RC_O_CSV);
    context->zone = rc_moment_zone_open(arguments->values[RC_O_ZONE]);
    if (context->zone == NULL) {
        rc_complain(context, "--zone %.80s: no such time zone",
                    value_or(context, RC_O_ZONE, "(the system's)"));
        return false;
    }
    if (rc_given(context, RC_O_PASSWORD_FILE) && rc_given(context, RC_O_TOKEN_FILE)) {
        rc_complain(context, "--password-file and --token-file exclude each other");
        return false;
    }
    if (context->json && context->csv) {
        rc_complain(context, "--json and --csv exclude each other");
        return false;
    }
    rc_id_set(&context->site, rc_text_of("hq"));
    rc_id_set(&context->login, rc_text_of("ops"));
    return read_timeout(context) && rc_context_id(context, RC_O_SITE, &context->site) &&
           rc_context_id(context, RC_O_LOGIN, &context->login);
}

void rc_context_close(struct rc_context *context)
{
    rc_requester_close(context->requester);
    rc_moment_zone_close(context->zone);
}
