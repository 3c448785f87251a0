/*
 * bench_engine: the engine alone, without broker, JSON or disk.
 *
 *   bench_engine [EMPLOYEES [SESSIONS_EACH [HEARTBEATS [profile]]]]      (250000 4 6000000)
 *
 * Prints heartbeats a second beside what merely walking over the same records in the same order costs (the
 * memory's share), the cost of a tick that finds nothing due, and the memory of a tracked session. For
 * `valgrind --tool=callgrind --toggle-collect=heartbeats` take `10000 1 100000 profile`.
 */
#include "core/engine.h"
#include "core/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define EFFECTS 4096

struct bench {
    uint32_t employees, each;
    struct rc_engine *engine;
    struct rc_effect *items;
    struct rc_beat *beats; /* one a session */
    int64_t now;
};

static double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time); /* others on this machine do not count */
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool step(struct bench *bench, struct rc_event *event)
{
    struct rc_effects out = {.items = bench->items, .capacity = EFFECTS};
    event->now = bench->now;
    event->at = 1764770400000 + bench->now;
    bool more = rc_engine_step(bench->engine, event, &out);
    if (out.count > 0 || !rc_engine_room(bench->engine)) {
        rc_engine_commit(bench->engine);
    }
    return more;
}

static void tick(struct bench *bench)
{
    struct rc_event event = {.kind = RC_EV_TICK};
    while (step(bench, &event)) {
    }
}

/* Zeroed memory in huge pages where the system has them, as the service takes it. */
static void *large(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

static void beat(struct bench *bench, const struct rc_beat *beat)
{
    struct rc_event event;
    event.kind = RC_EV_HEARTBEAT;
    event.beat = *beat;
    step(bench, &event);
}

static void make(struct bench *bench, const struct rc_engine_limits *limits)
{
    struct rc_policy policy = rc_policy_default();
    void *memory = large(rc_engine_bytes(limits));
    bench->items = calloc(EFFECTS, sizeof *bench->items);
    bench->beats = calloc((size_t)bench->employees * bench->each, sizeof *bench->beats);
    if (memory == NULL || bench->items == NULL || bench->beats == NULL) {
        fprintf(stderr, "bench_engine: no memory\n");
        exit(1);
    }
    bench->engine = rc_engine_init(memory, limits, &policy);
    bench->now = 1000000;
    rc_engine_restore_done(bench->engine, bench->now, 1764770400000 + bench->now);
    struct rc_event up = {.kind = RC_EV_LINK};
    up.link.up = true;
    step(bench, &up);
    for (uint32_t i = 0; i < bench->employees * bench->each; i++) {
        struct rc_beat *one = &bench->beats[i];
        char text[64];
        one->epoch = one->interval_ms = RC_NONE;
        snprintf(text, sizeof text, "employee-%u", i / bench->each);
        rc_id_set(&one->employee, rc_text_of(text));
        snprintf(text, sizeof text, "%08x-0000-4000-8000-%012x", i * 2654435761u,
                 i); /* 36 characters, as a UUID */
        rc_id_set(&one->session, rc_text_of(text));
        beat(bench, one);
    }
}

/* A prime step visits all in an order that no cache foresees. */
static uint32_t scattered(uint64_t i, uint32_t count)
{
    return (uint32_t)(i * 7368787 % count);
}

__attribute__((noinline)) static double heartbeats(struct bench *bench, uint32_t count, uint64_t beats)
{
    double start = seconds();
    for (uint64_t i = 0; i < beats; i++) {
        if (i % 50000 == 0) {
            bench->now += 100;
            tick(bench);
        }
        beat(bench, &bench->beats[scattered(i, count)]);
    }
    return (double)beats / (seconds() - start);
}

/* What reading the events alone costs, in the same order. */
static double reading(struct bench *bench, uint32_t count, uint64_t beats)
{
    volatile uint64_t sum = 0;
    double start = seconds();
    for (uint64_t i = 0; i < beats; i++) {
        const struct rc_beat *one = &bench->beats[scattered(i, count)];
        sum = sum + (unsigned char)one->employee.text[9] + (unsigned char)one->session.text[35];
    }
    return (double)beats / (seconds() - start);
}

static void idle_tick(struct bench *bench)
{
    enum { TICKS = 1000000 };
    struct rc_event event = {.kind = RC_EV_TICK};
    tick(bench);
    double start = seconds();
    for (int i = 0; i < TICKS; i++) {
        step(bench, &event); /* the same millisecond: all are live, nothing is due */
    }
    printf("tick, nothing due, %llu live sessions: %.0f ns\n",
           (unsigned long long)rc_engine_counts(bench->engine).sessions, (seconds() - start) / TICKS * 1e9);
}

static void memory(const struct rc_engine_limits *limits, uint32_t count)
{
    struct rc_engine_limits less = *limits;
    less.sessions = 0;
    struct rc_engine_limits nobody = less;
    nobody.employees = 0;
    printf("memory: %.1f bytes a session (record, timer, index), %.1f bytes an employee (with evidence-only "
           "slot)\n",
           (double)(rc_engine_bytes(limits) - rc_engine_bytes(&less)) / count,
           (double)(rc_engine_bytes(&less) - rc_engine_bytes(&nobody)) / limits->employees);
}

/* With a fourth argument the idle ticks are left out, so that a profile shows heartbeats only. */
int main(int argc, char **argv)
{
    struct bench bench = {.employees = 250000, .each = 4};
    uint64_t beats = 6000000;
    if (argc > 1) {
        bench.employees = (uint32_t)strtoul(argv[1], NULL, 10);
    }
    if (argc > 2) {
        bench.each = (uint32_t)strtoul(argv[2], NULL, 10);
    }
    if (argc > 3) {
        beats = strtoull(argv[3], NULL, 10);
    }
    uint32_t count = bench.employees * bench.each;
    struct rc_engine_limits limits = {
        .employees = bench.employees, .sessions = count, .scopes = 16, .images = 16384, .seed = 42};
    make(&bench, &limits);
    double rate = heartbeats(&bench, count, beats);
    printf("employees=%u sessions=%u\n", bench.employees, count);
    printf("heartbeats: %.2f million a second (reading the events alone: %.2f)\n", rate / 1e6,
           reading(&bench, count, beats) / 1e6);
    if (argc <= 4) {
        idle_tick(&bench);
    }
    memory(&limits, count);
    return 0;
}
