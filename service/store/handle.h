/*
 * handle.h: what a store is made of: SQLite's handle, its prepared statements, the sites with the heads of
 * their chains, and the rule that nothing more is done after the disk failed. Private to store; the store's
 * thread.
 */
#ifndef RC_STORE_HANDLE_H
#define RC_STORE_HANDLE_H

#include "chain.h"
#include "statements.h"
#include "store/store.h"

#include <sqlite3.h>

/* Sites of one database. A site costs an MQTT connection and an engine of its own, so memory ends long
 * before; rc_store_site refuses more. */
#define RC_STORE_SITES_MAX 1024

/* SQLite's page cache, KiB: enough that a flush of some 10,000 sessions spread over a million does not read.
 */
#define RC_STORE_CACHE_KIB 131072

/* Pages of WAL after which a COMMIT folds it back by itself, when nobody called rc_store_checkpoint: 128 MiB,
 * which a restart reads in a quarter of a second. Less means that when everybody is punched out at once, the
 * same pages are written to the database again and again. The file is cut back to that size too. */
#define RC_STORE_WAL_PAGES 32768
#define RC_STORE_WAL_BYTES (RC_STORE_WAL_PAGES * 4096)

/* How long a statement waits for another process that holds a lock, ms: below the 2 s of P-7. */
#define RC_STORE_BUSY_MS 1500

/* Bytes of what a verdict said, with its NUL: the engine's longest has 46. More is cut. */
#define RC_STORE_MESSAGE_MAX 128

struct head {
    int64_t seq; /* 0: empty log */
    uint8_t hash[RC_HASH_BYTES];
};

/* What a rollback takes back. */
struct site_heads {
    struct head punches, audit;
    int audit_month; /* the last one in audit_months, as year * 12 + month - 1; 0: none */
};

struct site {
    struct rc_id name;
    struct site_heads now, committed;
    bool touched; /* now differs from committed */
};

struct rc_store {
    sqlite3 *db;
    char *path, *vfs, *boot_id;
    int lock_fd;                 /* -1: none */
    enum rc_store_result failed; /* not OK: only rc_store_recover may be called */
    bool in_transaction;
    int64_t boot; /* number of this boot */
    int64_t last_outbox;
    int month, month_committed; /* the newest month table, as audit_month above */
    sqlite3_stmt *audit_insert; /* into that of audit_insert_month */
    int audit_insert_month;
    const char *leaving; /* the table of audit_logs that is being archived (guard.h); NULL: none */
    int site_count;
    struct site *sites;
    struct rc_chain chain;
    sqlite3_stmt *statements[RC_SQL_COUNT];
    char verdict_message[RC_STORE_MESSAGE_MAX]; /* of the last verdict that was asked for */
    char error[RC_STORE_ERROR_MAX];
};

/* rc_handle_open opens the database of store->path, examines, migrates and prepares it; rc_handle_close
 * undoes that. On failure store->db is NULL and store->error says why. */
enum rc_store_result rc_handle_open(struct rc_store *store);
void rc_handle_close(struct rc_store *store);

/* rc_handle_fail keeps SQLite's message, and after FULL, IO or CORRUPT rolls back and closes the door. */
enum rc_store_result rc_handle_fail(struct rc_store *store, const char *what);
/* rc_handle_refuse keeps a message of our own; nothing was changed. */
enum rc_store_result rc_handle_refuse(struct rc_store *store, const char *message);
/* rc_handle_rollback goes back to what was committed, in the file and in memory. */
void rc_handle_rollback(struct rc_store *store);

/* rc_handle_exec runs SQL that gives no rows. */
enum rc_store_result rc_handle_exec(struct rc_store *store, const char *sql);

/* rc_handle_use returns the prepared statement of that SQL, ready to be bound, or NULL (then return
 * rc_handle_fail). Each is prepared once and kept. */
sqlite3_stmt *rc_handle_use(struct rc_store *store, enum rc_sql sql);

/* rc_handle_run steps a statement that gives no rows, and resets it. */
enum rc_store_result rc_handle_run(struct rc_store *store, sqlite3_stmt *statement);

/* rc_handle_row steps to the next row: true if there is one. At the end, or on a failure, it resets the
 * statement and sets *result. */
bool rc_handle_row(struct rc_store *store, sqlite3_stmt *statement, enum rc_store_result *result);

/* rc_handle_month_of gives the month of a wall time, as in site_heads, never before 1970 nor after 9999. */
int rc_handle_month_of(int64_t at);

/* Beginning of every function that writes: the door is open, and a transaction too. */
enum rc_store_result rc_handle_may_write(struct rc_store *store, int site);
/* Beginning of every function that only reads. */
enum rc_store_result rc_handle_may_read(struct rc_store *store, int site);

/* ---- binding, in the order of the ?s; texts must live until the statement was stepped ---- */

struct binder {
    sqlite3_stmt *statement;
    int next;
};
struct binder rc_bind(sqlite3_stmt *statement);
/* rc_bind_sql makes ready the prepared statement of that SQL, in *binder. */
enum rc_store_result rc_bind_sql(struct rc_store *store, enum rc_sql sql, struct binder *binder);
void rc_bind_int(struct binder *binder, int64_t value);
void rc_bind_some(struct binder *binder, int64_t value);       /* 0: NULL */
void rc_bind_given(struct binder *binder, int64_t value);      /* RC_NONE: NULL */
void rc_bind_text(struct binder *binder, struct rc_text text); /* empty: NULL */
void rc_bind_blob(struct binder *binder, struct rc_text bytes);
void rc_bind_word(struct binder *binder, const char *word);      /* NULL or "": NULL */
void rc_bind_id(struct binder *binder, const struct rc_id *id);  /* empty: NULL */
void rc_bind_key(struct binder *binder, const struct rc_id *id); /* empty: '' */

/* ---- columns ---- */

int64_t rc_column_some(sqlite3_stmt *statement, int column);  /* NULL: 0 */
int64_t rc_column_given(sqlite3_stmt *statement, int column); /* NULL: RC_NONE */
bool rc_column_bool(sqlite3_stmt *statement, int column);
struct rc_text rc_column_text(sqlite3_stmt *statement, int column); /* NULL: empty; until the next step */
void rc_column_id(sqlite3_stmt *statement, int column, struct rc_id *out); /* NULL, or no id: empty */

#endif
