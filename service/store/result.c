#include "result.h"

#include <assert.h>
#include <stdio.h>

static const char *const words[] = {
    [RC_STORE_OK] = "ok",
    [RC_STORE_NOT_FOUND] = "not found",
    [RC_STORE_IN_USE] = "in use by another service",
    [RC_STORE_NEWER] = "made by a newer version",
    [RC_STORE_NOT_A_DATABASE] = "not a Rollcall database",
    [RC_STORE_BROKEN_CHAIN] = "the hash chain is broken",
    [RC_STORE_WRONG_SCHEMA] = "the schema was changed",
    [RC_STORE_FULL] = "no space on the disk",
    [RC_STORE_IO] = "input/output error",
    [RC_STORE_CORRUPT] = "the file is damaged",
    [RC_STORE_REFUSED] = "refused",
    [RC_STORE_AHEAD] = "the failed batch is in the log after all",
};
_Static_assert(sizeof words / sizeof words[0] == RC_STORE_AHEAD + 1, "every result has words");

const char *rc_store_result_name(enum rc_store_result result)
{
    assert((unsigned)result <= RC_STORE_AHEAD);
    return words[result];
}

enum rc_store_result rc_result_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return RC_STORE_OK;
    case SQLITE_FULL:
        return RC_STORE_FULL;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return RC_STORE_CORRUPT;
    case SQLITE_CONSTRAINT:
    case SQLITE_AUTH:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR:
    case SQLITE_RANGE:
    case SQLITE_MISUSE:
    case SQLITE_TOOBIG:
        return RC_STORE_REFUSED;
    default: /* IOERR, BUSY past its timeout, READONLY, CANTOPEN, NOMEM, ...: it may work again later */
        return RC_STORE_IO;
    }
}

bool rc_result_is_fatal(enum rc_store_result result)
{
    return result == RC_STORE_FULL || result == RC_STORE_IO || result == RC_STORE_CORRUPT;
}

enum rc_store_result rc_result_line(sqlite3 *db, const char *what, char error[RC_STORE_ERROR_MAX])
{
    int code = sqlite3_extended_errcode(db);
    snprintf(error, RC_STORE_ERROR_MAX, "%s: %s (%d)", what, sqlite3_errmsg(db), code);
    enum rc_store_result result = rc_result_of(code);
    return result == RC_STORE_OK ? RC_STORE_IO : result;
}
