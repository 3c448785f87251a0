/*
 * The days of training, added up again from audit_logs and compared with the ledger (T-6): see verify.h. Sums
 * are kept in a temporary table, which SQLite keeps in a file once it is large; the rows themselves are read
 * once for each kind of sum, whatever their number.
 */
#include "result.h"
#include "verify_parts.h"

#include <stdio.h>
#include <string.h>

/* Memory for the temporary tables, KiB; beyond it they are a file. */
#define TEMP_CACHE_KIB 65536

/* What one kind of sum is made of: the site, date, user and course that it is for, the sum, and how many of
 * its parts are no numbers. %w is the month's table. */
static const char *const sums[] = {
    /* what was added to the user's union, by dates of the judging site */
    "SELECT a.site, j.key, a.user_id, '', sum(j.value), sum(j.type <> 'integer' OR j.value < 0) "
    "FROM %w a, json_each(a.detail, '$.added') j WHERE a.event = 'SESSION_HEARTBEAT' GROUP BY 1, 2, 3",
    /* and to the course's */
    "SELECT a.site, j.key, a.user_id, a.detail ->> '$.courseId', sum(j.value), "
    "sum(j.type <> 'integer' OR j.value < 0) "
    "FROM %w a, json_each(a.detail, '$.course') j WHERE a.event = 'SESSION_HEARTBEAT' GROUP BY 1, 2, 3, 4",
    /* the same by dates of the other sites */
    "SELECT e.key, j.key, a.user_id, '', sum(j.value), sum(j.type <> 'integer' OR j.value < 0) "
    "FROM %w a, json_each(a.detail, '$.elsewhere') e, json_each(e.value, '$.added') j "
    "WHERE a.event = 'SESSION_HEARTBEAT' AND instr(a.detail, '\"elsewhere\"') > 0 GROUP BY 1, 2, 3",
    "SELECT e.key, j.key, a.user_id, a.detail ->> '$.courseId', sum(j.value), "
    "sum(j.type <> 'integer' OR j.value < 0) "
    "FROM %w a, json_each(a.detail, '$.elsewhere') e, json_each(e.value, '$.course') j "
    "WHERE a.event = 'SESSION_HEARTBEAT' AND instr(a.detail, '\"elsewhere\"') > 0 GROUP BY 1, 2, 3, 4",
};

static enum rc_verify_result run_sql(struct rc_verify_run *run, const char *sql)
{
    return sqlite3_exec(run->db, sql, NULL, NULL, NULL) == SQLITE_OK
               ? RC_VERIFY_SOUND
               : rc_verify_of_sqlite(run, run->db, "training");
}

static enum rc_verify_result make_tables(struct rc_verify_run *run)
{
    char sql[1200];
    snprintf(
        sql, sizeof sql,
        "PRAGMA temp.cache_size = -%d;"
        "CREATE TEMP TABLE recount (site TEXT NOT NULL, date TEXT NOT NULL, user_id TEXT NOT NULL, "
        "course_id TEXT NOT NULL, ms INTEGER NOT NULL, PRIMARY KEY (site, date, user_id, course_id)) "
        "WITHOUT ROWID;"
        "CREATE TEMP TABLE reached (site TEXT NOT NULL, date TEXT NOT NULL, user_id TEXT NOT NULL, "
        "minutes INTEGER NOT NULL, PRIMARY KEY (site, date, user_id, minutes)) WITHOUT ROWID;"
        "CREATE TEMP TABLE ordered (site TEXT, number INTEGER, course_id TEXT, from_at INTEGER, "
        "limit_minutes INTEGER, interval_ms INTEGER, break_minutes INTEGER, break_after_minutes INTEGER, "
        "zone TEXT, PRIMARY KEY (site, number)) WITHOUT ROWID;"
        "CREATE TEMP TABLE unseen_months (month TEXT NOT NULL);"
        "CREATE TEMP TABLE unseen (first_date TEXT NOT NULL, last_date TEXT NOT NULL)",
        TEMP_CACHE_KIB);
    return run_sql(run, sql);
}

/* ---- adding up ---- */

