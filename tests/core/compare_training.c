/*
 * compare_training: the ledger and the naive model live through the same histories (history.h), and must
 * agree on every answer and on every day's milliseconds. A history that shows a difference is printed whole.
 */
#include "naive.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: compare_training [--seed N | --from N --count N] [--catch]\n"
    "  --seed N         one history, printed as it goes\n"
    "  --from, --count  a range of seeds\n"
    "  --catch          succeed at the first difference: the ledger has a bug on purpose\n"
    "exit code: 0 no difference (with --catch: one), 1 a difference, or something was never met, 2 wrong "
    "use\n";

/* A check proves nothing about what never happens. */
struct seen {
    uint64_t results[RC_TRAINING_RESULT_COUNT];
    uint64_t over_midnight; /* heartbeats that added to two days */
    uint64_t cut_and_rest;  /* cut on the old day, with a rest on the new one */
    uint64_t torn;          /* what was new of one heartbeat came in several pieces */
    uint64_t gone_back;     /* labels from before the current day */
    uint64_t raised, reboots, sites, real;
};

struct pair {
    struct student student;
    struct naive naive;
    int64_t boot_ms; /* elapsed time at boot time 0 */
    char difference[200];
};

static const char *const words[RC_TRAINING_RESULT_COUNT] = {
    [RC_TRAINING_COUNTED] = "counted",
    [RC_TRAINING_REACHED] = "reached",
    [RC_TRAINING_COURSE_REACHED] = "course reached",
    [RC_TRAINING_LOCKED] = "locked",
    [RC_TRAINING_COURSE_LOCKED] = "course locked",
    [RC_TRAINING_BREAK] = "break",
};

static int64_t course_terms(int64_t limit_ms)
{
    return limit_ms == HISTORY_NO_LIMIT ? RC_NONE : limit_ms;
}

static void begin(struct pair *pair, const struct history *history)
{
    memset(&pair->student, 0, sizeof pair->student);
    for (uint32_t i = 0; i < history->site_count; i++) {
        const struct rules *rules = &history->sites[i];
        uint32_t site = student_site_add(&pair->student, rules->calendar, (struct rc_training_terms){0});
        for (int k = 0; k < STUDENT_DAYS; k++) {
            struct student_day *day = &pair->student.sites[site].days[k];
            day->terms = (struct rc_training_terms){.limit_ms = rules->limit_ms[k],
                                                    .interval_ms = rules->interval_ms[k],
                                                    .break_ms = rules->break_ms,
                                                    .break_after_ms = rules->break_after_ms};
            for (int course = 0; course < STUDENT_COURSES; course++)
                day->course_limit_ms[course] = course_terms(rules->course_limit_ms[course][k]);
        }
    }
    naive_init(&pair->naive, history);
    pair->boot_ms = 0;
    pair->difference[0] = '\0';
}

static bool same(struct pair *pair, const char *what, int64_t ledger, int64_t naive)
{
    if (ledger != naive)
        snprintf(pair->difference, sizeof pair->difference,
                 "%s: the ledger has %" PRId64 ", the naive model %" PRId64, what, ledger, naive);
    return ledger == naive;
}

static bool same_totals(struct pair *pair)
{
    for (uint32_t i = 0; i < pair->student.site_count; i++) {
        const struct student_site *ledger = &pair->student.sites[i];
        const struct naive_site *naive = &pair->naive.sites[i];
        if (!same(pair, "the current day", ledger->current, naive->current))
            return false;
        for (int k = 0; k < STUDENT_DAYS; k++) {
            if (!same(pair, "a day's milliseconds", ledger->days[k].user_ms, naive->user_ms[k]))
                return false;
            for (int course = 0; course < STUDENT_COURSES; course++)
                if (!same(pair, "a course's milliseconds", ledger->days[k].course_ms[course],
                          naive->course_ms[course][k]))
                    return false;
        }
    }
    return true;
}

static void see(struct seen *seen, const struct pair *pair, const struct step *step,
                const struct rc_training_verdict *verdict, const struct student_day before[2])
{
    const struct student_site *site = &pair->student.sites[step->site];
    const struct student_day *day = &site->days[site->current];
    bool old = day[0].user_ms > before[0].user_ms, new = day[1].user_ms > before[1].user_ms;
    seen->results[verdict->result]++;
    seen->over_midnight += old && new;
    seen->cut_and_rest += new && verdict->result == RC_TRAINING_REACHED;
    seen->torn += verdict->added_count > 1;
    seen->gone_back += step->day < site->current;
}

