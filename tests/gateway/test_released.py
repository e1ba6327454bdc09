"""A device that was let go of: refused where it was, welcome where it goes."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from devices.models import Device
from devices.releases.models import ReleasedDevice
from devices.releases.services import device_reclaim, device_release
from keys.services import firmware_key_for

pytestmark = pytest.mark.django_db
MAC = "5CCF7F012345"
REFUSED = {"success": False, "response": "device_released"}


@pytest.fixture
def released(system, probe, checked_in):
    checked_in(mac=MAC, udid=probe.udid)
    return device_release(system, device=probe)


@pytest.mark.parametrize("by", [{"mac": MAC}, {"mac": "5CCF7F999999"}, {"mac": ""}])
def test_released_device_does_not_come_back_as_new(register, released, by):
    answer, said = register(udid=f"{released.udid}", **by)
    assert (answer.status_code, said) == (200, REFUSED)
    assert not Device.objects.exists()


def test_released_device_is_known_by_its_mac(register, released):
    assert register(mac=MAC, udid="0")[1] == REFUSED
    assert not Device.objects.exists()


def test_call_that_was_refused_is_noted_once_a_minute(register, released):
    for _ in range(3):
        register(mac=MAC, udid=f"{released.udid}")
    assert ReleasedDevice.objects.get().called_at is not None
    assert AuditEvent.objects.filter(verb="devices.refused").count() == 1


def test_another_owner_has_the_device_by_its_first_call(
    register, released, umbrella, foreign_key, acme
):
    said = register(header=foreign_key, owner=umbrella.owner_id, mac=MAC, udid=f"{released.udid}")[
        1
    ]["registration"]
    assert said["udid"] == f"{released.udid}"
    device = Device.objects.get()
    assert (device.organization, device.uid) == (umbrella, released.udid)
    assert register(mac=MAC, udid=f"{released.udid}")[1] == REFUSED
    assert Device.objects.get().organization == umbrella


def test_device_that_was_not_released_is_not_had_by_calling(
    register, probe, umbrella, foreign_key, acme
):
    said = register(header=foreign_key, owner=umbrella.owner_id, mac=MAC, udid=probe.udid)[1]
    assert said["registration"]["udid"] != probe.udid
    assert Device.objects.get(uid=probe.udid).organization == acme


def test_firmware_key_of_a_released_device_opens_nothing(system, register, probe):
    text = firmware_key_for(system, device=probe)
    assert register(header=text, mac=MAC, udid=probe.udid)[1]["registration"]["success"]
    device_release(system, device=probe)
    said = register(header=text, mac=MAC, udid=probe.udid)[1]
    assert said["success"] is False
    assert not Device.objects.exists()


def test_reclaimed_device_checks_in_as_before(system, checked_in, released):
    device_reclaim(system, released=released)
    said = checked_in(mac=MAC, udid=f"{released.udid}")
    assert (said["status"], said["udid"], said["alias"]) == ("OK", f"{released.udid}", "probe")
    assert Device.objects.count() == 1
