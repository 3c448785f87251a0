/*
 * fault_vfs.h: a SQLite VFS for tests, with a disk that can fail, fill up, and lose its power. Decides
 * nothing of its own: the test says what fails and when, and the same plan and seed give the same disk, byte
 * for byte.
 *
 * Two kinds of disk. MEMORY keeps all files in memory, apart from any real one, and knows for each of them
 * what was synced and what was only written, so that it can lose power. REAL hands everything to the default
 * VFS and only counts, fails, or kills the process: for tests with more than one process.
 *
 *     write ──▶ pending writes ──(sync)──▶ durable          power loss: none, or a random subset, of what is
 * pending
 *
 * Every VFS is registered under its own name; give that as rc_store_options.vfs. One thread at a time.
 * Connections to the same MEMORY file within the process see each other and are locked against each other as
 * on a real disk.
 */
#ifndef RC_TESTS_FAULT_VFS_H
#define RC_TESTS_FAULT_VFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rc_fault_vfs;

enum rc_fault_disk { RC_DISK_MEMORY, RC_DISK_REAL };

/* What can be counted and can fail. */
enum rc_fault_op {
    RC_OP_READ,
    RC_OP_WRITE,
    RC_OP_SYNC,
    RC_OP_TRUNCATE,
    RC_OP_OPEN,
    RC_OP_DELETE,
    RC_OP_COUNT
};
#define RC_OPS_CHANGING ((1u << RC_OP_WRITE) | (1u << RC_OP_SYNC) | (1u << RC_OP_TRUNCATE))
#define RC_OPS_ALL      ((1u << RC_OP_COUNT) - 1u)

enum rc_fault {
    RC_FAULT_IO,   /* SQLITE_IOERR_* of that operation; a failed sync made nothing durable */
    RC_FAULT_FULL, /* SQLITE_FULL; of a write the first half was done */
    RC_FAULT_KILL, /* SIGKILL to this process before the operation (REAL only) */
};

/* rc_fault_vfs_new makes a disk and registers it under name (which must outlive it); NULL: no memory. */
struct rc_fault_vfs *rc_fault_vfs_new(const char *name, enum rc_fault_disk disk);
/* rc_fault_vfs_free unregisters it; every database on it must be closed. */
void rc_fault_vfs_free(struct rc_fault_vfs *vfs);

/* rc_fault_vfs_plan lets the nth operation from now (1: the next) out of the set `ops` (bits 1 <<
 * rc_fault_op) fail; with `lasting` all later ones of the set too, until rc_fault_vfs_heal. Replaces the plan
 * before. */
void rc_fault_vfs_plan(struct rc_fault_vfs *vfs, unsigned ops, uint64_t nth, enum rc_fault fault,
                       bool lasting);
/* rc_fault_vfs_heal drops the plan. */
void rc_fault_vfs_heal(struct rc_fault_vfs *vfs);
/* rc_fault_vfs_hit says whether the plan has let anything fail yet. */
bool rc_fault_vfs_hit(const struct rc_fault_vfs *vfs);
/* rc_fault_vfs_count returns how many operations out of `ops` were asked for since the start. */
uint64_t rc_fault_vfs_count(const struct rc_fault_vfs *vfs, unsigned ops);

enum rc_power_loss {
    RC_LOSE_ALL,    /* everything not synced is gone */
    RC_LOSE_RANDOM, /* of the writes not synced each 512-byte sector is on the disk or not, by the seed, in
                       any order */
    RC_LOSE_NOTHING /* the process died, the machine did not */
};
/* rc_fault_vfs_power_loss (MEMORY) cuts the power and brings it back: contents are what was durable, locks
 * are gone, the plan is dropped. Databases that are still open on it answer every call with an I/O error from
 * then on and can only be closed. */
void rc_fault_vfs_power_loss(struct rc_fault_vfs *vfs, enum rc_power_loss loss, uint64_t seed);

/* rc_fault_vfs_file (MEMORY) lends the bytes of a file as written, NULL if there is no such file; valid until
 * the next operation. The test may change them in place: a disk that lies. */
uint8_t *rc_fault_vfs_file(struct rc_fault_vfs *vfs, const char *path, size_t *size);
/* rc_fault_vfs_put (MEMORY) makes or replaces a file, durable at once. */
bool rc_fault_vfs_put(struct rc_fault_vfs *vfs, const char *path, const void *bytes, size_t size);
/* rc_fault_vfs_remove (MEMORY) removes a file if it is there. */
void rc_fault_vfs_remove(struct rc_fault_vfs *vfs, const char *path);

#endif
