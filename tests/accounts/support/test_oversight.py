"""A superuser who looks into what no role of theirs reaches leaves a trace there."""

from __future__ import annotations

import pytest

from accounts.choices import Role
from audit.models import AuditEvent
from tests.factories.accounts import OrganizationFactory, join
from tests.factories.devices import DeviceFactory


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme)


def traces():
    return AuditEvent.objects.filter(verb="accounts.overseen").order_by("pk")


def test_looking_at_a_foreign_object_is_written_into_that_organization(staff, device, acme, ruth):
    assert staff.get(device.get_absolute_url()).status_code == 200
    row = traces().get()
    assert row.organization == acme
    assert row.actor == ruth.email
    assert row.data == {"method": "GET", "path": device.get_absolute_url()}


def test_looking_twice_within_a_minute_is_one_event(staff, device):
    staff.get(device.get_absolute_url())
    staff.get(device.get_absolute_url())
    assert traces().count() == 1


def test_each_organization_has_its_own(staff, device, acme, umbrella):
    other = DeviceFactory(organization=umbrella)
    staff.get(device.get_absolute_url())
    staff.get(other.get_absolute_url())
    assert {row.organization for row in traces()} == {acme, umbrella}


def test_list_of_everything_goes_to_the_installation(staff, device):
    staff.get("/devices/")
    assert traces().get().organization is None


def test_list_of_one_organization_goes_there(staff, device, acme):
    session = staff.session
    session["organization"] = f"{acme.uid}"
    session.save()
    staff.get("/devices/")
    assert traces().get().organization == acme


def test_api_counts_as_well(staff, device, acme):
    assert staff.get(f"/api/v1/devices/{device.uid}/").status_code == 200
    assert traces().get().organization == acme


def test_own_role_leaves_no_trace(staff, device, acme, ruth):
    join(ruth, acme, Role.VIEWER)
    staff.get(device.get_absolute_url())
    assert not traces().exists()


def test_role_above_leaves_no_trace(staff, ruth):
    above = OrganizationFactory(name="Holding")
    below = OrganizationFactory(name="Plant", parent=above)
    join(ruth, above, Role.VIEWER)
    staff.get(DeviceFactory(organization=below).get_absolute_url())
    assert not traces().exists()


def test_member_leaves_no_trace(signed_in, vera, device):
    signed_in(vera).get(device.get_absolute_url())
    assert not traces().exists()


def test_superuser_without_a_factor_sees_nothing_and_leaves_none(signed_in, root, device):
    assert signed_in(root).get(device.get_absolute_url()).status_code == 404
    assert not traces().exists()
