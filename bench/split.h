/*
 * split.h: on what a process spends its processor time: by thread, from the kernel's own counters, and by
 * part of the service, from perf's samples where perf is installed and allowed. A sample belongs to the
 * innermost function of its call chain that the table in split.c knows, so SQLite's part includes what the
 * kernel does for it. The bench owns a split; what goes wrong with perf costs the parts only, with a line
 * that says so.
 */
#ifndef RC_BENCH_SPLIT_H
#define RC_BENCH_SPLIT_H

#include <stdbool.h>
#include <sys/types.h>

struct split;

/* split_begin starts to count. samples: with perf, whose samples are kept in folder until split_end. */
struct split *split_begin(pid_t process, bool samples, const char *folder);

/* split_end stops counting, prints, a line each, what share of one core each thread and each part took, and
 * how much of a core a message took; returns the whole process's share of one core. Frees. */
double split_end(struct split *split, long messages);

#endif
