"""What is written for Mosquitto: names, what their passwords are checked by, and topics."""

from __future__ import annotations

import base64
import hashlib

import pytest
from django.utils import timezone

from accounts.actor import Actor
from devices.mesh_services import mesh_attach, mesh_create, mesh_detach
from gateway.callers import caller_of
from gateway.mqtt.mosquitto import files
from keys.models import ApiKey
from keys.services import api_key_revoke, firmware_key_for
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key


def by_name() -> dict[str, files.Entry]:
    return {entry.username: entry for entry in files.entries()}


def opens(entry: files.Entry, secret: str) -> bool:
    """Check a password as Mosquitto does."""
    _, kind, rounds, salt, wanted = entry.digest.split("$")
    assert (kind, rounds) == ("7", "101")
    found = hashlib.pbkdf2_hmac("sha512", secret.encode(), base64.b64decode(salt), 101, 64)
    return base64.b64encode(found).decode() == wanted


@pytest.fixture
def present():
    """Have a device present a key, as a check-in stores it."""

    def presented(device, key):
        device.state.last_key_prefix = key.prefix
        device.state.save()

    return presented


def test_device_has_the_password_it_presented_last(acme, probe, acme_key, present):
    present(probe, acme_key[0])
    assert opens(by_name()[probe.udid], acme_key[1])
    other, secret = make_api_key(acme)
    before = files.fingerprint()
    present(probe, other)
    assert opens(by_name()[probe.udid], secret)
    assert files.fingerprint() != before


def test_device_that_presented_nothing_or_a_dead_key_has_no_entry(
    acme, alice, probe, acme_key, present
):
    assert set(by_name()) == {acme.owner_id}
    present(probe, acme_key[0])
    before = files.fingerprint()
    api_key_revoke(Actor(user=alice), key=acme_key[0])
    assert by_name() == {}
    assert files.fingerprint() != before


@pytest.mark.parametrize("end", ["expired", "inactive"])
def test_key_that_is_over_has_no_entry(acme, probe, acme_key, present, end):
    present(probe, acme_key[0])
    if end == "expired":
        ApiKey.objects.update(expires_at=timezone.now())
    else:
        acme.is_active = False
        acme.save()
    assert by_name() == {}


def test_firmware_key_opens_its_device_and_not_the_owner(acme, probe, present):
    secret = firmware_key_for(Actor.named_system("tests"), device=probe)
    key, neighbour = ApiKey.objects.get(), DeviceFactory(organization=acme)
    present(probe, key)
    present(neighbour, key)
    assert set(by_name()) == {probe.udid}
    assert opens(by_name()[probe.udid], secret)


def test_owner_has_the_default_key_else_the_oldest(acme, alice):
    _, first = make_api_key(acme)
    make_api_key(acme)
    assert opens(by_name()[acme.owner_id], first)
    _, default = make_api_key(acme, alias=files.DEFAULT_KEY)
    assert opens(by_name()[acme.owner_id], default)
    api_key_revoke(Actor(user=alice), key=ApiKey.objects.get(alias=files.DEFAULT_KEY))
    assert opens(by_name()[acme.owner_id], first)


def test_one_owners_devices_are_patterns_and_two_owners_are_names(
    acme, umbrella, probe, acme_key, present
):
    present(probe, acme_key[0])
    acl = files.acl_file(files.entries())
    assert probe.udid not in acl
    assert f"pattern readwrite /{acme.owner_id}/%u\n" in acl
    assert f"pattern readwrite /{acme.owner_id}/%u/status\n" in acl
    make_api_key(umbrella)
    acl = files.acl_file(files.entries())
    assert "pattern" not in acl
    assert f"user {probe.udid}\ntopic readwrite /{acme.owner_id}/{probe.udid}\n" in acl


def test_change_of_owner_is_noticed(acme, umbrella, probe, acme_key, present):
    present(probe, acme_key[0])
    before = files.fingerprint()
    probe.organization = umbrella
    probe.save()
    assert files.fingerprint() != before
    assert probe.udid not in by_name()


def test_topics_of_meshes_are_written_and_each_change_is_noticed(
    acme, probe, acme_key, present, system
):
    present(probe, acme_key[0])
    seen = [files.fingerprint()]
    mesh = mesh_create(system, organization=acme, mesh_id="attic")
    mesh_attach(system, mesh=mesh, device=probe)
    seen.append(files.fingerprint())
    topics = f"user {probe.udid}\ntopic readwrite /{acme.owner_id}/{probe.udid}\n"
    acl = files.acl_file(files.entries())
    assert topics in acl
    assert f"topic readwrite {mesh.topic}\n" in acl
    mesh_detach(system, mesh=mesh, device=probe)
    seen.append(files.fingerprint())
    assert mesh.topic not in files.acl_file(files.entries())
    mesh_attach(system, mesh=mesh, device=DeviceFactory(organization=acme))
    seen.append(files.fingerprint())
    assert len({*seen[:2], seen[3]}) == 3
    assert seen[1] != seen[2]


def test_looking_costs_the_same_with_more_devices(
    acme, probe, acme_key, present, django_assert_num_queries
):
    for _ in range(2):
        with django_assert_num_queries(5):
            files.fingerprint()
        with django_assert_num_queries(2):
            files.entries()
        present(DeviceFactory(organization=acme), acme_key[0])


def test_key_of_before_is_known_once_it_is_presented(acme, acme_key):
    key, secret = acme_key
    ApiKey.objects.update(mqtt_digest="")
    assert by_name() == {}
    who = {"owner": acme.owner_id, "owner_sent": acme.owner_id, "address": "192.0.2.1"}
    caller_of(key.digest, **who)
    assert by_name() == {}
    caller_of(secret, **who)
    assert opens(by_name()[acme.owner_id], secret)
