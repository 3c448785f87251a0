#include "fault_vfs.h"

#include <assert.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECTOR    512
#define FILES_MAX 64 /* files on one memory disk: a database, its WAL, a journal, a copy or two */
#define SHM_MAX   64 /* regions of 32 KiB of a WAL index: enough for 250,000 pages of WAL */
#define PATH_MAX_ 256

/* A write or truncation that was not synced yet. */
struct pending {
    struct pending *next;
    bool truncate;
    sqlite3_int64 offset; /* of a truncation: the new size */
    size_t length;
    uint8_t data[];
};

struct bytes {
    uint8_t *data;
    size_t size, room;
};

/* A file on the memory disk: what readers see, and what would be left of it. */
struct node {
    char path[PATH_MAX_];
    bool used;
    struct bytes seen, durable;
    struct pending *first, **last;
    int opened;
    /* locks of all connections to it */
    int shared;
    bool reserved, pending_lock, exclusive;
    void *shm[SHM_MAX];
    int shm_opened;
    int shm_shared[SQLITE_SHM_NLOCK];
    bool shm_exclusive[SQLITE_SHM_NLOCK];
};

struct rc_fault_vfs {
    sqlite3_vfs vfs; /* first: SQLite's pointer is ours */
    sqlite3_vfs *real;
    enum rc_fault_disk disk;
    unsigned epoch; /* counts power losses; older handles are dead */
    unsigned ops;
    uint64_t left; /* operations of the plan before it strikes; 0: no plan */
    enum rc_fault fault;
    bool lasting, hit;
    uint64_t counts[RC_OP_COUNT];
    struct node nodes[FILES_MAX];
};

struct file {
    sqlite3_file base;
    struct rc_fault_vfs *owner;
    struct node *node; /* MEMORY */
    unsigned epoch;
    int level; /* SQLITE_LOCK_* */
    uint16_t shm_shared, shm_exclusive;
    bool shm_open, delete_on_close;
    sqlite3_file *real; /* REAL: behind this struct */
};

/* ---- the plan ---- */

static const int io_codes[] = {
    [RC_OP_READ] = SQLITE_IOERR_READ,  [RC_OP_WRITE] = SQLITE_IOERR_WRITE,
    [RC_OP_SYNC] = SQLITE_IOERR_FSYNC, [RC_OP_TRUNCATE] = SQLITE_IOERR_TRUNCATE,
    [RC_OP_OPEN] = SQLITE_CANTOPEN,    [RC_OP_DELETE] = SQLITE_IOERR_DELETE,
};

/* SQLITE_OK, or the code with which this operation is to fail. */
static int ask_plan(struct rc_fault_vfs *vfs, enum rc_fault_op op)
{
    vfs->counts[op]++;
    if ((vfs->ops & (1u << op)) == 0 || vfs->left == 0)
        return SQLITE_OK;
    if (vfs->left > 1) {
        vfs->left--;
        return SQLITE_OK;
    }
    if (vfs->hit && !vfs->lasting)
        return SQLITE_OK;
    vfs->hit = true;
    if (vfs->fault == RC_FAULT_KILL)
        raise(SIGKILL);
    return vfs->fault == RC_FAULT_FULL ? SQLITE_FULL : io_codes[op];
}

void rc_fault_vfs_plan(struct rc_fault_vfs *vfs, unsigned ops, uint64_t nth, enum rc_fault fault,
                       bool lasting)
{
    assert(nth > 0 && (fault != RC_FAULT_KILL || vfs->disk == RC_DISK_REAL));
    vfs->ops = ops;
    vfs->left = nth;
    vfs->fault = fault;
    vfs->lasting = lasting;
    vfs->hit = false;
}

void rc_fault_vfs_heal(struct rc_fault_vfs *vfs)
{
    vfs->left = 0;
}

bool rc_fault_vfs_hit(const struct rc_fault_vfs *vfs)
{
    return vfs->hit;
}

