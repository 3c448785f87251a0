"""A link that drops everything, in a network namespace of its own: no FIN, no will, until the broker gives up."""
import os
import subprocess

import pytest
from support.process import die_with_parent


def ip(*words):
    subprocess.run(["ip", *map(str, words)], check=True)


class Link:
    """A namespace with one wire to this machine; both are gone when the process is that holds it. Names and addresses
    come from our process id, so that runs do not meet."""

    def __init__(self):
        number = os.getpid() % 16000
        self.wire = f"rc{number}"
        net = f"10.{192 + number // 4096}.{(number // 16) % 256}."
        self.here, self.there = f"{net}{number % 16 * 4 + 1}", f"{net}{number % 16 * 4 + 2}"
        self.holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo made; exec sleep infinity"],
                                       stdout=subprocess.PIPE, preexec_fn=die_with_parent)
        assert self.holder.stdout.readline() == b"made\n"
        self.inside = ("nsenter", "-t", str(self.holder.pid), "--net")
        ip("link", "add", self.wire, "type", "veth", "peer", "name", "wire", "netns", self.holder.pid)
        ip("addr", "add", f"{self.here}/30", "dev", self.wire)
        for words in (("addr", "add", f"{self.there}/30", "dev", "wire"), ("link", "set", "wire", "up"),
                      ("link", "set", "lo", "up")):
            subprocess.run([*self.inside, "ip", *words], check=True)
        self.up()

    def up(self):
        ip("link", "set", self.wire, "up")

    def down(self):
        ip("link", "set", self.wire, "down")

    def remove(self):
        self.holder.kill()
        self.holder.wait()


@pytest.fixture
def link():
    made = Link()
    yield made
    made.remove()


def test_P_9_a_dropped_link_ends_in_an_auto_out_and_its_return_in_a_resume(house, link):
    port = house.broker.add_listener(link.here)
    house.start()
    house.tab_process("ana", link.here, port, wrapper=link.inside)
    house.observer.wait_status("ana", status="IN", presence="present")
    link.down()
    out = house.observer.wait_event("ana", type="AUTO_OUT")
    assert out["cause"] == "stale" and out["at"] == out["lastEvidenceAt"]
    link.up()
    resume = house.observer.wait_event("ana", type="RESUME")
    assert resume["targetSeq"] == out["seq"]
    house.observer.wait_status("ana", status="IN", cause="RESUME", presence="present")
