/*
 * bench_store: what the store costs on this machine, beside what SQLite alone costs for rows of the same
 * width in the same run. Usage: bench_store [DIR [EMPLOYEES [SESSIONS]]]; it makes its files in DIR (default:
 * a folder in /tmp, removed at the end). Prints one line a measurement: name, what was counted, seconds, how
 * many a second.
 */
#include "core/names.h"
#include "store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 5000

struct bench {
    const char *folder;
    int employees, sessions;
    struct rc_store *store;
    int site;
    int *order; /* people in the order in which things happen to them */
    int64_t seq;
};

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double cpu_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* When a measurement began: on the wall, and in this process's own time, which others on the machine do not
 * stretch. */
struct start {
    double wall, cpu;
};

static struct start start_now(void)
{
    return (struct start){now_s(), cpu_s()};
}

static void report(const char *name, int count, struct start start)
{
    double wall = now_s() - start.wall, cpu = cpu_s() - start.cpu;
    printf("%-44s %8d %8.3f s %9.0f /s %8.2f us, of CPU %7.2f us\n", name, count, wall, count / wall,
           wall / count * 1e6, cpu / count * 1e6);
    fflush(stdout);
}

static void must(enum rc_store_result result, struct rc_store *store, const char *what)
{
    if (result == RC_STORE_OK)
        return;
    fprintf(stderr, "%s: %s: %s\n", what, rc_store_result_name(result),
            store == NULL ? "" : rc_store_error(store));
    exit(1);
}

static struct rc_id person(int number)
{
    struct rc_id id;
    id.length = (uint8_t)snprintf(id.text, sizeof id.text, "employee-%07d", number);
    return id;
}

static void open_store(struct bench *bench)
{
    char path[512], error[RC_STORE_ERROR_MAX];
    snprintf(path, sizeof path, "%s/bench.db", bench->folder);
    const struct rc_store_options options = {
        .path = path, .now = 1, .at = 1, .boot_id = "bench", .verify = true};
    const struct rc_id hq = {2, "hq"};
    struct start start = start_now();
    if (rc_store_open(&options, &bench->store, error) != RC_STORE_OK) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
    must(rc_store_site(bench->store, &hq, &bench->site), bench->store, "site");
    if (bench->seq > 0)
        report("open, verifying punches", (int)bench->seq, start);
}

/* Fisher and Yates, with a fixed seed: what happens to people comes in no order of their ids. */
static void shuffle(struct bench *bench)
{
    uint64_t random = 88172645463325252u;
    for (int i = 0; i < bench->employees; i++)
        bench->order[i] = i;
    for (int i = bench->employees - 1; i > 0; i--) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        int j = (int)(random % (uint64_t)(i + 1)), kept = bench->order[i];
        bench->order[i] = bench->order[j];
        bench->order[j] = kept;
    }
}

static struct rc_row make_row(struct bench *bench, int who, enum rc_type type)
{
    struct rc_row row = {
        .seq = ++bench->seq,
        .employee = person(who),
        .type = type,
        .at = 1764000000000 + bench->seq * 10,
        .recorded_at = 1764000000000 + bench->seq * 10,
        .cause = type == RC_IN ? RC_CAUSE_PUNCH : RC_CAUSE_STALE,
        .device_at = RC_NONE,
    };
    row.session = row.login = row.employee;
    if (type == RC_AUTO_OUT) {
        row.last_evidence_at = row.detected_at = row.at;
        row.closes = row.seq - bench->employees > 0 ? row.seq - bench->employees : 1;
        row.out_t = row.out_detected_t = row.at;
    } else {
        row.id.length =
            (uint16_t)snprintf(row.id.text, sizeof row.id.text, "01970f3a-punch-%012lld", (long long)row.seq);
    }
    return row;
}

static void apply_status(struct bench *bench, const struct rc_row *row)
{
    struct rc_effect effect = {.kind = RC_FX_STATUS};
    effect.status.employee = row->employee;
    effect.status.evidence = (struct rc_evidence){row->at, 5000, row->at};
    effect.status.ledger = (struct rc_ledger){
        .is_in = row->type == RC_IN,
        .cause = row->type == RC_IN ? RC_STATUS_PUNCH : RC_STATUS_AUTO_OUT,
        .since_at = row->at,
        .in_seq = row->type == RC_IN ? row->seq : row->closes,
        .in_at = row->at,
        .last_seq = row->seq,
        .last_at = row->at,
        .out_seq = row->type == RC_IN ? 0 : row->seq,
        .out_type = row->type == RC_IN ? RC_TYPE_NONE : RC_AUTO_OUT,
        .out_cause = row->type == RC_IN ? RC_CAUSE_NONE : RC_CAUSE_STALE,
        .out_t = row->out_t,
        .version = 2,
    };
    must(rc_store_apply(bench->store, bench->site, &effect), bench->store, "status");
}

