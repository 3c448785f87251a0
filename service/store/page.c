/* Pages of punches and periods for people: see store.h. For one employee through that employee's index; for a
 * whole site by walking the log's own order between the first and the last row that can count. */
#include "handle.h"
#include "punch.h"

#include "core/names.h"

#include <string.h>

/* Rows that a page walks: above `after`, up to `last`. */
struct span {
    int64_t after, last;
};

static enum rc_store_result use(struct rc_store *store, int site, enum rc_sql sql, struct binder *binder)
{
    sqlite3_stmt *statement = rc_handle_use(store, sql);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    *binder = rc_bind(statement);
    rc_bind_key(binder, &store->sites[site].name);
    return RC_STORE_OK;
}

/* One row of two integers, each NULL as 0. */
static enum rc_store_result ask_pair(struct rc_store *store, struct binder *binder, int64_t *first,
                                     int64_t *second)
{
    enum rc_store_result result = RC_STORE_OK;
    *first = *second = 0;
    if (rc_handle_row(store, binder->statement, &result)) {
        *first = rc_column_some(binder->statement, 0);
        *second = rc_column_some(binder->statement, 1);
        sqlite3_reset(binder->statement);
    }
    return result;
}

/* Widens the span by the first and last seq that a statement finds. */
static enum rc_store_result widen(struct rc_store *store, struct binder *binder, struct span *span)
{
    int64_t first, last;
    enum rc_store_result result = ask_pair(store, binder, &first, &last);
    if (first != 0 && first - 1 < span->after)
        span->after = first - 1;
    if (last > span->last)
        span->last = last;
    return result;
}

/* The rows whose label can be in [from, to): their own `at`, or that of a retime. */
static enum rc_store_result span_of_rows(struct rc_store *store, int site, int64_t from, int64_t to,
                                         struct span *span)
{
    static const enum rc_sql kinds[] = {RC_SQL_SPAN_ROWS, RC_SQL_SPAN_RETIMED};
    *span = (struct span){INT64_MAX, 0};
    enum rc_store_result result = RC_STORE_OK;
    for (int i = 0; result == RC_STORE_OK && i < 2; i++) {
        struct binder binder;
        result = use(store, site, kinds[i], &binder);
        if (result != RC_STORE_OK)
            break;
        rc_bind_int(&binder, from);
        rc_bind_int(&binder, to);
        result = widen(store, &binder, span);
    }
    return result;
}

/* ---- punches ---- */

static enum rc_store_result give_rows(struct rc_store *store, sqlite3_stmt *statement, rc_store_row_fn *each,
                                      void *context)
{
    enum rc_store_result result = RC_STORE_OK;
    while (rc_handle_row(store, statement, &result)) {
        struct rc_stored_row row;
        if (!rc_punch_read(statement, &row)) {
            sqlite3_reset(statement);
            return rc_handle_refuse(store, "a row of the log has an unknown word");
        }
        if (!each(context, &row)) {
            sqlite3_reset(statement);
            break;
        }
    }
    return result;
}

enum rc_store_result rc_store_punches(struct rc_store *store, int site, const struct rc_page *page,
                                      rc_store_row_fn *each, void *context)
{
    bool everybody = page->employee.length == 0;
    enum rc_sql sql = page->undecided_only ? RC_SQL_PAGE_DOUBTFUL
                      : everybody          ? RC_SQL_PAGE_SITE
                                           : RC_SQL_PAGE_EMPLOYEE;
    struct span span = {0, INT64_MAX};
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK && sql == RC_SQL_PAGE_SITE)
        result = span_of_rows(store, site, page->from_at, page->to_at, &span);
    if (result == RC_STORE_OK)
        result = use(store, site, sql, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_int(&binder, page->after > span.after ? page->after : span.after);
    rc_bind_int(&binder, span.last);
    rc_bind_int(&binder, page->from_at);
    rc_bind_int(&binder, page->to_at);
    if (sql != RC_SQL_PAGE_SITE)
        rc_bind_id(&binder, &page->employee);
    rc_bind_int(&binder, page->limit);
    return give_rows(store, binder.statement, each, context);
}

enum rc_store_result rc_store_hold_rows(struct rc_store *store, int site, int64_t hold, rc_store_row_fn *each,
                                        void *context)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK)
        result = use(store, site, RC_SQL_PAGE_HOLD, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_int(&binder, hold);
    return give_rows(store, binder.statement, each, context);
}

/* ---- periods ---- */

/* INs before `from` whose period reaches into it: those closed after it, those accepted or retimed to be, the
 * open. */
static enum rc_store_result widen_by_reaching(struct rc_store *store, int site, int64_t from,
                                              struct span *span)
{
    static const enum rc_sql kinds[] = {RC_SQL_SPAN_CLOSED, RC_SQL_SPAN_ACCEPTED, RC_SQL_SPAN_OPEN};
    enum rc_store_result result = RC_STORE_OK;
    for (int i = 0; result == RC_STORE_OK && i < 3; i++) {
        struct binder binder;
        result = use(store, site, kinds[i], &binder);
        if (result != RC_STORE_OK)
            break;
        if (kinds[i] != RC_SQL_SPAN_OPEN)
            rc_bind_int(&binder, from);
        result = widen(store, &binder, span);
    }
    return result;
}

static bool read_period(sqlite3_stmt *statement, struct rc_period_row *out)
{
    rc_column_id(statement, 0, &out->employee);
    out->in_seq = rc_column_some(statement, 1);
    out->in_at = rc_column_some(statement, 2);
    out->out_seq = rc_column_some(statement, 3);
    out->out_at = rc_column_some(statement, 4);
    out->review = rc_column_bool(statement, 7);
    out->held = rc_column_some(statement, 8);
    return rc_type_parse(rc_column_text(statement, 5), &out->out_type) &&
           rc_cause_parse(rc_column_text(statement, 6), &out->cause);
}

static enum rc_store_result give_periods(struct rc_store *store, sqlite3_stmt *statement,
                                         rc_store_period_fn *each, void *context)
{
    enum rc_store_result result = RC_STORE_OK;
    while (rc_handle_row(store, statement, &result)) {
        struct rc_period_row row;
        if (!read_period(statement, &row)) {
            sqlite3_reset(statement);
            return rc_handle_refuse(store, "a row of the log has an unknown word");
        }
        if (!each(context, &row)) {
            sqlite3_reset(statement);
            break;
        }
    }
    return result;
}

enum rc_store_result rc_store_periods(struct rc_store *store, int site, const struct rc_page *page,
                                      rc_store_period_fn *each, void *context)
{
    bool everybody = page->employee.length == 0;
    struct span span = {0, INT64_MAX};
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK && everybody) {
        result = span_of_rows(store, site, page->from_at, page->to_at, &span);
        if (result == RC_STORE_OK)
            result = widen_by_reaching(store, site, page->from_at, &span);
    }
    if (result == RC_STORE_OK)
        result = use(store, site, everybody ? RC_SQL_PERIODS_SITE : RC_SQL_PERIODS_EMPLOYEE, &binder);
    if (result != RC_STORE_OK)
        return result;
    if (!everybody)
        rc_bind_key(&binder, &page->employee);
    rc_bind_int(&binder, page->after > span.after ? page->after : span.after);
    if (everybody)
        rc_bind_int(&binder, span.last);
    rc_bind_int(&binder, page->to_at);
    rc_bind_int(&binder, page->from_at);
    rc_bind_int(&binder, page->limit);
    return give_periods(store, binder.statement, each, context);
}
