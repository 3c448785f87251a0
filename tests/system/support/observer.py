"""Somebody who sees everything below the prefix, and remembers it."""
import collections
import contextlib
import json
import threading
import uuid

import paho.mqtt.client as mqtt

from .waiting import PATIENCE_S, notified

Message = collections.namedtuple("Message", "topic payload retained value")


def has(value, fields):
    return isinstance(value, dict) and all(name in value and value[name] == wanted for name, wanted in fields.items())


class Observer:
    """Messages arrive on Paho's thread; the tests wait for them on the condition. Reconnects by itself."""

    def __init__(self, broker, site="hq"):
        self.base = f"rollcall/v1/{site}/"
        self.messages, self.retained = [], {}
        self.changed = threading.Condition()
        self.subscribed = False
        self.client = mqtt.Client("observer", protocol=mqtt.MQTTv5)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", broker.port, clean_start=True)
        self.client.loop_start()
        self.wait(lambda: self.subscribed, "the observer's subscription")

    def _on_connect(self, client, _data, _flags, _reason, _properties=None):
        client.subscribe("rollcall/v1/#", 1)

    def _on_disconnect(self, _client, _data, _reason, _properties=None):
        with self.changed:
            self.subscribed = False
            self.changed.notify_all()

    def _on_subscribe(self, *_arguments):
        with self.changed:
            self.subscribed = True
            self.changed.notify_all()

    def _on_message(self, _client, _data, message):
        try:
            value = json.loads(message.payload)
        except ValueError:
            value = None
        with self.changed:
            self.messages.append(Message(message.topic, message.payload, message.retain, value))
            self.retained[message.topic] = value
            self.changed.notify_all()

    def close(self):
        with contextlib.suppress(OSError):  # as Device.disconnect
            self.client.disconnect()
        self.client.loop_stop()

    def ask(self, verb, login="ops", **fields):
        """Sends a request and returns its reply."""
        request_id = uuid.uuid4().hex
        since = self.mark()
        self.client.publish(f"{self.base}request/{login}/{verb}", json.dumps({"requestId": request_id, **fields}), 1)
        return self.wait_message(f"reply/{login}/{verb}", since, requestId=request_id)

    # ---- waiting ----

    def wait(self, question, what, seconds=PATIENCE_S):
        return notified(self.changed, question, what, seconds)

    def mark(self):
        """A place in the stream of messages, from which wait_message looks."""
        with self.changed:
            return len(self.messages)

    def wait_message(self, leaf, since=0, seconds=PATIENCE_S, **fields):
        """The first message on base + leaf since a mark that has these fields."""
        topic = self.base + leaf
        return self.wait(lambda: next((m for m in self.messages[since:]
                                       if m.topic == topic and has(m.value, fields)), None),
                         f"{leaf} with {fields}; last: {self.retained.get(topic)}", seconds).value

    def wait_status(self, employee, seconds=PATIENCE_S, **fields):
        """The employee's retained status, once it has these fields."""
        topic = f"{self.base}emp/{employee}/status"
        return self.wait(lambda: has(self.retained.get(topic), fields) and self.retained[topic],
                         f"status of {employee} with {fields}; last: {self.retained.get(topic)}", seconds)

    def wait_event(self, employee, since=0, seconds=PATIENCE_S, **fields):
        return self.wait_message(f"emp/{employee}/event", since, seconds, **fields)

    def wait_alert(self, kind, seconds=PATIENCE_S):
        topic = f"{self.base}alert/{kind}"
        return self.wait(lambda: self.retained.get(topic), f"alert {kind}", seconds)

    def wait_alert_over(self, kind, seconds=PATIENCE_S):
        topic = f"{self.base}alert/{kind}"
        return self.wait(lambda: topic in self.retained and self.retained[topic] is None, f"end of alert {kind}",
                         seconds)

    def events(self, **fields):
        """Events seen so far, each seq once."""
        with self.changed:
            seen = {m.value["seq"]: m.value for m in self.messages
                    if m.topic.endswith("/event") and has(m.value, fields)}
        return [seen[seq] for seq in sorted(seen)]

    def status(self, employee):
        with self.changed:
            return self.retained.get(f"{self.base}emp/{employee}/status")
