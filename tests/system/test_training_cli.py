"""Training as users see it: the operators' commands, and `training-client` through to the limit."""
import csv
import datetime
import io
import json
import signal
import sqlite3
import zoneinfo

from support.fake_clock import set_back
from support.student import Student
from test_cli import NO_ANSWER, OK, REFUSED, UNSOUND, USAGE, columns, lines, run

LIMIT_REACHED = 1
MINUTE_MS = 60000

# A zone where it is noon now: no test runs into midnight. (East is minus in these names.)
NOON = f"Etc/GMT{datetime.datetime.now(datetime.timezone.utc).hour - 12:+d}"
ZONE = zoneinfo.ZoneInfo(NOON)


def school(house, **settings):
    house.start(training__zone=NOON, **settings)


def today():
    return datetime.datetime.now(ZONE).date()


def midnight_ms(date):
    return int(datetime.datetime.combine(date, datetime.time(), ZONE).timestamp() * 1000)


def beat(house, employee, session="tab", course="first-aid"):
    """One training heartbeat, by anybody's connection; returns its answer."""
    since = house.observer.mark()
    topic = f"emp/{employee}/session/{session}/training"
    house.observer.client.publish(f"rollcall/v1/hq/{topic}", json.dumps({"courseId": course}), 1)
    return house.observer.wait_message(f"{topic}/result", since)


def day_of(house, employee):
    return lines(house, "training", employee)[0]


def add_policy(house, *words, code=OK):
    """`policy add`, without the --zone that run() gives to everything: here it would be the policy's."""
    done = house.service.cli("policy", "add", *words, "--json", "--uri", house.broker.uri, check=False)
    assert done.returncode == code, (words, done)
    return json.loads(done.stdout) if code == OK else done.stderr


def union_ms(answers, interval_ms):
    """T-2, naively: the length of what the counted heartbeats cover together. Each counts once, however often it was
    answered."""
    covered, until = 0, 0
    for at in sorted({answer["serverTimestamp"] for answer in answers}):
        covered += max(0, at + interval_ms - max(at, until))
        until = max(until, at + interval_ms)
    return covered


# ---- one day, and everybody's ----

def test_T_2_one_day_with_its_courses_and_sessions(house):
    school(house)
    first = beat(house, "ana")
    assert first["success"] and first["isNewDay"] and first["minutesCompleted"] == 1, first
    beat(house, "ana", session="phone", course="fire-safety")
    day = day_of(house, "ana")
    assert (day["employeeId"], day["date"], day["status"]) == ("ana", str(today()), "active")
    assert 60 <= day["secondsCompleted"] < 90 and day["minutesCompleted"] == 1
    assert (day["limitMinutes"], day["remainingMinutes"]) == (240, 239)
    assert (day["sessionCount"], day["heartbeats"], day["refused"]) == (2, 2, 0)
    assert {course["courseId"] for course in day["courses"]} == {"first-aid", "fire-safety"}
    assert {(row["sessionId"], row["courseId"]) for row in day["sessions"]} == {("tab", "first-aid"),
                                                                              ("phone", "fire-safety")}
    fields, courses, sessions = run(house, "training", "ana", "--date", today()).stdout.split("\n\n")
    assert "minutes       1\n" in fields and "remaining     239\n" in fields and "locked until  -\n" in fields
    assert {row["COURSE"] for row in columns(courses)} == {"first-aid", "fire-safety"}
    assert {row["SESSION"] for row in columns(sessions)} == {"tab", "phone"}


def test_a_day_without_training_is_said_to_be_one(house):
    school(house)
    done = run(house, "training", "nobody")
    assert (done.stdout, done.stderr) == ("", "no training\n")
    beat(house, "ana")
    done = run(house, "training", "ana", "--date", "2025-12-03")
    assert (done.stdout, done.stderr) == ("", "no training\n")


