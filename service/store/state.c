#include "state.h"

#include "core/names.h"

#include <assert.h>
#include <string.h>

/* Begins a statement whose first parameter is the site's name; false: *result says why. */
static bool begin(struct rc_store *store, int site, enum rc_sql sql, struct binder *binder,
                  enum rc_store_result *result)
{
    sqlite3_stmt *statement = rc_handle_use(store, sql);
    if (statement == NULL) {
        *result = rc_handle_fail(store, "cannot prepare");
        return false;
    }
    *binder = rc_bind(statement);
    rc_bind_key(binder, &store->sites[site].name);
    return true;
}

/* A boot time and the boot that it belongs to. */
static void bind_now(struct rc_store *store, struct binder *binder, int64_t now, bool and_boot)
{
    rc_bind_given(binder, now);
    if (and_boot)
        rc_bind_some(binder, now == RC_NONE ? 0 : store->boot);
}

/* ---- writing ---- */

enum rc_store_result rc_state_status(struct rc_store *store, int site, const struct rc_status *status)
{
    struct binder binder;
    enum rc_store_result result;
    if (!begin(store, site, RC_SQL_STATUS_SET, &binder, &result))
        return result;
    const struct rc_ledger *ledger = &status->ledger;
    rc_bind_key(&binder, &status->employee);
    rc_bind_word(&binder, ledger->is_in ? "IN" : "OUT");
    rc_bind_int(&binder, ledger->since_at);
    rc_bind_some(&binder, status->evidence.at);
    rc_bind_word(&binder, rc_presence_name(status->presence));
    rc_bind_int(&binder, ledger->version);
    rc_bind_word(&binder, rc_status_cause_name(ledger->cause));
    rc_bind_int(&binder, status->sessions);
    rc_bind_some(&binder, ledger->in_seq);
    rc_bind_some(&binder, ledger->in_at);
    rc_bind_some(&binder, ledger->last_seq);
    rc_bind_some(&binder, ledger->last_at);
    rc_bind_some(&binder, ledger->out_seq);
    rc_bind_word(&binder, rc_type_name(ledger->out_type));
    rc_bind_word(&binder, rc_cause_name(ledger->out_cause));
    rc_bind_some(&binder, ledger->out_t);
    rc_bind_some(&binder, ledger->out_detected_t);
    rc_bind_int(&binder, ledger->out_final ? 1 : 0);
    rc_bind_some(&binder, ledger->hold);
    bind_now(store, &binder, status->evidence.now, false);
    rc_bind_int(&binder, status->evidence.t);
    rc_bind_some(&binder, status->evidence.now == RC_NONE ? 0 : store->boot);
    return rc_handle_run(store, binder.statement);
}

enum rc_store_result rc_state_device(struct rc_store *store, int site, const struct rc_device_status *device)
{
    struct binder binder;
    enum rc_store_result result;
    if (!begin(store, site, RC_SQL_DEVICE_STATUS, &binder, &result))
        return result;
    rc_bind_key(&binder, &device->device);
    rc_bind_int(&binder, device->online ? 1 : 0);
    rc_bind_int(&binder, device->since_at);
    rc_bind_int(&binder, device->last_seen_at);
    return rc_handle_run(store, binder.statement);
}

enum rc_store_result rc_state_forget(struct rc_store *store, int site, const struct rc_id *employee,
                                     const struct rc_id *session)
{
    struct binder binder;
    enum rc_store_result result;
    bool is_device = employee->length == 0;
    if (!begin(store, site, is_device ? RC_SQL_DEVICE_DROP : RC_SQL_SESSION_DROP, &binder, &result))
        return result;
    if (!is_device)
        rc_bind_key(&binder, employee);
    rc_bind_key(&binder, session);
    return rc_handle_run(store, binder.statement);
}

enum rc_store_result rc_state_hold(struct rc_store *store, int site, const struct rc_hold *hold)
{
    struct binder binder;
    enum rc_store_result result;
    if (!begin(store, site, RC_SQL_HOLD_SET, &binder, &result))
        return result;
    rc_bind_int(&binder, hold->number);
    rc_bind_word(&binder, rc_scope_kind_name(hold->scope));
    rc_bind_id(&binder, &hold->name);
    rc_bind_int(&binder, hold->opened_at);
    rc_bind_int(&binder, hold->ends_at);
    bind_now(store, &binder, hold->ends_now, true);
    rc_bind_int(&binder, hold->open ? 1 : 0);
    return rc_handle_run(store, binder.statement);
}

