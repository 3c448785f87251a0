/*
 * ring.h: a bounded queue of blocks of bytes between one thread that puts and one that takes, in order,
 * without locks and without a copy of its own. Decides nothing. The ring owns its memory; a block that was
 * taken belongs to the taker until its next take.
 *
 *   tail          the taker's own                           head
 *     |  borrowed   |   [size|bytes][size|bytes] ...          |   free
 *
 * Positions only ever grow; the place in memory is position % capacity.
 * A block never wraps: where it does not fit before the end of the memory, a skip fills the rest, and it
 * begins at 0.
 */
#ifndef RC_LINK_RING_H
#define RC_LINK_RING_H

#include <stdbool.h>
#include <stddef.h>

struct rc_ring;

/* rc_ring_alloc rounds bytes up to a power of two, 4 KiB at least; NULL: no memory. */
struct rc_ring *rc_ring_alloc(size_t bytes);
void rc_ring_free(struct rc_ring *ring);
size_t rc_ring_capacity(const struct rc_ring *ring);

/* rc_ring_fits: could a block of this size ever be put? Up to half of the ring can. Any thread. */
bool rc_ring_fits(const struct rc_ring *ring, size_t size);

/* rc_ring_reserve gives room for a block of size bytes, aligned to 8, if spare bytes remain free beside it;
 * else NULL, and nothing has changed. rc_ring_commit makes the reserved block visible. Putter's thread. */
void *rc_ring_reserve(struct rc_ring *ring, size_t size, size_t spare);
void rc_ring_commit(struct rc_ring *ring);

/* rc_ring_take gives back the block taken before and returns the next one, or NULL if there is none. Taker's
 * thread. */
const void *rc_ring_take(struct rc_ring *ring, size_t *size);

/* rc_ring_give_back gives back the block taken before and takes none, so that its room is free while the
 * taker does something else. Taker's thread. */
void rc_ring_give_back(struct rc_ring *ring);

/* rc_ring_is_empty: nothing to take. Taker's thread. */
bool rc_ring_is_empty(const struct rc_ring *ring);

#endif
