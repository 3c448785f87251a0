#include "cli/ask.h"

#include "core/names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Rows asked for at once: the protocol's maximum, so that a long list takes few rounds. */
#define PAGE_ROWS 200

/* A password or token is one line; no broker takes more than 64 KiB, and ours are far shorter. */
#define SECRET_MAX 8192

/* What goes into client ids, reply topics and request ids, so that two commands at once do not meet. */
#define UNIQUE_BYTES 8
#define UNIQUE_MAX   (2 * UNIQUE_BYTES + 1)

static const char default_uri[] = "mqtt://127.0.0.1:1883";

static bool make_unique(const struct rc_context *context, char out[UNIQUE_MAX])
{
    unsigned char bytes[UNIQUE_BYTES];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes) {
        rc_complain(context, "the system gives no random numbers: %s", strerror(errno));
        return false;
    }
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
    return true;
}

/* read_secret reads the first line of the file; none given: an empty one. */
static bool read_secret(const struct rc_context *context, char secret[SECRET_MAX])
{
    const char *path = context->arguments->values[RC_O_PASSWORD_FILE];
    path = path == NULL ? context->arguments->values[RC_O_TOKEN_FILE] : path;
    secret[0] = '\0';
    if (path == NULL) {
        return true;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        rc_complain(context, "%s: %s", path, strerror(errno));
        return false;
    }
    bool read = fgets(secret, SECRET_MAX, file) != NULL;
    fclose(file);
    secret[strcspn(secret, "\r\n")] = '\0';
    if (!read || secret[0] == '\0') {
        rc_complain(context, "%s: no password in its first line", path);
        return false;
    }
    return true;
}

static enum rc_exit exit_of(enum rc_request_result result)
{
    return result == RC_REQUEST_OK      ? RC_EXIT_OK
           : result == RC_REQUEST_USAGE ? RC_EXIT_USAGE
                                        : RC_EXIT_NO_ANSWER;
}

static enum rc_exit connect_once(struct rc_context *context)
{
    if (context->requester != NULL) {
        return RC_EXIT_OK;
    }
    char unique[UNIQUE_MAX];
    char secret[SECRET_MAX];
    if (!make_unique(context, unique) || !read_secret(context, secret)) {
        return RC_EXIT_LOCAL;
    }
    char client_id[RC_ID_MAX + UNIQUE_MAX + 8];
    char reply_topic[RC_REQUEST_TOPIC_MAX];
    snprintf(client_id, sizeof client_id, "%s.cli-%s", context->login.text, unique);
    snprintf(reply_topic, sizeof reply_topic, RC_TOPIC_PREFIX "%s/reply/%s/cli-%s", context->site.text,
             context->login.text, unique);
    const char *uri = context->arguments->values[RC_O_URI];
    struct rc_requester_options options = {
        .uri = uri == NULL ? default_uri : uri,
        .client_id = client_id,
        .username = context->login.text,
        .password = {.data = secret, .length = strlen(secret)},
        .ca_file = context->arguments->values[RC_O_CA_FILE],
        .reply_topic = reply_topic,
        .timeout_ms = context->timeout_ms,
    };
    char error[RC_REQUEST_ERROR_MAX];
    enum rc_request_result result = rc_requester_open(&options, &context->requester, error);
    explicit_bzero(secret, sizeof secret);
    if (result != RC_REQUEST_OK) {
        rc_complain(context, "%s", error);
    }
    return exit_of(result);
}

/* judge reads the answer; a refusal is reported as the service words it. */
static enum rc_exit judge(struct rc_context *context, const struct rc_request *request, struct rc_text answer,
                          struct rc_reading **reading)
{
    *reading = rc_reading_parse(answer);
    const char *id = *reading == NULL ? NULL : rc_row_text(rc_reading_top(*reading), "requestId");
    if (id == NULL || strcmp(id, request->request_id) != 0) {
        rc_complain(context, "the reply to %s makes no sense: %.200s", rc_verb_name(request->verb),
                    answer.data);
        rc_reading_free(*reading);
        *reading = NULL;
        return RC_EXIT_LOCAL;
    }
    if (rc_reading_ok(*reading)) {
        return RC_EXIT_OK;
    }
    const char *code = rc_row_text(rc_reading_top(*reading), "code");
    const char *message = rc_row_text(rc_reading_top(*reading), "message");
    rc_complain(context, "%s: %s", code == NULL ? "refused" : code,
                message == NULL ? "no reason given" : message);
    rc_reading_free(*reading);
    *reading = NULL;
    return RC_EXIT_REFUSED;
}

