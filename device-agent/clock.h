/*
 * clock.h: the two clocks of a device. Any thread.
 */
#ifndef RC_AGENT_CLOCK_H
#define RC_AGENT_CLOCK_H

#include <stdint.h>

/* rc_agent_now returns milliseconds of CLOCK_BOOTTIME: for waiting and for a punch's age. */
int64_t rc_agent_now(void);

/* rc_agent_wall returns milliseconds since 1970 UTC: for epochs and ids only. */
int64_t rc_agent_wall(void);

#endif