uint64_t rc_fault_vfs_count(const struct rc_fault_vfs *vfs, unsigned ops)
{
    uint64_t sum = 0;
    for (unsigned op = 0; op < RC_OP_COUNT; op++)
        if ((ops & (1u << op)) != 0)
            sum += vfs->counts[op];
    return sum;
}

/* ---- bytes ---- */

static void *must_have(void *memory)
{
    if (memory == NULL)
        abort(); /* a test machine without memory proves nothing */
    return memory;
}

static void resize(struct bytes *bytes, size_t size)
{
    if (size > bytes->room) {
        bytes->room = size < 4096 ? 4096 : size * 2;
        bytes->data = must_have(realloc(bytes->data, bytes->room));
    }
    if (size > bytes->size)
        memset(bytes->data + bytes->size, 0, size - bytes->size);
    bytes->size = size;
}

static void write_at(struct bytes *bytes, const uint8_t *data, size_t length, sqlite3_int64 offset)
{
    if ((size_t)offset + length > bytes->size)
        resize(bytes, (size_t)offset + length);
    memcpy(bytes->data + offset, data, length);
}

static void copy_bytes(struct bytes *to, const struct bytes *from)
{
    resize(to, from->size);
    if (from->size > 0)
        memcpy(to->data, from->data, from->size);
}

/* ---- nodes ---- */

static struct node *find_node(struct rc_fault_vfs *vfs, const char *path)
{
    for (int i = 0; i < FILES_MAX; i++)
        if (vfs->nodes[i].used && strcmp(vfs->nodes[i].path, path) == 0)
            return &vfs->nodes[i];
    return NULL;
}

static struct node *make_node(struct rc_fault_vfs *vfs, const char *path)
{
    for (int i = 0; i < FILES_MAX; i++) {
        struct node *node = &vfs->nodes[i];
        if (node->used || node->opened > 0)
            continue;
        memset(node, 0, sizeof *node);
        node->used = true;
        node->last = &node->first;
        snprintf(node->path, sizeof node->path, "%s", path);
        return node;
    }
    return NULL;
}

static void drop_pending(struct node *node)
{
    while (node->first != NULL) {
        struct pending *gone = node->first;
        node->first = gone->next;
        free(gone);
    }
    node->last = &node->first;
}

static void drop_shm(struct node *node)
{
    for (int i = 0; i < SHM_MAX; i++) {
        free(node->shm[i]);
        node->shm[i] = NULL;
    }
    memset(node->shm_shared, 0, sizeof node->shm_shared);
    memset(node->shm_exclusive, 0, sizeof node->shm_exclusive);
}

/* The name is free at once; handles that are still open keep the bytes until they are closed. */
static void remove_node(struct node *node)
{
    node->used = false;
    if (node->opened > 0)
        return;
    drop_pending(node);
    drop_shm(node);
    free(node->seen.data);
    free(node->durable.data);
    node->seen = node->durable = (struct bytes){NULL, 0, 0};
}

static void add_pending(struct node *node, bool truncate, sqlite3_int64 offset, const void *data,
                        size_t length)
{
    struct pending *pending = must_have(malloc(sizeof *pending + length));
    *pending = (struct pending){.truncate = truncate, .offset = offset, .length = length};
    if (length > 0)
        memcpy(pending->data, data, length);
    *node->last = pending;
    node->last = &pending->next;
}

/* ---- methods of files in memory ---- */

static struct file *file_of(sqlite3_file *base)
{
    return (struct file *)(void *)base;
}

/* A handle from before a power loss. */
static bool is_dead(const struct file *file)
{
    return file->epoch != file->owner->epoch;
}

static int memory_unlock(sqlite3_file *base, int level);
static int memory_shm_unmap(sqlite3_file *base, int delete);

