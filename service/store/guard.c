#include "guard.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

bool rc_guard_is_log(const char *table)
{
    static const char months[] = "audit_logs_";
    static const char *const others[] = {"punches", "training_policies", "audit_archives"};
    if (table == NULL)
        return false;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcasecmp(table, others[i]) == 0)
            return true;
    return strncasecmp(table, months, sizeof months - 1) == 0;
}

/* Reading pragmas is harmless; of those with a value only the checkpoint's own is needed after opening. */
static int pragma_verdict(const char *value)
{
    return value == NULL ? SQLITE_OK : SQLITE_DENY;
}

/* Only the service's own archiving says so, and only of a month that was copied. */
static bool is_leaving(const char *const *leaving, const char *table)
{
    return *leaving != NULL && table != NULL && strcmp(*leaving, table) == 0;
}

static int verdict(void *context, int action, const char *first, const char *second, const char *database,
                   const char *trigger)
{
    const char *const *leaving = context;
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
    case SQLITE_DROP_TABLE:
        return rc_guard_is_log(first) ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_DROP_INDEX: /* index, table */
        return rc_guard_is_log(second) ? SQLITE_DENY : SQLITE_OK;
    case SQLITE_DROP_TRIGGER: /* trigger, table */
    case SQLITE_ALTER_TABLE:  /* database, table */
        return is_leaving(leaving, second) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
        return SQLITE_DENY;
    case SQLITE_PRAGMA:
        return pragma_verdict(second);
    default:
        return SQLITE_OK;
    }
}

void rc_guard_install(sqlite3 *db, const char *const *leaving)
{
    sqlite3_set_authorizer(db, verdict, (void *)(uintptr_t)leaving); /* it is read only */
}