def test_a_report_has_everybody_page_by_page(house):
    school(house)
    everybody = [f"s{n:03}" for n in range(430)]
    since = house.observer.mark()
    for name in everybody:
        house.observer.client.publish(f"rollcall/v1/hq/emp/{name}/session/tab/training", '{"courseId":"c1"}', 1)
    for name in everybody:
        house.observer.wait_message(f"emp/{name}/session/tab/training/result", since)
    rows = lines(house, "training-report", "--from", today(), "--to", today())
    assert [row["employeeId"] for row in rows] == everybody
    assert {(row["date"], row["secondsCompleted"], row["minutesCompleted"]) for row in rows} == {(str(today()), 60, 1)}
    assert [row["EMPLOYEE"] for row in columns(run(house, "training-report").stdout)] == everybody
    assert lines(house, "training-report", "--limit", 250) == rows[:250]
    assert lines(house, "training-report", "--employee", "s007") == [rows[7]]
    assert lines(house, "training-report", "--to", today() - datetime.timedelta(1)) == []
    assert lines(house, "training-report", "--from", today() + datetime.timedelta(1)) == []


def test_a_report_as_csv_is_what_a_spreadsheet_reads(house):
    school(house, training__limit_minutes=1)
    beat(house, "ana")
    beat(house, "ben")
    text = run(house, "training-report", "--csv", zone=NOON).stdout
    assert "\r" not in text.replace("\r\n", "")  # Python reads CR LF as it is
    ana, ben = csv.DictReader(io.StringIO(text, newline=""))
    assert (ana["date"], ana["employeeId"], ben["employeeId"]) == (str(today()), "ana", "ben")
    assert (ana["minutesCompleted"], ana["secondsCompleted"], ana["sessionCount"], ana["heartbeats"],
            ana["refused"], ana["status"]) == ("1", "60", "1", "1", "0", "locked")
    assert ana["lockedAt"].startswith(str(today())) and ana["lockedAt"][-6:] == f"{datetime.datetime.now(ZONE):%z}"[:3] + ":00"
    assert run(house, "training-report", "--csv", "--employee", "nobody").stdout.count("\n") == 1


def test_nonsense_asks_nobody(house):
    school(house)
    since = house.observer.mark()
    for words in (["training"], ["training", "a b"], ["training", "ana", "--date", "yesterday"],
                  ["training", "ana", "--date", "2025-02-29"], ["training-report", "--csv", "--json"],
                  ["training-report", "--from", "2025-12-02", "--to", "2025-12-01"], ["training-report", "x"],
                  ["policy"], ["policy", "void"], ["policy", "add"], ["policy", "add", "--course", "c1"],
                  ["policy", "add", "--course", "c1", "--limit", "1", "--break", "1"], ["policy", "list", "--limit", "1"],
                  ["policy", "add", "--limit", "-1"], ["policy", "add", "--interval", "60"], ["archive"],
                  ["archive", "2025"], ["archive", "2025-13"], ["archive", "2025-01", "2025-02"],
                  ["training-client"], ["training-client", "ana"], ["training-client", "ana", "--course", "a b"],
                  ["training-client", "ana", "--course", "c1", "--interval", "60"]):
        done = house.service.cli(*words, *(["--uri", house.broker.uri] if words[0] != "training-client" else []),
                                 check=False)
        assert done.returncode == USAGE and done.stdout == "" and done.stderr, (words, done)
    assert not [m for m in house.observer.messages[since:] if "/request/" in m.topic or "/training" in m.topic]


# ---- policies ----

def test_T_1_the_first_policy_has_always_held(house):
    house.start()
    first, = lines(house, "policy", "list")
    assert (first["number"], first["from"], first["limitMinutes"], first["intervalMs"], first["zone"]) == \
        (1, 0, 240, MINUTE_MS, "America/New_York")
    assert "actor" not in first


def test_T_1_a_policy_starts_at_the_next_midnight_and_an_earlier_one_may_only_raise(house):
    school(house)
    tomorrow = midnight_ms(today() + datetime.timedelta(1))
    added = add_policy(house, "--limit", 100)
    assert added["from"] == tomorrow
    assert lines(house, "policy", "list")[1]["actor"] == "ops"
    beat(house, "ana")
    assert day_of(house, "ana")["limitMinutes"] == 240
    assert add_policy(house, "--limit", 239, "--from", "today", code=REFUSED).startswith(
        "rollcall: FAILED_PRECONDITION: ")
    raised = add_policy(house, "--limit", 300, "--from", today())
    assert raised["from"] == midnight_ms(today())
    beat(house, "ana")
    assert day_of(house, "ana")["limitMinutes"] == 300
    rows = columns(run(house, "policy", "list", zone=NOON).stdout)
    assert [(row["POLICY"], row["MINUTES"], row["BY"]) for row in rows] == [
        ("1", "240", "settings"), ("2", "100", "ops"), ("3", "300", "ops")]
    assert [row["FROM"][:10] for row in rows] == ["ever", str(today() + datetime.timedelta(1)), str(today())]
    house.service.verify()


