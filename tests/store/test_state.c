/* What is known now survives a restart; verdicts are remembered (P-12); holds, maintenance, outbox, asks,
 * alerts. */
#include "rig.h"

#include "core/names.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rig opens with boot-1. */
#define SAME_BOOT  "boot-1"
#define OTHER_BOOT "boot-2"

static void apply(struct rig *rig, struct rc_effect *effect)
{
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_apply(rig->store, rig->site, effect));
    rig_ok(rig, rc_store_commit(rig->store));
}

/* ---- P-12 ---- */

static struct rc_effect receipt(const char *id, enum rc_result result, int64_t seq)
{
    struct rc_effect effect = {.kind = RC_FX_RECEIPT};
    effect.receipt = (struct rc_receipt){.employee = rig_id("anna"),
                                         .session = rig_id("tab"),
                                         .id = rig_punch_id(id),
                                         .type = RC_IN,
                                         .result = result,
                                         .seq = seq,
                                         .at = 100,
                                         .recorded_at = 101,
                                         .review = true,
                                         .remember = true};
    return effect;
}

static struct rc_verdict ask(struct rig *rig, const char *employee, const char *id)
{
    struct rc_verdict verdict;
    const struct rc_id who = rig_id(employee);
    const struct rc_punch_id what = rig_punch_id(id);
    rig_ok(rig, rc_store_verdict(rig->store, rig->site, &who, &what, &verdict));
    return verdict;
}

static void P_12_same_id_gets_the_same_answer_after_a_restart(void **state)
{
    struct rig *rig = *state;
    struct rc_row row = rig_row(rig, "anna", RC_IN, 100);
    row.id = rig_punch_id("p-1");
    rig_append(rig, &row);
    struct rc_effect effect = receipt("p-1", RC_RECORDED, 1);
    effect.receipt.message = "recorded, but IN at another site";
    apply(rig, &effect);
    assert_true(effect.receipt.has_hash);
    assert_memory_equal(effect.receipt.hash, row.hash, 32);
    rig_reopen(rig, OTHER_BOOT);
    const struct rc_verdict verdict = ask(rig, "anna", "p-1");
    assert_true(verdict.found && verdict.has_hash && verdict.review);
    assert_int_equal(verdict.type, RC_IN);
    assert_int_equal(verdict.result, RC_RECORDED);
    assert_int_equal(verdict.seq, 1);
    assert_int_equal(verdict.at, 100);
    assert_int_equal(verdict.recorded_at, 101);
    assert_int_equal(verdict.code, RC_OK);
    assert_string_equal(verdict.message, "recorded, but IN at another site");
    assert_memory_equal(verdict.hash, row.hash, 32);
    assert_false(ask(rig, "bert", "p-1").found); /* the key is within the employee */
    assert_false(ask(rig, "anna", "p-2").found);
}

static void P_12_rejections_are_remembered_too(void **state)
{
    struct rig *rig = *state;
    struct rc_effect effect = receipt("p-1", RC_REJECTED, 0);
    effect.receipt.code = RC_ALREADY_IN;
    apply(rig, &effect);
    const struct rc_verdict verdict = ask(rig, "anna", "p-1");
    assert_true(verdict.found);
    assert_int_equal(verdict.result, RC_REJECTED);
    assert_int_equal(verdict.code, RC_ALREADY_IN);
    assert_int_equal(verdict.seq, 0);
}

/* The head of the chain stands in every receipt, and again in the receipt of a duplicate. */
static void section_8_a_rejection_has_the_head_of_the_log_as_it_was(void **state)
{
    struct rig *rig = *state;
    struct rc_effect none = receipt("p-0", RC_REJECTED, 0), first = receipt("p-1", RC_REJECTED, 0);
    int64_t seq;
    uint8_t empty[32], head[32];
    rig_ok(rig, rc_store_head(rig->store, rig->site, &seq, empty));
    apply(rig, &none);
    rig_in(rig, "anna", 100);
    rig_ok(rig, rc_store_head(rig->store, rig->site, &seq, head));
    apply(rig, &first);
    rig_in(rig, "bert", 101);
    assert_true(none.receipt.has_hash && first.receipt.has_hash);
    assert_int_equal(first.receipt.seq, 0);
    assert_memory_equal(none.receipt.hash, empty, 32);
    assert_memory_equal(first.receipt.hash, head, 32);
    rig_reopen(rig, OTHER_BOOT);
    assert_true(ask(rig, "anna", "p-0").has_hash && ask(rig, "anna", "p-1").has_hash);
    assert_memory_equal(ask(rig, "anna", "p-0").hash, empty, 32);
    assert_memory_equal(ask(rig, "anna", "p-1").hash, head, 32);
}