static void apply_receipt(struct bench *bench, const struct rc_row *row)
{
    struct rc_effect effect = {.kind = RC_FX_RECEIPT};
    effect.receipt = (struct rc_receipt){.employee = row->employee,
                                         .session = row->session,
                                         .id = row->id,
                                         .type = row->type,
                                         .result = RC_RECORDED,
                                         .seq = row->seq,
                                         .at = row->at,
                                         .recorded_at = row->recorded_at,
                                         .remember = true};
    must(rc_store_apply(bench->store, bench->site, &effect), bench->store, "receipt");
}

static void add_outbox(struct bench *bench, const char *kind, int bytes)
{
    static char payload[512];
    char topic[128];
    memset(payload, 'x', sizeof payload);
    snprintf(topic, sizeof topic, "rollcall/v1/hq/emp/employee-%lld/%s", (long long)bench->seq, kind);
    struct rc_outgoing message = {
        .topic = {topic, strlen(topic)}, .payload = {payload, (size_t)bytes}, .qos = 1};
    must(rc_store_outbox_add(bench->store, bench->site, &message), bench->store, "outbox");
}

/* INs with receipt and status; then the same people's AUTO_OUTs with status and two messages. */
static void bench_rows(struct bench *bench, enum rc_type type, const char *name)
{
    struct start start = start_now();
    for (int i = 0; i < bench->employees; i++) {
        must(rc_store_begin(bench->store), bench->store, "begin");
        struct rc_effect effect = {.kind = RC_FX_ROW, .row = make_row(bench, bench->order[i], type)};
        must(rc_store_apply(bench->store, bench->site, &effect), bench->store, "row");
        if (type == RC_IN)
            apply_receipt(bench, &effect.row);
        apply_status(bench, &effect.row);
        if (type == RC_AUTO_OUT) {
            add_outbox(bench, "status", 200);
            add_outbox(bench, "event", 400);
        }
        if (i % BATCH == BATCH - 1 || i == bench->employees - 1)
            must(rc_store_commit(bench->store), bench->store, "commit");
    }
    report(name, bench->employees, start);
}

static void bench_lone_commits(struct bench *bench)
{
    const int count = 500;
    struct start start = start_now();
    for (int i = 0; i < count; i++) {
        must(rc_store_begin(bench->store), bench->store, "begin");
        struct rc_effect effect = {.kind = RC_FX_ROW, .row = make_row(bench, i, RC_IN)};
        must(rc_store_apply(bench->store, bench->site, &effect), bench->store, "row");
        apply_receipt(bench, &effect.row);
        apply_status(bench, &effect.row);
        must(rc_store_commit(bench->store), bench->store, "commit");
    }
    report("one IN a commit (row, receipt, status)", count, start);
}

static struct rc_session_row make_session(int number, int employees)
{
    struct rc_session_row row = {
        .employee = person(number % employees),
        .class = RC_BROWSER,
        .state = RC_S_LIVE,
        .epoch = 1764000000000 + number,
        .interval_ms = 10000,
        .heard_at = 1764000000000,
        .heard_t = 90000000,
        .first_at = 1764000000000,
        .deadline_t = 90030000,
        .deadline_now = RC_NONE,
        .evidence = {1764000000000, 5000, 90000000},
    };
    row.session.length = (uint8_t)snprintf(row.session.text, sizeof row.session.text, "tab-%08d", number);
    return row;
}

static void bench_flush(struct bench *bench, const char *name, int count, bool scattered)
{
    struct start start = start_now();
    for (int i = 0; i < count; i++) {
        int number = scattered ? (int)((int64_t)i * 7919 % bench->sessions) : i;
        struct rc_session_row row = make_session(number, bench->employees);
        must(rc_store_begin(bench->store), bench->store, "begin");
        must(rc_store_flush_session(bench->store, bench->site, &row), bench->store, "flush");
        if (i % BATCH == BATCH - 1 || i == count - 1)
            must(rc_store_commit(bench->store), bench->store, "commit");
    }
    report(name, count, start);
}

