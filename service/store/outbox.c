/* The outbox: see store.h. */
#include "handle.h"

#include <string.h>

enum rc_store_result rc_store_outbox_add(struct rc_store *store, int site, struct rc_outgoing *message)
{
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result != RC_STORE_OK)
        return result;
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_OUTBOX_ADD);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_int(&binder, store->last_outbox + 1);
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_text(&binder, message->topic);
    rc_bind_blob(&binder, message->payload);
    if (message->correlation.length == 0)
        rc_bind_word(&binder, NULL);
    else
        rc_bind_blob(&binder, message->correlation);
    rc_bind_int(&binder, message->qos);
    rc_bind_int(&binder, message->retain ? 1 : 0);
    result = rc_handle_run(store, statement);
    if (result == RC_STORE_OK)
        message->number = ++store->last_outbox; /* never given twice in one process, rolled back or not */
    return result;
}

enum rc_store_result rc_store_outbox_done(struct rc_store *store, int64_t first, int64_t last)
{
    if (store->failed != RC_STORE_OK)
        return store->failed;
    if (!store->in_transaction)
        return rc_handle_refuse(store, "no transaction is open");
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_OUTBOX_DONE);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_int(&binder, first);
    rc_bind_int(&binder, last);
    return rc_handle_run(store, statement);
}

enum rc_store_result rc_store_outbox_prune(struct rc_store *store, int site, uint64_t *pruned)
{
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result != RC_STORE_OK)
        return result;
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_OUTBOX_PRUNE);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &store->sites[site].name);
    result = rc_handle_run(store, statement);
    *pruned = result == RC_STORE_OK ? (uint64_t)sqlite3_changes64(store->db) : 0;
    return result;
}

enum rc_store_result
rc_store_outbox_each(struct rc_store *store, int64_t after,
                     bool (*each)(void *context, int site, const struct rc_outgoing *message), void *context)
{
    enum rc_store_result result = store->failed;
    if (result != RC_STORE_OK)
        return result;
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_OUTBOX_EACH);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_int(&binder, after);
    while (rc_handle_row(store, statement, &result)) {
        struct rc_outgoing message = {
            .number = rc_column_some(statement, 0),
            .topic = rc_column_text(statement, 2),
            .payload = rc_column_text(statement, 3),
            .correlation = rc_column_text(statement, 4),
            .qos = (uint8_t)rc_column_some(statement, 5),
            .retain = rc_column_bool(statement, 6),
        };
        if (!each(context, (int)rc_column_some(statement, 1), &message)) {
            sqlite3_reset(statement);
            break;
        }
    }
    return result;
}
