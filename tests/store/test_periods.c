/* P-5: the view `periods`, the pages and the ledgers against a naive recomputation, over random logs; and
 * that no question about one employee reads the whole log. */
#include "rig.h"

#include "core/names.h"
#include "statements.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEOPLE 3
#define ROWS   400
#define LOGS   25

static const char *const people[PEOPLE] = {"anna", "bert", "cleo"};

/* The naive side: rows in an array, every question answered by looking at all of them, in the contract's
 * words. */
struct world {
    struct rig *rig;
    struct rc_row rows[ROWS + 8];
    int count;
    uint64_t random;
    int64_t clock;
};

static int pick(struct world *world, int below)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (int)(world->random % (uint64_t)below);
}

static bool is_correction_of(const struct rc_row *row, int64_t seq, enum rc_action action)
{
    return row->type == RC_CORRECTION && row->target_seq == seq && row->action == action;
}

static bool has_correction(const struct world *world, int64_t seq, enum rc_action action)
{
    for (int i = 0; i < world->count; i++)
        if (is_correction_of(&world->rows[i], seq, action))
            return true;
    return false;
}

static bool in_effect(const struct world *world, const struct rc_row *row)
{
    if (row->type == RC_CORRECTION)
        return true;
    if (row->held && !has_correction(world, row->seq, RC_ACTION_ACCEPT))
        return false;
    if (has_correction(world, row->seq, RC_ACTION_VOID) || has_correction(world, row->seq, RC_ACTION_REJECT))
        return false;
    for (int i = 0; i < world->count; i++)
        if (world->rows[i].type == RC_RESUME && world->rows[i].target_seq == row->seq &&
            in_effect(world, &world->rows[i]))
            return false;
    return true;
}

static bool decided(const struct world *world, const struct rc_row *row)
{
    for (int i = 0; i < world->count; i++) {
        const struct rc_row *by = &world->rows[i];
        if (by->type == RC_CORRECTION && by->target_seq == row->seq && strcmp(by->actor.text, "service") != 0)
            return true;
    }
    return false;
}

static int64_t label(const struct world *world, const struct rc_row *row)
{
    int64_t at = row->at;
    for (int i = 0; i < world->count; i++)
        if (is_correction_of(&world->rows[i], row->seq, RC_ACTION_RETIME))
            at = world->rows[i].at;
    return at;
}

static int64_t closes(const struct world *world, const struct rc_row *row)
{
    int64_t seq = row->closes;
    for (int i = 0; i < world->count; i++)
        if (is_correction_of(&world->rows[i], row->seq, RC_ACTION_ACCEPT) && world->rows[i].closes != 0)
            seq = world->rows[i].closes;
    return seq;
}

static const struct rc_row *out_of(const struct world *world, const struct rc_row *in)
{
    for (int i = 0; i < world->count; i++) {
        const struct rc_row *row = &world->rows[i];
        if ((row->type == RC_OUT || row->type == RC_AUTO_OUT) && closes(world, row) == in->seq &&
            in_effect(world, row))
            return row;
    }
    return NULL;
}

static bool doubtful(const struct world *world, const struct rc_row *row)
{
    return row->review && !decided(world, row);
}

static bool period_under_review(const struct world *world, const struct rc_row *in)
{
    const struct rc_row *out = out_of(world, in);
    if (doubtful(world, in) || (out != NULL && doubtful(world, out)))
        return true;
    for (int i = 0; i < world->count; i++) {
        const struct rc_row *row = &world->rows[i];
        if (row->type == RC_RESUME && world->rows[row->target_seq - 1].closes == in->seq &&
            in_effect(world, row) && doubtful(world, row))
            return true;
    }
    return false;
}

