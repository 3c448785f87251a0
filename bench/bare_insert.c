#include "bare_insert.h"

#include "store/handle.h" /* the service's pragmas */
#include "wire_client.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXTS 7

/* A row as it is bound: texts one after the other, each with its NUL. */
struct row {
    int64_t seq, at;
    char *texts[TEXTS]; /* site, event, user, session, result, detail, hash; NULL: none */
};

struct bare {
    sqlite3 *db;
    struct row *rows;
    long count;
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void must(sqlite3 *db, int code, const char *what)
{
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW)
        wire_client_give_up("%s: %s", what, sqlite3_errmsg(db));
}

static void exec(sqlite3 *db, const char *sql)
{
    must(db, sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static char *text_of(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text == NULL ? NULL : strdup(text);
}

static void read_rows(struct bare *bare, const char *path, long rows_max)
{
    static const char sql[] = "SELECT seq, at, site, event, user_id, session_id, result, detail, hash "
                              "FROM audit_logs WHERE event = 'SESSION_HEARTBEAT' LIMIT ?";
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    must(db, sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), path);
    must(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL), sql);
    sqlite3_bind_int64(statement, 1, rows_max);
    bare->rows = calloc((size_t)rows_max, sizeof *bare->rows);
    if (bare->rows == NULL)
        wire_client_give_up("no memory");
    while (bare->count < rows_max && sqlite3_step(statement) == SQLITE_ROW) {
        struct row *row = &bare->rows[bare->count++];
        row->seq = sqlite3_column_int64(statement, 0);
        row->at = sqlite3_column_int64(statement, 1);
        for (int i = 0; i < TEXTS; i++)
            row->texts[i] = text_of(statement, 2 + i);
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static void open_file(struct bare *bare, const char *path)
{
    char pragmas[256];
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-%d; "
             "PRAGMA wal_autocheckpoint=%d; PRAGMA journal_size_limit=%d",
             RC_STORE_CACHE_KIB, RC_STORE_WAL_PAGES, RC_STORE_WAL_BYTES);
    must(bare->db, sqlite3_open(path, &bare->db), path);
    exec(bare->db, pragmas);
    exec(bare->db,
         "CREATE TABLE audit (site TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, event "
         "TEXT NOT NULL, user_id TEXT, session_id TEXT, result TEXT, detail TEXT, hash TEXT NOT NULL, "
         "PRIMARY KEY (site, seq)) STRICT, WITHOUT ROWID");
}

static void insert(struct bare *bare, sqlite3_stmt *statement, const struct row *row)
{
    sqlite3_bind_int64(statement, 1, row->seq);
    sqlite3_bind_int64(statement, 2, row->at);
    for (int i = 0; i < TEXTS; i++)
        sqlite3_bind_text(statement, 3 + i, row->texts[i], -1, SQLITE_STATIC);
    must(bare->db, sqlite3_step(statement), "INSERT");
    sqlite3_reset(statement);
}

static double write_rows(struct bare *bare, long batch)
{
    sqlite3_stmt *statement = NULL;
    must(bare->db,
         sqlite3_prepare_v2(
             bare->db,
             "INSERT INTO audit (seq, at, site, event, user_id, session_id, result, detail, hash) "
             "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
             -1, &statement, NULL),
         "INSERT");
    double start = seconds();
    for (long i = 0; i < bare->count; i += batch) {
        exec(bare->db, "BEGIN IMMEDIATE");
        for (long j = i; j < bare->count && j < i + batch; j++)
            insert(bare, statement, &bare->rows[j]);
        exec(bare->db, "COMMIT");
    }
    double took = seconds() - start;
    sqlite3_finalize(statement);
    return took;
}

static double bytes_a_row(struct bare *bare)
{
    sqlite3_stmt *statement = NULL;
    exec(bare->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    must(bare->db,
         sqlite3_prepare_v2(bare->db,
                            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", -1,
                            &statement, NULL),
         "page_count");
    must(bare->db, sqlite3_step(statement), "page_count");
    double bytes = sqlite3_column_double(statement, 0);
    sqlite3_finalize(statement);
    return bytes / (double)bare->count;
}

static void remove_file(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[600];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

struct bare_insert bare_insert(const char *path, const char *folder, long rows_max, long batch)
{
    char file[512];
    struct bare bare = {0};
    snprintf(file, sizeof file, "%s/bare.db", folder);
    read_rows(&bare, path, rows_max);
    if (bare.count == 0)
        wire_client_give_up("%s holds no audited heartbeats", path);
    open_file(&bare, file);
    struct bare_insert result = {.rows = bare.count, .seconds = write_rows(&bare, batch < 1 ? 1 : batch)};
    result.bytes_a_row = bytes_a_row(&bare);
    sqlite3_close(bare.db);
    remove_file(file);
    for (long i = 0; i < bare.count; i++)
        for (int j = 0; j < TEXTS; j++)
            free(bare.rows[i].texts[j]);
    free(bare.rows);
    return result;
}
