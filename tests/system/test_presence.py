"""Sessions that leave, are lost, sleep and come back. Somebody who is left to fall due (the control) shows each time
that the moment has passed in which a wrong AUTO_OUT would have come."""
import json
import signal

from support.service import INTERVAL_MS


def assert_auto_out(house, employee, cause):
    """The AUTO_OUT's event, which must be as of the last evidence and within its bounds."""
    event = house.observer.wait_event(employee, type="AUTO_OUT")
    assert event["cause"] == cause, event
    assert event["at"] == event["lastEvidenceAt"] < event["detectedAt"] <= event["recordedAt"], event
    house.observer.wait_status(employee, status="OUT", cause="AUTO_OUT", presence="absent", since=event["at"])
    return event


def test_P_2_who_closes_the_tab_is_punched_out_as_of_the_last_evidence(house):
    house.start()
    ana = house.worker("ana")
    last = ana.punch("IN")["recordedAt"]  # ALREADY_IN, and evidence
    ana.close()
    event = assert_auto_out(house, "ana", "closed")
    assert event["at"] >= last
    assert house.store.types("ana") == ["IN", "AUTO_OUT"]


def test_P_2_a_reload_within_the_grace_changes_nothing(house):
    house.start()
    ana, ben = house.worker("ana"), house.worker("ben")
    ben.close()
    ana.close()
    ana.connect()
    assert_auto_out(house, "ben", "closed")
    house.observer.wait_status("ana", status="IN", presence="present")
    assert house.store.types("ana") == ["IN"]


def test_P_2_a_crash_and_restart_within_the_grace_changes_nothing(house):
    house.start()
    ana, ben = house.worker("ana"), house.worker("ben")
    ben.crash()
    ana.crash()
    house.observer.wait_message(f"emp/ana/session/{ana.session}/leave", cause="lost")
    ana.connect()
    assert_auto_out(house, "ben", "lost")
    house.observer.wait_status("ana", status="IN", presence="present")
    assert house.store.types("ana") == ["IN"]


def test_P_1_silence_without_any_leave_is_found_out(house):
    """The process stops dead (SIGSTOP): its connection stays open, and no will comes in time."""
    house.start()
    tab = house.tab_process("ana")
    house.observer.wait_status("ana", status="IN", presence="present")
    tab.signal(signal.SIGSTOP)
    event = assert_auto_out(house, "ana", "stale")
    late = event["detectedAt"] - (event["at"] + 3 * INTERVAL_MS)
    assert 0 <= late <= 1000, event


def test_P_9_a_frozen_tab_that_goes_on_is_resumed_without_a_gap(house):
    house.start()
    tab = house.tab_process("ana")
    house.observer.wait_status("ana", status="IN", presence="present")
    tab.signal(signal.SIGSTOP)
    out = assert_auto_out(house, "ana", "stale")
    tab.signal(signal.SIGCONT)
    resume = house.observer.wait_event("ana", type="RESUME")
    assert resume["targetSeq"] == out["seq"] and not resume["review"]
    house.observer.wait_status("ana", status="IN", cause="RESUME", presence="present")
    periods = house.store.periods("ana")
    assert len(periods) == 1 and periods[0]["out_seq"] is None


def test_P_9_a_new_session_is_present_but_has_to_punch(house):
    house.start()
    house.worker("ana").crash()
    assert_auto_out(house, "ana", "lost")
    house.device("ana", session="another")
    house.observer.wait_status("ana", status="OUT", presence="present")
    assert house.store.types("ana") == ["IN", "AUTO_OUT"]


def test_P_9_after_its_time_nothing_is_resumed(house):
    house.start(presence__resume_ms=1000, presence__resume_detected_ms=1000)
    ana = house.worker("ana")
    ana.crash()
    assert_auto_out(house, "ana", "lost")
    house.wait_ms(1100)
    ana.connect()
    house.observer.wait_status("ana", status="OUT", presence="present")
    assert house.store.types("ana") == ["IN", "AUTO_OUT"]


