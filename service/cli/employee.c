#include "cli/commands.h"
#include "cli/show.h"
#include "core/names.h"

#include <string.h>

/* The fields of somebody in the directory, as words FIELD=TEXT. */
static const char *const fields[] = {"name", "group", "email", "manager"};
enum field { NAME, GROUP, EMAIL, MANAGER, FIELD_COUNT };

/* take_text copies what a field is to be; false: too long, and reported. */
static bool take_text(const struct rc_context *context, const char *word, const char *text, size_t most,
                      char *out)
{
    if (strlen(text) > most) {
        rc_complain(context, "employee: %.40s...: %zu bytes at most", word, most);
        return false;
    }
    memcpy(out, text, strlen(text) + 1);
    return true;
}

/* take_id reads an id, or nothing, which takes away what was there; false: it is none, and reported. */
static bool take_id(const struct rc_context *context, const char *word, const char *text, struct rc_id *out)
{
    if (text[0] == '\0' || rc_id_set(out, rc_text_of(text))) {
        return true;
    }
    rc_complain(context, "employee: %.80s: an id is 1 to 64 of A-Z a-z 0-9 _ -", word);
    return false;
}

/* take_field reads one word FIELD=TEXT; false: reported. */
static bool take_field(const struct rc_context *context, const char *word, struct rc_person *person)
{
    bool *const given[] = {&person->has_name, &person->has_group, &person->has_email, &person->has_manager};
    const char *equals = strchr(word, '=');
    size_t length = equals == NULL ? 0 : (size_t)(equals - word);
    int field = NAME;
    while (field < FIELD_COUNT &&
           !(strlen(fields[field]) == length && memcmp(fields[field], word, length) == 0)) {
        field++;
    }
    if (field == FIELD_COUNT || *given[field]) {
        rc_complain(context, "employee: %s: %.80s",
                    field == FIELD_COUNT ? "not name=, group=, email= or manager=" : "given twice", word);
        return false;
    }
    *given[field] = true;
    switch ((enum field)field) {
    case NAME:
        return take_text(context, word, equals + 1, RC_NAME_MAX, person->name);
    case EMAIL:
        return take_text(context, word, equals + 1, RC_EMAIL_MAX, person->email);
    case GROUP:
        return take_id(context, word, equals + 1, &person->group);
    default:
        return take_id(context, word, equals + 1, &person->manager);
    }
}

static bool read_action(const struct rc_context *context, struct rc_person *person)
{
    static const struct {
        const char *word;
        enum rc_person_action action;
    } words[] = {{"add", RC_PERSON_ADD}, {"set", RC_PERSON_CHANGE}, {"remove", RC_PERSON_REMOVE}};
    const char *word = context->arguments->word_count > 0 ? context->arguments->words[0] : "";
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i].word) == 0) {
            person->action = words[i].action;
            return true;
        }
    }
    rc_complain(context, "employee: say list, add, set or remove");
    return false;
}

static bool read_change(const struct rc_context *context, struct rc_request *request)
{
    const struct rc_arguments *arguments = context->arguments;
    struct rc_person *person = &request->person;
    if (!read_action(context, person)) {
        return false;
    }
    if (arguments->word_count < 2 || !rc_id_set(&request->employee, rc_text_of(arguments->words[1]))) {
        rc_complain(context, "employee %s: say whose: one employee's id", arguments->words[0]);
        return false;
    }
    for (size_t i = 2; i < arguments->word_count; i++) {
        if (!take_field(context, arguments->words[i], person)) {
            return false;
        }
    }
    bool any = arguments->word_count > 2;
    const char *wrong = person->action == RC_PERSON_REMOVE && any              ? "takes no more words"
                        : person->action == RC_PERSON_ADD && !person->has_name ? "needs name=TEXT"
                        : person->has_name && person->name[0] == '\0' ? "needs a name that is not empty"
                        : person->action == RC_PERSON_CHANGE && !any  ? "needs what to set, as name=TEXT"
                                                                      : NULL;
    if (wrong != NULL) {
        rc_complain(context, "employee %s %s", arguments->words[0], wrong);
        return false;
    }
    return true;
}

enum rc_exit rc_command_employee(struct rc_context *context)
{
    const struct rc_arguments *arguments = context->arguments;
    struct rc_request request;
    rc_request_init(&request, RC_VERB_EMPLOYEE);
    if (arguments->word_count == 1 && strcmp(arguments->words[0], "list") == 0) {
        return rc_context_id(context, RC_O_EMPLOYEE, &request.employee)
                   ? rc_show_list(context, &request, "employees", RC_SHOW_DIRECTORY)
                   : RC_EXIT_USAGE;
    }
    if (rc_given(context, RC_O_EMPLOYEE) || rc_given(context, RC_O_LIMIT)) {
        rc_complain(context, "employee: --employee and --limit are for list");
        return RC_EXIT_USAGE;
    }
    if (!read_change(context, &request)) {
        return RC_EXIT_USAGE;
    }
    struct rc_reading *reading = NULL;
    enum rc_exit code = rc_ask(context, &request, &reading);
    if (code == RC_EXIT_OK) {
        struct rc_show *show = rc_show_begin(context, RC_SHOW_DIRECTORY);
        rc_show_row(show, rc_reading_first(reading, "employees"));
        rc_show_end(show, true);
    }
    rc_reading_free(reading);
    return code;
}