enum rc_store_result rc_state_maintenance(struct rc_store *store, int site, int64_t until_at)
{
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_MAINTENANCE_SET);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_some(&binder, until_at);
    rc_bind_key(&binder, &store->sites[site].name);
    return rc_handle_run(store, statement);
}

enum rc_store_result rc_store_save_t(struct rc_store *store, int site, int64_t t)
{
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result != RC_STORE_OK)
        return result;
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_T_SET);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_int(&binder, t);
    rc_bind_key(&binder, &store->sites[site].name);
    return rc_handle_run(store, statement);
}

static enum rc_store_result flush_device(struct rc_store *store, int site, const struct rc_session_row *row)
{
    struct binder binder;
    enum rc_store_result result;
    if (!begin(store, site, RC_SQL_DEVICE_SET, &binder, &result))
        return result;
    rc_bind_key(&binder, &row->session);
    rc_bind_word(&binder, rc_class_name(row->class));
    rc_bind_given(&binder, row->epoch);
    rc_bind_int(&binder, row->heard_at);
    rc_bind_word(&binder, rc_session_state_name(row->state));
    rc_bind_word(&binder, rc_cause_name(row->ended_by));
    rc_bind_int(&binder, row->interval_ms);
    rc_bind_int(&binder, row->heard_t);
    rc_bind_int(&binder, row->first_at);
    rc_bind_int(&binder, row->deadline_t);
    return rc_handle_run(store, binder.statement);
}

static enum rc_store_result flush_evidence(struct rc_store *store, int site, const struct rc_session_row *row)
{
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_EVIDENCE_SET);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_some(&binder, row->evidence.at);
    rc_bind_given(&binder, row->evidence.now);
    rc_bind_int(&binder, row->evidence.t);
    rc_bind_some(&binder, row->evidence.now == RC_NONE ? 0 : store->boot);
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_key(&binder, &row->employee);
    return rc_handle_run(store, statement);
}

enum rc_store_result rc_store_flush_session(struct rc_store *store, int site,
                                            const struct rc_session_row *row)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result != RC_STORE_OK)
        return result;
    if (row->employee.length == 0)
        return flush_device(store, site, row);
    if (!begin(store, site, RC_SQL_SESSION_SET, &binder, &result))
        return result;
    rc_bind_key(&binder, &row->employee);
    rc_bind_key(&binder, &row->session);
    rc_bind_word(&binder, rc_class_name(row->class));
    rc_bind_given(&binder, row->epoch);
    rc_bind_int(&binder, row->heard_at);
    rc_bind_word(&binder, rc_session_state_name(row->state));
    rc_bind_word(&binder, rc_cause_name(row->ended_by));
    rc_bind_int(&binder, row->interval_ms);
    rc_bind_int(&binder, row->heard_t);
    rc_bind_int(&binder, row->first_at);
    rc_bind_int(&binder, row->deadline_t);
    bind_now(store, &binder, row->deadline_now, true);
    rc_bind_some(&binder, row->heard_in_seq);
    result = rc_handle_run(store, binder.statement);
    return result == RC_STORE_OK ? flush_evidence(store, site, row) : result;
}

enum rc_store_result rc_store_alert(struct rc_store *store, int site, const char *kind, bool raised,
                                    int64_t at, struct rc_text detail)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result != RC_STORE_OK ||
        !begin(store, site, raised ? RC_SQL_ALERT_RAISE : RC_SQL_ALERT_CLEAR, &binder, &result))
        return result;
    rc_bind_word(&binder, kind);
    rc_bind_int(&binder, at);
    if (raised)
        sqlite3_bind_text64(binder.statement, binder.next++, detail.length == 0 ? "" : detail.data,
                            detail.length, SQLITE_STATIC, SQLITE_UTF8);
    return rc_handle_run(store, binder.statement);
}

/* ---- loading ---- */

