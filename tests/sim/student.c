#include "student.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR   INT64_C(3600000)
#define DAY    (24 * HOUR)
#define MINUTE INT64_C(60000)

/* 2025-11-02 in New York begins at 04:00 UTC and has 25 hours; the days here begin 20 before it. */
#define LONG_DAY      20
#define LONG_DAY_AT   INT64_C(1762056000000)
#define FIRST_OCTOBER 13 /* day 0 is October 13 */

/* What is covered later than this from now is a clock's mistake (T-2). */
#define REACH_MS INT64_C(600000)

/* Pieces that lie ahead of one moment. */
#define PIECES_MAX 512

struct sim_students {
    const struct sim_world *world;
    struct sim_lesson *lessons;
    int count, committed, room;
    struct sim_lesson *failed;
    int failed_count;
};

struct piece {
    int64_t from, to;
};

struct pieces {
    int count;
    struct piece piece[PIECES_MAX];
};

struct sim_students *sim_students_new(struct sim_world *world)
{
    struct sim_students *students = calloc(1, sizeof *students);
    assert(students);
    students->world = world;
    return students;
}

void sim_students_free(struct sim_students *students)
{
    if (!students)
        return;
    free(students->lessons);
    free(students->failed);
    free(students);
}

/* ---- days ---- */

int64_t sim_day_start(int day)
{
    return LONG_DAY_AT + (day - LONG_DAY) * DAY + (day > LONG_DAY ? HOUR : 0);
}

int sim_day_of(int64_t label)
{
    int day = 0;
    while (day + 1 < SIM_DAYS && label >= sim_day_start(day + 1))
        day++;
    return day;
}

void sim_day_date(int day, char out[RC_DATE_MAX])
{
    unsigned number = (unsigned)(FIRST_OCTOBER + day) % 100;
    if (number <= 31)
        snprintf(out, RC_DATE_MAX, "2025-10-%02u", number);
    else
        snprintf(out, RC_DATE_MAX, "2025-11-%02u", number - 31);
}

int sim_day_parse(const char *date)
{
    char text[RC_DATE_MAX];
    for (int day = 0; day < SIM_DAYS; day++) {
        sim_day_date(day, text);
        if (strcmp(text, date) == 0)
            return day;
    }
    return RC_NONE;
}

/* ---- what is covered ---- */

static bool is_counted(const struct sim_lesson *lesson)
{
    return lesson->result == RC_TRAINING_COUNTED || lesson->result == RC_TRAINING_REACHED;
}

static int64_t offset_of(const struct sim_lesson *lesson)
{
    return lesson->label - lesson->time;
}

/* After a reboot only labels tell where a piece lies: as far off as the labels are. One that seems to lie
 * beyond all reach shows that none of them can be told. */
static void tell_anew(struct pieces *pieces, const struct sim_lesson *kept, const struct sim_lesson *lesson)
{
    bool told = true;
    for (int i = 0; i < pieces->count; i++) {
        pieces->piece[i].from += offset_of(kept) - offset_of(lesson);
        pieces->piece[i].to += offset_of(kept) - offset_of(lesson);
        told = told && pieces->piece[i].to <= lesson->time + REACH_MS;
    }
    if (!told)
        pieces->count = 0;
}

/* What lies behind is a number, and stays one where labels go back with a reboot. */
static void forget_behind(struct pieces *pieces, int64_t time)
{
    int count = 0;
    for (int i = 0; i < pieces->count; i++) {
        struct piece piece = pieces->piece[i];
        if (piece.from < time)
            piece.from = time;
        if (piece.to > piece.from)
            pieces->piece[count++] = piece;
    }
    pieces->count = count;
}

/* What lies ahead of a heartbeat and was covered before, of all courses (-1) or of one; may overlap. */
static void ahead_of(const struct sim_students *students, const struct sim_lesson *lesson, int course,
                     struct pieces *out)
{
    const struct sim_lesson *kept = NULL;
    out->count = 0;
    for (int i = 0; i <= students->count; i++) {
        const struct sim_lesson *next = i < students->count ? &students->lessons[i] : lesson;
        bool last = i == students->count;
        bool theirs = next->employee == lesson->employee && (course < 0 || next->course == course);
        if (!last && (!theirs || !is_counted(next)))
            continue;
        if (kept && kept->boots != next->boots)
            tell_anew(out, kept, next);
        forget_behind(out, next->time);
        for (int part = 0; !last && part < 2; part++)
            if (next->part[part].to > next->part[part].from) {
                assert(out->count < PIECES_MAX);
                out->piece[out->count++] = (struct piece){next->part[part].from, next->part[part].to};
            }
        kept = next;
    }
}

/* The end of the stretch that begins at `from`, all of which is covered or all of which is not. */
static int64_t stretch(const struct pieces *pieces, int64_t from, int64_t to, bool *covered)
{
    *covered = false;
    int64_t end = to;
    for (int i = 0; i < pieces->count; i++) {
        const struct piece *piece = &pieces->piece[i];
        if (piece->from <= from && from < piece->to) {
            *covered = true;
            return piece->to < to ? piece->to : to;
        }
        if (piece->from > from && piece->from < end)
            end = piece->from;
    }
    return end;
}

static int64_t new_ms(const struct pieces *pieces, int64_t from, int64_t to)
{
    int64_t sum = 0;
    bool covered;
    for (int64_t end; from < to; from = end) {
        end = stretch(pieces, from, to, &covered);
        sum += covered ? 0 : end - from;
    }
    return sum;
}

