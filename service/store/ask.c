/* Asks: corrections that wait for somebody else's decision. See store.h. */
#include "handle.h"

#include "core/names.h"

#include <assert.h>
#include <string.h>

static const char *const states[] = {
    [RC_ASK_OPEN] = "open", [RC_ASK_ACCEPTED] = "accepted", [RC_ASK_REJECTED] = "rejected"};

static enum rc_store_result use(struct rc_store *store, enum rc_sql sql, struct binder *binder)
{
    sqlite3_stmt *statement = rc_handle_use(store, sql);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    *binder = rc_bind(statement);
    return RC_STORE_OK;
}

static enum rc_store_result last_number(struct rc_store *store, int site, int64_t *out)
{
    struct binder binder;
    enum rc_store_result result = use(store, RC_SQL_ASK_LAST, &binder);
    *out = 0;
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    if (rc_handle_row(store, binder.statement, &result)) {
        *out = rc_column_some(binder.statement, 0);
        sqlite3_reset(binder.statement);
    }
    return result;
}

enum rc_store_result rc_store_ask_add(struct rc_store *store, int site, struct rc_ask *ask)
{
    int64_t last = 0;
    struct binder binder;
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result == RC_STORE_OK)
        result = last_number(store, site, &last);
    if (result == RC_STORE_OK)
        result = use(store, RC_SQL_ASK_ADD, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_int(&binder, last + 1);
    rc_bind_key(&binder, &ask->employee);
    rc_bind_key(&binder, &ask->asked_by);
    rc_bind_int(&binder, ask->asked_at);
    rc_bind_word(&binder, rc_action_name(ask->action));
    rc_bind_some(&binder, ask->target_seq);
    rc_bind_word(&binder, rc_type_name(ask->type));
    rc_bind_some(&binder, ask->at);
    rc_bind_text(&binder, ask->reason);
    result = rc_handle_run(store, binder.statement);
    if (result == RC_STORE_OK) {
        ask->number = last + 1;
        ask->state = RC_ASK_OPEN;
    }
    return result;
}

static bool read_state(struct rc_text text, struct rc_ask *out)
{
    for (int i = RC_ASK_OPEN; i <= RC_ASK_REJECTED; i++)
        if (text.length == strlen(states[i]) && memcmp(text.data, states[i], text.length) == 0) {
            out->state = (enum rc_ask_state)i;
            return true;
        }
    return false;
}

static bool read_ask(sqlite3_stmt *statement, struct rc_ask *out)
{
    memset(out, 0, sizeof *out);
    out->number = rc_column_some(statement, 0);
    rc_column_id(statement, 1, &out->employee);
    rc_column_id(statement, 2, &out->asked_by);
    rc_column_id(statement, 3, &out->decided_by);
    out->asked_at = rc_column_some(statement, 4);
    out->decided_at = rc_column_some(statement, 5);
    out->target_seq = rc_column_some(statement, 7);
    out->at = rc_column_some(statement, 9);
    out->reason = rc_column_text(statement, 10);
    out->result_seq = rc_column_some(statement, 12);
    out->decision_reason = rc_column_text(statement, 13);
    return rc_action_parse(rc_column_text(statement, 6), &out->action) &&
           rc_type_parse(rc_column_text(statement, 8), &out->type) &&
           read_state(rc_column_text(statement, 11), out);
}

static enum rc_store_result give(struct rc_store *store, sqlite3_stmt *statement, rc_store_ask_fn *each,
                                 void *context, bool *any)
{
    enum rc_store_result result = RC_STORE_OK;
    *any = false;
    while (rc_handle_row(store, statement, &result)) {
        struct rc_ask ask;
        *any = true;
        if (!read_ask(statement, &ask)) {
            sqlite3_reset(statement);
            return rc_handle_refuse(store, "a stored ask has an unknown word");
        }
        if (!each(context, &ask)) {
            sqlite3_reset(statement);
            break;
        }
    }
    return result;
}

enum rc_store_result rc_store_ask_find(struct rc_store *store, int site, int64_t number,
                                       rc_store_ask_fn *each, void *context)
{
    struct binder binder;
    bool any = false;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK)
        result = use(store, RC_SQL_ASK_FIND, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_int(&binder, number);
    result = give(store, binder.statement, each, context, &any);
    return result == RC_STORE_OK && !any ? RC_STORE_NOT_FOUND : result;
}

enum rc_store_result rc_store_ask_decide(struct rc_store *store, int site, const struct rc_ask *ask)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result == RC_STORE_OK)
        result = use(store, RC_SQL_ASK_DECIDE, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_word(&binder, states[ask->state]);
    rc_bind_key(&binder, &ask->decided_by);
    rc_bind_int(&binder, ask->decided_at);
    rc_bind_some(&binder, ask->result_seq);
    rc_bind_text(&binder, ask->decision_reason);
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_int(&binder, ask->number);
    result = rc_handle_run(store, binder.statement);
    return result == RC_STORE_OK && sqlite3_changes(store->db) == 0 ? RC_STORE_NOT_FOUND : result;
}

enum rc_store_result rc_store_asks(struct rc_store *store, int site, const struct rc_page *page,
                                   rc_store_ask_fn *each, void *context)
{
    struct binder binder;
    bool any, everybody = page->employee.length == 0;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK)
        result = use(store, everybody ? RC_SQL_ASKS : RC_SQL_ASKS_OF, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_int(&binder, page->after);
    rc_bind_int(&binder, page->from_at);
    rc_bind_int(&binder, page->to_at);
    rc_bind_int(&binder, page->undecided_only ? 1 : 0);
    rc_bind_int(&binder, page->limit);
    if (!everybody)
        rc_bind_key(&binder, &page->employee);
    return give(store, binder.statement, each, context, &any);
}
