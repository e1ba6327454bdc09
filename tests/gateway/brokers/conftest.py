"""The three brokers, one after the other, behind one face; and devices that register by HTTP."""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.db import connections
from django.test import Client as HttpClient

from gateway.mqtt import broker as broker_module
from gateway.mqtt.mosquitto.refusals import listening
from gateway.mqtt.mosquitto.writer import Writer
from gateway.mqtt.rabbitmq.guard import Guard
from gateway.mqtt.rabbitmq.management import Management
from tests.factories.keys import make_api_key
from tests.gateway.mqtt.conftest import ACCEPTED, BrokerThread, Client, wait_for
from tests.support.mosquitto import private_mosquitto
from tests.support.rabbitmq import private_rabbitmq

BROKERS = ("amqtt", "rabbitmq", "mosquitto")
# Brokers are slow to start and to notice on a loaded machine; a passing test never waits for it.
PATIENCE = 60


@dataclass(frozen=True)
class Running:
    """A broker that asks this console who may do what."""

    name: str
    port: int


@contextlib.contextmanager
def repeated(once: Callable[[], None], seconds: float) -> Iterator[None]:
    """Do something again and again in a thread, for as long as the block lasts."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(seconds):
            once()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture(scope="session")
def rabbitmq_server(live_server):
    with private_rabbitmq(live_server.url) as server:
        yield server


@pytest.fixture(scope="session")
def mosquitto_server():
    with private_mosquitto() as server:
        yield server


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in BROKERS]
)
def broker(request, transactional_db, settings, monkeypatch):
    """A broker, started once for the session where starting is slow."""
    settings.MQTT_BROKER = {"amqtt": "embedded"}.get(request.param, request.param)
    settings.MQTT_REGISTRATION_SECONDS = PATIENCE
    cache.clear()
    yield from {"amqtt": _amqtt, "rabbitmq": _rabbitmq, "mosquitto": _mosquitto}[request.param](
        request, monkeypatch
    )


def _amqtt(request, monkeypatch):
    monkeypatch.setattr(broker_module, "RECHECK_SECONDS", 0.3)
    with BrokerThread() as running:
        yield Running("amqtt", running.port)


def _rabbitmq(request, monkeypatch):
    server = request.getfixturevalue("rabbitmq_server")
    guard = Guard(Management(server.management_url))
    with repeated(guard.round, 0.3):
        yield Running("rabbitmq", server.mqtt)


def _mosquitto(request, monkeypatch):
    server = request.getfixturevalue("mosquitto_server")
    writer = Writer(server.folder, server.pid_file, ("127.0.0.1", server.port))
    with repeated(writer.round, 0.02), listening(writer.refusals, writer.address):
        yield Running("mosquitto", server.port)


@pytest.fixture
def connect(broker):
    """Connect a client; it does not come back by itself when it is thrown out."""
    clients = []

    def make(username, password, **options) -> Client:
        options.setdefault("client_id", f"test-{uuid.uuid4().hex[:12]}")
        client = Client(broker.port, username, password, reconnect_on_failure=False, **options)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def register(broker):
    """Register a device by HTTP; return its udid when the answer is there."""

    def send(organization, key, **said) -> str:
        mac = uuid.uuid4().hex[:12].upper()
        sent = {"owner": organization.owner_id, "mac": mac, **said}
        answer = HttpClient().post(
            "/device/register",
            json.dumps({"registration": sent}),
            content_type="application/json",
            headers={"Authentication": key},
        )
        return json.loads(answer.content)["registration"]["udid"]

    return send


@pytest.fixture
def until_accepted(connect):
    """Connect again until the broker knows of what was just made."""

    def make(username, password, **options) -> Client:
        def attempt() -> Client | None:
            client = connect(username, password, **options)
            return client if client.answer == ACCEPTED else None

        return wait_for(attempt, PATIENCE)

    return make


@pytest.fixture
def acme_key(acme):
    """A key of Acme and its text."""
    return make_api_key(acme)


@pytest.fixture
def device(register, acme, acme_key):
    """The udid of a device of Acme that has just registered."""
    return register(acme, acme_key[1])


@pytest.fixture
def console(until_accepted, acme, acme_key):
    """A client of Acme's owner id, which hears and says everything below it."""
    return until_accepted(acme.owner_id, acme_key[1])
