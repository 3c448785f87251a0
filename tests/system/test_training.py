"""The training day limit over a real broker: answers, the lock, progress, midnights, kills (T-1 to T-8)."""
import datetime
import json
import threading
import zoneinfo

from paho.mqtt.packettypes import PacketTypes
from support.device import properties
from support.fake_clock import FakeClock
from support.waiting import notified

NEW_YORK = zoneinfo.ZoneInfo("America/New_York")
LIMIT_MS = 120000


def new_york(offset_s=0):
    return datetime.datetime.now(NEW_YORK) + datetime.timedelta(seconds=offset_s)


def midnight_after(moment):
    """ms of the midnight that ends the day of a moment in New York."""
    date = moment.date() + datetime.timedelta(1)
    return int(datetime.datetime.combine(date, datetime.time(), NEW_YORK).timestamp() * 1000)


def topic_of(employee, session, leaf):
    return f"emp/{employee}/session/{session}/{leaf}"


def beat(house, employee, session="tab", course="c1", payload=None):
    """One training heartbeat; returns its answer."""
    since = house.observer.mark()
    body = json.dumps({"courseId": course}) if payload is None else payload
    house.observer.client.publish(house.observer.base + topic_of(employee, session, "training"), body, 1)
    return house.observer.wait_message(topic_of(employee, session, "training/result"), since)


def save(house, employee, progress_id, session="tab", course="c1", lesson="l1", data=None):
    """One progress; returns its receipt."""
    since = house.observer.mark()
    body = {"id": progress_id, "courseId": course, "lessonId": lesson, "data": data or {"page": 1}}
    house.observer.client.publish(house.observer.base + topic_of(employee, session, "progress"), json.dumps(body), 1)
    return house.observer.wait_message(topic_of(employee, session, "receipt"), since, id=progress_id)


def wait_training(house, employee, **fields):
    """The retained training of somebody, once it has these fields."""
    topic = f"{house.observer.base}emp/{employee}/training"

    def found():
        value = house.observer.retained.get(topic)
        return value and all(value.get(name) == wanted for name, wanted in fields.items()) and value
    return house.observer.wait(found, f"training of {employee} with {fields}; last: {house.observer.retained.get(topic)}")


def wait_metric(house, name, value):
    house.wait_until(lambda: house.service.metrics().get(name) == value, f"{name} {value}")


def day(house, employee, date=None):
    rows = house.store.rows("SELECT * FROM daily_activity_logs WHERE user_id = ? AND (? IS NULL OR date = ?)",
                            employee, date, date)
    assert len(rows) <= 1, rows
    return rows[0] if rows else None


def reach(house, employee):
    """With an interval that is nearly the limit: two heartbeats, the second of which locks the day."""
    assert beat(house, employee)["success"]
    house.wait_ms(1100)
    answer = beat(house, employee)
    assert answer["code"] == "RESOURCE_EXHAUSTED", answer
    return answer


NEARLY = {"training__limit_minutes": 2, "training__interval_ms": LIMIT_MS - 1000}


# ---- answers ----

def test_T_7_the_answers_have_exactly_these_fields(house):
    house.start(**NEARLY)
    before = new_york()
    answer = beat(house, "ana")
    assert answer == {"success": True, "minutesCompleted": 1, "remainingMinutes": 1, "isNewDay": True,
                      "dateKey": str(before.date()), "serverTimestamp": answer["serverTimestamp"]}
    assert abs(answer["serverTimestamp"] - before.timestamp() * 1000) < 10000
    house.wait_ms(1100)
    answer = beat(house, "ana")
    assert answer == {"code": "RESOURCE_EXHAUSTED", "message": answer["message"], "minutesCompleted": 2,
                      "remainingMinutes": 0, "dateKey": str(before.date()), "lockedUntil": midnight_after(before)}
    assert answer["message"].startswith("DAILY_LIMIT_REACHED: ")
    for payload in ("", "{}", "{\"courseId\":7}"):
        answer = beat(house, "ana", payload=payload)
        assert set(answer) == {"code", "message"} and answer["code"] == "INVALID_ARGUMENT", answer
        assert "courseId" in answer["message"]
    assert house.store.rows("SELECT count(*) AS n FROM audit_logs WHERE event = 'SESSION_HEARTBEAT'")[0]["n"] == 2


