"""One rule for online, late and offline: in Python, in the database, after each kind of sign."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from devices import presence
from devices.models import Device, DeviceState
from devices.services import device_edit
from devices.status_services import Sign, connected_note, disconnected_note, signs_store
from tests.factories.devices import DeviceFactory

NOW = timezone.now()
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def probe(acme):
    return DeviceFactory(organization=acme)


def state(device):
    return DeviceState.objects.select_related("device").get(device=device)


def heard(device, ago, **columns):
    DeviceState.objects.filter(device=device).update(last_seen_at=NOW - ago, **columns)


def matched(now=None):
    rules = {"online": presence.online, "late": presence.late, "offline": presence.offline}
    return [name for name, rule in rules.items() if Device.objects.filter(rule(now)).exists()]


@pytest.mark.parametrize(
    ("ago", "expected"),
    [
        (MINUTE, "online"),
        (7 * MINUTE, "online"),
        (8 * MINUTE, "late"),
        (14 * MINUTE, "late"),
        (16 * MINUTE, "offline"),
        (9 * DAY, "offline"),
    ],
)
def test_usual_pace_needs_nothing_but_the_last_call(probe, ago, expected):
    heard(probe, ago)
    assert presence.presence_of(state(probe), NOW) == expected
    assert matched(NOW) == [expected]


def test_device_that_never_called_is_in_no_group(probe):
    assert presence.presence_of(state(probe)) == "never_seen"
    assert matched() == []


@pytest.mark.parametrize(
    ("chosen", "after", "expected"),
    [
        (60, 80 * timedelta(seconds=1), "online"),
        (60, 100 * timedelta(seconds=1), "late"),
        (60, 121 * timedelta(seconds=1), "offline"),
        (86_400, DAY, "online"),
        (86_400, 1.6 * DAY, "late"),
        (86_400, 2.1 * DAY, "offline"),
    ],
)
def test_chosen_interval_decides(probe, chosen, after, expected):
    Device.objects.filter(pk=probe.pk).update(checkin_interval=chosen)
    probe.refresh_from_db()
    signs_store([Sign(probe, NOW)])
    assert presence.presence_of(state(probe), NOW + after) == expected
    assert matched(NOW + after) == [expected]


def test_daily_device_is_learned(probe):
    at = NOW - 30 * DAY
    for _ in range(30):
        probe = Device.objects.select_related("state").get(pk=probe.pk)
        signs_store([Sign(probe, at)])
        at += DAY
    found = state(probe)
    assert 0.95 * 86_400 < found.kept_interval <= 86_400
    assert presence.presence_of(found, at + 0.3 * DAY) == "online"


def test_frequent_caller_keeps_the_usual_pace(probe):
    for second in range(20):
        probe = Device.objects.select_related("state").get(pk=probe.pk)
        signs_store([Sign(probe, NOW + timedelta(seconds=second))])
    assert (state(probe).kept_interval, state(probe).offline_at) == (presence.USUAL, None)


def test_last_will_makes_a_device_offline_at_once_and_the_next_call_online(probe):
    signs_store([Sign(probe, NOW, "Hot #e")])
    signs_store([Sign(probe, NOW, is_gone=True)])
    found = state(probe)
    assert presence.presence_of(found, NOW) == "offline"
    assert (found.status, found.level) == ("Hot", "error")
    assert matched(NOW) == ["offline"]
    signs_store([Sign(probe, NOW)])
    assert matched(NOW) == ["online"]


def test_of_several_signs_in_a_batch_the_last_one_counts(probe):
    signs_store([Sign(probe, NOW, is_gone=True), Sign(probe, NOW, "back"), Sign(probe, NOW)])
    assert presence.presence_of(state(probe), NOW) == "online"
    assert state(probe).status == "back"


def test_new_interval_counts_from_the_last_call(probe, act, alice):
    heard(probe, 5 * MINUTE)
    device_edit(act(alice), device=probe, checkin_interval=60)
    assert matched(NOW) == ["offline"]
    device_edit(act(alice), device=probe, checkin_interval=None)
    assert matched(NOW) == ["online"]


def test_open_connection_keeps_a_device_online(probe):
    heard(probe, HOUR)
    connected_note({probe.udid})
    assert matched() == ["online"]
    before = state(probe).last_seen_at
    connected_note({probe.udid})
    assert state(probe).last_seen_at == before


def test_open_connection_outlives_the_will_of_an_older_one(probe):
    signs_store([Sign(probe, NOW)])
    signs_store([Sign(probe, NOW, is_gone=True)])
    connected_note({probe.udid})
    assert matched() == ["online"]


def test_closed_connection_leaves_the_devices_own_pace(probe):
    Device.objects.filter(pk=probe.pk).update(checkin_interval=60)
    connected_note({probe.udid})
    disconnected_note({probe.udid})
    assert state(probe).offline_at == state(probe).last_seen_at + timedelta(seconds=120)


@pytest.mark.parametrize("word", ["online", "late", "offline"])
def test_list_finds_by_presence(in_acme, alice, acme, word):
    ago = {"online": MINUTE, "late": 12 * MINUTE, "offline": HOUR}
    devices = {name: DeviceFactory(organization=acme, alias=f"is-{name}") for name in ago}
    for name, device in devices.items():
        DeviceState.objects.filter(device=device).update(last_seen_at=timezone.now() - ago[name])
    page = in_acme(alice).get("/devices/", {"seen": word}).content.decode()
    assert [name for name in ago if f"is-{name}" in page] == [word]
