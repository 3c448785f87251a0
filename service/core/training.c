#include "core/training.h"

#include <assert.h>
#include <string.h>

#define MINUTE_MS 60000

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t length_ms(struct rc_span span)
{
    return most(span.to_now - span.from_now, 0);
}

/* ---- the union (T-2) ---- */

/* Writes the pieces of span that are not covered to out, which has room for one more than the cover has, and
 * returns how many there are. */
static uint32_t uncovered(struct rc_span span, const struct rc_cover *cover, struct rc_span *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < cover->count; i++) {
        struct rc_span before = {span.from_now, least(span.to_now, cover->spans[i].from_now)};
        if (length_ms(before) > 0) {
            out[count++] = before;
        }
        span.from_now = most(span.from_now, cover->spans[i].to_now);
    }
    if (length_ms(span) > 0) {
        out[count++] = span;
    }
    return count;
}

/* Of spans in order, the gap after spans[i] is closed. */
static void close_gap(struct rc_span *spans, uint32_t *count, uint32_t i)
{
    spans[i].to_now = most(spans[i].to_now, spans[i + 1].to_now);
    memmove(&spans[i + 1], &spans[i + 2], (*count - i - 2) * sizeof *spans);
    (*count)--;
}

static uint32_t smallest_gap(const struct rc_span *spans, uint32_t count)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i + 1 < count; i++) {
        if (spans[i + 1].from_now - spans[i].to_now < spans[best + 1].from_now - spans[best].to_now) {
            best = i;
        }
    }
    return best;
}

static void cover_add(struct rc_cover *cover, struct rc_span span)
{
    struct rc_span spans[RC_TRAINING_SPANS_MAX + 1];
    uint32_t count = cover->count + 1, place = 0;
    if (length_ms(span) == 0) {
        return;
    }
    while (place < cover->count && cover->spans[place].from_now < span.from_now) {
        place++;
    }
    memcpy(spans, cover->spans, place * sizeof *spans);
    spans[place] = span;
    memcpy(&spans[place + 1], &cover->spans[place], (cover->count - place) * sizeof *spans);
    for (uint32_t i = 0; i + 1 < count;) {
        if (spans[i + 1].from_now <= spans[i].to_now) {
            close_gap(spans, &count, i);
        } else {
            i++;
        }
    }
    if (count > RC_TRAINING_SPANS_MAX) {
        close_gap(spans, &count, smallest_gap(spans, count));
    }
    memcpy(cover->spans, spans, count * sizeof *spans);
    cover->count = count;
}

/* What lies behind is counted; what lies too far ahead was never heard (RC_TRAINING_INTERVAL_MS_MAX). */
static void cover_from(struct rc_cover *cover, int64_t now)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < cover->count; i++) {
        struct rc_span ahead = {most(cover->spans[i].from_now, now),
                                least(cover->spans[i].to_now, now + RC_TRAINING_INTERVAL_MS_MAX)};
        if (length_ms(ahead) > 0) {
            cover->spans[count++] = ahead;
        }
    }
    cover->count = count;
}

/* ---- the limit (T-3) ---- */

/* The moment in span at which what it adds to the cover uses up room_ms; the end of span if it never does. */
static int64_t used_up_now(struct rc_span span, const struct rc_cover *cover, int64_t room_ms)
{
    struct rc_span pieces[RC_TRAINING_SPANS_MAX + 1];
    uint32_t count = uncovered(span, cover, pieces);
    if (room_ms <= 0) {
        return span.from_now;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (length_ms(pieces[i]) >= room_ms) {
            return pieces[i].from_now + room_ms;
        }
        room_ms -= length_ms(pieces[i]);
    }
    return span.to_now;
}

/* One day's part of a heartbeat, cut where the day's limit is, or the course's. */
static struct rc_span cut(const struct rc_training_ledger *ledger, struct rc_span part,
                          const struct rc_training_terms *terms, int64_t user_ms, int64_t course_ms)
{
    int64_t to_now = used_up_now(part, &ledger->cover, terms->limit_ms - user_ms);
    if (terms->course_limit_ms != RC_NONE) {
        int64_t room_ms = terms->course_limit_ms - course_ms;
        to_now = least(to_now, used_up_now(part, &ledger->course_cover, room_ms));
    }
    return (struct rc_span){part.from_now, to_now};
}

