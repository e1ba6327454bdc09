"""Messages are kept, questions asked and answered, publications delivered: with a real broker."""

from __future__ import annotations

import json

import pytest

from devices.models import DeviceState
from devices.presence import presence_of
from fleet.pushes.services import config_push_start
from messaging.models import DeviceMessage, DeviceQuestion
from messaging.question_services import question_answer
from messaging.services import publish_on_commit
from tests.gateway.mqtt.conftest import wait_for


@pytest.fixture
def topic(probe):
    return f"/{probe.organization.owner_id}/{probe.udid}"


def kept(device):
    rows = DeviceMessage.objects.filter(device=device).order_by("pk")
    return [(row.direction, row.suffix, bytes(row.payload)) for row in rows]


def presence(device):
    return presence_of(DeviceState.objects.get(device=device))


def test_messages_of_and_to_a_device_are_kept_as_they_came(connect, acme, probe, acme_key, topic):
    connect(probe.udid, acme_key[1]).publish(f"{topic}/status", b"\xff{ status: x")
    wait_for(lambda: len(kept(probe)) == 1)
    owner = connect(acme.owner_id, acme_key[1])
    owner.publish(topic, '{"configuration":{"THINX_ENV_PASS":"canary"}}')
    owner.publish(f"{topic}/data/1", "17")
    wait_for(lambda: len(kept(probe)) == 3)
    first, second, third = kept(probe)
    assert first == ("in", "status", b"\xff{ status: x")
    assert second[:2] == ("out", "")
    assert b"canary" not in second[2]
    assert third == ("in", "data/1", b"17")


def test_publication_reaches_the_device_and_is_marked_sent(connect, probe, acme_key, topic):
    device = connect(probe.udid, acme_key[1])
    device.subscribe(topic)
    row = publish_on_commit(topic, '{"x":1}', organization=probe.organization, device=probe)
    wait_for(lambda: device.messages == [(topic, b'{"x":1}')])
    wait_for(lambda: type(row).objects.get(pk=row.pk).state == "sent")
    wait_for(lambda: kept(probe) == [("out", "", b'{"x":1}')])


def test_question_of_a_device_is_answered_and_confirmed(connect, probe, acme_key, topic, olga, act):
    device = connect(probe.udid, acme_key[1])
    device.subscribe(topic)
    asked = '{"notification":{"body":"Update now?","response_type":"bool"}}'
    device.publish(f"{topic}/status", asked)
    device.publish(f"{topic}/status", asked)
    # Handled in their order: once this is answered, both questions were taken.
    body = {"registration": {"mac": probe.mac, "owner": probe.organization.owner_id}}
    device.publish(f"{topic}/status", json.dumps(body))
    wait_for(lambda: device.messages)
    question = DeviceQuestion.objects.get()
    question_answer(act(olga), question=question, reply="yes")
    wait_for(lambda: len(device.messages) == 3)
    said = [json.loads(payload) for _, payload in device.messages[1:]]
    assert said == [
        {"nid": f"nid:{probe.udid}", "reply": True},
        {"notification": {"response_type": "bool", "response": True}},
    ]
    confirmed = {"nid": f"nid:{probe.udid}", "notification": {"response": True}}
    device.publish(f"{topic}/status", json.dumps(confirmed))
    wait_for(lambda: DeviceQuestion.objects.get().state == "done")


def test_last_will_makes_the_device_offline_and_its_return_online(connect, probe, acme_key, topic):
    will = (f"{topic}/status", '{ "status" : "disconnected" }')
    device = connect(probe.udid, acme_key[1], will=will)
    device.publish(f"{topic}/status", '{"status":"connected"}')
    wait_for(lambda: presence(probe) == "online")
    device.vanish()
    wait_for(lambda: presence(probe) == "offline")
    assert DeviceState.objects.get(device=probe).status == "connected"
    connect(probe.udid, acme_key[1]).publish(f"{topic}/status", '{"status":"connected"}')
    wait_for(lambda: presence(probe) == "online")


def test_silent_connection_alone_keeps_the_device_online(connect, probe, acme_key, monkeypatch):
    from gateway.mqtt.bridge import running

    monkeypatch.setattr(running, "CONNECTED_SECONDS", 0.1)
    assert presence(probe) == "never_seen"
    connect(probe.udid, acme_key[1])
    wait_for(lambda: presence(probe) == "online")


def test_configuration_reaches_a_device_that_listens_and_is_applied(
    connect, probe, acme_key, topic, system
):
    device = connect(probe.udid, acme_key[1])
    device.subscribe(topic)
    device.publish(f"{topic}/status", '{ "status" : "connected" }')
    wait_for(lambda: len(kept(probe)) == 1)
    receipt = config_push_start(system, device=probe, values={"EVERY": "60"})
    wait_for(lambda: (topic, b'{"configuration":{"EVERY":"60"}}') in device.messages)
    device.publish(f"{topic}/status", '{ "status" : "every minute" }')
    wait_for(lambda: type(receipt).objects.get(pk=receipt.pk).state == "applied")
