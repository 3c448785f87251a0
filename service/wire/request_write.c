#include "wire/request_write.h"

#include "core/names.h"
#include "wire/writer.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

void rc_request_init(struct rc_request *request, enum rc_verb verb)
{
    memset(request, 0, sizeof *request);
    request->verb = verb;
    request->from_at = request->to_at = RC_NONE;
    request->limit = request->cursor = RC_NONE;
    request->seq = request->hold = request->ask = RC_NONE;
    request->at = request->until_at = RC_NONE;
    request->limit_minutes = request->interval_ms = RC_NONE;
    request->break_minutes = request->break_after_minutes = RC_NONE;
}

static void add_integer(struct rc_writer *writer, const char *key, int64_t value)
{
    if (value != RC_NONE) {
        rc_writer_integer(writer, key, value);
    }
}

static void add_text(struct rc_writer *writer, const char *key, const char *value)
{
    if (value[0] != '\0') {
        rc_writer_text(writer, key, rc_text_of(value));
    }
}

static void add_true(struct rc_writer *writer, const char *key, bool value)
{
    if (value) {
        rc_writer_bool(writer, key, true);
    }
}

static void add_after(struct rc_writer *writer, const struct rc_request *request)
{
    char cursor[RC_DATE_MAX + RC_ID_MAX + 1];
    if (request->after_employee.length > 0) {
        bool dated = request->after_date[0] != '\0';
        snprintf(cursor, sizeof cursor, "%s%s%s", request->after_date, dated ? "/" : "",
                 request->after_employee.text);
        add_text(writer, "cursor", cursor);
    }
}

static void add_policy(struct rc_writer *writer, const struct rc_request *request)
{
    add_text(writer, "action", request->adds ? "add" : "list");
    add_text(writer, "courseId", request->course.text);
    add_integer(writer, "limitMinutes", request->limit_minutes);
    add_integer(writer, "intervalMs", request->interval_ms);
    add_text(writer, "zone", request->zone);
    add_integer(writer, "breakMinutes", request->break_minutes);
    add_integer(writer, "breakAfterMinutes", request->break_after_minutes);
}

static void add_given(struct rc_writer *writer, const char *key, bool given, const char *value)
{
    if (given)
        rc_writer_text(writer, key, rc_text_of(value));
}

static void add_person(struct rc_writer *writer, const struct rc_person *person)
{
    add_text(writer, "action", rc_person_action_name(person->action));
    add_given(writer, "name", person->has_name, person->name);
    add_given(writer, "group", person->has_group, person->group.text);
    add_given(writer, "email", person->has_email, person->email);
    add_given(writer, "managerId", person->has_manager, person->manager.text);
}

size_t rc_request_write(const struct rc_request *request, char *out, size_t size)
{
    struct rc_writer writer;
    rc_writer_init(&writer, out, size);
    add_text(&writer, "requestId", request->request_id);
    add_text(&writer, "employeeId", request->employee.text);
    add_integer(&writer, "from", request->from_at);
    add_text(&writer, "from", request->from_date);
    add_integer(&writer, "to", request->to_at);
    add_text(&writer, "to", request->to_date);
    add_integer(&writer, "limit", request->limit);
    add_integer(&writer, "cursor", request->cursor);
    add_after(&writer, request);
    add_true(&writer, "undecided", request->undecided);
    add_true(&writer, "list", request->asks);
    add_true(&writer, "decided", request->decided);
    add_true(&writer, "ask", request->ask_only);
    add_text(&writer, "action", request->has_action ? rc_action_name(request->action) : "");
    add_integer(&writer, "seq", request->seq);
    add_integer(&writer, "holdId", request->hold);
    add_integer(&writer, "askId", request->ask);
    add_text(&writer, "type", request->type == RC_TYPE_NONE ? "" : rc_type_name(request->type));
    add_integer(&writer, "at", request->at);
    add_text(&writer, "reason", request->reason);
    add_integer(&writer, "until", request->until_at);
    if (request->verb == RC_VERB_POLICY)
        add_policy(&writer, request);
    if (request->verb == RC_VERB_EMPLOYEE)
        add_person(&writer, &request->person);
    add_text(&writer, "month", request->month);
    return rc_writer_end(&writer);
}

size_t rc_request_topic(char out[RC_TOPIC_MAX], const struct rc_id *site, const struct rc_request *request)
{
    assert(request->verb != RC_VERB_UNKNOWN);
    int length = snprintf(out, RC_TOPIC_MAX, RC_TOPIC_PREFIX "%s/request/%s/%s", site->text,
                          request->login.text, rc_verb_name(request->verb));
    assert(length > 0 && length < RC_TOPIC_MAX);
    return (size_t)length;
}
