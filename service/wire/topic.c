#include "wire/topic.h"

#include "core/names.h"
#include "wire/utf8.h"

#include <assert.h>
#include <string.h>

#define PREFIX_LENGTH (sizeof RC_TOPIC_PREFIX - 1)
/* Bytes of a verb, known or not, that goes into the topic of its reply: twice the longest that there is, and
 * RC_TOPIC_MAX has room for it. A longer one is answered on a Response Topic only. */
#define VERB_MAX 64

/* ---- parsing: one pass, segment by segment ---- */

struct cursor {
    const char *at, *end;
    bool bad_id; /* a segment that had to be an id was none */
};

/* Takes the '/' between two segments; false at the end of the topic. */
static bool more(struct cursor *cursor)
{
    if (cursor->at == cursor->end || *cursor->at != '/')
        return false;
    cursor->at++;
    return true;
}

static struct rc_text take_word(struct cursor *cursor)
{
    const char *start = cursor->at;
    while (cursor->at < cursor->end && *cursor->at != '/')
        cursor->at++;
    return (struct rc_text){start, (size_t)(cursor->at - start)};
}

/* Takes a segment that must be an id. One that is none leaves id empty and is remembered, so that the shape
 * of the rest can still be told. */
static void take_id(struct cursor *cursor, struct rc_id *id)
{
    uint8_t length = 0;
    while (cursor->at < cursor->end && length < RC_ID_MAX && rc_is_id_byte(*cursor->at))
        id->text[length++] = *cursor->at++;
    if (length == 0 || (cursor->at < cursor->end && *cursor->at != '/')) {
        take_word(cursor);
        cursor->bad_id = true;
        length = 0;
    }
    id->text[length] = '\0';
    id->length = length;
}

static bool word_is(struct rc_text text, const char *word, size_t length)
{
    return text.length == length && memcmp(text.data, word, length) == 0;
}
#define IS(text, literal) word_is(text, literal, sizeof literal - 1)

static bool at_end(const struct cursor *cursor)
{
    return cursor->at == cursor->end;
}

static enum rc_topic_kind ours(struct rc_topic *out, enum rc_topic_ours what)
{
    out->ours = what;
    return RC_TOPIC_OURS;
}

/* .../session/{session}/... */
static enum rc_topic_kind parse_session(struct cursor *cursor, struct rc_topic *out)
{
    if (!more(cursor))
        return RC_TOPIC_UNKNOWN;
    take_id(cursor, &out->session);
    if (!more(cursor))
        return RC_TOPIC_UNKNOWN;
    struct rc_text word = take_word(cursor);
    if (!at_end(cursor)) {
        bool result = IS(word, "training") && more(cursor) && IS(take_word(cursor), "result");
        return result && at_end(cursor) ? RC_TOPIC_OURS : RC_TOPIC_UNKNOWN;
    }
    if (IS(word, "heartbeat"))
        return RC_TOPIC_HEARTBEAT;
    if (IS(word, "leave"))
        return RC_TOPIC_LEAVE;
    if (IS(word, "punch"))
        return RC_TOPIC_PUNCH;
    if (IS(word, "training"))
        return RC_TOPIC_TRAINING;
    if (IS(word, "progress"))
        return RC_TOPIC_PROGRESS;
    return IS(word, "receipt") ? RC_TOPIC_OURS : RC_TOPIC_UNKNOWN;
}

static enum rc_topic_kind parse_employee(struct cursor *cursor, struct rc_topic *out)
{
    if (!more(cursor))
        return RC_TOPIC_UNKNOWN;
    take_id(cursor, &out->employee);
    if (!more(cursor))
        return RC_TOPIC_UNKNOWN;
    struct rc_text word = take_word(cursor);
    if (IS(word, "session"))
        return parse_session(cursor, out);
    if (!at_end(cursor))
        return RC_TOPIC_UNKNOWN;
    if (IS(word, "status"))
        return ours(out, RC_OURS_STATUS);
    if (IS(word, "event"))
        return ours(out, RC_OURS_EVENT);
    if (IS(word, "training"))
        return ours(out, RC_OURS_TRAINING);
    return IS(word, "profile") ? ours(out, RC_OURS_PROFILE) : RC_TOPIC_UNKNOWN;
}

