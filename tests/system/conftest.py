"""Fixtures: a house with a broker, a service and an observer of its own for each test that asks for one."""
import os
import pathlib
import shutil
import sys
import tempfile
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from support.broker import Broker  # noqa: E402
from support.device import Device  # noqa: E402
from support.observer import Observer  # noqa: E402
from support.process import Process  # noqa: E402
from support.service import INTERVAL_MS, Service  # noqa: E402
from support.store import Store  # noqa: E402
from support.waiting import until  # noqa: E402


class House:
    """Everything of one test. Made by the fixture; build() with settings, or start() at once."""

    def __init__(self, folder):
        self.folder = folder
        self.devices, self.processes = [], []
        self.broker = Broker(folder)
        self.service = self.observer = None
        self.service_env = {}

    def start(self, **settings):
        self.broker.start()
        self.service = Service(self.folder, self.broker, **settings)
        self.service.env = self.service_env
        self.service.start()
        self.observer = Observer(self.broker)
        return self

    @property
    def store(self):
        return Store(self.service.database)

    def device(self, employee, **options):
        """A session that is connected and beats."""
        return self.device_idle(employee, **options).connect()

    def device_idle(self, employee, **options):
        """A session that is not connected yet."""
        made = Device(self.broker, employee, **options)
        self.devices.append(made)
        return made

    def worker(self, employee, **options):
        """Somebody who is IN, and whose session beats."""
        made = self.device(employee, **options)
        made.punch_in()
        return made

    def tab_process(self, employee, host="127.0.0.1", port=None, wrapper=()):
        """Somebody who is IN by a process of their own, which the test may stop and kill."""
        made = Process(f"tab-{employee}", self.folder)
        made.launch([*wrapper, sys.executable, pathlib.Path(__file__).parent / "support/tab.py", host,
                     port or self.broker.port, employee, "tab", INTERVAL_MS])
        self.processes.append(made)
        return made

    @staticmethod
    def wait_ms(duration_ms):
        """Lets time pass where time itself is what is tested; never to wait for an effect."""
        time.sleep(duration_ms / 1000)

    @staticmethod
    def wait_until(question, what):
        return until(question, what)

    def end(self):
        for device in self.devices:
            device.stop_beating()
        if self.observer:
            self.observer.close()
        for process in (*self.processes, self.service, self.broker):
            if process:
                process.kill()


def furnish(request):
    """A House that is not started yet. What is left of it is shown when a test in it fails."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rollcall-"))
    os.chmod(folder, 0o755)  # the broker's user has to pass
    made = House(folder)
    yield made
    made.end()
    if getattr(request.node, "failed", False):
        for log in sorted(folder.glob("*.log")):
            print(f"---- {log.name} (the end of it)")
            print(log.read_text(errors="replace")[-6000:])
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def house(request):
    """A house for one test."""
    yield from furnish(request)


@pytest.fixture(scope="module")
def shared_house(request):
    """A house for all tests of a file, which must leave it as it was."""
    yield from furnish(request)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if call.when == "call" and report.failed:
        item.failed = item.parent.failed = True
