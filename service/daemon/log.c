#include "daemon/log.h"

#include "core/names.h"
#include "daemon/clock.h"

#include <assert.h>
#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[RC_LOG_LEVEL_COUNT] = {"debug", "info", "warn", "error"};

const char *rc_log_level_name(enum rc_log_level level)
{
    assert((unsigned)level < RC_LOG_LEVEL_COUNT);
    return level_names[level];
}

bool rc_log_level_parse(struct rc_text text, enum rc_log_level *out)
{
    for (int i = 0; i < RC_LOG_LEVEL_COUNT; i++) {
        if (strlen(level_names[i]) == text.length && memcmp(level_names[i], text.data, text.length) == 0) {
            *out = (enum rc_log_level)i;
            return true;
        }
    }
    return false;
}

struct rc_field rc_field_text(const char *key, struct rc_text value)
{
    return (struct rc_field){.key = key, .kind = RC_FIELD_TEXT, .text = value};
}

struct rc_field rc_field_string(const char *key, const char *value)
{
    return rc_field_text(key, rc_text_of(value ? value : ""));
}

struct rc_field rc_field_id(const char *key, const struct rc_id *value)
{
    return rc_field_text(key, (struct rc_text){value->text, value->length});
}

struct rc_field rc_field_integer(const char *key, int64_t value)
{
    return (struct rc_field){.key = key, .kind = RC_FIELD_INTEGER, .integer = value};
}

struct rc_field rc_field_bool(const char *key, bool value)
{
    return (struct rc_field){.key = key, .kind = RC_FIELD_BOOL, .integer = value};
}

/* ---- one line ---- */

/* A line in the making. What does not fit whole is left out and marked. */
struct line {
    char *data;
    size_t length, capacity;
    bool cut;
};

static void put(struct line *line, const char *text, size_t length)
{
    if (line->cut || line->length + length > line->capacity) {
        line->cut = true;
        return;
    }
    memcpy(line->data + line->length, text, length);
    line->length += length;
}

static void put_string(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* Decodes one character of valid UTF-8 and returns its length; 0: it is not. */
static size_t utf8_take(const char *text, size_t length, gunichar *out)
{
    if ((unsigned char)text[0] < 0x80) { /* NUL, too */
        *out = (unsigned char)text[0];
        return 1;
    }
    *out = g_utf8_get_char_validated(text, (gssize)length);
    return *out >= (gunichar)-2 ? 0 : (size_t)g_utf8_skip[(unsigned char)text[0]];
}

/* Characters that a terminal or a reader's eye could be fooled by: controls (ESC, and C1, which some
 * terminals obey), marks of writing direction, invisible ones, ends of lines; and those that Unicode does not
 * know yet. */
static bool is_deceptive(gunichar code)
{
    GUnicodeType type = g_unichar_type(code);
    return !g_unichar_isprint(code) || type == G_UNICODE_LINE_SEPARATOR ||
           type == G_UNICODE_PARAGRAPH_SEPARATOR;
}

static bool is_plain(struct rc_text text)
{
    if (text.length == 0 || text.length > RC_LOG_TEXT_MAX) {
        return false;
    }
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c <= ' ' || c > '~' || c == '"' || c == '=' ||
            c == '\\') { /* c < 0 where char is signed: not ASCII */
            return false;
        }
    }
    return true;
}

