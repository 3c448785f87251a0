/* The directory (section 6, `employee`): who is in it, and changes of it. */
#include "daemon/answer.h"

#include "core/names.h"
#include "daemon/paging.h"
#include "wire/encode.h"
#include "wire/topic.h"

#include <stdio.h>
#include <string.h>

/* Bytes of a row without its ids and texts. */
#define PERSON_ROW_BYTES ((size_t)120)

/* A row of the directory with its texts, as it was or as it is to be. */
struct entry {
    struct rc_directory_row row;
    bool found;
    char name[RC_TEXT_MAX + 1], email[RC_TEXT_MAX + 1];
};

static struct rc_text keep_text(struct rc_text text, char out[RC_TEXT_MAX + 1])
{
    size_t length = text.length < RC_TEXT_MAX ? text.length : RC_TEXT_MAX;
    if (length > 0)
        memcpy(out, text.data, length);
    return (struct rc_text){out, length};
}

static bool keep_entry(void *context, const struct rc_directory_row *row)
{
    struct entry *entry = context;
    entry->found = true;
    entry->row = *row;
    entry->row.name = keep_text(row->name, entry->name);
    entry->row.email = keep_text(row->email, entry->email);
    return false;
}

/* False: the batch failed. */
static bool look_up(const struct rc_answering *answering, struct entry *entry)
{
    enum rc_store_result result = rc_store_directory_one(answering->service->store, answering->site->number,
                                                         &answering->request->employee, keep_entry, entry);
    return result == RC_STORE_NOT_FOUND || rc_batch_check(answering->service, result);
}

static void add_text(struct rc_reply *reply, const char *key, struct rc_text text)
{
    if (text.length > 0)
        rc_reply_text(reply, key, text);
}

static void add_row(struct rc_reply *reply, const struct rc_directory_row *row)
{
    rc_reply_row_begin(reply);
    rc_answer_id(reply, "employeeId", &row->employee);
    add_text(reply, "name", row->name);
    rc_answer_id(reply, "group", &row->group);
    add_text(reply, "email", row->email);
    rc_answer_id(reply, "managerId", &row->manager);
    rc_reply_bool(reply, "active", row->active);
    rc_reply_row_end(reply);
}

/* ---- the list ---- */

struct listing {
    struct rc_reply *reply;
    struct rc_paging paging;
    struct rc_id last;
};

static bool list_row(void *context, const struct rc_directory_row *row)
{
    struct listing *listing = context;
    size_t bytes = PERSON_ROW_BYTES + row->employee.length + row->group.length + row->manager.length +
                   rc_paging_text(row->name) + rc_paging_text(row->email);
    if (!rc_paging_take(&listing->paging, bytes, 0))
        return false;
    listing->last = row->employee;
    add_row(listing->reply, row);
    return true;
}

void rc_answer_employees(const struct rc_answering *answering)
{
    const struct rc_request *request = answering->request;
    struct rc_service *service = answering->service;
    struct listing listing = {.reply = rc_reply_new(request->request_id, RC_OK, NULL)};
    rc_paging_begin(&listing.paging, request->limit);
    rc_reply_list(listing.reply, "employees");
    enum rc_store_result result =
        request->employee.length > 0 ? rc_store_directory_one(service->store, answering->site->number,
                                                              &request->employee, list_row, &listing)
                                     : rc_store_directory_after(service->store, answering->site->number,
                                                                &request->after_employee, list_row, &listing);
    if (result == RC_STORE_OK) {
        if (listing.paging.more)
            rc_answer_id(listing.reply, "nextCursor", &listing.last);
        rc_answer_direct(answering, listing.reply);
        return;
    }
    rc_reply_free(listing.reply);
    if (result == RC_STORE_NOT_FOUND) {
        rc_answer_refusal(answering->site, answering->to, request->request_id, RC_NOT_FOUND,
                          "the directory has no such employee");
        return;
    }
    rc_batch_fail(service, result);
    rc_batch_unavailable(answering->site, answering->to, request->request_id);
}

/* ---- changes ---- */

void rc_answer_introduce(struct rc_service *service, struct rc_site *site, const struct rc_directory_row *row,
                         int64_t now, int64_t at)
{
    struct rc_event event = {.kind = RC_EV_DIRECTORY, .now = now, .at = at};
    event.directory.employee = row->employee;
    event.directory.group = row->group;
    event.directory.removed = !row->active;
    rc_batch_step(service, site, &event, NULL, NULL);
}

