/*
 * decode.h: bytes from clients into events and requests. Strict (json.h says how); what breaks a rule changes
 * nothing and says what is wrong. A field that is there must be right: null, or a number where a text
 * belongs, is no "not given". Unknown keys are ignored. Pure, allocates nothing, any thread.
 */
#ifndef RC_WIRE_DECODE_H
#define RC_WIRE_DECODE_H

#include "core/event.h"
#include "core/training.h"
#include "wire/message.h"
#include "wire/topic.h"

/* Bytes of a payload, and of progress's; the protocol's. A longer one is refused as TOO_LONG. */
#define RC_PAYLOAD_MAX          1024
#define RC_PROGRESS_PAYLOAD_MAX 4096

/* Bytes of a complaint with its NUL: the longest that decode makes has 100. */
#define RC_ERROR_MAX 160

/* The longest interval that a session may announce, in ms: a day. More is a mistake of units, and refused;
 * what a class may have is the engine's policy. */
#define RC_INTERVAL_MS_MAX INT64_C(86400000)

/* Characters of a punch's or progress's id (P-12), and bytes of a requestId. Longer ones are refused. */
#define RC_PUNCH_ID_CHARS_MAX 64
#define RC_REQUEST_ID_MAX     64

/* Bytes of a time zone's name, America/Argentina/ComodRivadavia having 32; and of a month with its NUL. */
#define RC_ZONE_MAX  63
#define RC_MONTH_MAX 8

enum rc_verb {
    RC_VERB_UNKNOWN,
    RC_VERB_WHO,
    RC_VERB_PUNCHES,
    RC_VERB_PERIODS,
    RC_VERB_CORRECT,
    RC_VERB_SWEEP,
    RC_VERB_MAINTENANCE,
    RC_VERB_STATUS, /* one employee: status, sessions; what `rollcall status` asks */
    RC_VERB_TRAINING_DAYS,
    RC_VERB_POLICY,   /* of training */
    RC_VERB_ARCHIVE,  /* a month of the audit log */
    RC_VERB_EMPLOYEE, /* the directory */
    RC_VERB_COUNT
};

/* rc_verb_name returns the verb as topics spell it; "" for RC_VERB_UNKNOWN. */
const char *rc_verb_name(enum rc_verb verb);

/* Bytes of a name and of an address in the directory; longer ones are refused. An address has 254 at most
 * (RFC 5321), and with all of it a request still has less than RC_PAYLOAD_MAX. */
#define RC_NAME_MAX  128
#define RC_EMAIL_MAX 254

enum rc_person_action { RC_PERSON_LIST, RC_PERSON_ADD, RC_PERSON_CHANGE, RC_PERSON_REMOVE };

/* rc_person_action_name returns the action as payloads spell it. */
const char *rc_person_action_name(enum rc_person_action action);

/* What is to be said of somebody in the directory: only what has a `has`; an empty text takes away. */
struct rc_person {
    enum rc_person_action action;
    bool has_name, has_group, has_email, has_manager;
    char name[RC_NAME_MAX + 1], email[RC_EMAIL_MAX + 1]; /* NUL-terminated */
    struct rc_id group, manager;
};

/* A request, flat: which fields count depends on the verb. Integers are RC_NONE, ids and texts empty, where
 * absent. */
struct rc_request {
    enum rc_verb verb;
    struct rc_id login;                     /* from the topic: request/{login}/{verb} */
    char request_id[RC_REQUEST_ID_MAX + 1]; /* repeated in the answer; empty: none */
    struct rc_id employee;                  /* "employeeId" */
    int64_t from_at, to_at;                 /* "from", "to" */
    int64_t limit, cursor;
    bool undecided; /* punches: "undecided": true */
    bool asks;      /* correct: "list": true lists open asks */
    bool decided;   /* correct: with "list", "decided": true lists those, too, on which somebody decided */
    bool ask_only;  /* correct: "ask": true writes it down for somebody else to decide */
    bool has_action;
    enum rc_action action;        /* correct: "action" */
    int64_t seq;                  /* correct: "seq", the row decided on */
    int64_t hold;                 /* correct: "holdId" */
    int64_t ask;                  /* correct: "askId" */
    enum rc_type type;            /* correct add: "type" */
    int64_t at;                   /* correct add, retime: "at" */
    char reason[RC_TEXT_MAX + 1]; /* correct: "reason"; NUL-terminated */
    int64_t until_at;             /* maintenance: "until" (ms), 0 ends it, RC_NONE only asks */
    char from_date[RC_DATE_MAX];  /* training-days, policy: "from" where it is a date; else from_at */
    char to_date[RC_DATE_MAX];    /* training-days: "to" likewise */
    char after_date[RC_DATE_MAX]; /* training-days: "cursor", the day and ... */
    struct rc_id after_employee;  /* ... whose it is, of the last row of the page before */
    bool adds;                    /* policy: "action" is "add"; else "list" */
    struct rc_id course;          /* policy: "courseId" */
    int64_t limit_minutes, interval_ms, break_minutes, break_after_minutes; /* policy: what it changes */
    char zone[RC_ZONE_MAX + 1];                                             /* policy: "zone" */
    char month[RC_MONTH_MAX];                                               /* archive: "month", "2026-01" */
    struct rc_person person; /* employee: "action", ...; its "cursor" is after_employee */
};

