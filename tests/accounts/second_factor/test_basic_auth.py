"""The API by name and password: for whom it is enough, and for whom not."""

from __future__ import annotations

import base64

import pytest
from django.test import Client

from tests.accounts.second_factor.conftest import app_of
from tests.factories.accounts import PASSWORD, join

WHO = "/api/v1/whoami/"


def basic(name: str, password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}


def ask(name: str, password: str = PASSWORD, address: str = WHO):
    return Client().get(address, headers=basic(name, password))


def test_person_without_a_second_factor_uses_the_api_by_password(olga, acme):
    answer = ask("olga@example.org")
    assert answer.status_code == 200
    assert answer.json()["credential"]["kind"] == "password"
    made = Client().post(
        "/api/v1/api-keys/",
        {"alias": "script"},
        content_type="application/json",
        headers=basic("olga"),
    )
    assert made.status_code == 201


def test_wrong_password_is_401_with_a_code(olga):
    answer = ask("olga", "guess")
    assert (answer.status_code, answer.json()["code"]) == (401, "accounts.password_refused")
    assert not answer.headers.get("WWW-Authenticate", "").startswith("Basic")


@pytest.mark.parametrize(
    "value", ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"x").decode()]
)
def test_unreadable_header_is_401(db, value):
    assert Client().get(WHO, headers={"Authorization": value}).status_code == 401


def test_person_with_a_second_factor_is_refused(olga):
    app_of(olga)
    answer = ask("olga")
    assert (answer.status_code, answer.json()["code"]) == (401, "accounts.second_factor_required")


def test_person_whose_organization_demands_a_factor_is_refused(olga, acme):
    acme.requires_second_factor = True
    acme.save(update_fields=["requires_second_factor"])
    answer = ask("olga")
    assert (answer.status_code, answer.json()["code"]) == (401, "accounts.second_factor_demanded")


def test_superuser_by_password_is_an_ordinary_member(root, umbrella):
    join(root, umbrella)
    names = {row["name"] for row in ask("root", address="/api/v1/organizations/").json()["results"]}
    assert "Umbrella" in names
    assert "Acme" not in names


def test_closed_account_is_refused(olga):
    olga.is_active = False
    olga.save(update_fields=["is_active"])
    assert ask("olga").status_code == 401


def test_guessing_locks_out_as_on_the_sign_in_page(olga):
    for _ in range(10):
        ask("olga", "guess")
    assert ask("olga").status_code == 429
    page = Client().post("/accounts/sign-in/", {"username": "olga", "password": PASSWORD})
    assert page.status_code == 429
