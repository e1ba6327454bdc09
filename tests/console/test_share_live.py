"""Open pages of somebody whose share ends."""

from __future__ import annotations

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.db import connections

from accounts.actor import Actor
from accounts.models import UserGroup
from accounts.services.sharing import object_share, object_unshare, share_change
from tests.console.test_live import connect
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
async def threads_leave_no_connection():
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme, source=SourceFactory(organization=acme))


@pytest.fixture
def crew(acme, guest):
    group = Group.objects.create(name="crew")
    group.user_set.add(guest)
    return UserGroup.objects.create(organization=acme, name="Field crew", group=group)


@pytest.mark.parametrize("by_group", [False, True])
async def test_socket_of_a_guest_closes_when_the_share_ends(device, alice, guest, crew, by_group):
    to = crew if by_group else guest
    actor = Actor.for_user(alice)
    await sync_to_async(object_share)(actor, obj=device, to=to, actions=["change"])
    home = await sync_to_async(lambda: guest.memberships.get().organization.uid)()
    socket = await connect(guest)
    await socket.send_json_to({"subscribe": [f"device.{device.uid}", f"org.{home}"]})
    assert len((await socket.receive_json_from())["groups"]) == 2
    await sync_to_async(share_change)(actor, obj=device, to=to, actions=["build"])
    assert await socket.receive_nothing(timeout=0.5)
    await sync_to_async(object_unshare)(actor, obj=device, to=to)
    assert (await socket.receive_output(timeout=2.5))["code"] == 4404
