/* The questions that the engine asks of the log: see store.h and ledger.h. All of them look at one employee,
 * through indexes, and at the few rows around one time. */
#include "handle.h"

#include "core/names.h"

#include <assert.h>
#include <string.h>

/* One row, with what later rows made of it: view punch_facts. */
struct fact {
    bool found;
    int64_t seq, at, closes, target_seq, out_t, out_detected_t, detected_at;
    enum rc_type type;
    enum rc_cause cause;
    enum rc_action action;
    bool in_effect, decided, rejected, held, review, retimed;
    struct rc_id employee;
};

/* Whose log, and the store to ask. */
struct asker {
    struct rc_store *store;
    int site;
    const struct rc_id *employee;
};

/* A label and the row that it belongs to; labels of one employee are ordered by (at, seq). */
struct label {
    bool found;
    int64_t at, seq;
};

static bool comes_before(struct label a, struct label b)
{
    return a.at != b.at ? a.at < b.at : a.seq < b.seq;
}

static enum rc_store_result use(struct rc_store *store, enum rc_sql sql, sqlite3_stmt **statement)
{
    *statement = rc_handle_use(store, sql);
    return *statement == NULL ? rc_handle_fail(store, "cannot prepare") : RC_STORE_OK;
}

static bool take_fact(sqlite3_stmt *statement, struct fact *out)
{
    struct rc_text state = rc_column_text(statement, 6);
    *out = (struct fact){
        .found = true,
        .seq = rc_column_some(statement, 0),
        .at = rc_column_some(statement, 2),
        .in_effect = rc_column_bool(statement, 3),
        .decided = rc_column_bool(statement, 4),
        .rejected = rc_column_bool(statement, 5),
        .held = state.length == 4,
        .review = rc_column_bool(statement, 7),
        .closes = rc_column_some(statement, 8),
        .target_seq = rc_column_some(statement, 9),
        .out_t = rc_column_some(statement, 11),
        .out_detected_t = rc_column_some(statement, 12),
    };
    rc_column_id(statement, 13, &out->employee);
    out->retimed = rc_column_some(statement, 15) != out->at;
    out->detected_at = rc_column_some(statement, 16);
    return rc_type_parse(rc_column_text(statement, 1), &out->type) &&
           rc_cause_parse(rc_column_text(statement, 10), &out->cause) &&
           rc_action_parse(rc_column_text(statement, 14), &out->action);
}

static enum rc_store_result read_fact(const struct asker *asker, int64_t seq, struct fact *out)
{
    out->found = false;
    sqlite3_stmt *statement;
    enum rc_store_result result = use(asker->store, RC_SQL_FACT, &statement);
    if (result != RC_STORE_OK)
        return result;
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &asker->store->sites[asker->site].name);
    rc_bind_int(&binder, seq);
    if (!rc_handle_row(asker->store, statement, &result))
        return result;
    bool sound = take_fact(statement, out);
    sqlite3_reset(statement);
    return sound ? RC_STORE_OK : rc_handle_refuse(asker->store, "a row of the log has an unknown word");
}

/* ---- walking labels in order ---- */

/* What a walk looks for. */
enum wanted { ANY_IN, ANY_ROW };

/* The label that the row at hand stands for, if it is in force: a row's own, unless it was retimed; or the
 * one that a retime gave it, unless a later one gave another. */
static enum rc_store_result label_of(const struct asker *asker, sqlite3_stmt *walk, enum wanted wanted,
                                     struct label *out)
{
    enum rc_type type = RC_TYPE_NONE;
    out->found = false;
    out->at = rc_column_some(walk, 1);
    if (!rc_type_parse(rc_column_text(walk, 2), &type))
        return rc_handle_refuse(asker->store, "a row of the log has an unknown type");
    out->seq = rc_column_some(walk, type == RC_CORRECTION ? 3 : 0);
    struct fact fact;
    enum rc_store_result result = read_fact(asker, out->seq, &fact);
    if (result == RC_STORE_OK && fact.found)
        out->found = fact.in_effect && fact.at == out->at && fact.type != RC_CORRECTION &&
                     (wanted == ANY_ROW || fact.type == RC_IN);
    return result;
}

/* Steps the walk until labels can only get worse than the best one on `side` of the limit. */
static enum rc_store_result walk_labels(const struct asker *asker, sqlite3_stmt *walk, enum wanted wanted,
                                        bool backwards, struct label limit, struct label *best)
{
    enum rc_store_result result = RC_STORE_OK;
    best->found = false;
    while (rc_handle_row(asker->store, walk, &result)) {
        struct label label;
        if (best->found && rc_column_some(walk, 1) != best->at)
            break;
        result = label_of(asker, walk, wanted, &label);
        if (result != RC_STORE_OK)
            break;
        bool on_side = backwards ? comes_before(label, limit) : comes_before(limit, label);
        bool better = !best->found || (backwards ? comes_before(*best, label) : comes_before(label, *best));
        if (label.found && on_side && better)
            *best = label;
    }
    sqlite3_reset(walk);
    return result;
}

