#include "cli/show.h"

#include "cli/csv.h"
#include "cli/table.h"

#include <assert.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* A cell's text is written to `out`, which is empty; what stays empty shows as "-". */
typedef void cell_fn(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                     GString *out);

struct column {
    const char *heading;
    bool right;
    const char *key;
    cell_fn *cell;
};

#define COLUMNS_MAX 12

struct list {
    const char *nothing; /* what to say if there are no rows */
    struct column columns[COLUMNS_MAX];
};

struct rc_show {
    const struct rc_context *context;
    const struct list *list;
    struct rc_table_column headings[COLUMNS_MAX];
    size_t columns;
    struct rc_table *table; /* NULL: JSON or CSV */
    GString *cells[COLUMNS_MAX];
};

/* ---- cells ---- */

static void show_text(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                      GString *out)
{
    (void)context;
    const char *text = rc_row_text(row, key);
    g_string_append(out, text == NULL ? "" : text);
}

static void show_integer(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                         GString *out)
{
    (void)context;
    int64_t value = 0;
    if (rc_row_integer(row, key, &value)) {
        g_string_append_printf(out, "%" G_GINT64_FORMAT, value);
    }
}

static void show_moment(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                        GString *out)
{
    int64_t at = 0;
    char text[RC_MOMENT_TEXT_MAX];
    if (rc_row_integer(row, key, &at)) {
        rc_moment_print(context->zone, at, text);
        g_string_append(out, text);
    }
}

static void show_duration(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                          GString *out)
{
    (void)context;
    int64_t ms = 0;
    char text[RC_MOMENT_TEXT_MAX];
    if (rc_row_integer(row, key, &ms)) {
        rc_moment_print_duration(ms, text);
        g_string_append(out, text);
    }
}

/* Hours under review are unresolved, never zero (P-16). */
static void show_worked(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                        GString *out)
{
    (void)context;
    (void)key;
    int64_t in_at = 0;
    int64_t out_at = 0;
    char text[RC_MOMENT_TEXT_MAX];
    if (rc_row_true(row, "review")) {
        g_string_append(out, "unresolved");
    } else if (!rc_row_integer(row, "outAt", &out_at)) {
        g_string_append(out, "open");
    } else if (rc_row_integer(row, "inAt", &in_at)) {
        rc_moment_print_duration(out_at - in_at, text);
        g_string_append(out, text);
    }
}

static void show_yes(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                     GString *out)
{
    (void)context;
    g_string_append(out, rc_row_true(row, key) ? "yes" : "no");
}

static bool is_held(const struct rc_reading_row *row)
{
    const char *state = rc_row_text(row, "state");
    return state != NULL && strcmp(state, "held") == 0;
}

/* Whether a row of the log counts now. */
static void show_counts(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                        GString *out)
{
    (void)context;
    (void)key;
    const char *otherwise = is_held(row) && !rc_row_true(row, "decided") ? "held" : "no";
    g_string_append(out, rc_row_true(row, "inEffect") ? "yes" : otherwise);
}

/* Whether a row of the log waits for a person. */
static void show_review(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                        GString *out)
{
    (void)context;
    (void)key;
    if (rc_row_true(row, "decided")) {
        g_string_append(out, "decided");
    } else if (is_held(row) || rc_row_true(row, "review")) {
        g_string_append(out, "open");
    }
}

/* The time as it stands now: after a retime not the one that was recorded. */
static void show_effective(const struct rc_context *context, const struct rc_reading_row *row,
                           const char *key, GString *out)
{
    int64_t at = 0;
    show_moment(context, row, rc_row_integer(row, "effectiveAt", &at) ? "effectiveAt" : key, out);
}

/* Who made the row: of a correction the person, of a punch the login. */
static void show_by(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                    GString *out)
{
    (void)key;
    show_text(context, row, rc_row_text(row, "actor") != NULL ? "actor" : "login", out);
}

static void show_target(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                        GString *out)
{
    int64_t target = 0;
    show_integer(context, row, rc_row_integer(row, key, &target) ? key : "closes", out);
}

