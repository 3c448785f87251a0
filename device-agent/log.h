/*
 * log.h: one line a happening, key=value, to standard error. A line is one write, so that lines of several
 * processes never mix. Any thread, any process.
 */
#ifndef RC_AGENT_LOG_H
#define RC_AGENT_LOG_H

/* rc_agent_log writes `time=... ` and the formatted text and a newline; longer lines are cut. */
void rc_agent_log(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