enum rc_decoded_kind {
    RC_DECODED_EVENT,   /* `event` is ready for the engine, but for what only the store knows (prior, history,
                           ...) */
    RC_DECODED_REQUEST, /* `request` */
    RC_DECODED_CANARY,  /* our own, back again; `canary_now` says when it was sent */
    RC_DECODED_IGNORED, /* retained on a client's topic, a service's topic, another site's, no topic of the
                           protocol, a will that is no lost leave: `refusal` */
    RC_DECODED_INVALID, /* `refusal`, `message`; answer if `answer` is not RC_ANSWER_NOBODY */
};

/* Why a message was ignored or invalid; a counter each. */
enum rc_refusal {
    RC_REFUSAL_NONE,
    RC_REFUSAL_FOREIGN_TOPIC, /* not below the prefix */
    RC_REFUSAL_UNKNOWN_SITE,  /* of another site than the one that it is decoded for */
    RC_REFUSAL_UNKNOWN_TOPIC,
    RC_REFUSAL_BAD_ID,
    RC_REFUSAL_RETAINED,
    RC_REFUSAL_SERVICE_TOPIC,
    RC_REFUSAL_UNSIGNED, /* access.mode required: no valid rc-mac, and no lost leave */
    RC_REFUSAL_TOO_LONG,
    RC_REFUSAL_NOT_JSON,
    RC_REFUSAL_FIELD,    /* a field is missing, of the wrong type, or out of range */
    RC_REFUSAL_STRANGER, /* directory.strict: of somebody who is not, or no longer, in the directory */
    RC_REFUSAL_COUNT
};
/* rc_refusal_name returns a word for counters and logs: "retained", "not-json", ...; "" for none. */
const char *rc_refusal_name(enum rc_refusal refusal);

enum rc_answer { RC_ANSWER_NOBODY, RC_ANSWER_RECEIPT, RC_ANSWER_TRAINING, RC_ANSWER_REPLY };

/* Only what belongs to the kind is set; the struct is large, and most messages are heartbeats. */
struct rc_decoded {
    enum rc_decoded_kind kind;
    enum rc_refusal refusal;    /* RC_REFUSAL_NONE but for IGNORED and INVALID */
    char message[RC_ERROR_MAX]; /* what is wrong, for the sender; printable ASCII; empty but for INVALID */
    enum rc_answer answer;      /* INVALID: who can be told; else RC_ANSWER_NOBODY */
    struct rc_topic topic;
    struct rc_punch_id punch_id; /* PUNCH, PROGRESS, valid or not: the id, empty if it could not be read */
    struct rc_event event;       /* EVENT */
    struct rc_request
        request; /* REQUEST; INVALID on a request's topic: login, verb, and request_id if readable */
    struct rc_id course, lesson;  /* TRAINING: course; PROGRESS: both */
    struct rc_text progress_data; /* PROGRESS: the raw JSON text of `data`, borrowed from the payload */
    int64_t canary_now;           /* CANARY */
    int64_t rtt_ms;               /* heartbeat's rttMs, else RC_NONE */
};

/* rc_decode reads one message for the site `site`. A punch's note is borrowed from `scratch` (RC_TEXT_MAX
 * bytes, the caller's), which must live as long as the event is used. The fields that only the caller knows
 * are set to nothing: a punch's prior verdict, history and in_elsewhere; from_device says that the sender's
 * role is a device's. */
void rc_decode(const struct rc_message *message, const struct rc_id *site, char scratch[RC_TEXT_MAX],
               struct rc_decoded *out);

#endif
