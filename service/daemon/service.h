/*
 * service.h: everything that one running service has. Made by main.c, which owns what the pointers point to;
 * used by the service thread alone, but for the inbox (Paho puts) and the board (HTTP reads).
 */
#ifndef RC_DAEMON_SERVICE_H
#define RC_DAEMON_SERVICE_H

#include "daemon/batch.h"
#include "daemon/board.h"
#include "daemon/metrics.h"
#include "daemon/notify.h"
#include "daemon/report.h"
#include "daemon/site.h"

struct rc_archive_job;

struct rc_service {
    const struct rc_config *config;
    struct rc_store *store;
    struct rc_inbox *inbox;
    struct rc_metrics *metrics;
    struct rc_board *board;
    struct rc_notify notify;
    struct rc_site *sites;
    int site_count;
    bool open; /* access.mode */
    int64_t started_at;
    int64_t written_at; /* when the database was last written before this process; RC_NONE: it is new */
    struct rc_reading reading; /* of the turn of the loop that runs */
    struct rc_batch batch;
    struct rc_report report;
    struct rc_training training;
    struct rc_archive_job *archiving; /* NULL: no month is being archived (archiving.h) */
    int64_t archive_slice_now;        /* when the next slice of what was archived is given back */
    struct rc_decoded decoded; /* of the message at hand: too large for a stack frame at every message */
};

#endif