bool rc_training_locked(const struct rc_training_site *site)
{
    return site->user.ms >= site->terms.limit_ms;
}

bool rc_training_course_locked(const struct rc_training_site *site)
{
    return site->terms.course_limit_ms != RC_NONE && site->course.ms >= site->terms.course_limit_ms;
}

int64_t rc_training_counted(int64_t ms, int64_t limit_ms)
{
    return least(ms, limit_ms);
}

int64_t rc_training_minutes(int64_t ms, int64_t limit_ms)
{
    int64_t minutes = (ms + MINUTE_MS / 2) / MINUTE_MS, limit = limit_ms / MINUTE_MS;
    return ms >= limit_ms ? limit : most(0, least(minutes, limit - 1));
}

/* ---- the day (T-2) ---- */

static bool same_date(const struct rc_local_day *a, const struct rc_local_day *b)
{
    return memcmp(a->date, b->date, RC_DATE_MAX) == 0;
}

/* What was counted for a date stays with that date, whatever day comes next. */
static struct rc_training_total rolled(const struct rc_training_site *site, struct rc_training_total total,
                                       const struct rc_local_day *today, const struct rc_local_day *next)
{
    if (same_date(&site->day, today)) {
        total.next_ms = same_date(&site->next, next) ? total.next_ms : 0;
        return total;
    }
    return (struct rc_training_total){.ms = same_date(&site->next, today) ? total.next_ms : 0};
}

bool rc_training_roll(struct rc_training_site *site, int64_t at, const struct rc_local_day *today,
                      const struct rc_local_day *next)
{
    if (site->day.date[0] != '\0' && at < site->day.start_at) {
        return false;
    }
    bool another = !same_date(&site->day, today);
    site->user = rolled(site, site->user, today, next);
    site->course = rolled(site, site->course, today, next);
    site->day = *today;
    site->next = *next;
    return another;
}

static int64_t midnight_now(const struct rc_training_site *site, int64_t now, int64_t at)
{
    return now + (site->day.end_at - at);
}

static void add(struct rc_training_total *total, struct rc_span piece, int64_t midnight)
{
    total->ms += length_ms((struct rc_span){piece.from_now, least(piece.to_now, midnight)});
    total->next_ms += length_ms((struct rc_span){most(piece.from_now, midnight), piece.to_now});
}

/* ---- the break ---- */

/* A gap of so much ends the run: the judge's break, or where it asks for none, the longest that another site
 * does, so that its heartbeats wipe out no one else's run. */
static int64_t break_ms(const struct rc_training_ledger *ledger, const struct rc_training_site *judge)
{
    int64_t longest_ms = 0;
    for (uint32_t i = 0; i < ledger->site_count; i++) {
        longest_ms = most(longest_ms, ledger->sites[i].terms.break_ms);
    }
    return judge->terms.break_ms > 0 ? judge->terms.break_ms : longest_ms;
}

static bool run_is_over(const struct rc_training_ledger *ledger, const struct rc_training_site *judge,
                        int64_t now)
{
    return ledger->run_ms == 0 || now - ledger->run_until_now >= break_ms(ledger, judge);
}

static bool break_is_due(const struct rc_training_ledger *ledger, const struct rc_training_site *judge,
                         int64_t now)
{
    return judge->terms.break_ms > 0 && ledger->run_ms >= judge->terms.break_after_ms &&
           !run_is_over(ledger, judge, now);
}

/* ---- one heartbeat ---- */

/* What the heartbeat covers: [now, now + interval), cut on both sides of midnight. */
static void covers(const struct rc_training_ledger *ledger, const struct rc_training_site *judge, int64_t now,
                   int64_t at, struct rc_span parts[2])
{
    int64_t end = now + judge->terms.interval_ms;
    int64_t midnight = most(now, least(midnight_now(judge, now, at), end));
    parts[0] = cut(ledger, (struct rc_span){now, midnight}, &judge->terms, judge->user.ms, judge->course.ms);
    parts[1] = cut(ledger, (struct rc_span){midnight, end}, &judge->next_terms, judge->user.next_ms,
                   judge->course.next_ms);
}

