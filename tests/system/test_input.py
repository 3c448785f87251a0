"""What breaks the protocol is refused, counted, answered where it can be, and changes nothing."""
import json
import sqlite3
import time

import pytest
from paho.mqtt.packettypes import PacketTypes
from support.device import properties
from support.observer import Observer

GOOD = {"id": "x", "type": "IN"}

BAD_PUNCHES = {
    "no JSON": b"IN",
    "an empty payload": b"",
    "no object": b'["IN"]',
    "something after the object": b'{"id":"x","type":"IN"} {}',
    "a key twice": b'{"id":"x","type":"IN","type":"OUT"}',
    "a key in another case": b'{"Id":"x","type":"IN"}',
    "no id": b'{"type":"IN"}',
    "an id that is a number": b'{"id":1,"type":"IN"}',
    "an empty id": b'{"id":"","type":"IN"}',
    "an id that is too long": json.dumps({"id": "x" * 65, "type": "IN"}).encode(),
    "an unknown type": b'{"id":"x","type":"LUNCH"}',
    "an AUTO_OUT": b'{"id":"x","type":"AUTO_OUT"}',
    "an age before birth": b'{"id":"x","type":"IN","ageMs":-1}',
    "an age with a fraction": b'{"id":"x","type":"IN","ageMs":1.5}',
    "an age beyond all numbers": b'{"id":"x","type":"IN","ageMs":1e400}',
    "an age above 2^53": b'{"id":"x","type":"IN","ageMs":9007199254740993}',
    "an age that is a text": b'{"id":"x","type":"IN","ageMs":"5"}',
    "an unknown class": b'{"id":"x","type":"IN","class":"spoon"}',
    "a NUL": b'{"id":"x\\u0000y","type":"IN"}',
    "bad UTF-8": b'{"id":"\xff\xfe","type":"IN"}',
    "too deep": b'{"id":"x","type":"IN","a":{"b":{"c":{"d":{}}}}}',
    "too long": json.dumps({**GOOD, "note": "n" * 2000}).encode(),
}


@pytest.fixture(scope="module")
def one_house(shared_house):
    """One running house for all of the cases below: nothing that they do may change anything in it."""
    return shared_house.start()


def counted(house):
    """All that was refused so far."""
    return sum(value for name, value in house.service.metrics().items() if "invalid" in name or "refused" in name)


@pytest.mark.parametrize("what", BAD_PUNCHES)
def test_a_punch_is_refused_that_has(one_house, what):
    house = one_house
    ana = house.device("ana")
    since = house.observer.mark()
    ana.publish("punch", BAD_PUNCHES[what])
    answer = house.observer.wait_message(f"emp/ana/session/{ana.session}/receipt", since)
    assert answer["code"] == "INVALID_ARGUMENT" and answer["message"], answer
    assert house.store.punches("ana") == []
    ana.disconnect()


def refused(house, reason):
    return house.service.metrics()[f'rollcall_refused_total{{site="hq",reason="{reason}"}}']


TOPICS = {
    "bad-id": ["hq/emp/b en/session/s/punch", "hq/emp/ben/session//punch", f"hq/emp/{'b' * 65}/session/s/punch",
               "hq/emp/bén/session/s/punch"],
    "unknown-topic": ["hq/emp/ben/punch", "hq/emp/ben/session/s/punch/more", "hq/emp/ben/session/s/frob", "hq/frob",
                      "hq/a/b/c/d/e/f"],
    "unknown-site": ["elsewhere/emp/ben/session/s/punch", "elsewhere/emp/ben/session/s/leave", "elsewhere/request/ben/who",
                     "elsewhere/dev/k1/leave"],
}


def test_topics_that_are_none_change_nothing_and_are_counted(one_house):
    house = one_house
    ben = house.device("ben")
    before = {reason: refused(house, reason) for reason in TOPICS}
    topics = [f"rollcall/v1/{topic}" for topics in TOPICS.values() for topic in topics]
    for topic in (*topics, "rollcall/v2/hq/emp/ben/session/s/punch"):
        ben.client.publish(topic, json.dumps(GOOD), 1).wait_for_publish(30)
    assert ben.punch("OUT")["code"] == "ALREADY_OUT"  # judged after all of them
    assert house.store.rows("SELECT * FROM punches") == []
    house.wait_until(lambda: all(refused(house, reason) == before[reason] + len(topics)
                                 for reason, topics in TOPICS.items()), "each to be counted once")


def test_the_log_says_which_topics_nobody_knows(house):
    house.start()
    for topic in ("rollcall/v1/hq/frob", "rollcall/v1/elsewhere/emp/ben/session/s/punch"):
        house.observer.client.publish(topic, "{}", 1)
    for line in ("topic=rollcall/v1/hq/frob refusal=unknown-topic",
                 "topic=rollcall/v1/elsewhere/emp/ben/session/s/punch refusal=unknown-site"):
        house.wait_until(lambda line=line: line in house.service.log.read_text(), line)


