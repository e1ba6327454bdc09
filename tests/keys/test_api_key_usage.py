"""Use of keys: noted cheaply, audited from each new address, and audited when refused."""

from __future__ import annotations

import pytest

from audit.models import AuditEvent
from keys import usage
from keys.models import ApiKeyAddress
from keys.services import api_key_revoke
from keys.usage import api_key_used
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key

NEW = "keys.apikey_new_address"
REFUSED = "keys.apikey_refused"
URL = "/api/v1/devices/"


@pytest.fixture(autouse=True)
def fresh(db):
    from django.core.cache import cache

    usage._known.clear()
    usage._everywhere.clear()
    cache.clear()


@pytest.fixture
def made(acme, alice):
    return make_api_key(acme, user=alice, alias="ci", kind="automation")


def events(verb: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(verb=verb).order_by("seq"))


def test_use_is_noted_at_most_once_a_minute(made, system, django_assert_num_queries):
    key, _ = made
    api_key_used(system, key, address="127.0.0.1")
    key.refresh_from_db()
    assert key.last_used_address == "127.0.0.1"
    with django_assert_num_queries(0):
        api_key_used(system, key, address="127.0.0.1")


def test_each_new_address_is_audited_once(made, client):
    key, secret = made
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.1"):
        client.get(URL, headers={"X-API-Key": secret}, REMOTE_ADDR=address)
    first, second = events(NEW)
    assert (first.address, first.data) == ("192.0.2.1", {"first": True})
    assert (second.address, second.data) == ("192.0.2.2", {"first": False})
    assert second.target_uid == key.uid
    assert second.credential == f"API key {key.prefix}"
    assert second.organization_id == key.organization_id


def test_address_known_to_another_process_is_not_audited_again(made, system):
    key, _ = made
    api_key_used(system, key, address="192.0.2.1")
    usage._known.clear()
    api_key_used(system, key, address="192.0.2.1")
    assert len(events(NEW)) == 1


def test_key_used_from_everywhere_stops_filling_the_log(made, system, monkeypatch):
    monkeypatch.setattr(usage, "MOST_ADDRESSES", 3)
    key, _ = made
    for n in range(6):
        api_key_used(system, key, address=f"192.0.2.{n}")
    assert ApiKeyAddress.objects.filter(key=key).count() == len(events(NEW)) == 3


def test_device_that_calls_from_a_new_address_is_audited(acme, alice, client):
    device = DeviceFactory(organization=acme)
    key, secret = make_api_key(acme, user=alice, device=device)
    body = {"registration": {"mac": device.mac, "owner": acme.owner_id, "udid": device.udid}}
    client.post(
        "/device/register",
        body,
        content_type="application/json",
        headers={"Authentication": secret},
        REMOTE_ADDR="198.51.100.4",
    )
    (event,) = events(NEW)
    assert (event.address, event.target_uid) == ("198.51.100.4", key.uid)
    assert event.actor == "system: device gateway"


def test_unknown_key_is_audited_once_a_minute(made, client):
    for _ in range(3):
        answer = client.get(URL, headers={"X-API-Key": "f" * 64})
        assert answer.status_code == 401
    (event,) = events(REFUSED)
    assert (event.organization_id, event.target_uid) == (None, None)
    assert "f" * 8 not in f"{event.__dict__}"


def test_revoked_key_is_audited_in_the_chain_of_its_organization(made, client, system):
    key, secret = made
    api_key_revoke(system, key=key)
    assert client.get(URL, headers={"X-API-Key": secret}).status_code == 401
    (event,) = events(REFUSED)
    assert (event.organization_id, event.target_uid) == (key.organization_id, key.uid)
    assert event.data["reason"].endswith("revoked")
    assert event.actor == "anonymous"


def test_device_key_at_the_api_is_audited(acme, alice, client):
    key, secret = make_api_key(acme, user=alice)
    assert client.get(URL, headers={"X-API-Key": secret}).status_code == 401
    (event,) = events(REFUSED)
    assert event.target_uid == key.uid
    assert "for devices only" in event.data["reason"]


def test_without_a_cache_nothing_is_audited_and_the_answer_stays(made, client, monkeypatch):
    from audit import refusals

    class _Away:
        def add(self, *args):
            raise OSError("away")

    monkeypatch.setattr(refusals, "cache", _Away())
    assert client.get(URL, headers={"X-API-Key": "f" * 64}).status_code == 401
    assert events(REFUSED) == []
