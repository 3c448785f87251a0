/*
 * setting.h: one entry of the table of settings: how its value is read from text, written as text, and
 * described. Knows types and ranges, not names or meanings. Pure but for looking up time zones; any thread.
 * Values live in a struct of the caller's, at an offset that the entry gives.
 */
#ifndef RC_DAEMON_SETTING_H
#define RC_DAEMON_SETTING_H

#include "core/types.h"

/* Bytes of a value as text, with its NUL: the longest path, or a list of sites. */
#define RC_SETTING_TEXT_MAX 2304

/* Bytes of a reason why a value is refused. */
#define RC_SETTING_REASON_MAX 256

enum rc_setting_type {
    RC_SETTING_INTEGER, /* int64_t */
    RC_SETTING_MS,      /* int64_t, milliseconds; a plain number: the name says the unit */
    RC_SETTING_SHARE,   /* double, over 0 and at most 1 */
    RC_SETTING_BOOL,    /* bool: yes or no */
    RC_SETTING_TEXT,    /* char[size]: printable, may be empty */
    RC_SETTING_PATH,    /* char[size]: as TEXT */
    RC_SETTING_ZONE,    /* char[size]: an installed time zone */
    RC_SETTING_URI, /* char[size]: tcp://, mqtt://, ssl://, mqtts://, ws:// or wss://; no user, no password */
    RC_SETTING_ADDRESS, /* char[size]: a numeric IPv4 or IPv6 address */
    RC_SETTING_CHOICE,  /* int: the index in choices */
    RC_SETTING_SITES,   /* struct rc_id[RC_SITES_MAX]; the size_t at count_offset says how many */
};

struct rc_setting {
    const char *section, *name;
    enum rc_setting_type type;
    size_t offset, size;
    const char *initial;        /* the default, as text */
    int64_t min, max;           /* INTEGER, MS */
    const char *none;           /* INTEGER, MS: the word that stands for RC_NONE; NULL: there is none */
    const char *const *choices; /* CHOICE: ends in NULL */
    size_t count_offset;        /* SITES */
    const char *doc;            /* one line */
};

/* rc_setting_parse reads text into base; false with a reason (and base as it was) if it is no valid value. */
bool rc_setting_parse(const struct rc_setting *setting, void *base, const char *text,
                      char reason[RC_SETTING_REASON_MAX]);

/* rc_setting_format writes the value in base as text that rc_setting_parse reads back to the same. */
void rc_setting_format(const struct rc_setting *setting, const void *base, char out[RC_SETTING_TEXT_MAX]);

/* rc_setting_range describes what values are allowed: `1000 to 3600000`, `yes or no`, ... */
void rc_setting_range(const struct rc_setting *setting, char out[RC_SETTING_REASON_MAX]);

/* rc_zone_valid says whether a time zone of that name is installed; rc_address_loopback whether a numeric
 * address is this host's own; rc_uri_loopback the same of the host of a URI (or `localhost`). */
bool rc_zone_valid(const char *name);
bool rc_address_loopback(const char *address);
bool rc_uri_loopback(const char *uri);

#endif
