"""The operators' command against a live service: what it asks, what it shows, and how it ends."""
import json
import shutil
import time

from support.store import forge

OK, REFUSED, USAGE, NO_ANSWER, UNSOUND, LOCAL = range(6)
HOUR_MS = 3600000


def run(house, *words, code=OK, zone="UTC"):
    """Runs a command that asks the service of the house; it must end with this code."""
    done = house.service.cli(*words, "--uri", house.broker.uri, "--zone", zone, check=False)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done


def lines(house, *words):
    """The objects that a command writes with --json."""
    return [json.loads(line) for line in run(house, *words, "--json").stdout.splitlines()]


def columns(text):
    """The rows of a table, each a dict by heading; columns begin where their headings do or, to the right, end there."""
    head, *rows = text.splitlines()
    return [dict(zip([name.strip() for name in head.split("  ") if name.strip()],
                     [cell.strip() for cell in row.split("  ") if cell.strip()])) for row in rows]


def crowd(house, count):
    """So many people punch IN at once, by one connection."""
    house.start()
    for n in range(count):
        house.observer.client.publish(f"rollcall/v1/hq/emp/p{n:03}/session/desk/punch",
                                      json.dumps({"id": "1", "type": "IN", "class": "kiosk"}), 1)
    for n in range(count):
        house.observer.wait_event(f"p{n:03}", type="IN")


# ---- questions ----

def test_who_shows_those_who_are_in(house):
    house.start()
    ana = house.worker("ana", session="tab-1")
    house.worker("ben").punch_out()
    rows = columns(run(house, "who", zone="Europe/Berlin").stdout)
    assert [row["EMPLOYEE"] for row in rows] == ["ana"]
    assert (rows[0]["PRESENCE"], rows[0]["CLASS"], rows[0]["SESSION"]) == ("present", "browser", "tab-1")
    assert rows[0]["SINCE"][-6:] in ("+01:00", "+02:00")
    ana.punch_out()
    done = run(house, "who")
    assert columns(done.stdout) == [] and done.stderr == "nobody is IN\n"


def test_long_lists_come_page_by_page_and_whole(house):
    crowd(house, 430)
    everybody = [f"p{n:03}" for n in range(430)]
    assert sorted(row["employeeId"] for row in lines(house, "who")) == everybody
    assert [row["seq"] for row in lines(house, "punches")] == list(range(1, 431))
    assert sorted(row["employeeId"] for row in lines(house, "periods")) == everybody
    assert [row["seq"] for row in lines(house, "punches", "--limit", 250)] == list(range(1, 251))
    assert len(columns(run(house, "who").stdout)) == 430


def test_status_shows_one_employee_with_all_sessions(house):
    house.start()
    ana = house.worker("ana", session="tab-1")
    house.device("ana", session="phone", cls="mobile")
    house.observer.wait_status("ana", sessions=2)
    answer, = lines(house, "status", "ana")
    assert answer["employees"][0]["status"] == "IN" and answer["employees"][0]["cause"] == "PUNCH"
    sessions = {session["sessionId"]: session for session in answer["sessions"]}
    assert {name: session["class"] for name, session in sessions.items()} == {"tab-1": "browser", "phone": "mobile"}
    assert sessions["tab-1"]["epoch"] == ana.epoch and sessions["tab-1"]["state"] == "live"
    text = run(house, "status", "ana").stdout
    assert "status     IN\n" in text and len(columns(text.split("\n\n")[1])) == 2


def test_an_employee_whom_nobody_knows_is_refused_by_the_service(house):
    house.start()
    assert run(house, "status", "nobody", code=REFUSED).stderr.startswith("rollcall: NOT_FOUND: ")


