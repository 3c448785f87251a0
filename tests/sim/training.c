#include "training.h"

#include "broker.h"
#include "core/names.h"
#include "service_parts.h"
#include "store/training.h"
#include "student.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The contract's numbers, once more. */
#define STEP_MS   INT64_C(2000)
#define STANDS_MS INT64_C(600000)
/* A running service has believed a step so long after it could at the latest: it looks at least every 20 s.
 */
#define BELIEF_LATE_MS INT64_C(60000)

struct sim_training {
    struct sim_students *students;
    int64_t heard_at; /* wall clock of the heartbeat at hand */
    int rows;         /* of heartbeats, in the open transaction's audit log */
    /* whose day was noted as locked: in the open transaction, durably, in a commit that failed */
    bool limited[SIM_EMPLOYEES_MAX][SIM_DAYS], limited_committed[SIM_EMPLOYEES_MAX][SIM_DAYS],
        limited_failed[SIM_EMPLOYEES_MAX][SIM_DAYS];
    struct {
        bool known, saving;
        bool reopened;                     /* since the last look: read from the store again */
        int boots, kept_boots;             /* of the last look; of the clock that is surely kept */
        int64_t believed_ms, wall_ms;      /* labels and wall clock less true time, as of the last look */
        int64_t wall_since, reopened_time; /* true time: since when that wall clock is seen */
        int64_t label_max;
    } clock;
};

struct sim_training *sim_training_new(struct sim_world *world)
{
    struct sim_training *training = calloc(1, sizeof *training);
    assert(training);
    training->students = sim_students_new(world);
    return training;
}

void sim_training_free(struct sim_training *training)
{
    if (!training)
        return;
    sim_students_free(training->students);
    free(training);
}

/* ---- the day's clock ---- */

static bool near(int64_t a, int64_t b)
{
    return a - b <= STEP_MS && b - a <= STEP_MS;
}

void sim_training_clock_saving(struct sim_world *world)
{
    world->training->clock.saving = true;
}

/* A label changes its mind when another clock has stood for ten minutes, or where nothing was ever kept of
 * the old one; and goes back to an older one if a crash came before the new mind was written down. */
static void check_belief(struct sim_world *world, int64_t time, int64_t label_ms, int64_t wall_ms)
{
    const struct sim_training *training = world->training;
    int64_t stood_ms = time - training->clock.wall_since, believed_ms = training->clock.believed_ms;
    int64_t since = training->clock.reopened_time > training->clock.wall_since ? training->clock.reopened_time
                                                                               : training->clock.wall_since;
    bool reopened = training->clock.reopened;
    bool forgot = reopened && training->clock.kept_boots != world->host.boots;
    if (label_ms != believed_ms && label_ms != wall_ms && !reopened)
        sim_fail(world, 7, "a label goes by a clock that is not there");
    if (label_ms == wall_ms && !near(wall_ms, believed_ms) && stood_ms < STANDS_MS && !forgot)
        sim_fail(world, 7, "a step of %lld ms is believed after %lld ms", (long long)(wall_ms - believed_ms),
                 (long long)stood_ms);
    if (!near(label_ms, wall_ms) && time - since > STANDS_MS + BELIEF_LATE_MS)
        sim_fail(world, 7, "a step of %lld ms is not believed for %lld ms", (long long)(wall_ms - label_ms),
                 (long long)stood_ms);
}

void sim_training_clock(struct sim_world *world, int64_t now, int64_t at, int64_t label)
{
    struct sim_training *training = world->training;
    int64_t time = now + world->host.boot_time, label_ms = label - time, wall_ms = at - time;
    if (!training->clock.known || training->clock.boots != world->host.boots) {
        training->clock.wall_since = time;
        if (label_ms != wall_ms)
            sim_fail(world, 7, "the first reading of the clock is not believed");
    } else {
        if (wall_ms != training->clock.wall_ms)
            training->clock.wall_since = time;
        check_belief(world, time, label_ms, wall_ms);
    }
    training->clock.known = true;
    training->clock.reopened = false;
    training->clock.boots = world->host.boots;
    training->clock.wall_ms = wall_ms;
    training->clock.believed_ms = label_ms;
    if (label > training->clock.label_max)
        training->clock.label_max = label;
}

static void reopen(struct sim_world *world)
{
    world->training->clock.reopened = true;
    world->training->clock.reopened_time = world->time;
}

/* ---- a heartbeat ---- */

