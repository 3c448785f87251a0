-- What must hold in every database, as queries that give no rows. Above each stands one line with the word check, a
-- colon, and what is wrong when it gives a row; a row has the site and then the seq, or who. `rollcall verify` runs them,
-- and so do the tests and the simulator.

-- check: an IN is closed by more than one OUT in effect
SELECT site, in_seq FROM closing_punches GROUP BY site, in_seq HAVING count(DISTINCT out_seq) > 1;

-- check: an OUT in effect closes no IN in effect of the same employee
SELECT o.site, o.seq FROM effective_punches o
LEFT JOIN effective_punches i ON i.site = o.site AND i.seq = o.effective_closes
WHERE o.type IN ('OUT', 'AUTO_OUT') AND (i.seq IS NULL OR i.type <> 'IN' OR i.employee_id <> o.employee_id);

-- check: a period ends before it begins
SELECT site, in_seq FROM periods WHERE out_at < in_at;

-- check: a period begins before the one before it has ended, or that one is still open
SELECT site, in_seq FROM (
    SELECT site, in_seq, in_at, lag(in_seq) OVER w AS previous, lag(out_at) OVER w AS previous_out_at FROM periods
    WINDOW w AS (PARTITION BY site, employee_id ORDER BY in_at, in_seq))
WHERE previous IS NOT NULL AND (previous_out_at IS NULL OR previous_out_at > in_at);

-- check: an AUTO_OUT follows no IN of its employee
SELECT o.site, o.seq FROM punches o LEFT JOIN punch_facts i ON i.site = o.site AND i.seq = o.closes
WHERE o.type = 'AUTO_OUT' AND (i.seq IS NULL OR i.type <> 'IN' OR i.employee_id <> o.employee_id);

-- check: a RESUME undoes no AUTO_OUT of its employee
SELECT r.site, r.seq FROM punches r LEFT JOIN punches o ON o.site = r.site AND o.seq = r.target_seq
WHERE r.type = 'RESUME' AND (o.seq IS NULL OR o.type <> 'AUTO_OUT' OR o.employee_id <> r.employee_id);

-- check: a CORRECTION is of no earlier row of its employee, or of another CORRECTION
SELECT c.site, c.seq FROM punches c LEFT JOIN punches t ON t.site = c.site AND t.seq = c.target_seq
WHERE c.type = 'CORRECTION' AND (t.seq IS NULL OR t.type = 'CORRECTION' OR t.employee_id <> c.employee_id);

-- check: a status says IN or OUT where the log says otherwise
SELECT s.site, s.employee_id FROM employee_status s
LEFT JOIN (SELECT DISTINCT site, employee_id FROM periods WHERE out_seq IS NULL) p
       ON p.site = s.site AND p.employee_id = s.employee_id
WHERE (s.status = 'IN') <> (p.employee_id IS NOT NULL);

-- check: an employee has punches and no status
SELECT DISTINCT p.site, p.employee_id FROM punches p
WHERE NOT EXISTS (SELECT 1 FROM employee_status s WHERE s.site = p.site AND s.employee_id = p.employee_id);

-- check: a verdict names a row of the log that is not this punch
SELECT r.site, r.employee_id || ' ' || r.id FROM receipts r LEFT JOIN punches p ON p.site = r.site AND p.seq = r.seq
WHERE r.seq IS NOT NULL AND r.result IN ('recorded', 'held')
  AND (p.seq IS NULL OR p.employee_id <> r.employee_id OR p.id IS NOT r.id OR p.type <> r.type);

-- check: a punch with an id has no verdict
SELECT p.site, p.seq FROM punches p
WHERE p.id IS NOT NULL AND p.type IN ('IN', 'OUT')
  AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.site = p.site AND r.employee_id = p.employee_id AND r.id = p.id);

-- check: a row names a hold that never was
SELECT p.site, p.seq FROM punches p WHERE p.hold_id IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.site = p.site AND h.number = p.hold_id);

-- check: a row of the log is of no known kind
SELECT site, seq FROM punches
WHERE type NOT IN ('IN', 'OUT', 'AUTO_OUT', 'RESUME', 'CORRECTION') OR state NOT IN ('effective', 'held')
   OR review NOT IN (0, 1) OR action NOT IN ('accept', 'reject', 'add', 'void', 'retime');

-- check: a day of training has no policy that gives its limit, or one that gives less
SELECT d.site, d.user_id || ' ' || d.date FROM training_days d
WHERE d.limit_ms > COALESCE((SELECT p.limit_minutes * 60000 FROM training_policies p
                             WHERE p.site = d.site AND p.course_id = '' AND p.from_at <= d.start_at
                             ORDER BY p.from_at DESC, p.number DESC LIMIT 1), -1);

-- check: a course has a limit on a day on which no policy gives it so much
SELECT c.site, c.user_id || ' ' || c.date || ' ' || c.course_id FROM training_courses c
JOIN training_days d ON d.site = c.site AND d.date = c.date AND d.user_id = c.user_id
WHERE c.limit_ms > COALESCE((SELECT p.limit_minutes * 60000 FROM training_policies p
                             WHERE p.site = c.site AND p.course_id = c.course_id AND p.from_at <= d.start_at
                             ORDER BY p.from_at DESC, p.number DESC LIMIT 1), -1);

-- check: a day of training is longer than its limit (where sites are several, each cuts by its own)
SELECT d.site, d.user_id || ' ' || d.date FROM training_days d
WHERE d.ms > d.limit_ms AND (SELECT count(*) FROM sites) = 1;

-- check: a day of training does not have the sessions and heartbeats that its sessions have
SELECT d.site, d.user_id || ' ' || d.date FROM training_days d
WHERE d.session_count <> (SELECT count(DISTINCT s.session_id) FROM training_sessions s
                          WHERE s.site = d.site AND s.date = d.date AND s.user_id = d.user_id)
   OR d.heartbeats <> (SELECT COALESCE(sum(s.heartbeats), 0) FROM training_sessions s
                       WHERE s.site = d.site AND s.date = d.date AND s.user_id = d.user_id)
   OR d.refused > d.heartbeats;

-- check: progress was saved without a verdict that says so
SELECT p.site, p.user_id || ' ' || p.course_id || ' ' || p.lesson_id FROM progress p
WHERE NOT EXISTS (SELECT 1 FROM progress_receipts r WHERE r.site = p.site AND r.user_id = p.user_id
                    AND r.course_id = p.course_id AND r.lesson_id = p.lesson_id AND r.result = 'recorded'
                    AND r.at = p.saved_at);

-- check: a verdict says that progress was saved, and it is not there
SELECT r.site, r.user_id || ' ' || r.id FROM progress_receipts r
WHERE r.result = 'recorded'
  AND NOT EXISTS (SELECT 1 FROM progress p WHERE p.site = r.site AND p.user_id = r.user_id
                    AND p.course_id = r.course_id AND p.lesson_id = r.lesson_id);
