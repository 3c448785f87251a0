#include "audit.h"

#include "core/names.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rc_audit_month_name(int month, char out[RC_AUDIT_MONTH_MAX])
{
    snprintf(out, RC_AUDIT_MONTH_MAX, "%04d_%02d", month / 12, month % 12 + 1);
}

static int month_of_name(const char *name)
{
    int year = 0, month = 0;
    return sscanf(name, "%4d_%2d", &year, &month) == 2 ? year * 12 + month - 1 : 0;
}

/* ---- a new month ---- */

void rc_audit_table_sql(const char *month, char out[RC_AUDIT_TABLE_SQL_MAX])
{
    static const char format[] =
        "CREATE TABLE audit_logs_%1$.15s (site TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, "
        "event TEXT NOT NULL, user_id TEXT, session_id TEXT, result TEXT, detail TEXT, "
        "hash TEXT NOT NULL CHECK (length(hash) = 64), PRIMARY KEY (site, seq)) STRICT, WITHOUT ROWID;"
        "CREATE TRIGGER audit_logs_%1$.15s_only_next BEFORE INSERT ON audit_logs_%1$.15s "
        "WHEN NEW.seq IS NOT COALESCE((SELECT max(seq) + 1 FROM audit_logs_%1$.15s WHERE site = NEW.site), "
        "(SELECT first_seq FROM audit_months WHERE site = NEW.site AND month = '%1$.15s')) "
        "BEGIN SELECT RAISE(ABORT, 'audit_logs is append-only: seq is not the next'); END;"
        "CREATE TRIGGER audit_logs_%1$.15s_no_update BEFORE UPDATE ON audit_logs_%1$.15s "
        "BEGIN SELECT RAISE(ABORT, 'audit_logs is append-only'); END;"
        "CREATE TRIGGER audit_logs_%1$.15s_no_delete BEFORE DELETE ON audit_logs_%1$.15s "
        "BEGIN SELECT RAISE(ABORT, 'audit_logs is append-only'); END;";
    int length = snprintf(out, RC_AUDIT_TABLE_SQL_MAX, format, month);
    assert(length > 0 && length < RC_AUDIT_TABLE_SQL_MAX);
}

static enum rc_store_result make_table(struct rc_store *store, const char *month)
{
    char sql[RC_AUDIT_TABLE_SQL_MAX];
    rc_audit_table_sql(month, sql);
    return rc_handle_exec(store, sql);
}

char *rc_audit_view_sql(sqlite3 *db, const char *without)
{
    sqlite3_stmt *tables = NULL;
    if (sqlite3_prepare_v2(db, rc_sql_texts[RC_SQL_AUDIT_TABLES], -1, &tables, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_str *sql = sqlite3_str_new(db);
    sqlite3_str_appendall(sql, "DROP VIEW audit_logs; CREATE VIEW audit_logs AS ");
    int count = 0, code;
    while ((code = sqlite3_step(tables)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(tables, 0);
        if (without != NULL && strcmp(name + strlen("audit_logs_"), without) == 0)
            continue;
        sqlite3_str_appendf(sql, "%sSELECT " RC_AUDIT_COLUMNS " FROM %w", count++ == 0 ? "" : " UNION ALL ",
                            name);
    }
    sqlite3_finalize(tables);
    char *text = sqlite3_str_finish(sql);
    if (code == SQLITE_DONE && count <= RC_AUDIT_MONTHS_MAX)
        return text;
    sqlite3_free(text);
    return NULL;
}

static enum rc_store_result make_view(struct rc_store *store)
{
    char *sql = rc_audit_view_sql(store->db, NULL);
    if (sql == NULL)
        return sqlite3_errcode(store->db) == SQLITE_OK || sqlite3_errcode(store->db) == SQLITE_DONE
                   ? rc_handle_refuse(store, "too many months of audit_logs: archive closed ones")
                   : rc_handle_fail(store, "cannot read the schema");
    enum rc_store_result result = rc_handle_exec(store, sql);
    sqlite3_free(sql);
    return result;
}

/* Adds the table in a savepoint: where it fails half way, the batch goes on without it. */
static enum rc_store_result add_month(struct rc_store *store, int month)
{
    char name[RC_AUDIT_MONTH_MAX];
    rc_audit_month_name(month, name);
    enum rc_store_result result = rc_handle_exec(store, "SAVEPOINT new_month");
    if (result == RC_STORE_OK)
        result = make_table(store, name);
    if (result == RC_STORE_OK)
        result = make_view(store);
    if (result == RC_STORE_OK)
        result = rc_handle_exec(store, "RELEASE new_month");
    else if (result == RC_STORE_REFUSED)
        sqlite3_exec(store->db, "ROLLBACK TO new_month; RELEASE new_month", NULL, NULL, NULL);
    if (result == RC_STORE_OK)
        store->month = month;
    return result;
}

/* Notes where a site's chain enters the newest month. */
static enum rc_store_result enter_month(struct rc_store *store, struct site *site)
{
    char name[RC_AUDIT_MONTH_MAX], hex[RC_HASH_HEX + 1];
    rc_audit_month_name(store->month, name);
    rc_hash_hex(site->now.audit.hash, hex);
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_AUDIT_MONTH_ADD);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_word(&binder, name);
    rc_bind_key(&binder, &site->name);
    rc_bind_int(&binder, site->now.audit.seq + 1);
    rc_bind_word(&binder, hex);
    enum rc_store_result result = rc_handle_run(store, statement);
    if (result == RC_STORE_OK) {
        site->now.audit_month = store->month;
        site->touched = true;
    }
    return result;
}

/* ---- a row ---- */

static enum rc_store_result prepare_insert(struct rc_store *store)
{
    if (store->audit_insert != NULL && store->audit_insert_month == store->month)
        return RC_STORE_OK;
    char name[RC_AUDIT_MONTH_MAX], sql[256];
    rc_audit_month_name(store->month, name);
    snprintf(sql, sizeof sql, "INSERT INTO audit_logs_%s (" RC_AUDIT_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?)",
             name);
    sqlite3_finalize(store->audit_insert);
    store->audit_insert = NULL;
    if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &store->audit_insert, NULL) !=
        SQLITE_OK)
        return rc_handle_fail(store, "cannot prepare");
    store->audit_insert_month = store->month;
    return RC_STORE_OK;
}

