"""Configuration goes to one device, once, and is seen."""

from __future__ import annotations

import json
import threading

import pytest
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent
from builds.engine.environment import env_hash
from core.exceptions import Conflict
from fleet.models import ConfigPush, ConfigReceipt
from fleet.pushes.choices import Channel, ReceiptState
from fleet.pushes.receipts import config_push_sent
from fleet.pushes.services import (
    config_push_start,
    config_push_withdraw,
    config_pushes_expire,
)
from gateway.configuring import IN_FLIGHT
from gateway.fast.calls import read_call
from gateway.fast.statements import store
from keys.services import env_var_set
from messaging.models import DeviceMessage
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


def test_device_is_given_its_configuration_once_and_then_has_it(probe, call):
    receipt = make_push(probe, {"EVERY": "60"})
    first = json.loads(call(probe))
    assert first["configuration"] == {"EVERY": "60"}
    assert first["registration"]["success"] is True
    receipt.refresh_from_db()
    assert (receipt.state, receipt.channel) == (ReceiptState.DELIVERED, Channel.HTTP)
    assert "configuration" not in json.loads(call(probe))
    receipt.refresh_from_db()
    assert (receipt.state, receipt.proof) == (ReceiptState.APPLIED, "report")
    assert receipt.queued_at <= receipt.sent_at <= receipt.delivered_at <= receipt.ended_at
    assert "configuration" not in json.loads(call(probe))
    assert verbs() == ["fleet.push_drafted", *["fleet.configuration_pushed"] * 2]


def test_device_says_in_its_own_words_why_it_could_not(probe, call):
    receipt = make_push(probe)
    call(probe)
    call(probe, status="Configuration refused: no such network")
    receipt.refresh_from_db()
    assert (receipt.state, receipt.words) == (ReceiptState.FAILED, "no such network")


def test_environment_hash_proves_it_even_before_it_is_acknowledged(probe, call):
    receipt = make_push(probe, {"EVERY": "60"})
    call(probe)
    ConfigReceipt.objects.update(state=ReceiptState.SENT, delivered_at=None)
    call(probe, env_hash=env_hash({"EVERY": "61"}))
    receipt.refresh_from_db()
    assert receipt.state == ReceiptState.SENT
    call(probe, env_hash=env_hash({"EVERY": "60"}))
    receipt.refresh_from_db()
    assert (receipt.state, receipt.proof) == (ReceiptState.APPLIED, "env_hash")


def test_hash_of_the_whole_environment_proves_it_too(acme, probe, call, system):
    env_var_set(system, organization=acme, name="MODE", value="eco")
    env_var_set(system, organization=acme, name="EVERY", value="5")
    receipt = make_push(probe, {"EVERY": "60"})
    call(probe)
    call(probe, env_hash=env_hash({"EVERY": "60", "MODE": "eco"}))
    receipt.refresh_from_db()
    assert receipt.proof == "env_hash"


def test_answer_that_was_never_acknowledged_is_given_again(probe, call):
    receipt = make_push(probe, {"EVERY": "60"})
    call(probe)
    lost = {"state": ReceiptState.SENT, "delivered_at": None}
    ConfigReceipt.objects.update(**lost)
    assert "configuration" not in json.loads(call(probe))
    ConfigReceipt.objects.update(sent_at=timezone.now() - 2 * IN_FLIGHT)
    assert json.loads(call(probe))["configuration"] == {"EVERY": "60"}
    receipt.refresh_from_db()
    assert (receipt.state, receipt.attempts) == (ReceiptState.DELIVERED, 2)


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


def test_call_after_delivery_is_ordinary_and_proves_it(acme, probe, key):
    body = json.dumps({"registration": {"owner": acme.owner_id, "udid": probe.udid}}).encode()
    receipt = make_push(probe)
    ConfigReceipt.objects.update(state=ReceiptState.SENT)
    assert not store([read_call(key, body, "192.0.2.1")], timezone.now())
    ConfigReceipt.objects.update(state=ReceiptState.DELIVERED)
    stored = store([read_call(key, body, "192.0.2.1")], timezone.now())
    assert stored[0].receipt_id == receipt.pk
    receipt.refresh_from_db()
    assert (receipt.state, receipt.proof) == (ReceiptState.APPLIED, "report")
    assert store([read_call(key, body, "192.0.2.1")], timezone.now())[0].receipt_id is None


def test_refusal_is_for_the_services(acme, probe, key):
    sent = {"owner": acme.owner_id, "udid": probe.udid, "status": "config failed: x"}
    assert read_call(key, json.dumps({"registration": sent}).encode(), "192.0.2.1") is None


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
            outcomes.append(config_push_sent(receipt=mine, channel=Channel.MQTT))
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


def test_device_that_does_not_listen_after_all_gets_it_by_check_in(probe, call):
    heard(probe, b'{"status":"connected"}')
    make_push(probe)
    ConfigReceipt.objects.update(channel=Channel.HTTP)
    assert "configuration" in json.loads(call(probe))
