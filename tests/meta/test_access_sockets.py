"""Who may listen to what: the WebSocket against the same table as the pages."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connections

from tests.meta.access_table import CAST, OK, kinds
from tests.meta.test_access_matrix import acts_as
from tests.meta.world import World
from thinx_console.asgi import application
from thinx_console.live import SOURCES

# A page's kind of route says who may listen to its object.
GROUPS = {
    "build": ("see", "build"),
    "configpush": ("org_see", "configpush"),
    "device": ("device_see", "device"),
    "org": ("org_see", None),
    "rollout": ("org_see", "rollout"),
}
NOBODY, NOT_THEIRS = 4401, 4404
ENDS = {OK: {OK}, "in": {NOBODY}, "hold": {NOBODY, NOT_THEIRS}, "404": {NOT_THEIRS}}


def test_every_kind_of_group_is_held_here():
    assert set(GROUPS) == set(SOURCES)


@pytest.fixture
async def world(transactional_db):
    yield await sync_to_async(World)()
    await sync_to_async(connections.close_all)()


async def test_each_of_the_cast_hears_what_the_table_says(world):
    wrong = []
    for person in CAST:
        client = await sync_to_async(world.client)(person)
        for place, objects in world.objects.items():
            for group, (kind, name) in GROUPS.items():
                got = await listen(client, f"{group}.{objects[name or 'organization'].uid}")
                wanted = ENDS[kinds()[kind][acts_as(person, place, kind)]]
                if got not in wanted:
                    wrong.append(f"{person} {group} of {place}: {got}, not {wanted}")
    assert not wrong, "\n".join(wrong)


async def listen(client, group: str) -> int | str:
    """Return OK when the subscription is confirmed, else the code that the socket closes with."""
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    headers = [(b"origin", b"http://localhost"), (b"host", b"localhost")]
    if cookies:
        headers.append((b"cookie", cookies.encode()))
    socket = WebsocketCommunicator(application, "/ws/live/", headers=headers)
    await socket.connect()
    await socket.send_json_to({"subscribe": [group]})
    said = await socket.receive_output(timeout=10)
    if said["type"] == "websocket.close":
        return said["code"]
    await socket.disconnect()
    return OK
