/*
 * batch.h: events into engines, and what engines want done into one transaction (P-15). Service thread; part
 * of the service. Decides when a transaction begins (at the first effect that the store must keep), and what
 * happens when one fails:
 *
 *   step ─▶ effects ─▶ applied ─┐                          ┌─ durable: engines commit, the outbox goes out
 *   step ─▶ effects ─▶ applied ─┴─▶ rc_batch_commit ───────┤
 *                                                          └─ failed: rolled back, engines undo, everybody
 * who punched or ordered in it hears `retry`/UNAVAILABLE
 *
 * While the store fails, events are still heard (sessions live on), but nothing is decided; every second
 * recovery is tried.
 */
#ifndef RC_DAEMON_BATCH_H
#define RC_DAEMON_BATCH_H

#include "core/engine.h"
#include "store/store.h"
#include "wire/decode.h"

struct rc_service;
struct rc_site;

/* Events in one transaction. 4,096 punches are written in a quarter of a second, so that nobody waits longer
 * for a receipt than that; and it bounds the list of those who must be told if the transaction fails. */
#define RC_BATCH_EVENTS_MAX 4096

/* Effects of one step: a tick fills it and goes on in another. */
#define RC_BATCH_EFFECTS 1024

/* MQTT 5 Correlation Data that we return; with more, an answer goes to its ordinary topic. Ours has 16 bytes.
 */
#define RC_CORRELATION_MAX 128

/* How often recovery of a failing store is tried. */
#define RC_RECOVER_MS 1000

/* Where an answer goes. */
struct rc_reply_to {
    char topic[RC_TOPIC_MAX];
    uint8_t correlation_length;
    char correlation[RC_CORRELATION_MAX];
};

/* What somebody in the open batch waits for. */
enum rc_awaited { RC_AWAITED_RECEIPT, RC_AWAITED_TRAINING, RC_AWAITED_REPLY };

/* Topics on which one message may be answered: a training heartbeat on its own and on a Response Topic. */
#define RC_ANSWERS_MAX 2

/* Somebody in the open batch who has to hear if it fails. */
struct rc_waiting {
    struct rc_site *site;
    struct rc_reply_to to;
    enum rc_awaited awaited;
    char request_id[sizeof((struct rc_request *)0)->request_id];
    struct rc_receipt receipt; /* of a punch or progress, as `retry` */
};

/* What a step came to, beyond what was written: for whoever asked. */
struct rc_outcome {
    enum rc_code code; /* of RC_FX_ANSWER */
    const char *message;
    int64_t seq;
    uint32_t auto_outs; /* rows of AUTO_OUT */
    uint32_t held;      /* statuses that became `held` */
};

struct rc_batch {
    struct rc_effects effects, reload; /* the second for RC_EV_LEDGER, between the first one's */
    uint32_t events;
    struct rc_waiting *waiting;
    uint32_t waiting_count;
    bool of_students; /* in the last one that was committed somebody waited, and all who did were in training
                       */
    bool store_ok;
    bool behind; /* the log holds a batch that was reported as failed: only a fresh start can catch up */
    int64_t failed_now;  /* since when it is not */
    int64_t recover_now; /* when to try next */
    char reason[RC_STORE_ERROR_MAX];
    int64_t oldest_now; /* when the earliest event with effects was received; RC_NONE: none yet */
    int oldest_site;
};

/* rc_batch_init takes its memory; false: none. */
bool rc_batch_init(struct rc_batch *batch);
void rc_batch_fini(struct rc_batch *batch);

/* rc_batch_full: it must be committed before another event. */
bool rc_batch_full(const struct rc_service *service);

/* rc_batch_await notes that somebody waits for an answer: before the step. A punch, and progress: receipt
 * says whose. */
void rc_batch_await_punch(struct rc_service *service, struct rc_site *site, const struct rc_reply_to *to,
                          const struct rc_receipt *receipt);
void rc_batch_await_request(struct rc_service *service, struct rc_site *site, const struct rc_reply_to *to,
                            const char *request_id);

void rc_batch_await_training(struct rc_service *service, struct rc_site *site, const struct rc_reply_to *to);

/* rc_batch_begin opens the transaction, if none is. False: the store fails, and rc_batch_fail has been
 * called. */
bool rc_batch_begin(struct rc_service *service);

/* rc_batch_step lets one event happen and applies its effects; receipts go to `to` (NULL: their ordinary
 * topic). Adds to *outcome, which may be NULL. False: the batch failed; all of it is undone and everybody was
 * told. */
bool rc_batch_step(struct rc_service *service, struct rc_site *site, const struct rc_event *event,
                   const struct rc_reply_to *to, struct rc_outcome *outcome);

/* rc_batch_tick lets time pass, and does of what is due then as much as goes into the open transaction.
 * Returns whether there is more: commit, and call it again. False also where the batch failed. */
bool rc_batch_tick(struct rc_service *service, struct rc_site *site, const struct rc_event *event);

/* rc_batch_received notes that something was received at `now` whose answer goes out with this batch. */
void rc_batch_received(struct rc_service *service, const struct rc_site *site, int64_t now);

/* rc_batch_check ends a call of the store within a batch: false, after rc_batch_fail, unless result is OK. */
bool rc_batch_check(struct rc_service *service, enum rc_store_result result);

/* rc_batch_publish puts a message into the outbox of the open transaction. */
bool rc_batch_publish(struct rc_service *service, struct rc_site *site, const char *topic,
                      struct rc_text payload, struct rc_text correlation, bool retain);

/* rc_batch_audit writes a line of the audit log in the transaction. detail: JSON, or "". */
bool rc_batch_audit(struct rc_service *service, struct rc_site *site, const char *event,
                    const struct rc_id *user, const char *result, const char *detail);

/* rc_batch_commit makes the batch durable and publishes what it says. False: it failed. */
bool rc_batch_commit(struct rc_service *service);

/* rc_batch_fail: the store failed. */
void rc_batch_fail(struct rc_service *service, enum rc_store_result result);

/* rc_batch_recover tries to get the store back if its time has come. */
void rc_batch_recover(struct rc_service *service);

/* rc_batch_pump hands over what waits and the link takes; while the store fails, the direct messages only. No
 * transaction may be open. False: the store fails. */
bool rc_batch_pump(struct rc_service *service);

/* rc_batch_retry, _uncounted and _unavailable answer a punch (or progress), a training heartbeat and a
 * request that nothing can be done now, at once and past the store; _refuse_training, that for another
 * reason. */
void rc_batch_retry(struct rc_site *site, const struct rc_reply_to *to, const struct rc_receipt *receipt);
void rc_batch_uncounted(struct rc_site *site, const struct rc_reply_to *to);
void rc_batch_refuse_training(struct rc_site *site, const struct rc_reply_to *to, enum rc_code code,
                              const char *message);
void rc_batch_unavailable(struct rc_site *site, const struct rc_reply_to *to, const char *request_id);

#endif