enum rc_store_result rc_store_load_site(struct rc_store *store, int site, struct rc_site_row *out)
{
    enum rc_store_result result = rc_handle_may_read(store, site);
    struct binder binder;
    if (result != RC_STORE_OK || !begin(store, site, RC_SQL_SITE_GET, &binder, &result))
        return result;
    *out = (struct rc_site_row){.last_seq = store->sites[site].now.punches.seq};
    if (!rc_handle_row(store, binder.statement, &result))
        return result == RC_STORE_OK ? RC_STORE_NOT_FOUND : result;
    out->t = rc_column_some(binder.statement, 0);
    out->maintenance_at = rc_column_some(binder.statement, 1);
    sqlite3_reset(binder.statement);
    if (!begin(store, site, RC_SQL_LAST_HOLD, &binder, &result))
        return result;
    if (rc_handle_row(store, binder.statement, &result)) {
        out->last_hold = rc_column_some(binder.statement, 0);
        sqlite3_reset(binder.statement);
    }
    return result;
}

static enum rc_store_result unknown_word(struct rc_store *store, sqlite3_stmt *statement, const char *message)
{
    sqlite3_reset(statement);
    return rc_handle_refuse(store, message);
}

enum rc_store_result rc_store_load_holds(struct rc_store *store, int site, rc_store_hold_fn *each,
                                         void *context)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result != RC_STORE_OK || !begin(store, site, RC_SQL_HOLDS, &binder, &result))
        return result;
    rc_bind_int(&binder, store->boot);
    sqlite3_stmt *statement = binder.statement;
    while (rc_handle_row(store, statement, &result)) {
        struct rc_hold hold = {
            .number = rc_column_some(statement, 0),
            .opened_at = rc_column_some(statement, 3),
            .ends_at = rc_column_some(statement, 4),
            .ends_now = rc_column_given(statement, 5),
            .open = true,
        };
        rc_column_id(statement, 2, &hold.name);
        if (!rc_scope_kind_parse(rc_column_text(statement, 1), &hold.scope))
            return unknown_word(store, statement, "a stored hold has an unknown scope");
        if (!each(context, &hold)) {
            sqlite3_reset(statement);
            break;
        }
    }
    return result;
}

/* Boot times of another boot mean nothing now. */
static int64_t column_now(const struct rc_store *store, sqlite3_stmt *statement, int now, int boot)
{
    return sqlite3_column_int64(statement, boot) == store->boot ? rc_column_given(statement, now) : RC_NONE;
}

static bool read_employee(const struct rc_store *store, sqlite3_stmt *statement, struct rc_employee_row *out)
{
    struct rc_ledger *ledger = &out->ledger;
    rc_column_id(statement, 0, &out->employee);
    rc_column_id(statement, 1, &out->group);
    ledger->is_in = rc_column_text(statement, 2).length == 2; /* "IN", not "OUT" */
    ledger->since_at = rc_column_some(statement, 3);
    ledger->version = rc_column_some(statement, 6);
    out->sessions = (uint32_t)rc_column_some(statement, 8);
    ledger->in_seq = rc_column_some(statement, 9);
    ledger->in_at = rc_column_some(statement, 10);
    ledger->last_seq = rc_column_some(statement, 11);
    ledger->last_at = rc_column_some(statement, 12);
    ledger->out_seq = rc_column_some(statement, 13);
    ledger->out_t = rc_column_some(statement, 16);
    ledger->out_detected_t = rc_column_some(statement, 17);
    ledger->out_final = rc_column_bool(statement, 18);
    ledger->hold = rc_column_some(statement, 19);
    out->evidence.at = rc_column_some(statement, 4);
    out->evidence.now = column_now(store, statement, 20, 22);
    out->evidence.t = rc_column_some(statement, 21);
    return rc_presence_parse(rc_column_text(statement, 5), &out->presence) &&
           rc_status_cause_parse(rc_column_text(statement, 7), &ledger->cause) &&
           rc_type_parse(rc_column_text(statement, 14), &ledger->out_type) &&
           rc_cause_parse(rc_column_text(statement, 15), &ledger->out_cause);
}

enum rc_store_result rc_store_load_employees(struct rc_store *store, int site, rc_store_employee_fn *each,
                                             void *context)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result != RC_STORE_OK || !begin(store, site, RC_SQL_EMPLOYEES, &binder, &result))
        return result;
    while (rc_handle_row(store, binder.statement, &result)) {
        struct rc_employee_row row;
        if (!read_employee(store, binder.statement, &row))
            return unknown_word(store, binder.statement, "a stored status has an unknown word");
        if (!each(context, &row)) {
            sqlite3_reset(binder.statement);
            break;
        }
    }
    return result;
}

