#include "daemon/access.h"

#include "core/names.h"
#include "test.h"

static struct rc_id id(const char *text)
{
    struct rc_id out;
    assert_true(rc_id_set(&out, rc_text_of(text)));
    return out;
}

static const struct rc_id nobody;

static struct rc_request request_of(const char *login, enum rc_verb verb)
{
    return (struct rc_request){
        .verb = verb, .login = id(login), .seq = RC_NONE, .hold = RC_NONE, .ask = RC_NONE};
}

static struct rc_asker verified(enum rc_role role, const char *login)
{
    return (struct rc_asker){.role = role, .login = id(login)};
}

static struct rc_asker anybody(const char *login)
{
    return (struct rc_asker){.open = true, .login = id(login)};
}

static void with_access_open_everybody_may_ask_everything(void **state)
{
    (void)state;
    struct rc_asker asker = anybody("alice");
    for (int verb = RC_VERB_WHO; verb < RC_VERB_COUNT; verb++) {
        struct rc_request request = request_of("alice", (enum rc_verb)verb);
        assert_int_equal(rc_access_request(&asker, &request), RC_OK);
        assert_int_equal(request.employee.length, 0);
        assert_false(request.ask_only);
    }
}

static void with_access_open_who_asks_is_who_the_topic_says(void **state)
{
    (void)state;
    struct rc_message message = {.login = id("mallory")};
    struct rc_request request = request_of("alice", RC_VERB_WHO);
    struct rc_asker asker = rc_access_asker(true, &message, &request);
    assert_true(asker.open);
    assert_true(rc_id_equal(&asker.login, &request.login));
}

static void with_access_required_who_asks_is_who_the_broker_verified(void **state)
{
    (void)state;
    struct rc_message message = {.login = id("mallory"), .role = RC_ROLE_EMPLOYEE};
    struct rc_request request = request_of("alice", RC_VERB_STATUS);
    struct rc_asker asker = rc_access_asker(false, &message, &request);
    assert_false(asker.open);
    assert_true(rc_id_equal(&asker.login, &message.login));
    assert_int_equal(asker.role, RC_ROLE_EMPLOYEE);
    assert_int_equal(rc_access_request(&asker, &request), RC_PERMISSION_DENIED); /* the topic says alice */
}

static void an_employee_asks_for_their_own_rows_only(void **state)
{
    (void)state;
    struct rc_asker asker = verified(RC_ROLE_EMPLOYEE, "alice");
    const enum rc_verb verbs[] = {RC_VERB_STATUS, RC_VERB_PUNCHES, RC_VERB_PERIODS, RC_VERB_TRAINING_DAYS};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        struct rc_request own = request_of("alice", verbs[i]);
        assert_int_equal(rc_access_request(&asker, &own), RC_OK);
        assert_true(rc_id_equal(&own.employee, &asker.login)); /* nobody named: narrowed to their own */
        struct rc_request other = request_of("alice", verbs[i]);
        other.employee = id("bob");
        assert_int_equal(rc_access_request(&asker, &other), RC_PERMISSION_DENIED);
    }
}

static void an_employee_sees_and_orders_nothing_of_the_site(void **state)
{
    (void)state;
    struct rc_asker asker = verified(RC_ROLE_EMPLOYEE, "alice");
    const enum rc_verb verbs[] = {RC_VERB_WHO, RC_VERB_SWEEP, RC_VERB_MAINTENANCE, RC_VERB_POLICY,
                                  RC_VERB_ARCHIVE};
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        struct rc_request request = request_of("alice", verbs[i]);
        assert_int_equal(rc_access_request(&asker, &request), RC_PERMISSION_DENIED);
    }
}

/* Section 6: employee asks, manager decides. */
static void an_employees_correction_becomes_an_ask(void **state)
{
    (void)state;
    struct rc_asker asker = verified(RC_ROLE_EMPLOYEE, "alice");
    struct rc_request request = request_of("alice", RC_VERB_CORRECT);
    request.action = RC_ACTION_VOID;
    request.seq = 4;
    assert_int_equal(rc_access_request(&asker, &request), RC_OK);
    assert_true(request.ask_only);
    assert_true(rc_id_equal(&request.employee, &asker.login));
}

