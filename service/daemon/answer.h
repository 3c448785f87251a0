/*
 * answer.h: a request and its answer (docs/protocol.md). Service thread. Questions are answered from what is
 * durable: the open batch is committed first, and the answer goes straight to the link. Orders are carried
 * out in the open batch, and their answer is in the outbox of the same transaction.
 */
#ifndef RC_DAEMON_ANSWER_H
#define RC_DAEMON_ANSWER_H

#include "daemon/access.h"
#include "daemon/service.h"

/* A request that is being answered. */
struct rc_answering {
    struct rc_service *service;
    struct rc_site *site;
    const struct rc_asker *asker;
    const struct rc_request *request;
    const struct rc_reply_to *to;
    int64_t now, at; /* when it was received */
};

/* rc_answer carries out a request and answers it. It narrows *request to what the asker may see (access.h).
 */
void rc_answer(struct rc_service *service, struct rc_site *site, const struct rc_asker *asker,
               struct rc_request *request, const struct rc_reply_to *to, int64_t now, int64_t at);

/* rc_answer_refusal answers at once, past the store, that it is not done. */
void rc_answer_refusal(struct rc_site *site, const struct rc_reply_to *to, const char *request_id,
                       enum rc_code code, const char *message);

/* rc_answer_direct sends a finished reply past the store and frees it; rc_answer_durable puts it into the
 * outbox. */
void rc_answer_direct(const struct rc_answering *answering, struct rc_reply *reply);
void rc_answer_durable(const struct rc_answering *answering, struct rc_reply *reply);

/* Fields that are left out where they have no value. */
void rc_answer_id(struct rc_reply *reply, const char *key, const struct rc_id *id);
void rc_answer_integer(struct rc_reply *reply, const char *key, int64_t value); /* 0: none */

/* answer_log.c: questions of the log */
void rc_answer_punches(const struct rc_answering *answering);
void rc_answer_periods(const struct rc_answering *answering);

/* answer_training.c: days and policies of training */
void rc_answer_training_days(const struct rc_answering *answering);
void rc_answer_policies(const struct rc_answering *answering);
void rc_answer_add_policy(const struct rc_answering *answering);

/* correct.c: corrections, asks for them, and the list of those */
void rc_answer_asks(const struct rc_answering *answering);
void rc_answer_correct(const struct rc_answering *answering);

/* answer_employee.c: the directory, and changes of it; rc_answer_introduce tells the engine of somebody in it
 * (their group, P-8) or removed from it. */
void rc_answer_employees(const struct rc_answering *answering);
void rc_answer_employee(const struct rc_answering *answering);
void rc_answer_introduce(struct rc_service *service, struct rc_site *site, const struct rc_directory_row *row,
                         int64_t now, int64_t at);

#endif
