"""Topics of meshes: open to their devices, within seconds, and to nobody else."""

from __future__ import annotations

import pytest

from devices.mesh_services import mesh_attach, mesh_create, mesh_delete, mesh_detach
from gateway.mqtt.access import Principal
from tests.factories.devices import DeviceFactory
from tests.gateway.mqtt.conftest import ACCEPTED, wait_for

OWNER = "a" * 64
REFUSED_SUBSCRIPTION = 128


@pytest.fixture
def mesh(acme, probe, system, broker):
    made = mesh_create(system, organization=acme, mesh_id="greenhouse")
    mesh_attach(system, mesh=made, device=probe)
    return made


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        (f"/{OWNER}/mesh-1", True),
        (f"/{OWNER}/mesh-2", False),
        (f"/{OWNER}/mesh-1/more", False),
        (f"/{OWNER}/mesh-1/#", False),
        (f"/{OWNER}/+", False),
        (f"/{'b' * 64}/mesh-1", False),
    ],
)
def test_device_may_use_the_topics_of_its_meshes_only(topic, allowed):
    assert Principal(1, OWNER, "udid-1", frozenset({"mesh-1"})).allows(topic) is allowed


def test_devices_of_a_mesh_hear_each_other_and_no_other_does(
    connect, acme, probe, acme_key, mesh, system
):
    neighbour, outsider = DeviceFactory.create_batch(2, organization=acme)
    mesh_attach(system, mesh=mesh, device=neighbour)
    first = connect(probe.udid, acme_key[1])
    second = connect(neighbour.udid, acme_key[1])
    third = connect(outsider.udid, acme_key[1])
    assert second.subscribe(mesh.topic) == 1
    assert third.subscribe(mesh.topic) == REFUSED_SUBSCRIPTION
    third.publish(mesh.topic, "forged")
    first.publish(mesh.topic, "genuine")
    wait_for(lambda: second.messages)
    assert second.messages == [(mesh.topic, b"genuine")]


def test_open_connection_may_use_a_mesh_soon_after_it_joins(connect, acme, acme_key, mesh, system):
    late = DeviceFactory(organization=acme)
    device = connect(late.udid, acme_key[1])
    assert device.subscribe(mesh.topic) == REFUSED_SUBSCRIPTION
    mesh_attach(system, mesh=mesh, device=late)
    wait_for(lambda: device.subscribe(mesh.topic) == 1, 30)
    assert not device.gone.is_set()


@pytest.mark.parametrize("leave", ["detach", "delete"])
def test_open_connection_hears_nothing_soon_after_it_leaves(
    connect, acme, probe, acme_key, mesh, system, leave
):
    device, owner = connect(probe.udid, acme_key[1]), connect(acme.owner_id, acme_key[1])
    assert device.subscribe(mesh.topic) == 1
    owner.publish(mesh.topic, "before")
    wait_for(lambda: device.messages == [(mesh.topic, b"before")])
    if leave == "detach":
        mesh_detach(system, mesh=mesh, device=probe)
    else:
        mesh_delete(system, mesh=mesh)
    wait_for(lambda: device.subscribe(mesh.topic) == REFUSED_SUBSCRIPTION, 30)
    owner.publish(mesh.topic, "after")
    own = f"/{acme.owner_id}/{probe.udid}"
    assert device.subscribe(own) == 1
    owner.publish(own, "last")
    wait_for(lambda: (own, b"last") in device.messages)
    assert (mesh.topic, b"after") not in device.messages
    assert not device.gone.is_set()


def test_firmware_key_with_the_owner_id_uses_the_meshes_of_its_device(
    connect, acme, probe, mesh, system
):
    from keys.services import firmware_key_for

    client = connect(acme.owner_id, firmware_key_for(system, device=probe))
    assert client.answer == ACCEPTED
    assert client.subscribe(mesh.topic) == 1