void sim_training_heard(struct sim_world *world, const struct rc_event *event)
{
    world->training->heard_at = event->at;
}

static int last_day(const struct sim_training *training, int employee)
{
    for (int i = sim_students_count(training->students) - 1; i >= 0; i--) {
        const struct sim_lesson *lesson = sim_students_lesson(training->students, i);
        if (lesson->employee == employee)
            return lesson->day;
    }
    return 0;
}

/* T-2: the day of the label, but never one before the student's own. */
static void check_day(struct sim_world *world, const struct sim_lesson *heard,
                      const struct rc_local_day *today)
{
    const struct sim_training *training = world->training;
    int least = sim_day_of(heard->label), most = sim_day_of(training->clock.label_max);
    if (heard->label != heard->time + training->clock.believed_ms)
        sim_fail(world, 7, "a heartbeat is judged by another clock than the day's");
    else if (heard->day < least || heard->day > most || heard->day < last_day(training, heard->employee))
        sim_fail(world, 7, "e%d is in %s, and it is day %d, at most %d, after %d", heard->employee,
                 today->date, least, most, last_day(training, heard->employee));
    else if (today->start_at != sim_day_start(heard->day) || today->end_at != sim_day_start(heard->day + 1))
        sim_fail(world, 7, "%s is from %lld to %lld", today->date, (long long)today->start_at,
                 (long long)today->end_at);
}

static void compare(struct sim_world *world, const char *what, int employee, int64_t is, int64_t should)
{
    if (is != should)
        sim_fail(world, 7, "e%d: %s is %lld, should be %lld", employee, what, (long long)is,
                 (long long)should);
}

static void compare_side(struct sim_world *world, int employee, int day, int course,
                         const struct rc_training_site *side)
{
    const struct sim_students *students = world->training->students;
    struct sim_tally today = sim_students_tally(students, employee, day);
    struct sim_tally next = sim_students_tally(students, employee, day + 1);
    compare(world, "the day", employee, side->user.ms, today.ms);
    compare(world, "the next day", employee, side->user.next_ms, next.ms);
    compare(world, "the course", employee, side->course.ms, today.course_ms[course]);
    compare(world, "the course's next day", employee, side->course.next_ms, next.course_ms[course]);
    if (today.ms > sim_students_limit_ms(students))
        sim_fail(world, 7, "e%d: %lld ms of training, beyond the limit", employee, (long long)today.ms);
}

static const char *word_of(enum rc_training_result result)
{
    return result == RC_TRAINING_COUNTED ? "COUNTED" : "DAILY_LIMIT_REACHED";
}

void sim_training_judged(struct sim_world *world, const struct rc_training_ledger *ledger,
                         const struct rc_training_verdict *verdict, int64_t now, int64_t label)
{
    struct sim_training *training = world->training;
    const struct sim_service *service = world->service;
    const struct rc_training_site *side = &ledger->sites[0];
    const struct sim_words *words = &service->current.words;
    if (!service->has_current || words->say != SIM_SAY_TRAINING) {
        sim_fail(world, 7, "a heartbeat is judged that nobody sent");
        return;
    }
    struct sim_lesson heard = {.employee = words->employee,
                               .client = words->client,
                               .course = words->course,
                               .time = now + world->host.boot_time,
                               .at = training->heard_at,
                               .label = label,
                               .boots = world->host.boots,
                               .day = sim_day_parse(side->day.date)};
    check_day(world, &heard, &side->day);
    if (world->failure.failed)
        return;
    const struct sim_lesson *lesson = sim_students_judge(training->students, &heard);
    sim_trace(world, "  training of e%d, course %d on %s: %s, +%lld and +%lld ms", heard.employee,
              heard.course, side->day.date, word_of(lesson->result), (long long)lesson->part[0].user_ms,
              (long long)lesson->part[1].user_ms);
    compare(world, "the verdict", heard.employee, verdict->result, lesson->result);
    compare_side(world, heard.employee, heard.day, heard.course, side);
    world->seen.trained[lesson->result]++;
}

/* ---- its row in the audit log (T-6) ---- */

static int64_t number_in(const cJSON *object, int day)
{
    char date[RC_DATE_MAX];
    sim_day_date(day, date);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, date);
    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;
}

