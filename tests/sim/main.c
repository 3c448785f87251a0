/*
 * rollcall-sim: runs seeds. A seed that fails is printed with how to see it again; --shrink makes it small
 * first.
 */
#include "core/names.h"
#include "daemon/log.h"
#include "plant.h"
#include "shrink.h"
#include "world.h"

#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Failing seeds that one run prints before it gives up. */
#define FAILURES_MAX 20

struct options {
    uint64_t first, count;
    int jobs;
    bool trace, shrink, hash, log, twice;
    int plant;
    bool catch; /* the planted bug must be caught */
    const char *seeds;
};

static const char usage[] =
    "usage: rollcall-sim [--seed N | --from N --count N | --seeds FILE] [--jobs N] [--trace] [--shrink] "
    "[--hash]\n"
    "                    [--twice] [--plant NAME [--catch]] [--plants] [--log]\n"
    "  --seed N       one seed; with --trace everything that happens in it, with --shrink the least that "
    "fails\n"
    "  --from, --count a range of seeds (default 1, 100), on --jobs processes\n"
    "  --seeds FILE   the seeds in FILE, one a line, # begins a comment\n"
    "  --hash         print the hash of each trace\n"
    "  --twice        run each seed twice; it fails if the traces differ\n"
    "  --plant NAME   with a bug put in; --catch: succeed at the first seed that shows it. --plants lists "
    "them\n"
    "  --log          the service's own log to standard error\n"
    "exit code: 0 all held (with --catch: the bug was caught), 1 something failed, 2 wrong usage\n";

static struct sim_world world; /* too large for the stack */

/* Asked by LeakSanitizer: a process that crashes does not free what it has, so a simulated one does not
 * either. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
    return 1;
}

static void add_seen(struct sim_world *sum, const struct sim_world *one)
{
    const uint64_t *from = (const uint64_t *)&one->seen;
    uint64_t *to = (uint64_t *)&sum->seen;
    for (size_t i = 0; i < sizeof sum->seen / sizeof *to; i++)
        to[i] += from[i];
    sum->steps += one->steps;
}

static void print_plan(const struct sim_plan *plan)
{
    char line[160];
    for (int i = 0; i < plan->count; i++) {
        sim_action_text(&plan->actions[i], line, sizeof line);
        printf("  %s\n", line);
    }
}

static void shrink(struct sim_plan *plan, const struct options *options)
{
    int before = plan->count;
    int runs = sim_shrink(plan, options->plant, world.failure.check);
    printf("shrunk from %d actions to %d in %d runs:\n", before, plan->count, runs);
    print_plan(plan);
    sim_world_free(&world);
    sim_run(&world, plan, options->plant, options->trace);
    printf("then: check %d at %.3f s: %s\n", world.failure.check, (double)world.failure.time / 1000.0,
           world.failure.text);
}

/* A planted bug is caught only by a seed that has nothing to say without it. */
static bool fails_by_itself(const struct sim_plan *plan)
{
    sim_run(&world, plan, SIM_PLANT_NONE, false);
    bool failed = world.failure.failed;
    sim_world_free(&world);
    return failed;
}

/* Determinism: another run of the plan has the same trace as the one in `world`. */
static bool differs(const struct sim_plan *plan, int plant)
{
    uint64_t hash = world.trace_hash, lines = world.trace_lines;
    sim_world_free(&world);
    sim_run(&world, plan, plant, false);
    bool same = hash == world.trace_hash && lines == world.trace_lines;
    if (!same)
        printf("seed %llu: two runs, two traces\n", (unsigned long long)plan->seed);
    return !same;
}

