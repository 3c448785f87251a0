/* The order `employee`: the directory. */
#include "core/names.h"
#include "wire/decode_parts.h"

#include <string.h>

static const char *const actions[] = {
    [RC_PERSON_LIST] = "list",
    [RC_PERSON_ADD] = "add",
    [RC_PERSON_CHANGE] = "change",
    [RC_PERSON_REMOVE] = "remove",
};

const char *rc_person_action_name(enum rc_person_action action)
{
    return actions[action];
}

static void read_action(struct rc_fields *fields, struct rc_person *person)
{
    char word[RC_WORD_MAX];
    struct rc_text text = rc_fields_word(fields, "action", word);
    if (text.length == 0)
        return; /* a question without any field lists */
    for (int i = RC_PERSON_LIST; i <= RC_PERSON_REMOVE; i++)
        if (strlen(actions[i]) == text.length && memcmp(actions[i], text.data, text.length) == 0) {
            person->action = (enum rc_person_action)i;
            return;
        }
    rc_fields_wrong(fields, "action", "must be list, add, change or remove");
}

/* A text that is given and empty takes away what was there. */
static bool read_text(struct rc_fields *fields, const char *key, size_t high, char *out)
{
    out[rc_fields_text(fields, key, 0, high, out)] = '\0';
    return rc_fields_has(fields, key);
}

static bool read_id(struct rc_fields *fields, const char *key, struct rc_id *out)
{
    char text[RC_ID_MAX + 1];
    bool given = read_text(fields, key, RC_ID_MAX, text);
    if (given && text[0] != '\0' && !rc_id_set(out, rc_text_of(text)))
        rc_fields_wrong(fields, key, "must be an id of 1 to 64 of A-Z a-z 0-9 _ -, or empty");
    return given;
}

static void need_for_person(struct rc_fields *fields, const struct rc_person *person)
{
    bool any = person->has_name || person->has_group || person->has_email || person->has_manager;
    rc_fields_need(fields, "employeeId");
    if (person->action == RC_PERSON_ADD)
        rc_fields_need(fields, "name");
    if (person->has_name && person->name[0] == '\0')
        rc_fields_wrong(fields, "name", "must not be empty");
    if (person->action == RC_PERSON_CHANGE && !any)
        rc_fields_wrong(fields, "name,", "group, email or managerId must be given");
}

void rc_decode_employee(struct rc_fields *fields, struct rc_request *request)
{
    struct rc_person *person = &request->person;
    read_action(fields, person);
    rc_fields_id(fields, "employeeId", &request->employee);
    if (person->action == RC_PERSON_LIST) {
        rc_fields_integer(fields, "limit", 1, &request->limit);
        rc_fields_id(fields, "cursor", &request->after_employee);
        return;
    }
    if (person->action != RC_PERSON_REMOVE) {
        person->has_name = read_text(fields, "name", RC_NAME_MAX, person->name);
        person->has_group = read_id(fields, "group", &person->group);
        person->has_email = read_text(fields, "email", RC_EMAIL_MAX, person->email);
        person->has_manager = read_id(fields, "managerId", &person->manager);
    }
    if (rc_fields_ok(fields))
        need_for_person(fields, person);
}
