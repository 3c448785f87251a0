"""The directory of employees: orders, who is served, what is retained (sections 2, 6 and 8)."""
import json
import sqlite3

import pytest
from support.observer import Observer

REFUSED, USAGE = 1, 2


def employee(house, *words, code=0):
    done = house.service.cli("employee", *words, "--uri", house.broker.uri, "--json", check=False)
    assert done.returncode == code, (words, done)
    return [json.loads(line) for line in done.stdout.splitlines()] if code == 0 else done.stderr


def strangers(house):
    return house.service.metrics()['rollcall_refused_total{site="hq",reason="not-in-directory"}']


def test_the_directory_is_kept_and_published(house):
    house.start()
    assert employee(house, "add", "ana", "name=Ana Löpez", "group=sales", "email=ana@example.org", "manager=m1") == [
        {"employeeId": "ana", "name": "Ana Löpez", "group": "sales", "email": "ana@example.org", "managerId": "m1",
         "active": True}]
    profile = house.observer.wait_message("emp/ana/profile", employeeId="ana")
    assert profile == {"employeeId": "ana", "name": "Ana Löpez", "group": "sales"}
    house.observer.wait_status("ana", status="OUT", presence="absent")  # somebody who belongs here is shown at once
    since = house.observer.mark()
    assert employee(house, "set", "ana", "group=depot", "email=")[0] == {
        "employeeId": "ana", "name": "Ana Löpez", "group": "depot", "managerId": "m1", "active": True}
    house.observer.wait_message("emp/ana/profile", since, group="depot")
    assert house.store.rows("SELECT name, grp, email, manager_id, active FROM employees") == [
        {"name": "Ana Löpez", "grp": "depot", "email": None, "manager_id": "m1", "active": 1}]
    events = [(row["event"], row["user_id"], json.loads(row["detail"])["action"])
              for row in house.store.rows("SELECT * FROM audit_logs WHERE event = 'EMPLOYEE' ORDER BY seq")]
    assert events == [("EMPLOYEE", "ana", "add"), ("EMPLOYEE", "ana", "change")]
    house.worker("ana")
    house.service.again()
    assert house.service.ask("who")[0]["group"] == "depot"
    house.service.verify()


def test_P_8_somebody_who_was_only_added_has_their_group_after_a_restart_too(house):
    house.start()
    employee(house, "add", "ana", "name=Ana", "group=sales")
    house.service.kill()
    with sqlite3.connect(house.service.database) as database:  # as an import by another tool leaves it
        database.execute("INSERT INTO employees (site, employee_id, name, grp) VALUES ('hq', 'ben', 'Ben', 'depot')")
    house.service.start()
    house.worker("ana")
    house.worker("ben")
    assert {row["employeeId"]: row["group"] for row in house.service.ask("who")} == {"ana": "sales", "ben": "depot"}


def test_orders_of_the_directory_that_make_no_sense_are_refused(house):
    house.start()
    employee(house, "add", "ana", "name=Ana")
    assert "FAILED_PRECONDITION" in employee(house, "add", "ana", "name=Ana", code=REFUSED)
    assert "NOT_FOUND" in employee(house, "set", "ben", "group=x", code=REFUSED)
    assert "NOT_FOUND" in employee(house, "remove", "ben", code=REFUSED)
    assert "NOT_FOUND" in employee(house, "list", "--employee", "ben", code=REFUSED)
    for words in (["add", "ben"], ["add", "b en", "name=B"], ["set", "ana"], ["set", "ana", "age=7"],
                  ["set", "ana", "name="], ["set", "ana", "group=a/b"], ["remove", "ana", "name=A"], ["frob"], []):
        employee(house, *words, code=USAGE)
    for fields in ({"action": "add", "employeeId": "ben"}, {"action": "change", "employeeId": "ana"},
                   {"action": "fire", "employeeId": "ana"}, {"action": "remove"},
                   {"action": "add", "employeeId": "ben", "name": "B", "group": "a b"},
                   {"action": "add", "employeeId": "ben", "name": "n" * 129}):
        assert house.observer.ask("employee", **fields)["code"] == "INVALID_ARGUMENT", fields
    assert [row["employee_id"] for row in house.store.rows("SELECT * FROM employees")] == ["ana"]


