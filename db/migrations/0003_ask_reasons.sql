-- Why an ask was accepted or turned down, by who decided on it. audit_logs has it too, where it cannot be changed.

ALTER TABLE correction_requests ADD COLUMN decision_reason TEXT;
