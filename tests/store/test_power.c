/* P-15: what was committed survives every loss of power, and what was not leaves no trace; P-15 also: a
 * failed COMMIT takes back the whole batch, and the store works again when the disk does. */
#include "rig.h"

#include <stdio.h>
#include <string.h>

#define BATCHES  6
#define AUDIT_AT 1763500000000

/* One batch: an IN of each of three, an audit row, a message. */
static enum rc_store_result batch(struct rig *rig, int number)
{
    static const char *const people[] = {"anna", "bert", "cleo"};
    int64_t seq = rig->seq;
    enum rc_store_result result = rc_store_begin(rig->store);
    for (int i = 0; result == RC_STORE_OK && i < 3; i++) {
        struct rc_effect effect = {.kind = RC_FX_ROW, .row = rig_row(rig, people[i], RC_IN, number * 10 + i)};
        effect.row.seq = ++seq;
        result = rc_store_apply(rig->store, rig->site, &effect);
    }
    /* every other batch begins a month: tables and a view come and go with their batch */
    const struct rc_audit line = {.at = AUDIT_AT + (number / 2) * 31 * 86400000LL, .event = "BATCH"};
    if (result == RC_STORE_OK)
        result = rc_store_audit(rig->store, rig->site, &line);
    struct rc_outgoing message = {.topic = {"t", 1}, .payload = {"p", 1}};
    if (result == RC_STORE_OK)
        result = rc_store_outbox_add(rig->store, rig->site, &message);
    if (result == RC_STORE_OK)
        result = rc_store_commit(rig->store);
    if (result == RC_STORE_OK)
        rig->seq = seq;
    return result;
}

static int64_t head(struct rig *rig)
{
    int64_t seq;
    uint8_t hash[32];
    rig_ok(rig, rc_store_head(rig->store, rig->site, &seq, hash));
    return seq;
}

static bool count_message(void *context, int site, const struct rc_outgoing *message)
{
    (void)site;
    (void)message;
    ++*(int *)context;
    return true;
}

/* Works until the power goes at the nth operation; returns how many rows were confirmed by then. */
static int64_t work_until(struct rig *rig, uint64_t nth)
{
    rc_fault_vfs_plan(rig->disk, RC_OPS_CHANGING, nth, RC_FAULT_IO, true);
    for (int i = 0; i < BATCHES; i++) {
        if (batch(rig, i) != RC_STORE_OK)
            break;
        if (i == 3 && rc_store_checkpoint(rig->store) != RC_STORE_OK)
            break;
    }
    return rig->seq;
}

static void check_survivors(struct rig *rig, int64_t confirmed)
{
    /* the batch under way may have made it to the disk although nobody was told: all of it, or nothing */
    int64_t seq = head(rig);
    if (seq != confirmed && seq != confirmed + 3)
        fail_msg("%lld rows were confirmed, %lld are there", (long long)confirmed, (long long)seq);
    int messages = 0;
    rig_ok(rig, rc_store_outbox_each(rig->store, 0, count_message, &messages));
    assert_int_equal(messages, seq / 3);
    assert_int_equal(batch(rig, 100), RC_STORE_OK);
}

static void power_loss_at_every_operation(enum rc_power_loss loss, uint64_t seeds)
{
    bool hit = true;
    for (uint64_t nth = 1; hit; nth++) {
        for (uint64_t seed = 1; seed <= seeds; seed++) {
            void *state = NULL;
            rig_setup(&state);
            struct rig *rig = state;
            int64_t confirmed = work_until(rig, nth);
            hit = rc_fault_vfs_hit(rig->disk);
            rc_fault_vfs_power_loss(rig->disk, loss, seed * 1000 + nth);
            rig_reopen(rig, "boot-2"); /* verifies the chains */
            check_survivors(rig, confirmed);
            rig_teardown(&state);
        }
    }
}

static void P_15_all_that_was_committed_survives_when_all_unsynced_is_lost(void **state)
{
    (void)state;
    power_loss_at_every_operation(RC_LOSE_ALL, 1);
}

static void P_15_all_that_was_committed_survives_torn_and_reordered_writes(void **state)
{
    (void)state;
    power_loss_at_every_operation(RC_LOSE_RANDOM, 2);
}

static void P_15_all_that_was_committed_survives_the_death_of_the_process(void **state)
{
    (void)state;
    power_loss_at_every_operation(RC_LOSE_NOTHING, 1);
}

