/* Course progress and the verdicts on it (T-5, P-12): see training.h. */
#include "core/names.h"
#include "handle.h"
#include "store/training.h"

#include <assert.h>

static bool read_verdict(sqlite3_stmt *statement, struct rc_progress_verdict *out)
{
    struct rc_text code = rc_column_text(statement, 3);
    *out = (struct rc_progress_verdict){.found = true, .code = RC_OK, .at = rc_column_some(statement, 4)};
    rc_column_id(statement, 0, &out->course);
    rc_column_id(statement, 1, &out->lesson);
    return rc_result_parse(rc_column_text(statement, 2), &out->result) &&
           (code.length == 0 || rc_code_parse(code, &out->code));
}

enum rc_store_result rc_store_progress_verdict(struct rc_store *store, int site, const struct rc_id *user,
                                               const struct rc_punch_id *id, struct rc_progress_verdict *out)
{
    struct binder binder;
    enum rc_store_result result = rc_handle_may_read(store, site);
    *out = (struct rc_progress_verdict){.found = false};
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_PROGRESS_VERDICT, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_key(&binder, user);
    rc_bind_text(&binder, (struct rc_text){id->text, id->length});
    if (!rc_handle_row(store, binder.statement, &result))
        return result;
    bool sound = read_verdict(binder.statement, out);
    sqlite3_reset(binder.statement);
    return sound ? RC_STORE_OK : rc_handle_refuse(store, "a stored verdict has an unknown word");
}

static enum rc_store_result keep_verdict(struct rc_store *store, int site, const struct rc_id *user,
                                         const struct rc_punch_id *id,
                                         const struct rc_progress_verdict *verdict)
{
    struct binder binder;
    enum rc_store_result result = rc_bind_sql(store, RC_SQL_PROGRESS_RECEIPT_ADD, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_key(&binder, &store->sites[site].name);
    rc_bind_key(&binder, user);
    rc_bind_text(&binder, (struct rc_text){id->text, id->length});
    rc_bind_key(&binder, &verdict->course);
    rc_bind_key(&binder, &verdict->lesson);
    rc_bind_word(&binder, rc_result_name(verdict->result));
    rc_bind_word(&binder, verdict->code == RC_OK ? NULL : rc_code_name(verdict->code));
    rc_bind_int(&binder, verdict->at);
    result = rc_handle_run(store, binder.statement);
    if (result == RC_STORE_OK && sqlite3_changes(store->db) == 0)
        return rc_handle_refuse(store, "this progress id has a verdict already");
    return result;
}

/* Updates the lesson's row, or adds it. */
static enum rc_store_result write_progress(struct rc_store *store, int site, const struct rc_id *user,
                                           const struct rc_progress_verdict *verdict, struct rc_text data)
{
    static const enum rc_sql statements[] = {RC_SQL_PROGRESS_SET, RC_SQL_PROGRESS_ADD};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        struct binder binder;
        enum rc_store_result result = rc_bind_sql(store, statements[i], &binder);
        if (result != RC_STORE_OK)
            return result;
        rc_bind_key(&binder, &store->sites[site].name);
        rc_bind_key(&binder, user);
        rc_bind_key(&binder, &verdict->course);
        rc_bind_key(&binder, &verdict->lesson);
        rc_bind_text(&binder, data);
        rc_bind_int(&binder, verdict->at);
        result = rc_handle_run(store, binder.statement);
        if (result != RC_STORE_OK || sqlite3_changes(store->db) > 0)
            return result;
    }
    return rc_handle_refuse(store, "progress was neither updated nor added");
}

enum rc_store_result rc_store_progress_keep(struct rc_store *store, int site, const struct rc_id *user,
                                            const struct rc_punch_id *id,
                                            const struct rc_progress_verdict *verdict, struct rc_text data)
{
    assert(verdict->result == RC_RECORDED || verdict->result == RC_REJECTED);
    enum rc_store_result result = rc_handle_may_write(store, site);
    if (result == RC_STORE_OK)
        result = keep_verdict(store, site, user, id, verdict);
    if (result == RC_STORE_OK && verdict->result == RC_RECORDED)
        result = write_progress(store, site, user, verdict, data);
    return result;
}
