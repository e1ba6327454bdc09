"""What fleet workflows change of who may do what: the same with every broker.

Devices join and leave meshes by a rule, and go to another owner.
"""

from __future__ import annotations

import pytest

from accounts.actor import Actor
from devices.mesh_following import meshes_follow
from devices.mesh_services import mesh_create
from devices.models import Device, DeviceState
from devices.services import device_edit
from fleet.transfers.moving import transfers_move
from fleet.transfers.services import transfer_accept
from gateway.mqtt.service import SERVICE_USER, service_password
from tests.factories.fleet import make_transfer, other_side
from tests.factories.keys import make_api_key
from tests.gateway.brokers.conftest import PATIENCE
from tests.gateway.brokers.talking import (
    heard,
    publish,
    subscribe,
    subscribed_until_heard,
    until_silent,
)
from tests.gateway.mqtt.conftest import ACCEPTED, wait_for


@pytest.fixture
def tag():
    """Give a device these tags, and have the meshes look, as the worker does each second."""

    def make(udid, *tags):
        device_edit(Actor.named_system("tests"), device=Device.objects.get(uid=udid), tags=tags)
        meshes_follow()

    return make


@pytest.fixture
def hand_over(alice, mallory, umbrella, act):
    """Have alice offer a device to Umbrella, mallory accept it, and the worker move it."""

    def move(udid, **options):
        device = Device.objects.get(uid=udid)
        sent = make_transfer([device], umbrella.owner_id, user=alice, **options)
        party = other_side(sent)
        transfer_accept(act(mallory), party=party)
        transfers_move(act(mallory), uid=party.transfer.uid)

    return move


@pytest.fixture
def everything(until_accepted):
    """The console's own client, which hears everybody."""
    client = until_accepted(SERVICE_USER, service_password())
    subscribe(client, "#")
    return client


def test_mesh_by_rule_is_heard_while_the_rule_is_true(
    connect, until_accepted, register, console, acme, device, acme_key, tag
):
    mesh = mesh_create(
        Actor.named_system("tests"), organization=acme, mesh_id="pumps", rule="tag=pump"
    )
    other = connect(register(acme, acme_key[1]), acme_key[1])
    tag(device, "pump")
    member = subscribed_until_heard(until_accepted, console, device, acme_key[1], mesh.topic)
    subscribe(other, mesh.topic)
    publish(member, mesh.topic, "from a member")
    wait_for(lambda: (mesh.topic, b"from a member") in console.messages, PATIENCE)
    tag(device, "meter")
    until_silent(until_accepted, console, member, mesh.topic)
    assert mesh.topic not in {topic for topic, _ in other.messages}


def test_key_of_the_former_owner_is_refused_and_its_connection_ends(
    connect, until_accepted, register, acme, umbrella, device, acme_key, hand_over
):
    neighbour = register(acme, acme_key[1])
    leaving, staying = connect(device, acme_key[1]), connect(neighbour, acme_key[1])
    assert (leaving.answer, staying.answer) == (ACCEPTED, ACCEPTED)
    hand_over(device, key_mode="rekey")
    wait_for(leaving.gone.is_set, PATIENCE)
    assert connect(device, acme_key[1]).answer != ACCEPTED
    assert not staying.gone.is_set()
    _, fresh = make_api_key(umbrella)
    register(umbrella, fresh, udid=device, mac=Device.objects.get(uid=device).mac)
    assert until_accepted(device, fresh).answer == ACCEPTED
    assert connect(device, acme_key[1]).answer != ACCEPTED


def test_device_whose_key_went_along_uses_the_topics_of_its_new_owner_only(
    connect, until_accepted, everything, acme, umbrella, device, acme_key, hand_over
):
    old, new = f"/{acme.owner_id}/{device}", f"/{umbrella.owner_id}/{device}"
    DeviceState.objects.filter(device__uid=device).update(last_key_prefix=acme_key[0].prefix)
    before = connect(device, acme_key[1])
    subscribe(before, old)
    publish(everything, old, "before")
    assert heard(before, (old, b"before"))
    hand_over(device)
    # Its connection ends, or stays with other rights: both are right, as the key is its own.
    until_silent(until_accepted, everything, before, old)
    after = until_accepted(device, acme_key[1])
    subscribe(after, new)
    publish(everything, new, "welcome")
    assert heard(after, (new, b"welcome"))
    publish(after, f"{old}/status", "forged")  # some brokers end the connection for it
    again = until_accepted(device, acme_key[1])
    publish(again, f"{new}/status", "here")
    wait_for(lambda: (f"{new}/status", b"here") in everything.messages, PATIENCE)
    assert (f"{old}/status", b"forged") not in everything.messages