/* Names the first row whose detail is none of a heartbeat. */
static enum rc_verify_result blame(struct rc_verify_run *run, sqlite3 *db, const char *table)
{
    sqlite3_stmt *statement = NULL;
    char where[RC_STORE_ERROR_MAX];
    char *sql = sqlite3_mprintf(
        "SELECT site, seq FROM %w a WHERE event = 'SESSION_HEARTBEAT' AND detail IS NOT NULL AND CASE WHEN "
        "json_valid(detail) THEN a.user_id IS NULL OR EXISTS (SELECT 1 FROM json_tree(a.detail) j WHERE "
        "(j.type <> 'integer' OR j.value < 0) AND j.key GLOB '[0-9]*-*') ELSE 1 END ORDER BY site, seq LIMIT "
        "1",
        table);
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    sqlite3_free(sql);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum rc_verify_result result = RC_VERIFY_BROKEN;
    if (code == SQLITE_ROW) {
        snprintf(where, sizeof where, "row %lld: its detail is none of a training heartbeat",
                 sqlite3_column_int64(statement, 1));
        char what[128];
        snprintf(what, sizeof what, "audit_logs of site %.64s",
                 (const char *)sqlite3_column_text(statement, 0));
        result = rc_verify_say(run, RC_VERIFY_BROKEN, what, where);
    } else {
        result = rc_verify_of_sqlite(run, db, table);
    }
    sqlite3_finalize(statement);
    return result;
}

/* Adds one kind of sum of a month to those of the months before. */
static enum rc_verify_result add_sums(struct rc_verify_run *run, sqlite3 *db, const char *table,
                                      const char *sum)
{
    static const char adding[] =
        "INSERT INTO recount VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (site, date, user_id, course_id) DO UPDATE SET ms = ms + excluded.ms";
    sqlite3_stmt *select = NULL, *insert = NULL;
    char *sql = sqlite3_mprintf(sum, table);
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(db, sql, -1, &select, NULL);
    sqlite3_free(sql);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    if (sqlite3_prepare_v2(run->db, adding, -1, &insert, NULL) != SQLITE_OK)
        result = rc_verify_of_sqlite(run, run->db, "training");
    while (result == RC_VERIFY_SOUND && (code == SQLITE_OK || code == SQLITE_ROW) &&
           (code = sqlite3_step(select)) == SQLITE_ROW) {
        for (int i = 0; i < 5; i++)
            sqlite3_bind_value(insert, i + 1, sqlite3_column_value(select, i));
        if (sqlite3_column_int64(select, 5) > 0 || sqlite3_column_type(select, 2) == SQLITE_NULL)
            result = blame(run, db, table);
        else if (sqlite3_step(insert) != SQLITE_DONE)
            result = rc_verify_of_sqlite(run, run->db, "training");
        sqlite3_reset(insert);
    }
    if (result == RC_VERIFY_SOUND && code != SQLITE_DONE) /* mostly: malformed JSON */
        result = (code & 0xff) == SQLITE_ERROR ? blame(run, db, table) : rc_verify_of_sqlite(run, db, table);
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return result;
}

