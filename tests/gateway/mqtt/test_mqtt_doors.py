"""MQTT with TLS and over WebSocket: the same door-keeper, and the client's address is known."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from channels.testing import ApplicationCommunicator
from django.core.cache import cache

from accounts.actor import Actor
from audit.models import AuditEvent
from core.tls.authority import Authority
from core.tls.served import ServerContext, served_files
from gateway.mqtt import broker as broker_module
from gateway.mqtt.listeners import listen_carried, listen_tls
from gateway.mqtt.proxy import proxy_line, read_proxy_line
from keys.services import api_key_revoke
from tests.gateway.mqtt.conftest import ACCEPTED, BrokerThread, Client, wait_for
from tests.support.services import free_port
from thinx_console.edge.mqtt import MqttOverWebSocket

CONNACK, CONNACK_REFUSED = b"\x20\x02\x00\x00", b"\x20\x02\x00\x05"


class ManyDoors(BrokerThread):
    """The broker with all its doors."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.authority = Authority(folder / "tls")
        self.authority.ensure(["localhost", "127.0.0.1"])
        self.served = ServerContext(served_files(self.authority.folder, "", ""))
        self.socket = folder / "mqtt.sock"
        self.tls_port = free_port()

    async def open_doors(self) -> None:
        await listen_tls(self.broker, "127.0.0.1", self.tls_port, self.served)
        await listen_carried(self.broker, self.socket)


@pytest.fixture
def doors(transactional_db, monkeypatch):
    monkeypatch.setattr(broker_module, "RECHECK_SECONDS", 0.3)
    with tempfile.TemporaryDirectory(prefix="thinx-") as folder, ManyDoors(Path(folder)) as running:
        yield running


@pytest.fixture
def by_tls(doors):
    clients = []

    def make(username, password):
        ca = str(doors.authority.bundle)
        clients.append(Client(doors.tls_port, username, password, ca=ca))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def connect_packet(username: str, password: str) -> bytes:
    def text(value: str) -> bytes:
        return len(value).to_bytes(2, "big") + value.encode()

    body = text("MQTT") + b"\x04\xc2\x00\x1e" + text("web") + text(username) + text(password)
    rest = len(body)
    return b"\x10" + bytes([rest % 128 | 128, rest // 128]) + body


def by_websocket(doors, address="192.0.2.44", protocols=("mqtt",)):
    scope = {
        "type": "websocket",
        "path": "/mqtt",
        "scheme": "wss",
        "headers": [(b"origin", b"https://elsewhere.example")],
        "client": [address, 4711],
        "subprotocols": list(protocols),
    }
    return ApplicationCommunicator(MqttOverWebSocket(doors.socket), scope)


async def opened(socket):
    await socket.send_input({"type": "websocket.connect"})
    return await socket.receive_output(30)


async def ask(socket, packet):
    await socket.send_input({"type": "websocket.receive", "bytes": packet})
    return await socket.receive_output(30)


def test_client_with_only_that_ca_hears_its_owner_by_tls(doors, by_tls, acme, probe, acme_key):
    device = by_tls(probe.udid, acme_key[1])
    assert device.answer == ACCEPTED
    topic = f"/{acme.owner_id}/{probe.udid}"
    assert device.subscribe(topic) == 1
    owner = Client(doors.port, acme.owner_id, acme_key[1])
    owner.publish(topic, "hello")
    wait_for(lambda: device.messages == [(topic, b"hello")])
    owner.close()


def test_wrong_and_revoked_keys_are_refused_by_tls(by_tls, alice, probe, acme_key):
    assert by_tls(probe.udid, "f" * 64).answer not in {None, ACCEPTED}
    device = by_tls(probe.udid, acme_key[1])
    api_key_revoke(Actor(user=alice), key=acme_key[0])
    wait_for(device.gone.is_set)
    assert by_tls(probe.udid, acme_key[1]).answer not in {None, ACCEPTED}


def test_clients_by_tls_are_audited_with_their_address(by_tls, probe):
    cache.clear()
    by_tls(probe.udid, "f" * 64)
    assert AuditEvent.objects.get(verb="devices.refused").address == "127.0.0.1"


def test_websocket_carries_mqtt_and_ends_with_its_key(doors, alice, acme, probe, acme_key):
    async def use():
        socket = by_websocket(doors)
        assert await opened(socket) == {"type": "websocket.accept", "subprotocol": "mqtt"}
        said = await ask(socket, connect_packet(probe.udid, acme_key[1]))
        assert said == {"type": "websocket.send", "bytes": CONNACK}
        await asyncio.to_thread(api_key_revoke, Actor(user=alice), key=acme_key[0])
        assert (await socket.receive_output(30))["type"] == "websocket.close"

    asyncio.run(use())


def test_client_by_websocket_is_audited_with_its_own_address(doors, acme, probe):
    cache.clear()

    async def use():
        socket = by_websocket(doors, "192.0.2.44")
        await opened(socket)
        said = await ask(socket, connect_packet(probe.udid, "f" * 64))
        assert said["bytes"] == CONNACK_REFUSED
        assert (await socket.receive_output(30))["type"] == "websocket.close"

    asyncio.run(use())
    refused = AuditEvent.objects.get(verb="devices.refused")
    assert (refused.organization_id, refused.address) == (acme.pk, "192.0.2.44")


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["x", "mqttv3.1"], "mqttv3.1"), (["mqttv3.1", "mqtt"], "mqtt")]
)
def test_websocket_speaks_either_subprotocol_of_mqtt(doors, offered, chosen):
    async def use():
        socket = by_websocket(doors, protocols=offered)
        assert (await opened(socket))["subprotocol"] == chosen
        await socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await socket.wait(30)

    asyncio.run(use())