/* The last IN in effect of somebody, by label; NULL: none. */
static const struct rc_row *last_in(const struct world *world, const struct rc_id *who, int64_t before)
{
    const struct rc_row *last = NULL;
    for (int i = 0; i < world->count; i++) {
        const struct rc_row *row = &world->rows[i];
        if (row->type == RC_IN && rc_id_equal(&row->employee, who) && in_effect(world, row) &&
            label(world, row) <= before && (last == NULL || label(world, row) >= label(world, last)))
            last = row;
    }
    return last;
}

/* ---- making a log that the engine could have made ---- */

static struct rc_row *push(struct world *world, const char *who, enum rc_type type, int64_t at)
{
    struct rc_row *row = &world->rows[world->count];
    *row = rig_row(world->rig, who, type, at);
    row->seq = world->count + 1;
    row->recorded_at = world->clock;
    row->review = pick(world, 4) == 0;
    if (type == RC_AUTO_OUT)
        row->cause = RC_CAUSE_OUTAGE;
    world->count++;
    return row;
}

static void correct(struct world *world, const char *who, enum rc_action action, int64_t at, int64_t target,
                    int64_t closed, const char *actor)
{
    struct rc_row *row = push(world, who, RC_CORRECTION, at);
    row->review = false;
    row->action = action;
    row->target_seq = target;
    row->closes = closed;
    row->actor = rig_id(actor);
}

static void decide(struct world *world, const char *who, const struct rc_row *row)
{
    /* labels are 100 apart: moved by less they keep their order */
    if (row->type != RC_CORRECTION && in_effect(world, row) && pick(world, 2) == 0)
        correct(world, who, RC_ACTION_RETIME, row->at + pick(world, 40), row->seq, 0, "boss");
    else if (row->type != RC_CORRECTION && row->review && !decided(world, row) && in_effect(world, row))
        correct(world, who, RC_ACTION_ACCEPT, world->clock, row->seq, 0, "boss");
}

static void while_in(struct world *world, const char *who, const struct rc_row *in)
{
    const int64_t in_seq = in->seq;
    int64_t at = world->clock;
    switch (pick(world, 5)) {
    case 0:
        push(world, who, RC_OUT, at)->closes = in_seq;
        break;
    case 1:
    case 2:
        push(world, who, RC_AUTO_OUT, at)->closes = in_seq;
        break;
    case 3: { /* an OUT held back, and accepted, by a person or the service */
        struct rc_row *held = push(world, who, RC_OUT, at);
        held->held = true;
        int64_t seq = held->seq;
        if (pick(world, 2) == 0)
            correct(world, who, RC_ACTION_ACCEPT, at + 1, seq, in_seq,
                    pick(world, 2) == 0 ? "boss" : "service");
        break;
    }
    default:
        correct(world, who, RC_ACTION_VOID, at, in_seq, 0, "boss");
    }
}

static void while_out(struct world *world, const char *who, const struct rc_row *in)
{
    const struct rc_row *out = in == NULL ? NULL : out_of(world, in);
    int64_t out_seq = out == NULL ? 0 : out->seq, in_seq = in == NULL ? 0 : in->seq;
    int choice = pick(world, 5);
    if (choice == 0 && out != NULL && out->type == RC_AUTO_OUT) {
        push(world, who, RC_RESUME, world->clock)->target_seq = out_seq;
        if (pick(world, 4) == 0)
            correct(world, who, RC_ACTION_REJECT, world->clock, world->count, 0, "boss");
    } else if (choice == 1 && out != NULL && out->type == RC_AUTO_OUT) {
        correct(world, who, RC_ACTION_VOID, world->clock, out_seq, 0, "service");
        push(world, who, RC_OUT, world->clock)->closes = in_seq;
    } else if (choice == 2 && out != NULL) {
        correct(world, who, RC_ACTION_VOID, world->clock, in_seq, 0, "boss");
        correct(world, who, RC_ACTION_VOID, world->clock, out_seq, 0, "boss");
    } else {
        push(world, who, RC_IN, world->clock);
    }
}

