"""MQTT as libraries speak it: their client ids, users, wills and subscriptions, by paho."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as mqtt

DISCONNECTED = '{ "status" : "disconnected" }'
CONNECTED = '{ "status" : "connected" }'
SECONDS = 60


def wait_for(found: Callable[[], Any], what: str) -> Any:
    """Wait until something is there; a loaded machine may take its time."""
    deadline = time.monotonic() + SECONDS
    while not (value := found()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)
    return value


class Connection:
    """One connection of one library; keeps what it was told."""

    def __init__(
        self,
        port: int,
        *,
        client_id: str,
        user: str | None,
        password: str | None,
        keepalive: int = 60,
        clean: bool = True,
        will: tuple[str, str, bool] | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.paho = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=clean
        )
        if user is not None:
            self.paho.username_pw_set(user, password)
        if will is not None:
            topic, payload, retain = will
            self.paho.will_set(topic, payload, qos=0, retain=retain)
        self.code: int | None = None
        self.messages: list[tuple[str, bytes]] = []
        self.granted: dict[int, int] = {}
        self._gone = threading.Event()
        self.paho.on_connect = lambda c, u, f, code, p: setattr(self, "code", code.value)
        self.paho.on_disconnect = lambda c, u, f, code, p: self._gone.set()
        self.paho.on_message = lambda c, u, m: self.messages.append((m.topic, m.payload))
        self.paho.on_subscribe = lambda c, u, mid, codes, p: self.granted.update(
            {mid: codes[0].value}
        )
        self.paho.connect(host, port, keepalive=keepalive)
        self.paho.loop_start()
        wait_for(lambda: self.code is not None or self._gone.is_set(), f"CONNACK of {client_id}")

    @property
    def is_accepted(self) -> bool:
        return self.code == 0

    def subscribe(self, topic: str, qos: int = 0) -> bool:
        """Subscribe; return whether that was granted."""
        _, mid = self.paho.subscribe(topic, qos=qos)
        return wait_for(lambda: mid in self.granted, f"SUBACK of {topic}") and (
            self.granted[mid] < 128
        )

    def publish(self, topic: str, payload: str, *, retain: bool = False, qos: int = 0) -> None:
        self.paho.publish(topic, payload, qos=qos, retain=retain).wait_for_publish(SECONDS)

    def heard(self, topic: str, *words: bytes) -> bytes:
        """Wait for a message of a topic that has all these words."""

        def found() -> bytes | None:
            for where, payload in list(self.messages):
                if where == topic and all(word in payload for word in words):
                    return payload
            return None

        return wait_for(found, f"{words} at {topic}")

    def vanish(self) -> None:
        """Lose the power supply."""
        with contextlib.suppress(OSError, AttributeError):
            self.paho._sock.close()
        self.paho.loop_stop()

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()
