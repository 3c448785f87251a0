"""A mosquitto of the test's own, with the project's own configuration."""
import os
import pwd
import shutil

from .process import ROOT, Process, answers, free_port
from .waiting import until


class Broker(Process):
    def __init__(self, folder):
        super().__init__("broker", folder)
        self.port, self.ws_port = free_port(), free_port()
        self.data = self.folder / "broker"
        self.data.mkdir()
        self.config = self.folder / "mosquitto.conf"
        text = (ROOT / "broker-config/mosquitto.conf").read_text()
        for name, value in (("MQTT_PORT", self.port), ("WS_PORT", self.ws_port), ("DATA", self.data),
                            ("USER", "mosquitto")):
            text = text.replace(f"@{name}@", str(value))
        self.config.write_text(text)
        if os.geteuid() == 0:
            shutil.chown(self.data, pwd.getpwnam("mosquitto").pw_uid)

    @property
    def uri(self):
        return f"tcp://127.0.0.1:{self.port}"

    def add_listener(self, address):
        """Before start: one more listener, for a client that does not sit on loopback. Returns its port."""
        port = free_port()
        with open(self.config, "a", encoding="ascii") as file:
            file.write(f"\nlistener {port} {address}\n")
        return port

    def start(self):
        self.launch(["mosquitto", "-c", self.config])
        until(lambda: answers(self.port) or not self.alive(), f"the broker on port {self.port}")
        assert self.alive(), self.log.read_text()

    def wipe(self):
        """Forgets what a stopped broker saved: sessions, queues, retained messages."""
        assert not self.alive()
        for path in self.data.iterdir():
            path.unlink()