static void P_12_a_verdict_is_never_replaced(void **state)
{
    struct rig *rig = *state;
    struct rc_effect first = receipt("p-1", RC_REJECTED, 0), second = receipt("p-1", RC_RECORDED, 0);
    apply(rig, &first);
    rig_ok(rig, rc_store_begin(rig->store));
    assert_int_equal(rc_store_apply(rig->store, rig->site, &second), RC_STORE_REFUSED);
    rig_ok(rig, rc_store_commit(rig->store));
    assert_int_equal(ask(rig, "anna", "p-1").result, RC_REJECTED);
}

static void P_12_a_verdict_of_a_batch_rolled_back_is_forgotten(void **state)
{
    struct rig *rig = *state;
    struct rc_effect effect = receipt("p-1", RC_REJECTED, 0);
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_apply(rig->store, rig->site, &effect));
    assert_true(ask(rig, "anna", "p-1").found);
    rc_store_rollback(rig->store);
    assert_false(ask(rig, "anna", "p-1").found);
}

static void P_12_an_id_of_any_characters_is_kept_byte_for_byte(void **state)
{
    struct rig *rig = *state;
    static const char id[] = "'; DROP TABLE punches; -- \xf0\x9f\x95\x92";
    struct rc_effect effect = receipt(id, RC_REJECTED, 0);
    apply(rig, &effect);
    assert_true(ask(rig, "anna", id).found);
    assert_false(ask(rig, "anna", "'; drop table punches; -- \xf0\x9f\x95\x92").found);
}

/* ---- employees and sessions ---- */

static bool keep_employee(void *context, const struct rc_employee_row *row)
{
    *(struct rc_employee_row *)context = *row;
    return true;
}

static bool keep_session(void *context, const struct rc_session_row *row)
{
    *(struct rc_session_row *)context = *row;
    return true;
}

static struct rc_effect full_status(void)
{
    struct rc_effect effect = {.kind = RC_FX_STATUS};
    effect.status.employee = rig_id("anna");
    effect.status.presence = RC_HELD;
    effect.status.sessions = 3;
    effect.status.evidence = (struct rc_evidence){1001, 1002, 1003};
    effect.status.ledger = (struct rc_ledger){.is_in = false,
                                              .cause = RC_STATUS_AUTO_OUT,
                                              .since_at = 11,
                                              .in_seq = 12,
                                              .in_at = 13,
                                              .last_seq = 14,
                                              .last_at = 15,
                                              .out_seq = 16,
                                              .out_type = RC_AUTO_OUT,
                                              .out_cause = RC_CAUSE_SHIFT_LIMIT,
                                              .out_t = 17,
                                              .out_detected_t = 18,
                                              .out_final = true,
                                              .hold = 19,
                                              .version = 20};
    return effect;
}

static void everything_known_of_an_employee_comes_back(void **state)
{
    struct rig *rig = *state;
    struct rc_effect effect = full_status();
    struct rc_employee_row row = {0};
    apply(rig, &effect);
    rig_reopen(rig, SAME_BOOT);
    rig_ok(rig, rc_store_load_employees(rig->store, rig->site, keep_employee, &row));
    assert_string_equal(row.employee.text, "anna");
    assert_int_equal(row.group.length, 0);
    assert_int_equal(row.presence, RC_HELD);
    assert_int_equal(row.sessions, 3);
    const struct rc_ledger *wanted = &effect.status.ledger;
    assert_int_equal(row.ledger.is_in, wanted->is_in);
    assert_int_equal(row.ledger.cause, wanted->cause);
    assert_int_equal(row.ledger.since_at, 11);
    assert_int_equal(row.ledger.in_seq, 12);
    assert_int_equal(row.ledger.in_at, 13);
    assert_int_equal(row.ledger.last_seq, 14);
    assert_int_equal(row.ledger.last_at, 15);
    assert_int_equal(row.ledger.out_seq, 16);
    assert_int_equal(row.ledger.out_type, RC_AUTO_OUT);
    assert_int_equal(row.ledger.out_cause, RC_CAUSE_SHIFT_LIMIT);
    assert_int_equal(row.ledger.out_t, 17);
    assert_int_equal(row.ledger.out_detected_t, 18);
    assert_true(row.ledger.out_final);
    assert_int_equal(row.ledger.hold, 19);
    assert_int_equal(row.ledger.version, 20);
    assert_int_equal(row.evidence.at, 1001);
    assert_int_equal(row.evidence.now, 1002);
    assert_int_equal(row.evidence.t, 1003);
}

