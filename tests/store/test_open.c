/* Opening real files: one service at a time, migrations that are killed half way, backups, and that a script
 * which knows only docs/durability.md comes to the same hashes. */
#include "rig.h"

#include "core/names.h"
#include "migrate.h"
#include "store/training.h"
#include "store/verify.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define AUDIT_AT 1763500000000

struct place {
    char folder[64];
    char path[128];
};

static struct place make_place(void)
{
    struct place place;
    rig_folder(place.folder);
    snprintf(place.path, sizeof place.path, "%s/rollcall.db", place.folder);
    return place;
}

static enum rc_store_result try_open(const struct place *place, const char *vfs, struct rc_store **out,
                                     char error[RC_STORE_ERROR_MAX])
{
    const struct rc_store_options options = {
        .path = place->path, .vfs = vfs, .now = 1, .at = 2, .boot_id = "boot-1", .verify = true};
    return rc_store_open(&options, out, error);
}

/* A store with rows in both logs, in a rig without a disk of its own. */
static struct rig open_filled(const struct place *place)
{
    struct rig rig = {.disk = NULL};
    const struct rc_id hq = rig_id("hq");
    rig_ok(&rig, try_open(place, NULL, &rig.store, rig.error));
    rig_ok(&rig, rc_store_site(rig.store, &hq, &rig.site));
    struct rc_row row = rig_row(&rig, "anna", RC_IN, 100);
    struct rc_effect receipt = {.kind = RC_FX_RECEIPT};
    row.id = rig_punch_id("p-\xc3\xa4-1");
    row.device_at = 99;
    row.note = rc_text_of("caf\xc3\xa9, 5:30, ~");
    receipt.receipt = (struct rc_receipt){.employee = row.employee,
                                          .id = row.id,
                                          .type = RC_IN,
                                          .result = RC_RECORDED,
                                          .seq = 1,
                                          .remember = true};
    rig_ok(&rig, rc_store_begin(rig.store));
    rig_append(&rig, &row);
    rig_ok(&rig, rc_store_apply(rig.store, rig.site, &receipt));
    rig_ok(&rig, rc_store_commit(rig.store));
    rig_auto_out(&rig, "anna", 200, 1);
    rig_correct(&rig, "anna", RC_ACTION_RETIME, 190, 2, 0, "boss");
    rig_status(&rig, "anna");
    const struct rc_audit line = {
        .at = AUDIT_AT, .event = "A", .detail = rc_text_of("{\"n\":\"\xe2\x82\xac\"}")};
    const struct rc_audit next = {.at = AUDIT_AT + 31 * 86400000LL, .event = "B", .result = "ok"};
    rig_ok(&rig, rc_store_begin(rig.store));
    rig_ok(&rig, rc_store_audit(rig.store, rig.site, &line));
    rig_ok(&rig, rc_store_audit(rig.store, rig.site, &next));
    rig_ok(&rig, rc_store_commit(rig.store));
    return rig;
}

static void a_second_service_on_the_same_database_is_refused(void **state)
{
    (void)state;
    struct place place = make_place();
    struct rc_store *first = NULL, *second = NULL;
    char error[RC_STORE_ERROR_MAX];
    assert_int_equal(try_open(&place, NULL, &first, error), RC_STORE_OK);
    pid_t child = fork();
    if (child == 0)
        _exit(try_open(&place, NULL, &second, error) == RC_STORE_IN_USE ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(try_open(&place, NULL, &second, error), RC_STORE_IN_USE);
    assert_null(second);
    rc_store_close(first);
    assert_int_equal(try_open(&place, NULL, &second, error), RC_STORE_OK);
    rc_store_close(second);
    rig_folder_remove(place.folder);
}

static void nobody_else_may_read_the_files(void **state)
{
    (void)state;
    struct place place = make_place();
    struct rig rig = open_filled(&place);
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < 4; i++) {
        char name[160];
        struct stat file;
        snprintf(name, sizeof name, "%s%s", place.path, suffixes[i]);
        assert_int_equal(stat(name, &file), 0);
        assert_int_equal(file.st_mode & 077, 0);
    }
    rc_store_close(rig.store);
    rig_folder_remove(place.folder);
}

/* ---- files that are not ours ---- */

static int64_t pragma(const struct place *place, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

/* The folder as a text: every name, and a sum of what is in it. */
static void picture(const struct place *place, char out[1024])
{
    char command[256];
    snprintf(command, sizeof command, "cd '%s' && cksum $(ls)", place->folder);
    FILE *listing = popen(command, "r");
    assert_non_null(listing);
    size_t length = fread(out, 1, 1023, listing);
    out[length] = '\0';
    assert_int_equal(pclose(listing), 0);
}

static void assert_refused_untouched(const struct place *place, enum rc_store_result wanted)
{
    char before[1024], after[1024], error[RC_STORE_ERROR_MAX] = "";
    struct rc_store *store = NULL;
    picture(place, before);
    assert_int_equal(try_open(place, NULL, &store, error), wanted);
    assert_null(store);
    assert_true(strlen(error) > strlen(place->path));
    picture(place, after);
    assert_string_equal(before, after);
    char month[160];
    snprintf(month, sizeof month, "%s/2025_11.db", place->folder);
    assert_int_equal(rc_store_archive_copy(place->path, "2025_11", month, error), wanted);
    picture(place, after);
    assert_string_equal(before, after);
}

/* Runs SQL on the file and goes away as if it was killed: what is in the WAL stays there, and no -shm. */
static void write_and_die(const struct place *place, const char *sql)
{
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *db = NULL;
        bool done = sqlite3_open(place->path, &db) == SQLITE_OK &&
                    sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
        _exit(done ? 0 : 1);
    }
    int status;
    char shm[160];
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    snprintf(shm, sizeof shm, "%s-shm", place->path);
    unlink(shm); /* as after a boot */
}

