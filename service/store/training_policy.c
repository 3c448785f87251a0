/* The policies of training (T-1): see training.h. Append-only: the table's triggers and the authorizer see to
 * it. */
#include "handle.h"
#include "store/training.h"

#include <stdio.h>

static enum rc_store_result last_number(struct rc_store *store, int site, int64_t *out)
{
    struct binder binder;
    enum rc_store_result result = rc_bind_sql(store, RC_SQL_POLICY_LAST, &binder);
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

enum rc_store_result rc_store_training_policy_add(struct rc_store *store, int site,
                                                  struct rc_training_policy *policy)
{
    int64_t last = 0;
    struct binder binder;
    bool whole_site = policy->course.length == 0;
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result == RC_STORE_OK)
        result = last_number(store, site, &last);
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_POLICY_ADD, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_int(&binder, last + 1);
    rc_bind_key(&binder, &policy->course);
    rc_bind_int(&binder, policy->from_at);
    rc_bind_int(&binder, policy->limit_minutes);
    rc_bind_given(&binder, whole_site ? policy->interval_ms : RC_NONE);
    rc_bind_given(&binder, whole_site ? policy->break_minutes : RC_NONE);
    rc_bind_given(&binder, whole_site ? policy->break_after_minutes : RC_NONE);
    rc_bind_word(&binder, whole_site ? policy->zone : NULL);
    rc_bind_int(&binder, policy->from_settings ? 1 : 0);
    rc_bind_id(&binder, &policy->actor);
    rc_bind_int(&binder, policy->added_at);
    result = rc_handle_run(store, binder.statement);
    if (result == RC_STORE_OK)
        policy->number = last + 1;
    return result;
}

static void read_policy(sqlite3_stmt *statement, struct rc_training_policy *out)
{
    struct rc_text zone = rc_column_text(statement, 7);
    *out = (struct rc_training_policy){
        .number = rc_column_some(statement, 0),
        .from_at = rc_column_some(statement, 2),
        .limit_minutes = rc_column_some(statement, 3),
        .interval_ms = rc_column_some(statement, 4),
        .break_minutes = rc_column_some(statement, 5),
        .break_after_minutes = rc_column_some(statement, 6),
        .from_settings = rc_column_bool(statement, 8),
        .added_at = rc_column_some(statement, 10),
    };
    rc_column_id(statement, 1, &out->course);
    rc_column_id(statement, 9, &out->actor);
    snprintf(out->zone, sizeof out->zone, "%.*s", (int)zone.length, zone.data == NULL ? "" : zone.data);
}

enum rc_store_result rc_store_training_policies(struct rc_store *store, int site, rc_store_policy_fn *each,
                                                void *context)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_POLICIES, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    while (rc_handle_row(store, binder.statement, &result)) {
        struct rc_training_policy policy;
        read_policy(binder.statement, &policy);
        if (!each(context, &policy)) {
            sqlite3_reset(binder.statement);
            break;
        }
    }
    return result;
}
