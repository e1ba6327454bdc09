"""The gate after any first factor: what a held-back person gets, route by route."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, resolve, reverse
from django.urls.resolvers import URLResolver

from accounts.models import Organization
from accounts.second_factor.middleware import ENROLLING, OPEN, SHOWING
from tests.accounts.second_factor.conftest import app_of, code_at, password_only, verified
from tests.factories.accounts import PASSWORD, OrganizationFactory, join

VERIFY = "/accounts/second-factor/verify/"
ENROL = "/accounts/second-factor/add/"


def routes(patterns=None, prefix="") -> set[str]:
    """Return the names of all routes."""
    found = set()
    for pattern in patterns or get_resolver().url_patterns:
        if isinstance(pattern, URLResolver):
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            found |= routes(pattern.url_patterns, prefix + space)
        elif pattern.name:
            found.add(prefix + pattern.name)
    return found


def address_of(name: str) -> str:
    """Return the address of a route, with any arguments that fit."""
    for possible in _possibilities(name):
        for value in (uuid4(), "x", 1, "accounts", "login"):
            try:
                return reverse(name, kwargs=dict.fromkeys(possible, value))
            except NoReverseMatch:
                continue
    raise AssertionError(f"no address for {name}")


def _possibilities(name: str) -> list[tuple[str, ...]]:
    resolver = get_resolver()
    *spaces, short = name.split(":")
    for space in spaces:
        resolver = resolver.namespace_dict[space][1]
    return [
        params for _, params in (p for ps in resolver.reverse_dict.getlist(short) for p in ps[0])
    ]


CLOSED = sorted(
    name
    for name in routes()
    if name not in OPEN | SHOWING | ENROLLING and not name.startswith("gateway:")
)


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
def test_every_other_route_is_closed(held):
    client, page = held
    wrong = []
    for name in CLOSED:
        address = address_of(name)
        if resolve(address).view_name in OPEN:  # allauth has names of its own for some pages
            continue
        for method in ("get", "post", "put", "patch", "delete"):
            answer = getattr(client, method)(address)
            if address.startswith("/api/"):
                is_closed = answer.status_code == 403 and b"second_factor" in answer.content
            else:
                is_closed = answer.status_code == 302 and answer["Location"].startswith(page)
            if not is_closed:
                wrong.append(f"{method} {address}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert len(CLOSED) > 80


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
