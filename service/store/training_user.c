#include "training_user.h"

#include <assert.h>

/* Columns of RC_SQL_COVER_GET. */
enum { COVER_BOOT, COVER_NOW, COVER_AT, COVER_RUN_MS, COVER_RUN_UNTIL, COVER_SPANS };

_Static_assert(RC_TRAINING_SPANS_MAX == 4, "training_covers has columns for so many");

static const struct rc_id no_course = {0, ""};

/* ---- boot times of another boot ---- */

int64_t rc_moment_here(const struct rc_store *store, const struct rc_moment *kept,
                       struct rc_training_now moment, int64_t then)
{
    if (kept->boot == store->boot)
        return then;
    int64_t label = then - kept->now + kept->at, here = label - moment.at + moment.now;
    return here == RC_NONE ? RC_NONE - 1 : here; /* a millisecond that nobody will miss */
}

/* What ends later than any heartbeat reaches was labelled by a wall clock that was wrong, then or now:
 * nothing that stands beside it can be told either. */
static bool is_told(struct rc_training_now moment, int64_t end_now)
{
    return end_now <= moment.now + RC_TRAINING_INTERVAL_MS_MAX;
}

/* ---- loading ---- */

static void read_cover(const struct rc_store *store, sqlite3_stmt *statement, const struct rc_moment *kept,
                       struct rc_training_now moment, struct rc_cover *out)
{
    for (int i = 0; i < RC_TRAINING_SPANS_MAX; i++) {
        int column = COVER_SPANS + 2 * i;
        if (sqlite3_column_type(statement, column) == SQLITE_NULL)
            return;
        const struct rc_span span = {
            rc_moment_here(store, kept, moment, sqlite3_column_int64(statement, column)),
            rc_moment_here(store, kept, moment, sqlite3_column_int64(statement, column + 1)),
        };
        if (!is_told(moment, span.to_now)) {
            out->count = 0;
            return;
        }
        if (span.to_now > moment.now) /* what lies behind is a number already */
            out->spans[out->count++] = span;
    }
}

static void read_run(const struct rc_store *store, sqlite3_stmt *statement, const struct rc_moment *kept,
                     struct rc_training_now moment, struct rc_training_ledger *ledger)
{
    int64_t until = rc_column_given(statement, COVER_RUN_UNTIL);
    if (until == RC_NONE)
        return;
    until = rc_moment_here(store, kept, moment, until);
    if (!is_told(moment, until))
        return;
    ledger->run_until_now = until;
    ledger->run_ms = rc_column_some(statement, COVER_RUN_MS);
}

/* ledger: where the run goes, NULL for a course. */
static enum rc_store_result load_one(struct rc_store *store, const struct rc_id *user,
                                     const struct rc_id *course, struct rc_training_now moment,
                                     struct rc_cover *out, struct rc_training_ledger *ledger)
{
    struct binder binder;
    enum rc_store_result result = rc_bind_sql(store, RC_SQL_COVER_GET, &binder);
    out->count = 0;
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, user);
    rc_bind_key(&binder, course);
    if (!rc_handle_row(store, binder.statement, &result))
        return result;
    const struct rc_moment kept = {
        .boot = rc_column_some(binder.statement, COVER_BOOT),
        .now = rc_column_some(binder.statement, COVER_NOW),
        .at = rc_column_some(binder.statement, COVER_AT),
    };
    read_cover(store, binder.statement, &kept, moment, out);
    if (ledger != NULL)
        read_run(store, binder.statement, &kept, moment, ledger);
    sqlite3_reset(binder.statement);
    return RC_STORE_OK;
}

enum rc_store_result rc_training_user_load(struct rc_store *store, const struct rc_id *user,
                                           const struct rc_id *course, struct rc_training_now moment,
                                           struct rc_training_ledger *ledger)
{
    ledger->run_ms = 0;
    ledger->run_until_now = RC_NONE;
    ledger->course_cover.count = 0;
    enum rc_store_result result = load_one(store, user, &no_course, moment, &ledger->cover, ledger);
    if (result == RC_STORE_OK && course->length > 0)
        result = load_one(store, user, course, moment, &ledger->course_cover, NULL);
    return result;
}

/* ---- saving ---- */

static enum rc_store_result save_one(struct rc_store *store, enum rc_sql sql, const struct rc_id *user,
                                     const struct rc_id *course, struct rc_training_now moment,
                                     const struct rc_cover *cover, const struct rc_training_ledger *ledger)
{
    struct binder binder;
    enum rc_store_result result = rc_bind_sql(store, sql, &binder);
    if (result != RC_STORE_OK)
        return result;
    assert(cover->count <= RC_TRAINING_SPANS_MAX);
    rc_bind_key(&binder, user);
    rc_bind_key(&binder, course);
    rc_bind_int(&binder, store->boot);
    rc_bind_int(&binder, moment.now);
    rc_bind_int(&binder, moment.at);
    rc_bind_given(&binder, ledger == NULL ? RC_NONE : ledger->run_ms);
    rc_bind_given(&binder, ledger == NULL ? RC_NONE : ledger->run_until_now);
    for (uint32_t i = 0; i < cover->count; i++) {
        rc_bind_int(&binder, cover->spans[i].from_now);
        rc_bind_int(&binder, cover->spans[i].to_now);
    }
    for (uint32_t i = cover->count; i < RC_TRAINING_SPANS_MAX; i++) {
        rc_bind_word(&binder, NULL);
        rc_bind_word(&binder, NULL);
    }
    return rc_handle_run(store, binder.statement);
}

static enum rc_store_result save_either(struct rc_store *store, const struct rc_id *user,
                                        const struct rc_id *course, struct rc_training_now moment,
                                        const struct rc_cover *cover, const struct rc_training_ledger *ledger)
{
    enum rc_store_result result = save_one(store, RC_SQL_COVER_SET, user, course, moment, cover, ledger);
    if (result == RC_STORE_OK && sqlite3_changes(store->db) == 0)
        result = save_one(store, RC_SQL_COVER_ADD, user, course, moment, cover, ledger);
    return result;
}

enum rc_store_result rc_store_training_save_user(struct rc_store *store, const struct rc_id *user,
                                                 const struct rc_id *course, struct rc_training_now moment,
                                                 const struct rc_training_ledger *ledger)
{
    enum rc_store_result result = rc_handle_may_write(store, 0);
    assert(course->length > 0);
    if (result == RC_STORE_OK)
        result = save_either(store, user, &no_course, moment, &ledger->cover, ledger);
    if (result == RC_STORE_OK)
        result = save_either(store, user, course, moment, &ledger->course_cover, NULL);
    return result;
}
