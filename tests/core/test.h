/* test.h: what the core's tests share: cmocka, a fresh rig for each test, round times. */
#ifndef RC_TESTS_CORE_TEST_H
#define RC_TESTS_CORE_TEST_H

#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static inline int rig_setup(void **state)
{
    *state = rig_up();
    return 0;
}

static inline int rig_teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static inline struct rig *fresh(void **state)
{
    return *state;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

#endif