def test_punches_are_chosen_by_time_employee_and_what_is_undecided(house):
    house.start()
    ana, ben = house.device("ana"), house.device("ben")
    early = ana.punch("IN", ageMs=3 * HOUR_MS)
    assert early["review"]
    ana.punch_out()
    ben.punch_in()
    assert ben.punch("OUT", deviceAt=1, clock="unset")["result"] == "held"
    assert [row["seq"] for row in lines(house, "punches", "--employee", "ben")] == [3, 4]
    assert [row["seq"] for row in lines(house, "punches", "--from", "-1h")] == [2, 3, 4]
    assert [row["seq"] for row in lines(house, "punches", "--to", "-1h")] == [1]
    assert [row["seq"] for row in lines(house, "punches", "--from", early["at"], "--to", early["at"] + 1)] == [1]
    assert [row["seq"] for row in lines(house, "punches", "--undecided")] == [1, 4]
    assert [(row["employeeId"], row.get("held")) for row in lines(house, "periods")] == [("ana", None), ("ben", 1)]
    assert [row["HELD"] for row in columns(run(house, "periods").stdout)] == ["-", "1"]
    rows = columns(run(house, "punches").stdout)
    assert [(row["COUNTS"], row["REVIEW"]) for row in rows] == [("yes", "open"), ("yes", "-"), ("yes", "-"),
                                                                ("held", "open")]


def test_P_16_hours_under_review_are_unresolved_and_never_zero(house):
    house.start()
    house.device("ana").punch("IN", ageMs=3 * HOUR_MS)
    ben = house.worker("ben")
    row, = columns(run(house, "periods", "--employee", "ana").stdout)
    assert row["WORKED"] == "unresolved"
    row, = columns(run(house, "periods", "--employee", "ben").stdout)
    assert row["WORKED"] == "open"
    ben.punch_out()
    row, = columns(run(house, "periods", "--employee", "ben").stdout)
    assert row["WORKED"].startswith("0:00:0")


def test_nothing_from_outside_steers_the_terminal(house):
    house.start()
    house.device("ana").punch_in(note="\x1b]0;gotcha\x07 \u202efdp.exe \u00fcber")
    text = run(house, "punches").stdout
    assert "\\u001b]0;gotcha\\u0007 \\u202efdp.exe \u00fcber" in text
    assert not [c for c in text if ord(c) < 32 and c != "\n" or c == "\u202e"]
    text = run(house, "punches", "--json").stdout
    assert not [c for c in text if ord(c) < 32 and c != "\n" or c == "\u202e"]


# ---- corrections ----

def test_P_16_a_forgotten_out_is_added_then_retimed_then_the_period_voided(house):
    house.start()
    house.device("ana").punch("IN", ageMs=3 * HOUR_MS)
    done, = lines(house, "correct", "add", "--employee", "ana", "--type", "OUT", "--at", "-1h", "--reason", "forgot")
    assert done["seq"] == 2
    period, = lines(house, "periods")
    assert abs(period["outAt"] - period["inAt"] - 2 * HOUR_MS) < 60000
    run(house, "correct", "retime", "--seq", 2, "--at", "-2h", "--reason", "door log", "--employee", "ana")
    period, = lines(house, "periods")
    assert abs(period["outAt"] - period["inAt"] - HOUR_MS) < 60000
    refused = run(house, "correct", "void", "--seq", 2, "--reason", "no", code=REFUSED)
    assert refused.stderr.startswith("rollcall: FAILED_PRECONDITION: ")
    run(house, "correct", "void", "--seq", 1, "--reason", "never here")
    assert lines(house, "periods") == []
    house.observer.wait_status("ana", status="OUT", cause="CORRECTION")
    last = lines(house, "punches")[-1]
    assert (last["actor"], last["action"], last["reason"]) == ("ops", "void", "never here")
    house.service.verify()


def test_P_16_what_one_asks_another_decides(house):
    house.start()
    house.worker("ana")
    ask, = lines(house, "correct", "ask", "void", "--seq", 1, "--reason", "not me", "--login", "ana")
    listed, = lines(house, "correct", "list")
    assert (listed["askId"], listed["employeeId"], listed["action"], listed["seq"]) == (ask["askId"], "ana", "void", 1)
    run(house, "correct", "accept", "--ask-id", ask["askId"], "--login", "ana", code=REFUSED)
    house.observer.wait_status("ana", status="IN")
    run(house, "correct", "accept", "--ask-id", ask["askId"], "--login", "boss")
    house.observer.wait_status("ana", status="OUT", cause="CORRECTION")
    assert lines(house, "correct", "list") == []
    run(house, "correct", "reject", "--ask-id", ask["askId"], "--login", "boss", code=REFUSED)


