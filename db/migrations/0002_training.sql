-- The training day limit (T-1 to T-8). db/schema.md explains every table. What was daily_activity_logs and
-- daily_course_logs, which nothing wrote yet, are views from here on.

DROP TABLE daily_activity_logs;
DROP TABLE daily_course_logs;

-- Append-only: what held on a past day must not change with what holds today.
CREATE TABLE training_policies (
    site                TEXT    NOT NULL,
    number              INTEGER NOT NULL,
    course_id           TEXT    NOT NULL, -- '': the site's own
    from_at             INTEGER NOT NULL, -- a local midnight; 0: it has always held
    limit_minutes       INTEGER NOT NULL,
    interval_ms         INTEGER,          -- these of the site's own only
    break_minutes       INTEGER,
    break_after_minutes INTEGER,
    zone                TEXT,
    from_settings       INTEGER NOT NULL,
    actor               TEXT,
    added_at            INTEGER NOT NULL,
    PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER training_policies_only_next BEFORE INSERT ON training_policies
WHEN NEW.number IS NOT 1 + COALESCE((SELECT max(number) FROM training_policies WHERE site = NEW.site), 0)
    OR NEW.limit_minutes < 0 OR NEW.from_at < 0
    OR (NEW.course_id = '') <> COALESCE(NEW.zone > '' AND NEW.interval_ms > 0, 0)
BEGIN
    SELECT RAISE(ABORT, 'training_policies is append-only: this row is not the next, or none');
END;
CREATE TRIGGER training_policies_no_update BEFORE UPDATE ON training_policies
BEGIN
    SELECT RAISE(ABORT, 'training_policies is append-only');
END;
CREATE TRIGGER training_policies_no_delete BEFORE DELETE ON training_policies
BEGIN
    SELECT RAISE(ABORT, 'training_policies is append-only');
END;

-- What a user's heartbeats cover from now on (T-2), over all courses and for each: up to four pieces, in boot time.
-- `now` and `at` are one moment by both clocks, so that another boot can tell the labels of the pieces.
CREATE TABLE training_covers (
    user_id       TEXT    NOT NULL,
    course_id     TEXT    NOT NULL, -- '': over all courses
    boot          INTEGER NOT NULL,
    now           INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    from_now      INTEGER,
    to_now        INTEGER,
    from_now_2    INTEGER,
    to_now_2      INTEGER,
    from_now_3    INTEGER,
    to_now_3      INTEGER,
    from_now_4    INTEGER,
    to_now_4      INTEGER,
    run_ms        INTEGER,          -- of all courses only: since the last break
    run_until_now INTEGER,
    PRIMARY KEY (user_id, course_id)
) STRICT, WITHOUT ROWID;

-- Which day each user is in at each site.
CREATE TABLE training_current (
    site     TEXT    NOT NULL,
    user_id  TEXT    NOT NULL,
    date     TEXT    NOT NULL,
    start_at INTEGER NOT NULL,
    end_at   INTEGER NOT NULL,
    PRIMARY KEY (site, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX training_current_by_end ON training_current (site, end_at);

-- The days, the courses of each day, and its sessions, in one table: a heartbeat changes one of each, and they are
-- neighbours, on one page. The date comes first, so that the pages of today stay together. The views below take the
-- three apart.
CREATE TABLE training_totals (
    site           TEXT    NOT NULL,
    date           TEXT    NOT NULL, -- 2025-12-03, by the zone of the site's policy
    user_id        TEXT    NOT NULL,
    session_id     TEXT    NOT NULL, -- '': the day itself, or a course
    course_id      TEXT    NOT NULL, -- '': the day itself
    ms             INTEGER NOT NULL, -- day, course: length of the union; session: what it added to the user's
    next_ms        INTEGER,          -- day, course: what has run over into the next day so far
    limit_ms       INTEGER,          -- day, course that has one: in force when it was last written
    start_at       INTEGER,          -- day: when it began
    heartbeats     INTEGER,          -- day, session: received, refused ones too
    refused        INTEGER,          -- day
    session_count  INTEGER,          -- day
    created_at     INTEGER,          -- day, session: of the first heartbeat
    last_heartbeat INTEGER,          -- day, session
    locked_at      INTEGER,          -- day: NULL while it is not locked
    heard_now      INTEGER,          -- session: the last heartbeat, in boot time
    boot           INTEGER,          -- of heard_now
    PRIMARY KEY (site, date, user_id, session_id, course_id)
) STRICT, WITHOUT ROWID;

CREATE VIEW training_days AS
SELECT site, user_id, date, ms, next_ms, limit_ms, start_at, heartbeats, refused, session_count, created_at,
       last_heartbeat, locked_at
FROM training_totals WHERE session_id = '' AND course_id = '';

CREATE VIEW training_courses AS
SELECT site, user_id, date, course_id, ms, next_ms, limit_ms
FROM training_totals WHERE session_id = '' AND course_id <> '';

CREATE VIEW training_sessions AS
SELECT site, user_id, date, session_id, course_id, ms, heartbeats, created_at, last_heartbeat
FROM training_totals WHERE session_id <> '';

-- Minutes are rounded to the nearest, but the last one is not shown before the limit is reached (T-2). The JSON is put
-- together by hand, which ids allow: a view with SQLite's json_object cannot be read where trusted_schema is off.
CREATE VIEW daily_activity_logs AS
SELECT d.site, d.user_id, d.date,
       CASE WHEN d.ms >= d.limit_ms THEN d.limit_ms / 60000
            ELSE min((d.ms + 30000) / 60000, d.limit_ms / 60000 - 1) END AS minutes_completed,
       min(d.ms, d.limit_ms) / 1000 AS seconds_completed,
       d.session_count,
       (SELECT '[' || COALESCE(group_concat('{"sessionId":"' || s.session_id || '","courseId":"' || s.course_id
               || '","heartbeats":' || s.heartbeats || ',"seconds":' || (s.ms / 1000) || ',"firstAt":'
               || s.created_at || ',"lastHeartbeat":' || s.last_heartbeat || '}'), '') || ']'
        FROM training_sessions s WHERE s.site = d.site AND s.user_id = d.user_id AND s.date = d.date) AS sessions,
       d.created_at, d.last_heartbeat,
       CASE WHEN d.ms >= d.limit_ms THEN 'locked_daily_limit' ELSE 'active' END AS status,
       d.heartbeats, d.refused
FROM training_days d;

CREATE VIEW daily_course_logs AS
SELECT site, user_id, date, course_id, min(ms, COALESCE(limit_ms, ms)) / 1000 AS seconds_completed,
       CASE WHEN ms >= limit_ms THEN 'locked_course_limit' ELSE 'active' END AS status
FROM training_courses;

-- The verdict on every progress id (P-12, T-5).
CREATE TABLE progress_receipts (
    site      TEXT    NOT NULL,
    user_id   TEXT    NOT NULL,
    id        TEXT    NOT NULL,
    course_id TEXT    NOT NULL,
    lesson_id TEXT    NOT NULL,
    result    TEXT    NOT NULL, -- recorded, rejected
    code      TEXT,
    at        INTEGER NOT NULL,
    PRIMARY KEY (site, user_id, id)
) STRICT, WITHOUT ROWID;

-- Months of audit_logs that were moved to files of their own: what their pieces of the chains were.
CREATE TABLE audit_archives (
    month      TEXT    NOT NULL, -- '2026_11'
    site       TEXT    NOT NULL,
    first_seq  INTEGER NOT NULL,
    last_seq   INTEGER NOT NULL,
    first_hash TEXT    NOT NULL,
    last_hash  TEXT    NOT NULL,
    rows       INTEGER NOT NULL,
    first_date TEXT,             -- of the training days that its rows count for; NULL: for none
    last_date  TEXT,
    path       TEXT    NOT NULL, -- where it was put; it may have been moved since
    at         INTEGER NOT NULL,
    PRIMARY KEY (month, site)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_archives_only_new BEFORE INSERT ON audit_archives
WHEN EXISTS (SELECT 1 FROM audit_archives WHERE month = NEW.month AND site = NEW.site)
    OR NEW.rows <> NEW.last_seq - NEW.first_seq + 1
BEGIN
    SELECT RAISE(ABORT, 'audit_archives is append-only: this month is noted, or its numbers do not fit');
END;
CREATE TRIGGER audit_archives_no_update BEFORE UPDATE ON audit_archives
BEGIN
    SELECT RAISE(ABORT, 'audit_archives is append-only');
END;
CREATE TRIGGER audit_archives_no_delete BEFORE DELETE ON audit_archives
BEGIN
    SELECT RAISE(ABORT, 'audit_archives is append-only');
END;