static int memory_close(sqlite3_file *base)
{
    struct file *file = file_of(base);
    if (!is_dead(file)) {
        memory_unlock(base, SQLITE_LOCK_NONE);
        memory_shm_unmap(base, 0);
    }
    file->node->opened--;
    if (file->delete_on_close || !file->node->used)
        remove_node(file->node);
    return SQLITE_OK;
}

static int memory_read(sqlite3_file *base, void *out, int amount, sqlite3_int64 offset)
{
    struct file *file = file_of(base);
    int code = is_dead(file) ? SQLITE_IOERR_READ : ask_plan(file->owner, RC_OP_READ);
    if (code != SQLITE_OK)
        return code;
    const struct bytes *bytes = &file->node->seen;
    size_t wanted = (size_t)amount;
    size_t there = (size_t)offset >= bytes->size ? 0 : bytes->size - (size_t)offset;
    size_t got = there < wanted ? there : wanted;
    if (got > 0)
        memcpy(out, bytes->data + offset, got);
    memset((uint8_t *)out + got, 0, wanted - got);
    return got == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int memory_write(sqlite3_file *base, const void *data, int amount, sqlite3_int64 offset)
{
    struct file *file = file_of(base);
    int code = is_dead(file) ? SQLITE_IOERR_WRITE : ask_plan(file->owner, RC_OP_WRITE);
    size_t length = (size_t)amount;
    if (code == SQLITE_FULL)
        length /= 2; /* the disk took what it had room for */
    else if (code != SQLITE_OK)
        return code;
    if (length > 0) {
        write_at(&file->node->seen, data, length, offset);
        add_pending(file->node, false, offset, data, length);
    }
    return code;
}

static int memory_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    struct file *file = file_of(base);
    int code = is_dead(file) ? SQLITE_IOERR_TRUNCATE : ask_plan(file->owner, RC_OP_TRUNCATE);
    if (code != SQLITE_OK)
        return code;
    resize(&file->node->seen, (size_t)size);
    add_pending(file->node, true, size, NULL, 0);
    return SQLITE_OK;
}

static void apply(struct bytes *bytes, const struct pending *pending)
{
    if (pending->truncate)
        resize(bytes, (size_t)pending->offset);
    else
        write_at(bytes, pending->data, pending->length, pending->offset);
}

static int memory_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    struct file *file = file_of(base);
    int code = is_dead(file) ? SQLITE_IOERR_FSYNC : ask_plan(file->owner, RC_OP_SYNC);
    if (code != SQLITE_OK)
        return code;
    for (struct pending *pending = file->node->first; pending != NULL; pending = pending->next)
        apply(&file->node->durable, pending);
    drop_pending(file->node);
    return SQLITE_OK;
}

