"""Punches, their receipts, late ones, and what people decide about them."""
import json
import time
import uuid

from paho.mqtt.packettypes import PacketTypes
from support.device import properties


def now_ms():
    return int(time.time() * 1000)


def test_the_whole_life_of_a_punch(house):
    """P-15: receipt, event, status and row say the same, and stand in the database before they are shown."""
    house.start()
    ana = house.device("ana")
    before = now_ms()
    receipt = ana.punch("IN", "p-1", note="front door")
    after = now_ms()
    row = house.store.punches("ana")[0]
    event = house.observer.wait_event("ana", type="IN")
    status = house.observer.wait_status("ana", status="IN", cause="PUNCH", presence="present")
    assert receipt["result"] == "recorded" and receipt["id"] == "p-1" and not receipt["review"]
    assert before <= receipt["at"] <= receipt["recordedAt"] <= after
    assert row["seq"] == receipt["seq"] == event["seq"] == 1
    assert row["at"] == receipt["at"] == event["at"] == status["since"]
    assert row["hash"] == receipt["hash"] == event["hash"]
    assert (row["type"], row["state"], row["session_id"], row["note"]) == ("IN", "effective", ana.session, "front door")
    out = ana.punch("OUT", "p-2")
    assert out["seq"] == 2 and out["at"] >= receipt["at"]
    house.observer.wait_status("ana", status="OUT", cause="PUNCH", since=out["at"])
    assert house.store.periods("ana") == [{"site": "hq", "employee_id": "ana", "in_seq": 1, "in_at": receipt["at"],
                                           "out_seq": 2, "out_at": out["at"], "out_type": "OUT",
                                           "cause": house.store.periods("ana")[0]["cause"], "review": 0}]
    house.service.verify()


def test_a_receipt_goes_to_its_own_topic_whatever_response_topic_is_given(house):
    """Section 2: the Response Topic wins for a request only. The Correlation Data comes back."""
    house.start()
    ana = house.device("ana")
    seen, elsewhere = [], "rollcall/v1/hq/reply/boss/x"
    ana.client.on_message = lambda client, data, message: (seen.append(message), ana._on_message(client, data, message))
    for number, (payload, result) in enumerate((({"id": "p-1", "type": "IN"}, "recorded"),
                                                ({"id": "p-2", "type": "LUNCH"}, "rejected"))):
        ana.client.publish(ana.base + "punch", json.dumps(payload), 1,
                           properties=properties(PacketTypes.PUBLISH, ResponseTopic=elsewhere,
                                                 CorrelationData=b"c-%d" % number))
        receipt = ana.receipt(payload["id"])
        assert receipt.get("result", "rejected") == result, receipt
        assert seen[number].properties.CorrelationData == b"c-%d" % number
    house.observer.wait_message(f"emp/ana/session/{ana.session}/receipt", id="p-2")
    assert elsewhere not in house.observer.retained


def test_P_12_the_same_id_gets_the_same_answer_over_restarts(house):
    house.start()
    ana = house.device("ana")
    first = ana.punch("IN", "once")
    house.service.again()
    again = ana.punch("IN", "once")
    assert again["result"] == "duplicate" and again["first"] == "recorded"
    assert {name: again[name] for name in ("seq", "at", "recordedAt", "hash")} == \
           {name: first[name] for name in ("seq", "at", "recordedAt", "hash")}
    assert ana.punch("OUT", "once")["code"] == "ID_CONFLICT"
    assert house.store.types("ana") == ["IN"]


def test_P_12_a_duplicate_has_every_field_of_the_first_receipt(house):
    """One that was turned down, and one that its device dates to 1970: every receipt of a row has its time."""
    house.start()
    ana = house.device("ana")
    for fields in ({}, {"deviceAt": 0, "clock": "synced"}, {"deviceAt": 0, "clock": "unset"}):
        punch_id = uuid.uuid4().hex
        first = ana.punch("OUT", punch_id, **fields)
        assert ("at" in first) == ("seq" in first), first
        house.service.again()
        again = ana.punch("OUT", punch_id, **fields)
        assert again == {**first, "result": "duplicate", "first": first["result"]}
    assert [row["at"] for row in house.store.punches("ana")][0] == 0


def test_P_11_in_when_in_and_out_when_out_change_nothing(house):
    house.start()
    ana = house.device("ana")
    rejected = ana.punch("OUT")
    assert (rejected["result"], rejected["code"]) == ("rejected", "ALREADY_OUT")
    ana.punch_in()
    rejected = ana.punch("IN", "twice")
    assert (rejected["result"], rejected["code"]) == ("rejected", "ALREADY_IN")
    repeated = ana.punch("IN", "twice")
    assert (repeated["result"], repeated["first"], repeated["code"]) == ("duplicate", "rejected", "ALREADY_IN")
    assert repeated["message"] == rejected["message"]
    assert house.store.types("ana") == ["IN"]


