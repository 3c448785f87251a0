/* Questions of the log: punches, periods. */
#include "daemon/answer.h"

#include "core/names.h"
#include "daemon/paging.h"
#include "wire/encode.h"

#include <stdio.h>

/* Bytes of a row without its ids and texts: keys, punctuation, numbers, hash. */
#define PUNCH_ROW_BYTES  ((size_t)640)
#define PERIOD_ROW_BYTES ((size_t)240)

struct listing {
    struct rc_reply *reply;
    struct rc_paging paging;
};

/* One row more than the page has, to know whether there is a next one. */
static struct rc_page page_of(const struct rc_request *request, const struct rc_paging *paging)
{
    return (struct rc_page){.employee = request->employee,
                            .from_at = request->from_at == RC_NONE ? 0 : request->from_at,
                            .to_at = request->to_at == RC_NONE ? INT64_MAX : request->to_at,
                            .after = request->cursor == RC_NONE ? 0 : request->cursor,
                            .limit = paging->limit + 1,
                            .undecided_only = request->undecided};
}

static struct listing begin(const struct rc_answering *answering, const char *key)
{
    struct listing listing;
    listing.reply = rc_reply_new(answering->request->request_id, RC_OK, NULL);
    rc_paging_begin(&listing.paging, answering->request->limit);
    rc_reply_list(listing.reply, key);
    return listing;
}

static void end(const struct rc_answering *answering, struct listing *listing, enum rc_store_result result)
{
    if (result != RC_STORE_OK) {
        rc_reply_free(listing->reply);
        rc_batch_fail(answering->service, result);
        rc_batch_unavailable(answering->site, answering->to, answering->request->request_id);
        return;
    }
    if (listing->paging.more)
        rc_reply_integer(listing->reply, "nextCursor", listing->paging.cursor);
    rc_answer_direct(answering, listing->reply);
}

static void add_hash(struct rc_reply *reply, const uint8_t hash[32])
{
    static const char digits[] = "0123456789abcdef";
    char hex[64];
    for (int i = 0; i < 32; i++) {
        hex[2 * i] = digits[hash[i] >> 4];
        hex[2 * i + 1] = digits[hash[i] & 15];
    }
    rc_reply_text(reply, "hash", (struct rc_text){hex, sizeof hex});
}

static void add_text(struct rc_reply *reply, const char *key, struct rc_text text)
{
    if (text.length > 0)
        rc_reply_text(reply, key, text);
}

/* The fields that the event topic has too. */
static void add_event(struct rc_reply *reply, const struct rc_row *row)
{
    rc_reply_integer(reply, "seq", row->seq);
    add_text(reply, "id", (struct rc_text){row->id.text, row->id.length});
    rc_answer_id(reply, "employeeId", &row->employee);
    rc_reply_text(reply, "type", rc_text_of(rc_type_name(row->type)));
    rc_reply_integer(reply, "at", row->at);
    rc_answer_integer(reply, "lastEvidenceAt", row->last_evidence_at);
    rc_answer_integer(reply, "detectedAt", row->detected_at);
    rc_reply_integer(reply, "recordedAt", row->recorded_at);
    rc_reply_text(reply, "cause", rc_text_of(rc_cause_name(row->cause)));
    rc_answer_id(reply, "sessionId", &row->session);
    rc_answer_id(reply, "login", &row->login);
    rc_reply_bool(reply, "review", row->review);
    rc_answer_integer(reply, "holdId", row->hold);
    rc_answer_integer(reply, "targetSeq", row->target_seq);
    add_hash(reply, row->hash);
}

static bool add_punch(void *context, const struct rc_stored_row *stored)
{
    struct listing *listing = context;
    struct rc_reply *reply = listing->reply;
    const struct rc_row *row = &stored->row;
    size_t bytes = PUNCH_ROW_BYTES + row->employee.length + row->session.length + row->login.length +
                   row->actor.length + rc_paging_text((struct rc_text){row->id.text, row->id.length}) +
                   rc_paging_text(row->note) + rc_paging_text(row->reason);
    if (!rc_paging_take(&listing->paging, bytes, row->seq))
        return false;
    rc_reply_row_begin(reply);
    add_event(reply, row);
    rc_answer_integer(reply, "closes", row->closes);
    if (row->device_at != RC_NONE)
        rc_reply_integer(reply, "deviceAt", row->device_at);
    if (row->action != RC_ACTION_NONE)
        rc_reply_text(reply, "action", rc_text_of(rc_action_name(row->action)));
    rc_answer_id(reply, "actor", &row->actor);
    add_text(reply, "reason", row->reason);
    add_text(reply, "note", row->note);
    rc_reply_text(reply, "state", rc_text_of(row->held ? "held" : "effective"));
    rc_reply_bool(reply, "inEffect", stored->in_effect);
    rc_reply_bool(reply, "decided", stored->decided);
    rc_reply_integer(reply, "effectiveAt", stored->effective_at);
    rc_reply_row_end(reply);
    return true;
}

void rc_answer_punches(const struct rc_answering *answering)
{
    struct listing listing = begin(answering, "rows");
    struct rc_page page = page_of(answering->request, &listing.paging);
    end(answering, &listing,
        rc_store_punches(answering->service->store, answering->site->number, &page, add_punch, &listing));
}

static bool add_period(void *context, const struct rc_period_row *row)
{
    struct listing *listing = context;
    struct rc_reply *reply = listing->reply;
    if (!rc_paging_take(&listing->paging, PERIOD_ROW_BYTES + row->employee.length, row->in_seq))
        return false;
    rc_reply_row_begin(reply);
    rc_answer_id(reply, "employeeId", &row->employee);
    rc_reply_integer(reply, "inSeq", row->in_seq);
    rc_reply_integer(reply, "inAt", row->in_at);
    if (row->out_seq != 0) {
        rc_reply_integer(reply, "outSeq", row->out_seq);
        rc_reply_integer(reply, "outAt", row->out_at);
        rc_reply_text(reply, "outType", rc_text_of(rc_type_name(row->out_type)));
        rc_reply_text(reply, "cause", rc_text_of(rc_cause_name(row->cause)));
    }
    rc_reply_bool(reply, "review", row->review);
    rc_answer_integer(reply, "held", row->held);
    rc_reply_row_end(reply);
    return true;
}

void rc_answer_periods(const struct rc_answering *answering)
{
    struct listing listing = begin(answering, "periods");
    struct rc_page page = page_of(answering->request, &listing.paging);
    end(answering, &listing,
        rc_store_periods(answering->service->store, answering->site->number, &page, add_period, &listing));
}
