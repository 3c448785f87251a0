/*
 * show.h: rows of replies for people, as columns, or for programs, as JSON lines or CSV. Decides which field
 * stands in which column and how it reads; in CSV a column is named as the field is, and a field without a
 * value is empty. One thread.
 */
#ifndef RC_CLI_SHOW_H
#define RC_CLI_SHOW_H

#include "cli/ask.h"

enum rc_show_kind {
    RC_SHOW_WHO,
    RC_SHOW_PUNCHES,
    RC_SHOW_PERIODS,
    RC_SHOW_SESSIONS,
    RC_SHOW_ASKS,
    RC_SHOW_TRAINING_DAYS,
    RC_SHOW_TRAINING_COURSES,  /* of one day */
    RC_SHOW_TRAINING_SESSIONS, /* of one day */
    RC_SHOW_POLICIES,
    RC_SHOW_DIRECTORY,
    RC_SHOW_KIND_COUNT
};

struct rc_show;

/* rc_show_begin starts a list on the context's out. rc_show_end prints what is left and frees; with columns,
 * it says on err that there is nothing to see where that is so and the list complete. */
struct rc_show *rc_show_begin(const struct rc_context *context, enum rc_show_kind kind);
void rc_show_row(struct rc_show *show, const struct rc_reading_row *row);
void rc_show_end(struct rc_show *show, bool complete);

/* rc_show_list asks for a list and shows it, what came before a failure too. */
enum rc_exit rc_show_list(struct rc_context *context, struct rc_request *request, const char *key,
                          enum rc_show_kind kind);

/* rc_show_employee writes one employee's row of a `status` reply, rc_show_training_day one row of
 * `training-days`, a field a line. */
void rc_show_employee(const struct rc_context *context, const struct rc_reading_row *row);
void rc_show_training_day(const struct rc_context *context, const struct rc_reading_row *row);

/* rc_show_json writes a row as one line. */
void rc_show_json(const struct rc_context *context, const struct rc_reading_row *row);

#endif