/* T-6: a day's limit is reached once; a limit that was raised is another. */
static enum rc_verify_result add_reached(struct rc_verify_run *run, sqlite3 *db, const char *table)
{
    static const char adding[] = "INSERT INTO reached VALUES (?, ?, ?, ?)";
    sqlite3_stmt *select = NULL, *insert = NULL;
    char *sql =
        sqlite3_mprintf("SELECT site, detail ->> '$.date', user_id, COALESCE(detail ->> '$.limitMinutes', "
                        "-1), seq FROM %w WHERE event = 'DAILY_LIMIT_REACHED' AND json_valid(detail) "
                        "ORDER BY site, seq",
                        table);
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(db, sql, -1, &select, NULL);
    sqlite3_free(sql);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    if (sqlite3_prepare_v2(run->db, adding, -1, &insert, NULL) != SQLITE_OK)
        result = rc_verify_of_sqlite(run, run->db, "training");
    while (result == RC_VERIFY_SOUND && (code == SQLITE_OK || code == SQLITE_ROW) &&
           (code = sqlite3_step(select)) == SQLITE_ROW) {
        char what[128], where[128];
        for (int i = 0; i < 4; i++)
            sqlite3_bind_value(insert, i + 1, sqlite3_column_value(select, i));
        int added = sqlite3_step(insert);
        sqlite3_reset(insert);
        snprintf(what, sizeof what, "audit_logs of site %.64s", (const char *)sqlite3_column_text(select, 0));
        snprintf(where, sizeof where, "row %lld: a day's limit was reached before",
                 sqlite3_column_int64(select, 4));
        if ((added & 0xff) == SQLITE_CONSTRAINT)
            result = rc_verify_say(run, RC_VERIFY_BROKEN, what, where);
        else if (added != SQLITE_DONE)
            result = rc_verify_of_sqlite(run, run->db, "training");
    }
    if (result == RC_VERIFY_SOUND && code != SQLITE_DONE)
        result = rc_verify_of_sqlite(run, db, table);
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return result;
}

/* The policies as they were ordered: a table of policies that says otherwise would lift a lock unseen (T-1).
 */
