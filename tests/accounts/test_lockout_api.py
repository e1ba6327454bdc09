"""Guessing over HTTP Basic counts like guessing on the sign-in page, and is answered in JSON."""

from __future__ import annotations

import base64

import pytest
from django.test import Client

from audit.models import AuditEvent
from tests.factories.accounts import PASSWORD

pytestmark = pytest.mark.django_db


def ask(password: str, name: str = "olga"):
    told = base64.b64encode(f"{name}:{password}".encode()).decode()
    return Client().get("/api/v1/whoami/", headers={"authorization": f"Basic {told}"})


def test_tenth_wrong_password_over_the_api_locks_out_api_and_page(olga):
    assert ask(PASSWORD).status_code == 200
    for _ in range(9):
        assert ask("guess").status_code == 401
    for password in ("guess", PASSWORD):
        refused = ask(password)
        assert refused.status_code == 429
        assert refused.json()["code"] == "accounts.locked_out"
        assert 0 < int(refused["Retry-After"]) <= 900
    page = Client().post("/accounts/sign-in/", {"username": "olga", "password": PASSWORD})
    assert page.status_code == 429
    assert AuditEvent.objects.filter(verb="accounts.locked_out").count() == 1


def test_guessing_on_the_page_locks_out_the_api(olga):
    for _ in range(10):
        Client().post("/accounts/sign-in/", {"username": "olga", "password": "guess"})
    assert ask(PASSWORD, "olga@example.org").status_code == 429


def test_locked_out_person_goes_on_where_they_are_signed_in(signed_in, olga):
    browser = signed_in(olga)
    for _ in range(10):
        ask("guess")
    assert browser.get("/").status_code == 200