static int memory_size(sqlite3_file *base, sqlite3_int64 *size)
{
    *size = (sqlite3_int64)file_of(base)->node->seen.size;
    return is_dead(file_of(base)) ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

/* ---- locks between connections to one file; the rules of SQLite's own unix VFS ---- */

static int lock_up(struct file *file, struct node *node, int level)
{
    if (level == SQLITE_LOCK_SHARED) {
        if (node->pending_lock || node->exclusive)
            return SQLITE_BUSY;
        node->shared++;
    } else if (level == SQLITE_LOCK_RESERVED) {
        if (node->reserved)
            return SQLITE_BUSY;
        node->reserved = true;
    } else {
        if ((node->reserved && file->level < SQLITE_LOCK_RESERVED) ||
            (node->pending_lock && file->level < SQLITE_LOCK_PENDING))
            return SQLITE_BUSY;
        node->reserved = node->pending_lock = true;
        file->level = SQLITE_LOCK_PENDING;
        if (node->shared > 1)
            return SQLITE_BUSY;
        node->exclusive = true;
    }
    file->level = level;
    return SQLITE_OK;
}

static int memory_lock(sqlite3_file *base, int level)
{
    struct file *file = file_of(base);
    if (is_dead(file))
        return SQLITE_IOERR_LOCK;
    return level <= file->level ? SQLITE_OK : lock_up(file, file->node, level);
}

static int memory_unlock(sqlite3_file *base, int level)
{
    struct file *file = file_of(base);
    struct node *node = file->node;
    if (is_dead(file) || level >= file->level)
        return SQLITE_OK;
    if (file->level >= SQLITE_LOCK_PENDING)
        node->pending_lock = node->exclusive = false;
    if (file->level >= SQLITE_LOCK_RESERVED)
        node->reserved = false;
    if (level == SQLITE_LOCK_NONE)
        node->shared--;
    file->level = level;
    return SQLITE_OK;
}

static int memory_reserved(sqlite3_file *base, int *out)
{
    *out = file_of(base)->node->reserved;
    return SQLITE_OK;
}

/* ---- the WAL's shared index ---- */

static int memory_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    struct file *file = file_of(base);
    struct node *node = file->node;
    *out = NULL;
    if (is_dead(file) || region >= SHM_MAX)
        return SQLITE_IOERR_SHMMAP;
    if (!file->shm_open) {
        file->shm_open = true;
        node->shm_opened++;
    }
    if (node->shm[region] == NULL && extend)
        node->shm[region] = must_have(calloc(1, (size_t)size));
    *out = node->shm[region];
    return SQLITE_OK;
}

static bool shm_is_free(const struct node *node, const struct file *file, int slot, bool exclusive)
{
    uint16_t bit = (uint16_t)(1u << slot);
    int others = node->shm_shared[slot] - ((file->shm_shared & bit) != 0);
    if (node->shm_exclusive[slot] && (file->shm_exclusive & bit) == 0)
        return false;
    return !exclusive || others == 0;
}

static void shm_take(struct node *node, struct file *file, int slot, bool exclusive)
{
    uint16_t bit = (uint16_t)(1u << slot);
    if (exclusive) {
        node->shm_exclusive[slot] = true;
        file->shm_exclusive |= bit;
    } else if ((file->shm_shared & bit) == 0) {
        node->shm_shared[slot]++;
        file->shm_shared |= bit;
    }
}

static void shm_release(struct node *node, struct file *file, int slot)
{
    uint16_t bit = (uint16_t)(1u << slot);
    if ((file->shm_exclusive & bit) != 0)
        node->shm_exclusive[slot] = false;
    if ((file->shm_shared & bit) != 0)
        node->shm_shared[slot]--;
    file->shm_exclusive &= (uint16_t)~bit;
    file->shm_shared &= (uint16_t)~bit;
}

static int memory_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    struct file *file = file_of(base);
    bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0, lock = (flags & SQLITE_SHM_LOCK) != 0;
    if (is_dead(file))
        return lock ? SQLITE_IOERR_SHMLOCK : SQLITE_OK;
    for (int slot = offset; lock && slot < offset + count; slot++)
        if (!shm_is_free(file->node, file, slot, exclusive))
            return SQLITE_BUSY;
    for (int slot = offset; slot < offset + count; slot++) {
        if (lock)
            shm_take(file->node, file, slot, exclusive);
        else
            shm_release(file->node, file, slot);
    }
    return SQLITE_OK;
}

static void memory_shm_barrier(sqlite3_file *base)
{
    (void)base; /* one thread */
}

static int memory_shm_unmap(sqlite3_file *base, int delete)
{
    struct file *file = file_of(base);
    (void)delete; /* the last one out takes it along, as a reboot would */
    if (!file->shm_open)
        return SQLITE_OK;
    file->shm_open = false;
    if (is_dead(file))
        return SQLITE_OK;
    for (int slot = 0; slot < SQLITE_SHM_NLOCK; slot++)
        shm_release(file->node, file, slot);
    if (--file->node->shm_opened == 0)
        drop_shm(file->node);
    return SQLITE_OK;
}

