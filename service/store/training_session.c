/* When each session was last heard in training, by day and course: see training.h. */
#include "training_user.h"

#include "core/names.h"

#include <assert.h>
#include <stdio.h>

/* What a row of a session is found by. */
struct key {
    int site;
    const struct rc_id *user, *session, *course;
};

static enum rc_store_result bind(struct rc_store *store, enum rc_sql sql, const struct key *key,
                                 struct rc_text date, struct binder *binder)
{
    enum rc_store_result result = rc_bind_sql(store, sql, binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(binder, &store->sites[key->site].name);
    rc_bind_text(binder, date);
    rc_bind_key(binder, key->user);
    if (key->session != NULL) {
        rc_bind_key(binder, key->session);
        rc_bind_key(binder, key->course);
    }
    return RC_STORE_OK;
}

/* ---- heard ---- */

static enum rc_store_result note(struct rc_store *store, enum rc_sql sql, const struct key *key,
                                 struct rc_text date, struct rc_training_now moment, int64_t added_ms)
{
    struct binder binder;
    enum rc_store_result result = bind(store, sql, key, date, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_int(&binder, added_ms);
    rc_bind_int(&binder, moment.at);
    rc_bind_int(&binder, moment.now);
    rc_bind_int(&binder, store->boot);
    return rc_handle_run(store, binder.statement);
}

static enum rc_store_result count(struct rc_store *store, enum rc_sql sql, const struct key *key,
                                  struct rc_text date, int64_t *out)
{
    const struct key whole_day = {.site = key->site, .user = key->user};
    struct binder binder;
    enum rc_store_result result = bind(store, sql, &whole_day, date, &binder);
    *out = 0;
    if (result == RC_STORE_OK && rc_handle_row(store, binder.statement, &result)) {
        *out = rc_column_some(binder.statement, 0);
        sqlite3_reset(binder.statement);
    }
    return result;
}

enum rc_store_result rc_store_training_heard(struct rc_store *store, int site, const struct rc_id *user,
                                             const struct rc_id *session, const struct rc_id *course,
                                             const char *date, struct rc_training_now moment,
                                             int64_t added_ms, int64_t *sessions)
{
    const struct key key = {site, user, session, course};
    const struct rc_text on = rc_text_of(date);
    assert(session->length > 0 && course->length > 0);
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result == RC_STORE_OK)
        result = note(store, RC_SQL_HEARD_SET, &key, on, moment, added_ms);
    if (result != RC_STORE_OK)
        return result;
    if (sqlite3_changes(store->db) > 0) /* it was counted when it was new */
        return count(store, RC_SQL_SESSION_COUNT, &key, on, sessions);
    result = note(store, RC_SQL_HEARD_ADD, &key, on, moment, added_ms);
    return result == RC_STORE_OK ? count(store, RC_SQL_SESSIONS_COUNTED, &key, on, sessions) : result;
}

/* ---- last heard ---- */

static enum rc_store_result heard_on(struct rc_store *store, const struct key *key, struct rc_text date,
                                     struct rc_training_now moment, int64_t *heard_now)
{
    struct binder binder;
    enum rc_store_result result = bind(store, RC_SQL_HEARD_GET, key, date, &binder);
    if (result != RC_STORE_OK || !rc_handle_row(store, binder.statement, &result))
        return result;
    const struct rc_moment kept = {
        .at = rc_column_some(binder.statement, 0),
        .now = rc_column_some(binder.statement, 1),
        .boot = rc_column_some(binder.statement, 2),
    };
    sqlite3_reset(binder.statement);
    int64_t here = rc_moment_here(store, &kept, moment, kept.now);
    if (here <= moment.now) /* else by a wall clock that was wrong, then or now */
        *heard_now = here;
    return result;
}

/* The one date that a statement gives; empty: none. */
static enum rc_store_result read_date(struct rc_store *store, struct binder *binder, char out[RC_DATE_MAX])
{
    enum rc_store_result result = RC_STORE_OK;
    out[0] = '\0';
    if (rc_handle_row(store, binder->statement, &result)) {
        struct rc_text date = rc_column_text(binder->statement, 0);
        snprintf(out, RC_DATE_MAX, "%.*s", (int)date.length, date.data == NULL ? "" : date.data);
        sqlite3_reset(binder->statement);
    }
    return result;
}

static enum rc_store_result current_date(struct rc_store *store, const struct key *key, char out[RC_DATE_MAX])
{
    struct binder binder;
    enum rc_store_result result = rc_bind_sql(store, RC_SQL_CURRENT_DATE, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[key->site].name);
    rc_bind_key(&binder, key->user);
    return read_date(store, &binder, out);
}

/* The last date before that one on which anybody trained at the site: yesterday, or long ago. */
static enum rc_store_result date_before(struct rc_store *store, const struct key *key, const char *date,
                                        char out[RC_DATE_MAX])
{
    struct binder binder;
    enum rc_store_result result = rc_bind_sql(store, RC_SQL_DATE_BEFORE, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[key->site].name);
    rc_bind_word(&binder, date);
    return read_date(store, &binder, out);
}

enum rc_store_result rc_store_training_last(struct rc_store *store, int site, const struct rc_id *user,
                                            const struct rc_id *session, const struct rc_id *course,
                                            struct rc_training_now moment, int64_t *heard_now)
{
    const struct key key = {site, user, session, course};
    char date[RC_DATE_MAX], before[RC_DATE_MAX];
    *heard_now = RC_NONE;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK)
        result = current_date(store, &key, date);
    if (result == RC_STORE_OK && date[0] != '\0')
        result = heard_on(store, &key, rc_text_of(date), moment, heard_now);
    if (result != RC_STORE_OK || date[0] == '\0' || *heard_now != RC_NONE)
        return result;
    result = date_before(store, &key, date, before);
    if (result == RC_STORE_OK && before[0] != '\0')
        result = heard_on(store, &key, rc_text_of(before), moment, heard_now);
    return result;
}
