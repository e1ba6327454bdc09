"""Who gets in: the same with every broker."""

from __future__ import annotations

import pytest

from accounts.actor import Actor
from devices.models import Device
from gateway.mqtt.service import SERVICE_USER, service_password
from keys.services import api_key_revoke, firmware_key_for
from tests.factories.keys import make_api_key
from tests.gateway.brokers.conftest import PATIENCE
from tests.gateway.mqtt.conftest import ACCEPTED, wait_for


def test_device_signs_in_the_moment_its_registration_is_answered(connect, device, acme_key):
    assert connect(device, acme_key[1]).answer == ACCEPTED


def test_owner_signs_in_with_its_owner_id(until_accepted, acme, acme_key):
    assert until_accepted(acme.owner_id, acme_key[1]).answer == ACCEPTED


def test_console_signs_in_with_its_own_password_and_hears_everybody(
    connect, until_accepted, acme, device, acme_key
):
    console = until_accepted(SERVICE_USER, service_password())
    console.subscribe("#")
    status = f"/{acme.owner_id}/{device}/status"
    connect(device, acme_key[1]).publish(status, "on")
    wait_for(lambda: (status, b"on") in console.messages, PATIENCE)


@pytest.mark.parametrize("presented", ["wrong", "empty", "digest", "foreign", "quoted"])
def test_nobody_gets_in_without_the_key_itself(
    connect, register, device, umbrella, acme_key, presented
):
    foreign = make_api_key(umbrella)[1]
    register(umbrella, foreign)
    key, secret = acme_key
    password = {
        "wrong": "0" * 64,
        "empty": "",
        "digest": key.digest,
        "foreign": foreign,
        "quoted": f"{secret}x",
    }[presented]
    assert connect(device, password).answer != ACCEPTED


def test_key_opens_no_name_of_another_owner(connect, register, umbrella, device, acme_key):
    foreign = register(umbrella, make_api_key(umbrella)[1])
    for username in (foreign, umbrella.owner_id, SERVICE_USER, "", "guest", "not-a-udid"):
        assert connect(username, acme_key[1]).answer != ACCEPTED


def test_firmware_key_opens_its_own_device_only(
    connect, register, until_accepted, acme, device, acme_key
):
    other = register(acme, acme_key[1])
    row = Device.objects.get(uid=device)
    secret = firmware_key_for(Actor.named_system("tests"), device=row)
    # The firmware that carries it says so by HTTP before it signs in.
    register(acme, secret, udid=device, mac=row.mac)
    assert until_accepted(device, secret).answer == ACCEPTED
    assert connect(other, secret).answer != ACCEPTED


def test_revoked_key_is_refused_and_its_connection_ends_but_no_other(
    connect, register, alice, acme, device, acme_key
):
    other = make_api_key(acme)
    neighbour = register(acme, other[1])
    revoked, staying = connect(device, acme_key[1]), connect(neighbour, other[1])
    assert (revoked.answer, staying.answer) == (ACCEPTED, ACCEPTED)
    api_key_revoke(Actor(user=alice), key=acme_key[0])
    wait_for(revoked.gone.is_set, PATIENCE)
    assert connect(device, acme_key[1]).answer != ACCEPTED
    assert not staying.gone.is_set()


def test_deleted_device_loses_its_connection(connect, device, acme_key):
    client = connect(device, acme_key[1])
    assert client.answer == ACCEPTED
    Device.objects.get(uid=device).delete()
    wait_for(client.gone.is_set, PATIENCE)
    assert connect(device, acme_key[1]).answer != ACCEPTED