def test_bad_heartbeats_and_leaves_change_nothing_and_are_counted(one_house):
    house = one_house
    cleo = house.device("cleo")
    house.observer.wait_status("cleo", presence="present")
    before, status = counted(house), house.observer.status("cleo")
    for leaf, payload in (("heartbeat", b"{"), ("heartbeat", b'{"intervalMs":"soon"}'), ("heartbeat", b'{"epoch":-1}'),
                          ("leave", b'{}'), ("leave", b'{"cause":"bored"}'), ("leave", b"")):
        cleo.publish(leaf, payload)
    assert cleo.punch("OUT")["code"] == "ALREADY_OUT"
    assert house.observer.status("cleo") == status
    # The figures are copied for HTTP now and then, not at each request.
    house.wait_until(lambda: counted(house) >= before + 6, "six more that were refused")


def test_a_request_that_makes_no_sense_is_answered(one_house):
    for fields in ({"action": "dance"}, {"action": "void"}, {"action": "accept", "seq": 1, "holdId": 1}):
        answer = one_house.observer.ask("correct", **fields)
        assert (answer["ok"], answer["code"]) == (False, "INVALID_ARGUMENT"), (fields, answer)
    assert one_house.observer.ask("punches", limit=-1)["code"] == "INVALID_ARGUMENT"
    assert one_house.observer.ask("who", cursor=2**32)["code"] == "INVALID_ARGUMENT"
    assert one_house.observer.ask("who", cursor=2**32 - 1)["employees"] == []
    assert one_house.observer.ask("correct", action="void", seq=99999, reason="no")["code"] == "NOT_FOUND"


@pytest.mark.parametrize("verb", ["WHO", "whom", "who is in", "wér"])
def test_a_request_of_an_unknown_verb_is_answered_and_counted(one_house, verb):
    before = counted(one_house)
    answer = one_house.observer.ask(verb)
    assert (answer["ok"], answer["code"]) == (False, "INVALID_ARGUMENT"), answer
    one_house.wait_until(lambda: counted(one_house) >= before + 1, "one more that was refused")