static int memory_control(sqlite3_file *base, int op, void *argument)
{
    (void)base;
    (void)op;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int sector_size(sqlite3_file *base)
{
    (void)base;
    return SECTOR;
}

static int characteristics(sqlite3_file *base)
{
    (void)base;
    return 0; /* no promise: sectors may be torn apart and come in any order */
}

static const sqlite3_io_methods memory_methods = {
    .iVersion = 2,
    .xClose = memory_close,
    .xRead = memory_read,
    .xWrite = memory_write,
    .xTruncate = memory_truncate,
    .xSync = memory_sync,
    .xFileSize = memory_size,
    .xLock = memory_lock,
    .xUnlock = memory_unlock,
    .xCheckReservedLock = memory_reserved,
    .xFileControl = memory_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = memory_shm_map,
    .xShmLock = memory_shm_lock,
    .xShmBarrier = memory_shm_barrier,
    .xShmUnmap = memory_shm_unmap,
};

/* ---- methods of real files: the default VFS, after the plan was asked ---- */

static int real_close(sqlite3_file *base)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xClose(real);
}

static int real_read(sqlite3_file *base, void *out, int amount, sqlite3_int64 offset)
{
    sqlite3_file *real = file_of(base)->real;
    int code = ask_plan(file_of(base)->owner, RC_OP_READ);
    return code != SQLITE_OK ? code : real->pMethods->xRead(real, out, amount, offset);
}

static int real_write(sqlite3_file *base, const void *data, int amount, sqlite3_int64 offset)
{
    sqlite3_file *real = file_of(base)->real;
    int code = ask_plan(file_of(base)->owner, RC_OP_WRITE);
    return code != SQLITE_OK ? code : real->pMethods->xWrite(real, data, amount, offset);
}

static int real_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    sqlite3_file *real = file_of(base)->real;
    int code = ask_plan(file_of(base)->owner, RC_OP_TRUNCATE);
    return code != SQLITE_OK ? code : real->pMethods->xTruncate(real, size);
}

static int real_sync(sqlite3_file *base, int flags)
{
    sqlite3_file *real = file_of(base)->real;
    int code = ask_plan(file_of(base)->owner, RC_OP_SYNC);
    return code != SQLITE_OK ? code : real->pMethods->xSync(real, flags);
}

static int real_size(sqlite3_file *base, sqlite3_int64 *size)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xFileSize(real, size);
}

static int real_lock(sqlite3_file *base, int level)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xLock(real, level);
}

static int real_unlock(sqlite3_file *base, int level)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xUnlock(real, level);
}

static int real_reserved(sqlite3_file *base, int *out)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xCheckReservedLock(real, out);
}

static int real_control(sqlite3_file *base, int op, void *argument)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xFileControl(real, op, argument);
}

static int real_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmMap(real, region, size, extend, out);
}

static int real_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmLock(real, offset, count, flags);
}

static void real_shm_barrier(sqlite3_file *base)
{
    sqlite3_file *real = file_of(base)->real;
    real->pMethods->xShmBarrier(real);
}

static int real_shm_unmap(sqlite3_file *base, int delete)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmUnmap(real, delete);
}

static const sqlite3_io_methods real_methods = {
    .iVersion = 2,
    .xClose = real_close,
    .xRead = real_read,
    .xWrite = real_write,
    .xTruncate = real_truncate,
    .xSync = real_sync,
    .xFileSize = real_size,
    .xLock = real_lock,
    .xUnlock = real_unlock,
    .xCheckReservedLock = real_reserved,
    .xFileControl = real_control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = real_shm_map,
    .xShmLock = real_shm_lock,
    .xShmBarrier = real_shm_barrier,
    .xShmUnmap = real_shm_unmap,
};

/* ---- the VFS ---- */

static struct rc_fault_vfs *vfs_of(sqlite3_vfs *base)
{
    return (struct rc_fault_vfs *)(void *)base;
}

