#!/usr/bin/env python3
"""Verify the hash chains of a Rollcall database, and its days of training, with nothing but Python's standard library.

Usage: verify.py DATABASE [ARCHIVE...]

Prints the head of each log of each site and exits 0, or names the first row or day that does not fit and exits 1. This
is the definition of docs/durability.md in code, independent of the program that wrote the rows. It needs every archived
month; where one is missing, it says so and exits 1.
"""
import hashlib
import json
import sqlite3
import sys

PUNCHES = ("site, seq, id, employee_id, type, at, last_evidence_at, detected_at, recorded_at, cause, session_id, login, "
           "device_at, state, review, closes, target_seq, action, actor, reason, hold_id, note, out_t, out_detected_t")
AUDIT = "site, seq, at, event, user_id, session_id, result, detail"


def field(value):
    """One field of the canonical text: `~,` for NULL, else `<length in bytes>:<bytes>,`."""
    if value is None:
        return b"~,"
    data = str(value).encode()
    return b"%d:%s," % (len(data), data)


def row_hash(previous, log, values):
    """SHA-256 over the 32 bytes of the previous hash and the canonical text of the row."""
    return hashlib.sha256(previous + field(log) + b"".join(map(field, values))).digest()


def tables(sources):
    """(log, columns, table, database) of each piece of a log, in the order of the chain; a month that is in the database
    and in an archive counts once."""
    found = {"punches": ("punches", PUNCHES, "punches", sources[0])}
    for db in sources:
        names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'audit_logs_[0-9]*'")
        for (name,) in names:
            found.setdefault(name, ("audit_logs", AUDIT, name, db))
    return [found[name] for name in sorted(found)]


def add(totals, site, user, course, parts):
    """Adds what one heartbeat added at one site: to the user's days, and to those of its course."""
    for name, of in (("added", ""), ("course", course)):
        for date, ms in parts.get(name, {}).items():
            key = site, user, date, of
            totals[key] = totals.get(key, 0) + ms


def recount(totals, site, user, detail):
    """Adds a row SESSION_HEARTBEAT to the days of training."""
    detail = json.loads(detail or "{}")
    for where, parts in [(site, detail), *detail.get("elsewhere", {}).items()]:
        add(totals, where, user, detail.get("courseId"), parts)


def wrong_day(db, totals):
    """The first day, or course of a day, on which the ledger and the audit rows differ."""
    stored = {}
    for site, user, date, ms in db.execute("SELECT site, user_id, date, ms FROM training_days"):
        stored[site, user, date, ""] = ms
    for site, user, date, course, ms in db.execute("SELECT site, user_id, date, course_id, ms FROM training_courses"):
        stored[site, user, date, course] = ms
    for key in sorted(set(totals) | set(stored)):
        if totals.get(key, 0) != stored.get(key, 0):
            return key, stored.get(key, 0), totals.get(key, 0)
    return None


def walk(sources, totals):
    """The end of each chain; None where a row does not fit, which is then said."""
    heads = {}
    for log, columns, table, db in tables(sources):
        for *values, stored in db.execute(f"SELECT {columns}, hash FROM {table} ORDER BY site, seq"):
            site, seq = values[0], values[1]
            last, previous = heads.get((site, log), (0, hashlib.sha256(b"rollcall/1/" + site.encode()).digest()))
            previous = row_hash(previous, log, values)
            if seq != last + 1 or previous.hex() != stored:
                print(f"{log} of site {site}: row {seq} does not fit")
                return None
            heads[site, log] = (seq, previous)
            if log == "audit_logs" and values[3] == "SESSION_HEARTBEAT":
                recount(totals, site, values[4], values[7])
    return heads


def main(paths):
    totals = {}
    sources = [sqlite3.connect(f"file:{path}?mode=ro", uri=True) for path in paths]
    heads = walk(sources, totals)
    if heads is None:
        return 1
    recorded = {(site, log): (seq, bytes.fromhex(stored))
                for site, log, seq, stored in sources[0].execute("SELECT site, log, seq, hash FROM heads")}
    for key in sorted(set(heads) | set(recorded)):
        if heads.get(key) != recorded.get(key):
            print(f"{key[1]} of site {key[0]}: does not end at its recorded head")
            return 1
        print(f"{key[0]} {key[1]} {heads[key][0]} {heads[key][1].hex()}")
    wrong = wrong_day(sources[0], totals)
    if wrong:
        (site, user, date, course), stored, counted = wrong
        print(f"training of {user} at site {site} on {date} {course}: {stored} ms, the audit rows give {counted}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