def test_a_verb_that_no_topic_can_hold_is_answered_on_the_response_topic(one_house):
    observer = one_house.observer
    since = observer.mark()
    wanted = properties(PacketTypes.PUBLISH, ResponseTopic=f"{observer.base}reply/ops/mine")
    observer.client.publish(f"{observer.base}request/ops/{'w' * 65}", '{"requestId":"r"}', 1, False, wanted)
    assert observer.wait_message("reply/ops/mine", since, requestId="r")["code"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("payload", ['{"limit":1e400,"requestId":"r"}', '{"requestId":"r","from":9007199254740993}',
                                     '{"requestId":"r","limit":"ten"}', '{"requestId":"r"} {}'])
def test_a_request_that_is_refused_is_answered_under_its_requestId(one_house, payload):
    since = one_house.observer.mark()
    one_house.observer.client.publish("rollcall/v1/hq/request/ops/punches", payload, 1)
    answer = one_house.observer.wait_message("reply/ops/punches", since, requestId="r")
    assert (answer["ok"], answer["code"]) == (False, "INVALID_ARGUMENT"), answer


def test_a_punch_that_is_refused_is_answered_under_its_id(one_house):
    ben = one_house.device("ben")
    ben.publish("punch", b'{"ageMs":1e400,"type":"IN","id":"far-too-old"}')
    receipt = ben.receipt("far-too-old")
    assert (receipt["result"], receipt["code"]) == ("rejected", "INVALID_ARGUMENT"), receipt


def test_P_1_a_flood_of_heartbeats_is_cut_counted_and_makes_nobody_look_silent(house):
    house.start(limits__heartbeats_per_s=10)
    ana, ben = house.worker("ana"), house.worker("ben")

    def limited():
        return house.service.metrics()['rollcall_heartbeats_rate_limited_total{site="hq"}']
    for _ in range(10):
        for _ in range(200):
            ana.beat()
        house.wait_ms(300)  # three times the deadline of ana and ben, all in all
    house.wait_until(lambda: limited() >= 2000 - 10 * (10 + 10), "the rest of the flood to be dropped")
    log = house.service.log.read_text()
    assert 0 < log.count("event=heartbeats_rate_limited") <= 2
    assert "employee=ana" in log.split("event=heartbeats_rate_limited")[1].split("\n")[0]
    ana.send_punch("OUT")
    house.observer.wait_event("ana", type="OUT")
    house.observer.wait_status("ben", status="IN", presence="present")
    assert house.store.punches(type="AUTO_OUT") == []
    ben.stop_beating()
    house.observer.wait_event("ben", type="AUTO_OUT")  # the limit is alive, and so is the rule


def test_retained_junk_is_ignored(house):
    """What lies retained on a client's topic is old news: it is delivered at each subscribe, and must not count."""
    house.start()
    ana = house.device("ana")
    house.service.kill()
    ana.publish("punch", GOOD, retain=True)
    ana.client.publish("rollcall/v1/hq/emp/ghost/session/s/heartbeat", b"{}", 0, True)
    house.broker.stop()  # with it goes the service's queue of live messages, but the retained ones are kept
    house.broker.start()
    house.service.start()
    house.service.again()
    ben = house.device("ben")
    ben.punch_in()
    types = [(row["employee_id"], row["type"]) for row in house.store.punches()]
    assert ("ghost", "IN") not in types
    assert house.observer.status("ghost") is None
    # The live copy of ana's punch may have waited in the service's queue: then it counts, once.
    assert types.count(("ana", "IN")) <= 1


def refused_on_service_topics(house):
    return house.service.metrics()['rollcall_refused_total{site="hq",reason="service-topic"}']


def forge(device, topic, payload, retain=True):
    device.client.publish(f"rollcall/v1/hq/{topic}", payload, 1, retain).wait_for_publish(30)


def wait_repaired(house, topic, right):
    """Waits until the observer has seen the forgery, and after it what is right."""
    base = house.observer.base + topic
    def repaired():
        seen = [m.value for m in house.observer.messages if m.topic == base]
        return FORGED in seen and right(seen[-1])
    house.observer.wait(repaired, f"{topic} made right after {FORGED}")


FORGED = {"status": "OUT", "online": False, "forged": True}


def test_a_forged_status_is_made_right_again(house):
    house.start()
    ana = house.worker("ana")
    house.observer.wait_status("ana", status="IN", presence="present")
    assert refused_on_service_topics(house) == 0  # what the service itself publishes there does not count
    forge(ana, "emp/ana/status", json.dumps(FORGED))
    wait_repaired(house, "emp/ana/status", lambda value: value and value.get("status") == "IN")
    assert house.store.types("ana") == ["IN"]
    house.wait_until(lambda: refused_on_service_topics(house) == 1, "one that was refused")
    # The truth is what lies retained: somebody who comes now sees it alone.
    assert Observer(house.broker).wait_status("ana")["status"] == "IN"


def test_what_nobody_should_publish_is_counted_and_made_right(house):
    house.start()
    kiosk = house.device_idle("mallory").connect(beats=False)
    kiosk.client.publish("rollcall/v1/hq/dev/k1/heartbeat", b"", 0)
    house.observer.wait_message("dev/k1/status", online=True)
    with sqlite3.connect(house.service.database) as database:
        database.execute("INSERT INTO employees (site, employee_id, name) VALUES ('hq', 'ana', 'Ana')")
    right = {
        "emp/ghost/status": lambda value: value is None,
        "emp/ghost/event": lambda value: value is None,
        "emp/ghost/profile": lambda value: value is None,
        "emp/ghost/training": lambda value: value is None,
        "dev/ghost/status": lambda value: value is None,
        "alert/storage": lambda value: value is None,
        "alert/doom": lambda value: value is None,
        "emp/ana/profile": lambda value: value == {"employeeId": "ana", "name": "Ana"},
        "dev/k1/status": lambda value: value and value["online"] and value["deviceId"] == "k1",
        "service/status": lambda value: value and value["online"] and "startedAt" in value,
        "summary": lambda value: value and "asOf" in value,
        "service/metrics": lambda value: value and "asOf" in value,
    }
    for topic in right:
        forge(kiosk, topic, json.dumps(FORGED))
    for topic, check in right.items():
        wait_repaired(house, topic, check)
    house.wait_until(lambda: refused_on_service_topics(house) == len(right), "all of them refused")
    newcomer = Observer(house.broker)
    newcomer.wait_message("service/status", online=True)
    assert not [topic for topic in newcomer.retained if "ghost" in topic or "/alert/" in topic], newcomer.retained
    assert house.store.rows("SELECT * FROM punches") == []


def test_a_status_that_somebody_cleared_is_back(house):
    house.start()
    ana = house.worker("ana")
    house.observer.wait_status("ana", status="IN", presence="present")
    since = house.observer.mark()
    forge(ana, "emp/ana/status", b"")
    house.observer.wait_message("emp/ana/status", since, status="IN")


def test_a_forger_who_does_not_stop_gets_no_storm_and_not_the_last_word(house):
    """One repair a topic a second, however many forgeries; also the next message of the service still gets through."""
    house.start()
    ana = house.worker("ana")
    house.observer.wait_status("ana", status="IN", presence="present")
    since = house.observer.mark()
    started = time.monotonic()
    for _ in range(500):
        forge(ana, "emp/ana/status", json.dumps(FORGED))
    house.observer.wait(lambda: house.observer.status("ana") != FORGED, "the last word of the service")
    took = time.monotonic() - started
    seen = [m.value for m in house.observer.messages[since:] if m.topic.endswith("/emp/ana/status")]
    assert seen.count(FORGED) == 500
    assert 1 <= len(seen) - 500 <= took + 1, (len(seen), took)
    assert house.observer.status("ana")["status"] == "IN"


def test_a_message_far_too_large_costs_its_sender_the_connection(house):
    house.start()
    ana = house.device("ana")
    ana.stop_beating()
    ana.publish("punch", b"x" * 100000, wait=False)
    ana.wait_ended()
    assert house.device("ben").punch("IN")["result"] == "recorded"