static enum rc_verify_result add_policies(struct rc_verify_run *run, sqlite3 *db, const char *table)
{
    sqlite3_stmt *select = NULL, *insert = NULL;
    char *sql = sqlite3_mprintf(
        "SELECT site, detail ->> '$.number', COALESCE(detail ->> '$.courseId', ''), detail ->> '$.from', "
        "detail ->> '$.limitMinutes', detail ->> '$.intervalMs', detail ->> '$.breakMinutes', "
        "detail ->> '$.breakAfterMinutes', detail ->> '$.zone' FROM %w "
        "WHERE event = 'TRAINING_POLICY' AND json_valid(detail)",
        table);
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(db, sql, -1, &select, NULL);
    sqlite3_free(sql);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(run->db, "INSERT OR IGNORE INTO ordered VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                  -1, &insert, NULL);
    while ((code == SQLITE_OK || code == SQLITE_ROW) && (code = sqlite3_step(select)) == SQLITE_ROW) {
        for (int i = 0; i < 9; i++)
            sqlite3_bind_value(insert, i + 1, sqlite3_column_value(select, i));
        int added = sqlite3_step(insert);
        sqlite3_reset(insert);
        if (added != SQLITE_DONE)
            code = added;
    }
    enum rc_verify_result result =
        code == SQLITE_DONE ? RC_VERIFY_SOUND : rc_verify_of_sqlite(run, db, table);
    sqlite3_finalize(select);
    sqlite3_finalize(insert);
    return result;
}

static enum rc_verify_result compare_policies(struct rc_verify_run *run)
{
    static const char sql[] =
        "SELECT p.site, p.number FROM training_policies p LEFT JOIN ordered o ON o.site = p.site "
        "AND o.number = p.number WHERE o.course_id <> p.course_id OR o.from_at <> p.from_at "
        "OR o.limit_minutes <> p.limit_minutes OR (o.number IS NOT NULL AND p.course_id = '' AND "
        "(o.interval_ms IS NOT p.interval_ms OR o.break_minutes IS NOT p.break_minutes "
        "OR o.break_after_minutes IS NOT p.break_after_minutes OR o.zone IS NOT p.zone)) "
        "OR (o.number IS NULL AND NOT EXISTS (SELECT 1 FROM unseen_months u "
        "WHERE u.month >= strftime('%Y_%m', p.added_at / 1000, 'unixepoch'))) "
        "ORDER BY 1, 2 LIMIT 1";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(run->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    if (code == SQLITE_ROW) {
        char what[128];
        snprintf(what, sizeof what, "training policy %lld of site %.64s", sqlite3_column_int64(statement, 1),
                 (const char *)sqlite3_column_text(statement, 0));
        result = rc_verify_say(run, RC_VERIFY_BROKEN, what, "the audit rows tell of none such");
    } else if (code != SQLITE_DONE) {
        result = rc_verify_of_sqlite(run, run->db, "training_policies");
    }
    sqlite3_finalize(statement);
    return result;
}

static enum rc_verify_result add_month(struct rc_verify_run *run, sqlite3 *db, const char *table)
{
    enum rc_verify_result result = add_reached(run, db, table);
    if (result == RC_VERIFY_SOUND)
        result = add_policies(run, db, table);
    for (size_t i = 0; result == RC_VERIFY_SOUND && i < sizeof sums / sizeof sums[0]; i++)
        result = add_sums(run, db, table, sums[i]);
    return result;
}

/* The days that a month which is nowhere may count for: as was noted; or, without a note, all up to its end,
 * and the day after it, which its last heartbeats may have run over into, in a zone that is ahead. */
static enum rc_verify_result note_unseen(struct rc_verify_run *run, const char *month)
{
    static const char noting[] = "INSERT INTO unseen SELECT first_date, last_date FROM audit_archives WHERE "
                                 "month = ?1 AND first_date > ''";
    static const char guessing[] =
        "INSERT INTO unseen SELECT '', date(replace(?1, '_', '-') || '-01', '+1 month', '+1 day') "
        "WHERE EXISTS (SELECT 1 FROM audit_months m WHERE m.month = ?1 AND NOT EXISTS "
        "(SELECT 1 FROM audit_archives a WHERE a.month = m.month AND a.site = m.site))";
    static const char naming[] = "INSERT INTO unseen_months VALUES (?1)";
    static const char *const texts[] = {noting, guessing, naming};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        sqlite3_stmt *statement = NULL;
        int code = sqlite3_prepare_v2(run->db, texts[i], -1, &statement, NULL);
        if (code == SQLITE_OK) {
            struct binder binder = rc_bind(statement);
            rc_bind_word(&binder, month);
            code = sqlite3_step(statement);
        }
        sqlite3_finalize(statement);
        if (code != SQLITE_DONE)
            return rc_verify_of_sqlite(run, run->db, "audit_archives");
    }
    return RC_VERIFY_SOUND;
}

static enum rc_verify_result add_all(struct rc_verify_run *run)
{
    sqlite3_stmt *months = NULL;
    int code = sqlite3_prepare_v2(run->db, "SELECT DISTINCT month FROM audit_months ORDER BY month", -1,
                                  &months, NULL);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    while ((code == SQLITE_OK || code == SQLITE_ROW) && result == RC_VERIFY_SOUND &&
           (code = sqlite3_step(months)) == SQLITE_ROW) {
        const char *month = (const char *)sqlite3_column_text(months, 0);
        char table[32];
        sqlite3 *db = NULL;
        snprintf(table, sizeof table, "audit_logs_%.15s", month);
        for (size_t i = 0; db == NULL && i < rc_verify_source_count(run); i++)
            db = rc_verify_source(run, i,
                                  table); /* where there are several, all are the same: verify_audit.c */
        result = db == NULL ? note_unseen(run, month) : add_month(run, db, table);
    }
    if (result == RC_VERIFY_SOUND && code != SQLITE_DONE)
        result = rc_verify_of_sqlite(run, run->db, "audit_months");
    sqlite3_finalize(months);
    return result;
}

/* ---- comparing ---- */

#define SEEN "NOT EXISTS (SELECT 1 FROM unseen u WHERE t.date BETWEEN u.first_date AND u.last_date) "
#define RECOUNTED                                                                                            \
    "LEFT JOIN recount r ON r.site = t.site AND r.date = t.date AND r.user_id = t.user_id AND r.course_id "  \
    "= "

/* Each gives site, user, date, course ('': of all), what is stored, and what the audit rows give. */
static const char *const comparisons[] = {
    "SELECT t.site, t.user_id, t.date, t.course_id, t.ms, COALESCE(r.ms, 0) FROM training_totals t " RECOUNTED
    "t.course_id WHERE t.session_id = '' AND t.ms <> COALESCE(r.ms, 0) AND " SEEN
    "ORDER BY t.site, t.date, t.user_id LIMIT 1",
    "SELECT t.site, t.user_id, t.date, t.course_id, 0, t.ms FROM recount t LEFT JOIN training_totals l "
    "ON l.site = t.site AND l.date = t.date AND l.user_id = t.user_id AND l.session_id = '' "
    "AND l.course_id = t.course_id WHERE l.ms IS NULL AND t.ms > 0 AND " SEEN "LIMIT 1",
    /* the views, should somebody have made others of that name */
    "SELECT t.site, t.user_id, t.date, '', t.seconds_completed * 1000, COALESCE(r.ms, 0) "
    "FROM daily_activity_logs t JOIN training_totals l ON l.site = t.site AND l.date = t.date "
    "AND l.user_id = t.user_id AND l.session_id = '' AND l.course_id = '' " RECOUNTED
    "'' WHERE t.seconds_completed <> min(COALESCE(r.ms, 0), l.limit_ms) / 1000 AND " SEEN "LIMIT 1",
    "SELECT t.site, t.user_id, t.date, t.course_id, t.seconds_completed * 1000, COALESCE(r.ms, 0) "
    "FROM daily_course_logs t JOIN training_totals l ON l.site = t.site AND l.date = t.date "
    "AND l.user_id = t.user_id AND l.session_id = '' AND l.course_id = t.course_id " RECOUNTED
    "t.course_id WHERE t.seconds_completed <> min(COALESCE(r.ms, 0), COALESCE(l.limit_ms, r.ms)) / 1000 "
    "AND " SEEN "LIMIT 1",
    "SELECT t.site, t.user_id, t.date, '', -1, t.ms FROM recount t WHERE t.course_id = '' AND t.ms > 0 "
    "AND " SEEN
    "AND NOT EXISTS (SELECT 1 FROM daily_activity_logs v WHERE v.site = t.site AND v.date = t.date "
    "AND v.user_id = t.user_id) LIMIT 1",
};

static enum rc_verify_result compare(struct rc_verify_run *run, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(run->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    if (code == SQLITE_ROW) {
        const char *course = (const char *)sqlite3_column_text(statement, 3);
        char what[320], detail[128];
        snprintf(what, sizeof what, "training of %.64s at site %.64s on %.10s%s%.64s",
                 (const char *)sqlite3_column_text(statement, 1),
                 (const char *)sqlite3_column_text(statement, 0),
                 (const char *)sqlite3_column_text(statement, 2), *course == '\0' ? "" : ", course ", course);
        snprintf(detail, sizeof detail, "%lld ms are shown, the audit rows give %lld",
                 sqlite3_column_int64(statement, 4), sqlite3_column_int64(statement, 5));
        result = rc_verify_say(run, RC_VERIFY_BROKEN, what, detail);
    } else if (code != SQLITE_DONE) {
        result = rc_verify_of_sqlite(run, run->db, "training");
    }
    sqlite3_finalize(statement);
    return result;
}

static enum rc_verify_result count_days(struct rc_verify_run *run)
{
    static const char sql[] = "SELECT COALESCE(sum(" SEEN "), 0), count(*) FROM training_days t";
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(run->db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    enum rc_verify_result result = RC_VERIFY_SOUND;
    if (code == SQLITE_ROW && run->options->days != NULL) {
        int64_t checked = sqlite3_column_int64(statement, 0);
        *run->options->days = (struct rc_verify_days){checked, sqlite3_column_int64(statement, 1) - checked};
    } else if (code != SQLITE_ROW) {
        result = rc_verify_of_sqlite(run, run->db, "training");
    }
    sqlite3_finalize(statement);
    return result;
}

enum rc_verify_result rc_verify_training(struct rc_verify_run *run)
{
    enum rc_verify_result result = make_tables(run);
    if (result == RC_VERIFY_SOUND)
        result = add_all(run);
    for (size_t i = 0; result == RC_VERIFY_SOUND && i < sizeof comparisons / sizeof comparisons[0]; i++)
        result = compare(run, comparisons[i]);
    if (result == RC_VERIFY_SOUND)
        result = compare_policies(run);
    return result == RC_VERIFY_SOUND ? count_days(run) : result;
}