static void make_log(struct world *world)
{
    while (world->count < ROWS) {
        const char *who = people[pick(world, PEOPLE)];
        const struct rc_id id = rig_id(who);
        world->clock += 100;
        const struct rc_row *in = last_in(world, &id, INT64_MAX);
        const struct rc_row *any = world->count == 0 ? NULL : &world->rows[pick(world, world->count)];
        if (any != NULL && pick(world, 4) == 0 && rc_id_equal(&any->employee, &id))
            decide(world, who, any);
        else if (in != NULL && out_of(world, in) == NULL)
            while_in(world, who, in);
        else
            while_out(world, who, in);
    }
    rig_ok(world->rig, rc_store_begin(world->rig->store));
    for (int i = 0; i < world->count; i++)
        rig_append(world->rig, &world->rows[i]);
    rig_ok(world->rig, rc_store_commit(world->rig->store));
    for (int i = 0; i < PEOPLE; i++)
        rig_status(world->rig, people[i]);
}

/* ---- comparing ---- */

struct compared {
    const struct world *world;
    const struct rc_page *page;
    int64_t last_seq;
    int count;
};

/* Held punches inside a period on which nobody has decided. */
static int held_inside(const struct world *world, const struct rc_row *in, const struct rc_row *out)
{
    int count = 0;
    for (int i = 0; i < world->count; i++) {
        const struct rc_row *row = &world->rows[i];
        bool decided = false;
        for (int j = i + 1; j < world->count; j++)
            decided =
                decided || (world->rows[j].type == RC_CORRECTION && world->rows[j].target_seq == row->seq);
        count += row->held && !decided && rc_id_equal(&row->employee, &in->employee) &&
                 row->at >= label(world, in) && (out == NULL || row->at < label(world, out));
    }
    return count;
}

static bool same_period(void *context, const struct rc_period_row *got)
{
    struct compared *compared = context;
    const struct world *world = compared->world;
    const struct rc_row *in = &world->rows[got->in_seq - 1];
    const struct rc_row *out = out_of(world, in);
    assert_true(got->in_seq > compared->last_seq);
    compared->last_seq = got->in_seq;
    assert_true(in->type == RC_IN && in_effect(world, in));
    assert_true(rc_id_equal(&got->employee, &in->employee));
    assert_int_equal(got->in_at, label(world, in));
    assert_int_equal(got->out_seq, out == NULL ? 0 : out->seq);
    assert_int_equal(got->out_at, out == NULL ? 0 : label(world, out));
    assert_int_equal(got->out_type, out == NULL ? RC_TYPE_NONE : out->type);
    assert_int_equal(got->cause, out == NULL ? RC_CAUSE_NONE : out->cause);
    assert_int_equal(got->review, period_under_review(world, in));
    assert_int_equal(got->held, held_inside(world, in, out));
    compared->count++;
    return true;
}

/* How many periods the naive side sees overlapping the page's times. */
static int count_periods(const struct world *world, const struct rc_page *page)
{
    int count = 0;
    for (int i = 0; i < world->count; i++) {
        const struct rc_row *row = &world->rows[i];
        if (row->type != RC_IN || !in_effect(world, row) ||
            (page->employee.length > 0 && !rc_id_equal(&row->employee, &page->employee)))
            continue;
        const struct rc_row *out = out_of(world, row);
        if (label(world, row) < page->to_at && (out == NULL || label(world, out) > page->from_at))
            count++;
    }
    return count;
}

static void compare_page(const struct world *world, const char *who, int64_t from, int64_t to, uint32_t limit)
{
    struct rc_page page = {.from_at = from, .to_at = to, .limit = limit};
    struct compared compared = {.world = world, .page = &page};
    int before;
    if (who != NULL)
        page.employee = rig_id(who);
    do {
        before = compared.count;
        page.after = compared.last_seq;
        rig_ok(world->rig,
               rc_store_periods(world->rig->store, world->rig->site, &page, same_period, &compared));
    } while (compared.count > before);
    assert_int_equal(compared.count, count_periods(world, &page));
}

