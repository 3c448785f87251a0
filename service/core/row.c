#include "core/model.h"

#include <assert.h>
#include <string.h>

struct rc_effect *rc_effect_push(struct rc_effects *out, enum rc_effect_kind kind)
{
    assert(out->count < out->capacity);
    struct rc_effect *effect = &out->items[out->count++];
    memset(effect, 0, sizeof *effect);
    effect->kind = kind;
    return effect;
}

void rc_site_touch(struct rc_engine *engine)
{
    if (engine->site_image.last_seq == RC_NONE) {
        engine->site_image = engine->site;
    }
}

struct rc_row *rc_row_push(struct rc_engine *engine, uint32_t employee, enum rc_type type,
                           enum rc_cause cause, int64_t at, struct rc_effects *out)
{
    rc_site_touch(engine);
    struct rc_row *row = &rc_effect_push(out, RC_FX_ROW)->row;
    row->seq = ++engine->site.last_seq;
    row->employee = engine->employees[employee].id;
    row->type = type;
    row->cause = cause;
    row->at = at;
    row->recorded_at = engine->at;
    row->device_at = RC_NONE;
    return row;
}

int64_t rc_row_label(const struct employee *employee, int64_t at, bool *review)
{
    const struct rc_ledger *ledger = &employee->record.ledger;
    if (ledger->last_seq != 0 && at < ledger->last_at) {
        *review = true;
        return ledger->last_at;
    }
    return at;
}