static void check_heartbeat_row(struct sim_world *world, const struct rc_audit *audit, const cJSON *detail)
{
    struct sim_training *training = world->training;
    int index = sim_students_committed(training->students) + training->rows++;
    if (index + 1 != sim_students_count(training->students)) {
        sim_fail(world, 7, "a heartbeat has no row of its own in the audit log");
        return;
    }
    const struct sim_lesson *lesson = sim_students_lesson(training->students, index);
    const cJSON *added = cJSON_GetObjectItemCaseSensitive(detail, "added");
    const cJSON *course = cJSON_GetObjectItemCaseSensitive(detail, "course");
    bool same = sim_employee_index(&audit->user) == lesson->employee &&
                sim_client_index(&audit->session) == lesson->client && audit->at == lesson->at &&
                strcmp(audit->result, word_of(lesson->result)) == 0;
    for (int i = 0; i < 2; i++)
        same = same && number_in(added, lesson->day + i) == lesson->part[i].user_ms &&
               number_in(course, lesson->day + i) == lesson->part[i].course_ms;
    if (!same)
        sim_fail(world, 7, "the row of e%d's heartbeat says %s %.*s", lesson->employee, audit->result,
                 (int)audit->detail.length, audit->detail.data);
}

/* One a day, and only where the day is full. */
static void check_limit_row(struct sim_world *world, const struct rc_audit *audit, const cJSON *detail)
{
    struct sim_training *training = world->training;
    const cJSON *date = cJSON_GetObjectItemCaseSensitive(detail, "date");
    int employee = sim_employee_index(&audit->user);
    int day = cJSON_IsString(date) ? sim_day_parse(date->valuestring) : RC_NONE;
    bool full =
        employee >= 0 && day != RC_NONE &&
        sim_students_tally(training->students, employee, day).ms >= sim_students_limit_ms(training->students);
    if (!full || training->limited[employee][day]) {
        sim_fail(world, 7, "a row says that e%d's limit was reached: %.*s", employee,
                 (int)audit->detail.length, audit->detail.data);
        return;
    }
    training->limited[employee][day] = true;
}

void sim_training_audited(struct sim_world *world, const struct rc_audit *audit)
{
    bool heartbeat = strcmp(audit->event, "SESSION_HEARTBEAT") == 0;
    bool limit = strcmp(audit->event, "DAILY_LIMIT_REACHED") == 0;
    if (!heartbeat && !limit)
        return;
    if (heartbeat && strcmp(audit->result, "RATE_LIMITED") == 0)
        return;
    cJSON *detail = cJSON_ParseWithLength(audit->detail.data, audit->detail.length);
    if (heartbeat)
        check_heartbeat_row(world, audit, detail);
    else
        check_limit_row(world, audit, detail);
    cJSON_Delete(detail);
}

/* ---- the store ---- */

static void compare_stored(struct sim_world *world, int employee, int course)
{
    struct rc_service *inside = sim_service_inside(world);
    struct sim_training *training = world->training;
    static struct rc_training_ledger ledger;
    struct rc_training_day stored;
    struct rc_id user, id = {0};
    int site = inside->sites[0].number;
    struct rc_training_now moment = {.now = sim_now(world), .at = world->time + training->clock.believed_ms};
    sim_employee_id(employee, &user);
    id.length = (uint8_t)snprintf(id.text, sizeof id.text, "course-%d", course);
    if (rc_store_training_load(inside->store, &user, &id, &site, 1, moment, &ledger, &stored) != RC_STORE_OK)
        return;
    int day = sim_day_parse(stored.day.date);
    if (day == RC_NONE || day < last_day(training, employee)) {
        sim_fail(world, 7, "e%d's day in the store is '%s'", employee, stored.day.date);
        return;
    }
    struct sim_tally tally = sim_students_tally(training->students, employee, day);
    compare_side(world, employee, day, course, &ledger.sites[0]);
    compare(world, "stored heartbeats", employee, stored.heartbeats, tally.heartbeats);
    compare(world, "stored refused", employee, stored.refused, tally.refused);
    compare(world, "stored sessions", employee, stored.session_count, tally.sessions);
    compare(world, "stored locked", employee, stored.locked_at != 0,
            tally.ms >= sim_students_limit_ms(training->students));
}

