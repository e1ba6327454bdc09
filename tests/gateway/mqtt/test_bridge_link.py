"""The bridge as a client of a broker that is not in its own process."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connections

from devices.models import DeviceState
from gateway.mqtt.bridge import link as link_module
from gateway.mqtt.bridge.beat import KEY, is_alive
from gateway.mqtt.bridge.link import Endpoint, bridged
from gateway.mqtt.service import SERVICE_USER, service_password
from tests.gateway.mqtt.conftest import ACCEPTED, BrokerThread, Client, wait_for


class LinkThread:
    """The bridge's client in a thread with a loop of its own, as the command runs it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.loop = asyncio.new_event_loop()
        self.begun = threading.Event()
        self.thread = threading.Thread(target=self.loop.run_until_complete, args=(self.serve(),))

    async def serve(self) -> None:
        self.stop = asyncio.Event()
        async with bridged(self.url) as self.link:
            self.begun.set()
            await self.stop.wait()
        await sync_to_async(connections.close_all)()

    def __enter__(self) -> LinkThread:
        self.thread.start()
        assert self.begun.wait(30)
        return self

    def __exit__(self, *exc: object) -> None:
        self.loop.call_soon_threadsafe(self.stop.set)
        self.thread.join(40)
        assert not self.thread.is_alive()
        self.loop.close()


@pytest.fixture
def plain_broker(transactional_db, monkeypatch):
    """The broker without the bridge inside."""
    with BrokerThread(with_bridge=False) as running:
        yield running


@pytest.fixture
def fast_again(monkeypatch):
    monkeypatch.setattr(link_module, "FIRST_PAUSE", 0.05)
    monkeypatch.setattr(link_module, "LONGEST_PAUSE", 0.1)


def said_by_probe(port, probe, secret, payload):
    device = Client(port, probe.udid, secret)
    assert device.answer == ACCEPTED
    topic = f"/{probe.organization.owner_id}/{probe.udid}"
    device.subscribe(topic)
    device.publish(f"{topic}/status", payload)
    return device


def status_of(device):
    return DeviceState.objects.get(device=device).status


def test_client_hears_and_answers_as_the_console_itself(plain_broker, acme, probe, acme_key):
    with LinkThread(f"mqtt://127.0.0.1:{plain_broker.port}") as running:
        wait_for(lambda: running.link.is_up)
        assert running.link.client_id.startswith("THiNX-API-")
        device = said_by_probe(plain_broker.port, probe, acme_key[1], '{"status":"here"}')
        wait_for(lambda: status_of(probe) == "here")
        body = {"mac": probe.mac, "owner": acme.owner_id}
        topic = f"/{acme.owner_id}/{probe.udid}"
        device.publish(f"{topic}/status", json.dumps({"registration": body}))
        assert wait_for(lambda: device.messages)[0][1].startswith(b'{"registration":{"success"')
        state = DeviceState.objects.get(device=probe)
        assert (state.checkins, state.last_key_prefix) == (1, "")
        device.close()


def test_bridge_says_that_it_is_alive_while_it_is_connected(plain_broker):
    cache.delete(KEY)
    assert not is_alive()
    with LinkThread(f"mqtt://127.0.0.1:{plain_broker.port}"):
        wait_for(is_alive)


def test_client_comes_back_after_the_broker_was_away(transactional_db, fast_again, probe, acme_key):
    with BrokerThread(with_bridge=False) as broker:
        port = broker.port
        running = LinkThread(f"mqtt://127.0.0.1:{port}")
        running.__enter__()
        wait_for(lambda: running.link.is_up)
    wait_for(lambda: not running.link.is_up)
    with BrokerThread(with_bridge=False, port=port):
        wait_for(lambda: running.link.is_up)
        device = said_by_probe(port, probe, acme_key[1], "back")
        wait_for(lambda: status_of(probe) == "back")
        device.close()
    running.__exit__()


def test_only_the_derived_secret_makes_one_the_console(plain_broker):
    right = Client(plain_broker.port, SERVICE_USER, service_password())
    wrong = Client(plain_broker.port, SERVICE_USER, "0" * 64)
    empty = Client(plain_broker.port, SERVICE_USER, "")
    assert right.answer == ACCEPTED
    assert right.subscribe("/#") == 1
    assert ACCEPTED not in {wrong.answer, empty.answer}
    for client in (right, wrong, empty):
        client.close()


def test_credentials_of_the_address_are_used():
    with_user = Endpoint.of("mqtt://console:p%40ss@broker.example:1884")
    assert (with_user.username, with_user.password) == ("console", "p@ss")
    assert (with_user.host, with_user.port, with_user.tls) == ("broker.example", 1884, None)
    assert f"{with_user}" == "broker.example:1884"
    own = Endpoint.of("mqtts://broker.example")
    assert (own.username, own.port) == (SERVICE_USER, 8883)
    assert own.tls is not None
