"""E-mail addresses of rules: asked before anything is sent, unless they are one's own."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.utils import timezone

from audit.models import AuditEvent
from builds.news import BuildFailed
from core.exceptions import Conflict, QuotaExceeded
from notifications.choices import DeliveryState
from notifications.models import NotificationDelivery, NotificationRule
from notifications.services import notify
from notifications.services.addresses import rule_link_send
from notifications.services.delivering import deliver_due
from notifications.services.rules import rule_add, rule_change, rule_test
from notifications.services.spreading import spread_due
from tests.factories.builds import BuildFactory
from tests.factories.notifications import make_delivery, make_rule

TEAM = "team@example.org"


@pytest.fixture(autouse=True)
def nobody_asked_yet():
    cache.clear()


@pytest.fixture
def add(act, alice, acme, django_capture_on_commit_callbacks):
    """Return what adds a rule, and sends the mail of it."""

    def made(email=TEAM, name="Team"):
        with django_capture_on_commit_callbacks(execute=True):
            rule, _ = rule_add(
                act(alice), organization=acme, name=name, channel="email", destination=email
            )
        return rule

    return made


def links():
    """Return where the mailed links lead."""
    return [re.search(r"https?://[^/\s]+(/\S+)", sent.body)[1] for sent in mail.outbox]


def told(acme):
    notify(BuildFailed, acme, BuildFactory(source__organization=acme), to=[])
    spread_due()
    return list(NotificationDelivery.objects.exclude(rule=None))


def test_other_address_waits_and_is_sent_nothing_but_a_link(add, act, alice, acme):
    rule = add()
    assert (rule.state, rule.confirmed_at) == ("unconfirmed", None)
    (sent,) = mail.outbox
    assert sent.to == [TEAM]
    said = sent.body + sent.subject + str(sent.alternatives[0])
    assert not [word for word in (acme.name, rule.name, alice.email) if word in said]
    assert TEAM not in links()[0]
    assert told(acme) == []
    with pytest.raises(Conflict) as refused:
        rule_test(act(alice), rule=rule)
    assert refused.value.code == "notifications.not_confirmed"


def test_own_confirmed_address_is_not_asked(add, alice, acme):
    EmailAddress.objects.update_or_create(
        user=alice, email=alice.email, defaults={"verified": True}
    )
    rule = add(alice.email.upper())
    assert rule.state == "on"
    assert mail.outbox == []
    assert [delivery.rule for delivery in told(acme)] == [rule]


def test_own_address_that_is_not_confirmed_waits(add, alice):
    EmailAddress.objects.filter(user=alice).update(verified=False)
    assert add(alice.email).state == "unconfirmed"


def test_address_of_somebody_else_looks_like_one_that_nobody_has(add, vera, in_acme, alice):
    EmailAddress.objects.update_or_create(user=vera, email=vera.email, defaults={"verified": True})
    pages = []
    for email in (vera.email, TEAM):
        rule = add(email, name="Same")
        page = in_acme(alice).get(rule.get_absolute_url()).text.replace(email, "x")
        pages.append("Waiting for confirmation: a link was mailed to x" in page)
    assert pages == [True, True]
    assert len({sent.body.replace(sent.to[0], "x").split("http")[0] for sent in mail.outbox}) == 1


def test_link_asks_for_a_click_and_works_once(add, client, acme):
    rule = add()
    (link,) = links()
    page = client.get(link)
    assert page.status_code == 200
    assert acme.name in page.text
    rule.refresh_from_db()
    assert rule.confirmed_at is None
    assert "from now on" in client.post(link).text
    rule.refresh_from_db()
    assert rule.state == "on"
    event = AuditEvent.objects.get(verb="notifications.rule_confirmed")
    assert event.data["shown_as"] == TEAM
    assert client.get(link).status_code == client.post(link).status_code == 404
    assert [delivery.rule for delivery in told(acme)] == [rule]


def test_link_that_is_too_old_forged_or_of_something_else_opens_nothing(add, client, settings):
    add()
    (link,) = links()
    assert client.get(f"{link[:-2]}x/").status_code == 404
    assert client.get(link.replace("notifications/confirm", "accounts/email")).status_code == 404
    later = timezone.now() + timedelta(seconds=settings.ACTIVATION_SECONDS + 60)
    with time_machine.travel(later, tick=False):
        assert client.post(link).status_code == 404
    assert NotificationRule.objects.get().confirmed_at is None


def test_link_of_the_address_before_opens_nothing(
    add, act, alice, client, django_capture_on_commit_callbacks
):
    rule = add()
    with django_capture_on_commit_callbacks(execute=True):
        rule_change(act(alice), rule=rule, destination="other@example.org")
    first, second = links()
    assert client.post(first).status_code == 404
    assert client.post(second).status_code == 200


def test_another_address_waits_anew_and_the_same_does_not(act, alice, acme):
    rule = make_rule(acme)
    make_delivery(rule)
    rule_change(act(alice), rule=rule, name="New", destination="oncall@example.org")
    rule.refresh_from_db()
    assert rule.state == "on"
    rule = rule_change(act(alice), rule=rule, destination=TEAM)
    assert rule.state == "unconfirmed"
    deliver_due()
    assert mail.outbox == []
    assert NotificationDelivery.objects.get().state == DeliveryState.DROPPED


def test_link_is_sent_again_until_it_was_too_often(
    add, act, alice, in_acme, client, django_capture_on_commit_callbacks
):
    rule = add()
    page = in_acme(alice).get(rule.get_absolute_url()).text
    assert "Send the link again" in page
    assert f"{rule.get_absolute_url()}test/" not in page
    with django_capture_on_commit_callbacks(execute=True):
        in_acme(alice).post(f"{rule.get_absolute_url()}link/")
    assert AuditEvent.objects.filter(verb="notifications.rule_link_sent").count() == 1
    assert [client.get(link).status_code for link in links()] == [200, 200]
    for _ in range(3):
        rule_link_send(act(alice), rule=rule)
    with pytest.raises(QuotaExceeded) as refused:
        rule_link_send(act(alice), rule=rule)
    assert refused.value.code == "notifications.too_many_links"
    with pytest.raises(QuotaExceeded):
        add(name="Once more")
    assert NotificationRule.objects.count() == 1


def test_confirmed_rule_has_no_link_to_send(act, alice, acme):
    with pytest.raises(Conflict) as refused:
        rule_link_send(act(alice), rule=make_rule(acme))
    assert refused.value.code == "notifications.confirmed_already"


def test_api_says_that_it_waits_and_sends_the_link(signed_in, acme, alice, vera, olga):
    body = {"name": "Team", "channel": "email", "destination": TEAM, "organization": f"{acme.uid}"}
    kind = "application/json"
    address = "/api/v1/notification-rules/"
    made = signed_in(alice).post(address, body, content_type=kind).json()
    assert made["confirmed_at"] is None
    assert signed_in(alice).post(f"{made['href']}send-link/").status_code == 200
    answer = signed_in(alice).post(f"{made['href']}test/")
    assert (answer.status_code, answer.json()["code"]) == (409, "notifications.not_confirmed")
    assert signed_in(olga).post(f"{made['href']}send-link/").status_code == 403
    assert signed_in(vera).post(f"{made['href']}send-link/").status_code == 404
    changed = {"confirmed_at": "2026-01-01T00:00:00Z"}
    assert (
        signed_in(alice).patch(made["href"], changed, content_type=kind).json()["confirmed_at"]
        is None
    )
