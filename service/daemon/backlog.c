#include "daemon/backlog.h"

int64_t rc_backlog_away(int64_t written_at, int64_t started_at, int64_t at)
{
    int64_t away_ms = at - (written_at != RC_NONE ? written_at : started_at);
    return away_ms > 0 ? away_ms : 0;
}

void rc_backlog_up(struct rc_backlog *backlog, int64_t now, int64_t away_ms)
{
    *backlog = (struct rc_backlog){.draining = true, .away_ms = away_ms, .up_now = now, .queued_now = now};
}

void rc_backlog_down(struct rc_backlog *backlog)
{
    *backlog = (struct rc_backlog){0};
}

void rc_backlog_canary_sent(struct rc_backlog *backlog, int64_t now)
{
    backlog->canary_now = now;
}

bool rc_backlog_canary_back(struct rc_backlog *backlog, int64_t canary_now)
{
    if (canary_now < backlog->up_now || canary_now > backlog->canary_now)
        return false;
    backlog->draining = false;
    return true;
}

/* Looks only, and ends nothing: the loop asks for its own time, too, which is ahead of what waits in the
 * inbox. */
bool rc_backlog_drains(const struct rc_backlog *backlog, int64_t now)
{
    return backlog->draining && now - backlog->queued_now < RC_BACKLOG_MS_MAX;
}

static struct rc_sent sent_before(const struct rc_inbound *entry, int64_t waited_ms)
{
    if (waited_ms < 0)
        waited_ms = 0; /* the broker's clock is ahead of ours: nothing is sent in the future */
    return (struct rc_sent){.now = entry->now - waited_ms, .at = entry->at - waited_ms, .marked = true};
}

/* Returns how long the message waited by what is left of its Message Expiry; RC_NONE: that does not say. */
static int64_t waited_by_expiry(const struct rc_backlog *backlog, const struct rc_inbound *entry)
{
    if (entry->expiry_s < 0 || entry->expiry_s > RC_MESSAGE_EXPIRY_S)
        return RC_NONE;
    int64_t waited_ms = (RC_MESSAGE_EXPIRY_S - entry->expiry_s) * 1000;
    int64_t waited_ms_max = backlog->away_ms + (entry->now - backlog->up_now) + RC_AWAY_SLACK_MS;
    return waited_ms <= waited_ms_max ? waited_ms : RC_NONE;
}

struct rc_sent rc_sent_when(const struct rc_backlog *backlog, const struct rc_inbound *entry,
                            bool verified_only)
{
    if (entry->verified && entry->rc_at != RC_NONE)
        return sent_before(entry, entry->at - entry->rc_at);
    if (!verified_only && rc_backlog_drains(backlog, entry->now)) {
        int64_t waited_ms = waited_by_expiry(backlog, entry);
        if (waited_ms != RC_NONE)
            return sent_before(entry, waited_ms);
    }
    return (struct rc_sent){.now = entry->now, .at = entry->at};
}

void rc_backlog_took(struct rc_backlog *backlog, const struct rc_inbound *entry, const struct rc_sent *sent)
{
    bool may_have_waited = entry->qos > 0 && (!sent->marked || sent->now < backlog->up_now);
    if (may_have_waited && rc_backlog_drains(backlog, entry->now) && entry->now > backlog->queued_now)
        backlog->queued_now = entry->now;
}
