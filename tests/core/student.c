#include "student.h"

#include <assert.h>
#include <string.h>

void student_init(struct student *student, const struct rc_local_day *calendar,
                  struct rc_training_terms terms)
{
    memset(student, 0, sizeof *student);
    student->boot_at = calendar[0].start_at;
    student_site_add(student, calendar, terms);
}

uint32_t student_site_add(struct student *student, const struct rc_local_day *calendar,
                          struct rc_training_terms terms)
{
    assert(student->site_count < STUDENT_SITES);
    struct student_site *site = &student->sites[student->site_count];
    *site = (struct student_site){.calendar = calendar, .current = RC_NONE};
    for (int day = 0; day < STUDENT_DAYS; day++) {
        site->days[day].terms = terms;
        for (int course = 0; course < STUDENT_COURSES; course++)
            site->days[day].course_limit_ms[course] = terms.course_limit_ms;
    }
    return student->site_count++;
}

int student_day_of(const struct rc_local_day *calendar, int64_t at)
{
    int day = 0;
    while (at >= calendar[day].end_at) {
        day++;
        assert(day + 1 < STUDENT_DAYS);
    }
    assert(at >= calendar[day].start_at);
    return day;
}

static struct rc_training_terms terms_of(const struct student_day *day, uint32_t course)
{
    struct rc_training_terms terms = day->terms;
    terms.course_limit_ms = day->course_limit_ms[course];
    return terms;
}

/* The ledger's side of one site, brought to the day of the label. */
static void load_site(struct student_site *site, uint32_t course, int64_t at, struct rc_training_site *out)
{
    const struct rc_local_day *calendar = site->calendar;
    *out = (struct rc_training_site){0};
    if (site->current != RC_NONE) {
        const struct student_day *day = &site->days[site->current], *next = day + 1;
        out->day = calendar[site->current];
        out->next = calendar[site->current + 1];
        out->user = (struct rc_training_total){day->user_ms, next->user_ms};
        out->course = (struct rc_training_total){day->course_ms[course], next->course_ms[course]};
    }
    int today = student_day_of(calendar, at);
    if (rc_training_roll(out, at, &calendar[today], &calendar[today + 1]))
        site->current = today;
    out->terms = terms_of(&site->days[site->current], course);
    out->next_terms = terms_of(&site->days[site->current + 1], course);
}

static void save_site(struct student_site *site, uint32_t course, const struct rc_training_site *from)
{
    struct student_day *day = &site->days[site->current], *next = day + 1;
    day->user_ms = from->user.ms;
    next->user_ms = from->user.next_ms;
    day->course_ms[course] = from->course.ms;
    next->course_ms[course] = from->course.next_ms;
}

struct rc_training_verdict student_beat(struct student *student, uint32_t site, uint32_t course, int64_t at)
{
    struct rc_training_ledger ledger;
    ledger.cover = student->cover;
    ledger.course_cover = student->course_cover[course];
    ledger.run_ms = student->run_ms;
    ledger.run_until_now = student->run_until_now;
    ledger.site_count = student->site_count;
    for (uint32_t i = 0; i < student->site_count; i++)
        load_site(&student->sites[i], course, at, &ledger.sites[i]);
    struct rc_training_verdict verdict = rc_training_judge(&ledger, site, at - student->boot_at, at);
    for (uint32_t i = 0; i < student->site_count; i++)
        save_site(&student->sites[i], course, &ledger.sites[i]);
    student->cover = ledger.cover;
    student->course_cover[course] = ledger.course_cover;
    student->run_ms = ledger.run_ms;
    student->run_until_now = ledger.run_until_now;
    if (ledger.cover.count > student->spans_max)
        student->spans_max = ledger.cover.count;
    return verdict;
}

static void shift(struct rc_cover *cover, int64_t less_ms)
{
    for (uint32_t i = 0; i < cover->count; i++) {
        cover->spans[i].from_now -= less_ms;
        cover->spans[i].to_now -= less_ms;
    }
}

void student_reboot(struct student *student, int64_t less_ms)
{
    shift(&student->cover, less_ms);
    for (int course = 0; course < STUDENT_COURSES; course++)
        shift(&student->course_cover[course], less_ms);
    student->run_until_now -= less_ms;
    student->boot_at += less_ms;
}
