"""`run` as a stranger uses it: one line when it is ready, nothing left when it has stopped."""
import os
import re
import signal
import socket
import urllib.request

import pytest
from support.observer import Observer
from support.process import ROOT, Process, free_port
from support.waiting import until


class Run(Process):
    def __init__(self, folder, *words):
        super().__init__("run", folder)
        self.data = folder / "data with space"
        self.port, self.ws_port, self.http_port = free_port(), free_port(), free_port()
        self.words, self.wrapper = words, []

    def begin(self):
        self.launch([*self.wrapper, ROOT / "run", "--data", self.data, "--mqtt-port", self.port, "--ws-port", self.ws_port,
                     "--http-port", self.http_port, *self.words])
        return self

    def text(self):
        return self.log.read_text(errors="replace")

    def ready(self):
        line = f"ready mqtt=127.0.0.1:{self.port} ws=127.0.0.1:{self.ws_port} http=127.0.0.1:{self.http_port}"
        until(lambda: line in self.text().split("\n") or not self.alive(), "the line `ready`", 120)
        assert self.alive(), self.text()[-3000:]
        return self

    def pid_of(self, name):
        return int((self.data / "run" / f"{name}.pid").read_text())

    def healthy(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/healthz", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False


@pytest.fixture
def run(house, request):
    made = Run(house.folder, *getattr(request, "param", ()))
    yield made
    if made.alive():
        made.stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_it_gets_ready_and_a_signal_stops_all_of_it(run, number):
    run.begin().ready()
    pids = [run.pid_of("broker"), run.pid_of("service")]
    assert (run.data / "tokens").is_dir()
    run.signal(number)
    assert run.wait() == 0
    assert run.text().count("\nready ") + run.text().startswith("ready ") == 1
    for pid in pids:
        until(lambda pid=pid: not is_running(pid), f"the end of {pid}")


class Script(Run):
    """run in the background of a script, which stays and hands on its exit code."""

    def __init__(self, folder, how):
        super().__init__(folder)
        self.number_file = folder / "run.pid"
        self.wrapper = ["sh", "-c", f'{how} "$@" & echo $! >"$0"; wait $!', self.number_file]

    @property
    def pid(self):
        return int(self.number_file.read_text())

    def signal(self, number):
        os.kill(self.pid, number)

    def end(self):
        if self.child and self.number_file.exists() and is_running(self.pid):
            self.signal(signal.SIGKILL)  # its children stop with it
        self.kill()


@pytest.fixture
def script(house, request):
    made = Script(house.folder, getattr(request, "param", ""))
    yield made
    made.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("script", ["", "setsid", "nohup", "trap '' INT TERM;"], indirect=True,
                         ids=["background", "setsid", "nohup", "ignored"])
def test_a_signal_stops_it_however_a_script_started_it(script, number):
    """A shell without job control has its background jobs ignore SIGINT, and they hand that on to theirs."""
    script.begin().ready()
    pids = [script.pid, script.pid_of("broker"), script.pid_of("service")]
    script.signal(number)
    assert script.wait() == 0, script.text()[-3000:]
    for pid in pids:
        until(lambda pid=pid: not is_running(pid), f"the end of {pid}")


def test_a_signal_stops_it_while_it_builds_too(script):
    script.begin()
    until(lambda: "building" in script.text(), "the build", 60)
    script.signal(signal.SIGINT)
    assert script.wait() == 0, script.text()[-3000:]


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("name", ["broker", "service"])
def test_what_dies_is_started_again(run, name):
    run.begin().ready()
    old = run.pid_of(name)
    until(run.healthy, "health")
    os.kill(old, signal.SIGKILL)
    until(lambda: run.pid_of(name) != old and is_running(run.pid_of(name)), f"a new {name}")
    until(run.healthy, "health again")


def test_a_port_in_use_is_named(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", run.ws_port))
        taken.listen()
        run.begin()
        assert run.wait(120) == 1
    assert re.search(rf"\b{run.ws_port}\b.*in use", run.text()), run.text()


@pytest.mark.parametrize("run", [("--set", "presence.no_such=1")], indirect=True)
def test_an_unknown_setting_is_an_error(run):
    run.begin()
    assert run.wait(120) == 1
    assert "presence.no_such" in run.text()


@pytest.mark.parametrize("run", [("--mqtt-port", "0")], indirect=True)
def test_wrong_use_is_explained(run):
    run.begin()
    assert run.wait(60) == 2
    assert "--mqtt-port" in run.text()


@pytest.mark.parametrize("run", [("--demo", "20")], indirect=True)
def test_the_demonstration_shows_people_come_and_go_within_a_minute(run):
    run.begin().ready()
    observer = Observer(run)
    for kind in ("IN", "OUT", "AUTO_OUT", "RESUME"):
        observer.wait(lambda kind=kind: observer.events(type=kind), f"an event {kind}", 60)
    observer.wait(lambda: any(m.topic.endswith("/leave") and b'"closed"' in m.payload for m in observer.messages),
                  "a closed tab", 60)
    observer.wait(lambda: any(m.topic.endswith("/leave") and b'"lost"' in m.payload for m in observer.messages),
                  "a last will", 60)
    observer.wait(lambda: any("/training" in topic and value and value.get("minutesCompleted", 0) >= 1
                              for topic, value in list(observer.retained.items())), "a student's first minute", 90)
    observer.close()