/* The IN in effect with the greatest (at, seq) below the limit. */
static enum rc_store_result find_in_before(const struct asker *asker, struct label limit, struct label *out)
{
    sqlite3_stmt *walk;
    enum rc_store_result result = use(asker->store, RC_SQL_INS_BEFORE, &walk);
    if (result != RC_STORE_OK)
        return result;
    struct binder binder = rc_bind(walk);
    rc_bind_key(&binder, &asker->store->sites[asker->site].name);
    rc_bind_key(&binder, asker->employee);
    rc_bind_int(&binder, limit.at);
    return walk_labels(asker, walk, ANY_IN, true, limit, out);
}

/* The IN in effect with the least (at, seq) above the limit. */
static enum rc_store_result find_in_after(const struct asker *asker, struct label limit, struct label *out)
{
    sqlite3_stmt *walk;
    enum rc_store_result result = use(asker->store, RC_SQL_INS_AFTER, &walk);
    if (result != RC_STORE_OK)
        return result;
    struct binder binder = rc_bind(walk);
    rc_bind_key(&binder, &asker->store->sites[asker->site].name);
    rc_bind_key(&binder, asker->employee);
    rc_bind_int(&binder, limit.at);
    return walk_labels(asker, walk, ANY_IN, false, limit, out);
}

/* The row in effect with the greatest (at, seq), CORRECTIONs aside. */
static enum rc_store_result find_latest(const struct asker *asker, struct label *out)
{
    sqlite3_stmt *walk;
    enum rc_store_result result = use(asker->store, RC_SQL_LATEST, &walk);
    if (result != RC_STORE_OK)
        return result;
    struct binder binder = rc_bind(walk);
    rc_bind_key(&binder, &asker->store->sites[asker->site].name);
    rc_bind_key(&binder, asker->employee);
    return walk_labels(asker, walk, ANY_ROW, true, (struct label){true, INT64_MAX, INT64_MAX}, out);
}

/* ---- periods ---- */

/* One integer of one row, found through a site and a seq; 0 if there is none. */
static enum rc_store_result ask_integer(const struct asker *asker, enum rc_sql sql, int64_t seq, int64_t *out)
{
    sqlite3_stmt *statement;
    *out = 0;
    enum rc_store_result result = use(asker->store, sql, &statement);
    if (result != RC_STORE_OK)
        return result;
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &asker->store->sites[asker->site].name);
    rc_bind_int(&binder, seq);
    if (rc_handle_row(asker->store, statement, &result)) {
        *out = rc_column_some(statement, 0);
        sqlite3_reset(statement);
    }
    return result;
}

/* The OUT in effect that closes an IN; not found: the period is open. */
static enum rc_store_result find_out(const struct asker *asker, int64_t in_seq, struct fact *out)
{
    int64_t out_seq = 0;
    out->found = false;
    enum rc_store_result result = ask_integer(asker, RC_SQL_CLOSING, in_seq, &out_seq);
    if (result != RC_STORE_OK || out_seq == 0)
        return result;
    return read_fact(asker, out_seq, out);
}

static enum rc_store_result fill_period(const struct asker *asker, struct label in, struct rc_period *out)
{
    memset(out, 0, sizeof *out);
    if (!in.found)
        return RC_STORE_OK;
    struct fact closing;
    enum rc_store_result result = find_out(asker, in.seq, &closing);
    if (result == RC_STORE_OK)
        result = ask_integer(asker, RC_SQL_RESUMED, in.seq, &out->resumed_at);
    out->found = true;
    out->in_seq = in.seq;
    out->in_at = in.at;
    if (!closing.found)
        return result;
    out->closed = true;
    out->out_seq = closing.seq;
    out->out_at = closing.at;
    out->out_type = closing.type;
    out->out_detected_at = closing.detected_at;
    out->out_decided = closing.decided || closing.action == RC_ACTION_ADD;
    return result;
}

static enum rc_store_result find_waiting(const struct asker *asker, int64_t after, int64_t before,
                                         struct rc_history *out)
{
    sqlite3_stmt *statement;
    enum rc_store_result result = use(asker->store, RC_SQL_WAITING, &statement);
    if (result != RC_STORE_OK)
        return result;
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &asker->store->sites[asker->site].name);
    rc_bind_key(&binder, asker->employee);
    rc_bind_int(&binder, after);
    rc_bind_int(&binder, before);
    if (rc_handle_row(asker->store, statement, &result)) {
        out->waiting_seq = rc_column_some(statement, 0);
        out->waiting_at = rc_column_some(statement, 1);
        sqlite3_reset(statement);
    }
    return result;
}