@pytest.mark.parametrize("offered", [[], ["chat"]])
def test_websocket_without_mqtt_is_closed(doors, offered):
    async def use():
        assert (await opened(by_websocket(doors, protocols=offered)))["code"] == 1003

    asyncio.run(use())


def test_text_and_too_much_end_the_websocket(doors):
    async def use():
        for message, code in (({"text": "hi"}, 1003), ({"bytes": b"x" * 1_200_000}, 1009)):
            socket = by_websocket(doors)
            await opened(socket)
            await socket.send_input({"type": "websocket.receive", **message})
            assert await socket.receive_output(30) == {"type": "websocket.close", "code": code}

    asyncio.run(use())


def test_websocket_without_a_broker_is_told_to_come_back(tmp_path):
    class Nowhere:
        socket = tmp_path / "none.sock"

    async def use():
        assert (await opened(by_websocket(Nowhere)))["code"] == 1013

    asyncio.run(use())


def test_private_socket_takes_nobody_without_a_proxy_line(doors, acme, acme_key):
    async def use():
        reader, writer = await asyncio.open_unix_connection(str(doors.socket))
        writer.write(connect_packet(acme.owner_id, acme_key[1]) + b"\n")
        assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()

    asyncio.run(use())
    assert doors.socket.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("line", "peer"),
    [
        (proxy_line("192.0.2.1", 5), ("192.0.2.1", 5)),
        (proxy_line("2001:db8::1", 5), ("2001:db8::1", 5)),
        (proxy_line("", 0), ("", 0)),
        (b"PROXY TCP4 192.0.2.1\r\n", None),
        (b"PROXY TCP4 nobody 0.0.0.0 5 0\r\n", None),
        (b"PROXY TCP4 192.0.2.1 0.0.0.0 x 0\r\n", None),
        (b"\x10\x20\xff\n", None),
        (b"PROXY UNKNOWN " + b"x" * 100 + b"\n", None),
        (b"no end", None),
    ],
)
async def test_proxy_line_names_the_client_or_nobody(line, peer):
    reader = asyncio.StreamReader()
    reader.feed_data(line)
    reader.feed_eof()
    assert await read_proxy_line(reader) == peer
