"""The gate after any first factor; that it closes every route is in the access matrix."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Organization
from accounts.second_factor.middleware import ENROLLING
from tests.accounts.second_factor.conftest import app_of, code_at, password_only, verified
from tests.factories.accounts import PASSWORD, OrganizationFactory, join

VERIFY = "/accounts/second-factor/verify/"
ENROL = "/accounts/second-factor/add/"


@pytest.fixture
def held(olga, acme, request):
    """Return a browser of a held-back person, and where they are sent."""
    if request.param == "verify":
        app_of(olga)
        return password_only(olga), VERIFY
    acme.requires_second_factor = True
    acme.save(update_fields=["requires_second_factor"])
    return password_only(olga), ENROL


@pytest.mark.parametrize("held", ["verify", "enrol"], indirect=True)
def test_leaving_is_always_possible(held):
    client, _ = held
    assert client.post("/accounts/sign-out/").status_code == 302
    assert "/accounts/sign-in/" in client.get("/")["Location"]


def test_verify_and_enrol_open_only_their_own_pages(olga):
    app_of(olga)
    client = password_only(olga)
    for name in ENROLLING:
        assert client.post(reverse(name)).headers["Location"].startswith(VERIFY)


def test_api_says_which(olga, acme):
    acme.requires_second_factor = True
    acme.save(update_fields=["requires_second_factor"])
    client = password_only(olga)
    code = client.get("/api/v1/whoami/").json()["code"]
    assert code == "accounts.second_factor_demanded"
    app_of(olga)
    assert client.get("/api/v1/whoami/").json()["code"] == "accounts.second_factor_required"


def test_htmx_is_sent_there_as_a_whole(olga):
    app_of(olga)
    answer = password_only(olga).get("/devices/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == VERIFY


def test_demand_of_an_organization_above_is_named(olga, acme):
    above = OrganizationFactory(name="Holding")
    acme.refresh_from_db()
    Organization.objects.move(acme, above, "last-child")
    Organization.objects.filter(pk=above.pk).update(requires_second_factor=True)
    client = password_only(olga)
    page = client.get(ENROL)
    assert "<b>Holding</b> demands" in page.text


def test_demand_elsewhere_holds_nobody_back(olga, umbrella):
    umbrella.requires_second_factor = True
    umbrella.save(update_fields=["requires_second_factor"])
    assert password_only(olga).get("/").status_code == 200


def test_held_back_person_enrols_and_is_through(olga, acme):
    acme.requires_second_factor = True
    acme.save(update_fields=["requires_second_factor"])
    client = password_only(olga)
    assert client.get("/devices/")["Location"] == f"{ENROL}?next=/devices/"
    client.get(f"{ENROL}app/")
    from accounts.models import TotpDevice
    from accounts.second_factor.totp import totp_seed

    seed = totp_seed(TotpDevice.objects.get(user=olga))
    answer = client.post(
        f"{ENROL}app/", {"code": code_at(seed=seed), "name": "App", "next": "/devices/"}
    )
    assert answer["Location"] == "/accounts/second-factor/recovery-codes/?next=/devices/"
    assert client.get("/devices/").status_code == 200
    assert '<a class="btn" href="/devices/"' in client.post(answer["Location"]).text


def test_held_back_actor_reaches_no_row_on_a_websocket(olga, acme, act):
    app_of(olga)
    assert not Organization.objects.allowed(act(olga)).exists()
    assert Organization.objects.allowed(act(olga, verified=True)).exists()


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"],
)
def test_foreign_next_is_not_followed(olga, address):
    app_of(olga)
    client = password_only(olga)
    answer = client.post(VERIFY, {"asked": 1, "code": code_at(), "next": address})
    assert answer["Location"] == "/"
    assert client.get(f"{VERIFY}?next={address}")["Location"] == "/"


def test_session_known_before_verification_is_worth_nothing_after(olga):
    app_of(olga)
    client = password_only(olga)
    thief = Client()
    thief.cookies["thinx_session"] = client.cookies["thinx_session"].value
    client.post(VERIFY, {"asked": 1, "code": code_at()})
    assert client.get("/").status_code == 200
    assert "/accounts/sign-in/" in thief.get("/")["Location"]


def test_other_session_of_the_person_stays_held_back(olga):
    app_of(olga)
    other = password_only(olga)
    verified(olga)
    assert other.get("/")["Location"].startswith(VERIFY)


def test_password_sign_in_by_another_person_loses_the_proof(olga, vera):
    app_of(olga)
    app_of(vera)
    client = verified(olga)
    client.post("/accounts/sign-out/")
    client.post("/accounts/sign-in/", {"username": "vera", "password": PASSWORD})
    assert client.get("/")["Location"].startswith(VERIFY)


def test_person_chosen_way_shows_and_unknown_way_falls_back(olga):
    app_of(olga)
    client = password_only(olga)
    assert 'name="code"' in client.get(f"{VERIFY}?with=nonsense").text
    assert client.post(VERIFY, {"asked": 1, "with": "recovery"}).status_code == 200


def test_joining_a_demanding_organization_holds_back_at_the_next_request(olga, umbrella):
    umbrella.requires_second_factor = True
    umbrella.save(update_fields=["requires_second_factor"])
    client = password_only(olga)
    assert client.get("/").status_code == 200
    join(olga, umbrella)
    assert client.get("/")["Location"].startswith(ENROL)