static struct rc_session_row full_session(void)
{
    return (struct rc_session_row){.employee = rig_id("anna"),
                                   .session = rig_id("tab-1"),
                                   .class = RC_MOBILE,
                                   .state = RC_S_EXPIRED,
                                   .ended_by = RC_CAUSE_LOST,
                                   .epoch = 31,
                                   .interval_ms = 32,
                                   .heard_at = 33,
                                   .heard_t = 34,
                                   .first_at = 35,
                                   .deadline_t = 36,
                                   .deadline_now = 37,
                                   .heard_in_seq = 38,
                                   .evidence = {2001, 2002, 2003}};
}

static void flush(struct rig *rig, const struct rc_session_row *row)
{
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_flush_session(rig->store, rig->site, row));
    rig_ok(rig, rc_store_commit(rig->store));
}

static void everything_known_of_a_session_comes_back(void **state)
{
    struct rig *rig = *state;
    struct rc_session_row wanted = full_session(), row = {0};
    flush(rig, &wanted);
    wanted.heard_at = 3300; /* a second flush of the same session changes its row */
    flush(rig, &wanted);
    rig_reopen(rig, SAME_BOOT);
    rig_ok(rig, rc_store_load_sessions(rig->store, rig->site, keep_session, &row));
    assert_string_equal(row.employee.text, "anna");
    assert_string_equal(row.session.text, "tab-1");
    assert_int_equal(row.class, RC_MOBILE);
    assert_int_equal(row.state, RC_S_EXPIRED);
    assert_int_equal(row.ended_by, RC_CAUSE_LOST);
    assert_int_equal(row.epoch, 31);
    assert_int_equal(row.interval_ms, 32);
    assert_int_equal(row.heard_at, 3300);
    assert_int_equal(row.heard_t, 34);
    assert_int_equal(row.first_at, 35);
    assert_int_equal(row.deadline_t, 36);
    assert_int_equal(row.deadline_now, 37);
    assert_int_equal(row.heard_in_seq, 38);
}

static void a_flushed_session_takes_its_employees_evidence_along(void **state)
{
    struct rig *rig = *state;
    struct rc_effect effect = full_status();
    struct rc_session_row session = full_session();
    struct rc_employee_row row = {0};
    apply(rig, &effect);
    flush(rig, &session);
    rig_ok(rig, rc_store_load_employees(rig->store, rig->site, keep_employee, &row));
    assert_int_equal(row.evidence.at, 2001);
    assert_int_equal(row.evidence.now, 2002);
    assert_int_equal(row.evidence.t, 2003);
    assert_int_equal(row.ledger.version, 20);
}

static void boot_times_of_another_boot_come_back_as_none(void **state)
{
    struct rig *rig = *state;
    struct rc_effect effect = full_status();
    struct rc_session_row session = full_session();
    struct rc_employee_row row = {0};
    apply(rig, &effect);
    flush(rig, &session);
    rig_reopen(rig, OTHER_BOOT);
    rig_ok(rig, rc_store_load_employees(rig->store, rig->site, keep_employee, &row));
    rig_ok(rig, rc_store_load_sessions(rig->store, rig->site, keep_session, &session));
    assert_int_equal(row.evidence.now, RC_NONE);
    assert_int_equal(row.evidence.t, 2003);
    assert_int_equal(session.deadline_now, RC_NONE);
    assert_int_equal(session.deadline_t, 36);
}

