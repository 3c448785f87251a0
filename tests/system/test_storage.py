"""The disk: full, damaged, foreign, shared. Nothing is receipted that is not durable."""
import os
import shutil
import subprocess

import pytest
from support.store import change_schema, forge

# Room for the empty database and its WAL, and little more.
SMALL_DISK = "4m"


@pytest.fixture
def small_disk(house):
    """The data folder on a file system of its own that a test can fill. Needs root, as the tests run in CI."""
    folder = house.folder / "data"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(folder)], check=True)
    yield folder
    house.service.kill()
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(path):
    """Takes all the room that is left."""
    with open(path, "wb", buffering=0) as file:
        for size in (65536, 4096, 512):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                pass


def test_P_15_a_full_disk_receipts_nothing_says_so_and_recovers_by_itself(house, small_disk):
    house.start()
    ana = house.worker("ana")
    filler = small_disk / "filler"
    fill(filler)
    first = None
    for n in range(2000):  # the WAL may have some room in it still
        receipt = ana.punch("OUT" if n % 2 == 0 else "IN", f"p-{n}")
        if receipt["result"] == "retry":
            first = f"p-{n}"
            break
        assert receipt["result"] == "recorded", receipt
    assert receipt["code"] == "UNAVAILABLE", receipt
    house.observer.wait_alert("storage")
    assert house.service.health() == 503
    recorded = len(house.store.punches("ana"))
    assert ana.punch("OUT" if n % 2 == 0 else "IN", first)["result"] == "retry"
    filler.unlink()
    house.wait_until(lambda: house.service.health() == 200, "a healthy service again")
    house.observer.wait_alert_over("storage")
    again = ana.punch("OUT" if n % 2 == 0 else "IN", first)
    assert again["result"] == "recorded", again
    rows = house.store.punches("ana")
    assert len(rows) == recorded + 1 and rows[-1]["id"] == first
    assert [row["type"] for row in rows if row["type"] == "AUTO_OUT"] == []
    house.service.verify()


def test_P_6_time_in_which_the_disk_failed_counts_against_no_one(house, small_disk):
    house.start()
    ana, ben = house.worker("ana"), house.worker("ben")
    filler = small_disk / "filler"
    fill(filler)
    while True:
        receipt = ben.punch("OUT")
        if receipt["result"] == "retry":
            break
        assert ben.punch("IN")["result"] in ("recorded", "retry")
    ana.stop_beating()
    house.wait_ms(2500)  # far beyond ana's deadline
    filler.unlink()
    house.wait_until(lambda: house.service.health() == 200, "a healthy service again")
    event = house.observer.wait_event("ana", type="AUTO_OUT")
    assert event["detectedAt"] - event["at"] >= 2500, event


def refuses(house, code):
    """The service does not start on this database, with this exit code and a line that says why."""
    house.service.launch_only()
    assert house.service.wait() == code
    return house.service.log.read_text().strip().split("\n")[-1]


def test_a_second_service_on_the_same_database_refuses_to_start(house):
    house.start()
    first = house.service
    second = type(first)(house.folder, house.broker)
    second.log = house.folder / "second.log"
    second.launch_only()
    assert second.wait() == 4
    assert "rollcall.db" in second.log.read_text()
    assert first.health() == 200


def test_a_log_with_more_employees_than_the_settings_allow_is_an_error_of_the_settings(house):
    house.start()
    for name in ("ana", "ben", "cleo"):
        house.worker(name)
    assert house.service.stop() == 0
    house.service.settings["limits.employees"] = 2
    house.service.launch_only()
    assert house.service.wait() == 2
    assert "limits.employees" in house.service.log.read_text()


def test_a_file_that_is_no_database_is_not_touched(house):
    house.start()
    house.service.stop()
    house.service.database.write_bytes(b"Dear diary, " * 1000)
    for suffix in ("-wal", "-shm"):
        pathlike = str(house.service.database) + suffix
        if os.path.exists(pathlike):
            os.unlink(pathlike)
    refuses(house, 3)
    assert house.service.database.read_bytes() == b"Dear diary, " * 1000


def test_a_changed_row_is_found_by_verify_and_stops_the_start(house):
    house.start()
    ana = house.device("ana")
    for kind in ("IN", "OUT", "IN"):
        ana.punch(kind)
    assert house.service.stop() == 0
    house.service.verify()
    copy = house.folder / "copy.db"
    shutil.copy(house.service.database, copy)
    forge(copy, "UPDATE punches SET at = at - 3600000 WHERE seq = 2")
    done = house.service.cli("verify", copy, check=False)
    assert done.returncode == 4 and "2" in done.stdout + done.stderr, (done.returncode, done.stdout, done.stderr)
    shutil.copy(copy, house.service.database)
    refuses(house, 3)


def month_of(path):
    import sqlite3
    connection = sqlite3.connect(path)
    (name,), = connection.execute("SELECT name FROM sqlite_master WHERE name GLOB 'audit_logs_[0-9]*' AND type = 'table'")
    connection.close()
    return name


@pytest.mark.parametrize("what", ["a view", "the triggers", "the month"])
def test_a_changed_schema_is_found_by_verify_and_stops_the_start(house, what):
    house.start()
    house.device("ana").punch_in()
    assert house.service.stop() == 0
    copy = house.folder / "copy.db"
    shutil.copy(house.service.database, copy)
    change_schema(copy, {
        "a view": "DROP VIEW periods; CREATE VIEW periods AS SELECT site, employee_id, seq AS in_seq, at AS in_at, "
                  "NULL AS out_seq, NULL AS out_at, NULL AS out_type, NULL AS cause, 0 AS review FROM punches",
        "the triggers": "DROP TRIGGER punches_only_next; DROP TRIGGER punches_no_update; DROP TRIGGER punches_no_delete",
        "the month": f"DROP VIEW audit_logs; DROP TABLE {month_of(copy)}; CREATE VIEW audit_logs AS "
                     "SELECT NULL AS site, 0 AS seq, 0 AS at WHERE 0",
    }[what])
    done = house.service.cli("verify", copy, check=False)
    assert done.returncode == 4 and "schema" in done.stdout + done.stderr, (done.returncode, done.stdout, done.stderr)
    shutil.copy(copy, house.service.database)
    refuses(house, 3)


def test_the_log_cannot_be_changed_even_by_replacing(house):
    import sqlite3
    house.start()
    house.device("ana").punch_in()
    assert house.service.stop() == 0
    connection = sqlite3.connect(house.service.database)
    for sql in ("UPDATE punches SET type = 'OUT'", "DELETE FROM punches", "DELETE FROM audit_logs",
                "INSERT OR REPLACE INTO punches SELECT * FROM punches"):
        with pytest.raises(sqlite3.Error):
            connection.execute(sql)
        connection.rollback()
    connection.close()


def test_a_backup_of_the_running_service_verifies(house):
    house.start()
    house.worker("ana")
    copy = house.folder / "backup.db"
    house.service.cli("backup", house.service.database, copy)
    house.service.cli("verify", copy)


def test_a_stop_is_clean(house):
    """SIGTERM: what was taken is committed, the status says offline, nobody is punched out by the stop itself."""
    house.start()
    house.worker("ana")
    assert house.service.stop() == 0
    house.observer.wait(lambda: (house.observer.retained.get("rollcall/v1/hq/service/status") or {}).get("online")
                        is False, "service/status offline")
    assert house.store.types("ana") == ["IN"]
    house.service.verify()


def test_a_killed_service_is_reported_by_its_own_will(house):
    house.start()
    house.service.kill()
    house.observer.wait_message("service/status", house.observer.mark() - 1, online=False)