def test_P_13_a_punch_that_could_not_be_sent_counts_from_when_it_was_made(house):
    house.start()
    ana = house.device("ana")
    receipt = ana.punch("IN", ageMs=60000)
    assert receipt["result"] == "recorded" and not receipt["review"]
    assert abs(receipt["recordedAt"] - 60000 - receipt["at"]) < 1000
    late = house.device("ben").punch("IN", ageMs=600000)
    assert late["result"] == "recorded" and late["review"]
    assert abs(late["recordedAt"] - 600000 - late["at"]) < 1000


def test_P_13_a_device_clock_counts_only_if_it_says_that_it_is_right(house):
    house.start()
    at = now_ms() - 30000
    assert house.device("ana").punch("IN", deviceAt=at, clock="synced")["at"] == at
    doubtful = house.device("ben").punch("IN", deviceAt=at, clock="unset")
    assert (doubtful["result"], doubtful["code"]) == ("held", "CLOCK_DOUBTFUL")
    ahead = house.device("cleo").punch("IN", deviceAt=now_ms() + 3600000, clock="synced")
    assert (ahead["result"], ahead["code"]) == ("held", "CLOCK_DOUBTFUL")
    assert house.store.status("ben")["status"] == "OUT"


def test_P_13_a_late_out_without_an_in_waits_for_it(house):
    house.start()
    ana = house.device("ana")
    out = ana.punch("OUT", ageMs=300000)
    assert (out["result"], out["code"]) == ("held", "NO_IN")
    assert ana.punch("IN", ageMs=600000)["result"] == "recorded"
    house.observer.wait_status("ana", status="OUT")
    periods = house.store.periods("ana")
    assert len(periods) == 1 and periods[0]["out_at"] == out["at"], house.store.punches("ana")
    house.service.verify()


def test_P_13_a_late_out_replaces_the_auto_out(house):
    house.start(punch__trust_ms=500)
    ana = house.worker("ana", login="ana")
    house.wait_ms(700)
    made_at = time.monotonic()
    ana.crash()
    auto = house.observer.wait_event("ana", type="AUTO_OUT")
    ana.connect(beats=False)
    out = ana.punch("OUT", ageMs=int((time.monotonic() - made_at) * 1000))
    assert out["result"] == "recorded", out
    rows = house.store.punches("ana")
    assert [row["type"] for row in rows] == ["IN", "AUTO_OUT", "CORRECTION", "OUT"]
    assert (rows[2]["action"], rows[2]["target_seq"]) == ("void", auto["seq"])
    periods = house.store.periods("ana")
    assert len(periods) == 1 and (periods[0]["out_seq"], periods[0]["out_at"]) == (out["seq"], out["at"])
    house.observer.wait_status("ana", status="OUT", cause="PUNCH", since=out["at"])
    house.service.verify()


def resumed(house, **settings):
    """ana, who was punched out, came back and was resumed; with the time of her last sign before that."""
    house.start(punch__trust_ms=300, **settings)
    ana = house.worker("ana", login="ana")
    house.wait_ms(500)
    made_at = time.monotonic()
    ana.crash()
    house.observer.wait_event("ana", type="AUTO_OUT")
    ana.connect()
    house.observer.wait_event("ana", type="RESUME")
    return ana, made_at


def test_P_13_a_late_out_before_what_a_resume_rests_on_is_held(house):
    ana, made_at = resumed(house)
    out = ana.punch("OUT", ageMs=int((time.monotonic() - made_at) * 1000))
    assert out["result"] == "held", out
    assert house.store.types("ana") == ["IN", "AUTO_OUT", "RESUME", "OUT"]
    house.observer.wait_status("ana", status="IN")
    periods = house.store.periods("ana")
    assert len(periods) == 1 and periods[0]["out_seq"] is None


def test_P_13_a_late_out_after_a_resume_closes_the_period(house):
    ana, _ = resumed(house)
    made_at = time.monotonic()
    house.wait_ms(600)
    out = ana.punch("OUT", ageMs=int((time.monotonic() - made_at) * 1000) - 100)
    assert out["result"] == "recorded", out
    periods = house.store.periods("ana")
    assert len(periods) == 1 and periods[0]["out_seq"] == out["seq"]


def test_P_13_what_waited_in_the_broker_while_the_service_was_down_counts_from_when_it_was_sent(house):
    house.start()
    marked, unmarked = house.device("ana"), house.device("ben")
    house.service.kill()
    sent = now_ms()
    marked_id = marked.send_punch("IN", class_="browser")
    unmarked.publish("punch", {"id": "bare", "type": "IN"}, expiry=None)
    house.wait_ms(2500)
    house.service.start()
    receipt = marked.receipt(marked_id)
    assert receipt["result"] == "recorded" and not receipt["review"], receipt
    assert receipt["at"] < receipt["recordedAt"] - 1000 and abs(receipt["at"] - sent) <= 1500, (sent, receipt)
    bare = unmarked.receipt("bare")
    assert bare["result"] == "recorded" and bare["review"], bare


