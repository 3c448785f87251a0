#include "wire/request_write.h"

#include "core/names.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

static const char *const words[RC_VERB_COUNT] = {
    [RC_VERB_WHO] = "who",         [RC_VERB_PUNCHES] = "punches", [RC_VERB_PERIODS] = "periods",
    [RC_VERB_CORRECT] = "correct", [RC_VERB_SWEEP] = "sweep",     [RC_VERB_MAINTENANCE] = "maintenance",
    [RC_VERB_STATUS] = "status",
};

const char *rc_verb_word(enum rc_verb verb)
{
    assert(verb > RC_VERB_UNKNOWN && verb < RC_VERB_COUNT);
    return words[verb];
}

void rc_request_init(struct rc_request *request, enum rc_verb verb)
{
    memset(request, 0, sizeof *request);
    request->verb = verb;
    request->from_at = request->to_at = RC_NONE;
    request->limit = request->cursor = RC_NONE;
    request->seq = request->hold = request->ask = RC_NONE;
    request->at = request->until_at = RC_NONE;
}

/* A failed allocation shows at the end: the object is then incomplete, so `ok` goes false. */
struct writer {
    cJSON *object;
    bool ok;
};

static void add_integer(struct writer *writer, const char *key, int64_t value)
{
    if (value != RC_NONE) {
        writer->ok = cJSON_AddNumberToObject(writer->object, key, (double)value) != NULL && writer->ok;
    }
}

static void add_text(struct writer *writer, const char *key, const char *value)
{
    if (value[0] != '\0') {
        writer->ok = cJSON_AddStringToObject(writer->object, key, value) != NULL && writer->ok;
    }
}

static void add_true(struct writer *writer, const char *key, bool value)
{
    if (value) {
        writer->ok = cJSON_AddTrueToObject(writer->object, key) != NULL && writer->ok;
    }
}

size_t rc_request_write(const struct rc_request *request, char *out, size_t size)
{
    struct writer writer = {.object = cJSON_CreateObject(), .ok = true};
    if (writer.object == NULL) {
        return 0;
    }
    add_text(&writer, "requestId", request->request_id);
    add_text(&writer, "employeeId", request->employee.text);
    add_integer(&writer, "from", request->from_at);
    add_integer(&writer, "to", request->to_at);
    add_integer(&writer, "limit", request->limit);
    add_integer(&writer, "cursor", request->cursor);
    add_true(&writer, "undecided", request->undecided);
    add_true(&writer, "list", request->asks);
    add_true(&writer, "ask", request->ask_only);
    add_text(&writer, "action", request->has_action ? rc_action_name(request->action) : "");
    add_integer(&writer, "seq", request->seq);
    add_integer(&writer, "holdId", request->hold);
    add_integer(&writer, "askId", request->ask);
    add_text(&writer, "type", request->type == RC_TYPE_NONE ? "" : rc_type_name(request->type));
    add_integer(&writer, "at", request->at);
    add_text(&writer, "reason", request->reason);
    add_integer(&writer, "until", request->until_at);
    bool written = writer.ok && cJSON_PrintPreallocated(writer.object, out, (int)size, false) != 0;
    cJSON_Delete(writer.object);
    return written ? strlen(out) : 0;
}

size_t rc_request_topic(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_request *request)
{
    int length = snprintf(out, RC_TOPIC_MAX, RC_TOPIC_PREFIX "%s/request/%s/%s", site->text,
                          request->login.text, rc_verb_word(request->verb));
    assert(length > 0 && length < RC_TOPIC_MAX);
    return (size_t)length;
}
