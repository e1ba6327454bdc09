from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from audit.models import AuditEvent
from core.exceptions import Conflict, DomainError
from devices import services
from devices.models import Device, DeviceState
from devices.reports import DeviceReport
from devices.services import device_create, device_delete, device_edit, device_report
from keys.models import ApiKey
from keys.services import firmware_key_for
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory

pytestmark = pytest.mark.django_db


def test_created_device_has_a_state_and_an_audit_event(alice, acme, act):
    device = device_create(act(alice), organization=acme, alias="pump", mac="5ccf7f012345")
    assert device.mac == "5C:CF:7F:01:23:45"
    assert DeviceState.objects.get(device=device).last_seen_at is None
    event = AuditEvent.objects.get(verb="devices.created")
    assert (event.actor, event.target_uid) == (alice.email, device.uid)


def test_created_device_without_mac_is_fine_twice(alice, acme, act):
    for alias in ("one", "two"):
        device_create(act(alice), organization=acme, alias=alias)
    assert Device.objects.count() == 2


def test_create_with_a_taken_mac_is_a_conflict(alice, acme, act):
    DeviceFactory(organization=acme, mac="5C:CF:7F:01:23:45")
    with pytest.raises(Conflict) as refusal:
        device_create(act(alice), organization=acme, alias="x", mac="5CCF7F012345")
    assert refusal.value.code == "devices.mac_taken"
    assert "mac" in refusal.value.fields


def test_same_mac_in_another_organization_is_fine(alice, acme, umbrella, act):
    DeviceFactory(organization=umbrella, mac="5C:CF:7F:01:23:45")
    assert device_create(act(alice), organization=acme, alias="x", mac="5CCF7F012345").pk


def test_create_with_a_bad_mac_is_refused(alice, acme, act):
    with pytest.raises(DomainError) as refusal:
        device_create(act(alice), organization=acme, alias="x", mac="<b>")
    assert refusal.value.code == "devices.mac_invalid"


def test_create_with_a_foreign_source_is_refused(alice, acme, umbrella, act):
    source = SourceFactory(organization=umbrella)
    with pytest.raises(Conflict) as refusal:
        device_create(act(alice), organization=acme, alias="x", source=source)
    assert refusal.value.code == "devices.foreign_source"


def test_create_without_a_name_is_invalid(alice, acme, act):
    with pytest.raises(ValidationError):
        device_create(act(alice), organization=acme, alias="")


def test_edit_writes_and_audits_only_what_changed(alice, acme, act):
    device = DeviceFactory(organization=acme, alias="old")
    device_edit(act(alice), device=device, alias="old")
    assert not AuditEvent.objects.filter(verb="devices.changed").exists()
    device_edit(act(alice), device=device, alias="new", auto_update=True)
    device.refresh_from_db()
    assert (device.alias, device.auto_update) == ("new", True)
    event = AuditEvent.objects.get(verb="devices.changed")
    assert event.data["changes"] == {
        "alias": {"before": "old", "after": "new"},
        "auto_update": {"before": False, "after": True},
    }


def test_edit_of_a_form_instance_is_noticed(alice, acme, act):
    device = DeviceFactory(organization=acme, alias="old")
    device.alias = "new"
    device_edit(act(alice), device=device, alias="new")
    device.refresh_from_db()
    assert device.alias == "new"
    assert AuditEvent.objects.filter(verb="devices.changed").exists()


def test_edit_of_an_unknown_field_is_a_mistake(alice, acme, act):
    with pytest.raises(TypeError):
        device_edit(act(alice), device=DeviceFactory(organization=acme), organization=acme)


def test_delete_takes_the_firmware_key_along(alice, acme, act, system):
    device = DeviceFactory(organization=acme)
    firmware_key_for(system, device=device)
    device_delete(act(alice), device=device)
    assert not Device.objects.exists()
    assert not ApiKey.objects.exists()
    assert AuditEvent.objects.filter(verb="devices.deleted").exists()


def test_report_of_a_changed_mac_that_another_device_has_keeps_both(acme, system):
    one = DeviceFactory(organization=acme, mac="5C:CF:7F:00:00:01")
    two = DeviceFactory(organization=acme, mac="5C:CF:7F:00:00:02")
    device_report(system, organization=acme, report=DeviceReport(udid=one.uid, mac=two.mac))
    one.refresh_from_db()
    assert one.mac == "5C:CF:7F:00:00:01"


def test_report_that_lost_the_race_checks_in(acme, system, monkeypatch):
    report = DeviceReport(udid=uuid.uuid4(), mac="5C:CF:7F:00:00:01", version="1.0.0")
    real = services._register

    def second(*args):
        real(*args)
        raise IntegrityError("somebody was faster")

    monkeypatch.setattr(services, "_register", second)
    done = device_report(system, organization=acme, report=report)
    assert not done.is_new
    assert Device.objects.count() == 1


def test_report_with_a_udid_that_exists_elsewhere_gets_another(acme, umbrella, system):
    foreign = DeviceFactory(organization=umbrella)
    report = DeviceReport(udid=foreign.uid)
    done = device_report(system, organization=acme, report=report)
    assert done.is_new
    assert done.device.uid != foreign.uid


def test_report_broadcasts_to_the_device_and_the_organization(acme, system, monkeypatch):
    told = []
    monkeypatch.setattr("core.jobs.tell_groups", told.extend)
    device = DeviceFactory(organization=acme)
    from django.test import TestCase

    with TestCase.captureOnCommitCallbacks(execute=True):
        device_report(system, organization=acme, report=DeviceReport(udid=device.uid))
    assert {group for group, _ in told} == {f"org.{acme.uid}", f"device.{device.uid}"}
    assert told[0][1]["uid"] == f"{device.uid}"