def test_P_16_nobody_decides_on_their_own_punches(house):
    house.start()
    house.worker("ana")
    refused = run(house, "correct", "void", "--seq", 1, "--reason", "x", "--login", "ana", code=REFUSED)
    assert refused.stderr.startswith("rollcall: PERMISSION_DENIED: ")
    assert house.store.types("ana") == ["IN"]


def outage(house, returning):
    """Six people fall silent together and are punched out; so many of them are heard again. Returns the hold's id."""
    people = [house.worker(f"p{n}") for n in range(6)]
    for person in people:
        person.stop_beating()
    house.observer.wait_alert("outage")
    rows = [house.observer.wait_event(f"p{n}", type="AUTO_OUT") for n in range(6)]
    for person in people[:returning]:
        person.start_beating()
        house.observer.wait_event(person.employee, type="RESUME")
    hold, = {row["holdId"] for row in rows}
    return hold


def test_P_16_a_hold_is_settled_at_once_with_those_who_came_back(house):
    house.start()
    hold = outage(house, returning=2)
    assert {row["WORKED"] for row in columns(run(house, "periods").stdout)} <= {"unresolved", "open"}
    assert len(lines(house, "punches", "--undecided")) == 6
    done, = lines(house, "correct", "accept", "--hold", hold)
    assert done["decided"] == 6 and "undecided" not in done
    assert "unresolved" not in run(house, "periods").stdout and lines(house, "punches", "--undecided") == []
    assert run(house, "correct", "accept", "--hold", hold, code=REFUSED).stderr.startswith("rollcall: NOT_FOUND: ")
    house.service.verify()


def test_P_16_to_reject_a_hold_turns_down_who_came_back_and_no_auto_out(house):
    house.start()
    hold = outage(house, returning=2)
    said = run(house, "correct", "reject", "--hold", hold).stdout
    assert said == "decided on 2 rows, 4 left undecided\n"
    house.observer.wait_status("p0", status="OUT", cause="CORRECTION")
    house.observer.wait_status("p1", status="OUT", cause="CORRECTION")
    assert len(lines(house, "punches", "--undecided")) == 4
    refused = run(house, "correct", "reject", "--hold", hold, code=REFUSED).stderr
    assert refused.startswith("rollcall: FAILED_PRECONDITION: an AUTO_OUT is never rejected")
    done, = lines(house, "correct", "accept", "--hold", hold)
    assert done["decided"] == 4
    house.service.verify()


# ---- orders ----

def test_sweep_answers_with_its_counts(house):
    house.start()
    house.worker("ana")
    answer, = lines(house, "sweep")
    assert (answer["checked"], answer["autoOut"], answer["held"]) == (1, 0, 0)
    assert run(house, "sweep").stdout == "checked 1, punched out 0, held 0\n"


def test_P_19_maintenance_holds_everybody_until_it_is_off(house):
    house.start()
    assert run(house, "maintenance").stdout == "no maintenance\n"
    run(house, "maintenance", "for", "1h")
    begun = run(house, "maintenance").stdout
    assert begun.startswith("maintenance until ")
    ana = house.worker("ana")
    ana.crash()
    house.observer.wait_status("ana", presence="suspect")
    house.wait_ms(3000)  # far beyond the deadline
    assert house.store.types("ana") == ["IN"]
    house.service.again()
    assert run(house, "maintenance").stdout == begun
    assert run(house, "maintenance", "off").stdout == "no maintenance\n"
    house.observer.wait_event("ana", type="AUTO_OUT")
    run(house, "maintenance", "for", "25h", code=REFUSED)


def test_an_order_that_nobody_waits_for_is_not_carried_out_later(house):
    house.start()
    house.worker("ana")
    house.service.kill()
    done = run(house, "correct", "void", "--seq", 1, "--reason", "x", "--timeout", "1s", code=NO_ANSWER)
    assert "look before you send it again" in done.stderr
    house.wait_ms(1100)  # the order expires in the broker
    house.service.start()
    run(house, "status", "ana")  # answered after all that had waited
    assert house.store.types("ana") == ["IN"]


