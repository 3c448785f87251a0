-- The first schema. db/schema.md explains every table; docs/durability.md says how the chains can be verified. No
-- `IN (...)` of three or more, nor one that an index could serve: SQLite builds a table for it each time it is asked.
-- Absent is NULL, booleans are 0 or 1, times are milliseconds since 1970 UTC but for *_now (boot time, comparable
-- only within the boot named beside it) and *_t (service time).

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Boots that wrote boot times; rows name them by number, since a boot id is 36 bytes long.
CREATE TABLE boots (
    number   INTEGER PRIMARY KEY,
    boot_id  TEXT    NOT NULL UNIQUE,
    first_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sites (
    number            INTEGER PRIMARY KEY,
    name              TEXT    NOT NULL UNIQUE,
    service_t         INTEGER NOT NULL DEFAULT 0,
    maintenance_until INTEGER
) STRICT;

-- The last row of each log of each site, moved in the transaction that appends: a log cut off at its end shows.
CREATE TABLE heads (
    site TEXT    NOT NULL,
    log  TEXT    NOT NULL CHECK (log IN ('punches', 'audit_logs')),
    seq  INTEGER NOT NULL CHECK (seq >= 0),
    hash TEXT    NOT NULL CHECK (length(hash) = 64),
    PRIMARY KEY (site, log)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER heads_go_on BEFORE UPDATE ON heads WHEN NEW.seq < OLD.seq OR NEW.site <> OLD.site OR NEW.log <> OLD.log
BEGIN
    SELECT RAISE(ABORT, 'heads never go back');
END;
CREATE TRIGGER heads_stay BEFORE DELETE ON heads
BEGIN
    SELECT RAISE(ABORT, 'heads never go back');
END;

CREATE TABLE employees (
    site        TEXT    NOT NULL,
    employee_id TEXT    NOT NULL,
    name        TEXT,
    grp         TEXT,
    email       TEXT,
    manager_id  TEXT,
    active      INTEGER NOT NULL DEFAULT 1 CHECK (active IN (0, 1)),
    PRIMARY KEY (site, employee_id)
) STRICT, WITHOUT ROWID;

-- ---- the log of punches ----

-- What a CHECK would say stands in the trigger below: one CHECK beside a trigger makes SQLite copy every page that an
-- INSERT touches, in case it has to take half a statement back.
CREATE TABLE punches (
    site             TEXT    NOT NULL,
    seq              INTEGER NOT NULL,
    id               TEXT,
    employee_id      TEXT    NOT NULL,
    type             TEXT    NOT NULL, -- IN, OUT, AUTO_OUT, RESUME, CORRECTION
    at               INTEGER NOT NULL,
    last_evidence_at INTEGER,
    detected_at      INTEGER,
    recorded_at      INTEGER NOT NULL,
    cause            TEXT,
    session_id       TEXT,
    login            TEXT,
    device_at        INTEGER,
    state            TEXT    NOT NULL, -- effective, held
    review           INTEGER NOT NULL,
    closes           INTEGER,
    target_seq       INTEGER,
    action           TEXT,             -- accept, reject, add, void, retime
    actor            TEXT,
    reason           TEXT,
    hold_id          INTEGER,
    note             TEXT,
    out_t            INTEGER,
    out_detected_t   INTEGER,
    hash             TEXT    NOT NULL,
    PRIMARY KEY (site, seq)
) STRICT, WITHOUT ROWID;

-- Whose id comes first is told apart at the first comparison; the site would be equal every time.
CREATE INDEX punches_by_employee ON punches (employee_id, site, at);
CREATE INDEX punches_by_time ON punches (site, at, closes);
CREATE INDEX punches_by_target ON punches (site, target_seq, action) WHERE target_seq IS NOT NULL;
CREATE INDEX punches_by_closes ON punches (site, closes) WHERE closes IS NOT NULL;
CREATE INDEX punches_by_hold ON punches (site, hold_id) WHERE hold_id IS NOT NULL;
CREATE INDEX punches_doubtful ON punches (site, seq) WHERE review = 1 OR state = 'held';

-- The next number only: this also stops INSERT OR REPLACE and UPSERT, whatever the pragmas of who tries. FAIL, as in the
-- service's INSERT OR FAIL, for the same reason as above.
CREATE TRIGGER punches_only_next BEFORE INSERT ON punches
WHEN NEW.seq IS NOT 1 + COALESCE((SELECT max(seq) FROM punches WHERE site = NEW.site), 0)
    OR CASE NEW.type
        WHEN 'IN' THEN NEW.closes IS NULL
        WHEN 'OUT' THEN 1
        WHEN 'AUTO_OUT' THEN NEW.closes > 0
        WHEN 'RESUME' THEN NEW.target_seq > 0
        WHEN 'CORRECTION' THEN NEW.target_seq > 0 AND NEW.state = 'effective' AND NEW.actor > '' AND NEW.action > ''
        ELSE 0 END IS NOT 1
    OR NOT (NEW.state = 'effective' OR NEW.state = 'held') OR NOT (NEW.review = 0 OR NEW.review = 1)
    OR NEW.closes >= NEW.seq OR NEW.target_seq >= NEW.seq
    OR NEW.hash < '0' OR NEW.hash >= 'g'
BEGIN
    SELECT RAISE(FAIL, 'punches is append-only: this row is not the next, or none');
END;
CREATE TRIGGER punches_no_update BEFORE UPDATE ON punches
BEGIN
    SELECT RAISE(ABORT, 'punches is append-only');
END;
CREATE TRIGGER punches_no_delete BEFORE DELETE ON punches
BEGIN
    SELECT RAISE(ABORT, 'punches is append-only');
END;

-- Each row, with what later rows made of it (P-5, P-16). A CORRECTION is never undone; a RESUME is, when a person
-- voids or rejects it, and then the AUTO_OUT that it undid stands again.
CREATE VIEW punch_facts AS
SELECT p.*,
       -- in effect: effective or accepted, and not undone
       (p.type = 'CORRECTION' OR (
           (p.state = 'effective'
            OR EXISTS (SELECT 1 FROM punches c WHERE c.site = p.site AND c.target_seq = p.seq AND c.action = 'accept'
                                                 AND c.type = 'CORRECTION'))
           AND NOT EXISTS (SELECT 1 FROM punches c WHERE c.site = p.site AND c.target_seq = p.seq
                                                     AND (+c.action = 'void' OR +c.action = 'reject') AND c.type = 'CORRECTION')
           AND NOT (p.type = 'AUTO_OUT'
                    AND EXISTS (SELECT 1 FROM punches r
                                WHERE r.site = p.site AND r.target_seq = p.seq AND r.type = 'RESUME'
                                  AND (r.state = 'effective'
                                       OR EXISTS (SELECT 1 FROM punches c
                                                  WHERE c.site = r.site AND c.target_seq = r.seq
                                                    AND c.action = 'accept' AND c.type = 'CORRECTION'))
                                  AND NOT EXISTS (SELECT 1 FROM punches c
                                                  WHERE c.site = r.site AND c.target_seq = r.seq
                                                    AND (+c.action = 'void' OR +c.action = 'reject') AND c.type = 'CORRECTION')))
       )) AS in_effect,
       -- decided: by a person; what the service does by itself is no decision
       EXISTS (SELECT 1 FROM punches c
               WHERE c.site = p.site AND c.target_seq = p.seq AND +c.action <> 'add'
                 AND c.type = 'CORRECTION' AND c.actor <> 'service') AS decided,
       -- rejected: a held row that was turned down, or a row that was voided
       EXISTS (SELECT 1 FROM punches c WHERE c.site = p.site AND c.target_seq = p.seq
                                         AND (+c.action = 'void' OR +c.action = 'reject') AND c.type = 'CORRECTION') AS rejected,
       COALESCE((SELECT c.at FROM punches c WHERE c.site = p.site AND c.target_seq = p.seq AND c.action = 'retime'
                                              AND c.type = 'CORRECTION' ORDER BY c.seq DESC LIMIT 1),
                p.at) AS effective_at,
       -- a held OUT learns only when it is accepted which IN it closes
       COALESCE((SELECT c.closes FROM punches c WHERE c.site = p.site AND c.target_seq = p.seq AND c.action = 'accept'
                                                  AND c.type = 'CORRECTION' AND c.closes IS NOT NULL
                 ORDER BY c.seq DESC LIMIT 1),
                p.closes) AS effective_closes
FROM punches p;

CREATE VIEW effective_punches AS SELECT * FROM punch_facts WHERE in_effect;

-- Which OUT of any kind closes an IN: found through `closes` of the OUT itself or of the CORRECTION that accepted it.
CREATE VIEW closing_punches AS
SELECT x.site, x.closes AS in_seq, o.seq AS out_seq
FROM punches x
JOIN punch_facts o
  ON o.site = x.site AND o.seq = CASE x.type WHEN 'CORRECTION' THEN x.target_seq ELSE x.seq END
WHERE x.closes IS NOT NULL AND (x.type = 'OUT' OR x.type = 'AUTO_OUT' OR (x.type = 'CORRECTION' AND x.action = 'accept'))
  AND (o.type = 'OUT' OR o.type = 'AUTO_OUT') AND o.in_effect AND o.effective_closes = x.closes;

-- The one source of hours (P-5): a row for each IN in effect, with the OUT in effect.
CREATE VIEW periods AS
SELECT i.site, i.employee_id, i.seq AS in_seq, i.effective_at AS in_at, o.seq AS out_seq, o.effective_at AS out_at,
       o.type AS out_type, o.cause AS cause,
       ((i.review = 1 AND NOT i.decided)
        OR COALESCE(o.review = 1 AND NOT o.decided, 0)
        OR EXISTS (SELECT 1 FROM punches a JOIN punch_facts r ON r.site = a.site AND r.target_seq = a.seq
                   WHERE a.site = i.site AND a.closes = i.seq AND a.type = 'AUTO_OUT' AND r.type = 'RESUME'
                     AND r.review = 1 AND r.in_effect AND NOT r.decided)) AS review
FROM punch_facts i
LEFT JOIN punch_facts o
  ON o.site = i.site
 AND o.seq = (SELECT c.out_seq FROM closing_punches c WHERE c.site = i.site AND c.in_seq = i.seq)
WHERE i.type = 'IN' AND i.in_effect;

-- The verdict on every punch id, rejections too (P-12).
CREATE TABLE receipts (
    site        TEXT    NOT NULL,
    employee_id TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    type        TEXT    NOT NULL,
    result      TEXT    NOT NULL CHECK (result = 'recorded' OR result = 'held' OR result = 'rejected'),
    seq         INTEGER,
    at          INTEGER,
    recorded_at INTEGER,
    review      INTEGER NOT NULL CHECK (review IN (0, 1)),
    code        TEXT,
    after_seq   INTEGER NOT NULL, -- the log's last row when it was given: what it was given after
    PRIMARY KEY (site, employee_id, id)
) STRICT, WITHOUT ROWID;

-- ---- the log of everything else, by month; audit_months knows where each month's part of a chain begins ----

CREATE TABLE audit_months (
    month         TEXT    NOT NULL, -- '2026_11'
    site          TEXT    NOT NULL,
    first_seq     INTEGER NOT NULL,
    previous_hash TEXT    NOT NULL, -- the chain before first_seq
    PRIMARY KEY (site, month)
) STRICT, WITHOUT ROWID;

CREATE VIEW audit_logs AS
SELECT CAST(NULL AS TEXT) AS site, 0 AS seq, 0 AS at, NULL AS event, NULL AS user_id, NULL AS session_id,
       NULL AS result, NULL AS detail, NULL AS hash
WHERE 0;

-- ---- what is known now ----

CREATE TABLE employee_status (
    site            TEXT    NOT NULL,
    employee_id     TEXT    NOT NULL,
    status          TEXT    NOT NULL CHECK (status IN ('IN', 'OUT')),
    since           INTEGER NOT NULL,
    last_seen       INTEGER,
    presence        TEXT    NOT NULL,
    version         INTEGER NOT NULL,
    status_cause    TEXT    NOT NULL,
    sessions        INTEGER NOT NULL,
    in_seq          INTEGER,
    in_at           INTEGER,
    last_seq        INTEGER,
    last_at         INTEGER,
    out_seq         INTEGER,
    out_type        TEXT,
    out_cause       TEXT,
    out_t           INTEGER,
    out_detected_t  INTEGER,
    out_final       INTEGER NOT NULL CHECK (out_final IN (0, 1)),
    hold_id         INTEGER,
    last_seen_now   INTEGER,
    last_seen_t     INTEGER,
    boot            INTEGER, -- of last_seen_now
    PRIMARY KEY (site, employee_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    site           TEXT    NOT NULL,
    employee_id    TEXT    NOT NULL,
    session_id     TEXT    NOT NULL, -- '' stands for all sessions that found no room (P-18)
    class          TEXT    NOT NULL,
    epoch          INTEGER,
    last_heartbeat INTEGER NOT NULL,
    state          TEXT    NOT NULL,
    ended_by       TEXT,
    interval_ms    INTEGER NOT NULL,
    heard_t        INTEGER NOT NULL,
    first_at       INTEGER NOT NULL,
    deadline_t     INTEGER NOT NULL,
    deadline_now   INTEGER,
    boot           INTEGER, -- of deadline_now
    heard_in_seq   INTEGER,
    PRIMARY KEY (site, employee_id, session_id)
) STRICT, WITHOUT ROWID;

-- Kiosks and gateways: what they said last, and what was published of them.
CREATE TABLE devices (
    site           TEXT NOT NULL,
    device_id      TEXT NOT NULL,
    online         INTEGER CHECK (online IN (0, 1)),
    since          INTEGER,
    last_seen      INTEGER,
    class          TEXT,
    epoch          INTEGER,
    last_heartbeat INTEGER,
    state          TEXT, -- NULL: no session is kept of it
    ended_by       TEXT,
    interval_ms    INTEGER,
    heard_t        INTEGER,
    first_at       INTEGER,
    deadline_t     INTEGER,
    PRIMARY KEY (site, device_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE holds (
    site      TEXT    NOT NULL,
    number    INTEGER NOT NULL,
    scope     TEXT    NOT NULL,
    name      TEXT,
    opened_at INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL,
    ends_now  INTEGER,
    boot      INTEGER,
    open      INTEGER NOT NULL CHECK (open IN (0, 1)),
    PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    site       TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    since      INTEGER NOT NULL,
    detail     TEXT    NOT NULL,
    cleared_at INTEGER,
    PRIMARY KEY (site, kind, since)
) STRICT, WITHOUT ROWID;

-- What is still to be published, or was and is not acknowledged.
CREATE TABLE outbox (
    number      INTEGER PRIMARY KEY,
    site        TEXT    NOT NULL,
    topic       TEXT    NOT NULL,
    payload     BLOB    NOT NULL,
    correlation BLOB,
    qos         INTEGER NOT NULL,
    retain      INTEGER NOT NULL
) STRICT;

-- Corrections that somebody asked for and somebody else has to decide (P-16).
CREATE TABLE correction_requests (
    site        TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    employee_id TEXT    NOT NULL,
    asked_by    TEXT    NOT NULL,
    asked_at    INTEGER NOT NULL,
    action      TEXT    NOT NULL,
    target_seq  INTEGER,
    type        TEXT,
    at          INTEGER,
    reason      TEXT,
    state       TEXT    NOT NULL CHECK (state IN ('open', 'accepted', 'rejected')),
    decided_by  TEXT,
    decided_at  INTEGER,
    result_seq  INTEGER,
    PRIMARY KEY (site, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX correction_requests_by_employee ON correction_requests (site, employee_id);

-- ---- training (T-1 to T-8) ----

CREATE TABLE daily_activity_logs (
    site              TEXT    NOT NULL,
    user_id           TEXT    NOT NULL,
    date              TEXT    NOT NULL, -- 2025-12-03, the day of the site's policy
    minutes_completed INTEGER NOT NULL,
    seconds_completed INTEGER NOT NULL,
    session_count     INTEGER NOT NULL,
    sessions          TEXT    NOT NULL, -- JSON
    created_at        INTEGER NOT NULL,
    last_heartbeat    INTEGER NOT NULL,
    status            TEXT    NOT NULL,
    PRIMARY KEY (site, user_id, date)
) STRICT, WITHOUT ROWID;

CREATE TABLE daily_course_logs (
    site              TEXT    NOT NULL,
    user_id           TEXT    NOT NULL,
    date              TEXT    NOT NULL,
    course_id         TEXT    NOT NULL,
    seconds_completed INTEGER NOT NULL,
    status            TEXT    NOT NULL,
    PRIMARY KEY (site, user_id, date, course_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE progress (
    site      TEXT    NOT NULL,
    user_id   TEXT    NOT NULL,
    course_id TEXT    NOT NULL,
    lesson_id TEXT    NOT NULL,
    data      TEXT    NOT NULL, -- JSON
    saved_at  INTEGER NOT NULL,
    PRIMARY KEY (site, user_id, course_id, lesson_id)
) STRICT, WITHOUT ROWID;

-- What the planner has to know: a site has many rows, an employee or a target few. Written by hand, since it decides
-- between an instant and a scan of the log in every query here, and must not depend on when somebody ran ANALYZE.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('punches', 'punches', '10000000 1000000 1'),
    ('punches', 'punches_by_employee', '10000000 2000 2000 1 1'),
    ('punches', 'punches_by_time', '10000000 1000000 20 2 1'),
    ('punches', 'punches_by_target', '100000 10000 2 1 1'),
    ('punches', 'punches_by_closes', '4000000 400000 2 1'),
    ('punches', 'punches_by_hold', '100000 10000 1000 1'),
    ('punches', 'punches_doubtful', '100000 10000 1');
ANALYZE sqlite_schema; -- reads them back in