static void an_employee_lists_their_own_asks(void **state)
{
    (void)state;
    struct rc_asker asker = verified(RC_ROLE_EMPLOYEE, "alice");
    struct rc_request request = request_of("alice", RC_VERB_CORRECT);
    request.asks = true;
    assert_int_equal(rc_access_request(&asker, &request), RC_OK);
    assert_false(request.ask_only);
    assert_true(rc_id_equal(&request.employee, &asker.login));
}

struct right {
    enum rc_role role;
    enum rc_verb verb;
    enum rc_code code;
};

static void roles_have_the_rights_of_section_6(void **state)
{
    (void)state;
    const struct right rights[] = {
        {RC_ROLE_MANAGER, RC_VERB_WHO, RC_OK},
        {RC_ROLE_MANAGER, RC_VERB_PUNCHES, RC_OK},
        {RC_ROLE_MANAGER, RC_VERB_CORRECT, RC_OK},
        {RC_ROLE_MANAGER, RC_VERB_MAINTENANCE, RC_OK},
        {RC_ROLE_MANAGER, RC_VERB_SWEEP, RC_PERMISSION_DENIED},
        {RC_ROLE_MANAGER, RC_VERB_TRAINING_DAYS, RC_OK},
        {RC_ROLE_MANAGER, RC_VERB_POLICY, RC_OK},
        {RC_ROLE_MANAGER, RC_VERB_ARCHIVE, RC_PERMISSION_DENIED},
        {RC_ROLE_OPS, RC_VERB_TRAINING_DAYS, RC_OK},
        {RC_ROLE_OPS, RC_VERB_ARCHIVE, RC_OK},
        {RC_ROLE_OPS, RC_VERB_WHO, RC_OK},
        {RC_ROLE_OPS, RC_VERB_PERIODS, RC_OK},
        {RC_ROLE_OPS, RC_VERB_SWEEP, RC_OK},
        {RC_ROLE_OPS, RC_VERB_MAINTENANCE, RC_OK},
        {RC_ROLE_OPS, RC_VERB_CORRECT, RC_PERMISSION_DENIED},
        {RC_ROLE_MANAGER, RC_VERB_EMPLOYEE, RC_OK},
        {RC_ROLE_OPS, RC_VERB_EMPLOYEE, RC_PERMISSION_DENIED},
        {RC_ROLE_EMPLOYEE, RC_VERB_EMPLOYEE, RC_PERMISSION_DENIED},
        {RC_ROLE_DASHBOARD, RC_VERB_WHO, RC_PERMISSION_DENIED},
        {RC_ROLE_KIOSK, RC_VERB_WHO, RC_PERMISSION_DENIED},
        {RC_ROLE_SERVICE, RC_VERB_SWEEP, RC_PERMISSION_DENIED},
        {RC_ROLE_NONE, RC_VERB_WHO, RC_PERMISSION_DENIED},
    };
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
        struct rc_asker asker = verified(rights[i].role, "m1");
        struct rc_request request = request_of("m1", rights[i].verb);
        assert_int_equal(rc_access_request(&asker, &request), rights[i].code);
    }
}

/* P-16, section 6: nobody decides on their own punches. */
static void P_16_nobody_decides_on_their_own_punches(void **state)
{
    (void)state;
    struct rc_asker open = anybody("alice"), manager = verified(RC_ROLE_MANAGER, "alice");
    struct rc_id alice = id("alice"), bob = id("bob");
    assert_int_equal(rc_access_decides(&open, &alice, &nobody), RC_PERMISSION_DENIED);
    assert_int_equal(rc_access_decides(&manager, &alice, &nobody), RC_PERMISSION_DENIED);
    assert_int_equal(rc_access_decides(&open, &bob, &nobody), RC_OK);
    assert_int_equal(rc_access_decides(&manager, &bob, &nobody), RC_OK);
}

static void P_16_nobody_decides_on_what_they_asked_for(void **state)
{
    (void)state;
    struct rc_asker open = anybody("m1"), manager = verified(RC_ROLE_MANAGER, "m1");
    struct rc_id bob = id("bob"), m1 = id("m1"), m2 = id("m2");
    assert_int_equal(rc_access_decides(&open, &bob, &m1), RC_PERMISSION_DENIED);
    assert_int_equal(rc_access_decides(&manager, &bob, &m1), RC_PERMISSION_DENIED);
    assert_int_equal(rc_access_decides(&manager, &bob, &m2), RC_OK);
}

