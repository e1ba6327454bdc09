"""The ceremonies of passkeys, as far as no authenticator is needed: what they refuse.

Making and showing one is in tests/e2e/test_second_factor_browser.py, with a real browser.
"""

from __future__ import annotations

import json

import pytest
from django.test import Client, RequestFactory

from accounts.actor import PROVED_AT
from accounts.models import Passkey
from accounts.second_factor.passkeys import passkey_place
from audit.models import AuditEvent
from tests.accounts.second_factor.conftest import app_of, password_only, verified
from thinx_console.settings.second_factor import passkey_domain

ENROL = "/accounts/passkeys/enrol/"
SHOW = "/accounts/passkeys/show/"
MADE_UP = {
    "id": "AAAA",
    "rawId": "AAAA",
    "type": "public-key",
    "response": {
        "clientDataJSON": "e30",
        "attestationObject": "AAAA",
        "authenticatorData": "AAAA",
        "signature": "AAAA",
    },
    "clientExtensionResults": {},
}


def post(client, address, data=None):
    return client.post(address, data or {}, content_type="application/json")


def test_stranger_enrols_nothing(client, db):
    assert post(client, f"{ENROL}begin/").status_code == 403
    assert post(client, f"{ENROL}complete/", MADE_UP).status_code == 403


def test_stale_session_enrols_nothing(signed_in, olga):
    client = signed_in(olga)
    session = client.session
    session[PROVED_AT] -= 3600
    session.save()
    answer = post(client, f"{ENROL}begin/")
    assert (answer.status_code, answer.json()["code"]) == (403, "accounts.recent_proof_required")


def test_session_without_its_factor_enrols_nothing(olga):
    app_of(olga)
    answer = post(password_only(olga), f"{ENROL}begin/")
    assert answer["Location"].startswith("/accounts/second-factor/verify/")


def test_begin_asks_for_a_key_of_this_console(signed_in, olga):
    options = post(signed_in(olga), f"{ENROL}begin/").json()
    assert options["rp"]["id"] == "localhost"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert len(options["challenge"]) > 40


@pytest.mark.parametrize("door", [ENROL, SHOW])
@pytest.mark.parametrize(
    "body",
    [
        MADE_UP,
        {},
        [],
        "text",
        {"id": 1},
        {**MADE_UP, "rawId": "!!!"},
        {**MADE_UP, "rawId": "A"},
        {**MADE_UP, "response": []},
        {**MADE_UP, "clientExtensionResults": 5},
    ],
)
def test_what_no_authenticator_says_is_refused(signed_in, olga, door, body):
    client = signed_in(olga)
    post(client, f"{door}begin/")
    answer = client.generic(
        "POST", f"{door}complete/", json.dumps(body), content_type="application/json"
    )
    assert 400 <= answer.status_code < 500, answer.content
    assert answer.json()["detail"]
    assert not Passkey.objects.exists()


def test_broken_json_is_refused(signed_in, olga):
    client = signed_in(olga)
    for body in (b"{", b"\xff\xfe"):
        answer = client.generic("POST", f"{SHOW}begin/", body, content_type="application/json")
        assert answer.status_code == 400


def test_challenge_is_good_for_one_answer(signed_in, olga):
    client = signed_in(olga)
    post(client, f"{SHOW}begin/")
    post(client, f"{SHOW}complete/", MADE_UP)
    answer = post(client, f"{SHOW}complete/", MADE_UP)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_state")


def test_refused_passkeys_are_recorded_and_end_with_429(db):
    client = Client()
    for _ in range(10):
        post(client, f"{SHOW}begin/")
        assert post(client, f"{SHOW}complete/", MADE_UP).status_code == 404
    assert post(client, f"{SHOW}begin/").status_code == 429
    assert AuditEvent.objects.filter(verb="accounts.factor_refused").count() == 10


def test_refused_passkey_verifies_nobody(olga):
    app_of(olga)
    client = password_only(olga)
    post(client, f"{SHOW}begin/")
    post(client, f"{SHOW}complete/", MADE_UP)
    assert client.get("/").status_code == 302
    assert AuditEvent.objects.get(verb="accounts.factor_refused").actor == olga.email


def test_begin_names_only_ones_own_passkeys(olga, vera):
    app_of(olga)
    Passkey.objects.create(user=vera, name="x", credential_id=b"theirs", public_key=b"x")
    assert post(verified(olga), f"{SHOW}begin/").json()["allowCredentials"] == []


@pytest.mark.parametrize(
    ("public_url", "domain"),
    [
        ("http://127.0.0.1:7442", "localhost"),
        ("http://localhost:7442", "localhost"),
        ("http://[::1]:7442", "localhost"),
        ("https://console.example.org", "console.example.org"),
    ],
)
def test_passkeys_belong_to_a_name(public_url, domain):
    assert passkey_domain(public_url) == domain


@pytest.mark.parametrize(
    ("public_url", "host", "works", "url"),
    [
        ("http://127.0.0.1:7442", "127.0.0.1:7442", False, "http://localhost:7442/x/"),
        ("http://127.0.0.1:7442", "localhost:7442", True, ""),
        ("https://console.example.org", "console.example.org", True, ""),
        ("https://console.example.org", "127.0.0.1", False, "https://console.example.org/x/"),
        ("http://console.example.org", "console.example.org", False, ""),
    ],
)
def test_pages_say_where_passkeys_work(settings, public_url, host, works, url):
    settings.PUBLIC_URL = public_url
    settings.ALLOWED_HOSTS = ["*"]
    settings.HTTP_PORT = 7442
    settings.OTP_WEBAUTHN_RP_ID = passkey_domain(public_url)
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = [public_url, "http://localhost:7442"]
    request = RequestFactory().get(
        "/x/", headers={"Host": host}, secure=public_url.startswith("https")
    )
    place = passkey_place(request)
    assert (place.works, place.url) == (works, url)
