/*
 * statements.h: every SQL statement of the service but for those on the monthly tables, by name. The texts
 * are in statements.c, all in one place, so that a test can ask the planner about each. Private to store;
 * constant.
 */
#ifndef RC_STORE_STATEMENTS_H
#define RC_STORE_STATEMENTS_H

enum rc_sql {
    RC_SQL_BEGIN,
    RC_SQL_COMMIT,
    RC_SQL_SITE_ADD,
    RC_SQL_SITES,
    RC_SQL_HEAD_GET,
    RC_SQL_HEAD_SET,
    RC_SQL_LAST_PUNCH,
    RC_SQL_BOOT_ADD,
    RC_SQL_BOOT_GET,
    RC_SQL_META_SET,
    RC_SQL_ROW_ADD,
    RC_SQL_ROW_HASH,
    RC_SQL_RECEIPT_ADD,
    RC_SQL_VERDICT,
    RC_SQL_FACT,
    RC_SQL_INS_BEFORE,
    RC_SQL_INS_AFTER,
    RC_SQL_LATEST,
    RC_SQL_CLOSING,
    RC_SQL_RESUMED,
    RC_SQL_WAITING,
    RC_SQL_FIRST,
    RC_SQL_UNMADE,
    RC_SQL_SAID_OUT,
    RC_SQL_ROW_FACTS,
    RC_SQL_PAGE_SITE,
    RC_SQL_PAGE_EMPLOYEE,
    RC_SQL_PAGE_DOUBTFUL,
    RC_SQL_PAGE_HOLD,
    RC_SQL_SPAN_ROWS,
    RC_SQL_SPAN_RETIMED,
    RC_SQL_SPAN_CLOSED,
    RC_SQL_SPAN_ACCEPTED,
    RC_SQL_SPAN_OPEN,
    RC_SQL_PERIODS_SITE,
    RC_SQL_PERIODS_EMPLOYEE,
    RC_SQL_STATUS_SET,
    RC_SQL_EVIDENCE_SET,
    RC_SQL_SESSION_SET,
    RC_SQL_SESSION_DROP,
    RC_SQL_DEVICE_STATUS,
    RC_SQL_DEVICE_SET,
    RC_SQL_DEVICE_DROP,
    RC_SQL_HOLD_SET,
    RC_SQL_MAINTENANCE_SET,
    RC_SQL_T_SET,
    RC_SQL_SITE_GET,
    RC_SQL_LAST_HOLD,
    RC_SQL_HOLDS,
    RC_SQL_EMPLOYEES,
    RC_SQL_SESSIONS,
    RC_SQL_DEVICES,
    RC_SQL_DIRECTORY,
    RC_SQL_DIRECTORY_ONE,
    RC_SQL_DIRECTORY_SET,
    RC_SQL_ALERT_RAISE,
    RC_SQL_ALERT_CLEAR,
    RC_SQL_OUTBOX_ADD,
    RC_SQL_OUTBOX_DONE,
    RC_SQL_OUTBOX_PRUNE,
    RC_SQL_OUTBOX_EACH,
    RC_SQL_OUTBOX_LAST,
    RC_SQL_ASK_ADD,
    RC_SQL_ASK_LAST,
    RC_SQL_ASK_FIND,
    RC_SQL_ASK_DECIDE,
    RC_SQL_ASKS,
    RC_SQL_ASKS_OF,
    RC_SQL_COVER_GET,
    RC_SQL_COVER_SET,
    RC_SQL_COVER_ADD,
    RC_SQL_TRAINING_DAY,
    RC_SQL_TRAINING_CURRENT_SET,
    RC_SQL_DAY_SET,
    RC_SQL_DAY_ADD,
    RC_SQL_COURSE_SET,
    RC_SQL_COURSE_ADD,
    RC_SQL_HEARD_SET,
    RC_SQL_HEARD_ADD,
    RC_SQL_SESSION_COUNT,
    RC_SQL_SESSIONS_COUNTED,
    RC_SQL_HEARD_GET,
    RC_SQL_CURRENT_DATE,
    RC_SQL_DATE_BEFORE,
    RC_SQL_TRAINING_ENDED,
    RC_SQL_TRAINING_AFTER,
    RC_SQL_TRAINING_NEXT_END,
    RC_SQL_TRAINING_DAYS,
    RC_SQL_TRAINING_DAYS_OF,
    RC_SQL_TRAINING_COURSES,
    RC_SQL_TRAINING_SESSIONS,
    RC_SQL_POLICY_LAST,
    RC_SQL_POLICY_ADD,
    RC_SQL_POLICIES,
    RC_SQL_PROGRESS_VERDICT,
    RC_SQL_PROGRESS_RECEIPT_ADD,
    RC_SQL_PROGRESS_SET,
    RC_SQL_PROGRESS_ADD,
    RC_SQL_META_GET,
    RC_SQL_ARCHIVE_ADD,
    RC_SQL_LEFT_ASIDE,
    RC_SQL_AUDIT_MONTH_ADD,
    RC_SQL_AUDIT_MONTHS,
    RC_SQL_AUDIT_TABLES,
    RC_SQL_COUNT
};

extern const char *const rc_sql_texts[RC_SQL_COUNT];

/* The columns of a row of the log in the order of its canonical text; hash comes last, and is not part of it.
 */
#define RC_PUNCH_COLUMNS                                                                                     \
    "site, seq, id, employee_id, type, at, last_evidence_at, detected_at, recorded_at, cause, session_id, "  \
    "login, device_at, state, review, closes, target_seq, action, actor, reason, hold_id, note, out_t, "     \
    "out_detected_t, hash"
#define RC_PUNCH_COLUMN_COUNT 25
#define RC_AUDIT_COLUMNS      "site, seq, at, event, user_id, session_id, result, detail, hash"
#define RC_AUDIT_COLUMN_COUNT 9

#endif
