"""Sudo mode: who sits there is asked again, and nothing typed is lost."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from accounts.actor import PROVED_AT
from audit.models import AuditEvent
from tests.accounts.second_factor.conftest import app_of, code_at, password_only, verified
from tests.factories.accounts import PASSWORD
from tests.factories.keys import make_api_key

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


@pytest.mark.parametrize(
    "address", ["/api-keys/add/", "/deploy-keys/add/", "/accounts/second-factor/add/"]
)
def test_what_matters_most_asks_first(stale, alice, address):
    assert stale(alice).get(address)["Location"] == f"{URL}?next={address}"


def test_form_sent_too_late_comes_back_filled_in(stale, alice):
    client = stale(alice)
    sent = {"alias": "rack 7", "kind": "device", "lifetime": "", "private_key": "BEGIN SECRET"}
    late = client.post("/api-keys/add/", sent)
    assert late.status_code == 307
    page = client.post(late["Location"], sent)
    assert "What you typed is kept." in page.text
    assert "BEGIN SECRET" not in page.text
    carried = page.context["carried"]
    answer = client.post(
        late["Location"],
        {"asked": 1, "password": PASSWORD, "carried": carried, "next": "/api-keys/add/"},
    )
    assert '<input type="hidden" name="alias" value="rack 7">' in answer.text
    assert 'action="/api-keys/add/"' in answer.text
    made = client.post("/api-keys/add/", {"alias": "rack 7", "kind": "device", "lifetime": ""})
    assert made.status_code == 200


def test_carried_form_is_not_sent_elsewhere(stale, alice):
    answer = stale(alice).post(
        URL, {"asked": 1, "password": PASSWORD, "carried": "a=1", "next": "https://evil.example/"}
    )
    assert answer["Location"] == "/"


def test_person_with_a_factor_is_asked_for_it_and_not_for_the_password(alice):
    app_of(alice)
    client = verified(alice)
    session = client.session
    session[PROVED_AT] -= 3600
    session.save()
    page = client.get(URL).text
    assert 'autocomplete="one-time-code"' in page
    assert 'type="password"' not in page
    refused = client.post(URL, {"asked": 1, "password": PASSWORD})
    assert refused.status_code == 422
    later = timezone.now() + dt.timedelta(seconds=60)
    with time_machine.travel(later):
        answer = client.post(URL, {"asked": 1, "code": code_at(), "next": "/api-keys/add/"})
        assert answer["Location"] == "/api-keys/add/"
        assert client.get("/api-keys/add/").status_code == 200


def test_saying_passkey_without_one_proves_nothing(stale, alice):
    client = stale(alice)
    client.post(URL, {"asked": 1, "way": "passkey"})
    assert client.get("/api-keys/add/").status_code == 302


def test_recent_proof_is_not_prolonged_by_saying_passkey(signed_in, alice):
    client = signed_in(alice)
    before = client.session[PROVED_AT]
    client.post(URL, {"asked": 1, "way": "passkey"})
    assert client.session[PROVED_AT] == before


def test_held_back_person_is_sent_to_their_factor(alice):
    app_of(alice)
    client = password_only(alice)
    assert client.get(URL)["Location"].startswith("/accounts/second-factor/verify/")


def test_person_without_password_is_told_to_sign_in_again(stale, alice):
    client = stale(alice)
    alice.set_unusable_password()
    alice.save(update_fields=["password"])
    client.force_login(alice, backend="accounts.backends.EmailBackend")
    session = client.session
    session[PROVED_AT] = 0
    session.save()
    page = client.get(f"{URL}?next=/api-keys/add/").text
    assert "Sign in again" in page
    assert "next=/api-keys/add/" in page or "next=%2Fapi-keys%2Fadd%2F" in page


def test_rest_by_session_wants_a_recent_proof_before_keys(stale, signed_in, alice):
    sent = {"data": {"alias": "x"}, "content_type": "application/json"}
    answer = stale(alice).post("/api/v1/api-keys/", **sent)
    assert (answer.status_code, answer.json()["code"]) == (403, "accounts.recent_proof_required")
    assert signed_in(alice).post("/api/v1/api-keys/", **sent).status_code == 201


def test_rest_by_key_is_proof_itself(client, alice, acme):
    _, key = make_api_key(acme, user=alice, kind="automation")
    answer = client.post(
        "/api/v1/api-keys/",
        {"alias": "x"},
        content_type="application/json",
        headers={"X-API-Key": key},
    )
    assert answer.status_code == 201


def test_bulk_revocation_sent_too_late_keeps_the_selection(stale, alice, acme):
    key, _ = make_api_key(acme, user=alice)
    client = stale(alice)
    late = client.post("/api-keys/bulk-revoke/", {"selected": f"{key.uid}"})
    assert late.status_code == 307
    page = client.post(late["Location"], {"selected": f"{key.uid}"})
    answer = client.post(
        late["Location"],
        {
            "asked": 1,
            "password": PASSWORD,
            "carried": page.context["carried"],
            "next": "/api-keys/bulk-revoke/",
        },
    )
    assert f"{key.uid}" in answer.text


def test_changing_the_password_asks_for_the_factor_of_who_has_one(alice):
    app_of(alice)
    client = verified(alice)
    assert client.get("/accounts/password/").status_code == 200
    session = client.session
    session[PROVED_AT] -= 3600
    session.save()
    assert client.get("/accounts/password/")["Location"] == f"{URL}?next=/accounts/password/"