def test_T_7_the_response_topic_is_answered_too_with_the_correlation(house):
    house.start()
    ana = house.device_idle("ana").connect(beats=False)
    wanted, elsewhere = "rollcall/v1/hq/reply/ana/training/7", "rollcall/v1/hq/reply/ben/x"
    seen, changed = [], threading.Condition()

    def on_message(_client, _data, message):
        with changed:
            correlation = getattr(message.properties, "CorrelationData", None)
            seen.append((message.topic, correlation, message.payload and json.loads(message.payload)))
            changed.notify_all()
    ana.client.on_message = on_message
    ana.client.subscribe("rollcall/v1/hq/#", 1)
    own = "rollcall/v1/hq/" + topic_of("ana", ana.session, "training/result")
    for correlation, topic in ((b"c-1", wanted), (b"c-2", elsewhere)):
        ana.client.publish(ana.base + "training", json.dumps({"courseId": "c1"}), 1,
                           properties=properties(PacketTypes.PUBLISH, ResponseTopic=topic, CorrelationData=correlation))
    notified(changed, lambda: sum(t == own for t, *_ in seen) == 2, "both answers on their own topic")
    notified(changed, lambda: any(t == wanted for t, *_ in seen), "the answer on the Response Topic")
    assert [c for t, c, _ in seen if t == own] == [b"c-1", b"c-2"]
    (correlation, answer), = [(c, a) for t, c, a in seen if t == wanted]
    assert correlation == b"c-1" and answer["success"] and answer == [a for t, c, a in seen if t == own][0]
    assert not [t for t, *_ in seen if t == elsewhere], "ben's replies are no place for ana's answers"


def test_T_2_two_tabs_in_two_courses_burn_one_day(house):
    house.start(**NEARLY)
    answers = [beat(house, "ana", session, course) for session, course in (("a", "c1"), ("b", "c2"), ("a", "c1"))]
    assert all(answer["success"] for answer in answers), answers
    row = day(house, "ana")
    assert row["session_count"] == 2 and row["heartbeats"] == 3
    assert LIMIT_MS / 1000 - 1 <= row["seconds_completed"] < LIMIT_MS / 1000
    assert {entry["sessionId"] for entry in json.loads(row["sessions"])} == {"a", "b"}
    assert wait_training(house, "ana", sessionCount=2)["status"] == "active"
    house.service.verify()


def test_T_8_a_training_heartbeat_keeps_somebody_in(house):
    house.start()
    ana = house.worker("ana")
    ben = house.worker("ben")
    ana.stop_beating()
    ben.stop_beating()
    stop = threading.Event()

    def train():
        while not stop.wait(ana.interval_ms / 1000 / 2):
            ana.publish("training", {"courseId": "c1"}, qos=0, wait=False, expiry=None)
    thread = threading.Thread(target=train)
    thread.start()
    try:
        house.observer.wait_event("ben", type="AUTO_OUT")
        assert house.store.types("ana") == ["IN"]
    finally:
        stop.set()
        thread.join()
    house.observer.wait_event("ana", type="AUTO_OUT")


def test_T_8_a_training_heartbeat_too_many_keeps_somebody_in_too(house):
    house.start()
    ana = house.worker("ana")
    ben = house.worker("ben")
    for _ in range(120):
        ana.publish("training", {"courseId": "c1"}, qos=0, wait=False, expiry=None)
    ana.stop_beating()
    ben.stop_beating()
    stop = threading.Event()

    def train():
        while not stop.wait(ana.interval_ms / 1000 / 2):
            ana.publish("training", {"courseId": "c1"}, qos=0, wait=False, expiry=None)
    thread = threading.Thread(target=train)
    thread.start()
    try:
        house.observer.wait_event("ben", type="AUTO_OUT")
        assert house.store.types("ana") == ["IN"]
        wait_metric(house, 'rollcall_training_heartbeats_total{site="hq",result="counted"}', 120)
    finally:
        stop.set()
        thread.join()
    house.observer.wait_event("ana", type="AUTO_OUT")


