/*
 * ask.h: questions to the service and their answers, page by page. Decides nothing; asks each question once.
 * What goes wrong is reported on the context's err, and the exit code says which kind it was. One thread.
 */
#ifndef RC_CLI_ASK_H
#define RC_CLI_ASK_H

#include "cli/context.h"
#include "wire/reply_read.h"
#include "wire/request_write.h"

/* rc_ask sends the request (its login and requestId are filled in here) and waits for the answer. RC_EXIT_OK:
 * *reading is a reply with ok true, the caller's, who frees it with rc_reading_free; else *reading is NULL.
 */
enum rc_exit rc_ask(struct rc_context *context, struct rc_request *request, struct rc_reading **reading);

/* rc_ask_row_fn gets each row of a list, with the reply that it is in. */
typedef void rc_ask_row_fn(void *data, const struct rc_reading *reading, const struct rc_reading_row *row);

/* rc_ask_pages asks for page after page, and hands over each row of the list under key, until there are no
 * more or the option --limit is reached. Sets the request's limit and cursor. */
enum rc_exit rc_ask_pages(struct rc_context *context, struct rc_request *request, const char *key,
                          rc_ask_row_fn *each, void *data);

#endif