static void devices_are_kept_apart_and_forgotten_sessions_are_gone(void **state)
{
    struct rig *rig = *state;
    struct rc_session_row device = full_session(), slot = full_session(), row = {0};
    device.employee.length = 0;
    device.session = rig_id("kiosk-1");
    device.class = RC_KIOSK;
    slot.session = (struct rc_id){0}; /* evidence-only */
    flush(rig, &device);
    flush(rig, &slot);
    struct rc_effect status = {.kind = RC_FX_DEVICE, .device = {rig_id("kiosk-1"), true, 5, 6}};
    apply(rig, &status);
    struct rc_effect forget = {.kind = RC_FX_FORGET};
    forget.forget.employee = slot.employee;
    apply(rig, &forget);
    rig_ok(rig, rc_store_load_sessions(rig->store, rig->site, keep_session, &row));
    assert_int_equal(row.employee.length, 0);
    assert_string_equal(row.session.text, "kiosk-1");
    assert_int_equal(row.class, RC_KIOSK);
    forget.forget.employee.length = 0;
    forget.forget.session = rig_id("kiosk-1");
    apply(rig, &forget);
    row.session.length = 0;
    rig_ok(rig, rc_store_load_sessions(rig->store, rig->site, keep_session, &row));
    assert_int_equal(row.session.length, 0);
}

/* ---- the site ---- */

struct holds {
    int count;
    struct rc_hold last;
};

static bool keep_hold(void *context, const struct rc_hold *hold)
{
    struct holds *holds = context;
    holds->count++;
    holds->last = *hold;
    return true;
}

static void P_8_open_holds_survive_a_restart_and_numbers_are_never_used_again(void **state)
{
    struct rig *rig = *state;
    struct rc_effect effect = {.kind = RC_FX_HOLD};
    effect.hold = (struct rc_hold){1, RC_SCOPE_SITE, {0}, 10, 20, 30, true};
    apply(rig, &effect);
    effect.hold.open = false;
    apply(rig, &effect);
    effect.hold = (struct rc_hold){2, RC_SCOPE_GROUP, rig_id("sales"), 11, 21, 31, true};
    apply(rig, &effect);
    rig_reopen(rig, SAME_BOOT);
    struct holds holds = {0};
    struct rc_site_row site;
    rig_ok(rig, rc_store_load_holds(rig->store, rig->site, keep_hold, &holds));
    rig_ok(rig, rc_store_load_site(rig->store, rig->site, &site));
    assert_int_equal(holds.count, 1);
    assert_int_equal(holds.last.number, 2);
    assert_int_equal(holds.last.scope, RC_SCOPE_GROUP);
    assert_string_equal(holds.last.name.text, "sales");
    assert_int_equal(holds.last.opened_at, 11);
    assert_int_equal(holds.last.ends_at, 21);
    assert_int_equal(holds.last.ends_now, 31);
    assert_int_equal(site.last_hold, 2);
    rig_reopen(rig, OTHER_BOOT);
    rig_ok(rig, rc_store_load_holds(rig->store, rig->site, keep_hold, &holds));
    assert_int_equal(holds.last.ends_now, RC_NONE);
}

static void P_6_P_19_service_time_and_maintenance_survive_a_restart(void **state)
{
    struct rig *rig = *state;
    struct rc_site_row site;
    struct rc_effect effect = {.kind = RC_FX_MAINTENANCE, .maintenance = {77}};
    apply(rig, &effect);
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_save_t(rig->store, rig->site, 4711));
    rig_ok(rig, rc_store_commit(rig->store));
    rig_in(rig, "anna", 100);
    rig_reopen(rig, OTHER_BOOT);
    rig_ok(rig, rc_store_load_site(rig->store, rig->site, &site));
    assert_int_equal(site.t, 4711);
    assert_int_equal(site.maintenance_at, 77);
    assert_int_equal(site.last_seq, 1);
    effect.maintenance.until_at = 0;
    apply(rig, &effect);
    rig_ok(rig, rc_store_load_site(rig->store, rig->site, &site));
    assert_int_equal(site.maintenance_at, 0);
}

/* ---- the outbox ---- */

struct sent {
    int count;
    int64_t last;
    char topics[64];
    int site;
    size_t payload_length;
};

static bool keep_message(void *context, int site, const struct rc_outgoing *message)
{
    struct sent *sent = context;
    assert_true(message->number > sent->last);
    sent->last = message->number;
    sent->site = site;
    sent->payload_length = message->payload.length;
    size_t length = strlen(sent->topics);
    snprintf(sent->topics + length, sizeof sent->topics - length, "%.*s", (int)message->topic.length,
             message->topic.data);
    sent->count++;
    return true;
}

