"""A browser tab as a process of its own, to be stopped, continued and killed: punches IN, beats, connects again.

tab.py HOST PORT EMPLOYEE SESSION INTERVAL_MS
"""
import json
import sys
import threading
import time
import uuid

import paho.mqtt.client as mqtt


def main(host, port, employee, session, interval_ms):
    base = f"rollcall/v1/hq/emp/{employee}/session/{session}/"
    state = {"epoch": 0, "up": threading.Event(), "recorded": threading.Event()}
    punch = json.dumps({"id": uuid.uuid4().hex, "type": "IN"})
    client = mqtt.Client(f"{employee}.{session}", protocol=mqtt.MQTTv5)

    def renew_will():
        state["epoch"] = max(state["epoch"] + 1, int(time.time() * 1000))
        client.will_set(base + "leave", json.dumps({"cause": "lost", "epoch": state["epoch"]}), 1)

    def on_disconnect(*_):
        state["up"].clear()
        renew_will()  # before Paho connects again

    def on_connect(*_):
        client.subscribe(base + "receipt", 1)

    client.on_connect = on_connect
    client.on_disconnect = on_disconnect
    client.on_subscribe = lambda *_: state["up"].set()
    client.on_message = lambda *_: state["recorded"].set()
    client.reconnect_delay_set(1, 1)
    renew_will()
    client.connect(host, port, 5, clean_start=True)
    client.loop_start()
    while True:
        state["up"].wait()
        client.publish(base + "heartbeat", json.dumps({"epoch": state["epoch"], "intervalMs": interval_ms}), 0)
        if not state["recorded"].is_set():
            client.publish(base + "punch", punch, 1)
        time.sleep(interval_ms / 1000 * 0.9)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5]))
