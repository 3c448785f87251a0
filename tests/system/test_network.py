"""A link that drops everything, in a network namespace of its own: no FIN, no will, until the broker gives up."""
import os
import subprocess

import pytest


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True)


class Link:
    """A namespace with one wire to this machine. Names and addresses hold our process id, so runs do not meet."""

    def __init__(self):
        number = os.getpid() % 16000
        self.name, self.wire = f"rollcall-{number}", f"rc{number}"
        net = f"10.{192 + number // 4096}.{(number // 16) % 256}."
        self.here, self.there = f"{net}{number % 16 * 4 + 1}", f"{net}{number % 16 * 4 + 2}"
        ip("netns", "add", self.name)
        ip("link", "add", self.wire, "type", "veth", "peer", "name", "wire", "netns", self.name)
        ip("addr", "add", f"{self.here}/30", "dev", self.wire)
        ip("-n", self.name, "addr", "add", f"{self.there}/30", "dev", "wire")
        ip("-n", self.name, "link", "set", "lo", "up")
        ip("-n", self.name, "link", "set", "wire", "up")
        self.up()

    def up(self):
        ip("link", "set", self.wire, "up")

    def down(self):
        ip("link", "set", self.wire, "down")

    def remove(self):
        ip("netns", "del", self.name)


@pytest.fixture
def link():
    made = Link()
    yield made
    made.remove()


def test_P_9_a_dropped_link_ends_in_an_auto_out_and_its_return_in_a_resume(house, link):
    port = house.broker.add_listener(link.here)
    house.start()
    house.tab_process("ana", link.here, port, wrapper=("ip", "netns", "exec", link.name))
    house.observer.wait_status("ana", status="IN", presence="present")
    link.down()
    out = house.observer.wait_event("ana", type="AUTO_OUT")
    assert out["cause"] == "stale" and out["at"] == out["lastEvidenceAt"]
    link.up()
    resume = house.observer.wait_event("ana", type="RESUME")
    assert resume["targetSeq"] == out["seq"]
    house.observer.wait_status("ana", status="IN", cause="RESUME", presence="present")
