#include "daemon/setting.h"

#include "core/names.h"
#include "daemon/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void *field(const struct rc_setting *setting, void *base)
{
    return (char *)base + setting->offset;
}

static const void *field_const(const struct rc_setting *setting, const void *base)
{
    return (const char *)base + setting->offset;
}

bool rc_zone_valid(const char *name)
{
    GTimeZone *zone = g_time_zone_new_identifier(name);
    if (!zone) {
        return false;
    }
    g_time_zone_unref(zone);
    return true;
}

bool rc_address_loopback(const char *address)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, address, &v4) == 1) {
        return ntohl(v4.s_addr) >> 24 == 127;
    }
    return inet_pton(AF_INET6, address, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Takes a port, if one is there, and whatever path; false: what follows the host is neither. */
static bool port_and_path(const char *text)
{
    if (*text == ':') {
        size_t digits = strspn(text + 1, "0123456789");
        long port = digits > 0 && digits <= 5 ? strtol(text + 1, NULL, 10) : 0;
        if (port < 1 || port > 65535) {
            return false;
        }
        text += 1 + digits;
    }
    return *text == '\0' || *text == '/';
}

/* The host of scheme://host[:port][/path], into out; false: it is none of these, or too long. */
static bool uri_host(const char *uri, char out[RC_CONFIG_TEXT_MAX])
{
    const char *start = strstr(uri, "://");
    if (!start || strpbrk(uri, " \t")) {
        return false;
    }
    start += 3;
    bool bracketed = *start == '[';
    start += bracketed;
    size_t length = strcspn(start, bracketed ? "]" : ":/[]");
    const char *behind = start + length;
    if (length == 0 || length >= RC_CONFIG_TEXT_MAX || (bracketed && *behind++ != ']')) {
        return false;
    }
    memcpy(out, start, length);
    out[length] = '\0';
    struct in6_addr v6;
    return port_and_path(behind) && (!bracketed || inet_pton(AF_INET6, out, &v6) == 1);
}

bool rc_uri_loopback(const char *uri)
{
    char host[RC_CONFIG_TEXT_MAX];
    return uri_host(uri, host) && (strcasecmp(host, "localhost") == 0 || rc_address_loopback(host));
}

static bool parse_integer(const struct rc_setting *setting, int64_t *out, const char *text, char *reason)
{
    if (setting->none && strcmp(text, setting->none) == 0) {
        *out = RC_NONE;
        return true;
    }
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    /* strtoll would take leading blanks and a plus sign, too. */
    if (!(isdigit((unsigned char)text[0]) || text[0] == '-') || end == text || *end != '\0') {
        snprintf(reason, RC_SETTING_REASON_MAX, "not a whole number%s%s", setting->none ? " or " : "",
                 setting->none ? setting->none : "");
        return false;
    }
    if (errno == ERANGE || value < setting->min || value > setting->max) {
        snprintf(reason, RC_SETTING_REASON_MAX, "out of range, %" PRId64 " to %" PRId64, setting->min,
                 setting->max);
        return false;
    }
    *out = value;
    return true;
}

static bool parse_share(double *out, const char *text, char *reason)
{
    char *end;
    double value = g_ascii_strtod(text, &end); /* not strtod: its decimal point depends on the locale */
    /* it would take hexadecimal numbers, too */
    bool decimal = isdigit((unsigned char)text[0]) && strspn(text, "0123456789.eE+-") == strlen(text);
    if (!decimal || *end != '\0' || !isfinite(value)) {
        snprintf(reason, RC_SETTING_REASON_MAX, "not a number such as 0.5");
        return false;
    }
    if (value <= 0 || value > 1) {
        snprintf(reason, RC_SETTING_REASON_MAX, "out of range, over 0 to 1");
        return false;
    }
    *out = value;
    return true;
}

static bool parse_bool(bool *out, const char *text, char *reason)
{
    static const char *const words[] = {"no", "yes", "off", "on", "false", "true"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i % 2 == 1;
            return true;
        }
    }
    snprintf(reason, RC_SETTING_REASON_MAX, "neither yes nor no");
    return false;
}

static bool uri_valid(const char *text)
{
    static const char *const schemes[] = {"tcp://", "mqtt://", "ssl://", "mqtts://", "ws://", "wss://"};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        size_t length = strlen(schemes[i]);
        if (strncmp(text, schemes[i], length) == 0 && text[length] != '\0') {
            return true;
        }
    }
    return false;
}