static void show_note(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                      GString *out)
{
    show_text(context, row, "action", out);
    const char *text = rc_row_text(row, "reason");
    text = text == NULL ? rc_row_text(row, key) : text;
    if (text != NULL && text[0] != '\0') {
        g_string_append_printf(out, "%s%s", out->len > 0 ? ": " : "", text);
    }
}

/* A policy without a course is the site's. */
static void show_course(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                        GString *out)
{
    show_text(context, row, key, out);
    g_string_append(out, out->len == 0 ? "(all)" : "");
}

/* The first policy has always held. */
static void show_start(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                       GString *out)
{
    int64_t at = 0;
    if (rc_row_integer(row, key, &at) && at == 0) {
        g_string_append(out, "ever");
    } else {
        show_moment(context, row, key, out);
    }
}

/* Who ordered a policy; without anybody it comes from the settings. */
static void show_actor(const struct rc_context *context, const struct rc_reading_row *row, const char *key,
                       GString *out)
{
    show_text(context, row, key, out);
    g_string_append(out, out->len == 0 ? "settings" : "");
}

/* ---- lists ---- */

static const struct list lists[RC_SHOW_KIND_COUNT] = {
    [RC_SHOW_WHO] = {"nobody is IN",
                     {
                         {"EMPLOYEE", false, "employeeId", show_text},
                         {"GROUP", false, "group", show_text},
                         {"SINCE", false, "since", show_moment},
                         {"PRESENCE", false, "presence", show_text},
                         {"SESSIONS", true, "sessions", show_integer},
                         {"LAST SEEN", false, "lastSeen", show_moment},
                         {"CLASS", false, "lastClass", show_text},
                         {"SESSION", false, "lastSession", show_text},
                     }},
    [RC_SHOW_PUNCHES] = {"no rows",
                         {
                             {"SEQ", true, "seq", show_integer},
                             {"EMPLOYEE", false, "employeeId", show_text},
                             {"TYPE", false, "type", show_text},
                             {"AT", false, "at", show_effective},
                             {"CAUSE", false, "cause", show_text},
                             {"COUNTS", false, "inEffect", show_counts},
                             {"REVIEW", false, "review", show_review},
                             {"TARGET", true, "targetSeq", show_target},
                             {"HOLD", true, "holdId", show_integer},
                             {"SESSION", false, "sessionId", show_text},
                             {"BY", false, "login", show_by},
                             {"NOTE", false, "note", show_note},
                         }},
    [RC_SHOW_PERIODS] = {"no periods",
                         {
                             {"EMPLOYEE", false, "employeeId", show_text},
                             {"IN SEQ", true, "inSeq", show_integer},
                             {"IN", false, "inAt", show_moment},
                             {"OUT SEQ", true, "outSeq", show_integer},
                             {"OUT", false, "outAt", show_moment},
                             {"BY", false, "outType", show_text},
                             {"CAUSE", false, "cause", show_text},
                             {"WORKED", true, "review", show_worked},
                             {"HELD", true, "held", show_integer},
                         }},
    [RC_SHOW_SESSIONS] = {"no sessions",
                          {
                              {"SESSION", false, "sessionId", show_text},
                              {"CLASS", false, "class", show_text},
                              {"STATE", false, "state", show_text},
                              {"EPOCH", true, "epoch", show_integer},
                              {"INTERVAL", true, "intervalMs", show_duration},
                              {"FIRST HEARD", false, "firstHeard", show_moment},
                              {"LAST HEARD", false, "lastHeard", show_moment},
                              {"DUE IN", true, "dueInMs", show_duration},
                          }},
    [RC_SHOW_ASKS] = {"nothing is asked for",
                      {
                          {"ASK", true, "askId", show_integer},
                          {"EMPLOYEE", false, "employeeId", show_text},
                          {"ACTION", false, "action", show_text},
                          {"SEQ", true, "seq", show_integer},
                          {"TYPE", false, "type", show_text},
                          {"AT", false, "at", show_moment},
                          {"ASKED BY", false, "askedBy", show_text},
                          {"ASKED AT", false, "askedAt", show_moment},
                          {"REASON", false, "reason", show_text},
                          {"STATE", false, "state", show_text},
                          {"DECIDED BY", false, "decidedBy", show_text},
                          {"WHY", false, "decisionReason", show_text},
                      }},
    [RC_SHOW_TRAINING_DAYS] = {"no training",
                               {
                                   {"DATE", false, "date", show_text},
                                   {"EMPLOYEE", false, "employeeId", show_text},
                                   {"MINUTES", true, "minutesCompleted", show_integer},
                                   {"SECONDS", true, "secondsCompleted", show_integer},
                                   {"SESSIONS", true, "sessionCount", show_integer},
                                   {"HEARTBEATS", true, "heartbeats", show_integer},
                                   {"REFUSED", true, "refused", show_integer},
                                   {"STATUS", false, "status", show_text},
                                   {"LOCKED AT", false, "lockedAt", show_moment},
                               }},
    [RC_SHOW_TRAINING_COURSES] = {"no courses",
                                  {
                                      {"COURSE", false, "courseId", show_text},
                                      {"SECONDS", true, "secondsCompleted", show_integer},
                                      {"STATUS", false, "status", show_text},
                                  }},
    [RC_SHOW_TRAINING_SESSIONS] = {"no sessions",
                                   {
                                       {"SESSION", false, "sessionId", show_text},
                                       {"COURSE", false, "courseId", show_text},
                                       {"SECONDS", true, "secondsAdded", show_integer},
                                       {"HEARTBEATS", true, "heartbeats", show_integer},
                                       {"LAST HEARD", false, "lastHeartbeat", show_moment},
                                   }},
    [RC_SHOW_POLICIES] = {"no policies",
                          {
                              {"POLICY", true, "number", show_integer},
                              {"COURSE", false, "courseId", show_course},
                              {"FROM", false, "from", show_start},
                              {"MINUTES", true, "limitMinutes", show_integer},
                              {"INTERVAL", true, "intervalMs", show_duration},
                              {"ZONE", false, "zone", show_text},
                              {"BREAK", true, "breakMinutes", show_integer},
                              {"AFTER", true, "breakAfterMinutes", show_integer},
                              {"BY", false, "actor", show_actor},
                          }},
    [RC_SHOW_DIRECTORY] = {"nobody is in the directory",
                           {
                               {"EMPLOYEE", false, "employeeId", show_text},
                               {"NAME", false, "name", show_text},
                               {"GROUP", false, "group", show_text},
                               {"EMAIL", false, "email", show_text},
                               {"MANAGER", false, "managerId", show_text},
                               {"ACTIVE", false, "active", show_yes},
                           }},
};

