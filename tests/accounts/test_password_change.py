"""Choosing a new password: this session stays, every other one ends."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from audit.models import AuditEvent
from tests.factories.accounts import PASSWORD

URL = "/accounts/password/"
NEW = "staple battery horse"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


def change(client, old=PASSWORD, new=NEW, again=None):
    data = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return client.post(URL, data)


def test_person_changes_password_keeps_this_session_and_ends_others(signed_in, olga):
    here, there = signed_in(olga), signed_in(olga)
    response = change(here)
    assert response["Location"] == "/accounts/profile/"
    assert "Your password is changed." in here.get("/accounts/profile/").text
    assert there.get("/accounts/profile/").status_code == 302
    olga.refresh_from_db()
    assert olga.check_password(NEW)
    event = AuditEvent.objects.get(verb="accounts.password_changed")
    assert event.actor == "olga@example.org"
    assert NEW not in f"{event.__dict__}"


def test_wrong_current_password_changes_nothing(signed_in, olga):
    page = change(signed_in(olga), old="something else")
    assert "This is not your current password." in page.text
    olga.refresh_from_db()
    assert olga.check_password(PASSWORD)


@pytest.mark.parametrize("new", ["short", "12345678901", "password123", "olga@example.org"])
def test_weak_password_is_refused(signed_in, olga, new):
    assert change(signed_in(olga), new=new).status_code == 200
    olga.refresh_from_db()
    assert olga.check_password(PASSWORD)


def test_guessing_the_current_password_ends_with_429(signed_in, olga):
    client = signed_in(olga)
    for _ in range(10):
        change(client, old="guess")
    assert change(client).status_code == 429


def test_mistyped_new_password_is_no_guess(signed_in, olga):
    client = signed_in(olga)
    for _ in range(11):
        change(client, again="another one")
    assert change(client).status_code == 302


def test_stranger_opens_password_change_is_sent_to_sign_in(client, db):
    assert client.get(URL)["Location"] == f"/accounts/sign-in/?next={URL}"
