#include "check.h"

#include "broker.h"
#include "core/names.h"
#include "service.h"
#include "training.h"
#include "wire/encode.h"
#include "wire/topic.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Check 5: a device that was well for this much longer than its threshold must have been heard: it connects
 * again within 30 s of the broker's return. */
#define WELL_SLACK_MS 90000
/* At the end: a client that has been open so long has its receipts. */
#define SETTLED_MS 120000

/* A row as it was written. */
struct kept {
    uint8_t hash[32];
    bool published;
};

/* A final verdict as it was said. */
struct said {
    int employee;
    char id[80], result[12];
    int64_t seq, at;
};

struct sim_check {
    struct kept *rows;
    int64_t row_count, committed, room;
    struct kept *failed; /* those of a commit that failed */
    int64_t failed_count;
    struct said *said;
    int said_count, said_room;
    int64_t version[SIM_EMPLOYEES_MAX]; /* highest that was published */
    bool touched[SIM_EMPLOYEES_MAX];    /* the open batch has a row of them */
};

struct sim_check *sim_check_new(struct sim_world *world)
{
    (void)world;
    struct sim_check *check = calloc(1, sizeof *check);
    assert(check);
    return check;
}

void sim_check_free(struct sim_check *check)
{
    if (!check)
        return;
    free(check->rows);
    free(check->failed);
    free(check->said);
    free(check);
}

const struct rc_row *sim_check_some_row(const struct sim_world *world, struct sim_random *luck)
{
    int count = sim_model_committed(world->model);
    if (count == 0)
        return NULL;
    int64_t back = sim_between(luck, 0, sim_between(luck, 0, count - 1));
    if (sim_chance(luck, 200)) /* the last RESUME before it: there are few, and much hangs on each */
        for (int i = count - 1 - (int)back; i >= 0; i--)
            if (sim_model_row(world->model, i)->type == RC_RESUME)
                return sim_model_row(world->model, i);
    return sim_model_row(world->model, count - 1 - (int)back);
}

/* ---- the transaction ---- */

void sim_check_step(struct sim_world *world, const struct sim_heard *heard, const struct rc_event *event,
                    const struct rc_effect *effects, size_t count)
{
    if (event->kind == RC_EV_TRAINING)
        sim_training_heard(world, event);
    static const char *const kinds[] = {"heartbeat", "training",    "progress",  "leave", "punch",
                                        "correct",   "ledger",      "directory", "link",  "store",
                                        "pause",     "maintenance", "tick"};
    if (count == 0 && (heard->kind == RC_EV_TICK || heard->kind == RC_EV_HEARTBEAT)) {
        if (heard->words)
            sim_trace_beat(world, heard->words->employee, heard->words->client);
        return;
    }
    if (heard->words)
        sim_trace(
            world, "heard %s e%d client %d epoch %lld leave %d %s type %d age %lld sent %+lld: %zu effects",
            kinds[event->kind], heard->words->employee, heard->words->client, (long long)heard->words->epoch,
            (int)heard->words->leave, heard->words->punch, (int)heard->words->type,
            (long long)heard->words->age_ms, (long long)(heard->sent_time - heard->time), count);
    else
        sim_trace(world, "%s up %d ok %d pause %lld: %zu effects", kinds[event->kind], heard->up, heard->ok,
                  (long long)heard->pause_ms, count);
    for (size_t i = 0; i < count; i++) {
        if (effects[i].kind == RC_FX_STATUS)
            sim_trace(world, "  status of %s: %s %s, %u sessions, hold %lld, version %lld",
                      effects[i].status.employee.text, effects[i].status.ledger.is_in ? "IN" : "OUT",
                      rc_presence_name(effects[i].status.presence), effects[i].status.sessions,
                      (long long)effects[i].status.ledger.hold, (long long)effects[i].status.ledger.version);
        if (effects[i].kind == RC_FX_RELOAD)
            sim_trace(world, "  reload of %s", effects[i].reload.employee.text);
        if (effects[i].kind == RC_FX_ANSWER)
            sim_trace(world, "  answer: %s", rc_code_name(effects[i].answer.code));
    }
}