def test_P_4_of_two_sessions_the_last_one_counts(house):
    house.start()
    first, control = house.worker("ana"), house.worker("ben")
    second = house.device("ana", session="second")
    house.observer.wait_status("ana", sessions=2)
    first.close()
    control.close()
    assert_auto_out(house, "ben", "closed")
    house.observer.wait_status("ana", status="IN", presence="present", sessions=1)
    assert house.store.types("ana") == ["IN"]
    second.close()
    assert_auto_out(house, "ana", "closed")


def test_P_2_a_will_of_an_earlier_connection_is_ignored(house):
    """The old connection lives on beside the new one, and dies after it: its will carries the old epoch."""
    house.start()
    old = house.worker("ana", session="tab", login="ana")
    new = house.device_idle("ana", session="tab", login="ana.again")
    new.epoch = old.epoch
    old.stop_beating()
    new.connect()
    before = house.observer.wait_status("ana", status="IN", presence="present")
    since = house.observer.mark()
    old.crash()
    house.observer.wait_message("emp/ana/session/tab/leave", since, cause="lost", epoch=old.epoch)
    # What the service hears after the will, it answers after having judged the will.
    assert new.punch("IN")["code"] == "ALREADY_IN"
    assert house.observer.status("ana") == before


def test_P_3_a_will_does_not_end_a_sleep_and_the_end_of_it_does(house):
    house.start()
    ana, control = house.worker("ana"), house.worker("ben")
    ana.stop_beating()
    ana.leave("sleeping", sleepMs=2500)
    house.observer.wait_status("ana", presence="suspect")
    ana.crash()
    control.crash()
    assert_auto_out(house, "ben", "lost")
    assert house.store.types("ana") == ["IN"]
    event = assert_auto_out(house, "ana", "sleeping")
    assert 2000 <= event["detectedAt"] - event["at"] <= 4500, event


def test_P_3_a_heartbeat_ends_the_sleep(house):
    house.start()
    ana = house.worker("ana")
    ana.stop_beating()
    ana.leave("sleeping", sleepMs=3000)
    house.observer.wait_status("ana", presence="suspect")
    ana.connect()
    house.observer.wait_status("ana", presence="present")
    ana.stop_beating()
    assert_auto_out(house, "ana", "stale")


def test_P_10_a_heartbeat_shows_presence_and_punches_nobody_in(house):
    house.start()
    house.device("ana")
    house.observer.wait_status("ana", status="OUT", cause="NONE", presence="present", sessions=1)
    assert house.store.punches("ana") == []


def test_a_heartbeat_with_an_empty_payload_keeps_a_session_alive(house):
    house.start()
    ana, control = house.worker("ana"), house.worker("ben")
    ana.stop_beating()
    for _ in range(20):
        ana.publish("heartbeat", b"", qos=0, wait=False)
        house.wait_ms(100)
    control.stop_beating()
    ana.publish("heartbeat", b"", qos=0, wait=False)
    assert house.store.types("ana") == ["IN"]
    assert_auto_out(house, "ben", "stale")


def test_a_device_is_online_until_its_will(house):
    house.start()
    kiosk = house.device_idle("none", session="k1", login="k1")
    kiosk.base = "rollcall/v1/hq/dev/k1/"
    kiosk.connect(beats=False)
    kiosk.publish("heartbeat", json.dumps({"epoch": kiosk.epoch, "intervalMs": INTERVAL_MS}).encode())
    status = house.observer.wait_message("dev/k1/status", online=True)
    assert status["deviceId"] == "k1"
    kiosk.crash()
    house.observer.wait_message("dev/k1/status", house.observer.mark() - 1, online=False)


def test_P_1_what_a_session_announced_after_its_in_outlives_a_kill(house):
    """The session's row is not left to the next flush, which is ten minutes away here."""
    house.start(store__flush_ms=600000)
    ana = house.device_idle("ana").connect(beats=False)
    ana.punch_in()
    ana.beat(**{"class": "mobile", "intervalMs": 45000})

    def announced():
        (session,) = house.observer.ask("status", employeeId="ana")["sessions"]
        return (session["class"], session.get("epoch"), session.get("intervalMs")) == ("mobile", ana.epoch, 45000)
    house.wait_until(announced, "the announcement to be heard")
    house.service.again()
    assert announced()
