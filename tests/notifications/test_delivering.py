"""Each message goes once, however often a worker dies, and is tried again while that may help."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from accounts.models import Membership, NotificationChoice
from builds.news import BuildFailed
from core.delivery import DeliveryError
from notifications.channels import channels
from notifications.choices import DeliveryState, Digest
from notifications.models import NotificationDelivery, NotificationTimes, Occurrence
from notifications.services import delivering, notify
from notifications.services.delivering import deliver_due
from notifications.services.spreading import spread_due
from notifications.services.sweeping import notifications_sweep
from notifications.services.times import due_for
from tests.factories.builds import BuildFactory
from tests.factories.notifications import make_delivery, make_rule
from tests.support.outbox import last_mail, last_sms, mails_to

DELIVERIES = NotificationDelivery.objects


@pytest.fixture(autouse=True)
def no_limits():
    cache.clear()


@pytest.fixture
def refusing(monkeypatch):
    """Have the e-mail channel refuse; returns how often it was asked."""
    asked = []

    def refuse(*, permanent):
        def send(to, letters):
            asked.append(letters)
            raise DeliveryError("away", permanent=permanent)

        monkeypatch.setattr(channels.get("email"), "send", send)
        return asked

    return refuse


def tell(acme, user):
    notify(BuildFailed, acme, BuildFactory(source__organization=acme), to=[user], message="Oh.")
    spread_due()


def forget_pauses():

    Occurrence.objects.exclude(spread_at=None).update(spread_at="2020-01-01T00:00Z")


def test_sent_once(acme):
    make_delivery(make_rule(acme))
    assert deliver_due() == 1
    assert deliver_due() == 0
    assert mails_to("oncall@example.org") == ["b1 failed"]
    row = DELIVERIES.get()
    assert (row.state, row.attempts, row.error) == (DeliveryState.SENT, 1, "")
    assert row.rule.last_sent_at is not None


def test_two_workers_claim_it_once(acme):
    make_delivery(make_rule(acme))
    now = timezone.now()
    assert len(delivering._claim(now)) == 1
    assert delivering._claim(now) == []


def test_receiver_that_is_away_is_tried_later_and_the_rest_waits(acme, refusing):
    rule = make_rule(acme)
    for _ in range(3):
        make_delivery(rule)
    asked = refusing(permanent=False)
    assert deliver_due() == 1
    assert len(asked) == 1
    assert set(DELIVERIES.values_list("state", flat=True)) == {DeliveryState.QUEUED}
    assert not DELIVERIES.filter(due_at__lte=timezone.now()).exists()
    rule.refresh_from_db()
    assert (rule.last_error, rule.state) == ("away", "failing")


def test_refusal_for_good_fails_at_once(acme, refusing):
    make_delivery(make_rule(acme))
    refusing(permanent=True)
    deliver_due()
    row = DELIVERIES.get()
    assert (row.state, row.error) == (DeliveryState.FAILED, "away")


def test_given_up_after_the_last_attempt(acme, refusing):
    make_delivery(make_rule(acme))
    asked = refusing(permanent=False)
    for _ in range(20):
        DELIVERIES.filter(state=DeliveryState.QUEUED).update(due_at=timezone.now())
        deliver_due()
    assert len(asked) == channels.get("email").attempts
    assert DELIVERIES.get().state == DeliveryState.FAILED


def test_killed_worker_leaves_it_to_the_next(acme):
    make_delivery(make_rule(acme))
    (row,) = delivering._claim(timezone.now())
    assert deliver_due() == 0
    DELIVERIES.filter(pk=row.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    notifications_sweep()  # finds it, and (inline) has it sent
    row.refresh_from_db()
    assert (row.state, row.attempts) == (DeliveryState.SENT, 2)
    assert len(mails_to("oncall@example.org")) == 1


def test_worker_that_comes_too_late_changes_nothing(acme):
    make_delivery(make_rule(acme))
    late = delivering._claim(timezone.now())
    DELIVERIES.update(due_at=timezone.now())
    DELIVERIES.filter(state=DeliveryState.SENDING).update(state=DeliveryState.QUEUED)
    deliver_due()
    delivering._end(late, DeliveryState.FAILED, "too late")
    assert DELIVERIES.get().state == DeliveryState.SENT


def test_more_than_an_hour_takes_waits(acme, monkeypatch):
    monkeypatch.setattr(type(channels.get("email")), "per_hour", 2)
    rule = make_rule(acme)
    for _ in range(4):
        make_delivery(rule)
    deliver_due()
    assert DELIVERIES.filter(state=DeliveryState.SENT).count() == 2
    waiting = DELIVERIES.filter(state=DeliveryState.QUEUED)
    assert [row.attempts for row in waiting] == [0, 0]
    assert all(row.due_at > timezone.now() for row in waiting)


def test_rule_switched_off_meanwhile_sends_nothing(acme):
    rule = make_rule(acme, is_on=False)
    make_delivery(rule)
    deliver_due()
    assert DELIVERIES.get().state == DeliveryState.DROPPED
    assert mail.outbox == []


def test_person_is_mailed_with_text_and_link(acme, olga):
    tell(acme, olga)
    deliver_due()
    found = last_mail(olga.email)
    assert "Oh." in found.text
    assert "/builds/" in found.text
    assert "See its log" in found.html


def test_person_who_may_not_see_it_any_more_is_not_mailed(acme, olga):
    tell(acme, olga)
    Membership.objects.filter(user=olga, organization=acme).delete()
    deliver_due()
    assert mails_to(olga.email) == []
    assert DELIVERIES.get().state == DeliveryState.DROPPED


def test_sms_only_to_who_chose_it_and_has_a_number(acme, olga):
    NotificationChoice.objects.create(user=olga, topic="build_failed", channel="sms", is_on=True)
    tell(acme, olga)
    assert not DELIVERIES.filter(channel="sms").exists()
    olga.phone = "+420601123456"
    olga.save()
    forget_pauses()
    tell(acme, olga)
    deliver_due()
    assert last_sms(olga.phone).endswith("failed")


def test_digest_is_one_mail_of_all(acme, olga):
    NotificationTimes.objects.create(user=olga, mail_pace=Digest.HOURLY)
    for _ in range(3):
        tell(acme, olga)
        forget_pauses()
    assert deliver_due() == 0
    DELIVERIES.update(due_at=timezone.now())
    assert deliver_due() == 1
    (subject,) = mails_to(olga.email)
    assert subject.startswith("3 notifications:")
    assert last_mail(olga.email).text.count("/builds/") == 3
    assert set(DELIVERIES.values_list("state", flat=True)) == {DeliveryState.SENT}


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("times", "now", "due", "together"),
    [
        ({}, "2026-07-01T21:30", "2026-07-01T21:30", False),
        # Prague is two hours ahead in summer: 23:30 there.
        ({"quiet_from": time(22), "quiet_until": time(7)}, "2026-07-01T21:30", "2026-07-02T05:00",
         True),
        ({"quiet_from": time(22), "quiet_until": time(7)}, "2026-07-01T19:30", "2026-07-01T19:30",
         False),
        ({"quiet_from": time(12), "quiet_until": time(13)}, "2026-07-01T10:15", "2026-07-01T11:00",
         True),
        # The night in which the clocks go forward is an hour shorter.
        ({"quiet_from": time(22), "quiet_until": time(7)}, "2026-03-28T22:00", "2026-03-29T05:00",
         True),
        ({"mail_pace": "hourly"}, "2026-07-01T21:30", "2026-07-01T22:00", True),
        ({"mail_pace": "daily", "mail_at": time(9)}, "2026-07-01T08:00", "2026-07-02T07:00", True),
        ({"mail_pace": "hourly", "quiet_from": time(22), "quiet_until": time(7)},
         "2026-07-01T19:30", "2026-07-02T05:00", True),
    ],
)  # fmt: skip
def test_quiet_hours_and_digests_are_in_the_persons_zone(olga, times, now, due, together):
    olga.time_zone = "Europe/Prague"
    olga.notification_times = NotificationTimes(user=olga, **times)
    found = due_for(olga, channel="email", is_urgent=False, now=moment(now))
    assert found == (moment(due), together)


def test_urgent_news_pass_only_if_chosen(olga):
    olga.time_zone = "UTC"
    now = moment("2026-07-01T23:00")
    times = NotificationTimes(user=olga, quiet_from=time(22), quiet_until=time(7))
    olga.notification_times = times
    assert due_for(olga, channel="sms", is_urgent=True, now=now) == (now, False)
    times.urgent_passes = False
    assert due_for(olga, channel="sms", is_urgent=True, now=now)[0] > now


def test_unknown_time_zone_is_utc(olga):
    olga.time_zone = "Mars/Olympus"
    olga.notification_times = NotificationTimes(user=olga, mail_pace="hourly")
    now = moment("2026-07-01T21:30")
    assert due_for(olga, channel="email", is_urgent=False, now=now)[0] == moment("2026-07-01T22:00")


URL = "/accounts/notifications/"
KEPT = {"build_failed-inbox": "on", "organization-email": "on"}


def test_person_sets_quiet_hours_on_the_profile(signed_in, olga):
    client = signed_in(olga)
    client.post(URL, {**KEPT, "quiet_from": "22:00", "quiet_until": "07:00", "mail_pace": "daily"})
    times = NotificationTimes.objects.get(user=olga)
    assert (times.quiet_from, times.quiet_until, times.mail_pace) == (time(22), time(7), "daily")
    assert not times.urgent_passes
    assert 'value="22:00"' in client.get(URL).text


def test_half_of_quiet_hours_is_refused_and_nothing_is_stored(signed_in, olga):
    answer = signed_in(olga).post(URL, {"quiet_from": "22:00"})
    assert answer.status_code == 422
    assert "Say from when until when" in answer.text
    assert not NotificationTimes.objects.exists()
    assert not NotificationChoice.objects.filter(user=olga).exists()


def test_api_shows_and_changes_them(signed_in, olga):
    client, address = signed_in(olga), "/api/v1/account/notification-times/"
    assert client.get(address).json()["urgent_passes"] is True
    body = {"quiet_from": "22:00", "quiet_until": "07:00"}
    changed = client.patch(address, body, content_type="application/json").json()
    assert changed["quiet_from"] == "22:00:00"
    half = client.patch(address, {"quiet_from": None}, content_type="application/json")
    assert (half.status_code, half.json()["code"]) == (400, "notifications.quiet_needs_both")