/* Where the day is full: the first moment by which so much is new, or `to`. */
static int64_t full_at(const struct pieces *pieces, int64_t from, int64_t to, int64_t room_ms)
{
    bool covered;
    for (int64_t end; from < to && room_ms > 0; from = end) {
        end = stretch(pieces, from, to, &covered);
        if (!covered && end - from >= room_ms)
            return from + room_ms;
        room_ms -= covered ? 0 : end - from;
    }
    return room_ms > 0 ? to : from;
}

/* ---- heartbeats ---- */

static void append(struct sim_students *students, const struct sim_lesson *lesson)
{
    if (students->count == students->room) {
        students->room = students->room ? 2 * students->room : 256;
        students->lessons = realloc(students->lessons, (size_t)students->room * sizeof *students->lessons);
        assert(students->lessons);
    }
    students->lessons[students->count++] = *lesson;
}

static void cover(const struct sim_students *students, struct sim_lesson *lesson)
{
    struct pieces user, course;
    int64_t end = lesson->time + SIM_TRAINING_INTERVAL_MS;
    int64_t midnight = lesson->time + sim_day_start(lesson->day + 1) - lesson->label;
    if (midnight > end)
        midnight = end;
    int64_t bounds[] = {lesson->time, midnight, end};
    ahead_of(students, lesson, -1, &user);
    ahead_of(students, lesson, lesson->course, &course);
    for (int i = 0; i < 2; i++) {
        int64_t had_ms = sim_students_tally(students, lesson->employee, lesson->day + i).ms;
        lesson->part[i].from = bounds[i];
        lesson->part[i].to =
            full_at(&user, bounds[i], bounds[i + 1], sim_students_limit_ms(students) - had_ms);
        lesson->part[i].user_ms = new_ms(&user, lesson->part[i].from, lesson->part[i].to);
        lesson->part[i].course_ms = new_ms(&course, lesson->part[i].from, lesson->part[i].to);
    }
}

const struct sim_lesson *sim_students_judge(struct sim_students *students, const struct sim_lesson *heard)
{
    struct sim_lesson lesson = *heard;
    int64_t limit_ms = sim_students_limit_ms(students);
    struct sim_tally before = sim_students_tally(students, lesson.employee, lesson.day);
    lesson.is_new_day = before.heartbeats == 0;
    lesson.result = RC_TRAINING_LOCKED;
    if (before.ms < limit_ms) {
        cover(students, &lesson);
        bool full = before.ms + lesson.part[0].user_ms >= limit_ms;
        lesson.result = full ? RC_TRAINING_REACHED : RC_TRAINING_COUNTED;
    }
    lesson.minutes = sim_students_minutes(students, before.ms + lesson.part[0].user_ms);
    lesson.remaining = limit_ms / MINUTE - lesson.minutes;
    append(students, &lesson);
    return &students->lessons[students->count - 1];
}

/* ---- the transaction ---- */

void sim_students_commit(struct sim_students *students)
{
    students->committed = students->count;
    students->failed_count = 0;
}

void sim_students_undo(struct sim_students *students)
{
    students->count = students->committed;
}

void sim_students_commit_failed(struct sim_students *students)
{
    students->failed_count = students->count - students->committed;
    free(students->failed);
    students->failed = malloc((size_t)students->failed_count * sizeof *students->failed + 1);
    assert(students->failed);
    if (students->failed_count > 0)
        memcpy(students->failed, students->lessons + students->committed,
               (size_t)students->failed_count * sizeof *students->failed);
}

void sim_students_found_failed(struct sim_students *students)
{
    for (int i = 0; i < students->failed_count; i++)
        append(students, &students->failed[i]);
    sim_students_commit(students);
}

/* ---- questions ---- */

int sim_students_count(const struct sim_students *students)
{
    return students->count;
}

int sim_students_committed(const struct sim_students *students)
{
    return students->committed;
}

struct sim_lesson *sim_students_lesson(struct sim_students *students, int index)
{
    return &students->lessons[index];
}

const struct sim_lesson *sim_students_failed(const struct sim_students *students, int *count)
{
    *count = students->failed_count;
    return students->failed_count > 0 ? students->failed : NULL;
}

struct sim_tally sim_students_tally(const struct sim_students *students, int employee, int day)
{
    struct sim_tally tally = {0};
    bool heard[SIM_CLIENTS_MAX] = {false};
    for (int i = 0; i < students->count; i++) {
        const struct sim_lesson *lesson = &students->lessons[i];
        int part = day - lesson->day;
        if (lesson->employee != employee || part < 0 || part > 1)
            continue;
        tally.ms += lesson->part[part].user_ms;
        tally.course_ms[lesson->course] += lesson->part[part].course_ms;
        if (part == 1)
            continue;
        tally.heartbeats++;
        tally.refused += !is_counted(lesson);
        tally.sessions += !heard[lesson->client];
        heard[lesson->client] = true;
    }
    return tally;
}

int64_t sim_students_limit_ms(const struct sim_students *students)
{
    return students->world->plan->limit_minutes * MINUTE;
}

int64_t sim_students_minutes(const struct sim_students *students, int64_t ms)
{
    int64_t limit_ms = sim_students_limit_ms(students);
    if (ms >= limit_ms)
        return limit_ms / MINUTE;
    int64_t minutes = (ms + MINUTE / 2) / MINUTE;
    return minutes < limit_ms / MINUTE ? minutes : limit_ms / MINUTE - 1;
}
