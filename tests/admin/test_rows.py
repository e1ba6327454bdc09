"""Rows in the Django admin: seen by the one rule, changed on the record."""

from __future__ import annotations

import time

import pytest
from django.urls import reverse

from accounts.choices import Role
from accounts.models import RememberedBrowser, User
from audit.models import AuditEvent
from tests.factories.accounts import join
from tests.factories.devices import DeviceFactory


def page(row, verb="change") -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_{verb}"
    return reverse(name, kwargs={"uid": row.uid})


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme, alias="Boiler")


@pytest.fixture
def hidden(umbrella):
    return DeviceFactory(organization=umbrella, alias="Hidden")


def save(client, row, **values):
    return client.post(page(row), {**values, "_save": "Save"})


def test_superuser_sees_every_row(staff, device, hidden):
    answer = staff.get("/admin/devices/device/")
    assert "Boiler" in answer.text
    assert "Hidden" in answer.text


def test_staff_see_what_their_roles_reach(verified, steve, acme, device, hidden):
    join(steve, acme, Role.VIEWER)
    client = verified(steve)
    answer = client.get("/admin/devices/device/")
    assert "Boiler" in answer.text
    assert "Hidden" not in answer.text
    assert client.get(page(device)).status_code == 200
    assert client.get(page(hidden)).status_code == 404


def test_staff_do_not_see_people(verified, steve, alice):
    client = verified(steve)
    assert client.get("/admin/accounts/user/").status_code == 404
    assert client.get(page(alice)).status_code == 404


def test_viewer_changes_nothing(verified, steve, acme, device):
    join(steve, acme, Role.VIEWER)
    assert save(verified(steve), device, description="x").status_code == 403
    device.refresh_from_db()
    assert device.description == ""


def test_operator_changes_what_is_editable_and_it_is_audited(verified, steve, acme, device):
    join(steve, acme, Role.OPERATOR)
    answer = save(verified(steve), device, description="In the cellar", category="", alias="No")
    assert answer.status_code == 302
    device.refresh_from_db()
    assert (device.description, device.alias) == ("In the cellar", "Boiler")
    row = AuditEvent.objects.get(verb="accounts.admin_changed")
    assert row.actor == steve.email
    assert row.organization == acme
    assert row.target_uid == device.uid
    assert row.data["changes"] == {"description": {"before": "", "after": "In the cellar"}}


def test_saving_nothing_new_is_not_audited(staff, device):
    save(staff, device, description=device.description, category=device.category)
    assert not AuditEvent.objects.filter(verb="accounts.admin_changed").exists()


def test_page_that_changes_asks_for_a_recent_proof(staff, device):
    session = staff.session
    session["proved_at"] = time.time() - 16 * 60
    session.save()
    assert "/accounts/sudo/" in staff.get(page(device)).headers["Location"]
    assert "/accounts/sudo/" in save(staff, device, description="x").headers["Location"]


def test_superuser_makes_somebody_staff(staff, alice):
    save(staff, alice, first_name="Alice", last_name="", is_staff="on")
    alice.refresh_from_db()
    assert alice.is_staff
    row = AuditEvent.objects.get(verb="accounts.admin_changed")
    assert row.data["changes"]["is_staff"] == {"before": False, "after": True}


def test_nobody_changes_their_own_standing(staff, ruth):
    assert save(staff, ruth, first_name="Ruth", is_staff="on").status_code == 403
    ruth.refresh_from_db()
    assert ruth.is_superuser
    assert ruth.first_name == ""


def test_builds_and_audit_are_read_only(staff, device, acme):
    event = AuditEvent.objects.first()
    assert staff.get(page(event)).status_code == 200
    assert save(staff, event, verb="x").status_code == 403


def test_deleting_a_row_is_audited_with_what_it_was(staff, alice):
    browser = RememberedBrowser.objects.create(
        user=alice, digest="f" * 64, factor="x/1", address="192.0.2.1", expires_at=alice.date_joined
    )
    assert staff.get(page(browser, "delete")).status_code == 200
    staff.post(page(browser, "delete"), {"post": "yes"})
    assert not RememberedBrowser.objects.exists()
    row = AuditEvent.objects.get(verb="accounts.admin_deleted")
    assert row.data["changes"]["address"] == {"before": "192.0.2.1", "after": None}
    assert "f" * 64 not in f"{row.data}"


def test_no_address_holds_an_integer_key(staff, device, alice):
    for address in ("/admin/devices/device/", "/admin/accounts/user/"):
        assert f"/{device.pk}/change/" not in staff.get(address).text
    assert staff.get(f"/admin/devices/device/{device.pk}/change/").status_code == 404
    assert f"/admin/devices/device/{device.uid}/" in staff.get("/admin/devices/device/").text


def test_foreign_row_opened_by_a_superuser_is_overseen(staff, device, acme):
    staff.get(page(device))
    assert AuditEvent.objects.get(verb="accounts.overseen", organization=acme)


def test_row_that_is_gone_is_not_found(staff):
    user = User(email="x@example.org")
    assert staff.get(page(user)).status_code == 404
