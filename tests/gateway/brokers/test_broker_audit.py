"""Refusals leave an event, whichever broker refused."""

from __future__ import annotations

from audit.models import AuditEvent
from tests.gateway.brokers.conftest import PATIENCE
from tests.gateway.mqtt.conftest import ACCEPTED, wait_for


def test_wrong_key_is_audited_once_a_minute(
    broker, connect, until_accepted, acme, device, acme_key
):
    until_accepted(device, acme_key[1])
    before = AuditEvent.objects.filter(verb="devices.refused").count()
    for _ in range(2):
        assert connect(device, "f" * 64).answer != ACCEPTED
    refused = AuditEvent.objects.filter(verb="devices.refused")
    wait_for(lambda: refused.count() > before, PATIENCE)
    connect(device, "f" * 64)
    assert refused.count() == before + 1
    event = refused.latest("pk")
    # Each broker tells what it knows: RabbitMQ no address, Mosquitto no name.
    assert event.address == ("" if broker.name == "rabbitmq" else "127.0.0.1")
    assert event.organization_id == (None if broker.name == "mosquitto" else acme.pk)
