#include "audit.h"
#include "core/names.h"
#include "handle.h"
#include "lock.h"
#include "punch.h"
#include "result.h"
#include "state.h"
#include "walk.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- what is known at opening ---- */

static enum rc_store_result add_loaded_site(struct rc_store *store, struct rc_text name)
{
    if (store->site_count == RC_STORE_SITES_MAX)
        return rc_handle_refuse(store, "too many sites in one database");
    struct site *site = &store->sites[store->site_count];
    memset(site, 0, sizeof *site);
    if (!rc_id_set(&site->name, name))
        return rc_handle_refuse(store, "a stored site has a name that is none");
    store->site_count++;
    rc_chain_genesis(&store->chain, site->name.text, site->now.punches.hash);
    site->now.audit = site->now.punches;
    site->committed = site->now;
    return RC_STORE_OK;
}

static enum rc_store_result load_sites(struct rc_store *store)
{
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_SITES);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    enum rc_store_result result = RC_STORE_OK, added = RC_STORE_OK;
    store->site_count = 0;
    while (rc_handle_row(store, statement, &result)) {
        added = add_loaded_site(store, rc_column_text(statement, 0));
        if (added != RC_STORE_OK) {
            sqlite3_reset(statement);
            return added;
        }
    }
    return result;
}

/* The last row of a log of punches, without walking it. */
static enum rc_store_result last_punch(struct rc_store *store, const struct site *site, struct head *out)
{
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_LAST_PUNCH);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &site->name);
    enum rc_store_result result = RC_STORE_OK;
    out->seq = 0;
    rc_chain_genesis(&store->chain, site->name.text, out->hash);
    if (rc_handle_row(store, statement, &result)) {
        struct rc_text hash = rc_column_text(statement, 1);
        out->seq = rc_column_some(statement, 0);
        if (!rc_hash_parse(hash.data, hash.length, out->hash))
            memset(out->hash, 0, sizeof out->hash);
        sqlite3_reset(statement);
    }
    return result;
}

static enum rc_store_result load_heads(struct rc_store *store, struct site *site, bool verify)
{
    struct head walked;
    const char *name = site->name.text;
    enum rc_store_result result =
        rc_walk_head(store->db, &store->chain, name, "punches", &site->now.punches, store->error);
    if (result == RC_STORE_OK)
        result = rc_walk_head(store->db, &store->chain, name, "audit_logs", &site->now.audit, store->error);
    if (result == RC_STORE_OK)
        result = verify ? rc_walk_punches(store->db, &store->chain, name, &walked, store->error)
                        : last_punch(store, site, &walked);
    if (result == RC_STORE_OK)
        result = rc_walk_ends(name, "punches", &walked, &site->now.punches, store->error);
    if (result == RC_STORE_OK && verify)
        result = rc_walk_recent_audit(store->db, &store->chain, name, &site->now.audit, store->error);
    site->committed = site->now;
    return result;
}

static enum rc_store_result load_outbox_number(struct rc_store *store)
{
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_OUTBOX_LAST);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    enum rc_store_result result = RC_STORE_OK;
    if (rc_handle_row(store, statement, &result)) {
        int64_t last = rc_column_some(statement, 0);
        if (last > store->last_outbox)
            store->last_outbox = last;
        sqlite3_reset(statement);
    }
    return result;
}

static enum rc_store_result load(struct rc_store *store, bool verify)
{
    enum rc_store_result result = load_sites(store);
    for (int i = 0; result == RC_STORE_OK && i < store->site_count; i++)
        result = load_heads(store, &store->sites[i], verify);
    if (result == RC_STORE_OK)
        result = rc_audit_load(store);
    for (int i = 0; i < store->site_count; i++)
        store->sites[i].committed = store->sites[i].now;
    if (result == RC_STORE_OK)
        result = load_outbox_number(store);
    return result;
}

/* ---- a first write: proves that writing works, and names this boot ---- */

