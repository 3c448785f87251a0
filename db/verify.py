#!/usr/bin/env python3
"""Verify the hash chains of a Rollcall database with nothing but Python's standard library.

Usage: verify.py DATABASE [ARCHIVE...]

Prints the head of each log of each site and exits 0, or names the first row that does not fit and exits 1. This is the
definition of docs/durability.md in code, independent of the program that wrote the rows.
"""
import hashlib
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


def main(paths):
    heads = {}
    sources = [sqlite3.connect(f"file:{path}?mode=ro", uri=True) for path in paths]
    tables = [("punches", PUNCHES, "punches", sources[0])]
    for db in sources:
        names = db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'audit_logs_[0-9]*'")
        tables += [("audit_logs", AUDIT, name, db) for (name,) in names]
    for log, columns, table, db in sorted(tables, key=lambda entry: (entry[0], entry[2])):
        for *values, stored in db.execute(f"SELECT {columns}, hash FROM {table} ORDER BY site, seq"):
            site, seq = values[0], values[1]
            last, previous = heads.get((site, log), (0, hashlib.sha256(b"rollcall/1/" + site.encode()).digest()))
            previous = row_hash(previous, log, values)
            if seq != last + 1 or previous.hex() != stored:
                print(f"{log} of site {site}: row {seq} does not fit")
                return 1
            heads[site, log] = (seq, previous)
    recorded = {(site, log): (seq, bytes.fromhex(stored))
                for site, log, seq, stored in sources[0].execute("SELECT site, log, seq, hash FROM heads")}
    for key in sorted(set(heads) | set(recorded)):
        if heads.get(key) != recorded.get(key):
            print(f"{key[1]} of site {key[0]}: does not end at its recorded head")
            return 1
        print(f"{key[0]} {key[1]} {heads[key][0]} {heads[key][1].hex()}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