def test_more_than_120_a_minute_are_refused_and_one_audit_row_says_how_many(house):
    house.start()
    topic = house.observer.base + topic_of("ana", "tab", "training")
    since = house.observer.mark()
    for _ in range(250):
        house.observer.client.publish(topic, json.dumps({"courseId": "c1"}), 0)
    result = house.observer.base + topic_of("ana", "tab", "training/result")

    def answers():
        return [m.value for m in house.observer.messages[since:] if m.topic == result]
    house.observer.wait(lambda: len(answers()) == 250, "an answer to each")
    assert [answer.get("code") for answer in answers()].count("RATE_LIMITED") == 130
    for result, count in (("rate-limited", 130), ("counted", 120)):
        wait_metric(house, f'rollcall_training_heartbeats_total{{site="hq",result="{result}"}}', count)
    assert house.service.stop() == 0  # what waits for the end of its minute is written then
    rows = house.store.rows("SELECT result, detail FROM audit_logs WHERE event = 'SESSION_HEARTBEAT' ORDER BY seq")
    assert [row["result"] for row in rows].count("COUNTED") == 120
    assert [json.loads(row["detail"]) for row in rows if row["result"] == "RATE_LIMITED"] == [{"count": 130}]
    house.service.verify()


# ---- progress ----

def test_T_5_progress_needs_training_and_is_judged_once(house):
    house.start(training__interval_ms=1000)
    refused = save(house, "ana", "early")
    assert (refused["result"], refused["code"]) == ("rejected", "FAILED_PRECONDITION"), refused
    assert beat(house, "ana")["success"]
    recorded = save(house, "ana", "p1", data={"page": 4, "notes": ["a", "b"]})
    assert recorded["result"] == "recorded" and "code" not in recorded, recorded
    again = save(house, "ana", "p1", data={"page": 9})
    assert (again["result"], again["first"], again["at"]) == ("duplicate", "recorded", recorded["at"])
    assert save(house, "ana", "early")["first"] == "rejected"
    assert save(house, "ana", "p1", lesson="l2")["code"] == "ID_CONFLICT"
    row, = house.store.rows("SELECT * FROM progress")
    assert json.loads(row["data"]) == {"page": 4, "notes": ["a", "b"]}
    assert (row["user_id"], row["course_id"], row["lesson_id"], row["saved_at"]) == ("ana", "c1", "l1", recorded["at"])
    house.wait_ms(1600)
    assert save(house, "ana", "late")["code"] == "FAILED_PRECONDITION"
    house.service.again()
    assert save(house, "ana", "p1")["result"] == "duplicate"
    wait_metric(house, 'rollcall_progress_total{site="hq",result="duplicate"}', 1)


def test_T_5_nothing_is_saved_while_locked(house):
    house.start(**NEARLY)
    reach(house, "ana")
    refused = save(house, "ana", "p1")
    assert (refused["result"], refused["code"]) == ("rejected", "RESOURCE_EXHAUSTED"), refused
    assert house.store.rows("SELECT * FROM progress") == []


# ---- kills ----

