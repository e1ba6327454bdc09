"""Who gets in over MQTT, and which topics are theirs."""

from __future__ import annotations

import uuid

import pytest
from django.core.cache import cache

from accounts.actor import Actor
from audit.models import AuditEvent
from gateway.mqtt.access import Principal, identify
from gateway.mqtt.service import SERVICE_USER, service_password
from keys import usage
from keys.services import api_key_revoke, firmware_key_for
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.gateway.mqtt.conftest import ACCEPTED, wait_for

OWNER = "a" * 64
REFUSED_SUBSCRIPTION = 128


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        (f"/{OWNER}/udid-1", True),
        (f"/{OWNER}/udid-1/status", True),
        (f"/{OWNER}/shared/news", True),
        (f"/{OWNER}/shared/#", True),
        (f"/{OWNER}/shared", False),
        (f"/{OWNER}/udid-1/other", False),
        (f"/{OWNER}/udid-1/#", False),
        (f"/{OWNER}/udid-2", False),
        (f"/{OWNER}/+", False),
        (f"/{OWNER}/+/status", False),
        (f"/{OWNER}/#", False),
        (f"/{'b' * 64}/udid-1", False),
        (f"{OWNER}/udid-1", False),
        ("#", False),
        ("/#", False),
        ("/+/udid-1", False),
        ("$SYS/broker/load", False),
        ("", False),
    ],
)
def test_device_may_use_its_own_and_shared_topics_only(topic, allowed):
    assert Principal(1, OWNER, "udid-1").allows(topic) is allowed


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        (f"/{OWNER}", True),
        (f"/{OWNER}/#", True),
        (f"/{OWNER}/udid-2/status", True),
        (f"/{'b' * 64}/#", False),
        ("/#", False),
        ("/+/#", False),
        ("#", False),
    ],
)
def test_owner_may_use_all_topics_below_its_id_only(topic, allowed):
    assert Principal(1, OWNER).allows(topic) is allowed


def test_what_a_filter_covers_is_exactly_what_it_names():
    for principal in (Principal(1, OWNER, "udid-1"), Principal(1, OWNER)):
        assert all(principal.allows(mine) for mine in principal.filters())


def test_console_signs_in_with_its_own_password_and_hears_everybody(connect, acme, acme_key):
    assert connect(SERVICE_USER, acme_key[1]).answer != ACCEPTED
    console = connect(SERVICE_USER, service_password())
    assert console.answer == ACCEPTED
    assert console.subscribe("#") == 1
    owner = connect(acme.owner_id, acme_key[1])
    owner.publish(f"/{acme.owner_id}/x", "hello")
    wait_for(lambda: console.messages == [(f"/{acme.owner_id}/x", b"hello")])
    owner.subscribe(f"/{acme.owner_id}/#")
    console.publish(f"/{acme.owner_id}/y", "to you")
    wait_for(lambda: (f"/{acme.owner_id}/y", b"to you") in owner.messages)


def test_organization_without_an_owner_id_is_not_the_console():
    assert not Principal(1, "").allows("/anything")
    assert not Principal(1, "").allows("#")


def test_device_connects_with_udid_and_key_and_hears_its_owner(connect, acme, probe, acme_key):
    device = connect(probe.udid, acme_key[1])
    owner = connect(acme.owner_id, acme_key[1])
    assert (device.answer, owner.answer) == (ACCEPTED, ACCEPTED)
    topic = f"/{acme.owner_id}/{probe.udid}"
    assert device.subscribe(topic) == 1
    assert owner.subscribe(f"/{acme.owner_id}/#") == 1
    owner.publish(topic, "do this")
    device.publish(f"{topic}/status", "done")
    wait_for(lambda: device.messages == [(topic, b"do this")])
    wait_for(lambda: (f"{topic}/status", b"done") in owner.messages)


def test_wrong_key_or_foreign_device_is_refused(connect, umbrella, probe, acme_key):
    foreign = DeviceFactory(organization=umbrella)
    presented = [
        (probe.udid, "0" * 64),
        (probe.udid, ""),
        (probe.udid, acme_key[0].digest),
        (foreign.udid, acme_key[1]),
        (umbrella.owner_id, acme_key[1]),
        ("", acme_key[1]),
        ("not-a-udid", acme_key[1]),
    ]
    answers = {connect(username, password).answer for username, password in presented}
    assert ACCEPTED not in answers


def test_firmware_key_opens_its_own_device_only(connect, acme, probe):
    other = DeviceFactory(organization=acme)
    secret = firmware_key_for(Actor.named_system("tests"), device=probe)
    assert connect(probe.udid, secret).answer == ACCEPTED
    assert connect(other.udid, secret).answer != ACCEPTED
    as_owner = connect(acme.owner_id, secret)
    assert as_owner.answer == ACCEPTED
    assert as_owner.subscribe(f"/{acme.owner_id}/#") == REFUSED_SUBSCRIPTION
    assert as_owner.subscribe(f"/{acme.owner_id}/{probe.udid}") == 1