static void csv_headings(const struct rc_show *show)
{
    const char *names[COLUMNS_MAX];
    for (size_t i = 0; i < show->columns; i++) {
        names[i] = show->list->columns[i].key;
    }
    rc_csv_row(show->context->out, names, show->columns);
}

struct rc_show *rc_show_begin(const struct rc_context *context, enum rc_show_kind kind)
{
    assert(kind < RC_SHOW_KIND_COUNT);
    struct rc_show *show = g_new0(struct rc_show, 1);
    show->context = context;
    show->list = &lists[kind];
    while (show->columns < COLUMNS_MAX && show->list->columns[show->columns].cell != NULL) {
        const struct column *column = &show->list->columns[show->columns];
        show->cells[show->columns] = g_string_new(NULL);
        show->headings[show->columns++] = (struct rc_table_column){column->heading, column->right};
    }
    if (context->csv) {
        csv_headings(show);
    } else if (!context->json) {
        show->table = rc_table_alloc(context->out, show->headings, show->columns);
    }
    return show;
}

void rc_show_row(struct rc_show *show, const struct rc_reading_row *row)
{
    const struct rc_context *context = show->context;
    if (context->json) {
        rc_show_json(context, row);
        return;
    }
    const char *texts[COLUMNS_MAX];
    for (size_t i = 0; i < show->columns; i++) {
        const struct column *column = &show->list->columns[i];
        g_string_truncate(show->cells[i], 0);
        column->cell(context, row, column->key, show->cells[i]);
        texts[i] = show->cells[i]->str;
    }
    if (context->csv) {
        rc_csv_row(context->out, texts, show->columns);
    }
    for (size_t i = 0; show->table != NULL && i < show->columns; i++) {
        rc_table_cell(show->table, texts[i]);
    }
}