/* advice says what to make of a missing answer. */
static const char *advice(const struct rc_request *request, enum rc_request_result result)
{
    bool order = request->has_action || request->verb == RC_VERB_SWEEP ||
                 request->person.action != RC_PERSON_LIST || request->until_at != RC_NONE || request->adds ||
                 request->verb == RC_VERB_ARCHIVE;
    if (result == RC_REQUEST_REFUSED) {
        return "nothing was changed";
    }
    return order ? "it may have been carried out all the same: look before you send it again"
                 : "is the service running, and for this site?";
}

enum rc_exit rc_ask(struct rc_context *context, struct rc_request *request, struct rc_reading **reading)
{
    *reading = NULL;
    char unique[UNIQUE_MAX];
    enum rc_exit code = make_unique(context, unique) ? connect_once(context) : RC_EXIT_LOCAL;
    if (code != RC_EXIT_OK) {
        return code;
    }
    request->login = context->login;
    snprintf(request->request_id, sizeof request->request_id, "%s", unique);
    char topic[RC_TOPIC_MAX];
    char payload[RC_PAYLOAD_MAX + 1];
    rc_request_topic(topic, &context->site, request);
    size_t length = rc_request_write(request, payload, sizeof payload);
    if (length == 0) {
        rc_complain(context,
                    "the request is longer than the %d bytes that the service takes: shorten the reason",
                    RC_PAYLOAD_MAX);
        return RC_EXIT_USAGE;
    }
    char *answer = NULL;
    size_t answer_length = 0;
    char error[RC_REQUEST_ERROR_MAX];
    enum rc_request_result result =
        rc_requester_ask(context->requester, topic, (struct rc_text){.data = payload, .length = length},
                         (struct rc_text){.data = unique, .length = strlen(unique)}, context->timeout_ms,
                         &answer, &answer_length, error);
    if (result != RC_REQUEST_OK) {
        rc_complain(context, "%s; %s", error, advice(request, result));
        return exit_of(result);
    }
    code = judge(context, request, (struct rc_text){.data = answer, .length = answer_length}, reading);
    free(answer);
    return code;
}

/* A place in a list: a number, an employee, or a day and an employee. */
struct place {
    int64_t number;
    char text[RC_DATE_MAX + RC_ID_MAX + 1];
};

/* read_place reads the reply's nextCursor into the request and *place; false: there is none, which is the
 * end, and *place is empty, or it makes no sense, and *place is as it was. */
static bool read_place(const struct rc_reading_row *reply, struct rc_request *request, struct place *place)
{
    const char *text = rc_row_text(reply, "nextCursor");
    if (rc_row_integer(reply, "nextCursor", &request->cursor)) {
        place->number = request->cursor;
        return true;
    }
    if (text == NULL) {
        *place = (struct place){.number = RC_NONE};
        return false;
    }
    const char *slash = strchr(text, '/');
    size_t date = slash == NULL ? 0 : (size_t)(slash - text);
    if (date >= sizeof request->after_date ||
        !rc_id_set(&request->after_employee, rc_text_of(slash == NULL ? text : slash + 1))) {
        return false;
    }
    snprintf(request->after_date, sizeof request->after_date, "%.*s", (int)date, text);
    snprintf(place->text, sizeof place->text, "%s", text);
    return true;
}

static bool same_place(const struct place *a, const struct place *b)
{
    return a->number == b->number && strcmp(a->text, b->text) == 0;
}

enum rc_exit rc_ask_pages(struct rc_context *context, struct rc_request *request, const char *key,
                          rc_ask_row_fn *each, void *data)
{
    int64_t left = INT64_MAX;
    if (!rc_context_integer(context, RC_O_LIMIT, &left)) {
        return RC_EXIT_USAGE;
    }
    bool more = true;
    struct place place = {.number = 0}; /* no list goes on there */
    while (more && left > 0) {
        struct rc_reading *reading = NULL;
        request->limit = left < PAGE_ROWS ? left : PAGE_ROWS;
        enum rc_exit code = rc_ask(context, request, &reading);
        if (code != RC_EXIT_OK) {
            return code;
        }
        const struct rc_reading_row *row = rc_reading_first(reading, key);
        for (; row != NULL && left > 0; row = rc_reading_next(row), left--) {
            each(data, reading, row);
        }
        struct place before = place;
        more = read_place(rc_reading_top(reading), request, &place);
        rc_reading_free(reading);
        if (same_place(&place, &before)) {
            rc_complain(context, "the service gives a nextCursor that leads nowhere");
            return RC_EXIT_LOCAL;
        }
    }
    return RC_EXIT_OK;
}
