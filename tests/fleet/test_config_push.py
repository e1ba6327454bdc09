"""Configuration goes to one device, once, and is seen."""

from __future__ import annotations

import json
import threading

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from core.exceptions import Conflict
from fleet.models import ConfigPush, ConfigReceipt
from fleet.pushes.choices import Channel, ReceiptState
from fleet.pushes.services import (
    config_push_sent,
    config_push_start,
    config_push_withdraw,
    config_pushes_expire,
)
from gateway.configuring import configuration_publish, configuration_seen
from gateway.fast.calls import read_call
from gateway.fast.statements import store
from messaging.models import DeviceMessage, Publication
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_push
from tests.factories.keys import make_api_key
from tests.factories.messaging import DeviceMessageFactory

SECRET = "canary-5b1f-push"


@pytest.fixture
def probe(acme):
    return DeviceFactory(organization=acme, alias="probe", platform="python")


@pytest.fixture
def key(acme):
    return make_api_key(acme)[1]


@pytest.fixture
def call(client, acme, key):
    """Check a device in over HTTP; return the text of the answer."""

    def send(device, **fields):
        sent = {"owner": acme.owner_id, "udid": device.udid, **fields}
        answer = client.post(
            "/device/register",
            json.dumps({"registration": sent}),
            content_type="application/json",
            headers={"Authentication": key},
        )
        assert answer.status_code == 200
        return answer.content

    return send


def verbs() -> list[str]:
    rows = AuditEvent.objects.filter(verb__startswith="fleet.").order_by("pk")
    return list(rows.values_list("verb", flat=True))


def test_device_is_given_its_configuration_once_and_then_has_seen_it(probe, call):
    receipt = make_push(probe, {"EVERY": "60"})
    first = json.loads(call(probe))
    assert first["configuration"] == {"EVERY": "60"}
    assert first["registration"]["success"] is True
    receipt.refresh_from_db()
    assert (receipt.state, receipt.channel) == (ReceiptState.SENT, Channel.HTTP)
    assert "configuration" not in json.loads(call(probe))
    receipt.refresh_from_db()
    assert receipt.state == ReceiptState.SEEN
    assert receipt.queued_at <= receipt.sent_at <= receipt.seen_at
    assert "configuration" not in json.loads(call(probe))
    assert verbs() == [
        "fleet.configuration_pushed",
        "fleet.configuration_sent",
        "fleet.configuration_seen",
    ]


@pytest.mark.parametrize("platform", ["arduino:esp8266", "platformio:esp32"])
def test_cplusplus_libraries_get_the_configuration_alone(acme, call, platform):
    device = DeviceFactory(organization=acme, platform=platform)
    make_push(device, {"A": "x}}y"})
    text = call(device)
    assert text.startswith(b'{"configuration"')
    assert text.index(b"}}") == len(text) - 2
    assert len(text) < 500


def test_another_device_gets_nothing(acme, probe, call):
    make_push(probe)
    assert "configuration" not in json.loads(call(DeviceFactory(organization=acme)))


def test_device_for_which_something_waits_takes_the_way_of_the_services(acme, probe, key, system):
    body = json.dumps({"registration": {"owner": acme.owner_id, "udid": probe.udid}}).encode()
    ordinary = read_call(key, body, "192.0.2.1")
    assert store([ordinary], timezone.now())
    receipt = make_push(probe)
    assert not store([ordinary], timezone.now())
    config_push_withdraw(system, receipt=receipt)
    assert store([ordinary], timezone.now())


def test_newer_push_replaces_what_is_still_on_its_way(probe, call):
    older = make_push(probe, {"A": "1"})
    newer = make_push(probe, {"A": "2"})
    assert json.loads(call(probe))["configuration"] == {"A": "2"}
    newest = make_push(probe, {"A": "3"})
    states = dict(ConfigReceipt.objects.values_list("pk", "state"))
    assert states == {older.pk: "replaced", newer.pk: "replaced", newest.pk: "queued"}


