"""Signing in and out: by which name, where to, for how long, and how often one may guess."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from axes.models import AccessAttempt
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts.models import User
from audit.models import AuditEvent
from tests.factories.accounts import PASSWORD

URL = "/accounts/sign-in/"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def client():
    return Client()


def sign_in(client, name="olga@example.org", password=PASSWORD, **more):
    return client.post(URL, {"username": name, "password": password, **more})


@pytest.mark.parametrize("name", ["olga@example.org", "OLGA@Example.org", "olga", " Olga "])
def test_person_signs_in_by_address_or_name_lands_on_the_dashboard(client, olga, name):
    response = sign_in(client, name)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/").status_code == 200
    event = AuditEvent.objects.filter(verb="accounts.signed_in").get()
    assert (event.actor, event.address) == ("olga@example.org", "127.0.0.1")


def test_person_signs_in_session_gets_another_key(client, olga):
    client.get(URL)
    session = client.session
    session["seen"] = True
    session.save()
    client.cookies["thinx_session"] = before = session.session_key
    sign_in(client)
    assert client.cookies["thinx_session"].value != before


def test_wrong_password_and_unknown_name_read_the_same(client, olga):
    wrong = sign_in(client, password="not it")
    unknown = sign_in(client, name="nobody@example.org", password="not it")
    assert wrong.status_code == unknown.status_code == 200
    sentence = "This name and password do not belong together."
    assert sentence in wrong.text
    assert sentence in unknown.text
    assert "not it" not in wrong.text


def test_closed_account_is_not_let_in(client, olga):
    olga.is_active = False
    olga.save(update_fields=["is_active"])
    assert sign_in(client).status_code == 200


def test_stranger_is_sent_to_sign_in_and_back(client, olga):
    asked = client.get("/api-keys/?state=active")
    assert asked["Location"] == f"{URL}?next=/api-keys/%3Fstate%3Dactive"
    back = sign_in(client, next="/api-keys/?state=active")
    assert back["Location"] == "/api-keys/?state=active"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:1"])
def test_sign_in_never_leads_to_another_site(client, olga, target):
    assert sign_in(client, next=target)["Location"] == "/"


def test_stay_signed_in_lasts_two_weeks_otherwise_the_browser_session(client, olga):
    sign_in(client)
    assert client.session.get_expire_at_browser_close()
    client.logout()
    sign_in(client, remember="on")
    assert not client.session.get_expire_at_browser_close()
    assert client.session.get_expiry_age() == 14 * 24 * 3600


def test_signed_in_person_opens_sign_in_goes_on(signed_in, olga):
    response = signed_in(olga).get(f"{URL}?next=/environment/")
    assert response["Location"] == "/environment/"


def test_tenth_wrong_password_locks_out_even_the_right_one(client, olga):
    for _ in range(9):
        assert sign_in(client, password="guess").status_code == 200
    for password in ("guess", PASSWORD):
        refused = sign_in(client, password=password)
        assert refused.status_code == 429
        assert 0 < int(refused["Retry-After"]) <= 900
        assert "Too many wrong passwords. Try again in 15 minutes" in refused.text
    assert "_auth_user_id" not in client.session
    assert AuditEvent.objects.filter(verb="accounts.sign_in_refused").count() == 10
    event = AuditEvent.objects.get(verb="accounts.locked_out")
    assert (event.target_uid, event.address) == (olga.uid, "127.0.0.1")


def test_guessing_by_address_and_user_name_is_guessing_at_one_account(client, olga):
    for n in range(10):
        sign_in(client, ("olga", "OLGA@example.org")[n % 2], "guess")
    assert sign_in(client).status_code == 429


def test_other_browsers_at_the_same_address_are_locked_out_too(client, olga):
    for n in range(10):
        client.post(
            URL, {"username": "olga", "password": "guess"}, headers={"user-agent": f"browser {n}"}
        )
    assert sign_in(Client()).status_code == 429


def test_locked_out_attempts_do_not_make_it_longer(client, olga):
    for _ in range(10):
        sign_in(client, password="guess")
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=14)):
        assert int(sign_in(client)["Retry-After"]) <= 61
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16)):
        assert sign_in(client).status_code == 302


def test_lost_cache_forgives_nothing(client, olga):
    for _ in range(10):
        sign_in(client, password="guess")
    cache.clear()
    assert sign_in(client).status_code == 429


def test_own_success_does_not_clear_the_failures_of_the_address(client, olga):
    for n in range(48):
        sign_in(client, f"person-{n}@example.org", "guess")
    sign_in(client)
    client.logout()
    for n in range(2):
        sign_in(client, f"other-{n}@example.org", "guess")
    assert sign_in(client).status_code == 429


def test_what_was_typed_is_not_kept(client, olga):
    sign_in(client, password="nearly right")
    kept = AccessAttempt.objects.values()
    assert "nearly right" not in f"{list(kept)}"


def test_guessing_at_one_account_leaves_others_and_other_places_alone(client, olga, alice):
    for _ in range(10):
        sign_in(client, password="guess")
    assert sign_in(client, "alice@example.org").status_code == 302
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert sign_in(elsewhere).status_code == 302


def test_guessing_at_many_accounts_from_one_address_ends(client, olga):
    for n in range(50):
        sign_in(client, f"person-{n}@example.org", "guess")
    assert sign_in(client).status_code == 429


def guess_from_everywhere():
    """Guess a hundred times at olga, never more than nine times from one address."""
    for n in range(11):
        AccessAttempt.objects.create(
            username="olga@example.org", ip_address=f"203.0.113.{n}", failures_since_start=9
        )
    sign_in(Client(REMOTE_ADDR="203.0.113.99"), password="guess")


def test_guessing_at_one_account_from_many_addresses_ends(client, olga, alice):
    guess_from_everywhere()
    refused = sign_in(Client(REMOTE_ADDR="198.51.100.7"))
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 900
    assert sign_in(client, "alice@example.org").status_code == 302


def test_guessing_from_everywhere_leaves_the_person_alone_where_they_are_signed_in(client, olga):
    assert sign_in(client).status_code == 302
    guess_from_everywhere()
    assert sign_in(Client()).status_code == 302


def test_refused_person_comes_back_after_a_quarter_of_an_hour(client, olga):
    for _ in range(10):
        sign_in(client, password="guess")
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16)):
        assert sign_in(client).status_code == 302


def test_success_forgets_the_failures_before_it(client, olga):
    for _ in range(9):
        sign_in(client, password="guess")
    assert sign_in(client).status_code == 302
    client.logout()
    assert sign_in(client, password="guess").status_code == 200
    assert sign_in(client).status_code == 302


def test_person_signs_out_by_post_alone(signed_in, olga):
    client = signed_in(olga)
    assert client.get("/accounts/sign-out/").status_code == 405
    response = client.post("/accounts/sign-out/")
    assert response["Location"] == URL
    assert "You are signed out." in client.get(URL).text
    assert client.get("/").status_code == 302
    assert AuditEvent.objects.filter(verb="accounts.signed_out").exists()


def test_nobody_has_an_account_page_says_where_the_link_is(client, db):
    assert "Nobody has an account here yet." in client.get(URL).text


def test_password_page_is_not_kept_by_caches(client, db):
    assert "no-store" in client.get(URL)["Cache-Control"]


def test_address_belongs_to_its_owner_whatever_others_are_called(client, olga, alice):
    User.objects.filter(pk=alice.pk).update(username="olga@example.org")
    sign_in(client, "olga@example.org")
    assert client.session["_auth_user_id"] == f"{olga.pk}"