static int64_t post(struct rig *rig, const char *topic, const char *payload)
{
    struct rc_outgoing message = {.topic = rc_text_of(topic), .payload = rc_text_of(payload), .qos = 1};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_outbox_add(rig->store, rig->site, &message));
    rig_ok(rig, rc_store_commit(rig->store));
    return message.number;
}

static void P_15_what_was_not_acknowledged_is_still_to_be_sent_after_a_restart(void **state)
{
    struct rig *rig = *state;
    struct sent sent = {0};
    post(rig, "a", "1");
    int64_t b = post(rig, "b", "2");
    int64_t b2 = post(rig, "b", "3");
    int64_t c = post(rig, "c", ""); /* empty: clears a retained topic */
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_outbox_done(rig->store, b, b2));
    rig_ok(rig, rc_store_commit(rig->store));
    rig_reopen(rig, OTHER_BOOT);
    rig_ok(rig, rc_store_outbox_each(rig->store, 0, keep_message, &sent));
    assert_string_equal(sent.topics, "ac");
    assert_int_equal(sent.site, rig->site);
    assert_int_equal(sent.payload_length, 0);
    assert_true(post(rig, "d", "4") > c);
    struct sent rest = {0};
    rig_ok(rig, rc_store_outbox_each(rig->store, c, keep_message, &rest));
    assert_string_equal(rest.topics, "d");
}

static int64_t post_retained(struct rig *rig, int site, const char *topic, const char *payload)
{
    struct rc_outgoing message = {
        .topic = rc_text_of(topic), .payload = rc_text_of(payload), .qos = 1, .retain = true};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_outbox_add(rig->store, site, &message));
    rig_ok(rig, rc_store_commit(rig->store));
    return message.number;
}

static void pruned(struct rig *rig, uint64_t count, const char *rest)
{
    struct sent sent = {0};
    uint64_t deleted;
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_outbox_prune(rig->store, rig->site, &deleted));
    rig_ok(rig, rc_store_commit(rig->store));
    assert_int_equal(deleted, count);
    rig_ok(rig, rc_store_outbox_each(rig->store, 0, keep_message, &sent));
    assert_string_equal(sent.topics, rest);
}

static void a_retained_message_that_a_later_one_supersedes_is_pruned_and_nothing_else(void **state)
{
    struct rig *rig = *state;
    const struct rc_id mill = rig_id("mill");
    int other;
    rig_ok(rig, rc_store_site(rig->store, &mill, &other));
    post(rig, "e", "1");
    post_retained(rig, rig->site, "a", "{}");
    post_retained(rig, rig->site, "b", "{}");
    post_retained(rig, other, "c", "{}");
    post(rig, "e", "2");
    post_retained(rig, rig->site, "a", ""); /* cleared */
    post_retained(rig, other, "c", "{}");
    post_retained(rig, rig->site, "a", "no JSON");
    pruned(rig, 2, "ebceca");
    pruned(rig, 0, "ebceca");
}

static void a_status_that_is_older_than_the_present_one_is_pruned_though_it_is_alone(void **state)
{
    struct rig *rig = *state;
    struct rc_effect effect = {.kind = RC_FX_STATUS,
                               .status = {.employee = rig_id("ana"), .ledger.version = 7}};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_apply(rig->store, rig->site, &effect));
    rig_ok(rig, rc_store_commit(rig->store));
    post_retained(rig, rig->site, "a", "{\"employeeId\":\"ana\",\"version\":6}");
    post_retained(rig, rig->site, "b", "{\"employeeId\":\"ana\",\"version\":7}");
    post_retained(rig, rig->site, "c", "{\"employeeId\":\"ben\",\"version\":1}");
    pruned(rig, 1, "bc");
}

static void a_number_of_the_outbox_is_not_given_twice_in_one_process(void **state)
{
    struct rig *rig = *state;
    struct rc_outgoing message = {.topic = rc_text_of("t")};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_outbox_add(rig->store, rig->site, &message));
    rc_store_rollback(rig->store);
    assert_true(post(rig, "t", "x") > message.number);
}

/* ---- asks, alerts, directory ---- */

