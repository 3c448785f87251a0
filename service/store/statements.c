#include "statements.h"

#define FACT_COLUMNS                                                                                         \
    "seq, type, effective_at, in_effect, decided, rejected, state, review, effective_closes, target_seq, "   \
    "cause, out_t, out_detected_t, employee_id, action, at, detected_at "

/* A row of the log with what later rows made of it, as rc_punch_read takes it. */
#define STORED_COLUMNS RC_PUNCH_COLUMNS ", in_effect, decided, effective_at "

/* The last: held punches inside it that nobody has decided on. */
#define PERIOD_COLUMNS                                                                                       \
    "employee_id, in_seq, in_at, out_seq, out_at, out_type, cause, review, "                                 \
    "(SELECT count(*) FROM punches h WHERE h.site = periods.site AND h.employee_id = periods.employee_id "   \
    "AND h.at >= periods.in_at AND h.at < COALESCE(periods.out_at, 9223372036854775807) "                    \
    "AND h.state = 'held' AND NOT EXISTS (SELECT 1 FROM punches c WHERE c.site = h.site "                    \
    "AND c.target_seq = h.seq AND c.type = 'CORRECTION')) "

/* A punch's label stands in its own row or, once it was retimed, in the row that did so. Walking both kinds
 * in order of `at` meets every label in order; who walks keeps those whose label is the one in force. */
#define LABELS_OF_INS "(type = 'IN' OR (type = 'CORRECTION' AND action = 'retime'))"

#define ASK_COLUMNS                                                                                          \
    "number, employee_id, asked_by, decided_by, asked_at, decided_at, action, target_seq, type, at, "        \
    "reason, "                                                                                               \
    "state, result_seq, decision_reason "

#define TOTALS_KEY "site = ?1 AND date = ?2 AND user_id = ?3 "

/* A user's current day, as training_day.c reads it; the course at hand comes after. */
#define DAY_COLUMNS                                                                                          \
    "c.user_id, c.date, c.start_at, c.end_at, d.ms, d.next_ms, d.limit_ms, d.heartbeats, d.refused, "        \
    "d.session_count, d.created_at, d.last_heartbeat, d.locked_at "
#define DAY_TABLES                                                                                           \
    "FROM training_current c LEFT JOIN training_totals d ON d.site = c.site AND d.date = c.date "            \
    "AND d.user_id = c.user_id AND d.session_id = '' AND d.course_id = '' "

#define REPORT_COLUMNS                                                                                       \
    "user_id, date, minutes_completed, seconds_completed, session_count, heartbeats, refused, created_at, "  \
    "last_heartbeat, status <> 'active', "                                                                   \
    "(SELECT t.locked_at FROM training_totals t WHERE t.site = daily_activity_logs.site AND "                \
    "t.date = daily_activity_logs.date AND t.user_id = daily_activity_logs.user_id AND "                     \
    "t.session_id = '' AND t.course_id = '') "