void sim_training_committed(struct sim_world *world)
{
    struct sim_training *training = world->training;
    int count = sim_students_count(training->students);
    int committed = sim_students_committed(training->students);
    if (training->rows != count - committed)
        sim_fail(world, 7, "%d heartbeats are committed with %d rows in the audit log", count - committed,
                 training->rows);
    for (int i = committed; i < count && sim_service_inside(world); i++) {
        const struct sim_lesson *lesson = sim_students_lesson(training->students, i);
        if (lesson->result != RC_TRAINING_COUNTED && !training->limited[lesson->employee][lesson->day])
            sim_fail(world, 7, "e%d's day is full, and no row says so", lesson->employee);
        compare_stored(world, lesson->employee, lesson->course);
    }
    sim_students_commit(training->students);
    training->rows = 0;
    memcpy(training->limited_committed, training->limited, sizeof training->limited);
    if (training->clock.saving)
        training->clock.kept_boots = world->host.boots;
    training->clock.saving = false;
}

void sim_training_undone(struct sim_world *world)
{
    struct sim_training *training = world->training;
    sim_students_undo(training->students);
    training->rows = 0;
    memcpy(training->limited, training->limited_committed, sizeof training->limited);
    training->clock.saving = false;
    reopen(world);
}

void sim_training_commit_failed(struct sim_world *world)
{
    struct sim_training *training = world->training;
    sim_students_commit_failed(training->students);
    memcpy(training->limited_failed, training->limited, sizeof training->limited);
}

/* ---- after a start ---- */

static bool take_row(void *context, const struct rc_training_row *row)
{
    *(struct rc_training_row *)context = *row;
    return true;
}

/* A student's day as reports see it. */
static bool read_row(struct sim_world *world, int employee, int day, struct rc_training_row *out)
{
    struct rc_service *inside = sim_service_inside(world);
    struct rc_training_page page = {.limit = 1};
    *out = (struct rc_training_row){0};
    sim_employee_id(employee, &page.user);
    sim_day_date(day, page.from_date);
    sim_day_date(day, page.to_date);
    return rc_store_training_days(inside->store, inside->sites[0].number, &page, take_row, out) ==
           RC_STORE_OK;
}

/* A commit that failed may be on the disk: all of it, or nothing. */
void sim_training_opened(struct sim_world *world, int written)
{
    struct sim_training *training = world->training;
    int count, more = 0;
    const struct sim_lesson *failed = sim_students_failed(training->students, &count);
    struct rc_training_row row;
    reopen(world);
    if (!failed || !read_row(world, failed->employee, failed->day, &row))
        return;
    int64_t before = sim_students_tally(training->students, failed->employee, failed->day).heartbeats;
    for (int i = 0; i < count; i++)
        more += failed[i].employee == failed->employee && failed[i].day == failed->day;
    bool found = row.heartbeats == before + more;
    if ((!found && row.heartbeats != before) || (written != RC_NONE && found != (written == 1))) {
        sim_fail(world, 7, "of a commit that failed, some is there: %lld heartbeats of e%d, before %lld",
                 (long long)row.heartbeats, failed->employee, (long long)before);
        return;
    }
    if (!found)
        return;
    sim_students_found_failed(training->students);
    memcpy(training->limited, training->limited_failed, sizeof training->limited);
    memcpy(training->limited_committed, training->limited_failed, sizeof training->limited);
}

static void compare_row(struct sim_world *world, int employee, int day)
{
    const struct sim_students *students = world->training->students;
    struct sim_tally tally = sim_students_tally(students, employee, day);
    struct rc_training_row row;
    if (!read_row(world, employee, day, &row))
        return;
    compare(world, "a reported day's seconds", employee, row.seconds_completed, tally.ms / 1000);
    compare(world, "a reported day's minutes", employee, row.minutes_completed,
            sim_students_minutes(students, tally.ms));
    compare(world, "a reported day's heartbeats", employee, row.heartbeats, tally.heartbeats);
    compare(world, "a reported day's refused", employee, row.refused, tally.refused);
    compare(world, "a reported day's sessions", employee, row.session_count, tally.sessions);
    compare(world, "a reported day's lock", employee, row.locked,
            tally.ms >= sim_students_limit_ms(students));
}

static bool has_trained(const struct sim_training *training, int employee)
{
    for (int i = 0; i < sim_students_committed(training->students); i++)
        if (sim_students_lesson(training->students, i)->employee == employee)
            return true;
    return false;
}

void sim_training_started(struct sim_world *world)
{
    const struct sim_training *training = world->training;
    for (int i = 0; i < world->plan->employees; i++) {
        if (!has_trained(training, i))
            continue;
        for (int course = 0; course < SIM_COURSES; course++)
            compare_stored(world, i, course);
        for (int day = 0; day < SIM_DAYS - 1; day++)
            compare_row(world, i, day);
    }
}

