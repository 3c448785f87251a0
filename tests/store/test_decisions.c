/* P-16: whatever people decide, on whatever row, in whatever order, the log stays sound. The engine and the
 * store together, without the shell: random lives of one employee, random decisions of a manager on all of
 * their rows, and `rollcall verify` after each that was accepted. The same seed gives the same life. */
#include "rig.h"

#include "core/engine.h"
#include "core/names.h"
#include "store/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* Histories, and steps of each. Together they find each of the faults that this was written for many times
 * over, in a few seconds. */
#define LIVES 60
#define STEPS 60

struct life {
    struct rig *rig;
    void *memory;
    struct rc_engine *engine;
    int64_t now, at;
    uint64_t luck;
    unsigned punches, accepted;
    enum rc_code answer;
};

/* splitmix64 */
static uint64_t next(struct life *life)
{
    uint64_t z = life->luck += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int64_t some(struct life *life, int64_t low, int64_t high)
{
    return low + (int64_t)(next(life) % (uint64_t)(high - low + 1));
}

static bool maybe(struct life *life, int percent)
{
    return some(life, 1, 100) <= percent;
}

/* ---- one step, as the shell makes it ---- */

static void apply(struct life *life, struct rc_effects *effects)
{
    struct rig *rig = life->rig;
    struct rc_id reload = {0};
    for (size_t i = 0; i < effects->count; i++) {
        struct rc_effect *effect = &effects->items[i];
        if (effect->kind == RC_FX_RELOAD)
            reload = effect->reload.employee;
        if (effect->kind == RC_FX_ANSWER)
            life->answer = effect->answer.code;
        rig_ok(rig, rc_store_apply(rig->store, rig->site, effect));
    }
    effects->count = 0;
    if (reload.length == 0)
        return;
    struct rc_event event = {.kind = RC_EV_LEDGER, .now = life->now, .at = life->at};
    event.ledger.employee = reload;
    rig_ok(rig, rc_store_ledger(rig->store, rig->site, &reload, &event.ledger.ledger));
    rc_engine_step(life->engine, &event, effects);
    apply(life, effects);
}

static void step(struct life *life, struct rc_event *event)
{
    static struct rc_effect items[512];
    struct rc_effects effects = {.items = items, .capacity = sizeof items / sizeof items[0]};
    bool more = true;
    event->now = life->now;
    event->at = life->at;
    while (more) {
        rig_ok(life->rig, rc_store_begin(life->rig->store));
        more = rc_engine_step(life->engine, event, &effects);
        apply(life, &effects);
        rig_ok(life->rig, rc_store_commit(life->rig->store));
        rc_engine_commit(life->engine);
    }
}

static void pass(struct life *life, int64_t ms)
{
    int64_t end_now = life->now + ms;
    while (life->now < end_now) {
        int64_t wake_now = rc_engine_wake_now(life->engine);
        wake_now = wake_now <= life->now ? life->now + 1 : wake_now > end_now ? end_now : wake_now;
        life->at += wake_now - life->now;
        life->now = wake_now;
        struct rc_event tick = {.kind = RC_EV_TICK};
        step(life, &tick);
    }
}

/* ---- what the employee does ---- */

static void beat(struct life *life)
{
    struct rc_event event = {.kind = RC_EV_HEARTBEAT};
    event.beat = (struct rc_beat){
        .employee = rig_id("ana"), .session = rig_id("tab"), .epoch = RC_NONE, .interval_ms = RC_NONE};
    step(life, &event);
}

static void punch(struct life *life)
{
    char id[16];
    struct rc_event event = {.kind = RC_EV_PUNCH};
    struct rc_punch *punch = &event.punch;
    bool kiosk = maybe(life, 50);
    snprintf(id, sizeof id, "p%u", ++life->punches);
    *punch = (struct rc_punch){.employee = rig_id("ana"),
                               .session = rig_id(kiosk ? "door" : "tab"),
                               .id = rig_punch_id(id),
                               .type = maybe(life, 50) ? RC_IN : RC_OUT,
                               .has_class = true,
                               .class = kiosk ? RC_KIOSK : RC_BROWSER,
                               .sent_at = life->at - (maybe(life, 20) ? some(life, 0, HOUR) : 0),
                               .sent_now = life->now,
                               .age_ms = maybe(life, 40) ? some(life, 0, 20 * HOUR) : RC_NONE,
                               .device_at = RC_NONE,
                               .clock = maybe(life, 15) ? RC_CLOCK_UNSET : RC_CLOCK_UNSAID};
    if (rc_punch_looks_back(life->engine, punch)) {
        struct rc_punch_when when = rc_punch_when(punch, rc_engine_policy(life->engine));
        punch->history = rig_history(life->rig, "ana", when.at);
    }
    step(life, &event);
}

/* ---- what the manager decides ---- */

static void decide(struct life *life)
{
    struct rc_event event = {.kind = RC_EV_CORRECT};
    struct rc_correct *correct = &event.correct;
    int64_t last_seq;
    uint8_t hash[32];
    rig_ok(life->rig, rc_store_head(life->rig->store, life->rig->site, &last_seq, hash));
    *correct = (struct rc_correct){.employee = rig_id("ana"),
                                   .action = (enum rc_action)some(life, RC_ACTION_ACCEPT, RC_ACTION_RETIME),
                                   .type = maybe(life, 50) ? RC_IN : RC_OUT,
                                   .at = life->at - some(life, 0, 6 * HOUR),
                                   .actor = rig_id("boss"),
                                   .reason = rc_text_of("as seen")};
    if (correct->action != RC_ACTION_ADD) {
        if (last_seq == 0)
            return;
        correct->target_seq = some(life, last_seq > 30 ? last_seq - 30 : 1, last_seq);
        correct->target = rig_target(life->rig, "ana", correct->target_seq);
        if (maybe(life, 40)) /* beside a neighbour, to the very millisecond */
            correct->at = rig_target(life->rig, "ana", some(life, 1, last_seq)).at;
    }
    int64_t around_at = correct->action == RC_ACTION_ADD ? correct->at : correct->target.at;
    correct->history = rig_history(life->rig, "ana", around_at);
    life->answer = RC_CODE_COUNT;
    step(life, &event);
    life->accepted += life->answer == RC_OK;
}

static void verify(const struct life *life, int number)
{
    char message[RC_STORE_ERROR_MAX];
    const struct rc_verify_options options = {.path = RIG_PATH, .vfs = RIG_VFS};
    if (rc_verify(&options, message) != RC_VERIFY_SOUND)
        fail_msg("life %d, after %u decisions: %s", number, life->accepted, message);
}

static unsigned live(struct rig *rig, int number)
{
    const struct rc_engine_limits limits = {
        .employees = 2, .sessions = 8, .scopes = 2, .images = 8, .seed = 7};
    const struct rc_policy policy = rc_policy_default();
    struct life life = {.rig = rig, .now = 1000000, .at = INT64_C(1764770400000), .luck = (uint64_t)number};
    life.memory = calloc(1, rc_engine_bytes(&limits));
    assert_non_null(life.memory);
    life.engine = rc_engine_init(life.memory, &limits, &policy);
    rc_engine_restore_done(life.engine, life.now, life.at);
    struct rc_event up = {.kind = RC_EV_LINK, .link.up = true};
    step(&life, &up);
    for (int i = 0; i < STEPS; i++) {
        unsigned accepted = life.accepted;
        int what = (int)some(&life, 0, 9);
        if (what < 2)
            pass(&life, some(&life, SECOND, maybe(&life, 20) ? 5 * HOUR : 4 * MINUTE));
        else if (what < 4)
            beat(&life);
        else if (what < 6)
            punch(&life);
        else
            decide(&life);
        if (life.accepted > accepted || i + 1 == STEPS)
            verify(&life, number);
    }
    free(life.memory);
    return life.accepted;
}

static void P_16_no_sequence_of_decisions_makes_the_log_unsound(void **state)
{
    unsigned accepted = 0;
    for (int number = 1; number <= LIVES; number++) {
        accepted += live(*state, number);
        rig_teardown(state);
        assert_int_equal(rig_setup(state), 0);
    }
    assert_true(accepted > 5 * LIVES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(P_16_no_sequence_of_decisions_makes_the_log_unsound, rig_setup,
                                        rig_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
