"""Linked accounts: adding one, giving one up, and never the last way in."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from tests.identity.conftest import Traveller

LIST = "/accounts/connections/"
UNLINK = f"{LIST}unlink/"
LINK = f"{LIST}corp/link/"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("corp")]


@pytest.fixture
def link(signed_in):
    """Link the account at the provider to a person's; return their browser and the answer."""

    def go(person):
        browser = signed_in(person)
        there = browser.post(LINK)["Location"]
        return browser, browser.get(Traveller(browser).at_provider(there))

    return go


def unlink(browser):
    return browser.post(UNLINK, {"provider": "corp", "uid": "subject-1"})


def test_person_links_an_account_and_signs_in_with_it(link, olga):
    browser, answer = link(olga)
    assert answer["Location"] == LIST
    page = browser.get(LIST).text
    assert "nina@example.org" in page
    assert "It is linked." in page
    event = AuditEvent.objects.get(verb="accounts.provider_linked")
    assert (event.actor, event.data["provider"]) == ("olga@example.org", "Corp")
    other = Traveller(Client())
    other.sign_in()
    assert other.client.session["_auth_user_id"] == f"{olga.pk}"


def test_account_that_opens_another_one_is_not_taken_from_it(link, olga, alice):
    link(olga)
    browser, _ = link(alice)
    assert SocialAccount.objects.get().user == olga
    assert "It opens another account" in browser.get(LIST).text


def test_person_unlinks_it(link, olga):
    browser, _ = link(olga)
    assert unlink(browser)["Location"] == LIST
    assert not SocialAccount.objects.exists()
    assert "Corp is unlinked." in browser.get(LIST).text
    assert AuditEvent.objects.get(verb="accounts.provider_unlinked").data["provider"] == "Corp"


def test_last_way_in_stays(traveller):
    traveller.sign_in()
    unlink(traveller.client)
    assert SocialAccount.objects.exists()
    assert "is the only way into your account" in traveller.client.get(LIST).text


def test_account_of_somebody_else_cannot_be_unlinked(link, olga, alice, signed_in):
    link(olga)
    assert unlink(signed_in(alice)).status_code == 404
    assert SocialAccount.objects.exists()


@pytest.mark.parametrize(("method", "path"), [("get", LIST), ("post", LINK), ("post", UNLINK)])
def test_session_that_proved_nothing_lately_is_asked_first(signed_in, olga, method, path):
    browser = signed_in(olga)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16)):
        answer = getattr(browser, method)(path)
    assert answer["Location"].startswith("/accounts/sudo/")


def test_answer_that_comes_too_late_links_nothing(signed_in, olga):
    browser = signed_in(olga)
    there = browser.post(LINK)["Location"]
    session = browser.session
    session["proved_at"] = 0.0
    session.save()
    browser.get(Traveller(browser).at_provider(there))
    assert not SocialAccount.objects.exists()


def test_answer_to_somebody_elses_question_links_nothing(signed_in, olga, alice):
    """An attacker's half-finished linking must not attach their account to the victim's."""
    attacker, victim = signed_in(alice), signed_in(olga)
    back = Traveller(attacker).at_provider(attacker.post(LINK)["Location"])
    assert victim.get(back).status_code == 401
    assert not SocialAccount.objects.exists()


def test_stranger_is_sent_to_sign_in(client):
    for answer in (client.get(LIST), client.post(LINK), client.post(UNLINK)):
        assert answer["Location"].startswith("/accounts/sign-in/")


def test_security_page_says_what_opens_the_account(link, olga):
    browser, _ = link(olga)
    assert (
        "Corp (nina@example.org) opens this account too." in browser.get("/accounts/security/").text
    )
