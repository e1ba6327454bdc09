"""Rules and people say how long a device must be offline: each hears of each absence once, then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import NotificationChoice
from devices.models import Device, DeviceState
from devices.troubles.models import DeviceTrouble
from devices.troubles.services import troubles_sweep
from notifications.models import Notification, NotificationDelivery, NotificationTimes, Occurrence
from notifications.services.rules import rule_change
from notifications.services.spreading import spread_due
from notifications.services.times import times_change
from notifications.waiting import after_at, in_words, with_earlier
from tests.factories.accounts import OrganizationFactory
from tests.factories.devices import DeviceFactory, MeshFactory
from tests.factories.notifications import make_rule

MINUTE, HOUR = 60, 3600


@pytest.fixture
def began():
    """Return when the device of these tests counts as offline."""
    return timezone.now() - timedelta(hours=3)


@pytest.fixture
def device(acme, began):
    found = DeviceFactory(organization=acme)
    leave(found, began)
    return found


def leave(device, at):
    seen = at - timedelta(minutes=15)
    DeviceState.objects.filter(device=device).update(last_seen_at=seen, late_at=at, offline_at=at)


def come_back(device, at):
    DeviceState.objects.filter(device=device).update(last_seen_at=at, late_at=None, offline_at=None)


def look(moment):
    """Look at the devices at a moment, and make the messages of what was found."""
    troubles_sweep(moment)
    Occurrence.objects.filter(spread_at=None).update(due_at=timezone.now())
    spread_due()
    Occurrence.objects.exclude(spread_at=None).update(spread_at="2020-01-01T00:00Z")


def inbox(user):
    return list(
        Notification.objects.filter(user=user).order_by("pk").values_list("kind", flat=True)
    )


def sent(rule):
    return [(row.title, row.count) for row in rule.deliveries.order_by("pk")]


def waits(user, seconds):
    NotificationTimes.objects.update_or_create(user=user, defaults={"offline_after": seconds})


def test_each_is_told_when_it_has_lasted_as_long_as_they_wait(acme, olga, vera, device, began):
    rule = make_rule(acme, kinds=["device_offline"], offline_after=HOUR)
    waits(olga, 2 * MINUTE)
    steps = [
        (1, 0, 0, 0),
        (3, 1, 0, 0),
        (11, 1, 1, 0),
        (59, 1, 1, 0),
        (61, 1, 1, 1),
        (150, 1, 1, 1),
    ]
    for minutes, early, usual, late in steps:
        look(began + timedelta(minutes=minutes))
        found = (len(inbox(olga)), len(inbox(vera)), len(sent(rule)))
        assert (minutes, *found) == (minutes, early, usual, late)
    assert rule.deliveries.get().text.endswith("Offline for longer than 1 hour.")
    assert Notification.objects.get(user=vera).text.endswith("UTC.")


def test_absence_after_coming_back_is_told_again(acme, device, began):
    rule = make_rule(acme, kinds=["device_offline"], offline_after=HOUR)
    look(began + timedelta(hours=2))
    come_back(device, began + timedelta(hours=2, seconds=1))
    look(began + timedelta(hours=2, seconds=15))
    assert not DeviceTrouble.objects.exists()
    leave(device, began + timedelta(hours=3))
    look(began + timedelta(hours=3, minutes=59))
    assert len(sent(rule)) == 1
    look(began + timedelta(hours=4, minutes=1))
    assert len(sent(rule)) == 2


def test_return_that_nobody_saw_ends_the_absence(acme, device, began):
    rule = make_rule(acme, kinds=["device_offline"])
    look(began + timedelta(hours=1))
    leave(device, began + timedelta(hours=2))
    look(began + timedelta(hours=3))
    assert len(sent(rule)) == 2


def test_device_that_is_back_before_the_time_is_not_told(acme, olga, device, began):
    make_rule(acme, kinds=["device_offline", "device_back"], offline_after=HOUR)
    waits(olga, 2 * HOUR)
    look(began + timedelta(minutes=30))
    come_back(device, began + timedelta(minutes=31))
    look(began + timedelta(minutes=32))
    assert inbox(olga) == []
    assert not NotificationDelivery.objects.exists()


def test_return_is_told_to_who_heard_of_the_absence(acme, olga, vera, device, began):
    for person in (olga, vera):
        NotificationChoice.objects.create(
            user=person, topic="device_back", channel="inbox", is_on=True
        )
    waits(olga, HOUR)
    look(began + timedelta(minutes=20))
    come_back(device, began + timedelta(minutes=30))
    look(began + timedelta(minutes=31))
    assert inbox(olga) == []
    assert inbox(vera) == ["device_offline", "device_back"]


def test_other_time_holds_for_what_begins_later(act, alice, acme, olga, device, began):
    rule = make_rule(acme, kinds=["device_offline"], offline_after=5 * MINUTE)
    look(began + timedelta(minutes=6))
    rule_change(act(alice), rule=rule, offline_after=2 * HOUR)
    times_change(act(olga), user=olga, offline_after=HOUR)
    for minutes in (11, 61, 121, 179):
        look(began + timedelta(minutes=minutes))
    assert (len(sent(rule)), len(inbox(olga))) == (1, 1)
    come_back(device, timezone.now())
    look(timezone.now())
    later = timezone.now() + timedelta(hours=1)
    leave(device, later)
    look(later + timedelta(minutes=61))
    assert (len(sent(rule)), len(inbox(olga))) == (1, 2)
    look(later + timedelta(minutes=121))
    assert (len(sent(rule)), len(inbox(olga))) == (2, 2)


def test_other_usual_time_tells_nobody_twice(acme, vera, device, began, settings):
    look(began + timedelta(minutes=11))
    settings.OFFLINE_NOTICE = HOUR
    look(began + timedelta(minutes=61))
    assert len(inbox(vera)) == 1


def test_rule_above_waits_for_devices_below_and_not_beside(acme, umbrella, began):
    plant = OrganizationFactory(name="Plant", parent=acme)
    rule = make_rule(acme, kinds=["device_offline"], offline_after=MINUTE)
    below = DeviceFactory(organization=plant)
    leave(below, began)
    leave(DeviceFactory(organization=umbrella), began)
    look(began + timedelta(minutes=2))
    assert sent(rule) == [(f"{below} is offline", 1)]
    assert Occurrence.objects.count() == 1


def test_rule_of_a_mesh_and_tag_waits_for_those(acme, began):
    mesh = MeshFactory(organization=acme, mesh_id="north")
    rule = make_rule(acme, kinds=["device_offline"], offline_after=HOUR, mesh=mesh, tag="pump")
    chosen = DeviceFactory(organization=acme, mesh_ids=["north"], tags=["pump"])
    for device in (chosen, DeviceFactory(organization=acme)):
        leave(device, began)
    look(began + timedelta(minutes=61))
    assert sent(rule) == [(f"{chosen} is offline", 1)]


def test_many_at_once_are_one_message_for_each_waiting_time(acme, olga, vera, began):
    rule = make_rule(acme, kinds=["device_offline"], offline_after=HOUR)
    waits(olga, MINUTE)
    Device.objects.bulk_create(Device(organization=acme, alias=f"d{n:04d}") for n in range(2300))
    DeviceState.objects.bulk_create(
        DeviceState(device=device, last_seen_at=began, late_at=began, offline_at=began)
        for device in Device.objects.filter(organization=acme)
    )
    for minutes in (2, 3, 11, 12, 61, 62):
        look(began + timedelta(minutes=minutes))
    told = ("2,300 devices are offline", 2300)
    assert sent(rule) == [told]
    for person in (olga, vera):
        (row,) = Notification.objects.filter(user=person)
        assert (row.title, row.count) == told


def test_sweep_asks_as_much_for_many_as_for_few(acme, began, django_assert_max_num_queries):
    for number in range(15):
        make_rule(acme, name=f"r{number}", offline_after=MINUTE * (number + 1))
    for _ in range(40):
        leave(DeviceFactory(organization=acme), began)
    with django_assert_max_num_queries(25):
        troubles_sweep(began + timedelta(minutes=2))
    with django_assert_max_num_queries(25):
        troubles_sweep(began + timedelta(minutes=16))
    assert Occurrence.objects.count() == 40 * 16


def test_what_was_chosen_before_is_forgotten_when_nothing_is_left_of_it(began):
    first = with_earlier([], None, began)
    assert after_at(HOUR, first, began - timedelta(seconds=1)) == 0
    assert after_at(HOUR, first, began) == HOUR
    later = with_earlier(first, HOUR, began + timedelta(days=9))
    assert [seconds for _, seconds in later] == [HOUR]


def test_times_read_as_people_say_them():
    assert [in_words(s) for s in (60, 90, 5400, 7200, 86400)] == [
        "1 minute", "90 seconds", "90 minutes", "2 hours", "1 day",
    ]  # fmt: skip


def test_pages_offer_it_and_the_api_takes_any(in_acme, signed_in, acme, alice):
    rule = make_rule(acme, offline_after=4000)
    client = in_acme(alice)
    page = client.get(f"{rule.get_absolute_url()}edit/").text
    assert "4000 seconds" in page
    assert "As usual (10 minutes)" in page
    form = {"name": "On call", "least_level": "ok", "offline_after": "3600", "is_on": "on"}
    client.post(f"{rule.get_absolute_url()}edit/", form)
    rule.refresh_from_db()
    assert rule.offline_after == HOUR
    assert "1 hour" in client.get(rule.get_absolute_url()).text
    client.post("/accounts/notifications/", {"offline_after": "300", "urgent_passes": "on"})
    assert NotificationTimes.objects.get(user=alice).offline_after == 300
    kind = "application/json"
    href = f"/api/v1/notification-rules/{rule.uid}/"
    answer = signed_in(alice).patch(href, {"offline_after": 90}, content_type=kind)
    assert answer.json()["offline_after"] == 90
    for body in ({"offline_after": 5}, {"offline_after": 604801}, {"offline_after": "soon"}):
        assert signed_in(alice).patch(href, body, content_type=kind).status_code == 400
        own = signed_in(alice).patch("/api/v1/account/notification-times/", body, content_type=kind)
        assert own.status_code == 400
    assert (
        signed_in(alice)
        .patch(href, {"offline_after": None}, content_type=kind)
        .json()["offline_after"]
        is None
    )