static void put(struct rc_chain *chain, struct binder *binder, struct rc_text text)
{
    if (text.length == 0)
        rc_chain_null(chain);
    else
        rc_chain_text(chain, text.data, text.length);
    rc_bind_text(binder, text);
}

static enum rc_store_result append(struct rc_store *store, struct site *site, const struct rc_audit *audit)
{
    struct rc_chain *chain = &store->chain;
    struct binder binder = rc_bind(store->audit_insert);
    struct head next = {.seq = site->now.audit.seq + 1};
    char hex[RC_HASH_HEX + 1];
    rc_chain_begin(chain, site->now.audit.hash, "audit_logs");
    put(chain, &binder, (struct rc_text){site->name.text, site->name.length});
    rc_chain_integer(chain, next.seq);
    rc_bind_int(&binder, next.seq);
    rc_chain_integer(chain, audit->at);
    rc_bind_int(&binder, audit->at);
    put(chain, &binder, rc_text_of(audit->event));
    put(chain, &binder, (struct rc_text){audit->user.text, audit->user.length});
    put(chain, &binder, (struct rc_text){audit->session.text, audit->session.length});
    put(chain, &binder, rc_text_of(audit->result == NULL ? "" : audit->result));
    put(chain, &binder, audit->detail);
    rc_chain_end(chain, next.hash);
    rc_hash_hex(next.hash, hex);
    rc_bind_text(&binder, (struct rc_text){hex, RC_HASH_HEX});
    enum rc_store_result result = rc_handle_run(store, store->audit_insert);
    if (result == RC_STORE_OK) {
        site->now.audit = next;
        site->touched = true;
    }
    return result;
}

enum rc_store_result rc_store_audit(struct rc_store *store, int site, const struct rc_audit *audit)
{
    enum rc_store_result result = rc_handle_may_write(store, site);
    int month = rc_handle_month_of(audit->at);
    struct site *at = &store->sites[site];
    if (result == RC_STORE_OK && month > store->month)
        result = add_month(store, month);
    if (result == RC_STORE_OK && at->now.audit_month != store->month)
        result = enter_month(store, at);
    if (result == RC_STORE_OK)
        result = prepare_insert(store);
    return result == RC_STORE_OK ? append(store, at, audit) : result;
}

/* ---- loading ---- */

static enum rc_store_result load_site_month(struct rc_store *store, struct site *site)
{
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_AUDIT_MONTHS);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &site->name);
    enum rc_store_result result = RC_STORE_OK;
    site->now.audit_month = 0;
    if (rc_handle_row(store, statement, &result)) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        site->now.audit_month = name == NULL ? 0 : month_of_name(name);
        sqlite3_reset(statement);
    }
    return result;
}

enum rc_store_result rc_audit_load(struct rc_store *store)
{
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_AUDIT_TABLES);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    enum rc_store_result result = RC_STORE_OK;
    store->month = 0;
    while (rc_handle_row(store, statement, &result))
        store->month = month_of_name((const char *)sqlite3_column_text(statement, 0) + strlen("audit_logs_"));
    store->month_committed = store->month;
    for (int i = 0; result == RC_STORE_OK && i < store->site_count; i++)
        result = load_site_month(store, &store->sites[i]);
    return result;
}