static bool keep_ask(void *context, const struct rc_ask *ask)
{
    struct rc_ask *kept = context;
    *kept = *ask;
    assert_int_equal(ask->reason.length, 6);
    assert_memory_equal(ask->reason.data, "forgot", 6);
    return true;
}

static void P_16_an_ask_waits_until_it_is_decided_once(void **state)
{
    struct rig *rig = *state;
    const struct rc_id boss = rig_id("boss");
    struct rc_ask ask = {.employee = rig_id("anna"),
                         .asked_by = rig_id("anna"),
                         .asked_at = 5,
                         .action = RC_ACTION_ADD,
                         .type = RC_OUT,
                         .at = 4,
                         .reason = rc_text_of("forgot")};
    struct rc_ask kept = {0};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_ask_add(rig->store, rig->site, &ask));
    rig_ok(rig, rc_store_ask_add(rig->store, rig->site, &ask));
    rig_ok(rig, rc_store_commit(rig->store));
    assert_int_equal(ask.number, 2);
    rig_reopen(rig, SAME_BOOT);
    struct rc_page page = {.to_at = 100, .limit = 10, .undecided_only = true};
    rig_ok(rig, rc_store_asks(rig->store, rig->site, &page, keep_ask, &kept));
    assert_int_equal(kept.number, 2);
    assert_int_equal(kept.state, RC_ASK_OPEN);
    assert_int_equal(kept.action, RC_ACTION_ADD);
    assert_int_equal(kept.type, RC_OUT);
    rig_ok(rig, rc_store_begin(rig->store));
    struct rc_ask decision = {.number = 2,
                              .state = RC_ASK_ACCEPTED,
                              .decided_by = boss,
                              .decided_at = 9,
                              .result_seq = 17,
                              .decision_reason = rc_text_of("door log")};
    rig_ok(rig, rc_store_ask_decide(rig->store, rig->site, &decision));
    decision.state = RC_ASK_REJECTED;
    assert_int_equal(rc_store_ask_decide(rig->store, rig->site, &decision), RC_STORE_NOT_FOUND);
    rig_ok(rig, rc_store_commit(rig->store));
    rig_ok(rig, rc_store_ask_find(rig->store, rig->site, 2, keep_ask, &kept));
    assert_int_equal(kept.state, RC_ASK_ACCEPTED);
    assert_int_equal(kept.result_seq, 17);
    assert_string_equal(kept.decided_by.text, "boss");
    assert_int_equal(kept.decision_reason.length, strlen("door log"));
    assert_int_equal(rc_store_ask_find(rig->store, rig->site, 3, keep_ask, &kept), RC_STORE_NOT_FOUND);
    page.employee = rig_id("anna");
    rig_ok(rig, rc_store_asks(rig->store, rig->site, &page, keep_ask, &kept));
    assert_int_equal(kept.number, 1);
}

static int64_t sql(const char *text)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open_v2(RIG_PATH, &db, SQLITE_OPEN_READWRITE, RIG_VFS), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static void alert(struct rig *rig, bool raised, int64_t at)
{
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig,
           rc_store_alert(rig->store, rig->site, "outage", raised, at, rc_text_of(raised ? "12 of 20" : "")));
    rig_ok(rig, rc_store_commit(rig->store));
}

static void an_alert_keeps_its_beginning_until_it_is_cleared(void **state)
{
    struct rig *rig = *state;
    alert(rig, true, 5);
    alert(rig, true, 8);
    assert_int_equal(sql("SELECT since FROM alerts WHERE cleared_at IS NULL"), 5);
    alert(rig, false, 9);
    assert_int_equal(sql("SELECT cleared_at FROM alerts"), 9);
    alert(rig, true, 12);
    assert_int_equal(sql("SELECT since FROM alerts WHERE cleared_at IS NULL"), 12);
    assert_int_equal(sql("SELECT count(*) FROM alerts"), 2);
}

#define SEEN_MAX 128

static bool count_person(void *context, const struct rc_directory_row *row)
{
    char *seen = context;
    size_t length = strlen(seen);
    snprintf(seen + length, SEEN_MAX - length, "%s%s ", row->employee.text, row->active ? "+" : "-");
    return true;
}