static bool same_row(void *context, const struct rc_stored_row *got)
{
    struct compared *compared = context;
    const struct world *world = compared->world;
    const struct rc_row *row = &world->rows[got->row.seq - 1];
    assert_true(got->row.seq > compared->last_seq);
    compared->last_seq = got->row.seq;
    assert_int_equal(got->row.type, row->type);
    assert_int_equal(got->row.at, row->at);
    assert_int_equal(got->row.closes, row->closes);
    assert_int_equal(got->row.held, row->held);
    assert_int_equal(got->row.device_at, RC_NONE);
    assert_int_equal(got->in_effect, in_effect(world, row));
    assert_int_equal(got->decided, decided(world, row));
    assert_int_equal(got->effective_at, label(world, row));
    assert_memory_equal(got->row.hash, row->hash, sizeof row->hash);
    compared->count++;
    return true;
}

static bool row_counts(const struct world *world, const struct rc_row *row, const struct rc_page *page)
{
    int64_t at = label(world, row);
    if (page->employee.length > 0 && !rc_id_equal(&row->employee, &page->employee))
        return false;
    if (at < page->from_at || at >= page->to_at)
        return false;
    if (!page->undecided_only)
        return true;
    if (decided(world, row) || has_correction(world, row->seq, RC_ACTION_VOID) ||
        has_correction(world, row->seq, RC_ACTION_REJECT))
        return false;
    return in_effect(world, row) ? row->review : row->held;
}

static void compare_rows(const struct world *world, const char *who, int64_t from, int64_t to, bool undecided)
{
    struct rc_page page = {.from_at = from, .to_at = to, .limit = 7, .undecided_only = undecided};
    struct compared compared = {.world = world, .page = &page};
    int before, expected = 0;
    if (who != NULL)
        page.employee = rig_id(who);
    do {
        before = compared.count;
        page.after = compared.last_seq;
        rig_ok(world->rig, rc_store_punches(world->rig->store, world->rig->site, &page, same_row, &compared));
    } while (compared.count > before);
    for (int i = 0; i < world->count; i++)
        expected += row_counts(world, &world->rows[i], &page);
    assert_int_equal(compared.count, expected);
}

static void compare_slices(struct world *world, const char *who)
{
    const struct rc_id id = rig_id(who);
    const struct rc_row *in = last_in(world, &id, INT64_MAX);
    const struct rc_ledger ledger = rig_ledger(world->rig, who);
    assert_int_equal(ledger.in_seq, in == NULL ? 0 : in->seq);
    if (in == NULL)
        return;
    const struct rc_row *out = out_of(world, in);
    assert_int_equal(ledger.is_in, out == NULL);
    assert_int_equal(ledger.out_seq, out == NULL ? 0 : out->seq);
    assert_int_equal(ledger.since_at, label(world, out == NULL ? in : out));
    for (int i = 0; i < 10; i++) {
        int64_t at = pick(world, (int)world->clock + 200);
        const struct rc_history history = rig_history(world->rig, who, at);
        in = last_in(world, &id, at);
        assert_int_equal(history.at.found, in != NULL);
        assert_int_equal(history.at.in_seq, in == NULL ? 0 : in->seq);
    }
}

static void P_5_periods_equal_a_naive_recomputation_over_random_logs(void **state)
{
    (void)state;
    struct world *world = malloc(sizeof *world);
    for (uint64_t seed = 1; seed <= LOGS; seed++) {
        void *own = NULL;
        rig_setup(&own);
        memset(world, 0, sizeof *world);
        world->rig = own;
        world->random = seed * 0x9E3779B97F4A7C15u;
        make_log(world);
        compare_page(world, NULL, INT64_MIN, INT64_MAX, 1000);
        compare_page(world, NULL, INT64_MIN, INT64_MAX, 3);
        for (int i = 0; i < 12; i++) {
            int64_t from = pick(world, (int)world->clock), to = from + 1 + pick(world, (int)world->clock / 2);
            const char *who = i % 4 == 3 ? NULL : people[i % 4];
            compare_page(world, who, from, to, 5);
            compare_rows(world, who, from, to, i % 2 == 1);
        }
        for (int i = 0; i < PEOPLE; i++)
            compare_slices(world, people[i]);
        rig_teardown(&own);
    }
    free(world);
}

