"""A session of the protocol on a real connection with a real last will, as a browser tab or a kiosk has it."""
import contextlib
import json
import socket
import threading
import time
import uuid

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from .service import INTERVAL_MS
from .waiting import PATIENCE_S, notified

EXPIRY_S = 604800


def properties(kind, **values):
    made = Properties(kind)
    for name, value in values.items():
        setattr(made, name, value)
    return made


class Device:
    """beats: heartbeats go out every interval while connected. Receipts are kept by id, the last one wins."""

    def __init__(self, broker, employee, session=None, cls="browser", site="hq", interval_ms=INTERVAL_MS, login=None,
                 keepalive_s=60):
        self.broker, self.employee, self.cls, self.interval_ms = broker, employee, cls, interval_ms
        self.session = session or f"tab-{uuid.uuid4().hex[:8]}"
        self.base = f"rollcall/v1/{site}/emp/{employee}/session/{self.session}/"
        self.login, self.keepalive_s = login or employee, keepalive_s
        self.epoch = 0
        self.client = None
        self.changed = threading.Condition()
        self.receipts, self.ready, self.ended = {}, False, True
        self.beating = None

    # ---- connection ----

    def connect(self, beats=True):
        """CONNECT under a new epoch with a will; returns when receipts are subscribed to. With beats, starts to beat."""
        self.epoch = max(self.epoch + 1, int(time.time() * 1000))
        self.ready, self.ended = False, False
        client = mqtt.Client(f"{self.login}.{self.session}", protocol=mqtt.MQTTv5)
        client.username_pw_set(self.login)
        client.will_set(self.base + "leave", json.dumps({"cause": "lost", "epoch": self.epoch}), 1, False,
                        properties(PacketTypes.WILLMESSAGE, MessageExpiryInterval=EXPIRY_S))
        client.on_connect = lambda *_: client.subscribe(self.base + "receipt", 1)
        client.on_subscribe = lambda *_: self._note(ready=True)
        client.on_message = self._on_message
        client.connect("127.0.0.1", self.broker.port, self.keepalive_s, clean_start=True)
        self.client = client
        threading.Thread(target=self._run, args=(client,), daemon=True).start()
        notified(self.changed, lambda: self.ready, f"the subscription of {self.employee}")
        if beats:
            self.beat()
            self.start_beating()
        return self

    def _run(self, client):
        try:
            while client.loop(0.5) == mqtt.MQTT_ERR_SUCCESS:
                pass
        except AttributeError:
            pass  # disconnect(), on another thread, took Paho's socket away under its hands
        finally:
            self._note(ended=True)

    def _note(self, **values):
        with self.changed:
            self.__dict__.update(values)
            self.changed.notify_all()

    def _on_message(self, _client, _data, message):
        receipt = json.loads(message.payload)
        with self.changed:
            self.receipts.setdefault(receipt.get("id"), []).append(receipt)
            self.changed.notify_all()

    def wait_ended(self):
        notified(self.changed, lambda: self.ended, f"the end of {self.employee}'s connection")

    def crash(self):
        """The connection ends without a word: the broker sends the will."""
        self.stop_beating()
        try:
            self.client.socket().shutdown(socket.SHUT_RDWR)
        except (OSError, AttributeError):
            pass  # it was gone already
        self.wait_ended()

    def close(self):
        """The tab is closed: `closed`, then DISCONNECT."""
        self.stop_beating()
        self.leave("closed")
        self.disconnect()

    def disconnect(self):
        """DISCONNECT without a leave: nobody tells the service anything."""
        self.stop_beating()
        # Paho's own thread may send the DISCONNECT first and close the socket, while this one still writes an
        # acknowledgement: it has ended all the same, and wait_ended sees to that.
        with contextlib.suppress(OSError):
            self.client.disconnect()
        self.wait_ended()

    # ---- messages ----

    def publish(self, leaf, value, qos=1, wait=True, expiry=EXPIRY_S, retain=False):
        """value: an object for JSON, or bytes as they are. With wait, returns when the broker has it."""
        payload = value if isinstance(value, bytes) else json.dumps(value).encode()
        more = properties(PacketTypes.PUBLISH, MessageExpiryInterval=expiry) if expiry else None
        info = self.client.publish(self.base + leaf, payload, qos, retain, more)
        if wait and qos:
            info.wait_for_publish(PATIENCE_S)
            assert info.is_published(), f"the broker did not take {leaf}"

    def beat(self, **fields):
        self.publish("heartbeat", {"epoch": self.epoch, "class": self.cls, "intervalMs": self.interval_ms, **fields},
                     qos=0, wait=False, expiry=None)

    def start_beating(self):
        stop = self.beating = threading.Event()

        def run():
            while not stop.wait(self.interval_ms / 1000 * 0.9) and not self.ended:
                self.beat()
        threading.Thread(target=run, daemon=True).start()

    def stop_beating(self):
        if self.beating:
            self.beating.set()

    def leave(self, cause, **fields):
        self.publish("leave", {"cause": cause, "epoch": self.epoch, **fields})

    def send_punch(self, kind, punch_id=None, **fields):
        """Sends it and returns its id."""
        punch_id = punch_id or uuid.uuid4().hex
        self.publish("punch", {"id": punch_id, "type": kind, "class": self.cls, **fields})
        return punch_id

    def receipt(self, punch_id, seconds=PATIENCE_S, number=1):
        """The number-th receipt for this id."""
        def found():
            return len(self.receipts.get(punch_id, [])) >= number and self.receipts[punch_id]
        return notified(self.changed, found, f"receipt for {punch_id}", seconds)[number - 1]

    def punch(self, kind, punch_id=None, **fields):
        """Punches and returns the next receipt for that id."""
        number = len(self.receipts.get(punch_id, [])) + 1
        return self.receipt(self.send_punch(kind, punch_id, **fields), number=number)

    def punch_in(self, **fields):
        receipt = self.punch("IN", **fields)
        assert receipt["result"] == "recorded", receipt
        return receipt

    def punch_out(self, **fields):
        receipt = self.punch("OUT", **fields)
        assert receipt["result"] == "recorded", receipt
        return receipt
