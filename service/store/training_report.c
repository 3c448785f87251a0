/* What reports read of training: see training.h. */
#include "handle.h"
#include "store/training.h"

#include <stdio.h>
#include <string.h>

/* Before and after every date. */
#define FIRST_DATE "0000-00-00"
#define LAST_DATE  "9999-99-99"

static void read_row(sqlite3_stmt *statement, struct rc_training_row *out)
{
    struct rc_text date = rc_column_text(statement, 1);
    *out = (struct rc_training_row){
        .minutes_completed = rc_column_some(statement, 2),
        .seconds_completed = rc_column_some(statement, 3),
        .session_count = rc_column_some(statement, 4),
        .heartbeats = rc_column_some(statement, 5),
        .refused = rc_column_some(statement, 6),
        .created_at = rc_column_some(statement, 7),
        .last_heartbeat_at = rc_column_some(statement, 8),
        .locked = rc_column_bool(statement, 9),
        .locked_at = rc_column_some(statement, 10),
    };
    rc_column_id(statement, 0, &out->user);
    snprintf(out->date, sizeof out->date, "%.*s", (int)date.length, date.data);
}

static enum rc_store_result give(struct rc_store *store, sqlite3_stmt *statement, rc_store_training_fn *each,
                                 void *context)
{
    enum rc_store_result result = RC_STORE_OK;
    while (rc_handle_row(store, statement, &result)) {
        struct rc_training_row row;
        read_row(statement, &row);
        if (!each(context, &row)) {
            sqlite3_reset(statement);
            break;
        }
    }
    return result;
}

/* Everybody's days: those after a (date, user), which a first page's from_date and an empty user are, too. */
static enum rc_store_result give_all(struct rc_store *store, int site, const struct rc_training_page *page,
                                     const char *from_date, const char *to_date, rc_store_training_fn *each,
                                     void *context)
{
    bool first = page->after_date[0] == '\0';
    const struct rc_id nobody = {0, ""};
    struct binder binder;
    enum rc_store_result result = rc_bind_sql(store, RC_SQL_TRAINING_DAYS, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_word(&binder, first ? from_date : page->after_date);
    rc_bind_key(&binder, first ? &nobody : &page->after_user);
    rc_bind_word(&binder, to_date);
    rc_bind_int(&binder, page->limit);
    return give(store, binder.statement, each, context);
}

/* One user's: from the day after the last one given on. */
static enum rc_store_result give_own(struct rc_store *store, int site, const struct rc_training_page *page,
                                     const char *from_date, const char *to_date, rc_store_training_fn *each,
                                     void *context)
{
    struct binder binder;
    enum rc_store_result result = rc_bind_sql(store, RC_SQL_TRAINING_DAYS_OF, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    const char *after_date = page->after_date[0] == '\0' ? FIRST_DATE : page->after_date;
    rc_bind_word(&binder, strcmp(after_date, from_date) > 0 ? after_date : from_date);
    rc_bind_word(&binder, to_date);
    rc_bind_key(&binder, &page->user);
    rc_bind_word(&binder, after_date);
    rc_bind_int(&binder, page->limit);
    return give(store, binder.statement, each, context);
}

enum rc_store_result rc_store_training_days(struct rc_store *store, int site,
                                            const struct rc_training_page *page, rc_store_training_fn *each,
                                            void *context)
{
    const char *from_date = page->from_date[0] == '\0' ? FIRST_DATE : page->from_date;
    const char *to_date = page->to_date[0] == '\0' ? LAST_DATE : page->to_date;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result != RC_STORE_OK)
        return result;
    return page->user.length == 0 ? give_all(store, site, page, from_date, to_date, each, context)
                                  : give_own(store, site, page, from_date, to_date, each, context);
}

enum rc_store_result rc_store_training_courses(struct rc_store *store, int site, const struct rc_id *user,
                                               const char *date, rc_store_course_fn *each, void *context)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_TRAINING_COURSES, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_word(&binder, date);
    rc_bind_key(&binder, user);
    while (rc_handle_row(store, binder.statement, &result)) {
        struct rc_course_row row = {
            .seconds_completed = rc_column_some(binder.statement, 1),
            .locked = rc_column_bool(binder.statement, 2),
        };
        rc_column_id(binder.statement, 0, &row.course);
        if (!each(context, &row)) {
            sqlite3_reset(binder.statement);
            break;
        }
    }
    return result;
}

enum rc_store_result rc_store_training_sessions(struct rc_store *store, int site, const struct rc_id *user,
                                                const char *date, rc_store_training_session_fn *each,
                                                void *context)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_TRAINING_SESSIONS, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_word(&binder, date);
    rc_bind_key(&binder, user);
    while (rc_handle_row(store, binder.statement, &result)) {
        struct rc_training_session_row row = {
            .seconds_added = rc_column_some(binder.statement, 2),
            .heartbeats = rc_column_some(binder.statement, 3),
            .last_heartbeat_at = rc_column_some(binder.statement, 4),
        };
        rc_column_id(binder.statement, 0, &row.session);
        rc_column_id(binder.statement, 1, &row.course);
        if (!each(context, &row)) {
            sqlite3_reset(binder.statement);
            break;
        }
    }
    return result;
}