/* ---- review ---- */

static bool keep_review(void *context, const struct rc_period_row *row)
{
    *(bool *)context = row->review;
    return true;
}

static bool under_review(struct rig *rig)
{
    const struct rc_page page = {.employee = rig_id("anna"), .from_at = 0, .to_at = 1000, .limit = 1};
    bool review = false;
    rig_ok(rig, rc_store_periods(rig->store, rig->site, &page, keep_review, &review));
    return review;
}

static void P_16_a_doubtful_resume_keeps_its_period_under_review_until_a_person_decides(void **state)
{
    struct rig *rig = *state;
    rig_in(rig, "anna", 100);
    rig_auto_out(rig, "anna", 200, 1);
    struct rc_row row = rig_row(rig, "anna", RC_RESUME, 230);
    row.target_seq = 2;
    row.review = true;
    rig_append(rig, &row);
    rig_out(rig, "anna", 300, 1);
    assert_true(under_review(rig));
    rig_correct(rig, "anna", RC_ACTION_ACCEPT, 400, 3, 0, "service"); /* no person */
    assert_true(under_review(rig));
    rig_correct(rig, "anna", RC_ACTION_ACCEPT, 410, 3, 0, "boss");
    assert_false(under_review(rig));
}

/* ---- held punches ---- */

static bool keep_held(void *context, const struct rc_period_row *row)
{
    *(int64_t *)context = row->held;
    return true;
}

static int64_t held_of(struct rig *rig, const char *employee)
{
    const struct rc_page one = {.employee = rig_id(employee), .from_at = 0, .to_at = 1000, .limit = 1};
    const struct rc_page all = {.from_at = 0, .to_at = 1000, .limit = 1};
    int64_t held = -1, same = -1;
    rig_ok(rig, rc_store_periods(rig->store, rig->site, &one, keep_held, &held));
    rig_ok(rig, rc_store_periods(rig->store, rig->site, &all, keep_held, &same));
    assert_int_equal(held, same);
    return held;
}

/* Kiosks that flush out of order: the hours stand, and are no others until somebody decides, but it shows. */
static void P_13_a_period_counts_the_held_punches_inside_it(void **state)
{
    struct rig *rig = *state;
    int64_t in = rig_in(rig, "anna", 100);
    assert_int_equal(held_of(rig, "anna"), 0);
    int64_t first = rig_held(rig, "anna", RC_OUT, 150, "p-1", RC_OVERLAP);
    rig_held(rig, "anna", RC_IN, 160, "p-2", RC_OVERLAP);
    rig_held(rig, "bert", RC_IN, 160, "p-1", RC_OVERLAP);
    assert_int_equal(held_of(rig, "anna"), 2);
    rig_out(rig, "anna", 160, in);
    assert_int_equal(held_of(rig, "anna"), 1); /* an IN at the OUT's own time is inside no more */
    rig_correct(rig, "anna", RC_ACTION_REJECT, 400, first, 0, "boss");
    assert_int_equal(held_of(rig, "anna"), 0);
}

/* ---- holds ---- */

struct seqs {
    int count;
    int64_t seq[8];
};

static bool keep_seq(void *context, const struct rc_stored_row *stored)
{
    struct seqs *seqs = context;
    seqs->seq[seqs->count++] = stored->row.seq;
    return true;
}

static int64_t held_out(struct rig *rig, const char *employee, int64_t hold)
{
    int64_t in = rig_in(rig, employee, 100);
    struct rc_row row = rig_row(rig, employee, RC_AUTO_OUT, 200);
    row.closes = in;
    row.hold = hold;
    row.review = true;
    return rig_append(rig, &row);
}

