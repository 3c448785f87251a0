"""A child process with a log file, that dies with us and is only ever signalled by its own id."""
import ctypes
import os
import pathlib
import signal
import socket
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = pathlib.Path(os.environ.get("ROLLCALL_BUILD", ROOT / "build")) / "bin"
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


def free_port():
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    """Does anything listen on this port of loopback?"""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """Started by start(), as often as it has ended; all its runs share one log."""

    def __init__(self, name, folder):
        self.name, self.folder = name, pathlib.Path(folder)
        self.log = self.folder / f"{name}.log"
        self.child = None

    def launch(self, command, env=None, preexec=None):
        def prepare():
            die_with_parent()
            if preexec:
                preexec()
        assert not self.alive(), f"{self.name} is running already"
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=log,
                                          stderr=log, env={**os.environ, **(env or {})}, preexec_fn=prepare)

    def alive(self):
        return self.child is not None and self.child.poll() is None

    @property
    def pid(self):
        return self.child.pid

    def signal(self, number):
        os.kill(self.child.pid, number)

    def wait(self, seconds=30):
        """The exit code."""
        return self.child.wait(seconds)

    def kill(self):
        """SIGKILL, and wait until it is gone."""
        if self.alive():
            self.child.kill()
        if self.child:
            self.child.wait()

    def stop(self, seconds=30):
        """SIGTERM; returns the exit code."""
        self.child.terminate()
        return self.wait(seconds)
