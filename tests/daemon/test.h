/*
 * test.h: cmocka and what it wants included before it. Decides and owns nothing.
 */
#ifndef RC_TESTS_DAEMON_TEST_H
#define RC_TESTS_DAEMON_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