static void P_16_a_hold_has_its_auto_outs_and_the_resumes_that_undid_them(void **state)
{
    struct rig *rig = *state;
    struct seqs seqs = {0};
    int64_t anna = held_out(rig, "anna", 3), bert = held_out(rig, "bert", 3);
    held_out(rig, "cleo", 4);
    int64_t resume = rig_resume(rig, "bert", 300, bert);
    rig_ok(rig, rc_store_hold_rows(rig->store, rig->site, 3, keep_seq, &seqs));
    assert_int_equal(seqs.count, 2);
    assert_int_equal(seqs.seq[0], anna);
    assert_int_equal(seqs.seq[1], resume);
    rig_correct(rig, "bert", RC_ACTION_ACCEPT, 400, resume, 0, "boss");
    seqs.count = 0;
    rig_ok(rig, rc_store_hold_rows(rig->store, rig->site, 3, keep_seq, &seqs));
    assert_int_equal(seqs.count, 1);
    assert_int_equal(seqs.seq[0], anna);
}

/* ---- no question about one employee, row or hold reads the log ---- */

static void explain(sqlite3 *db, const char *sql)
{
    char text[4096];
    sqlite3_stmt *statement = NULL;
    snprintf(text, sizeof text, "EXPLAIN QUERY PLAN %s", sql);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(statement, 3);
        const char *end = strstr(detail, "(site=?)");
        if (strncmp(detail, "SCAN", 4) == 0 || (end != NULL && strstr(detail, "PRIMARY KEY") != NULL))
            fail_msg("%s\n  reads the whole log: %s", sql, detail);
    }
    sqlite3_finalize(statement);
}

static void section_8_questions_about_one_employee_read_no_whole_log(void **state)
{
    struct rig *rig = *state;
    sqlite3 *db = NULL;
    rig_in(rig, "anna", 100);
    assert_int_equal(sqlite3_open_v2(RIG_PATH, &db, SQLITE_OPEN_READONLY, RIG_VFS), SQLITE_OK);
    explain(db, "SELECT * FROM periods WHERE site = 'hq' AND employee_id = 'anna'");
    explain(db,
            "SELECT * FROM periods WHERE site = 'hq' AND employee_id = 'anna' AND in_at >= 5 AND in_at < 9");
    explain(db, "SELECT * FROM periods WHERE site = 'hq' AND in_seq = 5");
    explain(db, "SELECT * FROM effective_punches WHERE site = 'hq' AND employee_id = 'anna'");
    explain(db, "SELECT * FROM punch_facts WHERE site = 'hq' AND seq = 5");
    explain(db, "SELECT out_seq FROM closing_punches WHERE site = 'hq' AND in_seq = 5");
    explain(db, "SELECT * FROM punches WHERE site = 'hq' AND at >= 5 AND at < 9");
    explain(db, "SELECT * FROM punches WHERE site = 'hq' AND employee_id = 'anna' AND at <= 5 ORDER BY at "
                "DESC, seq DESC");
    explain(db, rc_sql_texts[RC_SQL_PAGE_HOLD]);
    explain(db, rc_sql_texts[RC_SQL_PERIODS_EMPLOYEE]);
    sqlite3_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(P_5_periods_equal_a_naive_recomputation_over_random_logs),
        cmocka_unit_test_setup_teardown(
            P_16_a_doubtful_resume_keeps_its_period_under_review_until_a_person_decides, rig_setup,
            rig_teardown),
        cmocka_unit_test_setup_teardown(P_13_a_period_counts_the_held_punches_inside_it, rig_setup,
                                        rig_teardown),
        cmocka_unit_test_setup_teardown(P_16_a_hold_has_its_auto_outs_and_the_resumes_that_undid_them,
                                        rig_setup, rig_teardown),
        cmocka_unit_test_setup_teardown(section_8_questions_about_one_employee_read_no_whole_log, rig_setup,
                                        rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