def test_T_1_a_new_zone_is_named_and_starts_at_a_midnight_of_its_own(house):
    school(house)
    done = house.service.cli("policy", "add", "--zone", "Europe/Berlin", "--uri", house.broker.uri)
    assert done.stdout.endswith(", zone Europe/Berlin\n"), done.stdout
    _, second = lines(house, "policy", "list")
    start = datetime.datetime.fromtimestamp(second["from"] / 1000, zoneinfo.ZoneInfo("Europe/Berlin"))
    assert (start.hour, start.minute) == (0, 0) and second["from"] >= midnight_ms(today() + datetime.timedelta(1))
    assert start.date() > today() and (second["limitMinutes"], second["zone"]) == (240, "Europe/Berlin")
    assert add_policy(house, "--zone", "Europe/Atlantis", code=USAGE)  # no such zone here, so nothing was asked


def test_T_1_raising_todays_limit_unlocks_the_day(house):
    school(house, training__limit_minutes=1)
    reached = beat(house, "ana")
    assert reached["code"] == "RESOURCE_EXHAUSTED" and reached["minutesCompleted"] == 1, reached
    day = day_of(house, "ana")
    assert day["status"] == "locked" and day["lockedUntil"] == midnight_ms(today() + datetime.timedelta(1))
    add_policy(house, "--limit", 2, "--from", "today")
    house.wait_until(lambda: beat(house, "ana").get("success"), "a heartbeat that is counted")
    assert day_of(house, "ana")["status"] == "active"
    house.service.verify()


def test_T_1_a_course_may_have_a_limit_of_its_own(house):
    school(house)
    add_policy(house, "--course", "first-aid", "--limit", 1, "--from", "tomorrow")
    assert beat(house, "ana")["success"]  # not yet
    rows = columns(run(house, "policy", "list").stdout)
    assert [(row["COURSE"], row["MINUTES"]) for row in rows] == [("(all)", "240"), ("first-aid", "1")]
    house.service.verify()


# ---- the student ----

def test_T_3_to_the_limit_with_the_service_killed_in_the_middle(house):
    """Totals are exactly what was answered: to the limit for one, and short of it for the other (T-2, T-3, T-5)."""
    school(house, training__limit_minutes=2, training__interval_ms=5000)
    ana = Student(house, "ana", "--save", "intro", interval="5s").begin()
    also = Student(house, "ana", "--for", "60s", course="fire-safety", interval="5s").begin()
    ben = Student(house, "ben", "--count", 9, interval="5s").begin()
    ben.wait_counted(4)
    house.service.again()
    assert ben.wait(150) == OK and also.wait(150) == OK
    assert ana.wait(300) == LIMIT_REACHED
    last = ana.answers()[-1]
    assert last["code"] == "RESOURCE_EXHAUSTED" and last["message"].startswith("DAILY_LIMIT_REACHED"), last
    assert last["minutesCompleted"] == 2 and last["lockedUntil"] == midnight_ms(today() + datetime.timedelta(1))
    assert [answer["minutesCompleted"] for answer in ana.counted()] == \
        sorted(answer["minutesCompleted"] for answer in ana.counted())
    assert max(answer["minutesCompleted"] for answer in ana.counted()) == 1  # below the limit until it is locked
    kept = [receipt for receipt in ana.receipts() if receipt["result"] == "recorded"]
    assert kept, ana.receipts()
    day = day_of(house, "ana")
    assert (day["secondsCompleted"], day["minutesCompleted"], day["status"]) == (120, 2, "locked")
    check_totals(house, ben)
    house.service.verify()


