"""A real broker on a free port, and real clients of it."""

from __future__ import annotations

import asyncio
import threading
import time

import paho.mqtt.client as mqtt
import pytest
from asgiref.sync import sync_to_async
from django.db import connections

from gateway.mqtt import broker as broker_module
from gateway.mqtt.bridge.running import Bridge
from gateway.mqtt.broker import ConsoleBroker, broker_config
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.support.services import free_port

ACCEPTED, REFUSED = 0, 135


class BrokerThread:
    """The broker in a thread with a loop of its own, as the command runs it."""

    def __init__(self, *, with_bridge: bool = True, port: int = 0) -> None:
        self.with_bridge = with_bridge
        self.port = port or free_port()
        self.loop = asyncio.new_event_loop()
        self.up = threading.Event()
        self.stop: asyncio.Event | None = None
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.serve(),))

    async def serve(self) -> None:
        self.stop = asyncio.Event()
        self.broker = ConsoleBroker(broker_config("127.0.0.1", self.port))
        if self.with_bridge:
            self.bridge = Bridge(self.broker.say, lambda: True, self.broker.connected_devices)
            self.broker.ear = self.bridge.hear
            self.bridge.start()
        await self.broker.start()
        await self.open_doors()
        watch = asyncio.create_task(self.broker.watch_access())
        self.up.set()
        await self.stop.wait()
        watch.cancel()
        await self.broker.shutdown()
        if self.with_bridge:
            await asyncio.to_thread(self.bridge.close)
        await sync_to_async(connections.close_all)()

    async def open_doors(self) -> None:
        """Listen in more ways, for tests of those."""

    def __enter__(self) -> BrokerThread:
        self.thread.start()
        assert self.up.wait(30)
        return self

    def __exit__(self, *exc: object) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(40)
        assert not self.thread.is_alive()
        self.loop.close()


class Client:
    """A paho client that keeps what happened to it."""

    def __init__(self, port: int, username: str, password: str, **options) -> None:
        will, ca = options.pop("will", None), options.pop("ca", None)
        options.setdefault("client_id", "")
        self.paho = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, **options)
        self.paho.username_pw_set(username, password)
        if ca:
            self.paho.tls_set(ca)
        if will:
            self.paho.will_set(*will)
        self.answer: int | None = None
        self.gone = threading.Event()
        self.acks: dict[int, int] = {}
        self.messages: list[tuple[str, bytes]] = []
        self.paho.on_connect = lambda c, u, f, code, p: setattr(self, "answer", code.value)
        self.paho.on_disconnect = lambda c, u, f, code, p: self.gone.set()
        self.paho.on_message = lambda c, u, m: self.messages.append((m.topic, m.payload))
        self.paho.on_subscribe = lambda c, u, mid, codes, p: self.acks.update({mid: codes[0].value})
        self.paho.connect("127.0.0.1", port, keepalive=30)
        self.paho.loop_start()
        wait_for(lambda: self.answer is not None or self.gone.is_set())

    def subscribe(self, topic: str) -> int:
        """Subscribe with QoS 1; return the granted QoS, or 128 for a refusal."""
        _, mid = self.paho.subscribe(topic, qos=1)
        return wait_for(lambda: self.acks.get(mid) is not None and (self.acks[mid] + 1)) - 1

    def publish(self, topic: str, payload: str, *, retain: bool = False) -> None:
        self.paho.publish(topic, payload, qos=1, retain=retain).wait_for_publish(30)

    def vanish(self) -> None:
        """Close the connection without saying good-bye."""
        self.paho._sock.close()
        self.paho.loop_stop()

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


def wait_for(condition, seconds: float = 30):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


@pytest.fixture
def broker(transactional_db, monkeypatch):
    monkeypatch.setattr(broker_module, "RECHECK_SECONDS", 0.3)
    with BrokerThread() as running:
        yield running


@pytest.fixture
def connect(broker):
    clients = []

    def make(username, password, **options) -> Client:
        clients.append(Client(broker.port, username, password, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def probe(acme):
    return DeviceFactory(organization=acme, alias="probe")


@pytest.fixture
def acme_key(acme):
    return make_api_key(acme)
