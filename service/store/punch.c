#include "punch.h"

#include "core/names.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- one row, twice: into the hash and into the table; both in the order of RC_PUNCH_COLUMNS ---- */

/* A column's value on its way to either. */
struct sink {
    struct rc_chain *chain;
    struct binder binder;
};

static void put_text(struct sink *sink, struct rc_text text)
{
    if (text.length == 0)
        rc_chain_null(sink->chain);
    else
        rc_chain_text(sink->chain, text.data, text.length);
    rc_bind_text(&sink->binder, text);
}

static void put_id(struct sink *sink, const struct rc_id *id)
{
    put_text(sink, (struct rc_text){id->text, id->length});
}

static void put_int(struct sink *sink, int64_t value)
{
    rc_chain_integer(sink->chain, value);
    rc_bind_int(&sink->binder, value);
}

static void put_null(struct sink *sink)
{
    put_text(sink, (struct rc_text){NULL, 0});
}

static void put_some(struct sink *sink, int64_t value)
{
    if (value == 0)
        put_null(sink);
    else
        put_int(sink, value);
}

static void put_row(struct sink *sink, const struct rc_id *site, const struct rc_row *row)
{
    put_id(sink, site);
    put_int(sink, row->seq);
    put_text(sink, (struct rc_text){row->id.text, row->id.length});
    put_id(sink, &row->employee);
    put_text(sink, rc_text_of(rc_type_name(row->type)));
    put_int(sink, row->at);
    put_some(sink, row->last_evidence_at);
    put_some(sink, row->detected_at);
    put_int(sink, row->recorded_at);
    put_text(sink, rc_text_of(rc_cause_name(row->cause)));
    put_id(sink, &row->session);
    put_id(sink, &row->login);
    if (row->device_at == RC_NONE)
        put_null(sink);
    else
        put_int(sink, row->device_at);
    put_text(sink, rc_text_of(row->held ? "held" : "effective"));
    put_int(sink, row->review ? 1 : 0);
    put_some(sink, row->closes);
    put_some(sink, row->target_seq);
    put_text(sink, rc_text_of(rc_action_name(row->action)));
    put_id(sink, &row->actor);
    put_text(sink, row->reason);
    put_some(sink, row->hold);
    put_text(sink, row->note);
    put_some(sink, row->out_t);
    put_some(sink, row->out_detected_t);
}

enum rc_store_result rc_punch_append(struct rc_store *store, int site, struct rc_row *row)
{
    struct site *at = &store->sites[site];
    struct head *head = &at->now.punches;
    if (row->seq != head->seq + 1)
        return rc_handle_refuse(store, "the row's seq is not the log's next");
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_ROW_ADD);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct sink sink = {&store->chain, rc_bind(statement)};
    struct head next = {.seq = row->seq};
    rc_chain_begin(&store->chain, head->hash, "punches");
    put_row(&sink, &at->name, row);
    rc_chain_end(&store->chain, next.hash);
    char hex[RC_HASH_HEX + 1];
    rc_hash_hex(next.hash, hex);
    rc_bind_text(&sink.binder, (struct rc_text){hex, RC_HASH_HEX});
    enum rc_store_result result = rc_handle_run(store, statement);
    if (result != RC_STORE_OK)
        return result;
    *head = next;
    at->touched = true;
    memcpy(row->hash, next.hash, sizeof row->hash);
    return RC_STORE_OK;
}

/* ---- verdicts ---- */

static enum rc_store_result read_hash(struct rc_store *store, int site, int64_t seq, bool *found,
                                      uint8_t hash[RC_HASH_BYTES])
{
    const struct site *at = &store->sites[site];
    if (seq == at->now.punches.seq) {
        memcpy(hash, at->now.punches.hash, RC_HASH_BYTES);
        *found = true;
        return RC_STORE_OK;
    }
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_ROW_HASH);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &at->name);
    rc_bind_int(&binder, seq);
    enum rc_store_result result = RC_STORE_OK;
    if (rc_handle_row(store, statement, &result)) {
        struct rc_text text = rc_column_text(statement, 0);
        *found = rc_hash_parse(text.data, text.length, hash);
        sqlite3_reset(statement);
    }
    return result;
}

/* Section 8: the head of the chain stands in every receipt: its own row's hash, which says all before it too,
 * or where it has no row that of the last one. */
static enum rc_store_result prove(struct rc_store *store, int site, struct rc_receipt *receipt)
{
    if (receipt->has_hash)
        return RC_STORE_OK;
    if (receipt->seq != 0)
        return read_hash(store, site, receipt->seq, &receipt->has_hash, receipt->hash);
    memcpy(receipt->hash, store->sites[site].now.punches.hash, RC_HASH_BYTES);
    receipt->has_hash = true;
    return RC_STORE_OK;
}