static enum rc_topic_kind parse_device(struct cursor *cursor, struct rc_topic *out)
{
    if (!more(cursor))
        return RC_TOPIC_UNKNOWN;
    take_id(cursor, &out->session);
    if (!more(cursor))
        return RC_TOPIC_UNKNOWN;
    struct rc_text word = take_word(cursor);
    if (!at_end(cursor))
        return RC_TOPIC_UNKNOWN;
    if (IS(word, "heartbeat"))
        return RC_TOPIC_DEVICE_HEARTBEAT;
    if (IS(word, "leave"))
        return RC_TOPIC_DEVICE_LEAVE;
    return IS(word, "status") ? ours(out, RC_OURS_DEVICE) : RC_TOPIC_UNKNOWN;
}

/* Text that a broker takes as the name of a topic: no wildcard, no NUL, UTF-8; and no control character,
 * since it ends up in logs. */
static bool is_name(struct rc_text text)
{
    for (size_t i = 0; i < text.length;) {
        unsigned char byte = (unsigned char)text.data[i];
        size_t step = rc_utf8_step(text.data + i, text.length - i);
        if (step == 0 || byte < 0x20 || byte == 0x7F || byte == '+' || byte == '#')
            return false;
        i += step;
    }
    return text.length > 0;
}

static enum rc_topic_kind parse_request(struct cursor *cursor, struct rc_topic *out)
{
    if (!more(cursor))
        return RC_TOPIC_UNKNOWN;
    take_id(cursor, &out->login);
    if (!more(cursor))
        return RC_TOPIC_UNKNOWN;
    struct rc_text verb = take_word(cursor);
    if (!at_end(cursor))
        return RC_TOPIC_UNKNOWN;
    if (verb.length <= VERB_MAX && is_name(verb))
        out->verb = verb;
    return RC_TOPIC_REQUEST;
}

/* Topics of the whole site, all of them the service's. */
static enum rc_topic_kind parse_site(struct cursor *cursor, struct rc_text word, struct rc_topic *out)
{
    if (IS(word, "summary"))
        return at_end(cursor) ? ours(out, RC_OURS_SUMMARY) : RC_TOPIC_UNKNOWN;
    if (IS(word, "reply")) /* a Response Topic may have any depth below it */
        return more(cursor) ? RC_TOPIC_OURS : RC_TOPIC_UNKNOWN;
    if (!more(cursor))
        return RC_TOPIC_UNKNOWN;
    struct rc_text name = take_word(cursor);
    if (!at_end(cursor))
        return RC_TOPIC_UNKNOWN;
    if (IS(word, "alert")) {
        out->word = name;
        return name.length > 0 ? ours(out, RC_OURS_ALERT) : RC_TOPIC_UNKNOWN;
    }
    if (!IS(word, "service"))
        return RC_TOPIC_UNKNOWN;
    if (IS(name, "canary"))
        return RC_TOPIC_CANARY;
    if (IS(name, "status"))
        return ours(out, RC_OURS_SERVICE);
    return IS(name, "metrics") ? ours(out, RC_OURS_METRICS) : RC_TOPIC_UNKNOWN;
}

static enum rc_topic_kind parse_below_prefix(struct cursor *cursor, struct rc_topic *out)
{
    take_id(cursor, &out->site);
    if (!more(cursor))
        return RC_TOPIC_UNKNOWN;
    struct rc_text word = take_word(cursor);
    if (IS(word, "emp"))
        return parse_employee(cursor, out);
    if (IS(word, "dev"))
        return parse_device(cursor, out);
    if (IS(word, "request"))
        return parse_request(cursor, out);
    return parse_site(cursor, word, out);
}

static void no_id(struct rc_id *id)
{
    id->length = 0;
    id->text[0] = '\0';
}

void rc_topic_parse(struct rc_text text, struct rc_topic *out)
{
    no_id(&out->site);
    no_id(&out->employee);
    no_id(&out->session);
    no_id(&out->login);
    out->verb = out->word = (struct rc_text){NULL, 0};
    out->ours = RC_OURS_NONE;
    if (text.length < PREFIX_LENGTH || memcmp(text.data, RC_TOPIC_PREFIX, PREFIX_LENGTH) != 0) {
        out->kind = RC_TOPIC_FOREIGN;
        return;
    }
    struct cursor cursor = {text.data + PREFIX_LENGTH, text.data + text.length, false};
    out->kind = parse_below_prefix(&cursor, out);
    if (cursor.bad_id && out->kind != RC_TOPIC_UNKNOWN)
        out->kind = RC_TOPIC_BAD_ID;
}

