/*
 * effect.h: what the engine wants done, in order. The store writes it, wire turns the same values into topics
 * and payloads, and after the COMMIT the link publishes them (P-15). Ids are copies; texts (note, reason) are
 * borrowed from the event of the step, so effects are applied before that event is let go. Messages are
 * static strings, or a duplicate's, and then borrowed likewise.
 */
#ifndef RC_CORE_EFFECT_H
#define RC_CORE_EFFECT_H

#include "core/ledger.h"

enum rc_effect_kind {
    RC_FX_ROW,         /* append a row to the log */
    RC_FX_RECEIPT,     /* answer a punch; with `remember`, keep the verdict under its id (P-12) */
    RC_FX_STATUS,      /* the employee's retained status and row in employee_status */
    RC_FX_DEVICE,      /* a device's retained status */
    RC_FX_SESSION,     /* a session announced another class, interval or epoch: keep its row now */
    RC_FX_FORGET,      /* a session (or device) is forgotten: delete its row */
    RC_FX_HOLD,        /* a hold opened or ended */
    RC_FX_ALERT,       /* an alert rose or cleared */
    RC_FX_MAINTENANCE, /* P-19 began or ended */
    RC_FX_RELOAD, /* read the employee's ledger from the log and step RC_EV_LEDGER, in the same transaction */
    RC_FX_ANSWER, /* the verdict on an RC_EV_CORRECT */
    RC_EFFECT_KIND_COUNT
};

/* One row of `punches`, but for its hash and site. Integers: 0 means NULL, but device_at: RC_NONE does. */
struct rc_row {
    int64_t seq; /* the log's next, by the engine's count; the store refuses any other */
    struct rc_punch_id id;
    struct rc_id employee, session, login;
    enum rc_type type;
    int64_t at, last_evidence_at, detected_at, recorded_at, device_at;
    enum rc_cause cause;
    bool held; /* state `held`, else `effective` */
    bool review;
    int64_t closes, target_seq, hold;
    enum rc_action action;
    struct rc_id actor; /* empty: nobody; the service itself decides as "service" */
    struct rc_text reason, note;
    int64_t out_t,
        out_detected_t; /* AUTO_OUT: the service times of at and detected_at, for P-9 after a reload */
    uint8_t hash[32];   /* set by the store when it appends the row */
};

struct rc_receipt {
    struct rc_id employee, session;
    struct rc_punch_id id;
    enum rc_type type;
    enum rc_result result;
    enum rc_result first; /* RC_DUPLICATE only: the first verdict */
    int64_t seq;          /* 0: no row */
    int64_t at, recorded_at;
    bool review;
    enum rc_code code;   /* RC_OK: none */
    const char *message; /* NULL: none */
    bool remember;
    bool has_hash; /* a verdict's of before; else the store sets it and the hash: of the row seq, or the head
                    */
    uint8_t hash[32];
};

struct rc_status {
    struct rc_id employee;
    struct rc_ledger ledger;
    enum rc_presence presence;
    uint32_t sessions; /* those not past their deadline */
    struct rc_evidence evidence;
};

struct rc_device_status {
    struct rc_id device;
    bool online;
    int64_t since_at, last_seen_at;
};

struct rc_hold {
    int64_t number; /* holdId; counts up by site, never reused */
    enum rc_scope_kind scope;
    struct rc_id name; /* group or gateway; empty for the site */
    int64_t opened_at;
    int64_t ends_at;
    int64_t ends_now; /* boot time; RC_NONE when loaded in another boot */
    bool open;
};

/* A session or device as the store keeps it. */
struct rc_session_row {
    struct rc_id employee; /* empty: a device */
    struct rc_id session;  /* empty: an employee's evidence-only slot */
    enum rc_class class;
    enum rc_session_state state;
    enum rc_cause ended_by; /* RC_S_EXPIRED: stale, lost, closed, sleeping, shift-limit */
    int64_t epoch;          /* RC_NONE: never given */
    int64_t interval_ms;
    int64_t heard_at, heard_t;
    int64_t first_at;     /* when this session was first heard */
    int64_t deadline_t;   /* of silence; kiosk sessions: unused */
    int64_t deadline_now; /* kiosk sessions: the shift limit; RC_NONE if of an earlier boot */
    int64_t heard_in_seq; /* the IN of the period in which it was last heard, 0: none (P-9) */
    struct rc_evidence
        evidence; /* the employee's, as of now; for flushing last_seen along; ignored by restore */
};

struct rc_effect {
    enum rc_effect_kind kind;
    union {
        struct rc_row row;
        struct rc_receipt receipt;
        struct rc_status status;
        struct rc_device_status device;
        struct rc_session_row session;
        struct {
            struct rc_id employee, session;
        } forget;
        struct rc_hold hold;
        struct {
            enum rc_alert kind;
            bool raised;
            int64_t since_at;
            int64_t hold;      /* OUTAGE: which hold */
            struct rc_id name; /* DEVICE_LOST: the device; OUTAGE: group or gateway */
            int64_t count;     /* how many it concerns, where that can be counted */
        } alert;
        struct {
            int64_t until_at; /* 0: ended */
        } maintenance;
        struct {
            struct rc_id employee;
        } reload;
        struct {
            enum rc_code code; /* RC_OK: done */
            const char *message;
            int64_t seq; /* the row that says so, 0: none */
        } answer;
    };
};

/* A bounded array that its owner provides; the engine appends and never removes. */
struct rc_effects {
    struct rc_effect *items;
    size_t count, capacity; /* capacity: at least RC_EFFECTS_MIN */
};

#endif