static bool beat(struct pair *pair, const struct step *step, struct seen *seen, bool print)
{
    struct student *student = &pair->student;
    const struct rc_local_day *calendar = student->sites[step->site].calendar;
    int current = student->sites[step->site].current, today = student_day_of(calendar, step->at);
    struct student_day before[2];
    memcpy(before, &student->sites[step->site].days[current > today ? current : today], sizeof before);
    student->boot_at = step->at - (step->elapsed_ms - pair->boot_ms);
    struct rc_training_verdict verdict = student_beat(student, step->site, step->course, step->at);
    struct naive_answer naive = naive_take(&pair->naive, step);
    int64_t added_ms = 0;
    for (uint32_t i = 0; i < verdict.added_count; i++)
        added_ms += verdict.added[i].to_now - verdict.added[i].from_now;
    if (print)
        printf("         ledger: %s, +%" PRId64 " ms; naive: %s, +%" PRId64 " ms\n", words[verdict.result],
               added_ms, words[naive.result], naive.added_ms);
    see(seen, pair, step, &verdict, before);
    return same(pair, "the answer", verdict.result, naive.result) &&
           same(pair, "locked until", verdict.locked_until_at, naive.until_at) &&
           same(pair, "milliseconds added", added_ms, naive.added_ms) && same_totals(pair);
}

static bool take(struct pair *pair, const struct step *step, struct seen *seen, bool print)
{
    struct student_day *day = &pair->student.sites[step->site].days[step->day];
    if (step->kind == STEP_BEAT)
        return beat(pair, step, seen, print);
    naive_take(&pair->naive, step);
    if (step->kind == STEP_RAISE) {
        seen->raised++;
        day->terms.limit_ms = step->value;
    } else if (step->kind == STEP_RAISE_COURSE) {
        seen->raised++;
        day->course_limit_ms[step->course] = course_terms(step->value);
    } else {
        seen->reboots++;
        student_reboot(&pair->student, step->value - pair->boot_ms);
        pair->boot_ms = step->value;
    }
    return true;
}

/* Returns the number of the first step that shows a difference; RC_NONE: there is none. */
static int live(struct pair *pair, const struct history *history, struct seen *seen, bool print)
{
    begin(pair, history);
    seen->sites += history->site_count > 1;
    seen->real += history->real;
    if (print)
        history_print_rules(history, stdout);
    for (int i = 0; i < history->step_count; i++) {
        if (print)
            history_print_step(&history->steps[i], stdout);
        if (!take(pair, &history->steps[i], seen, print))
            return i;
    }
    return RC_NONE;
}

/* False: something never happened, though there were histories enough. */
static bool print_seen(const struct seen *seen, uint64_t count)
{
    uint64_t least = UINT64_MAX;
    const uint64_t *numbers = (const uint64_t *)seen;
    for (size_t i = 0; i < sizeof *seen / sizeof *numbers; i++)
        least = numbers[i] < least ? numbers[i] : least;
    printf("%" PRIu64 " histories (%" PRIu64 " of real days, %" PRIu64 " with several sites):", count,
           seen->real, seen->sites);
    for (int i = 0; i < RC_TRAINING_RESULT_COUNT; i++)
        printf(" %" PRIu64 " %s,", seen->results[i], words[i]);
    printf(" %" PRIu64 " over midnight, %" PRIu64 " cut with a rest, %" PRIu64 " in pieces, %" PRIu64
           " gone back, %" PRIu64 " raised, %" PRIu64 " reboots\n",
           seen->over_midnight, seen->cut_and_rest, seen->torn, seen->gone_back, seen->raised, seen->reboots);
    return least > 0 || count < 2 * HISTORY_REAL_ONE_IN;
}

int main(int argc, char **argv)
{
    static const struct option table[] = {{"seed", required_argument, NULL, 's'},
                                          {"from", required_argument, NULL, 'f'},
                                          {"count", required_argument, NULL, 'n'},
                                          {"catch", no_argument, NULL, 'c'},
                                          {NULL, 0, NULL, 0}};
    static struct pair pair;
    static struct history history;
    uint64_t from = 1, count = 10000;
    struct seen seen = {0};
    bool one = false, catch = false;
    for (int option; (option = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        one = one || option == 's';
        catch = catch || option == 'c';
        if (option == 's' || option == 'f')
            from = strtoull(optarg, NULL, 10);
        else if (option == 'n')
            count = strtoull(optarg, NULL, 10);
        else if (option != 'c')
            return fputs(usage, stderr), 2;
    }
    count = one ? 1 : count;
    pair.naive.marks_max = HISTORY_REAL_MS;
    pair.naive.marks = calloc(1, HISTORY_REAL_MS);
    for (uint64_t seed = from; pair.naive.marks && seed < from + count; seed++) {
        history_make(&history, seed);
        int step = live(&pair, &history, &seen, one);
        if (step == RC_NONE)
            continue;
        printf("seed %" PRIu64 ", step %d: %s\n", seed, step, pair.difference);
        if (!catch)
            printf("  again: compare_training --seed %" PRIu64 "\n", seed);
        return !catch;
    }
    bool met = print_seen(&seen, count);
    free(pair.naive.marks);
    return catch || !met;
}