static bool read_session(const struct rc_store *store, sqlite3_stmt *statement, struct rc_session_row *out)
{
    rc_column_id(statement, 0, &out->employee);
    rc_column_id(statement, 1, &out->session);
    out->epoch = rc_column_given(statement, 3);
    out->heard_at = rc_column_some(statement, 4);
    out->interval_ms = rc_column_some(statement, 7);
    out->heard_t = rc_column_some(statement, 8);
    out->first_at = rc_column_some(statement, 9);
    out->deadline_t = rc_column_some(statement, 10);
    out->deadline_now = column_now(store, statement, 11, 12);
    out->heard_in_seq = rc_column_some(statement, 13);
    out->evidence = (struct rc_evidence){0, RC_NONE, 0};
    return rc_class_parse(rc_column_text(statement, 2), &out->class) &&
           rc_session_state_parse(rc_column_text(statement, 5), &out->state) &&
           rc_cause_parse(rc_column_text(statement, 6), &out->ended_by);
}

static enum rc_store_result load_sessions(struct rc_store *store, int site, enum rc_sql sql,
                                          rc_store_session_fn *each, void *context, bool *go_on)
{
    struct binder binder;
    enum rc_store_result result;
    if (!begin(store, site, sql, &binder, &result))
        return result;
    while (rc_handle_row(store, binder.statement, &result)) {
        struct rc_session_row row;
        if (!read_session(store, binder.statement, &row))
            return unknown_word(store, binder.statement, "a stored session has an unknown word");
        *go_on = each(context, &row);
        if (!*go_on) {
            sqlite3_reset(binder.statement);
            break;
        }
    }
    return result;
}

enum rc_store_result rc_store_load_sessions(struct rc_store *store, int site, rc_store_session_fn *each,
                                            void *context)
{
    bool go_on = true;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result == RC_STORE_OK)
        result = load_sessions(store, site, RC_SQL_DEVICES, each, context, &go_on);
    if (result == RC_STORE_OK && go_on)
        result = load_sessions(store, site, RC_SQL_SESSIONS, each, context, &go_on);
    return result;
}

static struct rc_directory_row read_person(sqlite3_stmt *statement)
{
    struct rc_directory_row row;
    rc_column_id(statement, 0, &row.employee);
    rc_column_id(statement, 1, &row.group);
    rc_column_id(statement, 2, &row.manager);
    row.name = rc_column_text(statement, 3);
    row.email = rc_column_text(statement, 4);
    row.active = rc_column_bool(statement, 5);
    return row;
}

enum rc_store_result rc_store_directory(struct rc_store *store, int site, rc_store_directory_fn *each,
                                        void *context)
{
    return rc_store_directory_after(store, site, &(struct rc_id){0}, each, context);
}

enum rc_store_result rc_store_directory_after(struct rc_store *store, int site, const struct rc_id *employee,
                                              rc_store_directory_fn *each, void *context)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result != RC_STORE_OK || !begin(store, site, RC_SQL_DIRECTORY, &binder, &result))
        return result;
    rc_bind_key(&binder, employee);
    while (rc_handle_row(store, binder.statement, &result)) {
        struct rc_directory_row row = read_person(binder.statement);
        if (!each(context, &row)) {
            sqlite3_reset(binder.statement);
            break;
        }
    }
    return result;
}

enum rc_store_result rc_store_directory_one(struct rc_store *store, int site, const struct rc_id *employee,
                                            rc_store_directory_fn *each, void *context)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result != RC_STORE_OK || !begin(store, site, RC_SQL_DIRECTORY_ONE, &binder, &result))
        return result;
    rc_bind_key(&binder, employee);
    if (!rc_handle_row(store, binder.statement, &result))
        return result == RC_STORE_OK ? RC_STORE_NOT_FOUND : result;
    struct rc_directory_row row = read_person(binder.statement);
    each(context, &row);
    sqlite3_reset(binder.statement);
    return RC_STORE_OK;
}

enum rc_store_result rc_store_directory_set(struct rc_store *store, int site,
                                            const struct rc_directory_row *row)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result != RC_STORE_OK || !begin(store, site, RC_SQL_DIRECTORY_SET, &binder, &result))
        return result;
    rc_bind_key(&binder, &row->employee);
    rc_bind_text(&binder, row->name);
    rc_bind_id(&binder, &row->group);
    rc_bind_text(&binder, row->email);
    rc_bind_id(&binder, &row->manager);
    rc_bind_int(&binder, row->active ? 1 : 0);
    return rc_handle_run(store, binder.statement);
}
