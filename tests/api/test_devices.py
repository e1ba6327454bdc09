"""Devices over REST."""

from __future__ import annotations

import pytest

from accounts.models import Organization
from audit.models import AuditEvent
from devices.models import Device
from tests.factories.builds import SourceFactory
from tests.factories.devices import DeviceFactory


@pytest.fixture
def api(api_as, alice):
    return api_as(alice)


def test_admin_adds_a_device_and_finds_it_where_the_answer_says(api, acme):
    body = {"alias": "north", "mac": "5ccf7f012345", "tags": ["glass"]}
    answer = api.post("devices/", {**body, "organization": f"{acme.uid}"})
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert shown["mac"] == "5C:CF:7F:01:23:45"
    assert shown["state"]["last_seen_at"] is None
    assert answer.headers["Location"] == shown["href"]
    assert type(answer.headers["Location"]) is str, "servers refuse subclasses in headers"
    assert api.get(shown["href"].removeprefix("http://testserver")).json() == shown


def test_device_without_an_organization_goes_home(api, alice, api_with_key, automation_key, acme):
    personal = Organization.objects.get(is_personal=True, memberships__user=alice)
    assert api.post("devices/", {"alias": "a"}).json()["organization"] == f"{personal.uid}"
    script = api_with_key(automation_key[1])
    assert script.post("devices/", {"alias": "b"}).json()["organization"] == f"{acme.uid}"


def test_adding_is_audited_with_the_credential(api_with_key, automation_key, acme):
    api_with_key(automation_key[1]).post("devices/", {"alias": "a"})
    event = AuditEvent.objects.get(organization=acme, verb="devices.created")
    assert event.actor.endswith(f"by API key {automation_key[0].prefix}")


def test_device_cannot_move_to_another_organization(api, world, alice):
    personal = Organization.objects.get(is_personal=True, memberships__user=alice)
    answer = api.patch(world.path("devices"), {"organization": f"{personal.uid}"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["organization"])
    world.device.refresh_from_db()
    assert world.device.organization_id == world.organization.pk


def test_whole_answer_can_be_sent_back_changed(api, world):
    shown = api.get(world.path("devices")).json()
    answer = api.put(world.path("devices"), {**shown, "alias": "renamed", "tags": ["a", "b"]})
    assert answer.status_code == 200, answer.content
    assert answer.json() == {**shown, "alias": "renamed", "tags": ["a", "b"]}


def test_source_of_another_organization_is_refused(api, world, alice):
    personal = Organization.objects.get(is_personal=True, memberships__user=alice)
    source = SourceFactory(organization=personal)
    answer = api.patch(world.path("devices"), {"source": f"{source.uid}"})
    assert (answer.status_code, answer.json()["code"]) == (409, "devices.foreign_source")


def test_source_that_the_caller_may_not_see_does_not_exist(api, world):
    source = SourceFactory()
    answer = api.patch(world.path("devices"), {"source": f"{source.uid}"})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["source"])


def test_second_device_with_one_mac_is_a_conflict(api, world):
    body = {"alias": "twin", "mac": world.device.mac, "organization": f"{world.organization.uid}"}
    answer = api.post("devices/", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "devices.mac_taken")
    assert "mac" in answer.json()["fields"]


def test_deleted_device_is_gone(api, world):
    assert api.delete(world.path("devices")).status_code == 204
    assert not Device.objects.filter(pk=world.device.pk).exists()


def test_list_pages_orders_searches_and_filters(api, acme):
    for alias in ("b", "zebra", "a"):
        DeviceFactory(organization=acme, alias=alias, category="glass" if alias == "b" else "")
    first = api.get("devices/", page_size=2).json()
    assert [row["alias"] for row in first["results"]] == ["a", "b"]
    assert (first["count"], first["previous"]) == (3, None)
    second = api.get(first["next"].removeprefix("http://testserver")).json()
    assert [row["alias"] for row in second["results"]] == ["zebra"]
    ordered = api.get("devices/", ordering="-alias").json()["results"]
    assert [row["alias"] for row in ordered] == ["zebra", "b", "a"]
    assert api.get("devices/", q="ZEB").json()["count"] == 1
    assert api.get("devices/", category="glass").json()["count"] == 1


def test_page_size_is_capped(api, acme):
    DeviceFactory(organization=acme)
    assert api.get("devices/", page_size=100_000).status_code == 200


def test_options_tells_the_fields_without_secrets(api, world):
    answer = api.send("options", "devices/")
    assert answer.status_code == 200
    assert "alias" in answer.json()["actions"]["POST"]