def test_T_6_after_kills_the_ledger_is_what_was_answered(house):
    """Every heartbeat that was answered as counted is in the day and in the audit log, and verify adds them up."""
    house.start(training__interval_ms=1000, training__limit_minutes=2)
    stop = threading.Event()

    def train(employee, session):
        topic = house.observer.base + topic_of(employee, session, "training")
        while not stop.wait(0.05):
            house.observer.client.publish(topic, json.dumps({"courseId": "c1"}), 0)

    threads = [threading.Thread(target=train, args=(f"e{n}", f"tab{m}")) for n in range(5) for m in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(3):
            house.wait_ms(1500)
            house.service.again()
        house.wait_ms(1500)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    house.service.kill()
    house.wait_ms(500)
    answered = {}
    for message in house.observer.messages:
        if message.topic.endswith("/training/result") and message.value.get("success"):
            user, session = message.topic.split("/")[4], message.topic.split("/")[6]
            answered.setdefault((user, session), set()).add(message.value["serverTimestamp"])
    assert len(answered) == 10
    for (user, session), times in answered.items():
        rows = house.store.rows("SELECT at FROM audit_logs WHERE event = 'SESSION_HEARTBEAT' AND user_id = ? "
                                "AND session_id = ? AND result = 'COUNTED'", user, session)
        assert times <= {row["at"] for row in rows}, f"{user} was told of heartbeats that nobody kept"
    for row in house.store.rows("SELECT * FROM training_days"):
        assert 0 < row["ms"] <= LIMIT_MS
    house.service.verify()


def test_T_3_the_total_never_passes_the_limit_through_kills(house):
    house.start(training__limit_minutes=1, training__interval_ms=59000)
    assert beat(house, "ana")["success"]
    house.service.again()
    house.wait_ms(1100)
    since = house.observer.mark()
    topic = house.observer.base + topic_of("ana", "tab", "training")
    for _ in range(20):
        house.observer.client.publish(topic, json.dumps({"courseId": "c1"}), 0)
    house.observer.wait_message(topic_of("ana", "tab", "training/result"), since, code="RESOURCE_EXHAUSTED")
    house.service.again()
    assert beat(house, "ana")["code"] == "RESOURCE_EXHAUSTED"
    assert house.store.rows("SELECT ms FROM training_days") == [{"ms": 60000}]
    assert len(house.store.rows("SELECT * FROM audit_logs WHERE event = 'DAILY_LIMIT_REACHED'")) == 1
    house.service.verify()


# ---- the turn of the day ----

def before_midnight(house, seconds):
    """A clock that shows so many seconds before midnight in New York."""
    now = new_york()
    midnight = midnight_after(now) / 1000
    clock = FakeClock(house, round(midnight - seconds - now.timestamp()))
    return clock, new_york(midnight - seconds - now.timestamp()).date()


def test_T_4_midnight_unlocks_everybody_also_the_silent(house):
    _, date = before_midnight(house, 68)
    house.start(training__limit_minutes=1, training__interval_ms=59000)
    answer = reach(house, "ana")
    assert answer["dateKey"] == str(date)
    locked = wait_training(house, "ana", status="locked", dailyStatus="locked_daily_limit", dateKey=str(date))
    assert locked["lockedUntil"] == answer["lockedUntil"] and locked["minutesCompleted"] == 1
    tomorrow = str(date + datetime.timedelta(1))
    free = house.observer.wait_message("emp/ana/training", seconds=120, dateKey=tomorrow)
    assert free == {"userId": "ana", "dateKey": tomorrow, "minutesCompleted": 0, "remainingMinutes": 1,
                    "status": "active", "dailyStatus": "active", "sessionCount": 0}
    answer = beat(house, "ana")
    assert answer["success"] and answer["isNewDay"] and answer["dateKey"] == tomorrow
    assert day(house, "ana", str(date))["seconds_completed"] == 60
    house.service.verify()


def another_boot(house):
    """From its next start on, the service is on a host that has been booted again."""
    boot_id = house.folder / "boot_id"
    boot_id.write_text("11111111-2222-3333-4444-555555555555\n")
    house.service.wrapper = ["unshare", "--mount", "--propagation", "private", "sh", "-c",
                             f'mount --bind {boot_id} /proc/sys/kernel/random/boot_id && exec "$@"', "sh"]


def test_T_4_a_lock_outlives_a_restart_and_ends_at_a_midnight_that_nobody_saw(house):
    clock, date = before_midnight(house, 3600)
    house.start(**NEARLY)
    reach(house, "ana")
    house.service.again()
    assert beat(house, "ana")["code"] == "RESOURCE_EXHAUSTED"
    house.service.kill()
    clock.set(offset_of(house) + 7200)  # with another boot: else the clock would not be believed (T-2)
    another_boot(house)
    house.service.start()
    wait_training(house, "ana", status="active", dateKey=str(date + datetime.timedelta(1)))
    assert beat(house, "ana")["success"]
    house.service.verify()


def test_T_5_what_was_sent_while_locked_is_not_saved_after_midnight(house):
    clock, _ = before_midnight(house, 150)
    house.start(**NEARLY)
    until = reach(house, "ana")["lockedUntil"] / 1000
    assert beat(house, "ben")["success"]
    house.service.kill()
    since = house.observer.mark()
    for employee in ("ana", "ben"):
        body = {"id": "p1", "courseId": "c1", "lessonId": "l1", "data": {"page": 1}}
        house.observer.client.publish(house.observer.base + topic_of(employee, "tab", "progress"), json.dumps(body), 1,
                                      properties=properties(PacketTypes.PUBLISH, MessageExpiryInterval=604800))
    house.wait_ms(4000)  # so long they wait in the broker: Message Expiry counts whole seconds
    clock.set(round(until - new_york().timestamp()) + 1)
    another_boot(house)
    house.service.start()
    ana, ben = (house.observer.wait_message(topic_of(employee, "tab", "receipt"), since, id="p1")
                for employee in ("ana", "ben"))
    assert (ana["result"], ana.get("code")) == ("rejected", "RESOURCE_EXHAUSTED"), ana
    assert ben["result"] == "recorded", ben


def offset_of(house):
    return int((house.folder / "faketime").read_text())


def test_T_2_a_wall_clock_that_is_set_wrong_ends_no_day(house):
    clock, date = before_midnight(house, 3600)
    house.start(**NEARLY)
    reach(house, "ana")
    clock.set(offset_of(house) + 7200)
    house.observer.wait_alert("clock-step")
    answer = beat(house, "ana")
    assert answer["code"] == "RESOURCE_EXHAUSTED" and answer["dateKey"] == str(date)
    house.service.again()
    assert beat(house, "ana")["dateKey"] == str(date)


# ---- what is retained ----

def test_P_15_a_wiped_broker_gets_every_training_back(house):
    house.start(**NEARLY)
    reach(house, "ana")
    assert beat(house, "ben")["success"]
    wait_training(house, "ana", status="locked")
    wait_training(house, "ben", status="active")
    house.broker.kill()
    house.broker.wipe()
    house.observer.retained.clear()
    house.broker.start()
    wait_training(house, "ana", status="locked", minutesCompleted=2)
    wait_training(house, "ben", status="active", minutesCompleted=1)


def test_a_forged_training_is_put_right(house):
    house.start()
    assert beat(house, "ana")["success"]
    truth = wait_training(house, "ana", minutesCompleted=1)
    topic = house.observer.base + "emp/{}/training"
    house.observer.client.publish(topic.format("ana"), json.dumps({**truth, "minutesCompleted": 0}), 1, True)
    house.observer.client.publish(topic.format("nobody"), json.dumps(truth), 1, True)
    house.observer.wait(lambda: [m.value for m in house.observer.messages if m.topic == topic.format("ana")][-1] == truth
                        and len([m for m in house.observer.messages if m.topic == topic.format("ana")]) >= 3,
                        "the truth over the forgery")
    house.observer.wait(lambda: house.observer.messages and house.observer.retained.get(topic.format("nobody")) is None
                        and len([m for m in house.observer.messages if m.topic == topic.format("nobody")]) == 2,
                        "a topic of nobody's cleared")


# ---- settings ----

def test_T_1_a_changed_setting_is_a_policy_from_the_next_midnight(house):
    house.start(training__limit_minutes=3)
    assert beat(house, "ana")["remainingMinutes"] == 2
    house.service.settings["training.limit_minutes"] = 9
    house.service.again()
    assert beat(house, "ana")["remainingMinutes"] == 2  # today is as it was
    first, second = house.observer.ask("policy", action="list")["policies"]
    assert (first["from"], first["limitMinutes"]) == (0, 3)
    assert (second["from"], second["limitMinutes"]) == (midnight_after(new_york()), 9)
    house.service.again()
    assert len(house.observer.ask("policy", action="list")["policies"]) == 2
    house.service.verify()


def test_a_zone_that_is_not_installed_is_an_error_of_the_start(house):
    house.start()
    house.service.kill()
    house.service.settings["training.zone"] = "Mars/Olympus"
    house.service.launch_only()
    assert house.service.wait() == 2
    assert "training.zone" in house.service.log.read_text()


# ---- the archive ----

def test_T_6_a_month_that_is_not_over_or_not_there_is_not_archived(house):
    house.start()
    assert beat(house, "ana")["success"]
    now = datetime.datetime.now(datetime.timezone.utc)
    for month in (f"{now:%Y-%m}", "2020-01"):
        answer = house.observer.ask("archive", month=month)
        assert not answer["ok"] and answer["code"] == "FAILED_PRECONDITION", answer
    assert list((house.service.data / "archive").iterdir()) == []
    assert beat(house, "ana")["success"]
    house.service.verify()