static void nothing_is_made_beside_a_file_that_is_no_database(void **state)
{
    (void)state;
    struct place place = make_place();
    FILE *file = fopen(place.path, "w");
    assert_non_null(file);
    for (int i = 0; i < 100; i++)
        fputs("Dear diary, today I clocked in late.\n", file);
    fclose(file);
    assert_refused_untouched(&place, RC_STORE_NOT_A_DATABASE);
    rig_folder_remove(place.folder);
}

static void nothing_is_made_beside_another_programs_database(void **state)
{
    (void)state;
    static const char *const foreign[] = {
        "CREATE TABLE t (a)",
        "PRAGMA application_id=7; CREATE TABLE t (a)",
        "PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)",
        "PRAGMA user_version=1",
    };
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        struct place place = make_place();
        write_and_die(&place, foreign[i]);
        assert_refused_untouched(&place, RC_STORE_NOT_A_DATABASE);
        rig_folder_remove(place.folder);
    }
}

static void nothing_is_made_beside_a_database_of_a_newer_version(void **state)
{
    (void)state;
    static const char *const modes[] = {"DELETE", "WAL"};
    for (size_t i = 0; i < 2; i++) {
        struct place place = make_place();
        struct rig rig = open_filled(&place);
        char sql[128], lock[160];
        rc_store_close(rig.store);
        snprintf(lock, sizeof lock, "%s.lock", place.path);
        assert_int_equal(unlink(lock), 0); /* it came from elsewhere */
        snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s; PRAGMA user_version=99", modes[i]);
        write_and_die(&place, sql);
        assert_refused_untouched(&place, RC_STORE_NEWER);
        rig_folder_remove(place.folder);
    }
}