/* ---- what is said (T-7, P-15) ---- */

static bool is_word(const cJSON *json, const char *key, const char *word)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(item) && strcmp(item->valuestring, word) == 0;
}

static bool is_number(const cJSON *json, const char *key, int64_t number)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsNumber(item) && (int64_t)item->valuedouble == number;
}

static bool answers(const cJSON *json, const struct sim_lesson *lesson)
{
    char date[RC_DATE_MAX];
    sim_day_date(lesson->day, date);
    if (!is_number(json, "minutesCompleted", lesson->minutes) ||
        !is_number(json, "remainingMinutes", lesson->remaining) || !is_word(json, "dateKey", date))
        return false;
    if (lesson->result != RC_TRAINING_COUNTED)
        return is_word(json, "code", "RESOURCE_EXHAUSTED") &&
               is_number(json, "lockedUntil", sim_day_start(lesson->day + 1));
    return is_number(json, "serverTimestamp", lesson->at) &&
           cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "success")) &&
           cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "isNewDay")) == lesson->is_new_day;
}

void sim_training_said(struct sim_world *world, const char *topic, const cJSON *json)
{
    struct sim_training *training = world->training;
    int employee = -1, client = -1;
    char session[32] = "";
    struct rc_id id;
    if (is_word(json, "code", "UNAVAILABLE") || is_word(json, "code", "RATE_LIMITED"))
        return;
    if (sscanf(topic, "rollcall/v1/" SIM_SITE "/emp/e%d/session/%31[a-z0-9-]/", &employee, session) == 2 &&
        rc_id_set(&id, rc_text_of(session)))
        client = sim_client_index(&id);
    bool found = false;
    for (int i = 0; i < sim_students_committed(training->students); i++) {
        struct sim_lesson *lesson = sim_students_lesson(training->students, i);
        if (lesson->employee == employee && lesson->client == client && answers(json, lesson)) {
            lesson->answered = true;
            found = true;
        }
    }
    if (!found)
        sim_fail(world, 7, "an answer to no heartbeat that is durable: %s", topic);
}

/* ---- the end ---- */

/* Check 9: whoever has trained sees the day that it is. */
static void check_retained(struct sim_world *world, int employee)
{
    const struct sim_training *training = world->training;
    char topic[128], date[RC_DATE_MAX] = "";
    snprintf(topic, sizeof topic, "rollcall/v1/" SIM_SITE "/emp/e%d/training", employee);
    const char *payload = sim_broker_retained(world, topic);
    cJSON *json = payload ? cJSON_Parse(payload) : NULL;
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(json, "dateKey");
    if (cJSON_IsString(key))
        snprintf(date, sizeof date, "%s", key->valuestring);
    int day = sim_day_parse(date), today = sim_day_of(world->time + training->clock.believed_ms);
    bool is_day =
        day >= today && day <= sim_day_of(training->clock.label_max) && day >= last_day(training, employee);
    struct sim_tally tally =
        sim_students_tally(training->students, employee, is_day ? day : last_day(training, employee));
    bool locked = tally.ms >= sim_students_limit_ms(training->students);
    if (!is_day || !is_word(json, "status", locked ? "locked" : "active") ||
        !is_number(json, "minutesCompleted", sim_students_minutes(training->students, tally.ms)) ||
        !is_number(json, "sessionCount", tally.sessions))
        sim_fail(world, 9, "e%d's training on day %d is %lld ms, and retained is %.200s", employee, today,
                 (long long)tally.ms, payload ? payload : "none");
    cJSON_Delete(json);
}

void sim_training_end(struct sim_world *world)
{
    const struct sim_training *training = world->training;
    char message[RC_STORE_ERROR_MAX];
    for (int i = 0; i < sim_students_committed(training->students); i++) {
        const struct sim_lesson *lesson = sim_students_lesson(training->students, i);
        if (!lesson->answered)
            sim_fail(world, 9, "e%d's heartbeat of %.3f s was never answered", lesson->employee,
                     (double)lesson->time / 1000.0);
    }
    for (int i = 0; i < world->plan->employees; i++)
        if (has_trained(training, i))
            check_retained(world, i);
    if (!sim_service_verify(world, message))
        sim_fail(world, 2, "the database does not verify: %.200s", message);
}