static struct kept *new_row(struct sim_check *check)
{
    if (check->row_count == check->room) {
        check->room = check->room ? 2 * check->room : 256;
        check->rows = realloc(check->rows, (size_t)check->room * sizeof *check->rows);
        assert(check->rows);
    }
    return &check->rows[check->row_count++];
}

void sim_check_applied(struct sim_world *world, const struct rc_effect *effect)
{
    struct sim_check *check = world->check;
    if (effect->kind != RC_FX_ROW)
        return;
    struct kept *kept = new_row(check);
    *kept = (struct kept){.published = false};
    memcpy(kept->hash, effect->row.hash, sizeof kept->hash);
    if (effect->row.seq != check->row_count)
        sim_fail(world, 2, "row %lld is written as number %lld", (long long)effect->row.seq,
                 (long long)check->row_count);
    int employee = sim_employee_index(&effect->row.employee);
    if (employee >= 0 && employee < SIM_EMPLOYEES_MAX)
        check->touched[employee] = true;
}

void sim_check_commit_failed(struct sim_world *world)
{
    struct sim_check *check = world->check;
    sim_training_commit_failed(world);
    free(check->failed);
    check->failed_count = check->row_count - check->committed;
    check->failed = malloc((size_t)check->failed_count * sizeof *check->failed + 1);
    assert(check->failed);
    if (check->failed_count > 0)
        memcpy(check->failed, check->rows + check->committed,
               (size_t)check->failed_count * sizeof *check->failed);
}

/* A commit that failed may be on the disk all the same: all of it, or nothing. */
void sim_check_opened(struct sim_world *world)
{
    struct sim_check *check = world->check;
    struct rc_service *inside = sim_service_inside(world);
    uint8_t hash[32];
    int64_t seq;
    int failed = sim_model_failed(world->model);
    if (failed <= 0)
        sim_training_opened(world, RC_NONE);
    if (failed == RC_NONE || rc_store_head(inside->store, inside->sites[0].number, &seq, hash) != RC_STORE_OK)
        return;
    if (failed > 0)
        sim_training_opened(world, seq != check->committed);
    if (failed > 0 && seq == check->committed)
        return;
    sim_trace(world, "the commit that failed may have been written: %d rows", failed);
    for (int64_t i = 0; i < check->failed_count; i++)
        *new_row(check) = check->failed[i];
    check->committed = check->row_count;
    sim_model_found_failed(world->model);
}

void sim_check_undone(struct sim_world *world)
{
    sim_training_undone(world);
    world->check->row_count = world->check->committed;
    memset(world->check->touched, 0, sizeof world->check->touched);
}

/* Check 8, small: the ledger in the engine is what the rows say. */
static void compare_ledger(struct sim_world *world, int employee)
{
    struct rc_service *inside = sim_service_inside(world);
    struct rc_employee_view view;
    struct rc_ledger stored;
    struct rc_id id;
    sim_employee_id(employee, &id);
    if (!rc_engine_find(inside->sites[0].engine, &id, &view))
        return;
    if (rc_store_ledger(inside->store, inside->sites[0].number, &id, &stored) != RC_STORE_OK)
        return;
    const struct rc_ledger *live = &view.status.ledger;
    bool same = live->is_in == stored.is_in && live->cause == stored.cause && live->in_seq == stored.in_seq &&
                live->in_at == stored.in_at && live->last_seq == stored.last_seq &&
                live->last_at == stored.last_at && live->out_seq == stored.out_seq &&
                live->out_type == stored.out_type && live->out_cause == stored.out_cause &&
                live->out_t == stored.out_t && live->out_detected_t == stored.out_detected_t &&
                live->out_final == stored.out_final &&
                (live->in_seq == 0 || live->since_at == stored.since_at);
    if (!same)
        sim_fail(world, 8,
                 "e%d's ledger, engine/rows: in %d/%d cause %d/%d since %lld/%lld in_seq %lld/%lld in_at "
                 "%lld/%lld "
                 "last %lld/%lld at %lld/%lld out %lld/%lld final %d/%d out_t %lld/%lld",
                 employee, live->is_in, stored.is_in, (int)live->cause, (int)stored.cause,
                 (long long)live->since_at, (long long)stored.since_at, (long long)live->in_seq,
                 (long long)stored.in_seq, (long long)live->in_at, (long long)stored.in_at,
                 (long long)live->last_seq, (long long)stored.last_seq, (long long)live->last_at,
                 (long long)stored.last_at, (long long)live->out_seq, (long long)stored.out_seq,
                 live->out_final, stored.out_final, (long long)live->out_t, (long long)stored.out_t);
}

