"""Meshes: made, renamed, joined, left, deleted; what a device is told of them."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ValidationError

from audit.models import AuditEvent
from core.exceptions import Conflict
from devices import mesh_services as services
from devices.constants import MAX_MESHES
from devices.models import Device, Mesh, MeshMember
from devices.reports import DeviceReport
from devices.services import device_delete, device_report
from tests.factories.devices import DeviceFactory, MeshFactory


@pytest.fixture
def mesh(system, acme):
    return services.mesh_create(system, organization=acme, mesh_id="greenhouse-1")


@pytest.fixture
def pump(acme):
    return DeviceFactory(organization=acme, alias="pump")


def ids_of(device) -> list[str]:
    return Device.objects.get(pk=device.pk).mesh_ids


def test_mesh_without_a_name_is_called_by_its_id_and_audited(mesh, acme):
    assert (mesh.alias, mesh.topic) == ("greenhouse-1", f"/{acme.owner_id}/greenhouse-1")
    event = AuditEvent.objects.get(verb="devices.mesh_created")
    assert (event.organization, event.data["mesh_id"]) == (acme, "greenhouse-1")


def test_mesh_without_an_id_gets_a_random_one(system, acme):
    mesh = services.mesh_create(system, organization=acme, alias="Pumps")
    assert uuid.UUID(mesh.mesh_id).version == 4


@pytest.mark.parametrize(
    "text", ["a/b", "+", "#", "a#", "$SYS", ".", "-x", "a b", "a.b", "é", "a\n", "a\0", "x" * 65]
)
def test_id_that_is_no_level_of_a_topic_is_refused(system, acme, text):
    with pytest.raises(ValidationError):
        services.mesh_create(system, organization=acme, mesh_id=text)
    assert not Mesh.objects.exists()


@pytest.mark.parametrize("text", ["shared", "Shared", "greenhouse-1"])
def test_id_that_is_taken_is_refused(system, acme, mesh, text):
    with pytest.raises(Conflict) as refused:
        services.mesh_create(system, organization=acme, mesh_id=text)
    assert refused.value.code == "devices.mesh_id_taken"
    assert "mesh_id" in refused.value.fields


def test_another_organization_may_use_the_same_id(system, umbrella, mesh):
    assert services.mesh_create(system, organization=umbrella, mesh_id=mesh.mesh_id).pk != mesh.pk


@pytest.mark.parametrize("form", ["{}", "{:X}"])
def test_id_that_is_the_udid_of_a_device_here_is_refused(system, acme, umbrella, pump, form):
    text = pump.udid if form == "{}" else pump.udid.upper()
    with pytest.raises(Conflict):
        services.mesh_create(system, organization=acme, mesh_id=text)
    assert services.mesh_create(system, organization=umbrella, mesh_id=text)


def test_new_device_does_not_get_the_id_of_a_mesh_as_its_udid(system, acme):
    mesh = services.mesh_create(system, organization=acme)
    udid = uuid.UUID(mesh.mesh_id)
    done = device_report(system, organization=acme, report=DeviceReport(udid=udid))
    assert done.is_new
    assert done.device.uid != udid


def test_name_changes_and_the_id_never(system, mesh):
    services.mesh_edit(system, mesh=mesh, alias="Greenhouse", description="north side")
    event = AuditEvent.objects.get(verb="devices.mesh_changed")
    assert event.data["changes"]["alias"] == {"before": "greenhouse-1", "after": "Greenhouse"}
    with pytest.raises(TypeError):
        services.mesh_edit(system, mesh=mesh, mesh_id="other")


def test_device_joins_is_audited_and_told_in_order(system, acme, mesh, pump):
    early = services.mesh_create(system, organization=acme, mesh_id="attic")
    assert services.mesh_attach(system, mesh=mesh, device=pump)
    assert services.mesh_attach(system, mesh=early, device=pump)
    assert ids_of(pump) == pump.mesh_ids == ["attic", "greenhouse-1"]
    event = AuditEvent.objects.filter(verb="devices.mesh_attached").earliest("pk")
    assert (event.target_uid, event.data["mesh_id"]) == (pump.uid, "greenhouse-1")


def test_joining_twice_changes_and_records_nothing(system, mesh, pump):
    assert services.mesh_attach(system, mesh=mesh, device=pump)
    assert not services.mesh_attach(system, mesh=mesh, device=pump)
    assert MeshMember.objects.count() == 1
    assert AuditEvent.objects.filter(verb="devices.mesh_attached").count() == 1


def test_device_of_another_organization_does_not_join(system, umbrella, mesh):
    foreign = DeviceFactory(organization=umbrella)
    with pytest.raises(Conflict) as refused:
        services.mesh_attach(system, mesh=mesh, device=foreign)
    assert refused.value.code == "devices.foreign_mesh"
    assert ids_of(foreign) == []


def test_device_joins_only_so_many(system, acme, mesh, pump):
    others = MeshFactory.create_batch(MAX_MESHES, organization=acme)
    MeshMember.objects.bulk_create(MeshMember(mesh=m, device=pump) for m in others)
    with pytest.raises(Conflict) as refused:
        services.mesh_attach(system, mesh=mesh, device=pump)
    assert refused.value.code == "devices.too_many_meshes"


def test_device_leaves_and_is_audited(system, mesh, pump):
    services.mesh_attach(system, mesh=mesh, device=pump)
    assert services.mesh_detach(system, mesh=mesh, device=pump)
    assert ids_of(pump) == pump.mesh_ids == []
    assert not services.mesh_detach(system, mesh=mesh, device=pump)
    assert AuditEvent.objects.filter(verb="devices.mesh_detached").count() == 1


def test_deleted_mesh_leaves_its_devices_with_their_other_meshes(system, acme, mesh):
    other = services.mesh_create(system, organization=acme, mesh_id="attic")
    devices = DeviceFactory.create_batch(3, organization=acme)
    for device in devices:
        services.mesh_attach(system, mesh=mesh, device=device)
    services.mesh_attach(system, mesh=other, device=devices[0])
    services.mesh_delete(system, mesh=mesh)
    assert [ids_of(device) for device in devices] == [["attic"], [], []]
    assert AuditEvent.objects.get(verb="devices.mesh_deleted").data["devices"] == 3


def test_deleting_a_mesh_costs_no_query_for_each_device(
    system, acme, mesh, django_assert_max_num_queries
):
    devices = DeviceFactory.create_batch(30, organization=acme)
    MeshMember.objects.bulk_create(MeshMember(mesh=mesh, device=d) for d in devices)
    Device.objects.update(mesh_ids=[mesh.mesh_id])
    with django_assert_max_num_queries(25):
        services.mesh_delete(system, mesh=mesh)
    assert not Device.objects.exclude(mesh_ids=[]).exists()


def test_deleted_device_leaves_the_mesh(system, mesh, pump):
    services.mesh_attach(system, mesh=mesh, device=pump)
    device_delete(system, device=pump)
    assert not mesh.members.exists()


def test_choice_for_one_device_leaves_meshes_outside_the_choice(system, acme, mesh, pump):
    hidden = services.mesh_create(system, organization=acme, mesh_id="hidden")
    new = services.mesh_create(system, organization=acme, mesh_id="new")
    for one in (mesh, hidden):
        services.mesh_attach(system, mesh=one, device=pump)
    services.device_set_meshes(system, device=pump, meshes=[new], among=[mesh, new])
    assert ids_of(pump) == ["hidden", "new"]
