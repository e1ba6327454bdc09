"""Devices that listen over MQTT are told when their turn comes."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from devices.models import DeviceState
from fleet.models import RolloutTarget
from fleet.rollouts.choices import TargetState
from fleet.rollouts.services import (
    rollout_pause,
    rollout_resume,
    rollout_retry,
    rollout_roll_back,
    rollout_start,
)
from gateway.mqtt.bridge.offering import Offering
from tests.factories.messaging import DeviceMessageFactory
from tests.factories.rollouts import CONTENT, make_devices, make_generic_build, make_rollout

T = TargetState
BEGAN = timezone.now()


@pytest.fixture
def said():
    """What was said: topics and messages."""
    return []


class Topics(set):
    """Where devices listen, as a broker of our own knows it; `since` if not from the beginning."""

    since = BEGAN

    def listens_since(self, topic: str):
        return self.since if topic in self else None

    def is_on_its_way(self, topic: str) -> bool:
        return False


@pytest.fixture
def topics():
    return Topics()


@pytest.fixture
def offering(said, topics):
    return Offering(lambda *message: said.append(message), topics)


@pytest.fixture
def devices(acme):
    return make_devices(acme, 4)


@pytest.fixture
def rollout(acme, system, devices):
    return rollout_start(system, rollout=make_rollout(acme, plan={"canary": 2, "waves": []}))


def topic_of(device) -> str:
    return f"/{device.organization.owner_id}/{device.udid}"


def test_device_of_the_open_wave_that_listens_is_told_once(
    rollout, offering, said, topics, advance, fetch, state_of
):
    first, second, third, _ = (t.device for t in rollout.targets.order_by("position"))
    topics |= {topic_of(first), topic_of(third)}
    advance()
    offering.turn()
    offering.turn()
    ((topic, message),) = said
    assert topic == topic_of(first)
    assert message.startswith(b'{"registration":{')
    registration = json.loads(message)["registration"]
    assert (registration["status"], registration["udid"]) == ("FIRMWARE_UPDATE", first.udid)
    assert len(message) < 500
    assert state_of(first) == T.OFFERED
    assert state_of(second) == T.RELEASED
    answer = fetch(registration)
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert state_of(first) == T.DOWNLOADED


def test_next_wave_is_told_when_it_opens(rollout, offering, said, topics, devices, advance):
    topics |= {topic_of(device) for device in devices}
    advance()
    offering.turn()
    assert len(said) == 2
    RolloutTarget.objects.filter(wave=1).update(state=T.INSTALLED)
    advance()
    offering.turn()
    assert len({topic for topic, _ in said}) == len(said) == 4


def test_nothing_is_told_while_it_is_paused(
    rollout, system, offering, said, topics, devices, advance
):
    topics |= {topic_of(device) for device in devices}
    advance()
    rollout_pause(system, rollout=rollout)
    offering.turn()
    assert not said
    rollout_resume(system, rollout=rollout)
    offering.turn()
    assert len(said) == 2


def test_device_that_the_plan_is_not_for_now_is_not_told(
    acme, system, offering, said, topics, devices, advance
):
    rollout = make_rollout(acme, plan={"waves": [], "min_battery": 30})
    rollout_start(system, rollout=rollout)
    topics |= {topic_of(device) for device in devices}
    low, *_, full = devices
    DeviceState.objects.filter(device=low).update(status_raw="battery 12 %")
    DeviceState.objects.filter(device=full).update(status_raw="battery 80 %")
    advance()
    offering.turn()
    assert [topic for topic, _ in said] == [topic_of(full)]


def test_roll_back_is_told_as_well(acme, rollout, system, offering, said, topics, devices, advance):
    advance()
    older = make_generic_build(acme, "1.0.0")
    rows = RolloutTarget.objects.filter(wave=1)
    rows.update(state=T.INSTALLED, previous_build=older)
    DeviceState.objects.update(version="2.0.0")
    rollout_roll_back(system, rollout=rollout)
    topics |= {topic_of(device) for device in devices}
    offering.turn()
    offering.turn()
    assert len(said) == 2
    versions = {json.loads(message)["registration"]["version"] for _, message in said}
    assert versions == {"firmware:1.0.0"}


def test_device_that_listens_after_its_turn_came_is_told_then(
    rollout, offering, said, topics, devices, advance
):
    advance()
    offering.turn()
    offering.turn()
    topics |= {topic_of(device) for device in devices}
    offering.turn()
    assert len(said) == 2


def test_what_a_killed_broker_had_noted_and_not_said_is_told_to_who_is_back(
    rollout, said, topics, devices, advance
):
    topics |= {topic_of(device) for device in devices}
    advance()
    Offering(lambda *lost: None, topics).turn()
    long_ago(T.OFFERED)
    offering = Offering(lambda *message: said.append(message), topics)
    topics.since = timezone.now() - timedelta(minutes=10)
    offering.turn()
    assert not said  # these connections held all the while
    topics.since = timezone.now()
    for _ in range(3):
        offering.turn()
    assert len({topic for topic, _ in said}) == len(said) == 2


def test_device_that_comes_back_is_told_again_once_for_each_connection(
    rollout, offering, said, topics, devices, advance
):
    topics |= {topic_of(device) for device in devices}
    advance()
    offering.turn()
    topics.since = timezone.now()
    offering.turn()
    assert len(said) == 2  # it may be on its way to the file this moment
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        offering.turn()
        offering.turn()
    assert len(said) == 4
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        offering.turn()
    assert len(said) == 4


def test_device_that_is_tried_again_is_told_though_later_ones_were(
    rollout, system, offering, said, topics, advance
):
    first, second, *_ = (t.device for t in rollout.targets.order_by("position"))
    topics |= {topic_of(first), topic_of(second)}
    advance()
    offering.turn()
    RolloutTarget.objects.filter(device=first).update(state=T.FAILED, ended_at=timezone.now())
    rollout_retry(system, rollout=rollout)
    advance()
    offering.turn()
    assert [topic for topic, _ in said].count(topic_of(first)) == 2


def test_what_a_pause_took_back_is_told_again(
    rollout, system, offering, said, topics, devices, advance, fetch
):
    topics |= {topic_of(device) for device in devices}
    advance()
    offering.turn()
    rollout_pause(system, rollout=rollout)
    rollout_resume(system, rollout=rollout)
    offering.turn()
    assert len(said) == 4
    *_, (_, again) = said
    assert fetch(json.loads(again)["registration"]).status_code == 200


def test_where_the_broker_cannot_be_asked_a_device_that_connects_again_is_told_again(
    rollout, said, devices, advance
):
    offering = Offering(lambda *message: said.append(message))
    here = rollout.targets.order_by("position")[0].device
    DeviceMessageFactory(device=here, payload=b'{"status":"connected"}', at=BEGAN)
    advance()
    offering.turn()
    long_ago(T.OFFERED)
    offering = Offering(lambda *message: said.append(message))
    DeviceMessageFactory(device=here, payload=b'{"status":"well"}', at=timezone.now())
    offering.turn()
    assert len(said) == 1
    DeviceMessageFactory(device=here, payload=b'{"status":"connected"}', at=timezone.now())
    offering.turn()
    offering.turn()
    assert len(said) == 2


def long_ago(state: str) -> None:
    """Have devices in a state for some time."""
    some = timezone.now() - timedelta(minutes=5)
    RolloutTarget.objects.filter(state=state).update(offered_at=some)


def test_where_the_broker_cannot_be_asked_the_last_word_of_a_device_counts(
    rollout, said, devices, advance
):
    offering = Offering(lambda *message: said.append(message))
    here, gone = (t.device for t in rollout.targets.order_by("position")[:2])
    DeviceMessageFactory(device=here, payload=b'{"status":"connected"}')
    DeviceMessageFactory(device=gone, payload=b'{"status":"disconnected"}')
    advance()
    offering.turn()
    assert [topic for topic, _ in said] == [topic_of(here)]


def test_turn_without_news_costs_four_queries_however_many_devices_wait(
    rollout, offering, devices, advance, django_assert_num_queries
):
    advance()
    offering.turn()
    with django_assert_num_queries(4):
        offering.turn()