/* Why a text of this type is refused; NULL: it is not. */
static const char *text_fault(const struct rc_setting *setting, const char *text)
{
    struct in_addr v4;
    struct in6_addr v6;
    char host[RC_CONFIG_TEXT_MAX];
    switch (setting->type) {
    case RC_SETTING_ZONE:
        return rc_zone_valid(text) ? NULL : "no such time zone is installed";
    case RC_SETTING_URI:
        if (strchr(text, '@')) {
            return "credentials do not belong into a URI: use mqtt.username and mqtt.password_file";
        }
        if (!uri_valid(text)) {
            return "not a URI that begins with tcp://, mqtt://, ssl://, mqtts://, ws:// or wss://";
        }
        return uri_host(text, host) ? NULL : "not a URI of the shape tcp://host:port";
    case RC_SETTING_ADDRESS:
        return inet_pton(AF_INET, text, &v4) == 1 || inet_pton(AF_INET6, text, &v6) == 1
                   ? NULL
                   : "not a numeric IPv4 or IPv6 address";
    default:
        return NULL;
    }
}

static bool parse_text(const struct rc_setting *setting, char *out, const char *text, char *reason)
{
    size_t length = strlen(text);
    if (length >= setting->size) {
        snprintf(reason, RC_SETTING_REASON_MAX, "longer than %zu bytes", setting->size - 1);
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
            snprintf(reason, RC_SETTING_REASON_MAX, "holds a control character");
            return false;
        }
    }
    const char *fault = text_fault(setting, text);
    if (!fault && setting->type != RC_SETTING_PATH && !g_utf8_validate(text, -1, NULL)) {
        fault = "not UTF-8"; /* names of files may be anything */
    }
    if (!fault && (text[0] == '"' || text[0] == '\'')) {
        fault = "stands in quotes: leave them out, they would be part of it";
    }
    if (fault) {
        snprintf(reason, RC_SETTING_REASON_MAX, "%s", fault);
        return false;
    }
    memcpy(out, text, length + 1);
    return true;
}

static bool parse_choice(const struct rc_setting *setting, int *out, const char *text, char *reason)
{
    for (int i = 0; setting->choices[i]; i++) {
        if (strcmp(text, setting->choices[i]) == 0) {
            *out = i;
            return true;
        }
    }
    char range[RC_SETTING_REASON_MAX];
    rc_setting_range(setting, range);
    snprintf(reason, RC_SETTING_REASON_MAX, "none of %.200s", range);
    return false;
}

static bool contains(const struct rc_id *ids, size_t count, const struct rc_id *id)
{
    for (size_t i = 0; i < count; i++) {
        if (rc_id_equal(&ids[i], id)) {
            return true;
        }
    }
    return false;
}

static bool parse_sites(const struct rc_setting *setting, void *base, const char *text, char *reason)
{
    struct rc_id ids[RC_SITES_MAX];
    size_t count = 0;
    const char *start = text;
    for (;;) {
        start += strspn(start, " \t");
        size_t length = strcspn(start, ",");
        size_t trimmed = length;
        while (trimmed > 0 && (start[trimmed - 1] == ' ' || start[trimmed - 1] == '\t')) {
            trimmed--;
        }
        struct rc_id id = {0};
        if (!rc_id_set(&id, (struct rc_text){start, trimmed})) {
            snprintf(reason, RC_SETTING_REASON_MAX,
                     "not a list of names of 1 to 64 of A-Z a-z 0-9 _ -, with commas");
            return false;
        }
        if (contains(ids, count, &id)) {
            snprintf(reason, RC_SETTING_REASON_MAX, "%s stands twice", id.text);
            return false;
        }
        if (count == RC_SITES_MAX) {
            snprintf(reason, RC_SETTING_REASON_MAX, "more than %d sites", RC_SITES_MAX);
            return false;
        }
        ids[count++] = id;
        if (start[length] == '\0') {
            break;
        }
        start += length + 1;
    }
    memcpy(field(setting, base), ids, count * sizeof ids[0]);
    memcpy((char *)base + setting->count_offset, &count, sizeof count);
    return true;
}