static int open_real(struct rc_fault_vfs *vfs, const char *path, struct file *file, int flags, int *out_flags)
{
    file->real = (sqlite3_file *)(void *)(file + 1);
    int code = vfs->real->xOpen(vfs->real, path, file->real, flags, out_flags);
    file->base.pMethods = file->real->pMethods == NULL ? NULL : &real_methods;
    return code;
}

static int open_memory(struct rc_fault_vfs *vfs, const char *path, struct file *file, int flags,
                       int *out_flags)
{
    const char *name = path == NULL ? "" : path; /* NULL: a temporary file of nobody's */
    struct node *node = path == NULL ? NULL : find_node(vfs, name);
    if (node == NULL && (flags & SQLITE_OPEN_CREATE) == 0)
        return SQLITE_CANTOPEN;
    if (node == NULL)
        node = make_node(vfs, name);
    if (node == NULL)
        return SQLITE_CANTOPEN;
    node->opened++;
    file->node = node;
    file->epoch = vfs->epoch;
    file->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    file->base.pMethods = &memory_methods;
    if (out_flags != NULL)
        *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_open(sqlite3_vfs *base, const char *path, sqlite3_file *out, int flags, int *out_flags)
{
    struct rc_fault_vfs *vfs = vfs_of(base);
    struct file *file = file_of(out);
    memset(file, 0, sizeof *file);
    file->owner = vfs;
    int code = ask_plan(vfs, RC_OP_OPEN);
    if (code != SQLITE_OK)
        return SQLITE_CANTOPEN;
    if (vfs->disk == RC_DISK_REAL)
        return open_real(vfs, path, file, flags, out_flags);
    return open_memory(vfs, path, file, flags, out_flags);
}

static int vfs_delete(sqlite3_vfs *base, const char *path, int sync)
{
    struct rc_fault_vfs *vfs = vfs_of(base);
    int code = ask_plan(vfs, RC_OP_DELETE);
    if (code != SQLITE_OK)
        return SQLITE_IOERR_DELETE;
    if (vfs->disk == RC_DISK_REAL)
        return vfs->real->xDelete(vfs->real, path, sync);
    struct node *node = find_node(vfs, path);
    if (node == NULL)
        return SQLITE_IOERR_DELETE_NOENT;
    remove_node(node);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *base, const char *path, int flags, int *out)
{
    struct rc_fault_vfs *vfs = vfs_of(base);
    if (vfs->disk == RC_DISK_REAL)
        return vfs->real->xAccess(vfs->real, path, flags, out);
    const struct node *node = find_node(vfs, path);
    *out = node != NULL && (flags != SQLITE_ACCESS_EXISTS || node->seen.size > 0);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *base, const char *path, int size, char *out)
{
    struct rc_fault_vfs *vfs = vfs_of(base);
    if (vfs->disk == RC_DISK_REAL)
        return vfs->real->xFullPathname(vfs->real, path, size, out);
    snprintf(out, (size_t)size, "%s", path);
    return SQLITE_OK;
}

static int vfs_randomness(sqlite3_vfs *base, int size, char *out)
{
    struct rc_fault_vfs *vfs = vfs_of(base);
    if (vfs->disk == RC_DISK_REAL)
        return vfs->real->xRandomness(vfs->real, size, out);
    for (int i = 0; i < size; i++) /* salts of the WAL: the same in every run */
        out[i] = (char)(i * 37 + 11);
    return size;
}

static int vfs_sleep(sqlite3_vfs *base, int microseconds)
{
    (void)base; /* nobody else runs meanwhile: waiting would change nothing */
    return microseconds;
}

static int vfs_time(sqlite3_vfs *base, double *out)
{
    (void)base;
    *out = 2460000.5; /* one day, for ever: nothing that is stored may depend on it */
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *base, int size, char *out)
{
    (void)base;
    if (size > 0)
        out[0] = '\0';
    return 0;
}

struct rc_fault_vfs *rc_fault_vfs_new(const char *name, enum rc_fault_disk disk)
{
    struct rc_fault_vfs *vfs = calloc(1, sizeof *vfs);
    if (vfs == NULL)
        return NULL;
    vfs->disk = disk;
    vfs->real = sqlite3_vfs_find(NULL);
    vfs->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(struct file) + (disk == RC_DISK_REAL ? vfs->real->szOsFile : 0),
        .mxPathname = disk == RC_DISK_REAL ? vfs->real->mxPathname : PATH_MAX_ - 1,
        .zName = name,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
    };
    if (sqlite3_vfs_register(&vfs->vfs, 0) == SQLITE_OK)
        return vfs;
    free(vfs);
    return NULL;
}

