"""Devices that stay away or report an error are told of once, and together."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import NotificationChoice
from devices.models import Device, DeviceState
from devices.troubles.models import DeviceTrouble
from devices.troubles.services import troubles_sweep
from keys.news import keys_expiring_tell
from notifications.models import Notification, Occurrence
from notifications.services.spreading import spread_due
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key


@pytest.fixture
def now():
    return timezone.now()


def device_seen(acme, ago, **state):
    device = DeviceFactory(organization=acme)
    DeviceState.objects.filter(device=device).update(last_seen_at=timezone.now() - ago, **state)
    return device


def spread():
    """Make the messages that wait for their window, and forget the pause after them."""
    Occurrence.objects.filter(spread_at=None).update(due_at=timezone.now())
    spread_due()
    Occurrence.objects.exclude(spread_at=None).update(spread_at="2020-01-01T00:00Z")


def titles(user):
    return [row.title for row in Notification.objects.filter(user=user).order_by("pk")]


def gone(device, now, ago=timedelta(minutes=30)):
    at = now - ago
    DeviceState.objects.filter(device=device).update(late_at=at, offline_at=at)


def test_device_away_for_long_is_told_once(acme, olga, now):
    device = device_seen(acme, timedelta(hours=1))
    gone(device, now)
    for _ in range(3):
        troubles_sweep(now)
        spread()
    assert titles(olga) == [f"{device} is offline"]
    told = Notification.objects.get(user=olga)
    assert told.text.startswith("Last seen ")
    assert told.url == device.get_absolute_url()


def test_device_away_for_less_than_the_grace_is_not_told(acme, olga, now, settings):
    settings.OFFLINE_NOTICE = 3600
    gone(device_seen(acme, timedelta(hours=1)), now)
    troubles_sweep(now)
    assert not Occurrence.objects.exists()


def test_device_online_or_never_seen_is_not_told(acme, now):
    device_seen(acme, timedelta(seconds=10))
    DeviceFactory(organization=acme)
    troubles_sweep(now)
    assert not Occurrence.objects.exists()


def test_second_outage_is_told_again_and_return_if_chosen(acme, olga, now):
    NotificationChoice.objects.create(user=olga, topic="device_back", channel="inbox", is_on=True)
    device = device_seen(acme, timedelta(hours=1))
    gone(device, now)
    troubles_sweep(now)
    spread()
    DeviceState.objects.filter(device=device).update(
        last_seen_at=now, late_at=None, offline_at=None
    )
    troubles_sweep(now)
    spread()
    assert not DeviceTrouble.objects.exists()
    gone(device, now)
    troubles_sweep(now)
    spread()
    assert titles(olga) == [
        f"{device} is offline",
        f"{device} is back online",
        f"{device} is offline",
    ]


def test_what_is_offline_for_days_is_no_news(acme, now):
    device_seen(acme, timedelta(days=9))
    troubles_sweep(now)
    assert DeviceTrouble.objects.count() == 1
    assert not Occurrence.objects.exists()


def test_many_at_once_are_one_message(acme, olga, now):
    Device.objects.bulk_create(
        Device(organization=acme, alias=f"d{number:04d}") for number in range(1200)
    )
    at = now - timedelta(minutes=30)
    DeviceState.objects.bulk_create(
        DeviceState(device=device, last_seen_at=at, late_at=at, offline_at=at)
        for device in Device.objects.filter(organization=acme)
    )
    troubles_sweep(now)
    spread()
    told = Notification.objects.get(user=olga)
    assert (told.title, told.count) == ("1,200 devices are offline", 1200)
    assert told.url == "/devices/?seen=offline"


def test_sweep_asks_as_much_for_many_as_for_few(acme, now, django_assert_max_num_queries):
    for _ in range(40):
        gone(device_seen(acme, timedelta(hours=1)), now)
    with django_assert_max_num_queries(30):
        troubles_sweep(now)


def test_status_that_turns_to_error_is_told_once_until_it_is_over(acme, olga, now):
    device = device_seen(acme, timedelta(seconds=5), level="error", status="pump stuck")
    for _ in range(2):
        troubles_sweep(now)
        spread()
    assert titles(olga) == [f"{device} reports an error"]
    assert Notification.objects.get(user=olga).text == "pump stuck"
    DeviceState.objects.update(level="ok")
    troubles_sweep(now)
    DeviceState.objects.update(level="error")
    troubles_sweep(now)
    spread()
    assert len(titles(olga)) == 2


def test_foreign_members_hear_nothing(acme, mallory, now):
    device_seen(acme, timedelta(seconds=5), level="error", status="pump stuck")
    troubles_sweep(now)
    spread()
    assert titles(mallory) == []


def test_key_that_ends_soon_is_told_twice_at_most(acme, alice, now):
    key, _ = make_api_key(acme, user=alice)
    type(key).objects.filter(pk=key.pk).update(expires_at=now + timedelta(days=30))
    keys_expiring_tell()
    assert not Occurrence.objects.exists()
    type(key).objects.filter(pk=key.pk).update(expires_at=now + timedelta(days=13))
    for _ in range(3):
        keys_expiring_tell()
    assert Occurrence.objects.count() == 1
    spread()
    end = now + timedelta(hours=12)
    type(key).objects.filter(pk=key.pk).update(expires_at=end)
    for _ in range(2):
        keys_expiring_tell()
    spread()
    assert titles(alice)[-1] == f"The API key {key} expires on {end.day} {end:%b %Y}"
    assert len(titles(alice)) == 2
    type(key).objects.filter(pk=key.pk).update(revoked_at=now)
    Occurrence.objects.all().delete()
    keys_expiring_tell()
    assert not Occurrence.objects.exists()
