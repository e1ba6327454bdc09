"""The audit log and organizations over REST: reading only."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent


@pytest.fixture
def api(api_as, alice):
    return api_as(alice)


def test_admin_reads_the_newest_event_first_with_its_place_in_the_chain(api, world):
    api.patch(world.path("devices"), {"alias": "renamed"})
    newest = api.get("audit-events/").json()["results"][0]
    assert newest["verb"] == "devices.changed"
    assert newest["target_uid"] == f"{world.device.uid}"
    event = AuditEvent.objects.get(uid=newest["uid"])
    assert (newest["hash"], newest["seq"]) == (event.hash, event.seq)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes_the_audit_log(api, world, method):
    event = AuditEvent.objects.first()
    body = {} if method != "delete" else None
    assert api.send(method, "audit-events/", body).status_code == 405
    assert api.send(method, f"audit-events/{event.uid}/", body).status_code == 405


def test_events_are_found_by_verb(api, world):
    found = api.get("audit-events/", verb="keys.deploykey_created").json()
    assert {row["verb"] for row in found["results"]} == {"keys.deploykey_created"}


def test_organizations_show_the_owner_id_that_devices_send(api, acme):
    rows = api.get("organizations/").json()["results"]
    assert {row["name"] for row in rows} == {"alice", "Acme"}
    assert api.get(f"organizations/{acme.uid}/").json()["owner_id"] == acme.owner_id
