/*
 * nagle.h: takes the delay out of Paho's sockets. Paho 1.3.12 leaves Nagle's algorithm on and hands its
 * sockets to nobody: what it writes right after an acknowledgement then waits for the broker's delayed TCP
 * ACK, and a receipt takes 44 ms instead of one. Any thread; owns nothing.
 */
#ifndef RC_LINK_NAGLE_H
#define RC_LINK_NAGLE_H

/* rc_nagle_off sets TCP_NODELAY on every connected TCP socket of the process: none of ours wants to wait.
 * Call it when a connection has been made. Returns on how many it is now set; it cannot fail for the others
 * in a way that matters. */
int rc_nagle_off(void);

#endif
