/* The days of training and their courses: see training.h. */
#include "training_user.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* Columns of the statements that select a user's current day; the course at hand comes after. */
enum {
    DAY_USER,
    DAY_DATE,
    DAY_START,
    DAY_END,
    DAY_MS,
    DAY_NEXT_MS,
    DAY_LIMIT_MS,
    DAY_HEARTBEATS,
    DAY_REFUSED,
    DAY_SESSIONS,
    DAY_CREATED,
    DAY_LAST,
    DAY_LOCKED,
    COURSE_MS,
    COURSE_NEXT_MS
};

/* ---- reading ---- */

static void read_day(sqlite3_stmt *statement, struct rc_training_day *out)
{
    struct rc_text date = rc_column_text(statement, DAY_DATE);
    *out = (struct rc_training_day){
        .found = true,
        .day.start_at = rc_column_some(statement, DAY_START),
        .day.end_at = rc_column_some(statement, DAY_END),
        .ms = rc_column_some(statement, DAY_MS),
        .next_ms = rc_column_some(statement, DAY_NEXT_MS),
        .limit_ms = rc_column_some(statement, DAY_LIMIT_MS),
        .heartbeats = rc_column_some(statement, DAY_HEARTBEATS),
        .refused = rc_column_some(statement, DAY_REFUSED),
        .session_count = rc_column_some(statement, DAY_SESSIONS),
        .created_at = rc_column_some(statement, DAY_CREATED),
        .last_heartbeat_at = rc_column_some(statement, DAY_LAST),
        .locked_at = rc_column_some(statement, DAY_LOCKED),
    };
    snprintf(out->day.date, sizeof out->day.date, "%.*s", (int)date.length, date.data);
    out->kept = out->day;
}

static enum rc_store_result load_site(struct rc_store *store, int site, const struct rc_id *user,
                                      const struct rc_id *course, struct rc_training_site *side,
                                      struct rc_training_day *day)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    *day = (struct rc_training_day){.found = false};
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_TRAINING_DAY, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_key(&binder, user);
    rc_bind_key(&binder, course);
    side->user = side->course = (struct rc_training_total){0, 0};
    if (rc_handle_row(store, binder.statement, &result)) {
        read_day(binder.statement, day);
        side->user = (struct rc_training_total){day->ms, day->next_ms};
        if (course->length > 0)
            side->course = (struct rc_training_total){rc_column_some(binder.statement, COURSE_MS),
                                                      rc_column_some(binder.statement, COURSE_NEXT_MS)};
        sqlite3_reset(binder.statement);
    }
    side->day = day->day;
    return result;
}

enum rc_store_result rc_store_training_load(struct rc_store *store, const struct rc_id *user,
                                            const struct rc_id *course, const int *sites, uint32_t count,
                                            struct rc_training_now moment, struct rc_training_ledger *ledger,
                                            struct rc_training_day days[])
{
    assert(count >= 1 && count <= RC_TRAINING_SITES_MAX);
    enum rc_store_result result = rc_handle_may_read(store, sites[0]);
    if (result == RC_STORE_OK)
        result = rc_training_user_load(store, user, course, moment, ledger);
    ledger->site_count = count;
    for (uint32_t i = 0; result == RC_STORE_OK && i < count; i++)
        result = load_site(store, sites[i], user, course, &ledger->sites[i], &days[i]);
    return result;
}

/* ---- writing ---- */

static enum rc_store_result set_current(struct rc_store *store, int site, const struct rc_id *user,
                                        const struct rc_local_day *day)
{
    struct binder binder;
    enum rc_store_result result = rc_bind_sql(store, RC_SQL_TRAINING_CURRENT_SET, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_key(&binder, user);
    rc_bind_word(&binder, day->date);
    rc_bind_int(&binder, day->start_at);
    rc_bind_int(&binder, day->end_at);
    return rc_handle_run(store, binder.statement);
}

/* Updates the row of a day, or adds it. */
static enum rc_store_result set_day(struct rc_store *store, int site, const struct rc_id *user,
                                    const struct rc_training_day *day)
{
    static const enum rc_sql statements[] = {RC_SQL_DAY_SET, RC_SQL_DAY_ADD};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct binder binder;
        enum rc_store_result result = rc_bind_sql(store, statements[i], &binder);
        if (result != RC_STORE_OK)
            return result;
        rc_bind_key(&binder, &store->sites[site].name);
        rc_bind_word(&binder, day->day.date);
        rc_bind_key(&binder, user);
        rc_bind_int(&binder, day->ms);
        rc_bind_int(&binder, day->next_ms);
        rc_bind_int(&binder, day->limit_ms);
        rc_bind_int(&binder, day->day.start_at);
        rc_bind_int(&binder, day->heartbeats);
        rc_bind_int(&binder, day->refused);
        rc_bind_int(&binder, day->session_count);
        rc_bind_some(&binder, day->created_at);
        rc_bind_some(&binder, day->last_heartbeat_at);
        rc_bind_some(&binder, day->locked_at);
        result = rc_handle_run(store, binder.statement);
        if (result != RC_STORE_OK || sqlite3_changes(store->db) > 0)
            return result;
    }
    return rc_handle_refuse(store, "a day was neither updated nor added");
}

