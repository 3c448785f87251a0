#include "daemon/training_rate.h"

#include "core/names.h"

#include <stdlib.h>
#include <string.h>

/* Sessions whose hashes begin alike share so many places. */
#define WAYS 8

struct watched {
    uint64_t key; /* 0: free */
    int64_t from_now;
    int64_t count;
};

struct rc_training_rate {
    uint64_t seed;
    size_t refused_count;
    struct rc_training_refused refused[RC_TRAINING_RATE_REFUSED_MAX];
    struct watched watched[RC_TRAINING_RATE_SESSIONS];
};

struct rc_training_rate *rc_training_rate_alloc(uint64_t seed)
{
    /* calloc takes this much from the kernel as zero pages: what is not used costs nothing */
    struct rc_training_rate *rate = calloc(1, sizeof *rate);
    if (rate)
        rate->seed = seed;
    return rate;
}

void rc_training_rate_free(struct rc_training_rate *rate)
{
    free(rate);
}

/* FNV-1a from a secret start, with a last mix so that all bits depend on all. */
static uint64_t hash_bytes(uint64_t hash, const void *data, size_t length)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t key_of(const struct rc_training_rate *rate, const struct rc_id *user,
                       const struct rc_id *session)
{
    uint64_t hash =
        hash_bytes(rate->seed, user->text, user->length + (size_t)1); /* its NUL parts it from the session */
    hash = hash_bytes(hash, session->text, session->length);
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ (hash >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    hash ^= hash >> 33;
    return hash ? hash : 1;
}

/* The place of a session; a fresh one where it is not known. */
static struct watched *find(struct rc_training_rate *rate, uint64_t key, int64_t now)
{
    struct watched *set = &rate->watched[key % (RC_TRAINING_RATE_SESSIONS / WAYS) * WAYS];
    struct watched *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].from_now < oldest->from_now)
            oldest = &set[i];
    }
    *oldest = (struct watched){.key = key, .from_now = now};
    return oldest;
}

/* The line that counts the refusals of this minute of a session; the last one is everybody's. */
static struct rc_training_refused *line_of(struct rc_training_rate *rate, const struct rc_id *user,
                                           const struct rc_id *session, int64_t due_now)
{
    size_t others = RC_TRAINING_RATE_REFUSED_MAX - 1;
    for (size_t i = 0; i < rate->refused_count; i++) {
        struct rc_training_refused *line = &rate->refused[i];
        bool same = line->due_now == due_now && rc_id_equal(&line->user, user) &&
                    rc_id_equal(&line->session, session);
        if (same || i == others)
            return line;
    }
    struct rc_training_refused *line = &rate->refused[rate->refused_count];
    *line = (struct rc_training_refused){.due_now = due_now};
    if (rate->refused_count++ < others) {
        line->user = *user;
        line->session = *session;
    }
    return line;
}

bool rc_training_rate_take(struct rc_training_rate *rate, const struct rc_id *user,
                           const struct rc_id *session, int64_t now)
{
    struct watched *watched = find(rate, key_of(rate, user, session), now);
    if (now - watched->from_now >= RC_TRAINING_RATE_WINDOW_MS) {
        watched->from_now = now;
        watched->count = 0;
    }
    if (++watched->count <= RC_TRAINING_RATE_MAX)
        return true;
    line_of(rate, user, session, watched->from_now + RC_TRAINING_RATE_WINDOW_MS)->count++;
    return false;
}

const struct rc_training_refused *rc_training_rate_due(struct rc_training_rate *rate, int64_t now)
{
    for (size_t i = 0; i < rate->refused_count; i++) {
        struct rc_training_refused *line = &rate->refused[i];
        if (line->written == 0 && line->due_now <= now) {
            line->written = line->count;
            return line;
        }
    }
    return NULL;
}

void rc_training_rate_commit(struct rc_training_rate *rate)
{
    size_t kept = 0;
    for (size_t i = 0; i < rate->refused_count; i++) {
        struct rc_training_refused line = rate->refused[i];
        line.count -= line.written; /* some may have come since */
        line.written = 0;
        if (line.count > 0)
            rate->refused[kept++] = line;
    }
    rate->refused_count = kept;
}

void rc_training_rate_undo(struct rc_training_rate *rate)
{
    for (size_t i = 0; i < rate->refused_count; i++)
        rate->refused[i].written = 0;
}

int64_t rc_training_rate_wake_now(const struct rc_training_rate *rate)
{
    int64_t wake_now = INT64_MAX;
    for (size_t i = 0; i < rate->refused_count; i++)
        if (rate->refused[i].written == 0 && rate->refused[i].due_now < wake_now)
            wake_now = rate->refused[i].due_now;
    return wake_now;
}
