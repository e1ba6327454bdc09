"""Another e-mail address: it counts once it is confirmed, and the old one is told."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from tests.factories.accounts import PASSWORD, make_user
from tests.support.outbox import last_mail, links_in, mails_to

URL = "/accounts/email/"
OLD, NEW = "olga@example.org", "olga.new@example.org"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def ask(signed_in, olga, django_capture_on_commit_callbacks):
    """Ask for another address as Olga; return her browser and the answer."""

    def send(email=NEW, **more):
        browser = signed_in(olga)
        with django_capture_on_commit_callbacks(execute=True):
            return browser, browser.post(URL, {"email": email, **more})

    return send


@pytest.fixture
def confirm(settings, django_capture_on_commit_callbacks):
    """Follow the link as somebody."""

    def follow(browser: Client):
        path = links_in(last_mail(NEW))[0].removeprefix(settings.PUBLIC_URL)
        page = browser.get(path)
        if page.status_code != 200:
            return page
        with django_capture_on_commit_callbacks(execute=True):
            return browser.post(path)

    return follow


def test_person_confirms_new_address_signs_in_with_it_and_the_old_one_is_told(ask, confirm, olga):
    browser, answer = ask()
    assert answer["Location"] == URL
    olga.refresh_from_db()
    assert olga.email == OLD
    assert mails_to(OLD) == ["Your e-mail address is about to change"]
    assert confirm(browser)["Location"] == "/accounts/security/"
    olga.refresh_from_db()
    assert olga.email == NEW
    assert list(EmailAddress.objects.filter(user=olga).values_list("email", "verified")) == [
        (NEW, True)
    ]
    assert "Your e-mail address was changed" in mails_to(OLD)
    signing = {"username": NEW, "password": PASSWORD}
    assert Client().post("/accounts/sign-in/", signing).status_code == 302
    asked = AuditEvent.objects.get(verb="accounts.email_change_asked")
    changed = AuditEvent.objects.get(verb="accounts.email_changed")
    assert asked.data["changes"] == changed.data["changes"]
    assert changed.data["changes"]["email"] == {"before": OLD, "after": NEW}


def test_link_is_opened_in_another_browser_without_signing_in(ask, confirm, olga):
    ask()
    stranger = Client()
    assert confirm(stranger)["Location"] == "/accounts/sign-in/"
    olga.refresh_from_db()
    assert olga.email == NEW
    assert "_auth_user_id" not in stranger.session


def test_looking_at_the_link_changes_nothing(ask, settings, olga):
    browser, _ = ask()
    browser.get(links_in(last_mail(NEW))[0].removeprefix(settings.PUBLIC_URL))
    olga.refresh_from_db()
    assert olga.email == OLD


def test_link_works_once_and_a_newer_one_takes_its_place(ask, confirm):
    browser, _ = ask()
    older = last_mail(NEW)
    ask("third@example.org")
    assert browser.get(links_in(older)[0].partition("7442")[2]).status_code == 404
    ask()
    assert confirm(browser).status_code == 302
    assert confirm(browser).status_code == 404


def test_link_ends_after_three_days(ask, confirm):
    browser, _ = ask()
    with time_machine.travel(timezone.now() + dt.timedelta(days=3, minutes=1)):
        assert confirm(browser).status_code == 404


def test_address_of_another_account_looks_the_same_and_is_told_there(ask, olga, alice):
    known = ask("ALICE@example.org")[1]
    new = ask()[1]
    assert (known.status_code, known["Location"]) == (new.status_code, new["Location"])
    assert mails_to("alice@example.org") == ["You have an account already"]
    assert not EmailAddress.objects.filter(user=olga, email="alice@example.org").exists()


def test_address_that_was_taken_meanwhile_stays_with_its_account(ask, confirm, olga):
    browser, _ = ask()
    other = make_user("olga.new")
    confirm(browser)
    olga.refresh_from_db()
    assert (olga.email, other.email) == (OLD, NEW)
    assert EmailAddress.objects.get(user=olga, primary=True).email == OLD


def test_own_address_is_refused(ask):
    _, page = ask("OLGA@example.org")
    assert page.status_code == 422
    assert "This is your address already." in page.text
    assert not mail.outbox


def test_person_gives_the_new_address_up(ask, confirm, olga):
    browser, _ = ask()
    assert NEW in browser.get(URL).text
    browser.post(URL, {"withdraw": "1"})
    given_up = AuditEvent.objects.get(verb="accounts.email_change_withdrawn")
    assert (given_up.actor_uid, given_up.target_uid) == (olga.uid, olga.uid)
    assert confirm(browser).status_code == 404


def test_session_that_proved_nothing_lately_is_asked_first(ask, olga, signed_in):
    browser = signed_in(olga)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16)):
        assert browser.get(URL)["Location"].startswith("/accounts/sudo/")


def test_stranger_is_sent_to_sign_in(client):
    assert client.get(URL)["Location"].startswith("/accounts/sign-in/")


def test_asking_too_often_is_429(ask):
    for n in range(5):
        assert ask(f"new{n}@example.org")[1].status_code == 302
    assert ask("last@example.org")[1].status_code == 429
