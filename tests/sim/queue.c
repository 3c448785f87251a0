#include "queue.h"

#include <assert.h>
#include <stdlib.h>

static bool before(const struct sim_due *a, const struct sim_due *b)
{
    return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static void swap(struct sim_due *a, struct sim_due *b)
{
    struct sim_due kept = *a;
    *a = *b;
    *b = kept;
}

void sim_queue_put(struct sim_queue *queue, struct sim_due due)
{
    if (queue->count == queue->room) {
        queue->room = queue->room ? 2 * queue->room : 1024;
        queue->heap = realloc(queue->heap, queue->room * sizeof *queue->heap);
        assert(queue->heap);
    }
    due.order = queue->order++;
    size_t i = queue->count++;
    queue->heap[i] = due;
    while (i > 0 && before(&queue->heap[i], &queue->heap[(i - 1) / 2])) {
        swap(&queue->heap[i], &queue->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
}

bool sim_queue_next(const struct sim_queue *queue, struct sim_due *out)
{
    if (queue->count == 0)
        return false;
    *out = queue->heap[0];
    return true;
}

bool sim_queue_take(struct sim_queue *queue, struct sim_due *out)
{
    if (queue->count == 0)
        return false;
    *out = queue->heap[0];
    queue->heap[0] = queue->heap[--queue->count];
    for (size_t i = 0;;) {
        size_t least = i, left = 2 * i + 1, right = left + 1;
        if (left < queue->count && before(&queue->heap[left], &queue->heap[least]))
            least = left;
        if (right < queue->count && before(&queue->heap[right], &queue->heap[least]))
            least = right;
        if (least == i)
            return true;
        swap(&queue->heap[i], &queue->heap[least]);
        i = least;
    }
}

void sim_queue_free(struct sim_queue *queue)
{
    for (size_t i = 0; i < queue->count; i++)
        free(queue->heap[i].what);
    free(queue->heap);
    *queue = (struct sim_queue){0};
}