# ---- how it ends ----

def test_without_a_broker_it_says_so_at_once(house):
    house.start()
    house.broker.kill()
    begin = time.monotonic()
    assert "cannot connect" in run(house, "who", code=NO_ANSWER).stderr
    assert time.monotonic() - begin < 5


def test_a_site_that_nobody_serves_gives_no_answer(house):
    house.start()
    assert "no answer within 1000 ms" in run(house, "who", "--site", "moon", "--timeout", "1s", code=NO_ANSWER).stderr


def test_nonsense_asks_nobody(house):
    house.start()
    since = house.observer.mark()
    for words in (["whom"], ["who", "x"], ["who", "--site", "a/b"], ["who", "--limit", "0"], ["status"],
                  ["status", "a b"], ["punches", "--from", "soon"], ["punches", "--from", "now", "--to", "-1h"],
                  ["correct"], ["correct", "undo"], ["correct", "void", "--seq", "1"],
                  ["correct", "accept", "--seq", "1", "--hold", "1"], ["correct", "void", "--seq", "-1", "--reason", "x"],
                  ["correct", "add", "--employee", "e", "--type", "AUTO_OUT", "--at", "now", "--reason", "x"],
                  ["correct", "list", "--seq", "1"], ["maintenance", "for"], ["maintenance", "until", "never"],
                  ["who", "--timeout", "5"], ["who", "--password-file", "a", "--token-file", "b"],
                  ["who", "--uri", "pigeon://loft"]):
        done = house.service.cli("--uri", house.broker.uri, *words, check=False) if "--uri" not in words else \
            house.service.cli(*words, check=False)
        assert done.returncode == USAGE and done.stdout == "" and done.stderr, (words, done)
    assert not [m for m in house.observer.messages[since:] if "/request/" in m.topic]


def test_a_time_that_comes_twice_is_not_guessed(house):
    house.start()
    done = run(house, "punches", "--from", "2025-10-26T02:30", code=USAGE, zone="Europe/Berlin")
    assert "2025-10-26T02:30:00+02:00" in done.stderr and "2025-10-26T02:30:00+01:00" in done.stderr


def test_P_16_why_an_ask_was_accepted_or_turned_down_is_kept(house):
    house.start()
    house.worker("ana")
    first, = lines(house, "correct", "ask", "void", "--seq", 1, "--reason", "not me", "--login", "ana")
    run(house, "correct", "reject", "--ask-id", first["askId"], "--reason", 'seen by "two"', "--login", "boss")
    second, = lines(house, "correct", "ask", "retime", "--seq", 1, "--at", "-1h", "--reason", "forgot", "--login", "ana")
    run(house, "correct", "accept", "--ask-id", second["askId"], "--reason", "door log", "--login", "boss")
    assert lines(house, "correct", "list") == []
    turned_down, accepted = lines(house, "correct", "list", "all", "--employee", "ana")
    assert (turned_down["state"], turned_down["decidedBy"], turned_down["decisionReason"]) == \
        ("rejected", "boss", 'seen by "two"')
    assert "resultSeq" not in turned_down and turned_down["reason"] == "not me"
    assert (accepted["state"], accepted["decisionReason"], accepted["resultSeq"]) == ("accepted", "door log", 2)
    assert [row["reason"] for row in lines(house, "punches") if row["type"] == "CORRECTION"] == ["forgot / door log"]
    decisions = [json.loads(row["detail"]) for row in house.store.rows("SELECT detail FROM audit_logs WHERE event = 'ASK'")]
    assert decisions == [
        {"askId": 1, "action": "reject", "actor": "boss", "reason": 'seen by "two"'},
        {"askId": 2, "action": "accept", "actor": "boss", "reason": "door log", "seq": 2}]
    house.service.verify()


# ---- verify and backup ----

