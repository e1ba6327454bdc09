"""The WebSocket of a page: who may listen to what, and for how long."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from channels.testing import WebsocketCommunicator
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, connections
from django.test import Client

from core.jobs import access_changed
from tests.factories.devices import DeviceFactory
from thinx_console import live
from thinx_console.asgi import application

pytestmark = pytest.mark.django_db(transaction=True)


def session_cookie(user) -> bytes:
    client = Client()
    client.force_login(user, backend="accounts.backends.EmailBackend")
    return f"thinx_session={client.cookies['thinx_session'].value}".encode()


async def connect(user) -> WebsocketCommunicator:
    headers = [(b"origin", b"http://localhost"), (b"host", b"localhost")]
    if user is not None:
        headers.append((b"cookie", await sync_to_async(session_cookie)(user)))
    socket = WebsocketCommunicator(application, "/ws/live/", headers=headers)
    await socket.connect()
    return socket


@pytest.fixture(autouse=True)
async def threads_leave_no_connection():
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme)


async def test_stranger_is_closed_with_4401(db):
    socket = await connect(None)
    assert await socket.receive_output() == {"type": "websocket.close", "code": 4401}


async def test_member_hears_of_changes(vera, device):
    socket = await connect(vera)
    group = f"device.{device.uid}"
    await socket.send_json_to({"subscribe": [group]})
    assert (await socket.receive_json_from())["groups"] == [group]
    message = {"type": "object.changed", "model": "devices.device", "uid": f"{device.uid}"}
    await get_channel_layer().group_send(group, message)
    assert await socket.receive_json_from() == message
    await socket.disconnect()


@pytest.mark.parametrize("kind", ["device", "org"])
async def test_outsider_is_closed_with_4404(mallory, acme, device, kind):
    uid = device.uid if kind == "device" else acme.uid
    socket = await connect(mallory)
    await socket.send_json_to({"subscribe": [f"{kind}.{uid}"]})
    assert await socket.receive_output() == {"type": "websocket.close", "code": 4404}


@pytest.mark.parametrize("group", ["device.junk", "nothing.x", "", "device.", "specific", 7])
async def test_nonsense_group_is_closed_with_4404(vera, group):
    socket = await connect(vera)
    await socket.send_json_to({"subscribe": [group]})
    assert await socket.receive_output() == {"type": "websocket.close", "code": 4404}


async def test_other_messages_are_ignored(vera, device):
    socket = await connect(vera)
    await socket.send_json_to(["junk"])
    await socket.send_json_to({"subscribe": f"device.{device.uid}"})
    assert await socket.receive_nothing()
    await socket.disconnect()


async def test_removed_member_is_closed_within_the_recheck(vera, device, monkeypatch):
    monkeypatch.setattr(live, "RECHECK_SECONDS", 0.05)
    socket = await connect(vera)
    await socket.send_json_to({"subscribe": [f"device.{device.uid}"]})
    await socket.receive_json_from()
    await sync_to_async(vera.memberships.all().delete)()
    assert (await socket.receive_output(timeout=3))["code"] == 4404


async def test_ended_session_is_closed_within_the_recheck(vera, monkeypatch):
    monkeypatch.setattr(live, "RECHECK_SECONDS", 0.05)
    socket = await connect(vera)
    await sync_to_async(lambda: SessionStore.get_model_class().objects.all().delete())()
    assert (await socket.receive_output(timeout=3))["code"] == 4401


async def test_page_whose_access_cannot_be_asked_for_is_closed(vera, monkeypatch):
    monkeypatch.setattr(live, "RECHECK_SECONDS", 0.05)
    socket = await connect(vera)
    await sync_to_async(rename_table)("django_session", "hidden")
    try:
        closed = await socket.receive_output(timeout=3)
    finally:
        await sync_to_async(rename_table)("hidden", "django_session")
    assert closed["code"] == live.TRY_LATER


def rename_table(old: str, new: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {old} RENAME TO {new}")


async def test_changed_access_is_asked_for_at_once(vera, device):
    socket = await connect(vera)
    await socket.send_json_to({"subscribe": [f"device.{device.uid}"]})
    await socket.receive_json_from()
    await sync_to_async(vera.memberships.all().delete)()
    await sync_to_async(access_changed)(f"person.{vera.uid}")
    assert (await socket.receive_output(timeout=3))["code"] == 4404


async def test_changed_access_of_others_changes_nothing(vera, device):
    socket = await connect(vera)
    await socket.send_json_to({"subscribe": [f"device.{device.uid}"]})
    await socket.receive_json_from()
    await sync_to_async(access_changed)(f"person.{vera.uid}", f"device.{device.uid}")
    assert await socket.receive_nothing(timeout=0.5)
    await socket.disconnect()
