"""Kiosks: where people punch and walk away. Ages of punches stand for the hours that a test cannot wait."""
import json

HOUR_MS = 3600000


def kiosk(house, employee, name="k1"):
    return house.device_idle(employee, session=name, cls="kiosk", login=f"{name}.{employee}").connect(beats=False)


def test_P_1_a_kiosk_session_needs_no_heartbeats(house):
    house.start()
    kiosk(house, "ana").punch_in()
    control = house.worker("ben")
    control.stop_beating()
    house.observer.wait_event("ben", type="AUTO_OUT")
    house.observer.wait_status("ana", status="IN", presence="present")
    assert house.store.types("ana") == ["IN"]


def test_P_1_the_shift_limit_holds_through_three_restarts(house):
    house.start(presence__max_shift_ms=HOUR_MS)
    receipt = kiosk(house, "ana").punch("IN", ageMs=HOUR_MS - 9000)
    assert receipt["result"] == "recorded"
    for _ in range(3):
        house.service.again()
    assert house.store.types("ana") == ["IN"]
    event = house.observer.wait_event("ana", type="AUTO_OUT")
    assert event["cause"] == "shift-limit" and event["review"]
    assert event["at"] == receipt["at"]
    assert 0 <= event["detectedAt"] - (receipt["at"] + HOUR_MS) <= 1500, event


def test_P_13_an_out_that_waited_in_the_broker_counts_though_the_shift_limit_passed_meanwhile(house):
    house.start(presence__max_shift_ms=HOUR_MS)
    device = kiosk(house, "ana")
    first = device.punch("IN", ageMs=HOUR_MS - 4000)
    house.service.kill()
    sent = device.send_punch("OUT")
    house.wait_ms(4000)  # the limit passes while nobody is there
    house.service.start()
    receipt = device.receipt(sent)
    assert (receipt["result"], receipt["review"]) == ("recorded", False), receipt
    assert HOUR_MS - 5000 <= receipt["at"] - first["at"] < HOUR_MS, (first, receipt)  # whole seconds of waiting
    rows = house.store.punches("ana")
    assert [row["type"] for row in rows] == ["IN", "AUTO_OUT", "CORRECTION", "OUT"]
    assert rows[1]["cause"] == "shift-limit"
    assert [row["out_seq"] for row in house.store.periods("ana")] == [receipt["seq"]]
    house.service.verify()


def test_P_11_a_forgotten_out_is_found_at_the_next_kiosk_in(house):
    house.start(presence__missed_out_ms=60000)
    device = kiosk(house, "ana")
    first = device.punch("IN", ageMs=61000)
    second = device.punch("IN")
    assert second["result"] == "recorded", second
    rows = house.store.punches("ana")
    assert [row["type"] for row in rows] == ["IN", "AUTO_OUT", "IN"]
    assert (rows[1]["cause"], rows[1]["at"], rows[1]["review"]) == ("missed-out", first["at"], 1)
    assert rows[1]["closes"] == first["seq"]
    house.observer.wait_status("ana", status="IN", since=second["at"])
    house.service.verify()


def test_P_1_an_out_ends_the_sessions_of_its_period_at_every_kiosk(house):
    house.start()
    door, gate = kiosk(house, "ana", "k1"), kiosk(house, "ana", "k2")
    door.punch_in()
    assert gate.punch("IN")["code"] == "ALREADY_IN"
    house.observer.wait_status("ana", sessions=2)
    gate.punch_out()
    house.observer.wait_status("ana", status="OUT", sessions=0, presence="absent")


def test_P_8_people_at_kiosks_are_not_watched(house):
    """Six of eight sit at kiosks; two silent browsers are all that is watched, and too few for a hold."""
    house.start()
    for n in range(6):
        kiosk(house, f"k{n}").punch_in()
    for name in ("ana", "ben"):
        house.worker(name).stop_beating()
    for name in ("ana", "ben"):
        assert house.observer.wait_event(name, type="AUTO_OUT")["cause"] == "stale"


def test_device_lost_names_who_is_not_heard_over_a_restart_too(house):
    """One that says goodbye is not lost; one that is heard again is named no more."""
    def beat(name, interval_ms=300):
        house.observer.client.publish(f"rollcall/v1/hq/dev/{name}/heartbeat",
                                      json.dumps({"class": "kiosk", "intervalMs": interval_ms}), 0)

    def detail_is(text):
        house.wait_until(lambda: (house.observer.retained.get("rollcall/v1/hq/alert/device-lost") or {}).get("detail")
                         == text, f"device-lost: {text}")
    house.start()
    for name in ("gate", "k1"):
        beat(name)
        house.observer.wait_message(f"dev/{name}/status", online=True)
    beat("shed")
    house.observer.wait_message("dev/shed/status", online=True)
    house.observer.client.publish("rollcall/v1/hq/dev/shed/leave", '{"cause":"closed"}', 1)
    for name in ("gate", "k1", "shed"):
        house.observer.wait_message(f"dev/{name}/status", online=False)
    detail_is("not heard any more: gate, k1")
    house.service.again()
    since = house.observer.mark()
    beat("gate", interval_ms=30000)
    house.observer.wait_message("alert/device-lost", since, detail="not heard any more: k1")
    beat("k1", interval_ms=30000)
    house.observer.wait_alert_over("device-lost")