bool rc_setting_parse(const struct rc_setting *setting, void *base, const char *text,
                      char reason[RC_SETTING_REASON_MAX])
{
    switch (setting->type) {
    case RC_SETTING_INTEGER:
    case RC_SETTING_MS:
        return parse_integer(setting, field(setting, base), text, reason);
    case RC_SETTING_SHARE:
        return parse_share(field(setting, base), text, reason);
    case RC_SETTING_BOOL:
        return parse_bool(field(setting, base), text, reason);
    case RC_SETTING_CHOICE:
        return parse_choice(setting, field(setting, base), text, reason);
    case RC_SETTING_SITES:
        return parse_sites(setting, base, text, reason);
    case RC_SETTING_TEXT:
    case RC_SETTING_PATH:
    case RC_SETTING_ZONE:
    case RC_SETTING_URI:
    case RC_SETTING_ADDRESS:
        break;
    }
    return parse_text(setting, field(setting, base), text, reason);
}

static void format_sites(const struct rc_setting *setting, const void *base, char out[RC_SETTING_TEXT_MAX])
{
    const struct rc_id *ids = field_const(setting, base);
    size_t count, length = 0;
    memcpy(&count, (const char *)base + setting->count_offset, sizeof count);
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        length +=
            (size_t)snprintf(out + length, RC_SETTING_TEXT_MAX - length, "%s%s", i ? "," : "", ids[i].text);
    }
}

void rc_setting_format(const struct rc_setting *setting, const void *base, char out[RC_SETTING_TEXT_MAX])
{
    const void *value = field_const(setting, base);
    switch (setting->type) {
    case RC_SETTING_INTEGER:
    case RC_SETTING_MS:
        if (setting->none && *(const int64_t *)value == RC_NONE) {
            snprintf(out, RC_SETTING_TEXT_MAX, "%s", setting->none);
        } else {
            snprintf(out, RC_SETTING_TEXT_MAX, "%" PRId64, *(const int64_t *)value);
        }
        return;
    case RC_SETTING_SHARE:
        g_ascii_dtostr(out, G_ASCII_DTOSTR_BUF_SIZE, *(const double *)value);
        return;
    case RC_SETTING_BOOL:
        snprintf(out, RC_SETTING_TEXT_MAX, "%s", *(const bool *)value ? "yes" : "no");
        return;
    case RC_SETTING_CHOICE:
        snprintf(out, RC_SETTING_TEXT_MAX, "%s", setting->choices[*(const int *)value]);
        return;
    case RC_SETTING_SITES:
        format_sites(setting, base, out);
        return;
    case RC_SETTING_TEXT:
    case RC_SETTING_PATH:
    case RC_SETTING_ZONE:
    case RC_SETTING_URI:
    case RC_SETTING_ADDRESS:
        break;
    }
    snprintf(out, RC_SETTING_TEXT_MAX, "%s", (const char *)value);
}

static void join_choices(const struct rc_setting *setting, char out[RC_SETTING_REASON_MAX])
{
    size_t length = 0;
    out[0] = '\0';
    for (int i = 0; setting->choices[i]; i++) {
        length += (size_t)snprintf(out + length, RC_SETTING_REASON_MAX - length, "%s%s", i ? ", " : "",
                                   setting->choices[i]);
    }
}

void rc_setting_range(const struct rc_setting *setting, char out[RC_SETTING_REASON_MAX])
{
    switch (setting->type) {
    case RC_SETTING_INTEGER:
    case RC_SETTING_MS:
        snprintf(out, RC_SETTING_REASON_MAX, "%" PRId64 " to %" PRId64 "%s%s", setting->min, setting->max,
                 setting->none ? ", or " : "", setting->none ? setting->none : "");
        return;
    case RC_SETTING_SHARE:
        snprintf(out, RC_SETTING_REASON_MAX, "over 0 to 1");
        return;
    case RC_SETTING_BOOL:
        snprintf(out, RC_SETTING_REASON_MAX, "yes or no");
        return;
    case RC_SETTING_CHOICE:
        join_choices(setting, out);
        return;
    case RC_SETTING_SITES:
        snprintf(out, RC_SETTING_REASON_MAX, "1 to %d names with commas", RC_SITES_MAX);
        return;
    case RC_SETTING_ZONE:
        snprintf(out, RC_SETTING_REASON_MAX, "an installed time zone");
        return;
    case RC_SETTING_URI:
        snprintf(out, RC_SETTING_REASON_MAX, "tcp://, mqtt://, ssl://, mqtts://, ws:// or wss://");
        return;
    case RC_SETTING_ADDRESS:
        snprintf(out, RC_SETTING_REASON_MAX, "a numeric address");
        return;
    case RC_SETTING_TEXT:
    case RC_SETTING_PATH:
        break;
    }
    snprintf(out, RC_SETTING_REASON_MAX, "at most %zu bytes", setting->size - 1);
}