/* Writes one character of a quoted value and returns the bytes of text taken. */
static size_t put_character(struct line *line, const char *text, size_t length)
{
    char escape[16];
    gunichar code;
    size_t size = utf8_take(text, length, &code);
    if (size == 0) {
        put(line, escape, (size_t)snprintf(escape, sizeof escape, "\\x%02x", (unsigned char)text[0]));
        return 1;
    }
    if (code == '"' || code == '\\') {
        put(line, "\\", 1);
        put(line, text, 1);
    } else if (code == '\n' || code == '\r' || code == '\t') {
        put_string(line, code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t");
    } else if (is_deceptive(code)) {
        const char *format = code < 0x80 ? "\\x%02" PRIx32 : "\\u{%" PRIx32 "}";
        put(line, escape, (size_t)snprintf(escape, sizeof escape, format, code));
    } else {
        put(line, text, size);
    }
    return size;
}

static void put_text(struct line *line, struct rc_text text)
{
    if (is_plain(text)) {
        put(line, text.data, text.length);
        return;
    }
    size_t length = text.length < RC_LOG_TEXT_MAX ? text.length : RC_LOG_TEXT_MAX;
    put(line, "\"", 1);
    for (size_t i = 0; i < length && !line->cut;) {
        i += put_character(line, text.data + i, text.length - i);
    }
    put_string(line, text.length > length ? "...\"" : "\"");
}

static void put_field(struct line *line, const struct rc_field *field)
{
    char number[24];
    size_t before = line->length;
    put(line, " ", 1);
    put_string(line, field->key);
    put(line, "=", 1);
    switch (field->kind) {
    case RC_FIELD_TEXT:
        put_text(line, field->text);
        break;
    case RC_FIELD_INTEGER:
        put(line, number, (size_t)snprintf(number, sizeof number, "%" PRId64, field->integer));
        break;
    case RC_FIELD_BOOL:
        put_string(line, field->integer ? "yes" : "no");
        break;
    case RC_FIELD_END:
        break;
    }
    if (line->cut) {
        line->length = before;
    }
}

size_t rc_log_format(char out[RC_LOG_LINE_MAX], int64_t at, enum rc_log_level level, const char *event,
                     uint64_t suppressed, const struct rc_field *fields)
{
    static const char cut_mark[] = " cut=1";
    char head[160], day[32] = "";
    time_t seconds = (time_t)(at / 1000);
    struct tm tm;
    if (gmtime_r(&seconds, &tm)) {
        strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    }
    struct line line = {.data = out, .capacity = RC_LOG_LINE_MAX - sizeof cut_mark - 1};
    put(&line, head,
        (size_t)snprintf(head, sizeof head, "ts=%s.%03dZ level=%s event=%.64s", day, (int)(at % 1000),
                         rc_log_level_name(level), event));
    if (suppressed > 0) {
        put_field(&line, &(struct rc_field){
                             .key = "suppressed", .kind = RC_FIELD_INTEGER, .integer = (int64_t)suppressed});
    }
    for (; fields->kind != RC_FIELD_END && !line.cut; fields++) {
        put_field(&line, fields);
    }
    if (line.cut) {
        memcpy(out + line.length, cut_mark, sizeof cut_mark - 1);
        line.length += sizeof cut_mark - 1;
    }
    out[line.length++] = '\n';
    out[line.length] = '\0';
    return line.length;
}

/* ---- floods ---- */

bool rc_log_limit_take(struct rc_log_limit *limit, int64_t now, uint64_t *suppressed)
{
    if (limit->lines == 0 || now - limit->window_now >= RC_LOG_WINDOW_MS) {
        limit->window_now = now;
        limit->lines = 0;
    }
    if (limit->lines == RC_LOG_BURST) {
        limit->suppressed++;
        return false;
    }
    limit->lines++;
    *suppressed = limit->suppressed;
    limit->suppressed = 0;
    return true;
}

uint64_t rc_log_limit_over(struct rc_log_limit *limit, int64_t now)
{
    if (limit->suppressed == 0 || now - limit->window_now < RC_LOG_WINDOW_MS) {
        return 0;
    }
    uint64_t suppressed = limit->suppressed;
    *limit = (struct rc_log_limit){0};
    return suppressed;
}

/* ---- the log of the process ---- */

static struct {
    pthread_mutex_t mutex; /* of `events` and `event_count` */
    struct event {
        const char *name;
        struct rc_log_limit limit;
    } events[RC_LOG_EVENTS_MAX + 1]; /* the last one is shared by names that found no room */
    size_t event_count;
    atomic_int level, fd;
    atomic_uint_fast64_t lost;
} process = {.mutex = PTHREAD_MUTEX_INITIALIZER, .level = RC_LOG_INFO, .fd = STDERR_FILENO};

static struct event *find_event(const char *name)
{
    for (size_t i = 0; i < process.event_count; i++) {
        if (strcmp(process.events[i].name, name) == 0) {
            return &process.events[i];
        }
    }
    struct event *event = &process.events[process.event_count];
    if (process.event_count < RC_LOG_EVENTS_MAX) {
        event->name = name;
        process.event_count++;
    }
    return event;
}

static void write_line(const char *text, size_t length)
{
    ssize_t written;
    do {
        written = write(process.fd, text, length);
    } while (written < 0 && errno == EINTR);
    if (written != (ssize_t)length) {
        process.lost++;
    }
}

void rc_log_fields(enum rc_log_level level, const char *event, const struct rc_field *fields)
{
    if ((int)level < process.level) {
        return;
    }
    int saved = errno;
    char text[RC_LOG_LINE_MAX];
    uint64_t suppressed = 0;
    struct rc_reading reading = rc_clock_read();
    pthread_mutex_lock(&process.mutex);
    bool allowed = rc_log_limit_take(&find_event(event)->limit, reading.now, &suppressed);
    pthread_mutex_unlock(&process.mutex);
    if (allowed) {
        write_line(text, rc_log_format(text, reading.at, level, event, suppressed, fields));
    }
    errno = saved;
}

void rc_log_tend(void)
{
    struct rc_reading reading = rc_clock_read();
    for (size_t i = 0; i <= RC_LOG_EVENTS_MAX; i++) {
        pthread_mutex_lock(&process.mutex);
        const char *name = i < RC_LOG_EVENTS_MAX ? process.events[i].name : "other";
        uint64_t suppressed = rc_log_limit_over(&process.events[i].limit, reading.now);
        pthread_mutex_unlock(&process.mutex);
        if (suppressed > 0) {
            char text[RC_LOG_LINE_MAX];
            const struct rc_field fields[] = {RC_F_STR("of", name), {.kind = RC_FIELD_END}};
            write_line(text,
                       rc_log_format(text, reading.at, RC_LOG_WARN, "log_suppressed", suppressed, fields));
        }
    }
}

void rc_log_set_level(enum rc_log_level level)
{
    process.level = (int)level;
}

void rc_log_set_fd(int fd)
{
    process.fd = fd;
}

uint64_t rc_log_lost(void)
{
    return process.lost;
}