/* Why the directory cannot be changed so; RC_OK: it can. */
static enum rc_code obstacle(const struct rc_answering *answering, const struct entry *entry,
                             const char **message)
{
    struct rc_employee_view view;
    bool active = entry->found && entry->row.active;
    switch (answering->request->person.action) {
    case RC_PERSON_ADD:
        *message = "they are in the directory already: change them";
        return active ? RC_FAILED_PRECONDITION : RC_OK;
    case RC_PERSON_REMOVE:
        if (active && rc_engine_find(answering->site->engine, &entry->row.employee, &view) &&
            view.status.ledger.is_in) {
            *message = "they are IN: put their OUT right first";
            return RC_FAILED_PRECONDITION;
        }
        break;
    case RC_PERSON_CHANGE:
    case RC_PERSON_LIST:
        break;
    }
    *message = "the directory has no such employee";
    return active ? RC_OK : RC_NOT_FOUND;
}

/* What the request says, over what was there. */
static void merge(const struct rc_request *request, struct entry *entry)
{
    const struct rc_person *person = &request->person;
    entry->row.employee = request->employee;
    entry->row.active = person->action != RC_PERSON_REMOVE;
    if (person->has_name)
        entry->row.name = keep_text(rc_text_of(person->name), entry->name);
    if (person->has_email)
        entry->row.email = keep_text(rc_text_of(person->email), entry->email);
    if (person->has_group)
        entry->row.group = person->group;
    if (person->has_manager)
        entry->row.manager = person->manager;
}

static bool publish(const struct rc_answering *answering, const char *topic, const char *payload,
                    size_t length)
{
    return rc_batch_publish(answering->service, answering->site, topic, (struct rc_text){payload, length},
                            (struct rc_text){0}, true);
}

/* The retained topics of somebody who was removed are cleared. */
static bool publish_entry(const struct rc_answering *answering, const struct rc_directory_row *row)
{
    const struct rc_id *site = &answering->site->name;
    char topic[RC_TOPIC_MAX], payload[RC_ENCODED_MAX];
    rc_topic_profile(topic, site, &row->employee);
    if (row->active) {
        size_t length = rc_encode_profile(&row->employee, row->name, &row->group, payload, sizeof payload);
        return publish(answering, topic, payload, length);
    }
    if (!publish(answering, topic, NULL, 0))
        return false;
    rc_topic_status(topic, site, &row->employee);
    if (!publish(answering, topic, NULL, 0))
        return false;
    rc_topic_training(topic, site, &row->employee);
    return publish(answering, topic, NULL, 0);
}

static bool write_down(const struct rc_answering *answering, const struct rc_directory_row *row)
{
    struct rc_service *service = answering->service;
    char detail[256];
    snprintf(detail, sizeof detail, "{\"action\":\"%s\",\"actor\":\"%s\",\"group\":\"%s\"}",
             rc_person_action_name(answering->request->person.action), answering->asker->login.text,
             row->group.text);
    return rc_batch_check(service, rc_store_directory_set(service->store, answering->site->number, row)) &&
           rc_batch_audit(service, answering->site, "EMPLOYEE", &row->employee, "OK", detail) &&
           publish_entry(answering, row);
}

void rc_answer_employee(const struct rc_answering *answering)
{
    const struct rc_request *request = answering->request;
    struct rc_service *service = answering->service;
    struct entry entry = {.found = false};
    const char *message;
    if (!rc_batch_begin(service) || !look_up(answering, &entry))
        return;
    enum rc_code code = obstacle(answering, &entry, &message);
    if (code != RC_OK) {
        rc_answer_durable(answering, rc_reply_new(request->request_id, code, message));
        return;
    }
    if (request->person.action == RC_PERSON_ADD)
        entry = (struct entry){.found = false}; /* somebody who comes back comes as they are said to be now */
    merge(request, &entry);
    if (!write_down(answering, &entry.row))
        return;
    struct rc_reply *reply = rc_reply_new(request->request_id, RC_OK, NULL);
    rc_reply_list(reply, "employees");
    add_row(reply, &entry.row);
    rc_answer_durable(answering, reply);
    /* Orders of the directory are rare: each is a COMMIT of its own, after which alone the memory follows. */
    if (!rc_batch_commit(service))
        return;
    rc_directory_set(&answering->site->directory, &entry.row.employee, entry.row.active);
    rc_answer_introduce(service, answering->site, &entry.row, answering->now, answering->at);
}