/* Runs one seed; true: it failed. */
static bool run_seed(uint64_t seed, const struct options *options, struct sim_world *sum)
{
    static struct sim_plan plan;
    sim_plan_make(&plan, seed);
    sim_run(&world, &plan, options->plant, options->trace && !options->shrink);
    bool failed = world.failure.failed;
    if (options->hash)
        printf("seed %llu: %016llx %llu lines\n", (unsigned long long)seed,
               (unsigned long long)world.trace_hash, (unsigned long long)world.trace_lines);
    if (failed && !options->catch) {
        printf("FAILED seed %llu: check %d at %.3f s, step %llu: %s\n  again: rollcall-sim --seed %llu "
               "--trace\n",
               (unsigned long long)seed, world.failure.check, (double)world.failure.time / 1000.0,
               (unsigned long long)world.failure.step, world.failure.text, (unsigned long long)seed);
        if (options->shrink)
            shrink(&plan, options);
    }
    if (!failed && options->twice)
        failed = differs(&plan, options->plant);
    char text[SIM_TEXT_MAX];
    int check = world.failure.check;
    snprintf(text, sizeof text, "%s", world.failure.text);
    add_seen(sum, &world);
    sim_world_free(&world);
    if (failed && options->catch && fails_by_itself(&plan))
        failed = false;
    if (failed && options->catch)
        printf("caught by seed %llu: check %d: %s\n", (unsigned long long)seed, check, text);
    fflush(stdout);
    sim_plan_free(&plan);
    return failed;
}

static const char *const trained[RC_TRAINING_RESULT_COUNT] = {
    [RC_TRAINING_COUNTED] = "counted",
    [RC_TRAINING_REACHED] = "reached",
    [RC_TRAINING_LOCKED] = "locked",
};

/* What was lived through: a check proves nothing about what never happens. */
static void print_seen(const struct sim_world *sum, uint64_t seeds, uint64_t failures)
{
    printf("%llu seeds, %llu failed; %llu steps, %llu punches (%llu late), %llu resumed, %llu holds, %llu "
           "corrections, "
           "%llu wills, %llu crashes, %llu undone\n",
           (unsigned long long)seeds, (unsigned long long)failures, (unsigned long long)sum->steps,
           (unsigned long long)sum->seen.punches, (unsigned long long)sum->seen.late,
           (unsigned long long)sum->seen.resumes, (unsigned long long)sum->seen.holds,
           (unsigned long long)sum->seen.corrections, (unsigned long long)sum->seen.wills,
           (unsigned long long)sum->seen.crashes, (unsigned long long)sum->seen.undone);
    printf("  AUTO_OUT:");
    for (int i = 0; i < RC_CAUSE_COUNT; i++)
        if (sum->seen.auto_outs[i] > 0)
            printf(" %s %llu", rc_cause_name((enum rc_cause)i), (unsigned long long)sum->seen.auto_outs[i]);
    printf("\n  receipts:");
    for (int i = 0; i < RC_RESULT_COUNT; i++)
        printf(" %s %llu", rc_result_name((enum rc_result)i), (unsigned long long)sum->seen.receipts[i]);
    for (int i = 1; i < RC_CODE_COUNT; i++)
        if (sum->seen.codes[i] > 0)
            printf(" %s %llu", rc_code_name((enum rc_code)i), (unsigned long long)sum->seen.codes[i]);
    printf("\n  training:");
    for (int i = 0; i < RC_TRAINING_RESULT_COUNT; i++)
        if (sum->seen.trained[i] > 0)
            printf(" %s %llu", trained[i], (unsigned long long)sum->seen.trained[i]);
    printf("\n");
}

/* Takes seeds of the range, the next one that no other process has taken (*taken is shared). Returns the exit
 * code. */
static int run_part(const struct options *options, atomic_ullong *taken)
{
    static struct sim_world sum;
    uint64_t failures = 0, seeds = 0;
    for (uint64_t i; failures < FAILURES_MAX && (i = atomic_fetch_add(taken, 1)) < options->count;) {
        failures += run_seed(options->first + i, options, &sum);
        seeds++;
        if (options->catch && failures > 0)
            return 0;
    }
    print_seen(&sum, seeds, failures);
    return options->catch || failures > 0;
}