const char *const rc_sql_texts[RC_SQL_COUNT] = {
    [RC_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [RC_SQL_COMMIT] = "COMMIT",
    [RC_SQL_SITE_ADD] = "INSERT INTO sites (number, name) VALUES (?, ?)",
    [RC_SQL_SITES] = "SELECT name FROM sites ORDER BY number",
    [RC_SQL_HEAD_GET] = "SELECT seq, hash FROM heads WHERE site = ? AND log = ?",
    [RC_SQL_HEAD_SET] = "INSERT INTO heads (site, log, seq, hash) VALUES (?, ?, ?, ?) "
                        "ON CONFLICT (site, log) DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
    [RC_SQL_LAST_PUNCH] = "SELECT seq, hash FROM punches WHERE site = ? ORDER BY seq DESC LIMIT 1",
    [RC_SQL_BOOT_ADD] =
        "INSERT INTO boots (boot_id, first_at) VALUES (?, ?) ON CONFLICT (boot_id) DO NOTHING",
    [RC_SQL_BOOT_GET] = "SELECT number FROM boots WHERE boot_id = ?",
    [RC_SQL_META_SET] = "INSERT INTO meta (name, value) VALUES (?, ?) "
                        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",

    [RC_SQL_ROW_ADD] = "INSERT OR FAIL INTO punches (" RC_PUNCH_COLUMNS ") "
                       "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [RC_SQL_ROW_HASH] = "SELECT hash FROM punches WHERE site = ? AND seq = ?",
    [RC_SQL_RECEIPT_ADD] = "INSERT OR FAIL INTO receipts (site, employee_id, id, type, result, seq, at, "
                           "recorded_at, review, code, after_seq, message) "
                           "VALUES (?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (site, employee_id, id) DO NOTHING",
    [RC_SQL_VERDICT] = "SELECT r.type, r.result, r.seq, r.at, r.recorded_at, r.review, r.code, p.hash, "
                       "COALESCE(r.seq, r.after_seq), r.message FROM receipts r "
                       "LEFT JOIN punches p ON p.site = r.site AND p.seq = COALESCE(r.seq, r.after_seq) "
                       "WHERE r.site = ? AND r.employee_id = ? AND r.id = ?",

    [RC_SQL_FACT] = "SELECT " FACT_COLUMNS "FROM punch_facts WHERE site = ? AND seq = ?",
    [RC_SQL_INS_BEFORE] = "SELECT seq, at, type, target_seq FROM punches WHERE site = ? AND employee_id = ? "
                          "AND at <= ? AND " LABELS_OF_INS " ORDER BY at DESC, seq DESC",
    [RC_SQL_INS_AFTER] = "SELECT seq, at, type, target_seq FROM punches WHERE site = ? AND employee_id = ? "
                         "AND at >= ? AND " LABELS_OF_INS " ORDER BY at, seq",
    [RC_SQL_LATEST] = "SELECT seq, at, type, target_seq FROM punches WHERE site = ? AND employee_id = ? "
                      "AND (type <> 'CORRECTION' OR action = 'retime') ORDER BY at DESC, seq DESC",
    [RC_SQL_CLOSING] = "SELECT out_seq FROM closing_punches WHERE site = ? AND in_seq = ? LIMIT 1",
    [RC_SQL_RESUMED] =
        "SELECT max(r.effective_at) FROM punches a JOIN punch_facts r ON r.site = a.site AND r.target_seq = "
        "a.seq "
        "WHERE a.site = ? AND a.closes = ? AND a.type = 'AUTO_OUT' AND r.type = 'RESUME' AND r.in_effect",
    [RC_SQL_WAITING] = "SELECT p.seq, p.at FROM punches p "
                       "JOIN receipts r ON r.site = p.site AND r.employee_id = p.employee_id AND r.id = p.id "
                       "AND r.seq = p.seq "
                       "WHERE p.site = ? AND p.employee_id = ? AND p.at > ? AND p.at < ? AND p.type = 'OUT' "
                       "AND p.state = 'held' "
                       "AND r.code = 'NO_IN' AND NOT EXISTS (SELECT 1 FROM punches c WHERE c.site = p.site "
                       "AND c.target_seq = p.seq "
                       "AND c.type = 'CORRECTION') ORDER BY p.at, p.seq LIMIT 1",
    [RC_SQL_FIRST] = "SELECT at FROM punches WHERE site = ? AND employee_id = ? ORDER BY at LIMIT 1",
    [RC_SQL_UNMADE] =
        "SELECT 1 FROM punches c JOIN punch_facts t ON t.site = c.site AND t.seq = c.target_seq "
        "WHERE c.site = ? AND c.employee_id = ? AND c.at >= ? AND c.seq > ? AND c.type = 'CORRECTION' "
        "AND (+c.action = 'void' OR +c.action = 'reject') AND c.actor <> 'service' "
        "AND (t.state = 'effective' OR EXISTS (SELECT 1 FROM punches a WHERE a.site = c.site "
        "AND a.target_seq = t.seq AND a.action = 'accept' AND a.type = 'CORRECTION')) "
        "AND t.type IN ('IN', 'RESUME') AND t.effective_at >= ? LIMIT 1",
    [RC_SQL_SAID_OUT] = "SELECT 1 FROM receipts WHERE site = ? AND employee_id = ? AND code = 'ALREADY_OUT' "
                        "AND after_seq >= ? LIMIT 1",

    [RC_SQL_ROW_FACTS] = "SELECT " STORED_COLUMNS "FROM punch_facts WHERE site = ? AND seq = ?",
    [RC_SQL_PAGE_SITE] = "SELECT " STORED_COLUMNS "FROM punch_facts WHERE site = ? AND seq > ? AND seq <= ? "
                         "AND effective_at >= ? AND effective_at < ? ORDER BY seq LIMIT ?",
    [RC_SQL_PAGE_EMPLOYEE] =
        "SELECT " STORED_COLUMNS "FROM punch_facts WHERE site = ?1 AND seq IN ("
        "SELECT seq FROM punches WHERE site = ?1 AND employee_id = ?6 AND at >= ?4 AND at < ?5 UNION "
        "SELECT target_seq FROM punches WHERE site = ?1 AND employee_id = ?6 AND at >= ?4 AND at < ?5 "
        "AND action = 'retime') "
        "AND seq > ?2 AND seq <= ?3 AND effective_at >= ?4 AND effective_at < ?5 ORDER BY seq LIMIT ?7",
    [RC_SQL_PAGE_DOUBTFUL] =
        "SELECT " STORED_COLUMNS "FROM punch_facts WHERE site = ?1 AND (review = 1 OR state = 'held') "
        "AND seq > ?2 AND seq <= ?3 AND effective_at >= ?4 AND effective_at < ?5 "
        "AND (?6 IS NULL OR employee_id = ?6) AND NOT decided "
        "AND CASE WHEN in_effect THEN review = 1 ELSE state = 'held' AND NOT rejected END ORDER BY seq LIMIT "
        "?7",
    [RC_SQL_PAGE_HOLD] =
        "SELECT " STORED_COLUMNS "FROM punch_facts WHERE site = ?1 AND seq IN ("
        "SELECT seq FROM punches WHERE site = ?1 AND hold_id = ?2 UNION ALL "
        "SELECT r.seq FROM punches a JOIN punches r ON r.site = a.site AND r.target_seq = a.seq "
        "WHERE a.site = ?1 AND a.hold_id = ?2 AND r.type = 'RESUME') "
        "AND type <> 'CORRECTION' AND in_effect AND NOT decided ORDER BY seq",
    [RC_SQL_SPAN_ROWS] = "SELECT min(seq), max(seq) FROM punches WHERE site = ? AND at >= ? AND at < ?",
    [RC_SQL_SPAN_RETIMED] = "SELECT min(target_seq), max(target_seq) FROM punches WHERE site = ? AND at >= ? "
                            "AND at < ? AND target_seq > 0 AND action = 'retime'",
    [RC_SQL_SPAN_CLOSED] = "SELECT min(closes), max(closes) FROM punches WHERE site = ? AND at >= ?",
    [RC_SQL_SPAN_ACCEPTED] = "SELECT min(f.effective_closes), max(f.effective_closes) FROM punches c "
                             "JOIN punch_facts f ON f.site = c.site AND f.seq = c.target_seq "
                             "WHERE c.site = ? AND c.target_seq > 0 AND c.action IN ('accept', 'retime') "
                             "AND f.effective_at >= ?",
    [RC_SQL_SPAN_OPEN] =
        "SELECT min(in_seq), max(in_seq) FROM employee_status WHERE site = ? AND status = 'IN'",
    [RC_SQL_PERIODS_SITE] =
        "SELECT " PERIOD_COLUMNS "FROM periods WHERE site = ? AND in_seq > ? AND in_seq <= ? "
        "AND in_at < ? AND (out_at IS NULL OR out_at > ?) ORDER BY in_seq LIMIT ?",
    [RC_SQL_PERIODS_EMPLOYEE] = "SELECT " PERIOD_COLUMNS "FROM periods WHERE site = ? AND employee_id = ? "
                                "AND in_seq > ? AND in_at < ? AND (out_at IS NULL OR out_at > ?) "
                                "ORDER BY in_seq LIMIT ?",

    /* REPLACE sets every column, as these two do, and costs SQLite two thirds of an UPSERT. */
    [RC_SQL_STATUS_SET] =
        "REPLACE INTO employee_status (site, employee_id, status, since, last_seen, presence, version, "
        "status_cause, sessions, in_seq, in_at, last_seq, last_at, out_seq, out_type, out_cause, out_t, "
        "out_detected_t, out_final, hold_id, last_seen_now, last_seen_t, boot) "
        "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [RC_SQL_EVIDENCE_SET] =
        "UPDATE employee_status SET last_seen = ?, last_seen_now = ?, last_seen_t = ?, boot = ? "
        "WHERE site = ? AND employee_id = ?",
    [RC_SQL_SESSION_SET] = "REPLACE INTO sessions (site, employee_id, session_id, class, epoch, "
                           "last_heartbeat, state, ended_by, "
                           "interval_ms, heard_t, first_at, deadline_t, deadline_now, boot, heard_in_seq) "
                           "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [RC_SQL_SESSION_DROP] = "DELETE FROM sessions WHERE site = ? AND employee_id = ? AND session_id = ?",
    [RC_SQL_DEVICE_STATUS] =
        "INSERT INTO devices (site, device_id, online, since, last_seen) VALUES (?,?,?,?,?) "
        "ON CONFLICT (site, device_id) DO UPDATE SET online = excluded.online, since = excluded.since, "
        "last_seen = excluded.last_seen",
    [RC_SQL_DEVICE_SET] =
        "INSERT INTO devices (site, device_id, class, epoch, last_heartbeat, state, ended_by, interval_ms, "
        "heard_t, "
        "first_at, deadline_t) VALUES (?,?,?,?,?,?,?,?,?,?,?) "
        "ON CONFLICT (site, device_id) DO UPDATE SET class = excluded.class, epoch = excluded.epoch, "
        "last_heartbeat = excluded.last_heartbeat, state = excluded.state, ended_by = excluded.ended_by, "
        "interval_ms = excluded.interval_ms, heard_t = excluded.heard_t, first_at = excluded.first_at, "
        "deadline_t = excluded.deadline_t",
    [RC_SQL_DEVICE_DROP] = "DELETE FROM devices WHERE site = ? AND device_id = ?",
    [RC_SQL_HOLD_SET] =
        "INSERT INTO holds (site, number, scope, name, opened_at, ends_at, ends_now, boot, open) "
        "VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (site, number) DO UPDATE SET ends_at = excluded.ends_at, "
        "ends_now = excluded.ends_now, boot = excluded.boot, open = excluded.open",
    [RC_SQL_MAINTENANCE_SET] = "UPDATE sites SET maintenance_until = ? WHERE name = ?",
    [RC_SQL_T_SET] = "UPDATE sites SET service_t = ? WHERE name = ?",
    [RC_SQL_SITE_GET] = "SELECT service_t, maintenance_until FROM sites WHERE name = ?",
    [RC_SQL_LAST_HOLD] = "SELECT max(number) FROM holds WHERE site = ?",
    [RC_SQL_HOLDS] = "SELECT number, scope, name, opened_at, ends_at, CASE WHEN boot = ?2 THEN ends_now END "
                     "FROM holds WHERE site = ?1 AND open = 1 ORDER BY number",
    [RC_SQL_EMPLOYEES] =
        "SELECT s.employee_id, e.grp, s.status, s.since, s.last_seen, s.presence, s.version, s.status_cause, "
        "s.sessions, s.in_seq, s.in_at, s.last_seq, s.last_at, s.out_seq, s.out_type, s.out_cause, s.out_t, "
        "s.out_detected_t, s.out_final, s.hold_id, s.last_seen_now, s.last_seen_t, s.boot FROM "
        "employee_status s "
        "LEFT JOIN employees e ON e.site = s.site AND e.employee_id = s.employee_id "
        "WHERE s.site = ? ORDER BY s.employee_id",
    [RC_SQL_SESSIONS] =
        "SELECT employee_id, session_id, class, epoch, last_heartbeat, state, ended_by, interval_ms, "
        "heard_t, first_at, deadline_t, deadline_now, boot, heard_in_seq FROM sessions "
        "WHERE site = ? ORDER BY employee_id, session_id",
    [RC_SQL_DEVICES] =
        "SELECT NULL, device_id, class, epoch, last_heartbeat, state, ended_by, interval_ms, heard_t, "
        "first_at, deadline_t, NULL, NULL, NULL FROM devices WHERE site = ? AND state IS NOT NULL "
        "ORDER BY device_id",
    [RC_SQL_DIRECTORY] = "SELECT employee_id, grp, manager_id, name, email, active FROM employees "
                         "WHERE site = ? AND employee_id > ? ORDER BY employee_id",
    [RC_SQL_DIRECTORY_ONE] = "SELECT employee_id, grp, manager_id, name, email, active FROM employees "
                             "WHERE site = ? AND employee_id = ?",
    [RC_SQL_DIRECTORY_SET] =
        "INSERT INTO employees (site, employee_id, name, grp, email, manager_id, active) VALUES "
        "(?,?,?,?,?,?,?) "
        "ON CONFLICT (site, employee_id) DO UPDATE SET name = excluded.name, grp = excluded.grp, "
        "email = excluded.email, manager_id = excluded.manager_id, active = excluded.active",
    [RC_SQL_ALERT_RAISE] =
        "INSERT INTO alerts (site, kind, since, detail) "
        "SELECT ?1, ?2, COALESCE((SELECT max(since) FROM alerts WHERE site = ?1 AND kind = ?2 "
        "AND cleared_at IS NULL), ?3), ?4 "
        "WHERE true ON CONFLICT (site, kind, since) DO UPDATE SET detail = excluded.detail, cleared_at = "
        "NULL",
    [RC_SQL_ALERT_CLEAR] =
        "UPDATE alerts SET cleared_at = ?3 WHERE site = ?1 AND kind = ?2 AND cleared_at IS NULL",

    [RC_SQL_OUTBOX_ADD] = "INSERT INTO outbox (number, site, topic, payload, correlation, qos, retain) "
                          "VALUES (?,?,?,?,?,?,?)",
    [RC_SQL_OUTBOX_DONE] = "DELETE FROM outbox WHERE number BETWEEN ? AND ?",
    /* A status whose version is not the present one can be alone here: the broker refused it, and took the
     * next. CASE, since a payload is not always JSON. */
    [RC_SQL_OUTBOX_PRUNE] =
        "DELETE FROM outbox WHERE site = ?1 AND retain = 1 AND (number NOT IN "
        "(SELECT max(number) FROM outbox WHERE site = ?1 AND retain = 1 GROUP BY topic) "
        "OR CASE WHEN json_valid(CAST(payload AS TEXT)) "
        "THEN json_extract(CAST(payload AS TEXT), '$.version') < (SELECT version FROM employee_status "
        "WHERE site = ?1 AND employee_id = json_extract(CAST(payload AS TEXT), '$.employeeId')) END)",
    [RC_SQL_OUTBOX_EACH] =
        "SELECT o.number, s.number, o.topic, o.payload, o.correlation, o.qos, o.retain "
        "FROM outbox o CROSS JOIN sites s ON s.name = o.site WHERE o.number > ? ORDER BY o.number",
    [RC_SQL_OUTBOX_LAST] = "SELECT max(number) FROM outbox",

    [RC_SQL_ASK_ADD] =
        "INSERT INTO correction_requests (site, number, employee_id, asked_by, asked_at, action, "
        "target_seq, type, at, reason, state) VALUES (?,?,?,?,?,?,?,?,?,?,'open')",
    [RC_SQL_ASK_LAST] = "SELECT max(number) FROM correction_requests WHERE site = ?",
    [RC_SQL_ASK_FIND] = "SELECT " ASK_COLUMNS "FROM correction_requests WHERE site = ? AND number = ?",
    [RC_SQL_ASK_DECIDE] =
        "UPDATE correction_requests SET state = ?, decided_by = ?, decided_at = ?, result_seq = ?, "
        "decision_reason = ? WHERE site = ? AND number = ? AND state = 'open'",
    [RC_SQL_ASKS] =
        "SELECT " ASK_COLUMNS "FROM correction_requests WHERE site = ?1 AND number > ?2 "
        "AND asked_at >= ?3 AND asked_at < ?4 AND (?5 = 0 OR state = 'open') ORDER BY number LIMIT ?6",
    [RC_SQL_ASKS_OF] =
        "SELECT " ASK_COLUMNS "FROM correction_requests WHERE site = ?1 AND number > ?2 "
        "AND asked_at >= ?3 AND asked_at < ?4 AND (?5 = 0 OR state = 'open') AND employee_id = ?7 "
        "ORDER BY number LIMIT ?6",

    /* UPDATE, and INSERT where there was no such row: see above. */
    [RC_SQL_COVER_GET] =
        "SELECT boot, now, at, run_ms, run_until_now, from_now, to_now, from_now_2, to_now_2, from_now_3, "
        "to_now_3, from_now_4, to_now_4 FROM training_covers WHERE user_id = ? AND course_id = ?",
    [RC_SQL_COVER_SET] =
        "UPDATE OR FAIL training_covers SET boot = ?3, now = ?4, at = ?5, run_ms = ?6, run_until_now = ?7, "
        "from_now = ?8, to_now = ?9, from_now_2 = ?10, to_now_2 = ?11, from_now_3 = ?12, to_now_3 = ?13, "
        "from_now_4 = ?14, to_now_4 = ?15 WHERE user_id = ?1 AND course_id = ?2",
    [RC_SQL_COVER_ADD] =
        "INSERT OR FAIL INTO training_covers (user_id, course_id, boot, now, at, run_ms, run_until_now, "
        "from_now, to_now, from_now_2, to_now_2, from_now_3, to_now_3, from_now_4, to_now_4) "
        "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [RC_SQL_TRAINING_DAY] = "SELECT " DAY_COLUMNS ", k.ms, k.next_ms " DAY_TABLES
                            "LEFT JOIN training_totals k ON k.site = c.site AND k.date = c.date "
                            "AND k.user_id = c.user_id AND k.session_id = '' AND k.course_id = ?3 "
                            "WHERE c.site = ?1 AND c.user_id = ?2",
    [RC_SQL_TRAINING_CURRENT_SET] =
        "INSERT INTO training_current (site, user_id, date, start_at, end_at) VALUES (?,?,?,?,?) "
        "ON CONFLICT (site, user_id) DO UPDATE SET date = excluded.date, start_at = excluded.start_at, "
        "end_at = excluded.end_at",
    [RC_SQL_DAY_SET] =
        "UPDATE OR FAIL training_totals SET ms = ?4, next_ms = ?5, limit_ms = ?6, start_at = ?7, "
        "heartbeats = ?8, refused = ?9, session_count = ?10, created_at = COALESCE(?11, created_at), "
        "last_heartbeat = COALESCE(?12, last_heartbeat), locked_at = ?13 "
        "WHERE " TOTALS_KEY "AND session_id = '' AND course_id = ''",
    [RC_SQL_DAY_ADD] =
        "INSERT OR FAIL INTO training_totals (site, date, user_id, session_id, course_id, ms, next_ms, "
        "limit_ms, start_at, heartbeats, refused, session_count, created_at, last_heartbeat, locked_at) "
        "VALUES (?1, ?2, ?3, '', '', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
    [RC_SQL_COURSE_SET] = "UPDATE OR FAIL training_totals SET ms = ?5, next_ms = ?6, limit_ms = ?7 "
                          "WHERE " TOTALS_KEY "AND session_id = '' AND course_id = ?4",
    [RC_SQL_COURSE_ADD] =
        "INSERT OR FAIL INTO training_totals (site, date, user_id, session_id, course_id, ms, next_ms, "
        "limit_ms) VALUES (?1, ?2, ?3, '', ?4, ?5, ?6, ?7)",
    [RC_SQL_HEARD_SET] =
        "UPDATE OR FAIL training_totals SET ms = ms + ?6, heartbeats = heartbeats + 1, last_heartbeat = ?7, "
        "heard_now = ?8, boot = ?9 WHERE " TOTALS_KEY "AND session_id = ?4 AND course_id = ?5",
    [RC_SQL_HEARD_ADD] =
        "INSERT OR FAIL INTO training_totals (site, date, user_id, session_id, course_id, ms, heartbeats, "
        "created_at, last_heartbeat, heard_now, boot) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?7, ?8, ?9)",
    [RC_SQL_SESSION_COUNT] = "SELECT session_count FROM training_totals "
                             "WHERE " TOTALS_KEY "AND session_id = '' AND course_id = ''",
    [RC_SQL_SESSIONS_COUNTED] = "SELECT count(DISTINCT session_id) FROM training_totals "
                                "WHERE " TOTALS_KEY "AND session_id > ''",
    [RC_SQL_HEARD_GET] = "SELECT last_heartbeat, heard_now, boot FROM training_totals "
                         "WHERE " TOTALS_KEY "AND session_id = ?4 AND course_id = ?5",
    [RC_SQL_CURRENT_DATE] = "SELECT date FROM training_current WHERE site = ? AND user_id = ?",
    [RC_SQL_DATE_BEFORE] = "SELECT max(date) FROM training_totals WHERE site = ? AND date < ?",
    [RC_SQL_TRAINING_ENDED] = "SELECT " DAY_COLUMNS DAY_TABLES "WHERE c.site = ? AND c.end_at <= ? "
                              "ORDER BY c.end_at, c.user_id LIMIT ?",
    [RC_SQL_TRAINING_AFTER] = "SELECT " DAY_COLUMNS DAY_TABLES "WHERE c.site = ? AND c.user_id > ? "
                              "ORDER BY c.user_id LIMIT ?",
    [RC_SQL_TRAINING_NEXT_END] = "SELECT min(end_at) FROM training_current WHERE site = ?",
    [RC_SQL_TRAINING_DAYS] =
        "SELECT " REPORT_COLUMNS "FROM daily_activity_logs WHERE site = ? AND (date, user_id) > (?, ?) "
        "AND date <= ? ORDER BY date, user_id LIMIT ?",
    /* A user's rows lie apart, one a date: each date of the site is looked up. */
    [RC_SQL_TRAINING_DAYS_OF] =
        "WITH RECURSIVE dates (date) AS ("
        "SELECT min(date) FROM training_totals WHERE site = ?1 AND date >= ?2 UNION ALL "
        "SELECT (SELECT min(t.date) FROM training_totals t WHERE t.site = ?1 AND t.date > d.date) "
        "FROM dates d WHERE d.date <= ?3) "
        "SELECT " REPORT_COLUMNS "FROM dates CROSS JOIN daily_activity_logs USING (date) "
        "WHERE site = ?1 AND user_id = ?4 AND date <= ?3 AND date > ?5 ORDER BY date LIMIT ?6",
    [RC_SQL_TRAINING_COURSES] =
        "SELECT course_id, seconds_completed, status <> 'active' FROM daily_course_logs "
        "WHERE site = ? AND date = ? AND user_id = ? ORDER BY course_id",
    [RC_SQL_TRAINING_SESSIONS] =
        "SELECT session_id, course_id, ms / 1000, heartbeats, last_heartbeat FROM training_sessions "
        "WHERE site = ? AND date = ? AND user_id = ? ORDER BY session_id, course_id",

    [RC_SQL_POLICY_LAST] = "SELECT max(number) FROM training_policies WHERE site = ?",
    [RC_SQL_POLICY_ADD] = "INSERT OR FAIL INTO training_policies (site, number, course_id, from_at, "
                          "limit_minutes, interval_ms, "
                          "break_minutes, break_after_minutes, zone, from_settings, actor, added_at) "
                          "VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
    [RC_SQL_POLICIES] =
        "SELECT number, course_id, from_at, limit_minutes, interval_ms, break_minutes, break_after_minutes, "
        "zone, from_settings, actor, added_at FROM training_policies WHERE site = ? ORDER BY number",
    [RC_SQL_PROGRESS_VERDICT] = "SELECT course_id, lesson_id, result, code, at FROM progress_receipts "
                                "WHERE site = ? AND user_id = ? AND id = ?",
    [RC_SQL_PROGRESS_RECEIPT_ADD] =
        "INSERT OR FAIL INTO progress_receipts (site, user_id, id, course_id, lesson_id, result, code, at) "
        "VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (site, user_id, id) DO NOTHING",
    [RC_SQL_PROGRESS_SET] = "UPDATE OR FAIL progress SET data = ?5, saved_at = ?6 "
                            "WHERE site = ?1 AND user_id = ?2 AND course_id = ?3 AND lesson_id = ?4",
    [RC_SQL_PROGRESS_ADD] = "INSERT OR FAIL INTO progress (site, user_id, course_id, lesson_id, data, "
                            "saved_at) VALUES (?,?,?,?,?,?)",
    [RC_SQL_META_GET] = "SELECT value FROM meta WHERE name = ?",

    [RC_SQL_ARCHIVED] = "SELECT rows, first_hash, last_hash FROM audit_archives WHERE month = ? AND site = ?",
    [RC_SQL_ARCHIVE_ADD] =
        "INSERT INTO audit_archives (month, site, first_seq, last_seq, first_hash, last_hash, rows, "
        "first_date, last_date, path, at) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
    [RC_SQL_LEFT_ASIDE] = "SELECT name FROM sqlite_schema WHERE type = 'table' "
                          "AND name GLOB 'archived_logs_[0-9]*' LIMIT 1",
    [RC_SQL_AUDIT_MONTH_ADD] =
        "INSERT INTO audit_months (month, site, first_seq, previous_hash) VALUES (?,?,?,?)",
    [RC_SQL_AUDIT_MONTHS] = "SELECT max(month) FROM audit_months WHERE site = ?",
    [RC_SQL_AUDIT_TABLES] =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'audit_logs_[0-9]*' "
        "ORDER BY name",
};
