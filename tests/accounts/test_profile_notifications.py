"""What people want to hear of, what they agreed to, and what they are told anyway."""

from __future__ import annotations

import pytest
from django.core import mail

from accounts.choices import Role
from accounts.models import Consent, NotificationChoice
from accounts.selectors.notifications import choices_of, wants
from accounts.services.memberships import membership_remove, membership_set
from accounts.services.notices import NOTICES, security_notice
from accounts.services.notifications import notifications_choose
from accounts.services.people import password_change
from accounts.topics import topics
from audit.models import AuditEvent
from builds.news import build_failed_news
from core.exceptions import DomainError
from tests.factories.accounts import make_user
from tests.factories.builds import BuildFactory
from tests.support.outbox import last_mail, last_sms, mails_to

URL = "/accounts/notifications/"
PHONE = "+420601123456"


@pytest.fixture(autouse=True)
def sent_at_once(django_capture_on_commit_callbacks):
    """Run what waits for the commit at the end of each `with`."""
    return django_capture_on_commit_callbacks


def test_page_lists_only_channels_that_reach_the_person(signed_in, olga):
    client = signed_in(olga)
    page = client.get(URL).text
    assert "E-mail" in page
    assert 'name="security-sms"' not in page
    assert "add your phone" in page
    olga.phone = PHONE
    olga.save()
    assert 'name="security-sms"' in client.get(URL).text


def test_person_chooses_and_it_is_audited(signed_in, olga):
    client = signed_in(olga)
    answer = client.post(
        URL,
        {"build_failed-inbox": "on", "build_failed-email": "on", "organization-inbox": "on"},
        follow=True,
    )
    assert "Your notification settings are saved." in answer.text
    assert (wants(olga, "build_failed", "email"), wants(olga, "organization", "email")) == (
        True,
        False,
    )
    event = AuditEvent.objects.get(verb="accounts.notifications_changed")
    assert event.data["changed"]["organization by email"] is False
    assert not {name for name in event.data["changed"] if name.startswith("build_failed")}


def test_consent_is_recorded_as_worded_and_its_withdrawal_too(signed_in, olga):
    client = signed_in(olga)
    wording = topics.get("product").consent
    assert wording in client.get(URL).text
    assert not Consent.objects.exists()
    client.post(URL, {"product-email": "on"})
    client.post(URL, {"product-email": "on"})
    given = Consent.objects.get(user=olga)
    assert (given.purpose, given.wording, given.withdrawn_at) == ("product", wording, None)
    client.post(URL, {})
    given.refresh_from_db()
    assert given.withdrawn_at is not None
    client.post(URL, {"product-email": "on"})
    assert Consent.objects.filter(user=olga).count() == 2
    page = client.get(URL).text
    assert page.count(wording.split(".")[0]) == 3
    assert "holds" in page
    verbs = AuditEvent.objects.filter(verb__startswith="accounts.consent").order_by("pk")
    assert [event.verb.rpartition("_")[2] for event in verbs] == ["given", "withdrawn", "given"]


def test_nothing_with_consent_is_on_by_itself(olga):
    for topic in topics:
        if topic.consent:
            assert not any(choices_of(olga)[topic.slug, channel] for channel in topic.channels)


def test_security_notices_cannot_be_turned_off(signed_in, olga):
    signed_in(olga).post(URL, {})
    assert wants(olga, "security", "email")


@pytest.mark.parametrize(
    "wish", [("security", "email"), ("weather", "email"), ("build_failed", "fax")]
)
def test_choice_that_does_not_exist_is_refused(act, olga, wish):
    with pytest.raises(DomainError) as refused:
        notifications_choose(act(olga), user=olga, wishes={wish: False})
    assert refused.value.code == "accounts.no_such_choice"


def test_sms_without_a_phone_is_refused(act, olga):
    with pytest.raises(DomainError) as refused:
        notifications_choose(act(olga), user=olga, wishes={("security", "sms"): True})
    assert refused.value.code == "accounts.no_phone"


@pytest.mark.parametrize("kind", NOTICES)
def test_each_notice_is_mailed_and_says_what_to_do(olga, act, kind, sent_at_once):
    with sent_at_once(execute=True):
        security_notice(olga, kind, what="a thing & more", actor=act(olga, address="192.0.2.7"))
    found = last_mail(olga.email)
    assert found.subject == NOTICES[kind].subject
    assert NOTICES[kind].advice in found.text
    assert "192.0.2.7" in found.text
    assert "a thing &amp; more" in found.html or "{what}" not in NOTICES[kind].sentence


def test_password_change_is_mailed(olga, act, sent_at_once):
    with sent_at_once(execute=True):
        password_change(act(olga), user=olga, password="staple battery horse")
    assert "Your password was changed" in mails_to(olga.email)
    assert "staple" not in last_mail(olga.email).text


def test_security_notice_comes_by_sms_when_chosen(olga, act, sent_at_once):
    olga.phone = PHONE
    olga.save()
    notifications_choose(act(olga), user=olga, wishes={("security", "sms"): True})
    with sent_at_once(execute=True):
        security_notice(olga, "password_changed", actor=act(olga))
    assert last_sms(PHONE).startswith("THiNX Console: The password of your account was changed.")


def test_without_a_phone_no_sms_is_tried(olga, act, sent_at_once):
    NotificationChoice.objects.create(user=olga, topic="security", channel="sms", is_on=True)
    with sent_at_once(execute=True):
        security_notice(olga, "password_changed", actor=act(olga))
    assert len(mail.outbox) == 1


def test_role_given_by_somebody_else_is_told(act, alice, acme, sent_at_once):
    person = make_user("nina")
    with sent_at_once(execute=True):
        membership = membership_set(act(alice), user=person, organization=acme, role=Role.VIEWER)
    assert "alice@example.org made you Viewer of Acme." in last_mail(person.email).text
    with sent_at_once(execute=True):
        membership_set(act(alice), user=person, organization=acme, role=Role.OPERATOR)
    assert "made you Operator of Acme. You were Viewer before." in last_mail(person.email).text
    with sent_at_once(execute=True):
        membership.refresh_from_db()
        membership_remove(act(alice), membership=membership)
    assert "ended your role Operator in Acme." in last_mail(person.email).text


def test_who_does_not_want_it_hears_nothing(act, alice, acme, sent_at_once):
    person = make_user("nina")
    notifications_choose(act(person), user=person, wishes={("organization", "email"): False})
    with sent_at_once(execute=True):
        membership_set(act(alice), user=person, organization=acme, role=Role.VIEWER)
    assert mails_to(person.email) == []


def test_failed_build_is_told_to_who_started_it(olga, acme, sent_at_once):
    build = BuildFactory(source__organization=acme, created_by=olga)
    with sent_at_once(execute=True):
        build_failed_news(build, message="thinx.yml is missing.")
    found = last_mail(olga.email)
    assert found.subject == f"{build} failed"
    assert "thinx.yml is missing." in found.text
    assert build.get_absolute_url() in found.text


def test_who_may_not_see_the_build_any_more_hears_nothing(guest, acme, sent_at_once):
    build = BuildFactory(source__organization=acme, created_by=guest)
    with sent_at_once(execute=True):
        build_failed_news(build, message="thinx.yml is missing.")
    assert mails_to(guest.email) == []