/* The day after, as far as it is known: what ran over midnight. */
static enum rc_store_result set_next(struct rc_store *store, int site, const struct rc_id *user,
                                     const struct rc_training_day *day, const struct rc_local_day *next)
{
    const struct rc_training_day over = {
        .day = *next,
        .ms = day->next_ms,
        .limit_ms = day->next_limit_ms != 0 ? day->next_limit_ms : day->limit_ms,
        .created_at = day->last_heartbeat_at,
        .last_heartbeat_at = day->last_heartbeat_at,
    };
    return set_day(store, site, user, &over);
}

static bool same_day(const struct rc_local_day *a, const struct rc_local_day *b)
{
    return strcmp(a->date, b->date) == 0 && a->start_at == b->start_at && a->end_at == b->end_at;
}

enum rc_store_result rc_store_training_save_day(struct rc_store *store, int site, const struct rc_id *user,
                                                const struct rc_training_day *day,
                                                const struct rc_local_day *next)
{
    enum rc_store_result result = rc_handle_may_write(store, site);
    assert(day->day.date[0] != '\0');
    if (result == RC_STORE_OK && !same_day(&day->day, &day->kept))
        result = set_current(store, site, user, &day->day);
    if (result == RC_STORE_OK && (day->heartbeats > 0 || day->ms > 0 || day->next_ms > 0))
        result = set_day(store, site, user, day);
    if (result == RC_STORE_OK && day->next_ms > 0)
        result = set_next(store, site, user, day, next);
    return result;
}

static enum rc_store_result set_course(struct rc_store *store, int site, const struct rc_id *user,
                                       const struct rc_id *course, const char *date,
                                       const struct rc_training_total *total, int64_t limit_ms)
{
    static const enum rc_sql statements[] = {RC_SQL_COURSE_SET, RC_SQL_COURSE_ADD};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct binder binder;
        enum rc_store_result result = rc_bind_sql(store, statements[i], &binder);
        if (result != RC_STORE_OK)
            return result;
        rc_bind_key(&binder, &store->sites[site].name);
        rc_bind_word(&binder, date);
        rc_bind_key(&binder, user);
        rc_bind_key(&binder, course);
        rc_bind_int(&binder, total->ms);
        rc_bind_int(&binder, total->next_ms);
        rc_bind_given(&binder, limit_ms);
        result = rc_handle_run(store, binder.statement);
        if (result != RC_STORE_OK || sqlite3_changes(store->db) > 0)
            return result;
    }
    return rc_handle_refuse(store, "a course's day was neither updated nor added");
}

enum rc_store_result rc_store_training_save_course(struct rc_store *store, int site, const struct rc_id *user,
                                                   const struct rc_id *course, const struct rc_local_day *day,
                                                   const struct rc_local_day *next,
                                                   const struct rc_training_total *total, int64_t limit_ms,
                                                   int64_t next_limit_ms)
{
    enum rc_store_result result = rc_handle_may_write(store, site);
    assert(course->length > 0);
    if (result == RC_STORE_OK && (total->ms > 0 || total->next_ms > 0))
        result = set_course(store, site, user, course, day->date, total, limit_ms);
    const struct rc_training_total over = {total->next_ms, 0};
    if (result == RC_STORE_OK && over.ms > 0)
        result = set_course(store, site, user, course, next->date, &over, next_limit_ms);
    return result;
}

/* ---- the turn of the day ---- */

static enum rc_store_result give(struct rc_store *store, sqlite3_stmt *statement, rc_store_current_fn *each,
                                 void *context)
{
    enum rc_store_result result = RC_STORE_OK;
    while (rc_handle_row(store, statement, &result)) {
        struct rc_training_current current;
        rc_column_id(statement, DAY_USER, &current.user);
        read_day(statement, &current.day);
        if (!each(context, &current)) {
            sqlite3_reset(statement);
            break;
        }
    }
    return result;
}

enum rc_store_result rc_store_training_ended(struct rc_store *store, int site, int64_t at, uint32_t limit,
                                             rc_store_current_fn *each, void *context)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_TRAINING_ENDED, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_int(&binder, at);
    rc_bind_int(&binder, limit);
    return give(store, binder.statement, each, context);
}

enum rc_store_result rc_store_training_after(struct rc_store *store, int site, const struct rc_id *after,
                                             uint32_t limit, rc_store_current_fn *each, void *context)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_TRAINING_AFTER, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_key(&binder, after);
    rc_bind_int(&binder, limit);
    return give(store, binder.statement, each, context);
}

enum rc_store_result rc_store_training_next_end(struct rc_store *store, int site, int64_t *end_at)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    *end_at = INT64_MAX;
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_TRAINING_NEXT_END, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    if (rc_handle_row(store, binder.statement, &result)) {
        if (sqlite3_column_type(binder.statement, 0) != SQLITE_NULL)
            *end_at = sqlite3_column_int64(binder.statement, 0);
        sqlite3_reset(binder.statement);
    }
    return result;
}
