"""What was refused leaves an event: whom, what, on which page; once a minute."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache

from audit.models import AuditEvent
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key

REFUSED = "audit.access_refused"


@pytest.fixture(autouse=True)
def fresh(db):
    cache.clear()


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme, alias="probe")


def events(verb: str = REFUSED) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(verb=verb).order_by("pk"))


def test_viewer_who_tries_to_change_a_device_is_in_its_history(in_acme, vera, device):
    answer = in_acme(vera).get(f"/devices/{device.uid}/edit/")
    assert answer.status_code == 403
    (event,) = events()
    assert event.actor == "vera@example.org"
    assert re.fullmatch("session [0-9a-f]{8}", event.credential)
    assert event.target_uid == device.uid
    assert event.organization_id == device.organization_id
    assert event.data == {"action": "change", "method": "GET", "page": "devices:device_edit"}


def test_same_refusal_is_audited_once_a_minute(in_acme, vera, device):
    client = in_acme(vera)
    for _ in range(3):
        client.get(f"/devices/{device.uid}/edit/")
    client.get(f"/devices/{device.uid}/delete/")
    assert [event.data["action"] for event in events()] == ["change", "delete"]


def test_key_that_may_not_is_named(acme, vera, device, client):
    _, secret = make_api_key(acme, user=vera, kind="automation")
    answer = client.patch(
        f"/api/v1/devices/{device.uid}/",
        {"alias": "x"},
        content_type="application/json",
        headers={"X-API-Key": secret},
    )
    assert answer.status_code == 403
    (event,) = events()
    assert event.credential == f"API key {secret[:8]}"
    assert (event.target_uid, event.data["method"]) == (device.uid, "PATCH")


def test_adding_without_the_right_is_in_the_chain_of_the_organization(in_acme, vera, acme):
    assert in_acme(vera).get("/devices/add/").status_code == 403
    (event,) = events()
    assert event.organization_id == acme.pk
    assert event.data == {"method": "GET", "page": "devices:device_add"}


def test_what_is_hidden_is_not_audited(signed_in, mallory, device):
    """404 tells an outsider nothing, and a guess at an id says nothing about an object."""
    assert signed_in(mallory).get(f"/devices/{device.uid}/edit/").status_code == 404
    assert events() == []


def test_permitted_request_leaves_nothing(in_acme, alice, device):
    assert in_acme(alice).get(f"/devices/{device.uid}/edit/").status_code == 200
    assert events() == []
