/*
 * student.h: the shell of the training ledger in miniature, for tests: keeps what the store keeps (rows by
 * site, course and day, what is covered, the run), builds a ledger of it for each heartbeat, has it judged
 * and writes it back. Calendars are arrays of days, made by hand. One thread.
 */
#ifndef RC_TESTS_CORE_STUDENT_H
#define RC_TESTS_CORE_STUDENT_H

#include "core/training.h"

#define STUDENT_SITES   3
#define STUDENT_COURSES 3
#define STUDENT_DAYS    8

/* Whatever a site says of a day, and what the student has on it. */
struct student_day {
    struct rc_training_terms terms; /* course_limit_ms is not read */
    int64_t course_limit_ms[STUDENT_COURSES];
    int64_t user_ms, course_ms[STUDENT_COURSES];
};

struct student_site {
    const struct rc_local_day *calendar; /* STUDENT_DAYS days that follow one another; borrowed */
    struct student_day days[STUDENT_DAYS];
    int current; /* index of the current day; RC_NONE: none yet */
};

struct student {
    uint32_t site_count;
    struct student_site sites[STUDENT_SITES];
    struct rc_cover cover, course_cover[STUDENT_COURSES];
    int64_t run_ms, run_until_now;
    int64_t boot_at;    /* label of boot time 0: moved by a step of the clock */
    uint32_t spans_max; /* most pieces that were covered at once */
};

/* student_init begins with one site, the same terms on each day, and boot time 0 at the calendar's start. */
void student_init(struct student *student, const struct rc_local_day *calendar,
                  struct rc_training_terms terms);

/* student_site_add adds a site and returns its number. */
uint32_t student_site_add(struct student *student, const struct rc_local_day *calendar,
                          struct rc_training_terms terms);

/* student_day_of returns the index of the day that a label is in; the calendar must have it. */
int student_day_of(const struct rc_local_day *calendar, int64_t at);

/* student_beat has a heartbeat judged that is received when labels say `at`. */
struct rc_training_verdict student_beat(struct student *student, uint32_t site, uint32_t course, int64_t at);

/* student_reboot: boot times of the old boot are less by so much in the new one, labels go on. */
void student_reboot(struct student *student, int64_t less_ms);

#endif