static bool count_employee(void *context, const struct rc_employee_row *row)
{
    *(int *)context += row->employee.length > 0;
    return true;
}

static bool count_session(void *context, const struct rc_session_row *row)
{
    *(int *)context += row->session.length > 0;
    return true;
}

static void bench_load(struct bench *bench)
{
    int employees = 0, sessions = 0;
    struct start start = start_now();
    must(rc_store_load_employees(bench->store, bench->site, count_employee, &employees), bench->store,
         "load");
    report("load employees", employees, start);
    start = start_now();
    must(rc_store_load_sessions(bench->store, bench->site, count_session, &sessions), bench->store, "load");
    report("load sessions", sessions, start);
}

static void bench_questions(struct bench *bench)
{
    const int count = bench->employees < 20000 ? bench->employees : 20000;
    must(rc_store_begin(bench->store), bench->store, "begin"); /* as the loop asks: inside its batch */
    struct start start = start_now();
    for (int i = 0; i < count; i++) {
        struct rc_id id = person(bench->order[i]);
        struct rc_ledger ledger;
        must(rc_store_ledger(bench->store, bench->site, &id, &ledger), bench->store, "ledger");
    }
    report("ledger of one employee from the rows", count, start);
    rc_store_rollback(bench->store);
}

/* SQLite alone: a table of one text of the width of a row of punches, no index, no trigger, same pragmas. */
static void bench_raw(struct bench *bench)
{
    char path[512];
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    static char text[330];
    memset(text, 'x', sizeof text);
    snprintf(path, sizeof path, "%s/raw.db", bench->folder);
    struct start start = start_now();
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db,
                     "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t (seq INTEGER PRIMARY "
                     "KEY, row TEXT)",
                     NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "INSERT INTO t (row) VALUES (?)", -1, &insert, NULL) != SQLITE_OK)
        must(RC_STORE_IO, NULL, "raw");
    for (int i = 0; i < bench->employees; i++) {
        if (i % BATCH == 0)
            sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        sqlite3_bind_text(insert, 1, text, sizeof text, SQLITE_STATIC);
        if (sqlite3_step(insert) != SQLITE_DONE)
            must(RC_STORE_IO, NULL, "raw");
        sqlite3_reset(insert);
        if (i % BATCH == BATCH - 1 || i == bench->employees - 1)
            sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    }
    report("SQLite alone: bare rows of the same width", bench->employees, start);
    sqlite3_finalize(insert);
    sqlite3_close(db);
}

int main(int argc, char **argv)
{
    char made[] = "/tmp/rollcall-bench-XXXXXX";
    struct bench bench = {.folder = argc > 1 ? argv[1] : mkdtemp(made)};
    bench.employees = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 100000;
    bench.sessions = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 200000;
    if (bench.folder == NULL || bench.employees < 500 || bench.sessions < 500) {
        fprintf(stderr, "usage: bench_store [DIR [EMPLOYEES [SESSIONS]]]; at least 500 of each\n");
        return 2;
    }
    bench.order = calloc((size_t)bench.employees, sizeof *bench.order);
    if (bench.order == NULL)
        return 1;
    shuffle(&bench);
    bench_raw(&bench);
    open_store(&bench);
    bench_rows(&bench, RC_IN, "IN: row, receipt, status");
    bench_rows(&bench, RC_AUTO_OUT, "AUTO_OUT: row, status, two messages");
    bench_lone_commits(&bench);
    bench_flush(&bench, "new sessions, with the employee's evidence", bench.sessions, false);
    bench_flush(&bench, "sessions flushed again, scattered", bench.sessions < 50000 ? bench.sessions : 50000,
                true);
    rc_store_close(bench.store);
    open_store(&bench);
    bench_questions(&bench);
    bench_load(&bench);
    must(rc_store_checkpoint(bench.store), bench.store, "checkpoint");
    rc_store_close(bench.store);
    open_store(&bench);
    rc_store_close(bench.store);
    free(bench.order);
    if (argc > 1)
        return 0;
    char command[64];
    snprintf(command, sizeof command, "rm -rf -- '%s'", made);
    return system(command) == 0 ? 0 : 1;
}
