"""Sudo mode: who sits there is asked again, and nothing typed is lost."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from accounts.actor import PROVED_AT
from audit.models import AuditEvent
from tests.factories.accounts import PASSWORD

URL = "/accounts/sudo/"


@pytest.fixture
def stale(signed_in):
    """Return a client whose person proved who they are too long ago."""

    def sign_in(user):
        client = signed_in(user)
        session = client.session
        session[PROVED_AT] -= 16 * 60
        session.save()
        return client

    return sign_in


def test_anybody_signing_in_has_proved_who_they_are(signed_in, olga):
    assert signed_in(olga).session[PROVED_AT] > 0


def test_stranger_is_sent_to_sign_in(client, db):
    assert "/accounts/sign-in/" in client.get(URL)["Location"]


def test_person_confirms_by_password_goes_where_they_wanted(stale, olga):
    client = stale(olga)
    page = client.get(f"{URL}?next=/devices/")
    assert "Confirm that it is you" in page.text
    answer = client.post(URL, {"asked": 1, "next": "/devices/", "password": PASSWORD})
    assert answer["Location"] == "/devices/"
    now = timezone.now().timestamp()
    assert now - client.session[PROVED_AT] < 60
    event = AuditEvent.objects.get(verb="accounts.sudo_passed")
    assert event.actor == "olga@example.org"


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil"]
)
def test_foreign_next_is_not_followed(stale, olga, address):
    answer = stale(olga).post(URL, {"asked": 1, "next": address, "password": PASSWORD})
    assert answer["Location"] == "/"


def test_wrong_password_proves_nothing(stale, olga):
    client = stale(olga)
    before = client.session[PROVED_AT]
    answer = client.post(URL, {"asked": 1, "password": "guess"})
    assert answer.status_code == 422
    assert "This is not your password." in answer.text
    assert client.session[PROVED_AT] == before


def test_guessing_ends_with_429(stale, olga):
    client = stale(olga)
    for _ in range(10):
        client.post(URL, {"asked": 1, "password": "guess"})
    answer = client.post(URL, {"asked": 1, "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0


def test_proof_counts_for_a_quarter_of_an_hour(signed_in, olga, act):
    client = signed_in(olga)
    proved_at = client.session[PROVED_AT]
    actor = act(olga, proved_at=proved_at)
    assert actor.is_recent
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=15, seconds=1)):
        assert not actor.is_recent