def test_a_long_directory_comes_page_by_page(house):
    house.start()
    with sqlite3.connect(house.service.database) as database:
        database.executemany("INSERT INTO employees (site, employee_id, name) VALUES ('hq', ?, ?)",
                             [(f"p{n:04}", "x" * 100) for n in range(430)])
    assert [row["employeeId"] for row in employee(house, "list")] == [f"p{n:04}" for n in range(430)]


def test_who_is_removed_has_their_retained_topics_cleared(house):
    house.start()
    employee(house, "add", "ana", "name=Ana")
    ana = house.worker("ana")
    assert "FAILED_PRECONDITION" in employee(house, "remove", "ana", code=REFUSED)  # while IN
    ana.punch_out()
    ana.close()
    house.observer.wait_status("ana", status="OUT", presence="absent")
    since = house.observer.mark()
    assert employee(house, "remove", "ana")[0]["active"] is False
    for leaf in ("profile", "status"):
        topic = f"{house.observer.base}emp/ana/{leaf}"
        house.observer.wait(lambda topic=topic: [m for m in house.observer.messages[since:]
                                                 if m.topic == topic and not m.payload], f"{leaf} cleared")
    house.service.again()  # whatever it publishes again, it does not bring that back
    newcomer = Observer(house.broker)
    newcomer.wait_message("service/status", online=True)
    house.device("ben").punch_in()  # judged after the republishing
    newcomer.wait_status("ben", status="IN")
    assert not [topic for topic in newcomer.retained if "/emp/ana/" in topic], newcomer.retained
    assert [row["active"] for row in employee(house, "list")] == [False]
    # directory.strict is off: who comes back is served all the same, and shown for as long as they are here
    back = house.worker("ana")
    house.observer.wait_status("ana", status="IN")
    back.punch_out()
    assert employee(house, "add", "ana", "name=Ana again")[0] == {"employeeId": "ana", "name": "Ana again",
                                                                  "active": True}


def test_a_strict_directory_serves_nobody_else(house):
    house.start(directory__strict="yes")
    employee(house, "add", "ana", "name=Ana")
    ana, ben = house.device("ana"), house.device_idle("ben").connect(beats=False)
    assert ana.punch("IN")["result"] == "recorded"
    first = ben.punch("IN", "p-1")
    assert (first["result"], first["code"]) == ("rejected", "NOT_FOUND") and first["hash"], first
    again = ben.punch("IN", "p-1")
    assert (again["result"], again["first"], again["code"]) == ("duplicate", "rejected", "NOT_FOUND")  # P-12
    assert ben.punch("OUT", "p-1")["code"] == "ID_CONFLICT"
    before = strangers(house)
    for _ in range(3):
        ben.publish("heartbeat", {}, qos=1)
    ben.publish("leave", {"cause": "closed"})
    house.wait_until(lambda: strangers(house) >= before + 4, "four more messages of a stranger")
    assert house.observer.status("ben") is None and house.store.punches("ben") == []
    assert house.store.rows("SELECT * FROM sessions WHERE employee_id = 'ben'") == []
    refused = house.observer.ask("correct", action="add", employeeId="ben", type="IN", at=1, reason="no")
    assert refused["code"] == "NOT_FOUND", refused
    employee(house, "add", "ben", "name=Ben")
    ben.beat()
    assert ben.punch("IN", "p-2")["result"] == "recorded"
    house.observer.wait_status("ben", status="IN", presence="present")
    ben.punch_out()
    employee(house, "remove", "ben")
    assert ben.punch("IN", "p-3")["code"] == "NOT_FOUND"
    house.observer.wait(lambda: house.observer.status("ben") is None, "no status of ben's")
    house.service.verify()


@pytest.mark.parametrize("leaf, answer", [("training", "training/result"), ("progress", "receipt")])
def test_a_stranger_who_trains_is_told_so(house, leaf, answer):
    house.start(directory__strict="yes")
    ben = house.device_idle("ben").connect(beats=False)
    ben.publish(leaf, {"id": "g-1", "courseId": "c", "lessonId": "l", "data": 1})
    told = house.observer.wait_message(f"emp/ben/session/{ben.session}/{answer}")
    assert told["code"] == "NOT_FOUND", told
    assert house.observer.status("ben") is None
