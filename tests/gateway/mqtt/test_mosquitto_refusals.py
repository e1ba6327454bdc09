"""Whom Mosquitto refused, as far as its log tells."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from audit.models import AuditEvent
from gateway.mqtt.mosquitto.refusals import REFUSED, Refusals


@pytest.fixture
def refusals(transactional_db):
    cache.clear()
    return Refusals()


def opened(peer):
    return f"1795648733: New connection from {peer} on port 1883."


def addresses():
    return list(AuditEvent.objects.filter(verb="devices.refused").values_list("address", flat=True))


def test_address_is_that_of_the_connection_which_did_not_sign_in(refusals):
    for line in (
        opened("192.0.2.1:1000"),
        "1: New client connected from 192.0.2.1:1000 as c3 (p2, c1, k60, u'u1').",
        opened("192.0.2.2:1000"),
        f"1: {REFUSED}",
    ):
        refusals.heard(line)
    assert addresses() == ["192.0.2.2"]


def test_address_is_unknown_when_it_may_be_another(refusals):
    for line in (opened("192.0.2.1:1000"), opened("192.0.2.2:1000"), REFUSED, REFUSED):
        refusals.heard(line)
    assert sorted(addresses()) == ["", "192.0.2.2"]


def test_refusal_of_the_console_itself_is_not_news(refusals):
    refusals.is_ours("127.0.0.1:1000")
    refusals.heard(opened("127.0.0.1:1000"))
    refusals.heard(REFUSED)
    assert addresses() == []


def test_one_address_leaves_one_event_a_minute(refusals):
    for port in range(3):
        refusals.heard(opened(f"192.0.2.1:{port}"))
        refusals.heard(REFUSED)
    assert addresses() == ["192.0.2.1"]