def test_P_15_a_backup_of_a_running_service_is_whole(house):
    house.start()
    ana = house.worker("ana")
    receipt = ana.punch_out()
    copy = house.folder / "copy.db"
    assert house.service.cli("backup", house.service.database, copy).stdout == ""
    assert house.service.cli("backup", house.service.database, copy, check=False).returncode == LOCAL
    text = house.service.cli("verify", copy).stdout
    assert text.endswith("sound\n")
    heads = {(row["SITE"], row["LOG"]): row for row in columns(text[:-len("sound\n")])}
    assert heads["hq", "punches"]["SEQ"] == "2" and heads["hq", "punches"]["HASH"] == receipt["hash"]


def test_verify_proves_a_receipt_and_finds_a_forged_row(house):
    house.start()
    receipt = house.worker("ana").punch_out()
    paper = house.folder / "receipt.json"
    paper.write_text(json.dumps(receipt))
    house.service.cli("verify", house.service.database, "--receipt", paper)
    house.service.kill()
    forged = house.folder / "forged.db"
    for suffix in ("", "-wal"):
        if (source := house.service.database.with_name(house.service.database.name + suffix)).exists():
            shutil.copy(source, str(forged) + suffix)
    forge(forged, "UPDATE punches SET at = at - 3600000 WHERE seq = 1")
    done = house.service.cli("verify", forged, check=False)
    assert done.returncode == UNSOUND and "1" in done.stderr, done
    paper.write_text(json.dumps({**receipt, "hash": "0" * 64}))
    done = house.service.cli("verify", house.service.database, "--receipt", paper, check=False)
    assert done.returncode == UNSOUND, done


def test_every_receipt_holds_the_head_of_the_chain_and_verifies(house):
    """P-12, section 8: rejected, held, repeated, refused ones too; each is proof of the log up to then."""
    house.start()
    ana, paper = house.device("ana"), house.folder / "receipt.json"
    first = ana.punch("OUT", "early")  # the log is empty yet
    assert (first["result"], first["code"]) == ("rejected", "ALREADY_OUT")
    recorded = ana.punch("IN", "p-in")
    rejected = ana.punch("IN", "p-again")
    conflict = ana.punch("OUT", "p-in")
    held = ana.punch("OUT", "p-held", clock="unset")
    repeated = ana.punch("IN", "p-again")
    early = ana.punch("OUT", "early")
    since = house.observer.mark()
    ana.publish("punch", {"id": "p-bad", "type": "LUNCH"})
    refused = house.observer.wait_message(f"emp/ana/session/{ana.session}/receipt", since, id="p-bad")
    heads = [row["hash"] for row in house.store.punches()]
    assert [recorded["hash"], held["hash"]] == heads
    assert {"seq"} & (rejected.keys() | conflict.keys() | refused.keys() | first.keys()) == set()
    assert rejected["hash"] == conflict["hash"] == repeated["hash"] == heads[0]
    assert (refused["result"], refused["hash"]) == ("rejected", heads[1])
    assert (repeated["result"], repeated["first"]) == ("duplicate", "rejected")
    assert early["hash"] == first["hash"] and early["first"] == "rejected"
    for receipt in (first, recorded, rejected, conflict, held, repeated, early, refused):
        paper.write_text(json.dumps(receipt))
        house.service.cli("verify", house.service.database, "--receipt", paper)
    paper.write_text(json.dumps({**rejected, "hash": "0" * 64}))
    assert house.service.cli("verify", house.service.database, "--receipt", paper, check=False).returncode == UNSOUND


def test_verify_tells_what_is_no_database_from_what_is_not_sound(house):
    house.start()
    paper = house.folder / "paper.json"
    paper.write_text('{"id":"1","result":"retry","code":"UNAVAILABLE"}')
    assert house.service.cli("verify", house.folder / "nothing.db", check=False).returncode == LOCAL
    assert house.service.cli("verify", paper, check=False).returncode == LOCAL
    done = house.service.cli("verify", house.service.database, "--receipt", paper, check=False)
    assert done.returncode == LOCAL and "no hash" in done.stderr
    assert house.service.cli("verify", check=False).returncode == USAGE