static void a_database_whose_rows_stand_in_its_wal_alone_is_ours(void **state)
{
    (void)state;
    struct place place = make_place();
    char lock[160], error[RC_STORE_ERROR_MAX];
    struct rc_store *store = NULL;
    pid_t child = fork();
    if (child == 0) {
        open_filled(&place);
        _exit(0); /* killed: nothing was folded back */
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    snprintf(lock, sizeof lock, "%s.lock", place.path);
    assert_int_equal(unlink(lock), 0);
    if (try_open(&place, NULL, &store, error) != RC_STORE_OK)
        fail_msg("%s", error);
    rc_store_close(store);
    assert_int_equal(pragma(&place, "SELECT count(*) FROM punches"), 3);
    rig_folder_remove(place.folder);
}

static void a_path_with_signs_of_uris_is_a_path(void **state)
{
    (void)state;
    struct place place = make_place();
    char error[RC_STORE_ERROR_MAX];
    struct rc_store *store = NULL;
    snprintf(place.path, sizeof place.path, "%s/a?b#c%%20 \xc3\xa4.db", place.folder);
    struct rig rig = open_filled(&place);
    rc_store_close(rig.store);
    if (try_open(&place, NULL, &store, error) != RC_STORE_OK)
        fail_msg("%s", error);
    rc_store_close(store);
    rig_folder_remove(place.folder);
}

static void a_reader_of_a_database_that_a_crash_left_keeps_nobody_out(void **state)
{
    (void)state;
    struct place place = make_place();
    char error[RC_STORE_ERROR_MAX];
    struct rc_store *store = NULL;
    rc_store_close(open_filled(&place).store);
    write_and_die(&place, "INSERT INTO meta VALUES ('left', 'in the WAL')");
    sqlite3 *reader = NULL;
    assert_int_equal(sqlite3_open(place.path, &reader), SQLITE_OK);
    assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT * FROM meta", NULL, NULL, NULL), SQLITE_OK);
    if (try_open(&place, NULL, &store, error) != RC_STORE_OK)
        fail_msg("%s", error);
    sqlite3_close(reader);
    rc_store_close(store);
    rig_folder_remove(place.folder);
}

/* ---- a migration killed at its nth write ---- */

/* Returns true if the child was killed, false if it had opened the store before its nth operation. */
static bool open_killed(const struct place *place, uint64_t nth)
{
    pid_t child = fork();
    if (child == 0) {
        struct rc_fault_vfs *disk = rc_fault_vfs_new("killer", RC_DISK_REAL);
        struct rc_store *store = NULL;
        char error[RC_STORE_ERROR_MAX];
        rc_fault_vfs_plan(disk, RC_OPS_CHANGING, nth, RC_FAULT_KILL, false);
        _exit(try_open(place, "killer", &store, error) == RC_STORE_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return true;
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static void a_migration_killed_half_way_leaves_the_old_or_the_new_schema(void **state)
{
    (void)state;
    bool killed = true;
    int old = 0, new = 0;
    for (uint64_t nth = 1; killed; nth++) {
        struct place place = make_place();
        struct rc_store *store = NULL;
        char error[RC_STORE_ERROR_MAX];
        killed = open_killed(&place, nth);
        int64_t version = pragma(&place, "PRAGMA user_version");
        int64_t tables = pragma(&place, "SELECT count(*) FROM sqlite_schema");
        if (version == 0)
            assert_int_equal(tables, 0);
        else
            assert_in_range(version, 1, rc_migration_count); /* each migration is whole or not there */
        old += version == 0;
        new += version != 0;
        assert_int_equal(try_open(&place, NULL, &store, error), RC_STORE_OK);
        rc_store_close(store);
        rig_folder_remove(place.folder);
    }
    assert_true(old > 1 && new > 1); /* or the killing came too late to show anything */
}

/* ---- backup ---- */

static void a_backup_is_whole_and_replaces_nothing(void **state)
{
    (void)state;
    struct place place = make_place();
    struct rig rig = open_filled(&place);
    char copy[160], error[RC_STORE_ERROR_MAX];
    struct stat file;
    snprintf(copy, sizeof copy, "%s/copy's.db", place.folder);
    assert_int_equal(rc_store_backup(place.path, copy, error), RC_STORE_OK);
    const struct rc_verify_options options = {.path = copy};
    if (rc_verify(&options, error) != RC_VERIFY_SOUND)
        fail_msg("%s", error);
    assert_int_equal(stat(copy, &file), 0);
    assert_int_equal(file.st_mode & 077, 0);
    assert_int_equal(rc_store_backup(place.path, copy, error), RC_STORE_REFUSED);
    assert_non_null(strstr(error, "exists"));
    rig_in(&rig, "bert", 300); /* the service went on meanwhile */
    rc_store_close(rig.store);
    rig_folder_remove(place.folder);
}

static void a_backup_that_cannot_be_made_leaves_nothing(void **state)
{
    (void)state;
    struct place place = make_place();
    char copy[160], error[RC_STORE_ERROR_MAX];
    struct stat file;
    snprintf(copy, sizeof copy, "%s/copy.db", place.folder);
    assert_int_not_equal(rc_store_backup(place.path, copy, error), RC_STORE_OK); /* no database */
    assert_int_equal(stat(copy, &file), -1);
    assert_int_not_equal(rc_store_backup(place.path, "/nowhere/at/all.db", error), RC_STORE_OK);
    assert_int_equal(rmdir(place.folder), 0); /* empty: no part of a copy is left */
}

/* ---- the chain by somebody else's hands ---- */

static int run_script(const struct place *place)
{
    char command[512];
    snprintf(command, sizeof command, "python3 %s '%s' > '%s/out.txt'", VERIFY_PY, place->path,
             place->folder);
    int status = system(command);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void section_8_a_script_of_the_standard_library_verifies_the_chains(void **state)
{
    (void)state;
    struct place place = make_place();
    struct rig rig = open_filled(&place);
    char line[256], name[160];
    uint8_t hash[32];
    int64_t seq;
    rig_ok(&rig, rc_store_head(rig.store, rig.site, &seq, hash));
    assert_int_equal(run_script(&place), 0);
    snprintf(name, sizeof name, "%s/out.txt", place.folder);
    FILE *out = fopen(name, "r");
    assert_non_null(out);
    bool found = false;
    while (fgets(line, sizeof line, out) != NULL)
        found = found || strncmp(line, "hq punches 3 ", 13) == 0;
    fclose(out);
    assert_true(found);
    rc_store_close(rig.store);
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open(place.path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "DROP TRIGGER punches_no_update; UPDATE punches SET note = 'x' WHERE seq = 1", NULL,
                     NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(run_script(&place), 1);
    rig_folder_remove(place.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_service_on_the_same_database_is_refused),
        cmocka_unit_test(nobody_else_may_read_the_files),
        cmocka_unit_test(nothing_is_made_beside_a_file_that_is_no_database),
        cmocka_unit_test(nothing_is_made_beside_another_programs_database),
        cmocka_unit_test(nothing_is_made_beside_a_database_of_a_newer_version),
        cmocka_unit_test(a_database_whose_rows_stand_in_its_wal_alone_is_ours),
        cmocka_unit_test(a_path_with_signs_of_uris_is_a_path),
        cmocka_unit_test(a_reader_of_a_database_that_a_crash_left_keeps_nobody_out),
        cmocka_unit_test(a_migration_killed_half_way_leaves_the_old_or_the_new_schema),
        cmocka_unit_test(a_backup_is_whole_and_replaces_nothing),
        cmocka_unit_test(a_backup_that_cannot_be_made_leaves_nothing),
        cmocka_unit_test(section_8_a_script_of_the_standard_library_verifies_the_chains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