static enum rc_store_result number_boot(struct rc_store *store, int64_t at)
{
    sqlite3_stmt *add = rc_handle_use(store, RC_SQL_BOOT_ADD), *get = rc_handle_use(store, RC_SQL_BOOT_GET);
    if (add == NULL || get == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(add);
    rc_bind_word(&binder, store->boot_id);
    rc_bind_int(&binder, at);
    enum rc_store_result result = rc_handle_run(store, add);
    if (result != RC_STORE_OK)
        return result;
    binder = rc_bind(get);
    rc_bind_word(&binder, store->boot_id);
    if (rc_handle_row(store, get, &result)) {
        store->boot = rc_column_some(get, 0);
        sqlite3_reset(get);
    }
    return result;
}

static enum rc_store_result note_opening(struct rc_store *store, int64_t at)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)at);
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_META_SET);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_word(&binder, "opened_at");
    rc_bind_word(&binder, text);
    return rc_handle_run(store, statement);
}

static enum rc_store_result first_write(struct rc_store *store, int64_t at)
{
    enum rc_store_result result = rc_store_begin(store);
    if (result == RC_STORE_OK)
        result = number_boot(store, at);
    if (result == RC_STORE_OK)
        result = note_opening(store, at);
    if (result == RC_STORE_OK)
        return rc_store_commit(store);
    rc_store_rollback(store);
    return result;
}

/* ---- opening and closing ---- */

static char *copy_of(const char *text)
{
    return text == NULL ? NULL : strdup(text);
}

static void free_store(struct rc_store *store)
{
    if (store->db != NULL)
        rc_handle_close(store);
    rc_chain_fini(&store->chain);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store->sites);
    free(store->path);
    free(store->vfs);
    free(store->boot_id);
    free(store);
}

static struct rc_store *new_store(const struct rc_store_options *options)
{
    struct rc_store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    store->lock_fd = -1;
    store->path = copy_of(options->path);
    store->vfs = copy_of(options->vfs);
    store->boot_id = copy_of(options->boot_id);
    store->sites = calloc(RC_STORE_SITES_MAX, sizeof *store->sites);
    bool complete = rc_chain_init(&store->chain) && store->path != NULL && store->boot_id != NULL &&
                    store->sites != NULL && (options->vfs == NULL || store->vfs != NULL);
    if (complete)
        return store;
    free_store(store);
    return NULL;
}

enum rc_store_result rc_store_open(const struct rc_store_options *options, struct rc_store **out,
                                   char error[RC_STORE_ERROR_MAX])
{
    *out = NULL;
    struct rc_store *store = new_store(options);
    if (store == NULL) {
        snprintf(error, RC_STORE_ERROR_MAX, "%.300s: no memory", options->path);
        return RC_STORE_IO;
    }
    enum rc_store_result result = RC_STORE_OK;
    if (store->vfs == NULL) /* a VFS of tests has its files elsewhere, for this process alone */
        result = rc_lock_take(store->path, &store->lock_fd, store->error);
    if (result == RC_STORE_OK)
        result = rc_handle_open(store);
    if (result == RC_STORE_OK)
        result = load(store, options->verify);
    if (result == RC_STORE_OK)
        result = first_write(store, options->at);
    if (result != RC_STORE_OK) {
        snprintf(error, RC_STORE_ERROR_MAX, "%.150s: %.350s", options->path, store->error);
        if (store->db != NULL)
            rc_handle_rollback(store);
        free_store(store);
        return result;
    }
    *out = store;
    return RC_STORE_OK;
}

void rc_store_close(struct rc_store *store)
{
    if (store == NULL)
        return;
    rc_handle_rollback(store);
    free_store(store);
}

const char *rc_store_error(const struct rc_store *store)
{
    return store->error;
}

/* ---- recovering ---- */

/* A COMMIT whose fsync failed has left its frames in the WAL, unconfirmed. A commit on the same handle writes
 * over them; otherwise whoever opens the file next might take them for confirmed. */
static void bury_failed_frames(struct rc_store *store, int64_t at)
{
    if (store->db == NULL)
        return;
    store->failed = RC_STORE_OK;
    first_write(store, at);
}

