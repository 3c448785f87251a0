/*
 * tab.h: a process that keeps one session alive, as a browser tab does: connects (again, with backoff and
 * jitter), beats with jitter, keeps a punch until its receipt, trains, says `closed` or `sleeping` when told.
 * The parent steers it with orders over a socket and hears what came of them; it can also stop (SIGSTOP) or
 * kill it, as life does.
 *
 *     parent ── rc_tab_order ──▶ tab ── MQTT ──▶ broker
 *            ◀── rc_tab_word ───
 */
#ifndef RC_AGENT_TAB_H
#define RC_AGENT_TAB_H

#include "random.h"
#include "session.h"

#include <sys/types.h>

enum rc_tab_order_kind {
    RC_ORDER_PUNCH, /* send `punch` until there is a receipt */
    RC_ORDER_SLEEP, /* say `sleeping`, and beat no more until the next heartbeat is due after waking */
    RC_ORDER_CLOSE, /* say `closed`, disconnect, end */
    RC_ORDER_QUIT,  /* disconnect without a word, end: nobody's life, but the end of the simulation */
};

struct rc_tab_order {
    enum rc_tab_order_kind kind;
    struct rc_agent_punch punch;
};

enum rc_tab_word_kind {
    RC_WORD_UP,   /* connected, under `epoch` */
    RC_WORD_DONE, /* the order was carried out: receipt there, or the leave with the broker */
};

struct rc_tab_word {
    enum rc_tab_word_kind kind;
    int64_t epoch;
};

struct rc_tab_options {
    struct rc_agent_session_options session;
    const char *course; /* whose lesson runs in the tab while it is open and awake; NULL: none */
    int64_t training_interval_ms;
    struct rc_random random; /* for jitter */
};

/* rc_tab_start forks a tab. *fd is the parent's end of its socket (SOCK_SEQPACKET; one order or word a
 * packet): it ends with the process. Returns its pid, or -1 (errno). The caller must not have used Paho, and
 * reaps the process. The tab is killed when the parent ends. */
pid_t rc_tab_start(const struct rc_tab_options *options, int *fd);

#endif
