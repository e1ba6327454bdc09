"""Configuration over MQTT: who listens gets it at once, and what is lost goes again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from devices.status_services import Sign
from fleet.models import ConfigReceipt
from fleet.pushes.choices import Channel, ReceiptState
from fleet.pushes.constants import IN_FLIGHT
from gateway.mqtt.bridge.pushing import Pushing
from messaging.models import DeviceMessage
from tests.factories.devices import DeviceFactory
from tests.factories.fleet import make_push
from tests.factories.messaging import DeviceMessageFactory


class Broker:
    """What is said, and who listens."""

    def __init__(self) -> None:
        self.said: list[tuple[str, bytes]] = []
        self.topics: set[str] = set()
        self.held: set[str] = set()
        self.began = timezone.now()
        self.is_up = True

    def pushing(self, *, is_ours: bool = True) -> Pushing:
        listeners = self if is_ours else None
        return Pushing(lambda *said: self.said.append(said), listeners, lambda: self.is_up)

    def listens_since(self, topic: str):
        return self.began if topic in self.topics else None

    def is_on_its_way(self, topic: str) -> bool:
        return topic in self.held


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def probe(acme):
    return DeviceFactory(organization=acme, platform="python")


def topic_of(device) -> str:
    return f"/{device.organization.owner_id}/{device.udid}"


def state(receipt) -> tuple[str, str]:
    receipt.refresh_from_db()
    return receipt.state, receipt.channel


def later(seconds: float = 1):
    return timezone.now() + timedelta(seconds=seconds)


def test_device_that_listens_is_sent_it_once_and_its_next_word_proves_it(broker, probe):
    broker.topics.add(topic_of(probe))
    pushing = broker.pushing()
    receipt = make_push(probe, {"A": "1"})
    pushing.turn()
    assert broker.said == [(topic_of(probe), b'{"configuration":{"A":"1"}}')]
    assert state(receipt) == (ReceiptState.SENT, Channel.MQTT)
    pushing.turn()
    assert state(receipt) == (ReceiptState.DELIVERED, Channel.MQTT)
    pushing.turn()
    pushing.heard([Sign(probe, later(), "every minute")])
    receipt.refresh_from_db()
    assert (receipt.state, receipt.proof, receipt.attempts) == ("applied", "report", 1)
    assert len(broker.said) == 1


def test_word_right_after_the_message_proves_it(broker, probe):
    broker.topics.add(topic_of(probe))
    pushing = broker.pushing()
    receipt = make_push(probe)
    pushing.turn()
    pushing.heard([Sign(probe, later(), "done")])
    assert state(receipt)[0] == ReceiptState.APPLIED


def test_word_that_waited_while_the_message_was_acknowledged_proves_it(broker, probe):
    broker.topics.add(topic_of(probe))
    pushing = broker.pushing()
    receipt = make_push(probe)
    pushing.turn()
    heard_at = timezone.now()
    pushing.turn()
    assert state(receipt)[0] == ReceiptState.DELIVERED
    pushing.heard([Sign(probe, heard_at, "done")])
    assert state(receipt)[0] == ReceiptState.APPLIED


def test_word_that_comes_while_others_are_told_proves_it(broker, acme, probe):
    devices = [probe, *DeviceFactory.create_batch(2, organization=acme)]
    broker.topics |= {topic_of(device) for device in devices}
    receipts = [make_push(device) for device in devices]
    told = []
    pushing = Pushing(lambda *_: told.append(timezone.now()), broker)
    pushing.turn()
    pushing.heard([Sign(device, told[0], "done") for device in devices])
    assert {state(one)[0] for one in receipts} == {ReceiptState.APPLIED}


def test_word_between_the_note_and_the_message_proves_nothing(broker, probe):
    broker.topics.add(topic_of(probe))
    pushing = broker.pushing()
    receipt = make_push(probe)
    pushing.turn()
    noted_at = ConfigReceipt.objects.get(pk=receipt.pk).sent_at
    pushing.turn()
    pushing.heard([Sign(probe, noted_at, "every minute")])
    assert state(receipt)[0] == ReceiptState.DELIVERED


def test_word_from_before_the_message_proves_nothing(broker, probe):
    broker.topics.add(topic_of(probe))
    pushing = broker.pushing()
    receipt = make_push(probe)
    pushing.turn()
    pushing.heard([Sign(probe, later(-5), "connected")])
    assert state(receipt)[0] == ReceiptState.SENT


def test_refusal_is_kept_in_the_words_of_the_device(broker, probe):
    broker.topics.add(topic_of(probe))
    pushing = broker.pushing()
    receipt = make_push(probe)
    pushing.turn()
    pushing.heard([Sign(probe, later(), "configuration failed: no such network")])
    receipt.refresh_from_db()
    assert (receipt.state, receipt.words) == ("failed", "no such network")


def test_message_masks_its_values_among_those_of_the_device(broker, probe):
    broker.topics.add(topic_of(probe))
    make_push(probe, {"A": "canary-7f11"})
    broker.pushing().turn()
    assert b"canary" not in bytes(DeviceMessage.objects.get().payload)


def test_device_that_does_not_listen_waits_for_its_check_in_until_it_is_heard(broker, probe):
    pushing = broker.pushing()
    receipt = make_push(probe)
    pushing.turn()
    assert state(receipt) == (ReceiptState.QUEUED, Channel.HTTP)
    pushing.heard([Sign(probe, timezone.now(), "hello")])
    pushing.turn()
    assert (broker.said, state(receipt)) == ([], (ReceiptState.QUEUED, Channel.HTTP))
    broker.topics.add(topic_of(probe))
    pushing.connected({probe.udid})
    pushing.turn()
    assert state(receipt)[0] == ReceiptState.SENT


def test_device_that_leaves_before_it_is_acknowledged_gets_it_again(broker, probe):
    broker.topics.add(topic_of(probe))
    pushing = broker.pushing()
    receipt = make_push(probe)
    pushing.turn()
    broker.topics.clear()
    pushing.turn()
    assert state(receipt) == (ReceiptState.QUEUED, Channel.HTTP)
    broker.topics.add(topic_of(probe))
    pushing.heard([Sign(probe, timezone.now(), "back")])
    pushing.turn()
    pushing.turn()
    assert state(receipt)[0] == ReceiptState.DELIVERED
    assert (len(broker.said), receipt.attempts) == (2, 2)


def test_what_is_on_its_way_is_neither_delivered_nor_proved(broker, probe):
    broker.topics.add(topic_of(probe))
    broker.held.add(topic_of(probe))
    pushing = broker.pushing()
    receipt = make_push(probe)
    for _ in range(3):
        pushing.turn()
        pushing.heard([Sign(probe, timezone.now(), "every minute")])
        assert state(receipt)[0] == ReceiptState.SENT
    broker.held.clear()
    pushing.turn()
    assert state(receipt)[0] == ReceiptState.DELIVERED
    assert len(broker.said) == 1


def test_word_over_a_later_connection_proves_nothing_and_it_goes_again(broker, probe):
    broker.topics.add(topic_of(probe))
    pushing = broker.pushing()
    receipt = make_push(probe)
    pushing.turn()
    broker.began = timezone.now()
    pushing.heard([Sign(probe, timezone.now(), "connected", since=broker.began)])
    assert state(receipt)[0] == ReceiptState.SENT
    pushing.turn()
    assert (len(broker.said), state(receipt)[0]) == (2, ReceiptState.SENT)
    pushing.heard([Sign(probe, timezone.now(), "done", since=broker.began)])
    assert state(receipt)[0] == ReceiptState.APPLIED


def test_what_a_killed_bridge_marked_is_sent_by_the_next_one(broker, probe):
    broker.topics.add(topic_of(probe))
    receipt = make_push(probe)
    broker.pushing().turn()
    heir = broker.pushing()
    heir.turn()
    assert len(broker.said) == 1
    ConfigReceipt.objects.update(sent_at=timezone.now() - 2 * IN_FLIGHT)
    heir.turn()
    heir.turn()
    assert state(receipt)[0] == ReceiptState.DELIVERED
    assert len(broker.said) == 2


def test_at_a_foreign_broker_the_last_message_tells_who_is_there(broker, acme, probe):
    DeviceMessageFactory(device=probe, payload=b'{"status":"connected"}')
    gone = DeviceFactory(organization=acme)
    DeviceMessageFactory(device=gone, payload=b'{"status":"connected"}')
    DeviceMessageFactory(device=gone, payload=b'{ "status" : "disconnected" }')
    silent = DeviceFactory(organization=acme)
    receipts = [make_push(device) for device in (probe, gone, silent)]
    pushing = broker.pushing(is_ours=False)
    pushing.turn()
    assert [topic for topic, _ in broker.said] == [topic_of(probe)]
    broker.is_up = False
    pushing.turn()
    assert state(receipts[0])[0] in {ReceiptState.QUEUED, ReceiptState.SENT}
    broker.is_up = True
    pushing.turn()
    pushing.turn()
    assert [state(one)[0] for one in receipts] == ["delivered", "queued", "queued"]


def test_last_will_sends_what_waits_the_other_way(broker, probe):
    receipt = make_push(probe)
    ConfigReceipt.objects.update(channel=Channel.MQTT)
    broker.pushing().heard([Sign(probe, timezone.now(), is_gone=True)])
    assert state(receipt) == (ReceiptState.QUEUED, Channel.HTTP)


def test_many_wait_and_cost_few_queries(broker, acme, django_assert_max_num_queries):
    devices = DeviceFactory.create_batch(3, organization=acme)
    broker.topics |= {topic_of(device) for device in devices}
    for device in devices:
        make_push(device)
    with django_assert_max_num_queries(40) as few:
        broker.pushing().turn()
    more = DeviceFactory.create_batch(9, organization=acme)
    broker.topics |= {topic_of(device) for device in more}
    for device in more:
        make_push(device)
    with django_assert_max_num_queries(40) as many:
        broker.pushing().turn()
    assert len(many) <= len(few)