def test_device_neither_reads_nor_writes_its_neighbour(connect, acme, probe, acme_key):
    neighbour = DeviceFactory(organization=acme)
    topic = f"/{acme.owner_id}/{neighbour.udid}"
    victim = connect(neighbour.udid, acme_key[1])
    victim.subscribe(topic)
    device = connect(probe.udid, acme_key[1])
    assert device.subscribe(topic) == REFUSED_SUBSCRIPTION
    assert device.subscribe(f"/{acme.owner_id}/+") == REFUSED_SUBSCRIPTION
    device.publish(topic, "forged")
    connect(acme.owner_id, acme_key[1]).publish(topic, "genuine")
    wait_for(lambda: victim.messages)
    assert victim.messages == [(topic, b"genuine")]


def test_will_outside_the_device_is_refused_and_inside_is_told(connect, acme, probe, acme_key):
    status = f"/{acme.owner_id}/{probe.udid}/status"
    foreign = connect(probe.udid, acme_key[1], will=(f"/{'b' * 64}/x", "boo"))
    assert foreign.answer != ACCEPTED
    owner = connect(acme.owner_id, acme_key[1])
    owner.subscribe(f"/{acme.owner_id}/#")
    connect(probe.udid, acme_key[1], will=(status, "gone")).vanish()
    wait_for(lambda: owner.messages == [(status, b"gone")])


def test_same_client_id_of_another_tenant_disturbs_nobody(connect, acme, umbrella, probe, acme_key):
    topic = f"/{acme.owner_id}/{probe.udid}"
    device = connect(probe.udid, acme_key[1], client_id="5CCF7F000001", clean_session=False)
    device.subscribe(topic)
    _, foreign_key = make_api_key(umbrella)
    stranger = connect(
        umbrella.owner_id, foreign_key, client_id="5CCF7F000001", clean_session=False
    )
    assert connect(probe.udid, "0" * 64, client_id="5CCF7F000001").answer != ACCEPTED
    connect(acme.owner_id, acme_key[1]).publish(topic, "still here")
    wait_for(lambda: device.messages == [(topic, b"still here")])
    assert stranger.messages == []


def test_retained_message_reaches_only_who_may_read_it(connect, acme, umbrella, probe, acme_key):
    topic = f"/{acme.owner_id}/{probe.udid}/status"
    connect(probe.udid, acme_key[1]).publish(topic, "connected", retain=True)
    owner = connect(acme.owner_id, acme_key[1])
    owner.subscribe(f"/{acme.owner_id}/#")
    wait_for(lambda: owner.messages == [(topic, b"connected")])
    _, foreign_key = make_api_key(umbrella)
    stranger = connect(umbrella.owner_id, foreign_key)
    stranger.subscribe(f"/{umbrella.owner_id}/#")
    stranger.publish(f"/{umbrella.owner_id}/shared/x", "mine")
    wait_for(lambda: stranger.messages)
    assert stranger.messages == [(f"/{umbrella.owner_id}/shared/x", b"mine")]


def test_revoked_key_ends_the_connection_within_seconds(connect, alice, acme, probe, acme_key):
    revoked = connect(probe.udid, acme_key[1])
    _, other = make_api_key(acme)
    staying = connect(probe.udid, other)
    api_key_revoke(Actor(user=alice), key=acme_key[0])
    wait_for(revoked.gone.is_set)
    assert not staying.gone.is_set()


def test_deleted_device_loses_its_connection(connect, probe, acme_key):
    device = connect(probe.udid, acme_key[1])
    probe.delete()
    wait_for(device.gone.is_set)


def test_wrong_key_and_first_use_are_audited(connect, acme, probe, acme_key):
    cache.clear()
    usage._known.clear()
    key, secret = acme_key
    for _ in range(2):
        assert connect(probe.udid, "f" * 64).answer != ACCEPTED
        assert connect(acme.owner_id, secret).answer == ACCEPTED
    refused = AuditEvent.objects.get(verb="devices.refused")
    assert (refused.organization_id, refused.address) == (acme.pk, "127.0.0.1")
    first = AuditEvent.objects.get(verb="keys.apikey_new_address")
    assert (first.target_uid, first.address) == (key.uid, "127.0.0.1")


@pytest.mark.parametrize("username", ["", "nobody", "f" * 64, "a\x00b", f"{uuid.UUID(int=9)}"])
def test_stranger_is_audited_with_the_installation(transactional_db, username):
    cache.clear()
    assert identify(username, "f" * 64, address="192.0.2.9") is None
    event = AuditEvent.objects.get(verb="devices.refused")
    assert (event.organization_id, event.address) == (None, "192.0.2.9")
