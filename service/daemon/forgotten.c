#include "daemon/forgotten.h"

#include "core/names.h"
#include "daemon/log.h"

#include <stdlib.h>

struct names {
    struct rc_id employee, session;
};

struct search {
    const struct rc_engine *engine;
    struct names *found;
    size_t count;
    bool cut; /* there was no memory for more */
};

static bool is_known(const struct rc_engine *engine, const struct rc_session_row *row)
{
    struct rc_session_row known;
    uint32_t cursor = 0;
    if (row->employee.length == 0)
        return rc_engine_is_device(engine, &row->session);
    while (rc_engine_each_session(engine, &row->employee, &cursor, &known)) {
        if (rc_id_equal(&known.session, &row->session))
            return true;
    }
    return false;
}

static bool look(void *context, const struct rc_session_row *row)
{
    struct search *search = context;
    if (is_known(search->engine, row))
        return true;
    size_t count = search->count;
    if ((count & (count - 1)) == 0) { /* grows by doubling, at powers of two */
        struct names *grown = realloc(search->found, (count ? 2 * count : 1) * sizeof *grown);
        search->cut = !grown;
        if (!grown)
            return false;
        search->found = grown;
    }
    search->found[search->count++] = (struct names){.employee = row->employee, .session = row->session};
    return true;
}

static bool forget(const struct rc_applying *applying, const struct search *search)
{
    for (size_t i = 0; i < search->count; i++) {
        struct rc_effect effect = {.kind = RC_FX_FORGET};
        effect.forget.employee = search->found[i].employee;
        effect.forget.session = search->found[i].session;
        if (!rc_apply(applying, &effect))
            return false;
    }
    return true;
}

bool rc_forgotten_again(const struct rc_applying *applying)
{
    struct rc_service *service = applying->service;
    struct search search = {.engine = applying->site->engine};
    enum rc_store_result result =
        rc_store_load_sessions(service->store, applying->site->number, look, &search);
    bool done = rc_batch_check(service, result) && forget(applying, &search);
    /* those that are left out are loaded at the next start, and forgotten at once then */
    if (search.cut)
        rc_log(RC_LOG_WARN, "forgotten_again_cut", RC_F_ID("site", &applying->site->name),
               RC_F_INT("done", search.count));
    free(search.found);
    return done;
}