/* ---- making ---- */

struct maker {
    char *out;
    size_t length;
};

static void put(struct maker *maker, struct rc_text text)
{
    /* Ids and words are bounded, and RC_TOPIC_MAX holds the longest sum of them. */
    assert(maker->length + text.length < RC_TOPIC_MAX);
    if (text.length > 0)
        memcpy(maker->out + maker->length, text.data, text.length);
    maker->length += text.length;
    maker->out[maker->length] = '\0';
}

static void put_word(struct maker *maker, const char *word)
{
    put(maker, rc_text_of(word));
}

static void put_id(struct maker *maker, const struct rc_id *id)
{
    assert(id->length > 0);
    put(maker, (struct rc_text){id->text, id->length});
}

/* PREFIX site folder id '/' */
static struct maker below(char *out, const struct rc_id *site, const char *folder, const struct rc_id *id)
{
    struct maker maker = {out, 0};
    put_word(&maker, RC_TOPIC_PREFIX);
    put_id(&maker, site);
    put_word(&maker, folder);
    if (id != NULL) {
        put_id(&maker, id);
        put_word(&maker, "/");
    }
    return maker;
}

static size_t of_employee(char *out, const struct rc_id *site, const struct rc_id *employee, const char *name)
{
    struct maker maker = below(out, site, "/emp/", employee);
    put_word(&maker, name);
    return maker.length;
}

size_t rc_topic_status(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *employee)
{
    return of_employee(out, site, employee, "status");
}

size_t rc_topic_training(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *employee)
{
    return of_employee(out, site, employee, "training");
}

size_t rc_topic_event(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *employee)
{
    return of_employee(out, site, employee, "event");
}

size_t rc_topic_profile(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *employee)
{
    return of_employee(out, site, employee, "profile");
}

static size_t of_session(char *out, const struct rc_id *site, const struct rc_id *employee,
                         const struct rc_id *session, const char *name)
{
    struct maker maker = below(out, site, "/emp/", employee);
    put_word(&maker, "session/");
    put_id(&maker, session);
    put_word(&maker, name);
    return maker.length;
}

size_t rc_topic_receipt(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *employee,
                        const struct rc_id *session)
{
    return of_session(out, site, employee, session, "/receipt");
}

size_t rc_topic_training_result(char out[RC_TOPIC_MAX], const struct rc_id *site,
                                const struct rc_id *employee, const struct rc_id *session)
{
    return of_session(out, site, employee, session, "/training/result");
}

size_t rc_topic_device_status(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *device)
{
    struct maker maker = below(out, site, "/dev/", device);
    put_word(&maker, "status");
    return maker.length;
}

size_t rc_topic_alert(char out[RC_TOPIC_MAX], const struct rc_id *site, enum rc_alert kind)
{
    struct maker maker = below(out, site, "/alert/", NULL);
    put_word(&maker, rc_alert_name(kind));
    return maker.length;
}

size_t rc_topic_reply(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_id *login,
                      struct rc_text verb)
{
    struct maker maker = below(out, site, "/reply/", login);
    put(&maker, verb);
    return maker.length;
}

size_t rc_topic_site(char out[RC_TOPIC_MAX], const struct rc_id *site, const char *name)
{
    struct maker maker = below(out, site, "/", NULL);
    put_word(&maker, name);
    return maker.length;
}

/* ---- Response Topics ---- */

bool rc_topic_is_reply(struct rc_text topic, const struct rc_id *site, const struct rc_id *login)
{
    if (topic.length >= RC_TOPIC_MAX || topic.length < PREFIX_LENGTH ||
        memcmp(topic.data, RC_TOPIC_PREFIX, PREFIX_LENGTH) != 0)
        return false;
    struct cursor cursor = {topic.data + PREFIX_LENGTH, topic.data + topic.length, false};
    struct rc_id its_site, its_login;
    take_id(&cursor, &its_site);
    if (!more(&cursor) || !IS(take_word(&cursor), "reply") || !more(&cursor))
        return false;
    take_id(&cursor, &its_login);
    if (cursor.bad_id || !more(&cursor))
        return false;
    return rc_id_equal(&its_site, site) && (login->length == 0 || rc_id_equal(&its_login, login)) &&
           is_name((struct rc_text){cursor.at, (size_t)(cursor.end - cursor.at)});
}
