#include "rig.h"

#include "core/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BOOT "boot-1"

struct rc_id rig_id(const char *text)
{
    struct rc_id id;
    assert_true(rc_id_set(&id, rc_text_of(text)));
    return id;
}

struct rc_punch_id rig_punch_id(const char *text)
{
    struct rc_punch_id id = {.length = (uint16_t)strlen(text)};
    memcpy(id.text, text, id.length);
    return id;
}

void rig_expect(struct rig *rig, enum rc_store_result got, enum rc_store_result wanted, const char *call,
                const char *file, int line)
{
    if (got == wanted)
        return;
    print_error("%s\n  gave: %s, wanted: %s\n  %s\n", call, rc_store_result_name(got),
                rc_store_result_name(wanted), rig->store == NULL ? rig->error : rc_store_error(rig->store));
    _fail(file, line);
}

enum rc_store_result rig_try_open(struct rig *rig, const char *boot_id)
{
    const struct rc_store_options options = {
        .path = RIG_PATH, .vfs = RIG_VFS, .now = 1000, .at = 1000000, .boot_id = boot_id, .verify = true};
    const struct rc_id hq = rig_id("hq");
    enum rc_store_result result = rc_store_open(&options, &rig->store, rig->error);
    if (result == RC_STORE_OK)
        result = rc_store_site(rig->store, &hq, &rig->site);
    int64_t seq = 0;
    uint8_t hash[32];
    if (result == RC_STORE_OK)
        result = rc_store_head(rig->store, rig->site, &seq, hash);
    rig->seq = seq;
    return result;
}

void rig_close(struct rig *rig)
{
    rc_store_close(rig->store);
    rig->store = NULL;
}

void rig_reopen(struct rig *rig, const char *boot_id)
{
    rig_close(rig);
    rig_ok(rig, rig_try_open(rig, boot_id));
}

int rig_setup(void **state)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->disk = rc_fault_vfs_new(RIG_VFS, RC_DISK_MEMORY);
    assert_non_null(rig->disk);
    rig_reopen(rig, BOOT);
    *state = rig;
    return 0;
}

int rig_teardown(void **state)
{
    struct rig *rig = *state;
    rig_close(rig);
    rc_fault_vfs_free(rig->disk);
    free(rig);
    return 0;
}

struct rc_row rig_row(struct rig *rig, const char *employee, enum rc_type type, int64_t at)
{
    return (struct rc_row){
        .seq = rig->seq + 1,
        .employee = rig_id(employee),
        .type = type,
        .at = at,
        .recorded_at = at,
        .device_at = RC_NONE,
        .cause = RC_CAUSE_PUNCH,
    };
}

int64_t rig_append(struct rig *rig, struct rc_row *row)
{
    bool own = !rc_store_in_transaction(rig->store);
    struct rc_effect effect = {.kind = RC_FX_ROW, .row = *row};
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_apply(rig->store, rig->site, &effect));
    if (own)
        rig_ok(rig, rc_store_commit(rig->store));
    memcpy(row->hash, effect.row.hash, sizeof row->hash);
    return rig->seq = row->seq;
}

int64_t rig_in(struct rig *rig, const char *employee, int64_t at)
{
    struct rc_row row = rig_row(rig, employee, RC_IN, at);
    return rig_append(rig, &row);
}

int64_t rig_out(struct rig *rig, const char *employee, int64_t at, int64_t closes)
{
    struct rc_row row = rig_row(rig, employee, RC_OUT, at);
    row.closes = closes;
    return rig_append(rig, &row);
}

int64_t rig_auto_out(struct rig *rig, const char *employee, int64_t at, int64_t closes)
{
    struct rc_row row = rig_row(rig, employee, RC_AUTO_OUT, at);
    row.cause = RC_CAUSE_STALE;
    row.closes = closes;
    row.last_evidence_at = at;
    row.detected_at = at + 30;
    row.recorded_at = at + 30;
    row.out_t = at + 7;
    row.out_detected_t = at + 37;
    return rig_append(rig, &row);
}

int64_t rig_resume(struct rig *rig, const char *employee, int64_t at, int64_t target)
{
    struct rc_row row = rig_row(rig, employee, RC_RESUME, at);
    row.cause = RC_CAUSE_RESUME;
    row.target_seq = target;
    return rig_append(rig, &row);
}

int64_t rig_correct(struct rig *rig, const char *employee, enum rc_action action, int64_t at, int64_t target,
                    int64_t closes, const char *actor)
{
    struct rc_row row = rig_row(rig, employee, RC_CORRECTION, at);
    row.cause = RC_CAUSE_CORRECTION;
    row.action = action;
    row.target_seq = target;
    row.closes = closes;
    row.actor = rig_id(actor);
    row.reason = rc_text_of("because");
    return rig_append(rig, &row);
}

int64_t rig_held(struct rig *rig, const char *employee, enum rc_type type, int64_t at, const char *id,
                 enum rc_code code)
{
    struct rc_row row = rig_row(rig, employee, type, at);
    row.held = true;
    row.id = rig_punch_id(id);
    struct rc_effect effect = {.kind = RC_FX_RECEIPT};
    effect.receipt = (struct rc_receipt){
        .employee = row.employee,
        .id = row.id,
        .type = type,
        .result = RC_HELD_BACK,
        .seq = row.seq,
        .at = at,
        .recorded_at = at,
        .code = code,
        .remember = true,
    };
    rig_ok(rig, rc_store_begin(rig->store));
    rig_append(rig, &row);
    rig_ok(rig, rc_store_apply(rig->store, rig->site, &effect));
    rig_ok(rig, rc_store_commit(rig->store));
    return row.seq;
}

void rig_status(struct rig *rig, const char *employee)
{
    struct rc_effect effect = {.kind = RC_FX_STATUS};
    effect.status = (struct rc_status){
        .employee = rig_id(employee),
        .ledger = rig_ledger(rig, employee),
        .evidence = {0, RC_NONE, 0},
    };
    rig_ok(rig, rc_store_begin(rig->store));
    rig_ok(rig, rc_store_apply(rig->store, rig->site, &effect));
    rig_ok(rig, rc_store_commit(rig->store));
}

struct rc_ledger rig_ledger(struct rig *rig, const char *employee)
{
    struct rc_ledger ledger;
    const struct rc_id id = rig_id(employee);
    rig_ok(rig, rc_store_ledger(rig->store, rig->site, &id, &ledger));
    return ledger;
}

struct rc_history rig_history(struct rig *rig, const char *employee, int64_t at)
{
    struct rc_history history;
    const struct rc_id id = rig_id(employee);
    rig_ok(rig, rc_store_history(rig->store, rig->site, &id, at, &history));
    return history;
}

struct rc_target rig_target(struct rig *rig, const char *employee, int64_t seq)
{
    struct rc_target target;
    const struct rc_id id = rig_id(employee);
    rig_ok(rig, rc_store_target(rig->store, rig->site, &id, seq, &target));
    return target;
}

void rig_folder(char out[64])
{
    snprintf(out, 64, "/tmp/rollcall-test-XXXXXX");
    assert_non_null(mkdtemp(out));
}

void rig_folder_remove(const char *folder)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf -- '%s'", folder);
    assert_int_equal(system(command), 0);
}