/* The heads that the engine knows against those of the file. */
static enum rc_store_result compare_heads(struct rc_store *store, const struct site *known, int count)
{
    if (count > store->site_count) {
        snprintf(store->error, sizeof store->error, "a site is gone from the database");
        return RC_STORE_CORRUPT;
    }
    for (int i = 0; i < count; i++) {
        const struct site_heads *was = &known[i].committed, *is = &store->sites[i].now;
        if (is->punches.seq > was->punches.seq || is->audit.seq > was->audit.seq) {
            snprintf(store->error, sizeof store->error, "site %s: a batch reported as failed is in the log",
                     known[i].name.text);
            return RC_STORE_AHEAD;
        }
        if (memcmp(&is->punches, &was->punches, sizeof is->punches) != 0 ||
            memcmp(&is->audit, &was->audit, sizeof is->audit) != 0) {
            snprintf(store->error, sizeof store->error, "site %s: the log is not the one it was",
                     known[i].name.text);
            return RC_STORE_CORRUPT;
        }
    }
    return RC_STORE_OK;
}

static enum rc_store_result reopen(struct rc_store *store, bool verify)
{
    struct site *known = store->sites;
    int count = store->site_count;
    if (store->db != NULL)
        rc_handle_close(store);
    store->sites = calloc(RC_STORE_SITES_MAX, sizeof *store->sites);
    store->site_count = 0;
    enum rc_store_result result = RC_STORE_IO;
    if (store->sites == NULL)
        snprintf(store->error, sizeof store->error, "no memory");
    else
        result = rc_handle_open(store);
    if (result == RC_STORE_OK)
        result = load(store, verify);
    if (result == RC_STORE_OK)
        result = compare_heads(store, known, count);
    if (result == RC_STORE_OK) {
        free(known);
        return RC_STORE_OK;
    }
    free(store->sites);
    store->sites = known;
    store->site_count = count;
    store->failed = result;
    return result;
}

enum rc_store_result rc_store_recover(struct rc_store *store, int64_t at)
{
    if (store->failed == RC_STORE_OK)
        return RC_STORE_OK;
    bool verify = store->failed == RC_STORE_CORRUPT;
    bury_failed_frames(store, at);
    enum rc_store_result result = reopen(store, verify);
    if (result == RC_STORE_OK)
        result = first_write(store, at);
    if (result != RC_STORE_OK)
        store->failed = result;
    return result;
}

/* ---- sites ---- */

static enum rc_store_result insert_site(struct rc_store *store, const struct rc_id *name)
{
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_SITE_ADD);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_int(&binder, store->site_count);
    rc_bind_key(&binder, name);
    return rc_handle_run(store, statement);
}

enum rc_store_result rc_store_site(struct rc_store *store, const struct rc_id *name, int *site)
{
    if (store->failed != RC_STORE_OK)
        return store->failed;
    for (int i = 0; i < store->site_count; i++)
        if (rc_id_equal(&store->sites[i].name, name)) {
            *site = i;
            return RC_STORE_OK;
        }
    if (store->in_transaction || store->site_count == RC_STORE_SITES_MAX)
        return rc_handle_refuse(store, "a site cannot be added now");
    enum rc_store_result result = rc_store_begin(store);
    if (result == RC_STORE_OK)
        result = insert_site(store, name);
    if (result == RC_STORE_OK)
        result = rc_store_commit(store);
    if (result == RC_STORE_OK)
        result = add_loaded_site(store, (struct rc_text){name->text, name->length});
    else
        rc_store_rollback(store);
    if (result == RC_STORE_OK)
        *site = store->site_count - 1;
    return result;
}

/* ---- transactions ---- */

static enum rc_store_result run_simple(struct rc_store *store, enum rc_sql sql)
{
    sqlite3_stmt *statement = rc_handle_use(store, sql);
    return statement == NULL ? rc_handle_fail(store, "cannot prepare") : rc_handle_run(store, statement);
}

enum rc_store_result rc_store_begin(struct rc_store *store)
{
    if (store->failed != RC_STORE_OK || store->in_transaction)
        return store->failed;
    enum rc_store_result result = run_simple(store, RC_SQL_BEGIN);
    store->in_transaction = result == RC_STORE_OK;
    return result;
}