void sim_check_committed(struct sim_world *world)
{
    struct sim_check *check = world->check;
    sim_training_committed(world);
    check->committed = check->row_count;
    if (check->committed != sim_model_committed(world->model))
        sim_fail(world, 2, "%lld rows are written, %d were decided", (long long)check->committed,
                 sim_model_committed(world->model));
    if (!sim_service_inside(world))
        return;
    for (int i = 0; i < world->plan->employees; i++)
        if (check->touched[i])
            compare_ledger(world, i);
    memset(check->touched, 0, sizeof check->touched);
}

/* ---- what is said (P-15) ---- */

static int64_t integer_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsNumber(item) ? (int64_t)item->valuedouble : 0;
}

static const char *text_of(const cJSON *json, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

/* The employee of a topic emp/{employee}/...; -1: none. */
static int employee_of(const char *topic)
{
    static const char start[] = "rollcall/v1/" SIM_SITE "/emp/e";
    return strncmp(topic, start, sizeof start - 1) == 0 ? (int)strtol(topic + sizeof start - 1, NULL, 10)
                                                        : -1;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* Check 1, 2: what is said of a row is durable, and has the row's hash. */
static void check_row_said(struct sim_world *world, const cJSON *json)
{
    struct sim_check *check = world->check;
    int64_t seq = integer_of(json, "seq");
    const char *said = text_of(json, "hash");
    char hex[65] = "";
    if (seq > check->committed || seq <= 0) {
        sim_fail(world, 1, "row %lld is shown before it is durable", (long long)seq);
        return;
    }
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", check->rows[seq - 1].hash[i]);
    if (strcmp(hex, said) != 0)
        sim_fail(world, 2, "row %lld is shown with another hash", (long long)seq);
}

static struct said *find_said(struct sim_check *check, int employee, const char *id)
{
    for (int i = 0; i < check->said_count; i++)
        if (check->said[i].employee == employee && strcmp(check->said[i].id, id) == 0)
            return &check->said[i];
    return NULL;
}

/* P-12: the same id, the same answer, for ever. */
static void check_receipt(struct sim_world *world, int employee, const cJSON *json)
{
    struct sim_check *check = world->check;
    const char *result = text_of(json, "result"), *code = text_of(json, "code"), *id = text_of(json, "id");
    bool final = strcmp(result, "retry") != 0 && strcmp(code, "ID_CONFLICT") != 0 &&
                 strcmp(code, "INVALID_ARGUMENT") != 0 && id[0];
    if (!final)
        return;
    if (integer_of(json, "seq") > 0)
        check_row_said(world, json);
    bool again = strcmp(result, "duplicate") == 0;
    const char *verdict = again ? text_of(json, "first") : result;
    struct said *said = find_said(check, employee, id);
    if (said) {
        if (strcmp(said->result, verdict) != 0 || said->seq != integer_of(json, "seq") ||
            said->at != integer_of(json, "at"))
            sim_fail(world, 1, "%s of e%d was %s as row %lld, and is %s as row %lld", id, employee,
                     said->result, (long long)said->seq, verdict, (long long)integer_of(json, "seq"));
        return;
    }
    if (check->said_count == check->said_room) {
        check->said_room = check->said_room ? 2 * check->said_room : 128;
        check->said = realloc(check->said, (size_t)check->said_room * sizeof *check->said);
        assert(check->said);
    }
    said = &check->said[check->said_count++];
    *said = (struct said){.employee = employee, .seq = integer_of(json, "seq"), .at = integer_of(json, "at")};
    snprintf(said->id, sizeof said->id, "%s", id);
    snprintf(said->result, sizeof said->result, "%s", verdict);
}

void sim_check_said(struct sim_world *world, const struct sim_parcel *parcel)
{
    const char *topic = parcel->bytes;
    bool event = ends_with(topic, "/event"), receipt = ends_with(topic, "/receipt");
    bool training = ends_with(topic, "/training/result");
    if (!ends_with(topic, "/canary") && !ends_with(topic, "/metrics") && !ends_with(topic, "/summary"))
        sim_trace(world, "says %s %s", topic + sizeof "rollcall/v1/" SIM_SITE, parcel->payload);
    if (!event && !receipt && !training)
        return;
    cJSON *json = cJSON_Parse(parcel->payload);
    if (!json)
        sim_fail(world, 0, "no JSON on %s", topic);
    else if (event)
        check_row_said(world, json);
    else if (training)
        sim_training_said(world, topic, json);
    else
        check_receipt(world, employee_of(topic), json);
    cJSON_Delete(json);
}

/* What the broker had not acknowledged is published again after a connect, but nothing older than what a
 * subscriber has seen. */
static void check_version(struct sim_world *world, int employee, int64_t version)
{
    struct sim_check *check = world->check;
    if (version < check->version[employee])
        sim_fail(world, 9, "version %lld of e%d's status comes after version %lld", (long long)version,
                 employee, (long long)check->version[employee]);
    check->version[employee] = version;
}

void sim_check_subscriber(struct sim_world *world, const struct sim_parcel *parcel)
{
    struct sim_check *check = world->check;
    int employee = employee_of(parcel->bytes);
    bool status = ends_with(parcel->bytes, "/status"), event = ends_with(parcel->bytes, "/event");
    if (employee < 0 || employee >= SIM_EMPLOYEES_MAX || (!status && !event))
        return;
    cJSON *json = cJSON_Parse(parcel->payload);
    if (json && status) {
        int64_t version = integer_of(json, "version");
        check_version(world, employee, version);
    }
    int64_t seq = json && event ? integer_of(json, "seq") : 0;
    if (seq > 0 && seq <= check->row_count)
        check->rows[seq - 1].published = true;
    cJSON_Delete(json);
}

/* ---- check 5 ---- */

static bool well(const struct sim_world *world, int client, int employee, int64_t threshold_ms)
{
    const struct sim_client *c = &world->client[client];
    int64_t since = world->time - threshold_ms - WELL_SLACK_MS;
    return c->open && c->good_since <= since && c->badge_since[employee] <= since;
}

void sim_check_auto_out(struct sim_world *world, int employee, const struct rc_row *row)
{
    if (row->cause == RC_CAUSE_SHIFT_LIMIT || row->cause == RC_CAUSE_MISSED_OUT)
        return;
    for (int i = 0; i < world->plan->clients; i++) {
        const struct sim_client_plan *plan = &world->plan->client[i];
        const struct sim_client *c = &world->client[i];
        bool own = plan->kind == SIM_PERSONAL && plan->employee == employee;
        bool badge = plan->kind == SIM_GATEWAY && c->badges[employee];
        int64_t threshold_ms = 3 * c->interval_ms + (badge ? 120000 : 0);
        if ((own || badge) && well(world, i, employee, threshold_ms))
            sim_fail(world, 5, "e%d is punched out (%s) although client %d was well since %lld", employee,
                     rc_cause_name(row->cause), i, (long long)c->good_since);
    }
}

/* ---- the store against the model ---- */

struct reading {
    struct sim_world *world;
    int64_t count;
};

static bool same_row(const struct rc_row *a, const struct rc_row *b)
{
    return a->seq == b->seq && a->type == b->type && a->at == b->at &&
           rc_id_equal(&a->employee, &b->employee) && rc_id_equal(&a->session, &b->session) &&
           a->cause == b->cause && a->held == b->held && a->review == b->review && a->closes == b->closes &&
           a->target_seq == b->target_seq && a->hold == b->hold && a->action == b->action &&
           a->recorded_at == b->recorded_at && a->detected_at == b->detected_at &&
           a->last_evidence_at == b->last_evidence_at && strcmp(a->id.text, b->id.text) == 0;
}

static bool take_row(void *context, const struct rc_stored_row *stored)
{
    struct reading *reading = context;
    struct sim_world *world = reading->world;
    int64_t seq = ++reading->count;
    if (seq > sim_model_committed(world->model) || seq > world->check->committed) {
        sim_fail(world, 2, "the log has a row %lld that nobody committed", (long long)stored->row.seq);
        return false;
    }
    if (!same_row(&stored->row, sim_model_row(world->model, (int)seq - 1)))
        sim_fail(world, 2, "row %lld is not what was written", (long long)seq);
    if (memcmp(stored->row.hash, world->check->rows[seq - 1].hash, 32) != 0)
        sim_fail(world, 2, "row %lld has another hash than it had", (long long)seq);
    return !world->failure.failed;
}

static void compare_rows(struct sim_world *world, struct rc_service *inside)
{
    struct reading reading = {.world = world};
    for (int64_t before = -1; before < reading.count && !world->failure.failed;) {
        before = reading.count;
        struct rc_page page = {
            .from_at = INT64_MIN, .to_at = INT64_MAX, .after = reading.count, .limit = 200};
        if (rc_store_punches(inside->store, inside->sites[0].number, &page, take_row, &reading) !=
            RC_STORE_OK)
            return; /* a disk that cannot be read now */
    }
    if (!world->failure.failed && reading.count != sim_model_committed(world->model))
        sim_fail(world, 1, "the log has %lld rows, and %d were committed", (long long)reading.count,
                 sim_model_committed(world->model));
}

static bool take_period(void *context, const struct rc_period_row *row)
{
    struct reading *reading = context;
    struct sim_world *world = reading->world;
    struct sim_period periods[512];
    int employee = sim_employee_index(&row->employee);
    int count = sim_model_periods(world->model, employee, periods, 512);
    reading->count++;
    for (int i = 0; i < count; i++) {
        const struct sim_period *period = &periods[i];
        if (period->in_seq != row->in_seq)
            continue;
        if (period->in_at != row->in_at || period->out_seq != row->out_seq ||
            (period->out_seq > 0 && (period->out_at != row->out_at || period->out_type != row->out_type)) ||
            period->review != row->review)
            sim_fail(world, 10,
                     "period %lld of e%d: %lld to %lld (row %lld) review %d, but %lld to %lld (row %lld) "
                     "review %d",
                     (long long)row->in_seq, employee, (long long)row->in_at, (long long)row->out_at,
                     (long long)row->out_seq, row->review, (long long)period->in_at,
                     (long long)period->out_at, (long long)period->out_seq, period->review);
        return !world->failure.failed;
    }
    sim_fail(world, 10, "period %lld of e%d is none", (long long)row->in_seq, employee);
    return false;
}

/* Check 10: the hours that are paid. */
static void compare_periods(struct sim_world *world, struct rc_service *inside)
{
    struct reading reading = {.world = world};
    struct sim_period periods[512];
    int64_t want = 0, after = 0;
    for (int i = 0; i < world->plan->employees; i++)
        want += sim_model_periods(world->model, i, periods, 512);
    struct rc_page page = {.from_at = INT64_MIN, .to_at = INT64_MAX, .after = after, .limit = 1000000};
    if (rc_store_periods(inside->store, inside->sites[0].number, &page, take_period, &reading) != RC_STORE_OK)
        return;
    if (!world->failure.failed && reading.count != want)
        sim_fail(world, 10, "%lld periods are paid, not %lld", (long long)reading.count, (long long)want);
}

void sim_check_started(struct sim_world *world)
{
    struct rc_service *inside = sim_service_inside(world);
    compare_rows(world, inside);
    compare_periods(world, inside);
    sim_training_started(world);
    for (int i = 0; i < world->plan->employees; i++)
        compare_ledger(world, i);
}

/* ---- the end ---- */

static bool take_hold(void *context, const struct rc_hold *hold)
{
    return rc_engine_restore_hold(context, hold);
}

static bool take_employee(void *context, const struct rc_employee_row *row)
{
    return rc_engine_restore_employee(context, row);
}

static bool take_session(void *context, const struct rc_session_row *row)
{
    return rc_engine_restore_session(context, row);
}

/* Check 8: a fresh engine, given what the store keeps, says the same of everybody. */
static void compare_replay(struct sim_world *world, struct rc_service *inside)
{
    struct rc_site *site = &inside->sites[0];
    struct rc_engine_limits limits = {.employees = SIM_EMPLOYEES_MAX,
                                      .sessions = 4 * SIM_CLIENTS_MAX,
                                      .scopes = 16,
                                      .images = 64,
                                      .seed = 1};
    void *memory = calloc(1, rc_engine_bytes(&limits));
    assert(memory);
    struct rc_engine *engine = rc_engine_init(memory, &limits, rc_engine_policy(site->engine));
    struct rc_site_row row;
    rc_store_load_site(inside->store, site->number, &row);
    rc_engine_restore_site(engine, &row);
    rc_store_load_holds(inside->store, site->number, take_hold, engine);
    rc_store_load_employees(inside->store, site->number, take_employee, engine);
    rc_store_load_sessions(inside->store, site->number, take_session, engine);
    rc_engine_restore_done(engine, sim_now(world), sim_at(world));
    for (int i = 0; i < world->plan->employees; i++) {
        struct rc_employee_view live = {0}, fresh = {0};
        struct rc_id id;
        sim_employee_id(i, &id);
        bool known = rc_engine_find(site->engine, &id, &live), again = rc_engine_find(engine, &id, &fresh);
        const struct rc_ledger *a = &live.status.ledger, *b = &fresh.status.ledger;
        if (known != again && a->last_seq > 0)
            sim_fail(world, 8, "e%d is known %d and after a restart %d", i, known, again);
        else if (known && again &&
                 (a->is_in != b->is_in || a->in_seq != b->in_seq || a->out_seq != b->out_seq ||
                  a->last_seq != b->last_seq || a->last_at != b->last_at || a->hold != b->hold ||
                  a->out_final != b->out_final || a->version != b->version))
            sim_fail(world, 8, "e%d after a restart is not what they were: version %lld/%lld last %lld/%lld",
                     i, (long long)a->version, (long long)b->version, (long long)a->last_seq,
                     (long long)b->last_seq);
    }
    free(memory);
}

static bool take_status(void *context, const struct rc_employee_row *row)
{
    struct sim_world *world = context;
    char topic[RC_TOPIC_MAX];
    struct rc_id site;
    rc_id_set(&site, rc_text_of(SIM_SITE));
    rc_topic_status(topic, &site, &row->employee);
    const char *payload = sim_broker_retained(world, topic);
    cJSON *json = payload ? cJSON_Parse(payload) : NULL;
    const struct rc_ledger *ledger = &row->ledger;
    bool same = json && strcmp(text_of(json, "status"), ledger->is_in ? "IN" : "OUT") == 0 &&
                integer_of(json, "since") == ledger->since_at &&
                strcmp(text_of(json, "cause"), rc_status_cause_name(ledger->cause)) == 0 &&
                strcmp(text_of(json, "presence"), rc_presence_name(row->presence)) == 0 &&
                integer_of(json, "sessions") == (int64_t)row->sessions &&
                integer_of(json, "version") == ledger->version;
    if (!same)
        sim_fail(world, 9, "the retained status of %s is %.120s, in the store version %lld %s %s",
                 row->employee.text, payload ? payload : "none", (long long)ledger->version,
                 ledger->is_in ? "IN" : "OUT", rc_presence_name(row->presence));
    cJSON_Delete(json);
    return !world->failure.failed;
}

/* Check 9: of each device that is known its status stands, and of those forgotten nothing. */
static void check_devices(struct sim_world *world, struct rc_service *inside)
{
    const struct rc_site *site = &inside->sites[0];
    char topic[RC_TOPIC_MAX];
    struct rc_session_row row;
    size_t known = 0;
    uint32_t cursor = 0;
    while (rc_engine_each_session(site->engine, NULL, &cursor, &row)) {
        rc_topic_device_status(topic, &site->name, &row.session);
        const char *payload = sim_broker_retained(world, topic);
        cJSON *json = payload ? cJSON_Parse(payload) : NULL;
        known++;
        if (!json || cJSON_IsTrue(cJSON_GetObjectItem(json, "online")) != (row.state != RC_S_EXPIRED) ||
            integer_of(json, "since") != row.first_at)
            sim_fail(world, 9, "the retained status of device %s is %.120s", row.session.text,
                     payload ? payload : "none");
        cJSON_Delete(json);
    }
    for (size_t i = 0; i < world->broker.retained_count; i++) {
        const struct sim_retained *retained = &world->broker.retained[i];
        known -= strstr(retained->topic, "/dev/") && retained->payload[0];
    }
    if (known != 0)
        sim_fail(world, 9, "%zd statuses of devices that nobody knows stand retained", -(ssize_t)known);
}

static bool is_lost(const struct rc_session_row *row)
{
    return row->state == RC_S_EXPIRED && (row->ended_by == RC_CAUSE_STALE || row->ended_by == RC_CAUSE_LOST ||
                                          row->ended_by == RC_CAUSE_OUTAGE);
}

/* Check 9: what the engine knows of holds and devices is up as an alert. */
static void check_engines_alerts(struct sim_world *world, const struct rc_site *site)
{
    struct rc_session_row row;
    uint32_t cursor = 0;
    int64_t lost = 0;
    uint64_t holds = rc_engine_counts(site->engine).holds;
    while (rc_engine_each_session(site->engine, NULL, &cursor, &row))
        lost += is_lost(&row);
    if (site->alerts.devices_lost != lost || site->alerts.hold_count != holds)
        sim_fail(world, 9, "the alerts know %lld devices lost and %zu holds, but it is %lld and %llu",
                 (long long)site->alerts.devices_lost, site->alerts.hold_count, (long long)lost,
                 (unsigned long long)holds);
}

/* Check 9: an alert stands where it is up, and nowhere else. */
static void check_alerts(struct sim_world *world, struct rc_service *inside)
{
    const struct rc_site *site = &inside->sites[0];
    char topic[RC_TOPIC_MAX];
    check_engines_alerts(world, site);
    for (int kind = 0; kind < RC_ALERT_COUNT; kind++) {
        const struct rc_alert_state *state = rc_alerts_state(&site->alerts, (enum rc_alert)kind);
        rc_topic_alert(topic, &site->name, (enum rc_alert)kind);
        const char *payload = sim_broker_retained(world, topic);
        cJSON *json = payload ? cJSON_Parse(payload) : NULL;
        if (state->raised != (payload != NULL) ||
            (json && strcmp(text_of(json, "detail"), state->detail) != 0))
            sim_fail(world, 9, "alert %s is %s, and retained is %.200s", rc_alert_name((enum rc_alert)kind),
                     state->raised ? state->detail : "not up", payload ? payload : "none");
        cJSON_Delete(json);
    }
}

/* Check 9: nothing waits anywhere any more. */
static void check_drained(struct sim_world *world)
{
    if (!sim_service_idle(world))
        sim_fail(world, 9, "the service still has something to do");
    if (world->broker.queued > 0)
        sim_fail(world, 9, "%zu messages still wait in the broker", world->broker.queued);
    for (int i = 0; i < world->plan->clients; i++) {
        const struct sim_client *c = &world->client[i];
        if (c->open && c->good_since < world->time - SETTLED_MS && c->pendings > 0)
            sim_fail(world, 9, "client %d still has no receipt for %s", i, c->pending[0].words.punch);
    }
    for (int64_t i = 0; i < world->check->committed; i++)
        if (!world->check->rows[i].published)
            sim_fail(world, 9, "row %lld was never published", (long long)i + 1);
}

/* Check 1: whoever was told that it is recorded finds it in the log, once. */
static void check_receipts(struct sim_world *world)
{
    const struct sim_check *check = world->check;
    for (int i = 0; i < check->said_count; i++) {
        const struct said *said = &check->said[i];
        int found = 0;
        for (int k = 0; k < sim_model_rows(world->model); k++) {
            const struct rc_row *row = sim_model_row(world->model, k);
            found +=
                sim_employee_index(&row->employee) == said->employee && strcmp(row->id.text, said->id) == 0;
        }
        if (found != (strcmp(said->result, "rejected") != 0))
            sim_fail(world, 1, "%s of e%d was %s, and is in the log %d times", said->id, said->employee,
                     said->result, found);
    }
}

void sim_check_end(struct sim_world *world)
{
    struct rc_service *inside = sim_service_inside(world);
    if (!inside) {
        sim_fail(world, 9, "the service does not run at the end");
        return;
    }
    check_drained(world);
    check_devices(world, inside);
    check_alerts(world, inside);
    sim_check_started(world);
    check_receipts(world);
    if (!world->failure.failed)
        sim_training_end(world);
    if (!world->failure.failed)
        compare_replay(world, inside);
    if (!world->failure.failed)
        rc_store_load_employees(inside->store, inside->sites[0].number, take_status, world);
}