def test_withdrawn_configuration_is_not_sent_and_sent_one_is_not_withdrawn(probe, call, system):
    receipt = make_push(probe)
    config_push_withdraw(system, receipt=receipt)
    assert "configuration" not in json.loads(call(probe))
    sent = make_push(probe)
    call(probe)
    with pytest.raises(Conflict) as refused:
        config_push_withdraw(system, receipt=sent)
    assert refused.value.code == "fleet.config_not_waiting"


def test_what_nobody_fetched_expires(probe, call):
    receipt = make_push(probe)
    ConfigPush.objects.update(expires_at=timezone.now())
    assert config_pushes_expire() == 1
    assert config_pushes_expire() == 0
    receipt.refresh_from_db()
    assert receipt.state == ReceiptState.EXPIRED
    assert "configuration" not in json.loads(call(probe))


def test_values_are_sealed_and_in_no_event(probe, call):
    make_push(probe, {"WORD": SECRET}, secret_names=["WORD"])
    call(probe)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sealed_values FROM fleet_configpush")
        assert SECRET not in cursor.fetchone()[0]
    assert SECRET not in json.dumps(list(AuditEvent.objects.values_list("data", flat=True)))
    assert ConfigPush.objects.get().shown_values() == {"WORD": "••••••••"}


@pytest.mark.django_db(transaction=True)
def test_of_two_who_send_one_has_sent(probe, system):
    receipt = make_push(probe)
    barrier = threading.Barrier(2)
    outcomes: list[bool] = []

    def send() -> None:
        mine = ConfigReceipt.objects.select_related("push", "device__organization").get()
        barrier.wait(30)
        try:
            outcomes.append(config_push_sent(system, receipt=mine, channel=Channel.MQTT))
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True]
    receipt.refresh_from_db()
    assert receipt.state == ReceiptState.SENT


@pytest.mark.django_db(transaction=True)
def test_of_two_pushes_at_once_one_is_open(probe, system):
    barrier = threading.Barrier(2)

    def push(value: str) -> None:
        barrier.wait(30)
        try:
            config_push_start(system, device=probe, values={"A": value})
        finally:
            connection.close()

    threads = [threading.Thread(target=push, args=[f"{n}"]) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    states = sorted(ConfigReceipt.objects.values_list("state", flat=True))
    assert states == ["queued", "replaced"]


def heard(device, payload: bytes) -> DeviceMessage:
    return DeviceMessageFactory(device=device, payload=payload)


def published() -> list[str]:
    return [row.payload.reveal() for row in Publication.objects.order_by("pk")]


def test_device_that_listens_over_mqtt_is_published_to_at_once(probe, call, system):
    heard(probe, b'{"status":"connected"}')
    receipt = make_push(probe, {"A": "1"})
    assert configuration_publish(system) == 1
    assert configuration_publish(system) == 0
    receipt.refresh_from_db()
    assert (receipt.state, receipt.channel) == (ReceiptState.SENT, Channel.MQTT)
    row = Publication.objects.get()
    assert row.topic == f"/{probe.organization.owner_id}/{probe.udid}"
    assert published() == ['{"configuration":{"A":"1"}}']
    assert "1" not in row.shown.replace("configuration", "")
    configuration_seen(system, [probe.pk])
    receipt.refresh_from_db()
    assert receipt.state == ReceiptState.SEEN


def test_device_that_was_never_heard_over_mqtt_or_has_left_is_not_published_to(acme, system):
    make_push(DeviceFactory(organization=acme))
    gone = DeviceFactory(organization=acme)
    heard(gone, b'{"status":"connected"}')
    heard(gone, b'{ "status" : "disconnected" }')
    make_push(gone)
    assert configuration_publish(system) == 0
    assert not Publication.objects.exists()


def test_check_in_leaves_to_mqtt_what_goes_that_way(acme, probe, call):
    heard(probe, b'{"status":"connected"}')
    make_push(probe)
    assert "configuration" not in json.loads(call(probe))
    board = DeviceFactory(organization=acme, platform="arduino:esp8266")
    heard(board, b'{ "status" : "disconnected" }')
    make_push(board)
    assert "configuration" not in json.loads(call(board))
    script = DeviceFactory(organization=acme, platform="nodejs")
    heard(script, b'{ "status" : "disconnected" }')
    make_push(script, {"A": "1"})
    assert json.loads(call(script))["configuration"] == {"A": "1"}
