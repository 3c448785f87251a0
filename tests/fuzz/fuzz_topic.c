/*
 * Any bytes as a topic, and as a Response Topic. What is accepted must be what it claims to be: ids that are
 * ids, and a topic that, made again from its parts, is the same bytes.
 */
#include "core/names.h"
#include "wire/topic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                  \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_id(const struct rc_id *id)
{
    struct rc_id again;
    CHECK(id->length <= RC_ID_MAX && id->text[id->length] == '\0');
    CHECK(id->length == 0 || rc_id_set(&again, (struct rc_text){id->text, id->length}));
}

/* The spelling of a client's topic, from its parts. */
static int spell(const struct rc_topic *topic, char *out, size_t size)
{
    static const char *const words[RC_TOPIC_KIND_COUNT] = {
        [RC_TOPIC_HEARTBEAT] = "heartbeat", [RC_TOPIC_LEAVE] = "leave",
        [RC_TOPIC_PUNCH] = "punch",         [RC_TOPIC_TRAINING] = "training",
        [RC_TOPIC_PROGRESS] = "progress",   [RC_TOPIC_DEVICE_HEARTBEAT] = "heartbeat",
        [RC_TOPIC_DEVICE_LEAVE] = "leave",
    };
    switch (topic->kind) {
    case RC_TOPIC_REQUEST:
        return snprintf(out, size, "rollcall/v1/%s/request/%s/%.*s", topic->site.text, topic->login.text,
                        (int)topic->verb.length, topic->verb.length > 0 ? topic->verb.data : "");
    case RC_TOPIC_CANARY:
        return snprintf(out, size, "rollcall/v1/%s/service/canary", topic->site.text);
    case RC_TOPIC_DEVICE_HEARTBEAT:
    case RC_TOPIC_DEVICE_LEAVE:
        return snprintf(out, size, "rollcall/v1/%s/dev/%s/%s", topic->site.text, topic->session.text,
                        words[topic->kind]);
    default:
        return snprintf(out, size, "rollcall/v1/%s/emp/%s/session/%s/%s", topic->site.text,
                        topic->employee.text, topic->session.text, words[topic->kind]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rc_text text = {(const char *)data, size};
    struct rc_topic topic;
    char spelled[RC_TOPIC_MAX];
    memset(&topic, 0xA5, sizeof topic);
    rc_topic_parse(text, &topic);
    CHECK((unsigned)topic.kind < RC_TOPIC_KIND_COUNT);
    check_id(&topic.site);
    check_id(&topic.employee);
    check_id(&topic.session);
    check_id(&topic.login);
    if (topic.kind >= RC_TOPIC_HEARTBEAT && topic.kind <= RC_TOPIC_CANARY) {
        int length = spell(&topic, spelled, sizeof spelled);
        /* a verb that no reply's topic can hold is left out */
        bool whole = topic.kind != RC_TOPIC_REQUEST || topic.verb.length > 0;
        CHECK(length > 0 && (whole ? (size_t)length == size : (size_t)length <= size) &&
              memcmp(spelled, data, (size_t)length) == 0);
    }
    struct rc_id site, login;
    rc_id_set(&site, rc_text_of("hq"));
    rc_id_set(&login, rc_text_of("m1"));
    if (rc_topic_is_reply(text, &site, &login)) {
        const char *below = "rollcall/v1/hq/reply/m1/";
        CHECK(size > strlen(below) && size < RC_TOPIC_MAX && memcmp(data, below, strlen(below)) == 0);
        CHECK(memchr(data, '+', size) == NULL && memchr(data, '#', size) == NULL &&
              memchr(data, 0, size) == NULL);
        CHECK(topic.kind == RC_TOPIC_OURS);
    }
    return 0;
}
