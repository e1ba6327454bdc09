"""API keys: made once, found by equality, ended for good."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from keys.models import ApiKey
from keys.selectors import api_key_authenticate
from keys.services import (
    api_key_revoke,
    firmware_key_for,
    key_digest,
)
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key


@pytest.fixture
def made(acme):
    return make_api_key(acme)


def test_key_is_64_hex_and_stored_as_digest_only(made):
    key, secret = made
    assert len(secret) == 64
    stored = ApiKey.objects.get(pk=key.pk)
    assert stored.digest == key_digest(secret)
    assert stored.prefix == secret[:8]
    assert not stored.sealed_key
    assert secret not in str(stored.__dict__)


def test_key_opens_and_its_digest_only_where_asked(made):
    key, secret = made
    assert api_key_authenticate(secret) == key
    assert api_key_authenticate(f'"{secret}"') == key
    assert api_key_authenticate(key_digest(secret)) is None
    assert api_key_authenticate(key_digest(secret), digest_accepted=True) == key


@pytest.mark.parametrize("wrong", ["", "x", "0" * 63, "0" * 64, "g" * 64, "\x00" * 64, "é" * 64])
def test_wrong_text_opens_nothing(made, wrong):
    assert api_key_authenticate(wrong, digest_accepted=True) is None


def test_part_of_a_key_opens_nothing(made):
    _, secret = made
    for part in (secret[:32], secret[1:], secret[:-1], secret + "0"):
        assert api_key_authenticate(part, digest_accepted=True) is None


def test_text_that_is_no_key_costs_no_query(made, django_assert_num_queries):
    with django_assert_num_queries(0):
        api_key_authenticate("junk" * 1000)


def test_revoked_key_opens_nothing_at_once(made, system):
    key, secret = made
    api_key_revoke(system, key=key)
    assert api_key_authenticate(secret) is None


def test_revoking_twice_writes_one_event(made, system):
    key, _ = made
    api_key_revoke(system, key=key)
    api_key_revoke(system, key=key)
    assert AuditEvent.objects.filter(verb="keys.apikey_revoked").count() == 1


def test_expired_key_opens_nothing(acme):
    past = timezone.now() - dt.timedelta(seconds=1)
    _, secret = make_api_key(acme, expires_at=past)
    assert api_key_authenticate(secret) is None


def test_firmware_key_is_the_same_for_each_build_of_a_device(acme, system):
    device = DeviceFactory(organization=acme)
    first = firmware_key_for(system, device=device)
    assert firmware_key_for(system, device=device) == first
    assert api_key_authenticate(first).device == device


def test_revoked_firmware_key_is_replaced_by_the_next_build(acme, system):
    device = DeviceFactory(organization=acme)
    first = firmware_key_for(system, device=device)
    api_key_revoke(system, key=ApiKey.objects.get(device=device))
    second = firmware_key_for(system, device=device)
    assert second != first
    assert api_key_authenticate(first) is None
