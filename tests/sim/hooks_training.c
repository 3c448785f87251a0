/* Where training is watched, and where its planted bugs are. */
#include "hooks.h"

#include "plant.h"
#include "service_parts.h"
#include "training.h"

#include <string.h>

struct rc_training_verdict __wrap_rc_training_judge(struct rc_training_ledger *ledger, uint32_t judge,
                                                    int64_t now, int64_t at)
{
    struct sim_world *world = sim_current;
    sim_boundary();
    struct rc_training_verdict verdict = __real_rc_training_judge(ledger, judge, now, at);
    sim_training_judged(world, ledger, &verdict, now, at);
    struct rc_training_site *side = &ledger->sites[judge];
    int64_t over_ms = at + side->terms.interval_ms - side->day.end_at;
    if (sim_planted(world, SIM_PLANT_REFUSED_COVERS) && verdict.result == RC_TRAINING_LOCKED && over_ms > 0)
        side->user.next_ms += over_ms;
    return verdict;
}

bool __wrap_rc_training_roll(struct rc_training_site *site, int64_t at, const struct rc_local_day *today,
                             const struct rc_local_day *next)
{
    int64_t before_ms = site->user.ms;
    bool another = __real_rc_training_roll(site, at, today, next);
    if (another && sim_planted(sim_current, SIM_PLANT_OLD_LOCK))
        site->user.ms += before_ms;
    return another;
}

int64_t __wrap_rc_day_clock_look(struct rc_day_clock *clock, int64_t now, int64_t at, bool *changed)
{
    int64_t label = __real_rc_day_clock_look(clock, now, at, changed);
    sim_training_clock(sim_current, now, at, label);
    return label;
}

enum rc_store_result __wrap_rc_store_audit(struct rc_store *store, int site, const struct rc_audit *audit)
{
    struct sim_world *world = sim_current;
    sim_boundary();
    if (sim_planted(world, SIM_PLANT_NO_LIMIT_ROW) && strcmp(audit->event, "DAILY_LIMIT_REACHED") == 0)
        return RC_STORE_OK;
    enum rc_store_result result = __real_rc_store_audit(store, site, audit);
    if (result == RC_STORE_OK)
        sim_training_audited(world, audit);
    return result;
}

enum rc_store_result __wrap_rc_store_training_save_day(struct rc_store *store, int site,
                                                       const struct rc_id *user,
                                                       const struct rc_training_day *day,
                                                       const struct rc_local_day *next)
{
    sim_boundary();
    if (sim_planted(sim_current, SIM_PLANT_DAY_OUTSIDE))
        sim_current->service->written =
            (struct written_day){.is = true, .site = site, .user = *user, .day = *day, .next = *next};
    return __real_rc_store_training_save_day(store, site, user, day, next);
}

void hooks_training_committed(void)
{
    sim_current->service->written.is = false;
}

void hooks_training_undone(void)
{
    struct written_day *written = &sim_current->service->written;
    written->lost = written->lost || written->is;
    written->is = false;
}

void hooks_training_begun(struct rc_store *store)
{
    struct written_day *written = &sim_current->service->written;
    if (written->lost)
        __real_rc_store_training_save_day(store, written->site, &written->user, &written->day,
                                          &written->next);
    written->lost = false;
}

enum rc_store_result __wrap_rc_store_training_ended(struct rc_store *store, int site, int64_t at,
                                                    uint32_t limit, rc_store_current_fn *each, void *context)
{
    if (sim_planted(sim_current, SIM_PLANT_NO_TURN))
        return RC_STORE_OK;
    return __real_rc_store_training_ended(store, site, at, limit, each, context);
}

enum rc_store_result __wrap_rc_store_training_next_end(struct rc_store *store, int site, int64_t *end_at)
{
    enum rc_store_result result = __real_rc_store_training_next_end(store, site, end_at);
    if (sim_planted(sim_current, SIM_PLANT_NO_TURN))
        *end_at = INT64_MAX;
    return result;
}

enum rc_store_result __wrap_rc_store_day_clock_save(struct rc_store *store, const struct rc_day_clock *clock)
{
    enum rc_store_result result = __real_rc_store_day_clock_save(store, clock);
    if (result == RC_STORE_OK)
        sim_training_clock_saving(sim_current);
    return result;
}