def test_P_13_at_a_start_nothing_waited_longer_than_the_service_was_away(house):
    """Another Message Expiry than the protocol's says nothing of the time sent: such a punch is reviewed."""
    house.start()
    hour, week = house.device("ana"), house.device("ben")
    assert house.service.stop() == 0
    sent = now_ms()
    hour.publish("punch", {"id": "hour", "type": "IN"}, expiry=3600)
    week.publish("punch", {"id": "week", "type": "IN"})
    house.wait_ms(2500)
    started = now_ms()
    house.service.start()
    told = hour.receipt("hour")
    assert told["result"] == "recorded" and told["review"], told
    assert started <= told["at"] <= told["recordedAt"], (started, told)
    told = week.receipt("week")
    assert told["result"] == "recorded" and not told["review"], told
    assert told["at"] < started and abs(told["at"] - sent) <= 1500, (sent, told)
    house.service.verify()


def test_P_16_a_correction_is_asked_by_one_and_decided_by_another(house):
    house.start()
    ana = house.worker("ana")
    ana.close()
    out = house.observer.wait_event("ana", type="AUTO_OUT")
    wanted = out["at"] + 1
    ask = house.observer.ask("correct", login="ana", ask=True, action="retime", seq=out["seq"], at=wanted,
                             reason="I was still at the desk")
    assert ask["ok"], ask
    own = house.observer.ask("correct", login="ana", action="accept", askId=ask["askId"])
    assert (own["ok"], own["code"]) == (False, "PERMISSION_DENIED")
    assert house.store.periods("ana")[0]["out_at"] == out["at"]
    done = house.observer.ask("correct", login="boss", action="accept", askId=ask["askId"])
    assert done["ok"], done
    assert house.store.periods("ana")[0]["out_at"] == wanted
    row = house.store.punches(seq=done["seq"])[0]
    assert (row["type"], row["action"], row["target_seq"], row["actor"]) == ("CORRECTION", "retime", out["seq"], "boss")
    # Decided: the session's return no longer undoes that OUT.
    ana.connect()
    house.observer.wait_status("ana", status="OUT", presence="present")
    assert house.store.types("ana") == ["IN", "AUTO_OUT", "CORRECTION"]
    house.service.verify()


def test_P_16_the_command_decides_holds_adds_and_voids(house):
    house.start()
    ana = house.device("ana")
    held = ana.punch("IN", deviceAt=now_ms() - 1000, clock="unset")
    assert held["result"] == "held"
    undecided = house.service.ask("punches", "--undecided")
    assert [row["seq"] for row in undecided] == [held["seq"]]
    house.service.ask("correct", "accept", "--seq", held["seq"])
    house.observer.wait_status("ana", status="IN")
    house.service.ask("correct", "void", "--seq", held["seq"], "--reason", "was at home")
    house.observer.wait_status("ana", status="OUT", cause="CORRECTION")
    assert house.store.periods("ana") == []
    house.service.verify()


def test_the_command_shows_who_is_in(house):
    house.start()
    house.worker("ana")
    house.device("ben")
    assert [row["employeeId"] for row in house.service.ask("who")] == ["ana"]
    text = house.service.cli("who", "--uri", house.broker.uri.replace("tcp:", "mqtt:")).stdout
    assert "ana" in text and "ben" not in text


def test_P_14_rows_of_one_employee_never_go_back_in_time(house):
    """An OUT whose own mark lies before the IN, though it is not late, gets the IN's time and is reviewed."""
    house.start()
    ana = house.device("ana")
    first = ana.punch_in()
    out = ana.punch("OUT", ageMs=60000)
    assert out["result"] == "recorded" and out["review"] and out["at"] == first["at"], (first, out)
    assert json.dumps(house.store.periods("ana"))


def test_P_17_an_in_at_a_second_site_is_recorded_and_reviewed(house):
    house.start(site__names="hq,lab")
    here = house.worker("ana")
    there = house.device("ana", session="there", site="lab")
    receipt = there.punch("IN")
    assert (receipt["result"], receipt["code"], receipt["review"]) == ("recorded", "IN_ELSEWHERE", True), receipt
    assert [(row["site"], row["seq"]) for row in house.store.punches("ana")] == [("hq", 1), ("lab", 1)]
    assert here.punch("OUT")["result"] == "recorded"
    assert [row["type"] for row in house.store.punches("ana", site="lab")] == ["IN"]
    # Neither site is unknown, though the first one's link watches for others.
    assert all(value == 0 for name, value in house.service.metrics().items() if 'reason="unknown-site"' in name)
    house.service.verify()


def test_P_17_a_late_in_is_compared_with_where_they_were_then(house):
    house.start(site__names="hq,lab")
    hour = 3600000
    here = house.device("ana", session="here")
    there = house.device("ana", session="there", site="lab")
    here.punch("IN", ageMs=6 * hour)
    here.punch("OUT", ageMs=2 * hour)
    late = there.punch("IN", ageMs=5 * hour)
    assert (late["result"], late["code"], late["review"]) == ("recorded", "IN_ELSEWHERE", True), late
    there.punch("OUT", ageMs=3 * hour)
    there.punch("IN")
    late = here.punch("IN", ageMs=hour)  # they are at the lab now, and were not then
    assert late["result"] == "recorded" and "code" not in late, late
