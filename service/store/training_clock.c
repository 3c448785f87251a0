/* The day clock over restarts: one line in `meta`, with the boot that it is of: see training.h. */
#include "handle.h"
#include "store/training.h"

#include <stdio.h>
#include <stdlib.h>

/* Four numbers of at most 20 characters, with blanks between them. */
#define LINE_MAX_BYTES 96

static const char name[] = "day_clock";

static bool read_line(const char *text, int64_t values[4])
{
    for (int i = 0; i < 4; i++) {
        char *end;
        values[i] = strtoll(text, &end, 10);
        if (end == text)
            return false;
        text = end;
    }
    return *text == '\0';
}

enum rc_store_result rc_store_day_clock(struct rc_store *store, struct rc_day_clock *out)
{
    struct binder binder;
    int64_t values[4];
    bool found = false;
    enum rc_store_result result = store->failed;
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_META_GET, &binder);
    if (result != RC_STORE_OK)
        return result;
    rc_bind_word(&binder, name);
    if (rc_handle_row(store, binder.statement, &result)) {
        const char *text = (const char *)sqlite3_column_text(binder.statement, 0);
        found = text != NULL && read_line(text, values) && values[0] == store->boot;
        sqlite3_reset(binder.statement);
    }
    if (result != RC_STORE_OK)
        return result;
    if (!found)
        return RC_STORE_NOT_FOUND;
    *out = (struct rc_day_clock){.offset_ms = values[1], .other_ms = values[2], .other_since_now = values[3]};
    return RC_STORE_OK;
}

enum rc_store_result rc_store_day_clock_save(struct rc_store *store, const struct rc_day_clock *clock)
{
    char line[LINE_MAX_BYTES];
    struct binder binder;
    enum rc_store_result result = store->failed;
    if (result == RC_STORE_OK && !store->in_transaction)
        result = rc_handle_refuse(store, "no transaction is open");
    if (result == RC_STORE_OK)
        result = rc_bind_sql(store, RC_SQL_META_SET, &binder);
    if (result != RC_STORE_OK)
        return result;
    snprintf(line, sizeof line, "%lld %lld %lld %lld", (long long)store->boot, (long long)clock->offset_ms,
             (long long)clock->other_ms, (long long)clock->other_since_now);
    rc_bind_word(&binder, name);
    rc_bind_word(&binder, line);
    return rc_handle_run(store, binder.statement);
}