void rc_show_end(struct rc_show *show, bool complete)
{
    if (show->table != NULL) {
        bool empty = rc_table_rows(show->table) == 0;
        if (complete || !empty) {
            rc_table_end(show->table);
        }
        rc_table_free(show->table);
        fflush(show->context->out);
        if (empty && complete) {
            fprintf(show->context->err, "%s\n", show->list->nothing);
        }
    }
    for (size_t i = 0; i < show->columns; i++) {
        g_string_free(show->cells[i], TRUE);
    }
    g_free(show);
}

static void show_each(void *data, const struct rc_reading *reading, const struct rc_reading_row *row)
{
    (void)reading;
    rc_show_row(data, row);
}

enum rc_exit rc_show_list(struct rc_context *context, struct rc_request *request, const char *key,
                          enum rc_show_kind kind)
{
    struct rc_show *show = rc_show_begin(context, kind);
    enum rc_exit code = rc_ask_pages(context, request, key, show_each, show);
    rc_show_end(show, code == RC_EXIT_OK);
    return code;
}

void rc_show_json(const struct rc_context *context, const struct rc_reading_row *row)
{
    char *line = rc_row_print(row);
    if (line == NULL) {
        g_error("no memory"); /* aborts, as GLib does */
    }
    fprintf(context->out, "%s\n", line);
    free(line);
}

#define GAP 2 /* spaces after the longest name */

/* show_fields writes a field a line, the name in a column of its own. */
static void show_fields(const struct rc_context *context, const struct rc_reading_row *row,
                        const struct column *fields, size_t count)
{
    GString *value = g_string_new(NULL);
    size_t width = 0;
    for (size_t i = 0; i < count; i++) {
        width = MAX(width, strlen(fields[i].heading) + GAP);
    }
    for (size_t i = 0; i < count; i++) {
        g_string_truncate(value, 0);
        fields[i].cell(context, row, fields[i].key, value);
        char *escaped = rc_escape(value->len == 0 ? "-" : value->str);
        fprintf(context->out, "%-*s%s\n", (int)width, fields[i].heading, escaped);
        free(escaped);
    }
    g_string_free(value, TRUE);
}

void rc_show_employee(const struct rc_context *context, const struct rc_reading_row *row)
{
    static const struct column fields[] = {
        {"employee", false, "employeeId", show_text},  {"group", false, "group", show_text},
        {"status", false, "status", show_text},        {"since", false, "since", show_moment},
        {"cause", false, "cause", show_text},          {"presence", false, "presence", show_text},
        {"last seen", false, "lastSeen", show_moment}, {"version", false, "version", show_integer},
    };
    show_fields(context, row, fields, G_N_ELEMENTS(fields));
}

void rc_show_training_day(const struct rc_context *context, const struct rc_reading_row *row)
{
    static const struct column fields[] = {
        {"employee", false, "employeeId", show_text},
        {"date", false, "date", show_text},
        {"status", false, "status", show_text},
        {"minutes", false, "minutesCompleted", show_integer},
        {"seconds", false, "secondsCompleted", show_integer},
        {"limit", false, "limitMinutes", show_integer},
        {"remaining", false, "remainingMinutes", show_integer},
        {"locked at", false, "lockedAt", show_moment},
        {"locked until", false, "lockedUntil", show_moment},
        {"sessions", false, "sessionCount", show_integer},
        {"heartbeats", false, "heartbeats", show_integer},
        {"refused", false, "refused", show_integer},
    };
    show_fields(context, row, fields, G_N_ELEMENTS(fields));
}
