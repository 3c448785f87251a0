/*
 * limits.h: every maximum of the engine and of what crosses its border, with where the number comes from
 * and what happens there. Owned by nobody, constant, safe from any thread. Limits of other modules stand in
 * those modules' headers; docs/operations.md lists them all.
 */
#ifndef RC_CORE_LIMITS_H
#define RC_CORE_LIMITS_H

/* Length of a site, employee, device, session or course id in bytes; the protocol's. A longer one is refused
 * by wire as INVALID_ARGUMENT. */
#define RC_ID_MAX 64

/* A punch id has 1 to 64 characters, each up to 4 bytes of UTF-8. A longer one is refused by wire. */
#define RC_PUNCH_ID_MAX 256

/* Bytes of a punch's note and of a correction's reason. Both fit a 1 KiB payload with room for the rest;
 * longer ones are refused by wire. */
#define RC_TEXT_MAX 512

/* Sessions that one employee may have (P-18). At the limit the one that has been past its deadline the
 * longest gives way, then the one silent for longest; if none may, the evidence-only slot takes the
 * heartbeat. */
#define RC_SESSIONS_PER_EMPLOYEE 32

/* A pause of ours that is longer counts as a reconnect (P-6), though the connection lived through it: 1.5
 * times the usual keepalive of 10 s. Whoever was connected through the same host has lost its connection
 * meanwhile and comes back late. */
#define RC_PAUSE_PROTECTS_MS 15000

/* Holds open at once in one site (P-8): the site, and a few groups and gateways. At the limit no further hold
 * opens; who falls due then joins the widest open hold, or is punched out. */
#define RC_HOLDS_MAX 32

/* Effects that one employee's part of one step can produce; a tick goes on to the next employee only while
 * this many places are free, and says `more` otherwise. */
#define RC_EFFECTS_PER_EMPLOYEE 12

/* The smallest effect buffer that engine_step accepts: one event's, and some for holds and alerts. */
#define RC_EFFECTS_MIN 64

#endif
