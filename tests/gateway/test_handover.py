"""A device that changed hands learns its new owner; its former owner learns and does nothing."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from devices.handover import former_owner_note
from devices.models import Device, DeviceState, FormerOwner
from keys.models import ApiKey
from keys.services import firmware_key_for
from tests.factories.keys import make_api_key

pytestmark = pytest.mark.django_db
MAC = "5CCF7F012345"


def hand_over(device, organization):
    """Do what a transfer does to the row and its firmware key."""
    former = device.organization
    device.organization = organization
    device.save(update_fields=["organization"])
    ApiKey.objects.filter(device=device).update(organization=organization)
    former_owner_note(device=device, organization=former)


@pytest.fixture
def moved(probe, checked_in, umbrella):
    """A device that called Acme with Acme's key, and belongs to Umbrella now."""
    checked_in(mac=MAC, udid=probe.udid)
    hand_over(probe, umbrella)
    Device.objects.update(alias="a name of Umbrella's")
    return probe


def refused(said):
    return said == {"success": False, "response": "owner_found_but_no_key"}


def test_device_is_told_its_new_owner(moved, checked_in, umbrella):
    said = checked_in(mac=MAC, udid=moved.udid)
    assert said == {
        "success": True,
        "status": "OK",
        "auto_update": False,
        "owner": umbrella.owner_id,
        "alias": "probe",
        "mesh_ids": [],
        "udid": moved.udid,
        "timestamp": said["timestamp"],
    }
    assert AuditEvent.objects.filter(organization=umbrella, verb="devices.owner_told").count() == 1


def test_device_that_kept_no_udid_is_told_by_its_mac(moved, checked_in, umbrella):
    assert checked_in(mac=MAC, udid="0")["owner"] == umbrella.owner_id


def test_asking_changes_nothing(moved, checked_in):
    before = DeviceState.objects.values().get()
    checked_in(mac=MAC, udid=moved.udid, version="6.6.6", status="mine")
    assert DeviceState.objects.values().get() == before
    assert Device.objects.count() == 1


@pytest.mark.parametrize("mac", ["5CCF7F999999", "00:00:00:00:00:00", ""])
def test_udid_without_the_mac_is_no_proof(moved, register, mac):
    assert refused(register(mac=mac, udid=moved.udid)[1])
    assert Device.objects.count() == 1


def test_another_key_of_the_former_owner_is_no_proof(moved, register, acme):
    other = make_api_key(acme)[1]
    assert refused(register(header=other, mac=MAC, udid=moved.udid)[1])
    assert refused(register(header=other, mac=MAC, udid="0")[1])
    assert Device.objects.count() == 1


def test_device_that_never_called_is_told_to_nobody(probe, register, umbrella):
    hand_over(probe, umbrella)
    assert refused(register(mac=MAC, udid=probe.udid)[1])


def test_nobody_is_told_once_the_device_has_followed(moved, register):
    followed = {"last_seen_at": timezone.now(), "last_key_prefix": "deadbeef"}
    DeviceState.objects.filter(device=moved).update(**followed)
    assert refused(register(mac=MAC, udid=moved.udid)[1])
    assert Device.objects.count() == 1


def test_call_that_was_under_way_while_it_moved_is_not_taken_for_following(
    moved, checked_in, umbrella
):
    DeviceState.objects.filter(device=moved).update(last_seen_at=timezone.now())
    assert checked_in(mac=MAC, udid=moved.udid)["owner"] == umbrella.owner_id


def test_former_owner_gets_no_firmware(moved, acme, key, publish):
    publish(moved)
    for wish in ({}, {"use": "ott"}, {"forced": True}):
        sent = {"owner": acme.owner_id, "mac": MAC, "udid": moved.udid, **wish}
        response = Client().post(
            "/device/firmware",
            json.dumps(sent),
            content_type="application/json",
            headers={"Authentication": key},
        )
        assert response.content == b"no_such_device"


def test_stranger_is_not_told(moved, register, acme):
    assert register(header="f" * 64, mac=MAC, udid=moved.udid)[1] == {
        "success": False,
        "response": "owner_found_but_no_key",
    }


def test_firmware_key_goes_with_its_device(probe, checked_in, register, acme, umbrella, system):
    own = firmware_key_for(system, device=probe)
    hand_over(probe, umbrella)
    said = checked_in(header=own, mac=MAC, udid=probe.udid, version="2.0.0")
    assert (said["owner"], said["udid"]) == (umbrella.owner_id, probe.udid)
    assert DeviceState.objects.get(device=probe).version == "2.0.0"
    assert checked_in(header=own, owner=umbrella.owner_id)["owner"] == umbrella.owner_id
    # Of an owner that never had the device it opens nothing.
    assert refused(register(header=own, owner=_another_owner(system))[1])


def _another_owner(system):
    from tests.factories.accounts import OrganizationFactory

    other = OrganizationFactory(name="Third")
    make_api_key(other)
    return other.owner_id


def test_device_that_came_back_is_at_home(moved, checked_in, acme):
    hand_over(moved, acme)
    assert FormerOwner.objects.filter(organization=acme).count() == 0
    assert checked_in(mac=MAC, udid=moved.udid)["owner"] == acme.owner_id


def test_device_that_is_deleted_is_new_to_its_former_owner(moved, checked_in, acme):
    moved.delete()
    said = checked_in(mac=MAC, udid=moved.udid)
    assert (said["owner"], Device.objects.get().organization) == (acme.owner_id, acme)