/* One fault at the nth operation; then recovery; the log is what was confirmed, and it goes on. */
static void recover_from(enum rc_fault fault, unsigned ops)
{
    bool hit = true;
    for (uint64_t nth = 1; hit; nth++) {
        void *state = NULL;
        rig_setup(&state);
        struct rig *rig = state;
        rc_fault_vfs_plan(rig->disk, ops, nth, fault, false);
        for (int i = 0; i < BATCHES; i++) {
            enum rc_store_result result = batch(rig, i);
            if (i == 3 && result == RC_STORE_OK)
                result = rc_store_checkpoint(rig->store);
            if (result == RC_STORE_OK)
                continue;
            assert_int_equal(result, fault == RC_FAULT_FULL ? RC_STORE_FULL : RC_STORE_IO);
            assert_false(rc_store_in_transaction(rig->store));
            assert_int_equal(rc_store_begin(rig->store), result); /* nothing else before recovery */
            rig_ok(rig, rc_store_recover(rig->store, 5));
            assert_int_equal(head(rig), rig->seq);
        }
        hit = rc_fault_vfs_hit(rig->disk);
        rc_fault_vfs_heal(rig->disk);
        assert_int_equal(batch(rig, 50), RC_STORE_OK);
        rig_reopen(rig, "boot-1");
        rig_teardown(&state);
    }
}

static void P_15_after_an_io_error_nothing_is_accepted_until_recovered(void **state)
{
    (void)state;
    recover_from(RC_FAULT_IO, RC_OPS_CHANGING);
}

static void P_15_after_a_full_disk_nothing_is_accepted_until_recovered(void **state)
{
    (void)state;
    recover_from(RC_FAULT_FULL, (1u << RC_OP_WRITE) | (1u << RC_OP_TRUNCATE));
}

static void a_failed_commit_stays_failed_even_after_the_process_dies(void **state)
{
    struct rig *rig = *state;
    assert_int_equal(batch(rig, 0), RC_STORE_OK);
    /* the sync of the commit fails, with the frames in the file: without recovery's own commit they would
     * come back */
    rc_fault_vfs_plan(rig->disk, 1u << RC_OP_SYNC, 1, RC_FAULT_IO, false);
    assert_int_equal(batch(rig, 1), RC_STORE_IO);
    rig_ok(rig, rc_store_recover(rig->store, 5));
    rc_fault_vfs_power_loss(rig->disk, RC_LOSE_NOTHING, 1);
    rig_reopen(rig, "boot-2");
    assert_int_equal(head(rig), 3);
}

static void while_the_disk_fails_recovery_says_so(void **state)
{
    struct rig *rig = *state;
    rc_fault_vfs_plan(rig->disk, RC_OPS_CHANGING, 1, RC_FAULT_FULL, true);
    assert_int_equal(batch(rig, 0), RC_STORE_FULL);
    assert_int_equal(rc_store_recover(rig->store, 5), RC_STORE_FULL);
    assert_int_equal(rc_store_recover(rig->store, 6), RC_STORE_FULL);
    rc_fault_vfs_heal(rig->disk);
    rig_ok(rig, rc_store_recover(rig->store, 7));
    assert_int_equal(batch(rig, 0), RC_STORE_OK);
    assert_int_equal(head(rig), 3);
}

static void a_disk_that_fails_at_opening_leaves_nothing_half_made(void **state)
{
    struct rig *rig = *state;
    bool hit = true;
    for (uint64_t nth = 1; hit; nth++) {
        rig_close(rig);
        rc_fault_vfs_remove(rig->disk, RIG_PATH);
        rc_fault_vfs_remove(rig->disk, RIG_PATH "-wal");
        rc_fault_vfs_plan(rig->disk, RC_OPS_CHANGING, nth, RC_FAULT_IO, true);
        enum rc_store_result result = rig_try_open(rig, "boot-1");
        hit = rc_fault_vfs_hit(rig->disk);
        assert_true(hit == (result != RC_STORE_OK));
        rc_fault_vfs_power_loss(rig->disk, RC_LOSE_RANDOM, nth);
        rig_reopen(rig, "boot-1");
        assert_int_equal(batch(rig, 0), RC_STORE_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)
        cmocka_unit_test(P_15_all_that_was_committed_survives_when_all_unsynced_is_lost),
        cmocka_unit_test(P_15_all_that_was_committed_survives_torn_and_reordered_writes),
        cmocka_unit_test(P_15_all_that_was_committed_survives_the_death_of_the_process),
        cmocka_unit_test(P_15_after_an_io_error_nothing_is_accepted_until_recovered),
        cmocka_unit_test(P_15_after_a_full_disk_nothing_is_accepted_until_recovered),
        TEST(a_failed_commit_stays_failed_even_after_the_process_dies),
        TEST(while_the_disk_fails_recovery_says_so),
        TEST(a_disk_that_fails_at_opening_leaves_nothing_half_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
