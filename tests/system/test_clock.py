"""The wall clock steps (P-14): it labels, and decides nothing."""
from support.fake_clock import FakeClock

HOUR_MS = 3600000


def steps(house, offset_s):
    clock = FakeClock(house)
    house.start()
    ana, ben = house.worker("ana"), house.worker("ben")
    clock.set(offset_s)
    alert = house.observer.wait_alert("clock-step")
    assert alert["kind"] == "clock-step"
    audit = house.wait_until(lambda: house.store.rows("SELECT * FROM audit_logs WHERE event = 'CLOCK_STEP'"),
                             "an audit row")
    assert len(audit) == 1
    return ana, ben


def test_P_14_an_hour_forward_moves_nobodys_deadline(house):
    ana, ben = steps(house, 3600)
    assert house.store.punches(type="AUTO_OUT") == []
    ben.stop_beating()
    event = house.observer.wait_event("ben", type="AUTO_OUT")
    assert 0 < event["detectedAt"] - event["at"] < 3000, event
    assert house.store.types("ana") == ["IN"]
    out = ana.punch("OUT")
    period = house.store.periods("ana")[0]
    assert period["out_at"] == out["at"] >= period["in_at"] + HOUR_MS - 1000


def test_P_14_an_hour_back_moves_nobodys_deadline_and_no_label_goes_back(house):
    ana, ben = steps(house, -3600)
    ben.stop_beating()
    event = house.observer.wait_event("ben", type="AUTO_OUT")
    started = house.store.punches("ben")[0]["at"]
    assert event["at"] >= started and event["review"], (event, started)
    assert house.store.types("ana") == ["IN"]
    out = ana.punch("OUT")
    period = house.store.periods("ana")[0]
    assert out["review"] and period["out_at"] == out["at"] >= period["in_at"], (out, period)
    house.service.verify()
