"""The real rollcalld, with settings that make a working day last seconds."""
import json
import pathlib
import subprocess
import urllib.error
import urllib.request

from .process import BIN, Process, free_port
from .waiting import until

# Times of the rules, shortened. Sessions of the tests announce INTERVAL_MS, so they are stale after three of those.
INTERVAL_MS = 300
FAST = {
    "presence.interval_ms_min": 100,
    "presence.confirm_ms": 500,
    "presence.echo_ms": 100,
    "presence.reconnect_ms": 1500,
    "presence.sleep_ms_max": 3000,
    "presence.hold_ms": 4000,
    "presence.resume_ms": 60000,
    "presence.resume_detected_ms": 10000,
    "store.flush_ms": 200,
}


class Service(Process):
    def __init__(self, folder, broker, **settings):
        """settings: `presence__hold_ms=100` stands for --set presence.hold_ms=100."""
        super().__init__("service", folder)
        self.broker = broker
        self.data = pathlib.Path(folder) / "data"
        self.data.mkdir(exist_ok=True)
        self.http_port = free_port()
        self.settings = {**FAST, **{name.replace("__", "."): value for name, value in settings.items()}}
        self.env = {}
        self.wrapper = []

    @property
    def database(self):
        return self.data / "rollcall.db"

    def command(self):
        settings = {"store.path": self.database, "mqtt.uri": self.broker.uri, "http.port": self.http_port,
                    **self.settings}
        sets = [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
        return [*self.wrapper, BIN / "rollcalld", *sets]

    def start(self):
        """Returns when it is connected and healthy."""
        self.launch_only()
        until(lambda: self.health() == 200 or not self.alive(), "a healthy service")
        assert self.alive(), self.log.read_text()[-4000:]

    def launch_only(self):
        self.launch(self.command(), env=self.env)

    def again(self):
        """A restart that nobody asked for."""
        self.kill()
        self.start()

    def health(self):
        """The status code of /healthz, 0 if nobody answers."""
        return self.get("/healthz")[0]

    def get(self, path):
        """(status, text) of a GET, (0, "") if nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self):
        """name{labels} -> value."""
        lines = self.get("/metrics")[1].split("\n")
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line and line[0] != "#"}

    def cli(self, *words, check=True):
        """Runs the operators' command; returns what came of it."""
        done = subprocess.run([str(BIN / "rollcall"), *map(str, words)], capture_output=True, text=True, timeout=60,
                              check=False)
        if check:
            assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
        return done

    def verify(self):
        """The whole database keeps its promises."""
        return self.cli("verify", self.database)

    def ask(self, *words):
        """Runs a command that asks the service; returns the objects that it wrote."""
        done = self.cli(*words, "--uri", self.broker.uri.replace("tcp:", "mqtt:"), "--json")
        return [json.loads(line) for line in done.stdout.splitlines()]