static void an_entry_of_the_directory_is_set_as_a_whole(void **state)
{
    struct rig *rig = *state;
    struct rc_directory_row row = {.employee = rig_id("bert"),
                                   .group = rig_id("depot"),
                                   .manager = rig_id("m1"),
                                   .name = rc_text_of("Bert"),
                                   .email = rc_text_of("b@x"),
                                   .active = true};
    char seen[SEEN_MAX] = "";
    assert_int_equal(rc_store_directory_set(rig->store, rig->site, &row),
                     RC_STORE_REFUSED); /* no transaction */
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_directory_set(rig->store, rig->site, &row));
    row.employee = rig_id("anna");
    rig_ok(rig, rc_store_directory_set(rig->store, rig->site, &row));
    row = (struct rc_directory_row){.employee = rig_id("bert"), .name = rc_text_of("B")};
    rig_ok(rig, rc_store_directory_set(rig->store, rig->site, &row));
    rig_ok(rig, rc_store_commit(rig->store));
    rig_reopen(rig, SAME_BOOT);
    rig_ok(rig, rc_store_directory(rig->store, rig->site, count_person, seen));
    assert_string_equal(seen, "anna+ bert- ");
    seen[0] = '\0';
    row.employee = rig_id("anna");
    rig_ok(rig, rc_store_directory_after(rig->store, rig->site, &row.employee, count_person, seen));
    assert_string_equal(seen, "bert- ");
}

static bool keep_person(void *context, const struct rc_directory_row *row)
{
    *(int *)context += row->active && row->name.length == 4 && strcmp(row->group.text, "sales") == 0;
    return true;
}

static void the_directory_gives_names_and_groups(void **state)
{
    struct rig *rig = *state;
    struct rc_effect effect = full_status();
    struct rc_employee_row row = {0};
    int people = 0;
    apply(rig, &effect);
    assert_int_equal(
        sql("INSERT INTO employees (site, employee_id, name, grp) VALUES ('hq', 'anna', 'Anna', 'sales')"),
        -1);
    rig_ok(rig, rc_store_directory(rig->store, rig->site, keep_person, &people));
    assert_int_equal(people, 1);
    struct rc_id anna = {4, "anna"}, ghost = {5, "ghost"};
    rig_ok(rig, rc_store_directory_one(rig->store, rig->site, &anna, keep_person, &people));
    assert_int_equal(people, 2);
    assert_int_equal(rc_store_directory_one(rig->store, rig->site, &ghost, keep_person, &people),
                     RC_STORE_NOT_FOUND);
    assert_int_equal(people, 2);
    rig_ok(rig, rc_store_load_employees(rig->store, rig->site, keep_employee, &row));
    assert_string_equal(row.group.text, "sales");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
        TEST(P_12_same_id_gets_the_same_answer_after_a_restart),
        TEST(P_12_rejections_are_remembered_too),
        TEST(section_8_a_rejection_has_the_head_of_the_log_as_it_was),
        TEST(P_12_a_verdict_is_never_replaced),
        TEST(P_12_a_verdict_of_a_batch_rolled_back_is_forgotten),
        TEST(P_12_an_id_of_any_characters_is_kept_byte_for_byte),
        TEST(everything_known_of_an_employee_comes_back),
        TEST(everything_known_of_a_session_comes_back),
        TEST(a_flushed_session_takes_its_employees_evidence_along),
        TEST(boot_times_of_another_boot_come_back_as_none),
        TEST(devices_are_kept_apart_and_forgotten_sessions_are_gone),
        TEST(P_8_open_holds_survive_a_restart_and_numbers_are_never_used_again),
        TEST(P_6_P_19_service_time_and_maintenance_survive_a_restart),
        TEST(P_15_what_was_not_acknowledged_is_still_to_be_sent_after_a_restart),
        TEST(a_number_of_the_outbox_is_not_given_twice_in_one_process),
        TEST(a_retained_message_that_a_later_one_supersedes_is_pruned_and_nothing_else),
        TEST(a_status_that_is_older_than_the_present_one_is_pruned_though_it_is_alone),
        TEST(P_16_an_ask_waits_until_it_is_decided_once),
        TEST(an_alert_keeps_its_beginning_until_it_is_cleared),
        TEST(the_directory_gives_names_and_groups),
        TEST(an_entry_of_the_directory_is_set_as_a_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