bool rc_store_in_transaction(const struct rc_store *store)
{
    return store->in_transaction;
}

static enum rc_store_result write_head(struct rc_store *store, const struct site *site, const char *log,
                                       const struct head *head, const struct head *before)
{
    if (head->seq == before->seq)
        return RC_STORE_OK;
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_HEAD_SET);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    char hex[RC_HASH_HEX + 1];
    rc_hash_hex(head->hash, hex);
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &site->name);
    rc_bind_word(&binder, log);
    rc_bind_int(&binder, head->seq);
    rc_bind_word(&binder, hex);
    return rc_handle_run(store, statement);
}

static enum rc_store_result write_heads(struct rc_store *store)
{
    enum rc_store_result result = RC_STORE_OK;
    for (int i = 0; result == RC_STORE_OK && i < store->site_count; i++) {
        const struct site *site = &store->sites[i];
        if (!site->touched)
            continue;
        result = write_head(store, site, "punches", &site->now.punches, &site->committed.punches);
        if (result == RC_STORE_OK)
            result = write_head(store, site, "audit_logs", &site->now.audit, &site->committed.audit);
    }
    return result;
}

enum rc_store_result rc_store_commit(struct rc_store *store)
{
    if (store->failed != RC_STORE_OK)
        return store->failed;
    if (!store->in_transaction)
        return RC_STORE_OK;
    enum rc_store_result result = write_heads(store);
    if (result == RC_STORE_OK)
        result = run_simple(store, RC_SQL_COMMIT);
    if (result != RC_STORE_OK) {
        rc_handle_rollback(store);
        return result;
    }
    store->in_transaction = false;
    store->month_committed = store->month;
    for (int i = 0; i < store->site_count; i++)
        if (store->sites[i].touched) {
            store->sites[i].committed = store->sites[i].now;
            store->sites[i].touched = false;
        }
    return RC_STORE_OK;
}

void rc_store_rollback(struct rc_store *store)
{
    rc_handle_rollback(store);
}

enum rc_store_result rc_store_apply(struct rc_store *store, int site, struct rc_effect *effect)
{
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result != RC_STORE_OK)
        return result;
    switch (effect->kind) {
    case RC_FX_ROW:
        return rc_punch_append(store, site, &effect->row);
    case RC_FX_RECEIPT:
        return rc_verdict_keep(store, site, &effect->receipt);
    case RC_FX_STATUS:
        return rc_state_status(store, site, &effect->status);
    case RC_FX_DEVICE:
        return rc_state_device(store, site, &effect->device);
    case RC_FX_FORGET:
        return rc_state_forget(store, site, &effect->forget.employee, &effect->forget.session);
    case RC_FX_HOLD:
        return rc_state_hold(store, site, &effect->hold);
    case RC_FX_MAINTENANCE:
        return rc_state_maintenance(store, site, effect->maintenance.until_at);
    case RC_FX_SESSION:
        return rc_store_flush_session(store, site, &effect->session);
    case RC_FX_ALERT:
    case RC_FX_RELOAD:
    case RC_FX_ANSWER:
    case RC_EFFECT_KIND_COUNT:
        break;
    }
    return RC_STORE_OK;
}

/* ---- housekeeping ---- */

enum rc_store_result rc_store_checkpoint(struct rc_store *store)
{
    if (store->failed != RC_STORE_OK)
        return store->failed;
    if (store->in_transaction)
        return rc_handle_refuse(store, "a transaction is open");
    int code = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) /* a reader is in the way: the next one does it */
        return RC_STORE_OK;
    return rc_handle_fail(store, "cannot fold the WAL back");
}

enum rc_store_result rc_store_head(struct rc_store *store, int site, int64_t *seq, uint8_t hash[32])
{
    enum rc_store_result result = rc_handle_may_read(store, site);
    *seq = store->sites[site].committed.punches.seq;
    memcpy(hash, store->sites[site].committed.punches.hash, RC_HASH_BYTES);
    return result;
}
