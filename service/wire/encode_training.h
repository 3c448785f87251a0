/*
 * encode_training.h: what the service says of training, as JSON (T-7): the answer to one training heartbeat,
 * the retained training of a user, and the detail of an audit row, by which `rollcall verify` adds the days
 * up again. As encode.h: writers into the caller's buffer that return the length, 0 if it did not fit;
 * nothing is ever null. Pure, any thread.
 */
#ifndef RC_WIRE_ENCODE_TRAINING_H
#define RC_WIRE_ENCODE_TRAINING_H

#include "core/training.h"

/* The answer to one training heartbeat that was judged. code RC_OK: counted; else why not. */
struct rc_training_answer {
    enum rc_code code;
    const char *message; /* of a code */
    int64_t minutes, remaining_minutes;
    bool is_new_day;
    char date[RC_DATE_MAX];
    int64_t server_at;       /* when it was received; success only */
    int64_t locked_until_at; /* refusals only */
};
size_t rc_encode_training_answer(const struct rc_training_answer *answer, char *out, size_t size);

/* emp/{employee}/training */
struct rc_training_status {
    struct rc_id user;
    char date[RC_DATE_MAX];
    int64_t minutes, remaining_minutes;
    bool locked;
    int64_t locked_at, locked_until_at; /* while it is locked */
    int64_t session_count;
};
size_t rc_encode_training_status(const struct rc_training_status *status, char *out, size_t size);

/* What one heartbeat added at one site: to the day on which it was received and to the one after it. */
struct rc_training_share {
    struct rc_id site;
    char date[RC_DATE_MAX], next_date[RC_DATE_MAX];
    struct rc_training_total user, course;
};

/* Bytes of a detail: of each of RC_TRAINING_SITES_MAX sites two ids and four dates with their milliseconds.
 */
#define RC_TRAINING_DETAIL_MAX (256 + RC_TRAINING_SITES_MAX * 256)

/* rc_encode_training_detail writes {"courseId","added"?,"course"?,"elsewhere"?}: milliseconds by date of the
 * site that judged, shares[0], and of the other sites; what is empty is left out. */
size_t rc_encode_training_detail(const struct rc_id *course, const struct rc_training_share *shares,
                                 uint32_t count, char *out, size_t size);

#endif