enum rc_store_result rc_store_history(struct rc_store *store, int site, const struct rc_id *employee,
                                      int64_t at, struct rc_history *out)
{
    memset(out, 0, sizeof *out);
    enum rc_store_result result = rc_handle_may_read(store, site);
    struct asker asker = {store, site, employee};
    struct label limit = {true, at, INT64_MAX}, in;
    if (result == RC_STORE_OK)
        result = find_in_before(&asker, limit, &in);
    if (result == RC_STORE_OK)
        result = fill_period(&asker, in, &out->at);
    if (result == RC_STORE_OK)
        result = find_in_after(&asker, limit, &in);
    if (result == RC_STORE_OK)
        result = fill_period(&asker, in, &out->next);
    if (result == RC_STORE_OK)
        result = find_waiting(&asker, at, out->next.found ? out->next.in_at : INT64_MAX, out);
    return result;
}

/* ---- a row that somebody wants to decide on ---- */

/* The IN of the period that a row in effect belongs to; 0: none. Of a RESUME also when what it undid was. */
static enum rc_store_result in_of(const struct asker *asker, const struct fact *row, int64_t *in_seq,
                                  int64_t *undone_at)
{
    struct fact undone;
    *in_seq = row->type == RC_IN ? row->seq : row->closes;
    if (row->type != RC_RESUME)
        return RC_STORE_OK;
    enum rc_store_result result = read_fact(asker, row->target_seq, &undone);
    *in_seq = undone.found ? undone.closes : 0;
    *undone_at = undone.found ? undone.at : 0;
    return result;
}

static enum rc_store_result fill_neighbours(const struct asker *asker, struct label in, struct rc_target *out)
{
    struct label before, after;
    struct rc_period previous;
    enum rc_store_result result = find_in_before(asker, in, &before);
    if (result == RC_STORE_OK)
        result = fill_period(asker, before, &previous);
    if (result == RC_STORE_OK && previous.found) {
        out->previous_in_at = previous.in_at;
        out->previous_out_at = previous.closed ? previous.out_at : previous.in_at;
    }
    if (result == RC_STORE_OK)
        result = find_in_after(asker, in, &after);
    if (result == RC_STORE_OK && after.found)
        out->next_in_at = after.at;
    return result;
}

static enum rc_store_result fill_surroundings(const struct asker *asker, const struct fact *row,
                                              struct rc_target *out)
{
    int64_t in_seq = 0;
    struct fact in = {.found = false};
    enum rc_store_result result = in_of(asker, row, &in_seq, &out->undone_at);
    if (result == RC_STORE_OK && in_seq != 0)
        result = read_fact(asker, in_seq, &in);
    if (result != RC_STORE_OK || !in.found || !in.in_effect)
        return result;
    struct label label = {true, in.at, in.seq};
    result = fill_period(asker, label, &out->period);
    return result == RC_STORE_OK ? fill_neighbours(asker, label, out) : result;
}

enum rc_store_result rc_store_target(struct rc_store *store, int site, const struct rc_id *employee,
                                     int64_t seq, struct rc_target *out)
{
    memset(out, 0, sizeof *out);
    out->previous_in_at = out->previous_out_at = INT64_MIN;
    out->next_in_at = INT64_MAX;
    enum rc_store_result result = rc_handle_may_read(store, site);
    struct asker asker = {store, site, employee};
    struct fact row = {.found = false};
    if (result == RC_STORE_OK)
        result = read_fact(&asker, seq, &row);
    if (result != RC_STORE_OK || !row.found || !rc_id_equal(&row.employee, employee))
        return result;
    out->found = true;
    out->seq = row.seq;
    out->type = row.type;
    out->at = row.at;
    out->held = row.held;
    out->in_effect = row.in_effect;
    out->rejected = row.rejected;
    out->review = row.review && !row.decided;
    out->target_seq = row.target_seq;
    if (!row.in_effect || row.type == RC_CORRECTION)
        return RC_STORE_OK;
    return fill_surroundings(&asker, &row, out);
}

/* ---- the ledger ---- */

