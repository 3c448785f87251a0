/*
 * rig.h: what the store's tests share: a store on a fresh disk in memory, and rows, receipts and statuses
 * made in a line. Every helper fails the test at once where the store does not say OK. One test at a time.
 */
#ifndef RC_TESTS_STORE_RIG_H
#define RC_TESTS_STORE_RIG_H

#include "fault_vfs.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RIG_VFS  "rig"
#define RIG_PATH "rollcall.db"

struct rig {
    struct rc_fault_vfs *disk;
    struct rc_store *store;
    int site;
    int64_t seq; /* of the last row that the rig appended */
    char error[RC_STORE_ERROR_MAX];
};

/* cmocka's setup and teardown: *state is a struct rig, its site is hq. */
int rig_setup(void **state);
int rig_teardown(void **state);

/* Closes the store if it is open, and opens it again, in the same boot unless another is named. */
void rig_reopen(struct rig *rig, const char *boot_id);
enum rc_store_result rig_try_open(struct rig *rig, const char *boot_id);
void rig_close(struct rig *rig);

#define rig_ok(rig, call) rig_expect(rig, (call), RC_STORE_OK, #call, __FILE__, __LINE__)
void rig_expect(struct rig *rig, enum rc_store_result got, enum rc_store_result wanted, const char *call,
                const char *file, int line);

struct rc_id rig_id(const char *text);
struct rc_punch_id rig_punch_id(const char *text);

/* A row with the log's next seq, recorded at its `at`; the caller changes it and calls rig_append. */
struct rc_row rig_row(struct rig *rig, const char *employee, enum rc_type type, int64_t at);
/* Appends it in the open transaction, or in one of its own; returns its seq. */
int64_t rig_append(struct rig *rig, struct rc_row *row);

/* Whole rows in a line; each returns its seq. */
int64_t rig_in(struct rig *rig, const char *employee, int64_t at);
int64_t rig_out(struct rig *rig, const char *employee, int64_t at, int64_t closes);
int64_t rig_auto_out(struct rig *rig, const char *employee, int64_t at, int64_t closes);
int64_t rig_resume(struct rig *rig, const char *employee, int64_t at, int64_t target);
/* closes: ACCEPT of a held OUT only, else 0 */
int64_t rig_correct(struct rig *rig, const char *employee, enum rc_action action, int64_t at, int64_t target,
                    int64_t closes, const char *actor);
/* A held row, with the verdict that holds it back. */
int64_t rig_held(struct rig *rig, const char *employee, enum rc_type type, int64_t at, const char *id,
                 enum rc_code code);
/* A status as the log gives it. */
void rig_status(struct rig *rig, const char *employee);

struct rc_ledger rig_ledger(struct rig *rig, const char *employee);
struct rc_history rig_history(struct rig *rig, const char *employee, int64_t at);
struct rc_target rig_target(struct rig *rig, const char *employee, int64_t seq);

/* A folder for tests with real files; removed with all that is in it by rig_folder_remove. */
void rig_folder(char out[64]);
void rig_folder_remove(const char *folder);

#endif
