#include "link/ring.h"

#include <assert.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#define RING_BYTES_MIN 4096u
#define CACHE_LINE     64

/* Before each block. A skip has no bytes of its own but takes `length`. */
struct block {
    uint32_t length; /* of the whole block, this included; a multiple of 8 */
    uint32_t size;   /* of the bytes; SKIP: none, the ring goes on at its beginning */
};
#define SKIP UINT32_MAX

struct rc_ring {
    uint8_t *memory;
    size_t capacity;
    /* The putter's line. */
    alignas(CACHE_LINE) atomic_uint_fast64_t head;
    uint64_t reserved_to; /* head after the commit */
    uint64_t tail_seen;   /* an old tail: at least this much is free */
    /* The taker's line. */
    alignas(CACHE_LINE) atomic_uint_fast64_t tail;
    uint64_t taken_to; /* tail after the next take */
    uint64_t head_seen;
};

struct rc_ring *rc_ring_alloc(size_t bytes)
{
    size_t capacity = RING_BYTES_MIN;
    while (capacity < bytes && capacity <= UINT32_MAX / 4)
        capacity *= 2;
    struct rc_ring *ring = aligned_alloc(CACHE_LINE, sizeof *ring);
    if (ring == NULL)
        return NULL;
    *ring = (struct rc_ring){.capacity = capacity, .memory = aligned_alloc(CACHE_LINE, capacity)};
    if (ring->memory == NULL) {
        free(ring);
        return NULL;
    }
    return ring;
}

void rc_ring_free(struct rc_ring *ring)
{
    if (ring == NULL)
        return;
    free(ring->memory);
    free(ring);
}

size_t rc_ring_capacity(const struct rc_ring *ring)
{
    return ring->capacity;
}

static size_t block_length(size_t size)
{
    return sizeof(struct block) + (size + 7) / 8 * 8;
}

bool rc_ring_fits(const struct rc_ring *ring, size_t size)
{
    /* Half: with a skip before it, which is shorter than the block, it still fits an empty ring. */
    return size <= ring->capacity && block_length(size) <= ring->capacity / 2;
}

static struct block *block_at(const struct rc_ring *ring, uint64_t position)
{
    return (struct block *)(void *)(ring->memory + position % ring->capacity);
}

static bool has_room(struct rc_ring *ring, uint64_t head, size_t wanted)
{
    if (ring->capacity - (head - ring->tail_seen) >= wanted)
        return true;
    ring->tail_seen = atomic_load(&ring->tail);
    return ring->capacity - (head - ring->tail_seen) >= wanted;
}

void *rc_ring_reserve(struct rc_ring *ring, size_t size, size_t spare)
{
    if (!rc_ring_fits(ring, size))
        return NULL;
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    size_t length = block_length(size);
    size_t to_end = ring->capacity - (size_t)(head % ring->capacity);
    size_t skip = to_end < length ? to_end : 0;
    if (!has_room(ring, head, skip + length + spare))
        return NULL;
    if (skip > 0)
        *block_at(ring, head) = (struct block){.length = (uint32_t)skip, .size = SKIP};
    struct block *block = block_at(ring, head + skip);
    *block = (struct block){.length = (uint32_t)length, .size = (uint32_t)size};
    ring->reserved_to = head + skip + length;
    return block + 1;
}

void rc_ring_commit(struct rc_ring *ring)
{
    assert(ring->reserved_to > atomic_load_explicit(&ring->head, memory_order_relaxed));
    /* seq_cst, and not release: the putter looks next whether the taker sleeps (wake.h). */
    atomic_store(&ring->head, ring->reserved_to);
}

void rc_ring_give_back(struct rc_ring *ring)
{
    if (ring->taken_to != atomic_load_explicit(&ring->tail, memory_order_relaxed))
        atomic_store(&ring->tail, ring->taken_to);
}

const void *rc_ring_take(struct rc_ring *ring, size_t *size)
{
    rc_ring_give_back(ring);
    uint64_t tail = ring->taken_to;
    for (;;) {
        if (tail == ring->head_seen) {
            ring->head_seen = atomic_load(&ring->head);
            if (tail == ring->head_seen)
                return NULL;
        }
        const struct block *block = block_at(ring, tail);
        tail += block->length;
        ring->taken_to = tail;
        if (block->size != SKIP) {
            *size = block->size;
            return block + 1;
        }
    }
}

bool rc_ring_is_empty(const struct rc_ring *ring)
{
    return atomic_load(&ring->head) == ring->taken_to;
}
