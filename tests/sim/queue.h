/*
 * queue.h: what is due when: a binary heap ordered by time, then by when it was put in, so that a run has one
 * order only. Decides nothing. Owned by the world.
 */
#ifndef RC_SIM_QUEUE_H
#define RC_SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sim_due_kind {
    SIM_DUE_ACTION,      /* who: index into the plan */
    SIM_DUE_ACTION_END,  /* who: index into the plan; what began then is over */
    SIM_DUE_CLIENT,      /* a client's own timer; stamp: its number */
    SIM_DUE_AT_BROKER,   /* a client's message arrives; what: sim_parcel */
    SIM_DUE_AT_CLIENT,   /* a receipt arrives; what: sim_parcel */
    SIM_DUE_AT_SERVICE,  /* the broker's message arrives; stamp: number of the connection */
    SIM_DUE_PUBLISHED,   /* the service's publication arrives at the broker; what: sim_parcel */
    SIM_DUE_PEER_SILENT, /* the broker looks whether a client has been silent too long */
    SIM_DUE_DISCONNECT,  /* a client's DISCONNECT arrives; stamp: its connection */
    SIM_DUE_SOCKET_DEAD, /* its socket is closed; stamp: its connection */
    SIM_DUE_WILL,        /* a will that was late; what: sim_parcel */
    SIM_DUE_LINK,        /* the service's link tries to connect, or somebody notices that it is dead */
    SIM_DUE_SERVICE,     /* the service may be started */
};

struct sim_due {
    int64_t time;
    uint64_t order;
    enum sim_due_kind kind;
    int who;
    uint32_t stamp;
    void *what; /* owned by the entry; freed by whoever handles it */
};

struct sim_queue {
    struct sim_due *heap;
    size_t count, room;
    uint64_t order;
};

void sim_queue_put(struct sim_queue *queue, struct sim_due due);
/* sim_queue_next shows the earliest, sim_queue_take takes it; false: empty. */
bool sim_queue_next(const struct sim_queue *queue, struct sim_due *out);
bool sim_queue_take(struct sim_queue *queue, struct sim_due *out);
/* sim_queue_free frees the heap and every `what` left in it. */
void sim_queue_free(struct sim_queue *queue);

#endif
