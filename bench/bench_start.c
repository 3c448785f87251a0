/*
 * bench_start: how long a service takes to start with many sessions in its database, until it says on
 * service/status that it is there: a real service and broker, started here in a temporary folder.
 *
 *   bench_start [--service PATH] [--folder DIR] [--sessions N] [--employees N]       (1000000, 250000)
 *
 * The database is made with the store's own functions: every employee punched IN once, and the sessions are
 * spread over them, live, heard just now. The chain of all their punches is verified at the start, too.
 */
#include "stage.h"
#include "store/store.h"
#include "wire_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Rows of one transaction while the database is made. */
#define BATCH 10000

struct making {
    int sessions, employees;
    int64_t at;
    struct rc_store *store;
    int site;
};

static void must(const struct making *making, enum rc_store_result result)
{
    if (result != RC_STORE_OK) {
        wire_client_give_up("the database cannot be made: %s", rc_store_error(making->store));
    }
}

static struct rc_id person(int number)
{
    struct rc_id id = {0};
    id.length = (uint8_t)snprintf(id.text, sizeof id.text, "employee-%07d", number);
    return id;
}

static void put_in(const struct making *making, int number)
{
    struct rc_effect row = {.kind = RC_FX_ROW};
    row.row = (struct rc_row){.seq = number + 1,
                              .employee = person(number),
                              .type = RC_IN,
                              .at = making->at,
                              .recorded_at = making->at,
                              .cause = RC_CAUSE_PUNCH,
                              .device_at = RC_NONE};
    struct rc_effect status = {.kind = RC_FX_STATUS};
    status.status = (struct rc_status){.employee = row.row.employee,
                                       .presence = RC_PRESENT,
                                       .sessions = 1,
                                       .evidence = {making->at, RC_NONE, 1},
                                       .ledger = {.is_in = true,
                                                  .cause = RC_STATUS_PUNCH,
                                                  .since_at = making->at,
                                                  .in_seq = row.row.seq,
                                                  .in_at = making->at,
                                                  .last_seq = row.row.seq,
                                                  .last_at = making->at,
                                                  .version = 1}};
    must(making, rc_store_apply(making->store, making->site, &row));
    must(making, rc_store_apply(making->store, making->site, &status));
}

static void put_session(const struct making *making, int number)
{
    struct rc_session_row row = {.employee = person(number % making->employees),
                                 .class = RC_BROWSER,
                                 .state = RC_S_LIVE,
                                 .epoch = making->at,
                                 .interval_ms = 10000,
                                 .heard_at = making->at,
                                 .heard_t = 1,
                                 .first_at = making->at,
                                 .deadline_t = 30001,
                                 .deadline_now = RC_NONE,
                                 .heard_in_seq = number % making->employees + 1,
                                 .evidence = {making->at, RC_NONE, 1}};
    row.session.length = (uint8_t)snprintf(row.session.text, sizeof row.session.text, "tab-%08d", number);
    must(making, rc_store_flush_session(making->store, making->site, &row));
}

static void make(const char *database, void *context)
{
    struct making *making = context;
    char error[RC_STORE_ERROR_MAX];
    struct rc_store_options options = {.path = database, .now = 1, .at = making->at, .boot_id = "bench"};
    const struct rc_id hq = {2, "hq"};
    if (rc_store_open(&options, &making->store, error) != RC_STORE_OK) {
        wire_client_give_up("%s", error);
    }
    must(making, rc_store_site(making->store, &hq, &making->site));
    for (int i = 0; i < making->employees + making->sessions; i++) {
        must(making, rc_store_begin(making->store));
        if (i < making->employees) {
            put_in(making, i);
        } else {
            put_session(making, i - making->employees);
        }
        if (i % BATCH == BATCH - 1) {
            must(making, rc_store_commit(making->store));
        }
    }
    must(making, rc_store_begin(making->store));
    must(making, rc_store_save_t(making->store, making->site, 1));
    must(making, rc_store_commit(making->store));
    must(making, rc_store_checkpoint(making->store));
    rc_store_close(making->store);
}

/* The line in which the service says itself what its start took. */
static void print_ready(const struct stage *stage)
{
    char path[512], line[1024];
    snprintf(path, sizeof path, "%s/service.log", stage_folder(stage));
    FILE *log = fopen(path, "re");
    while (log != NULL && fgets(line, sizeof line, log) != NULL) {
        if (strstr(line, "event=ready") != NULL) {
            printf("  its own word: %s", line);
        }
    }
    if (log != NULL) {
        fclose(log);
    }
}

int main(int argc, char **argv)
{
    struct making making = {.sessions = 1000000, .employees = 250000, .at = (int64_t)time(NULL) * 1000};
    const char *service = NULL, *folder = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--sessions") == 0) {
            making.sessions = (int)strtol(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--employees") == 0) {
            making.employees = (int)strtol(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--service") == 0) {
            service = argv[i + 1];
        } else if (strcmp(argv[i], "--folder") == 0) {
            folder = argv[i + 1];
        } else {
            wire_client_give_up("no such option: %s", argv[i]);
        }
    }
    if (making.employees < 1 || making.sessions < 0) {
        wire_client_give_up("at least one employee");
    }
    static const char *const settings[] = {"limits.employees=1100000", "limits.sessions=1100000",
                                           "site.names=hq", NULL};
    struct stage *stage = stage_open_on(make, &making, service, folder, settings);
    printf("%d sessions of %d employees, each with a punch in the chain: there after %.2f s, %.2f s of a "
           "processor\n",
           making.sessions, making.employees, stage_started_s(stage), stage_service_cpu(stage));
    print_ready(stage);
    stage_close(stage);
    return 0;
}