static void only_a_manager_decides_where_access_is_required(void **state)
{
    (void)state;
    struct rc_id bob = id("bob");
    for (int role = RC_ROLE_NONE; role < RC_ROLE_COUNT; role++) {
        struct rc_asker asker = verified((enum rc_role)role, "x1");
        enum rc_code code = role == RC_ROLE_MANAGER ? RC_OK : RC_PERMISSION_DENIED;
        assert_int_equal(rc_access_decides(&asker, &bob, &nobody), code);
    }
}

static void employees_speak_for_themselves_and_kiosks_for_anybody_as_themselves(void **state)
{
    (void)state;
    struct rc_id alice = id("alice"), k1 = id("k1");
    struct rc_topic punch = {.kind = RC_TOPIC_PUNCH, .employee = id("alice"), .session = id("k1")};
    struct rc_topic heartbeat = {.kind = RC_TOPIC_DEVICE_HEARTBEAT, .session = id("k1")};
    assert_true(rc_access_speaks(RC_ROLE_EMPLOYEE, &alice, &punch));
    assert_false(rc_access_speaks(RC_ROLE_EMPLOYEE, &k1, &punch));
    assert_true(rc_access_speaks(RC_ROLE_KIOSK, &k1, &punch));
    assert_false(rc_access_speaks(RC_ROLE_KIOSK, &alice, &punch));
    assert_true(rc_access_speaks(RC_ROLE_KIOSK, &k1, &heartbeat));
    assert_false(rc_access_speaks(RC_ROLE_EMPLOYEE, &k1, &heartbeat));
}

/* Section 6: a dashboard reads; a login that happens to be an employee's makes it nobody's hands. */
static void only_people_and_kiosks_speak(void **state)
{
    (void)state;
    struct rc_id alice = id("alice");
    for (int role = RC_ROLE_NONE; role < RC_ROLE_COUNT; role++) {
        bool person = role == RC_ROLE_EMPLOYEE || role == RC_ROLE_MANAGER || role == RC_ROLE_OPS;
        for (int kind = RC_TOPIC_HEARTBEAT; kind <= RC_TOPIC_PROGRESS; kind++) {
            struct rc_topic topic = {
                .kind = (enum rc_topic_kind)kind, .employee = id("alice"), .session = id("tab")};
            assert_int_equal(rc_access_speaks((enum rc_role)role, &alice, &topic), person);
        }
    }
}

static void ops_sees_the_policies_of_training_and_adds_none(void **state)
{
    (void)state;
    struct rc_asker ops = verified(RC_ROLE_OPS, "op"), manager = verified(RC_ROLE_MANAGER, "op");
    struct rc_request request = request_of("op", RC_VERB_POLICY);
    assert_int_equal(rc_access_request(&ops, &request), RC_OK);
    request.adds = true;
    assert_int_equal(rc_access_request(&ops, &request), RC_PERMISSION_DENIED);
    assert_int_equal(rc_access_request(&manager, &request), RC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ops_sees_the_policies_of_training_and_adds_none),
        cmocka_unit_test(with_access_open_everybody_may_ask_everything),
        cmocka_unit_test(with_access_open_who_asks_is_who_the_topic_says),
        cmocka_unit_test(with_access_required_who_asks_is_who_the_broker_verified),
        cmocka_unit_test(an_employee_asks_for_their_own_rows_only),
        cmocka_unit_test(an_employee_sees_and_orders_nothing_of_the_site),
        cmocka_unit_test(an_employees_correction_becomes_an_ask),
        cmocka_unit_test(an_employee_lists_their_own_asks),
        cmocka_unit_test(roles_have_the_rights_of_section_6),
        cmocka_unit_test(P_16_nobody_decides_on_their_own_punches),
        cmocka_unit_test(P_16_nobody_decides_on_what_they_asked_for),
        cmocka_unit_test(only_a_manager_decides_where_access_is_required),
        cmocka_unit_test(employees_speak_for_themselves_and_kiosks_for_anybody_as_themselves),
        cmocka_unit_test(only_people_and_kiosks_speak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