/* Adds a part to the course's union at each site. */
static void count_course(struct rc_training_ledger *ledger, struct rc_span part, int64_t now, int64_t at)
{
    struct rc_span pieces[RC_TRAINING_SPANS_MAX + 1];
    uint32_t count = uncovered(part, &ledger->course_cover, pieces);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < ledger->site_count; k++) {
            struct rc_training_site *site = &ledger->sites[k];
            add(&site->course, pieces[i], midnight_now(site, now, at));
        }
    }
    cover_add(&ledger->course_cover, part);
}

/* Adds a part to the user's union at each site, and to the run. */
static void count_user(struct rc_training_ledger *ledger, struct rc_span part, int64_t now, int64_t at,
                       struct rc_training_verdict *verdict)
{
    struct rc_span *pieces = &verdict->added[verdict->added_count];
    uint32_t count = uncovered(part, &ledger->cover, pieces);
    for (uint32_t i = 0; i < count; i++) {
        ledger->run_ms += length_ms(pieces[i]);
        ledger->run_until_now = most(ledger->run_until_now, pieces[i].to_now);
        for (uint32_t k = 0; k < ledger->site_count; k++) {
            struct rc_training_site *site = &ledger->sites[k];
            add(&site->user, pieces[i], midnight_now(site, now, at));
        }
    }
    verdict->added_count += count;
    cover_add(&ledger->cover, part);
}

static enum rc_training_result count_in(struct rc_training_ledger *ledger,
                                        const struct rc_training_site *judge, int64_t now, int64_t at,
                                        struct rc_training_verdict *verdict)
{
    struct rc_span parts[2];
    cover_from(&ledger->cover, now);
    cover_from(&ledger->course_cover, now);
    if (run_is_over(ledger, judge, now)) {
        ledger->run_ms = 0;
        ledger->run_until_now = now;
    }
    covers(ledger, judge, now, at, parts);
    for (int i = 0; i < 2; i++) {
        count_course(ledger, parts[i], now, at);
        count_user(ledger, parts[i], now, at, verdict);
    }
    return rc_training_locked(judge)          ? RC_TRAINING_REACHED
           : rc_training_course_locked(judge) ? RC_TRAINING_COURSE_REACHED
                                              : RC_TRAINING_COUNTED;
}

static int64_t locked_until_at(const struct rc_training_ledger *ledger, const struct rc_training_site *judge,
                               enum rc_training_result result, int64_t now, int64_t at)
{
    switch (result) {
    case RC_TRAINING_COUNTED:
        return RC_NONE;
    case RC_TRAINING_BREAK:
        return at + (ledger->run_until_now + judge->terms.break_ms - now);
    default:
        return judge->day.end_at;
    }
}

struct rc_training_verdict rc_training_judge(struct rc_training_ledger *ledger, uint32_t judge, int64_t now,
                                             int64_t at)
{
    assert(judge < ledger->site_count && ledger->site_count <= RC_TRAINING_SITES_MAX);
    const struct rc_training_site *site = &ledger->sites[judge];
    assert(site->terms.interval_ms > 0 && site->terms.interval_ms <= RC_TRAINING_INTERVAL_MS_MAX);
    struct rc_training_verdict verdict = {0};
    if (rc_training_locked(site)) {
        verdict.result = RC_TRAINING_LOCKED;
    } else if (rc_training_course_locked(site)) {
        verdict.result = RC_TRAINING_COURSE_LOCKED;
    } else if (break_is_due(ledger, site, now)) {
        verdict.result = RC_TRAINING_BREAK;
    } else {
        verdict.result = count_in(ledger, site, now, at, &verdict);
    }
    verdict.locked_until_at = locked_until_at(ledger, site, verdict.result, now, at);
    return verdict;
}

bool rc_training_may_save(int64_t now, int64_t heard_now, int64_t interval_ms)
{
    return heard_now != RC_NONE && 2 * (now - heard_now) <= 3 * interval_ms;
}