enum rc_store_result rc_verdict_keep(struct rc_store *store, int site, struct rc_receipt *receipt)
{
    enum rc_store_result proven = prove(store, site, receipt);
    if (proven != RC_STORE_OK || !receipt->remember)
        return proven;
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_RECEIPT_ADD);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_key(&binder, &receipt->employee);
    rc_bind_text(&binder, (struct rc_text){receipt->id.text, receipt->id.length});
    rc_bind_word(&binder, rc_type_name(receipt->type));
    rc_bind_word(&binder, rc_result_name(receipt->result));
    rc_bind_some(&binder, receipt->seq);
    rc_bind_some(&binder, receipt->at);
    rc_bind_some(&binder, receipt->recorded_at);
    rc_bind_int(&binder, receipt->review ? 1 : 0);
    rc_bind_word(&binder, receipt->code == RC_OK ? NULL : rc_code_name(receipt->code));
    rc_bind_int(&binder, store->sites[site].now.punches.seq);
    rc_bind_word(&binder, receipt->message);
    enum rc_store_result result = rc_handle_run(store, statement);
    if (result == RC_STORE_OK && sqlite3_changes(store->db) == 0)
        return rc_handle_refuse(store, "this punch id has a verdict already");
    return result;
}

/* Without a row, the hash is that of the log's last row at the time: what the first receipt held. */
static bool read_verdict(struct rc_store *store, int site, sqlite3_stmt *statement, struct rc_verdict *out)
{
    struct rc_text code = rc_column_text(statement, 6);
    struct rc_text hash = rc_column_text(statement, 7);
    *out = (struct rc_verdict){
        .found = true,
        .seq = rc_column_some(statement, 2),
        .at = rc_column_some(statement, 3),
        .recorded_at = rc_column_some(statement, 4),
        .review = rc_column_bool(statement, 5),
        .code = RC_OK,
    };
    struct rc_text message = rc_column_text(statement, 9);
    if (message.length > 0) {
        snprintf(store->verdict_message, sizeof store->verdict_message, "%.*s", (int)message.length,
                 message.data);
        out->message = store->verdict_message;
    }
    out->has_hash = rc_hash_parse(hash.data, hash.length, out->hash);
    if (!out->has_hash && rc_column_some(statement, 8) == 0) {
        rc_chain_genesis(&store->chain, store->sites[site].name.text, out->hash);
        out->has_hash = true;
    }
    return rc_type_parse(rc_column_text(statement, 0), &out->type) &&
           rc_result_parse(rc_column_text(statement, 1), &out->result) &&
           (code.length == 0 || rc_code_parse(code, &out->code));
}

enum rc_store_result rc_store_verdict(struct rc_store *store, int site, const struct rc_id *employee,
                                      const struct rc_punch_id *id, struct rc_verdict *out)
{
    enum rc_store_result result = rc_handle_may_read(store, site);
    if (result != RC_STORE_OK)
        return result;
    sqlite3_stmt *statement = rc_handle_use(store, RC_SQL_VERDICT);
    if (statement == NULL)
        return rc_handle_fail(store, "cannot prepare");
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_key(&binder, employee);
    rc_bind_text(&binder, (struct rc_text){id->text, id->length});
    *out = (struct rc_verdict){.found = false};
    if (!rc_handle_row(store, statement, &result))
        return result;
    bool sound = read_verdict(store, site, statement, out);
    sqlite3_reset(statement);
    return sound ? RC_STORE_OK : rc_handle_refuse(store, "a stored verdict has an unknown word");
}

/* ---- reading rows ---- */

static void read_punch_id(sqlite3_stmt *statement, int column, struct rc_punch_id *out)
{
    struct rc_text text = rc_column_text(statement, column);
    size_t length = text.length < RC_PUNCH_ID_MAX ? text.length : RC_PUNCH_ID_MAX;
    if (length > 0)
        memcpy(out->text, text.data, length);
    out->text[length] = '\0';
    out->length = (uint16_t)length;
}

bool rc_punch_read(sqlite3_stmt *statement, struct rc_stored_row *out)
{
    memset(out, 0, sizeof *out);
    struct rc_row *row = &out->row;
    row->seq = rc_column_some(statement, 1);
    read_punch_id(statement, 2, &row->id);
    rc_column_id(statement, 3, &row->employee);
    row->at = rc_column_some(statement, 5);
    row->last_evidence_at = rc_column_some(statement, 6);
    row->detected_at = rc_column_some(statement, 7);
    row->recorded_at = rc_column_some(statement, 8);
    rc_column_id(statement, 10, &row->session);
    rc_column_id(statement, 11, &row->login);
    row->device_at = rc_column_given(statement, 12);
    struct rc_text state = rc_column_text(statement, 13);
    row->held = state.length == 4; /* "held", not "effective" */
    row->review = rc_column_bool(statement, 14);
    row->closes = rc_column_some(statement, 15);
    row->target_seq = rc_column_some(statement, 16);
    rc_column_id(statement, 18, &row->actor);
    row->reason = rc_column_text(statement, 19);
    row->hold = rc_column_some(statement, 20);
    row->note = rc_column_text(statement, 21);
    row->out_t = rc_column_some(statement, 22);
    row->out_detected_t = rc_column_some(statement, 23);
    struct rc_text hash = rc_column_text(statement, 24);
    out->in_effect = rc_column_bool(statement, 25);
    out->decided = rc_column_bool(statement, 26);
    out->effective_at = rc_column_some(statement, 27);
    return rc_type_parse(rc_column_text(statement, 4), &row->type) &&
           rc_cause_parse(rc_column_text(statement, 9), &row->cause) &&
           rc_action_parse(rc_column_text(statement, 17), &row->action) &&
           rc_hash_parse(hash.data, hash.length, row->hash);
}