void rc_fault_vfs_free(struct rc_fault_vfs *vfs)
{
    if (vfs == NULL)
        return;
    sqlite3_vfs_unregister(&vfs->vfs);
    for (int i = 0; i < FILES_MAX; i++) {
        assert(vfs->nodes[i].opened == 0);
        remove_node(&vfs->nodes[i]);
    }
    free(vfs);
}

/* ---- the power ---- */

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u; /* splitmix64 */
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* Of one write, each sector of the disk that it touches arrived or did not. */
static void apply_sectors(struct bytes *bytes, const struct pending *pending, uint64_t *random)
{
    size_t done = 0;
    while (done < pending->length) {
        size_t at = (size_t)pending->offset + done;
        size_t room = SECTOR - at % SECTOR, left = pending->length - done;
        size_t piece = left < room ? left : room;
        if (next_random(random) % 2 == 0)
            write_at(bytes, pending->data + done, piece, (sqlite3_int64)at);
        done += piece;
    }
}

static void lose(struct node *node, enum rc_power_loss loss, uint64_t *random)
{
    for (struct pending *pending = node->first; pending != NULL; pending = pending->next) {
        if (loss == RC_LOSE_NOTHING)
            apply(&node->durable, pending);
        else if (loss == RC_LOSE_RANDOM && !pending->truncate)
            apply_sectors(&node->durable, pending, random);
        else if (loss == RC_LOSE_RANDOM && next_random(random) % 2 == 0)
            apply(&node->durable, pending);
    }
    drop_pending(node);
    copy_bytes(&node->seen, &node->durable);
    drop_shm(node);
    node->shm_opened = node->shared = 0;
    node->reserved = node->pending_lock = node->exclusive = false;
}

void rc_fault_vfs_power_loss(struct rc_fault_vfs *vfs, enum rc_power_loss loss, uint64_t seed)
{
    assert(vfs->disk == RC_DISK_MEMORY);
    uint64_t random = seed;
    vfs->epoch++;
    rc_fault_vfs_heal(vfs);
    for (int i = 0; i < FILES_MAX; i++)
        if (vfs->nodes[i].used)
            lose(&vfs->nodes[i], loss, &random);
}

/* ---- files, from outside ---- */

uint8_t *rc_fault_vfs_file(struct rc_fault_vfs *vfs, const char *path, size_t *size)
{
    struct node *node = find_node(vfs, path);
    *size = node == NULL ? 0 : node->seen.size;
    return node == NULL ? NULL : node->seen.data;
}

bool rc_fault_vfs_put(struct rc_fault_vfs *vfs, const char *path, const void *bytes, size_t size)
{
    struct node *node = find_node(vfs, path);
    if (node == NULL)
        node = make_node(vfs, path);
    if (node == NULL)
        return false;
    drop_pending(node);
    const struct bytes given = {(uint8_t *)(uintptr_t)bytes, size, size};
    copy_bytes(&node->seen, &given);
    copy_bytes(&node->durable, &given);
    return true;
}

void rc_fault_vfs_remove(struct rc_fault_vfs *vfs, const char *path)
{
    struct node *node = find_node(vfs, path);
    if (node != NULL)
        remove_node(node);
}
