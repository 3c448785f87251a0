#include "core/wheel.h"

#include <assert.h>
#include <string.h>

#define DIGIT_BITS 6

void rc_wheel_init(struct rc_wheel *wheel, struct rc_timer *timers, int64_t time)
{
    assert(time >= 0);
    memset(wheel, 0, sizeof *wheel);
    wheel->timers = timers;
    wheel->time = time;
    for (unsigned level = 0; level < RC_WHEEL_LEVELS; level++) {
        for (unsigned slot = 0; slot < RC_WHEEL_SLOTS; slot++) {
            wheel->slots[level][slot].first = wheel->slots[level][slot].last = RC_NIL;
        }
    }
}

static void append(struct rc_wheel *wheel, uint32_t index, unsigned level, unsigned slot)
{
    struct rc_timer *timer = &wheel->timers[index];
    timer->place = (uint16_t)(1 + level * RC_WHEEL_SLOTS + slot);
    timer->next = RC_NIL;
    timer->prev = wheel->slots[level][slot].last;
    if (timer->prev == RC_NIL) {
        wheel->slots[level][slot].first = index;
    } else {
        wheel->timers[timer->prev].next = index;
    }
    wheel->slots[level][slot].last = index;
    wheel->occupied[level] |= UINT64_C(1) << slot;
}

/* Puts the timer where its distance from the wheel's time says; expires >= the wheel's time. */
static void place(struct rc_wheel *wheel, uint32_t index)
{
    uint64_t expires = (uint64_t)wheel->timers[index].expires;
    uint64_t differs = expires ^ (uint64_t)wheel->time;
    unsigned level = differs == 0 ? 0 : (63u - (unsigned)__builtin_clzll(differs)) / DIGIT_BITS;
    assert(level < RC_WHEEL_LEVELS);
    append(wheel, index, level, (unsigned)(expires >> (level * DIGIT_BITS)) & (RC_WHEEL_SLOTS - 1));
}

void rc_wheel_set(struct rc_wheel *wheel, uint32_t index, int64_t expires)
{
    rc_wheel_stop(wheel, index);
    wheel->timers[index].expires = expires > wheel->time ? expires : wheel->time;
    place(wheel, index);
}

void rc_wheel_stop(struct rc_wheel *wheel, uint32_t index)
{
    struct rc_timer *timer = &wheel->timers[index];
    if (timer->place == 0) {
        return;
    }
    unsigned level = (timer->place - 1u) / RC_WHEEL_SLOTS;
    unsigned slot = (timer->place - 1u) % RC_WHEEL_SLOTS;
    if (timer->prev == RC_NIL) {
        wheel->slots[level][slot].first = timer->next;
    } else {
        wheel->timers[timer->prev].next = timer->next;
    }
    if (timer->next == RC_NIL) {
        wheel->slots[level][slot].last = timer->prev;
    } else {
        wheel->timers[timer->next].prev = timer->prev;
    }
    if (wheel->slots[level][slot].first == RC_NIL) {
        wheel->occupied[level] &= ~(UINT64_C(1) << slot);
    }
    timer->place = 0;
}

/* Finds the first occupied slot in time; returns its start, or INT64_MAX. Lower levels come first in time,
 * since everything on a level shares all higher digits with the wheel's time. */
static int64_t first_slot(const struct rc_wheel *wheel, unsigned *level, unsigned *slot)
{
    for (unsigned at = 0; at < RC_WHEEL_LEVELS; at++) {
        if (wheel->occupied[at] == 0) {
            continue;
        }
        *level = at;
        *slot = (unsigned)__builtin_ctzll(wheel->occupied[at]);
        uint64_t higher = (uint64_t)wheel->time >> (at * DIGIT_BITS) >> DIGIT_BITS << DIGIT_BITS;
        return (int64_t)((higher | *slot) << (at * DIGIT_BITS));
    }
    *level = *slot = 0;
    return INT64_MAX;
}

/* Moves all timers of a slot of a higher level down, now that the wheel has come to the slot's start. */
static void move_down(struct rc_wheel *wheel, unsigned level, unsigned slot)
{
    uint32_t index = wheel->slots[level][slot].first;
    wheel->slots[level][slot].first = wheel->slots[level][slot].last = RC_NIL;
    wheel->occupied[level] &= ~(UINT64_C(1) << slot);
    while (index != RC_NIL) {
        uint32_t next = wheel->timers[index].next;
        place(wheel, index);
        index = next;
    }
}

uint32_t rc_wheel_fire(struct rc_wheel *wheel, int64_t now)
{
    for (;;) {
        unsigned level, slot;
        int64_t start = first_slot(wheel, &level, &slot);
        if (start > now || start == INT64_MAX) {
            break;
        }
        wheel->time = start;
        if (level == 0) {
            uint32_t index = wheel->slots[0][slot].first;
            rc_wheel_stop(wheel, index);
            return index;
        }
        move_down(wheel, level, slot);
    }
    if (now > wheel->time) {
        wheel->time = now;
    }
    return RC_NIL;
}

int64_t rc_wheel_next(const struct rc_wheel *wheel)
{
    unsigned level, slot;
    return first_slot(wheel, &level, &slot);
}
