/*
 * site.h: one site of the service: its engine, its link, its place in the store, and what is published for
 * it. Decides nothing; restores the engine from the store at the start. Service thread; the sites are the
 * service's.
 */
#ifndef RC_DAEMON_SITE_H
#define RC_DAEMON_SITE_H

#include "daemon/alerts.h"
#include "daemon/backlog.h"
#include "daemon/clock.h"
#include "daemon/config.h"
#include "daemon/directory.h"
#include "daemon/forgery.h"
#include "daemon/metrics.h"
#include "daemon/publisher.h"
#include "daemon/rate.h"
#include "daemon/training.h"
#include "wire/encode.h"

/* What the open transaction adds to the counters, once it is durable. */
struct rc_tally {
    uint32_t rows[RC_TYPE_COUNT], receipts[RC_RESULT_COUNT];
    uint32_t trained[RC_TRAINED_COUNT], progress[RC_RESULT_COUNT];
};

struct rc_site {
    int index;  /* of site.names, in the inbox and in metrics */
    int number; /* in the store */
    struct rc_id name;
    bool forgets; /* since the last COMMIT the engine has forgotten sessions (forgotten.h) */
    bool crowded; /* rc_site_open: the log holds more than the settings limits.* allow */
    void *memory;
    struct rc_engine *engine;
    struct rc_link *link;
    bool up;            /* the link's UP came out of the inbox (P-6) */
    bool was_up;        /* ever, in this process */
    int64_t down_now;   /* since when it is not, or was not */
    int64_t heard_now;  /* when the broker last sent us anything; the canary sees to it that it does */
    int64_t ticked_now; /* of the last TICK */
    bool ticking;       /* that one had more to do than goes into one transaction */
    int64_t saved_t;    /* service time as handed to the store last */
    struct rc_directory directory;
    struct rc_publisher publisher;
    struct rc_backlog backlog;
    struct rc_alerts alerts;
    struct rc_forgeries forgeries;
    struct rc_rate rate; /* of heartbeats */
    struct rc_site_training training;
    struct rc_summary summary; /* as last published, at summary_now */
    int64_t summary_now;
    struct rc_tally tally;
    int64_t due_now;             /* during a TICK: when it was due at the earliest; else RC_NONE */
    int64_t maintenance_at;      /* until when, durable; 0: none */
    int64_t maintenance_next_at; /* the same with the open transaction */
    uint64_t outbox_depth;       /* rows added and not yet deleted */
    uint64_t outbox_added;       /* in the open transaction */
};

/* rc_site_open finds or adds the site in the store and restores its engine. The site is the caller's, zeroed;
 * after a failure rc_site_close must be called all the same. False with one line in error. */
bool rc_site_open(struct rc_site *site, int index, const struct rc_config *config, struct rc_store *store,
                  struct rc_reading reading, char error[RC_STORE_ERROR_MAX]);

/* rc_site_connect opens the link; mac_key, empty: none, must outlive it. False with one line in error. */
bool rc_site_connect(struct rc_site *site, const struct rc_config *config, struct rc_text mac_key,
                     struct rc_inbox *inbox, int64_t started_at, char error[256]);

/* rc_site_disconnect waits up to timeout_ms for what is in flight and leaves the broker cleanly. */
void rc_site_disconnect(struct rc_site *site, int timeout_ms);

void rc_site_close(struct rc_site *site);

#endif