static int run_jobs(const struct options *options)
{
    int failed = 0, status;
    atomic_ullong *taken =
        mmap(NULL, sizeof *taken, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (taken == MAP_FAILED)
        return 1;
    fflush(stdout);
    for (int i = 0; i < options->jobs; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(run_part(options, taken) + (fflush(stdout) != 0));
        if (child < 0)
            return 1;
    }
    for (int i = 0; i < options->jobs; i++)
        failed |= wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    return failed;
}

static int run_file(const struct options *options)
{
    static struct sim_world sum;
    char line[256];
    uint64_t failures = 0, seeds = 0;
    FILE *file = fopen(options->seeds, "re");
    if (!file) {
        perror(options->seeds);
        return 2;
    }
    while (fgets(line, sizeof line, file)) {
        char *end;
        uint64_t seed = strtoull(line, &end, 10);
        if (end == line)
            continue;
        failures += run_seed(seed, options, &sum);
        seeds++;
    }
    fclose(file);
    print_seen(&sum, seeds, failures);
    return failures > 0;
}

static int list_plants(void)
{
    for (int i = 1; i < SIM_PLANT_COUNT; i++)
        puts(sim_plant_name((enum sim_plant)i));
    return 0;
}

enum {
    OPT_SEED = 1,
    OPT_FROM,
    OPT_COUNT,
    OPT_SEEDS,
    OPT_JOBS,
    OPT_TRACE,
    OPT_SHRINK,
    OPT_HASH,
    OPT_PLANT,
    OPT_CATCH,
    OPT_PLANTS,
    OPT_LOG,
    OPT_TWICE,
    OPT_HELP
};

static const struct option table[] = {
    {"seed", required_argument, NULL, OPT_SEED},
    {"from", required_argument, NULL, OPT_FROM},
    {"count", required_argument, NULL, OPT_COUNT},
    {"seeds", required_argument, NULL, OPT_SEEDS},
    {"jobs", required_argument, NULL, OPT_JOBS},
    {"trace", no_argument, NULL, OPT_TRACE},
    {"shrink", no_argument, NULL, OPT_SHRINK},
    {"hash", no_argument, NULL, OPT_HASH},
    {"plant", required_argument, NULL, OPT_PLANT},
    {"catch", no_argument, NULL, OPT_CATCH},
    {"plants", no_argument, NULL, OPT_PLANTS},
    {"log", no_argument, NULL, OPT_LOG},
    {"twice", no_argument, NULL, OPT_TWICE},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static bool take_option(struct options *options, int option)
{
    switch (option) {
    case OPT_SEED:
        options->first = strtoull(optarg, NULL, 10);
        options->count = 1;
        return true;
    case OPT_FROM:
        options->first = strtoull(optarg, NULL, 10);
        return true;
    case OPT_COUNT:
        options->count = strtoull(optarg, NULL, 10);
        return true;
    case OPT_SEEDS:
        options->seeds = optarg;
        return true;
    case OPT_JOBS:
        options->jobs = (int)strtol(optarg, NULL, 10);
        return options->jobs > 0;
    case OPT_TRACE:
        return options->trace = true;
    case OPT_SHRINK:
        return options->shrink = true;
    case OPT_HASH:
        return options->hash = true;
    case OPT_PLANT:
        options->plant = (int)sim_plant_parse(optarg);
        return options->plant < SIM_PLANT_COUNT;
    case OPT_CATCH:
        return options->catch = true;
    case OPT_LOG:
        return options->log = true;
    case OPT_TWICE:
        return options->twice = true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    struct options options = {.first = 1, .count = 100, .jobs = 1};
    for (int option; (option = getopt_long(argc, argv, "", table, NULL)) != -1;) {
        if (option == OPT_PLANTS)
            return list_plants();
        if (option == OPT_HELP || !take_option(&options, option)) {
            fputs(usage, option == OPT_HELP ? stdout : stderr);
            return option == OPT_HELP ? 0 : 2;
        }
    }
    /* Databases and engines come and go by the thousand: the heap keeps their pages. */
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, INT_MAX);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (!options.log)
        rc_log_set_fd(nowhere);
    if (options.seeds)
        return run_file(&options);
    atomic_ullong taken = 0;
    return options.jobs > 1 ? run_jobs(&options) : run_part(&options, &taken);
}