def check_totals(house, ben):
    """Ben's day is the union of what was answered to him; the views and the command say the same."""
    answers = [m.value for m in house.observer.messages
               if m.topic.startswith("rollcall/v1/hq/emp/ben/") and m.topic.endswith("/training/result")]
    counted = [answer for answer in answers if answer.get("success")]
    assert {answer["serverTimestamp"] for answer in ben.counted()} <= {answer["serverTimestamp"] for answer in counted}
    ms = union_ms(counted, 5000)
    row, = house.store.rows("SELECT * FROM daily_activity_logs WHERE user_id = 'ben'")
    day = day_of(house, "ben")
    assert day["secondsCompleted"] == row["seconds_completed"] and day["minutesCompleted"] == row["minutes_completed"]
    assert abs(row["seconds_completed"] - ms / 1000) <= 1, (row, ms)
    audited = house.store.rows("SELECT * FROM audit_logs WHERE event = 'SESSION_HEARTBEAT' AND user_id = 'ben'")
    assert len(audited) == len({answer["serverTimestamp"] for answer in counted}) == day["heartbeats"]


def test_T_5_the_lesson_stops_without_a_service_and_goes_on_with_it(house):
    school(house, training__interval_ms=1000)
    ana = Student(house, "ana").begin().wait_counted(2)
    house.service.kill()
    house.wait_until(lambda: any("event=lesson-stopped" in line for line in ana.remarks()), "a lesson that stops")
    before = len(ana.counted())
    house.service.start()
    ana.wait_counted(before + 2)
    ana.signal(signal.SIGTERM)
    assert ana.wait() == OK
    assert house.observer.wait_message(f"emp/ana/session/{session_of(house, 'ana')}/leave")["cause"] == "closed"
    house.service.kill()
    alone = Student(house, "ben", "--for", "2s").begin()
    assert alone.wait() == NO_ANSWER


def session_of(house, employee):
    return next(m.topic.split("/")[6] for m in house.observer.messages if f"/emp/{employee}/session/" in m.topic)


# ---- the archive ----

def test_T_6_a_closed_month_is_archived_while_heartbeats_go_on(house):
    """The month before ours has rows of its own; its file verifies with the database, and nobody notices."""
    first_of_month = datetime.datetime.now(datetime.timezone.utc).replace(day=1, hour=0, minute=0, second=0)
    back = datetime.datetime.now(datetime.timezone.utc) - first_of_month + datetime.timedelta(days=3)
    set_back(house, int(back.total_seconds()))
    month = f"{first_of_month - datetime.timedelta(days=1):%Y-%m}"
    school(house, training__interval_ms=1000)
    for n in range(20):
        assert beat(house, f"old{n}")["success"]
    house.service.kill()
    house.service.env = {}
    house.service.start()
    ana = Student(house, "ana").begin().wait_counted(2)
    done, = lines(house, "archive", month)
    assert done["rows"] >= 20 and done["month"] == month
    archive = house.service.database.parent / done["file"]
    ana.wait_counted(len(ana.counted()) + 2)
    ana.signal(signal.SIGTERM)
    assert ana.wait() == OK and not [answer for answer in ana.answers() if not answer.get("success")]
    check_archive(house, archive, month)


def check_archive(house, archive, month):
    tables = house.store.rows("SELECT name FROM sqlite_master WHERE name = ?", "audit_logs_" + month.replace("-", "_"))
    assert tables == []
    assert audit_head(house, house.service.database, archive)["missing"] == 0
    assert audit_head(house, house.service.database)["missing"] >= 20
    assert run(house, "archive", month, code=REFUSED).stderr.startswith("rollcall: ")
    assert run(house, "archive", f"{datetime.datetime.now():%Y-%m}", code=REFUSED).stderr  # not closed
    forge(archive)
    assert house.service.cli("verify", house.service.database, archive, check=False).returncode == UNSOUND


def audit_head(house, *files):
    """What verify says of the audit log of these files, which must be sound."""
    found = [json.loads(line) for line in house.service.cli("verify", *files, "--json").stdout.splitlines()]
    return next(line for line in found if line.get("log") == "audit_logs")


def forge(path):
    """Adds a minute to somebody's heartbeat, behind the back of whatever guards the file."""
    connection = sqlite3.connect(path)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    table, = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'audit_logs%'").fetchone()
    connection.execute(f"UPDATE \"{table}\" SET result = 'COUNTED twice' WHERE event = 'SESSION_HEARTBEAT'")
    connection.commit()
    connection.close()
