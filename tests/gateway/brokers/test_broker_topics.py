"""Which topics are whose: the same with every broker.

Brokers refuse in different ways (a bad code, a closed connection, silence), so these tests look
at what arrives. A message that must not arrive is followed by one that does.
"""

from __future__ import annotations

import pytest

from accounts.actor import Actor
from devices.mesh_services import mesh_attach, mesh_create, mesh_detach
from devices.models import Device
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
def stranger_key(until_accepted, umbrella):
    """The text of a key of another owner, which its broker knows."""
    _, secret = make_api_key(umbrella)
    until_accepted(umbrella.owner_id, secret)
    return secret


def test_device_and_owner_hear_each_other(connect, console, acme, device, acme_key):
    topic = f"/{acme.owner_id}/{device}"
    client = connect(device, acme_key[1])
    subscribe(client, topic)
    subscribe(console, f"/{acme.owner_id}/#")
    publish(console, topic, "do this")
    assert heard(client, (topic, b"do this"))
    publish(client, f"{topic}/status", "done")
    assert heard(console, (topic, b"do this"), (f"{topic}/status", b"done"))


def test_devices_of_one_owner_share_its_shared_topics(connect, register, acme, device, acme_key):
    topic = f"/{acme.owner_id}/shared/news/today"
    listener = connect(register(acme, acme_key[1]), acme_key[1])
    subscribe(listener, f"/{acme.owner_id}/shared/#")
    publish(connect(device, acme_key[1]), topic, "fine")
    assert heard(listener, (topic, b"fine"))


@pytest.mark.parametrize(
    "wanted", ["{neighbour}", "{neighbour}/status", "+", "+/status", "#", "{device}/#"]
)
def test_device_hears_nothing_of_its_neighbour(
    connect, register, console, acme, device, acme_key, wanted
):
    neighbour = register(acme, acme_key[1])
    own = f"/{acme.owner_id}/{device}"
    client = connect(device, acme_key[1])
    subscribe(client, f"/{acme.owner_id}/{wanted.format(neighbour=neighbour, device=device)}")
    again = connect(device, acme_key[1])
    subscribe(again, own)
    for topic in (f"/{acme.owner_id}/{neighbour}", f"/{acme.owner_id}/{neighbour}/status", own):
        publish(console, topic, "secret")
    assert heard(again, (own, b"secret"))
    assert not [topic for topic, _ in client.messages if neighbour in topic]


def test_device_says_nothing_on_its_neighbours_topic(
    connect, register, console, acme, device, acme_key
):
    neighbour = register(acme, acme_key[1])
    topic = f"/{acme.owner_id}/{neighbour}"
    victim = connect(neighbour, acme_key[1])
    subscribe(victim, topic)
    publish(connect(device, acme_key[1]), topic, "forged")
    publish(console, topic, "genuine")
    assert heard(victim, (topic, b"genuine"))


@pytest.mark.parametrize("wanted", ["#", "/#", "+/+/+", "/+/#", "/{acme}/#", "/+/{device}/status"])
def test_stranger_hears_nothing_of_another_owner(
    connect, stranger_key, umbrella, acme, device, acme_key, wanted
):
    stranger = connect(umbrella.owner_id, stranger_key)
    subscribe(stranger, wanted.format(acme=acme.owner_id, device=device))
    status = f"/{acme.owner_id}/{device}/status"
    client = connect(device, acme_key[1])
    publish(client, status, "private", retain=True)
    after = connect(umbrella.owner_id, stranger_key)
    subscribe(after, f"/{umbrella.owner_id}/#")
    publish(after, f"/{umbrella.owner_id}/own", "own")
    assert heard(after, (f"/{umbrella.owner_id}/own", b"own"))
    assert not [topic for topic, _ in stranger.messages if acme.owner_id in topic]
    publish(client, status, "", retain=True)


@pytest.mark.parametrize("below", ["{device}", "{device}/status", "{mine}", "shared/x", ""])
def test_stranger_says_nothing_to_another_owner(
    connect, register, console, umbrella, acme, device, below
):
    _, foreign = make_api_key(umbrella)
    mine = register(umbrella, foreign)
    subscribe(console, f"/{acme.owner_id}/#")
    topic = f"/{acme.owner_id}/{below.format(device=device, mine=mine)}".rstrip("/")
    for options in ({}, {"will": (topic, "forged")}):
        client = connect(mine, foreign, **options)
        if options and client.answer == ACCEPTED:
            client.vanish()
        elif client.answer == ACCEPTED:
            publish(client, topic, "forged")
    publish(console, f"/{acme.owner_id}/shared/end", "end")
    assert heard(console, (f"/{acme.owner_id}/shared/end", b"end"))


def test_will_of_a_device_is_told_to_its_owner(connect, console, acme, device, acme_key):
    status = f"/{acme.owner_id}/{device}/status"
    subscribe(console, f"/{acme.owner_id}/#")
    client = connect(device, acme_key[1], will=(status, '{ "status" : "disconnected" }'))
    assert client.answer == ACCEPTED
    client.vanish()
    assert heard(console, (status, b'{ "status" : "disconnected" }'))


def test_same_client_id_of_another_owner_gets_nothing_of_the_session(
    connect, stranger_key, console, broker, umbrella, acme, device, acme_key
):
    topic = f"/{acme.owner_id}/{device}"
    client_id = f"taken-{device}"
    client = connect(device, acme_key[1], client_id=client_id, clean_session=False)
    subscribe(client, topic)
    if broker.name == "mosquitto":  # which ends the older connection, whoever comes
        client.close()
    stranger = connect(umbrella.owner_id, stranger_key, client_id=client_id, clean_session=False)
    publish(console, topic, "still here")
    if broker.name != "mosquitto":
        assert heard(client, (topic, b"still here"))
        assert not client.gone.is_set()
    if stranger.answer == ACCEPTED:
        own = f"/{umbrella.owner_id}/own"
        subscribe(stranger, own)
        publish(stranger, own, "own")
        assert heard(stranger, (own, b"own"))


def test_mesh_is_heard_by_its_devices_only_and_only_while_they_are_in_it(
    connect, until_accepted, register, broker, console, acme, device, acme_key
):
    system = Actor.named_system("tests")
    mesh = mesh_create(system, organization=acme, mesh_id="garden-north", alias="Garden")
    member, outsider = Device.objects.get(uid=device), register(acme, acme_key[1])
    mesh_attach(system, mesh=mesh, device=member)
    heard_by = subscribed_until_heard(until_accepted, console, device, acme_key[1], mesh.topic)
    other = connect(outsider, acme_key[1])
    subscribe(other, mesh.topic)
    publish(heard_by, mesh.topic, "from a member")
    wait_for(lambda: (mesh.topic, b"from a member") in console.messages, PATIENCE)
    mesh_detach(system, mesh=mesh, device=member)
    until_silent(until_accepted, console, heard_by, mesh.topic)
    assert mesh.topic not in {topic for topic, _ in other.messages}