/* Whether there is a row that answers; parameters after site and employee. */
static enum rc_store_result ask_exists(const struct asker *asker, enum rc_sql sql, const int64_t *values,
                                       int count, bool *out)
{
    sqlite3_stmt *statement;
    *out = false;
    enum rc_store_result result = use(asker->store, sql, &statement);
    if (result != RC_STORE_OK)
        return result;
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &asker->store->sites[asker->site].name);
    rc_bind_key(&binder, asker->employee);
    for (int i = 0; i < count; i++)
        rc_bind_int(&binder, values[i]);
    if (rc_handle_row(asker->store, statement, &result)) {
        *out = true;
        sqlite3_reset(statement);
    }
    return result;
}

/* Nobody is IN, and no period is in effect: since when, is when the employee's first row is from. */
static enum rc_store_result ledger_of_nothing(const struct asker *asker, struct rc_ledger *out)
{
    sqlite3_stmt *statement;
    bool unmade;
    const int64_t ever[] = {INT64_MIN, 0, INT64_MIN};
    enum rc_store_result result = ask_exists(asker, RC_SQL_UNMADE, ever, 3, &unmade);
    if (result == RC_STORE_OK && unmade)
        out->cause = RC_STATUS_CORRECTION;
    if (result == RC_STORE_OK)
        result = use(asker->store, RC_SQL_FIRST, &statement);
    if (result != RC_STORE_OK)
        return result;
    struct binder binder = rc_bind(statement);
    rc_bind_key(&binder, &asker->store->sites[asker->site].name);
    rc_bind_key(&binder, asker->employee);
    if (rc_handle_row(asker->store, statement, &result)) {
        out->since_at = rc_column_some(statement, 0);
        sqlite3_reset(statement);
    }
    return result;
}

/* Which kind of row brought about what is now: the OUT, the IN, or its last RESUME, unless a person's
 * decision on that row, or on one after it that is gone now, did. */
static enum rc_store_result find_cause(const struct asker *asker, const struct fact *deciding,
                                       enum rc_status_cause *out)
{
    bool unmade;
    const int64_t since[] = {deciding->at, deciding->seq, deciding->at};
    enum rc_store_result result = ask_exists(asker, RC_SQL_UNMADE, since, 3, &unmade);
    if (unmade || deciding->cause == RC_CAUSE_CORRECTION || deciding->action == RC_ACTION_ADD ||
        (deciding->decided && (deciding->held || deciding->retimed)))
        *out = RC_STATUS_CORRECTION;
    else if (deciding->type == RC_AUTO_OUT)
        *out = RC_STATUS_AUTO_OUT;
    else if (deciding->type == RC_RESUME)
        *out = RC_STATUS_RESUME;
    else
        *out = RC_STATUS_PUNCH;
    return result;
}

static enum rc_store_result fill_out(const struct asker *asker, const struct fact *closing,
                                     struct rc_ledger *out)
{
    bool said_out = false;
    enum rc_store_result result = RC_STORE_OK;
    if (closing->type == RC_AUTO_OUT) {
        const int64_t since[] = {closing->seq};
        result = ask_exists(asker, RC_SQL_SAID_OUT, since, 1, &said_out);
    }
    out->since_at = closing->at;
    out->out_seq = closing->seq;
    out->out_type = closing->type;
    out->out_cause = closing->cause;
    out->out_t = closing->out_t;
    out->out_detected_t = closing->out_detected_t;
    out->out_final = closing->decided || said_out;
    return result;
}

enum rc_store_result rc_store_ledger(struct rc_store *store, int site, const struct rc_id *employee,
                                     struct rc_ledger *out)
{
    memset(out, 0, sizeof *out);
    enum rc_store_result result = rc_handle_may_read(store, site);
    struct asker asker = {store, site, employee};
    struct label in = {.found = false}, latest = {.found = false};
    if (result == RC_STORE_OK)
        result = find_in_before(&asker, (struct label){true, INT64_MAX, INT64_MAX}, &in);
    if (result == RC_STORE_OK)
        result = find_latest(&asker, &latest);
    if (result != RC_STORE_OK || !in.found)
        return result == RC_STORE_OK ? ledger_of_nothing(&asker, out) : result;
    struct fact deciding, closing;
    result = find_out(&asker, in.seq, &closing);
    out->in_seq = in.seq;
    out->in_at = in.at;
    out->since_at = in.at;
    out->last_seq = latest.seq;
    out->last_at = latest.at;
    out->is_in = !closing.found;
    deciding = closing;
    /* IN: by its own row, or by the RESUME that is the latest row in effect. */
    if (result == RC_STORE_OK && out->is_in)
        result = read_fact(&asker, latest.seq, &deciding);
    if (result == RC_STORE_OK && closing.found)
        result = fill_out(&asker, &closing, out);
    return result == RC_STORE_OK ? find_cause(&asker, &deciding, &out->cause) : result;
}
