"""Browsers that are not asked for the factor, and what makes them be asked again."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.actor import PROVED_AT
from accounts.models import RememberedBrowser
from accounts.services import password_change
from audit.models import AuditEvent
from tests.accounts.second_factor.conftest import app_of, code_at, codes_of, password_only
from tests.factories.accounts import PASSWORD

VERIFY = "/accounts/second-factor/verify/"
PAGE = "/accounts/second-factor/"


def remembered(user, **more) -> Client:
    """Return a browser that asked not to be asked."""
    client = password_only(user)
    client.post(VERIFY, {"asked": 1, "code": code_at(), "remember": 1, **more})
    return client


def comes_back(client, user):
    """Sign out and in by password; return the answer of the first page."""
    client.post("/accounts/sign-out/")
    client.post("/accounts/sign-in/", {"username": user.email, "password": PASSWORD})
    return client.get("/")


def test_remembered_browser_is_not_asked_for_a_month(olga):
    app_of(olga)
    client = remembered(olga)
    cookie = client.cookies["thinx_browser"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    row = RememberedBrowser.objects.get()
    assert cookie.value not in row.digest
    assert comes_back(client, olga).status_code == 200
    assert AuditEvent.objects.filter(verb="accounts.browser_remembered").count() == 1
    with time_machine.travel(timezone.now() + dt.timedelta(days=30, seconds=1)):
        assert comes_back(client, olga)["Location"].startswith(VERIFY)


def test_cookie_is_secure_over_https(olga, settings):
    settings.SESSION_COOKIE_SECURE = True
    app_of(olga)
    client = Client()
    https = {"secure": True}
    client.post("/accounts/sign-in/", {"username": "olga", "password": PASSWORD}, **https)
    client.post(VERIFY, {"asked": 1, "code": code_at(), "remember": 1}, **https)
    assert client.cookies["thinx_browser"]["secure"]


def test_remembered_browser_is_asked_in_sudo_mode(olga):
    app_of(olga)
    client = remembered(olga)
    comes_back(client, olga)
    assert PROVED_AT not in client.session
    assert client.get("/accounts/second-factor/add/")["Location"].startswith("/accounts/sudo/")
    assert 'name="code"' in client.get("/accounts/sudo/").text


def test_browser_that_did_not_ask_is_not_remembered(olga):
    app_of(olga)
    client = password_only(olga)
    client.post(VERIFY, {"asked": 1, "code": code_at()})
    assert "thinx_browser" not in client.cookies


def test_recovery_code_remembers_nothing(olga):
    app_of(olga)
    code = codes_of(olga)[0]
    client = remembered(olga, way="recovery", code=code)
    assert client.get("/").status_code == 200
    assert not RememberedBrowser.objects.exists()


def test_cookie_of_somebody_else_opens_nothing(olga, vera):
    app_of(olga)
    app_of(vera)
    client = remembered(olga)
    assert comes_back(client, vera)["Location"].startswith(VERIFY)


def test_made_up_cookie_opens_nothing(olga):
    app_of(olga)
    client = Client()
    client.cookies["thinx_browser"] = "made-up"
    assert comes_back(client, olga)["Location"].startswith(VERIFY)


def test_new_password_forgets_the_browsers(olga, act):
    app_of(olga)
    remembered(olga)
    olga.refresh_from_db()
    password_change(act(olga), user=olga, password="another horse battery")
    assert not RememberedBrowser.objects.exists()


def test_better_hash_of_the_same_password_forgets_nothing(olga, settings):
    app_of(olga)
    client = remembered(olga)
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
        *settings.PASSWORD_HASHERS,
    ]
    assert comes_back(client, olga).status_code == 200


def test_removed_factor_forgets_its_browsers(olga, act):
    app = app_of(olga)
    client = remembered(olga)
    other = app_of(olga)
    assert client.post(f"{PAGE}{app.uid}/remove/").status_code == 302
    assert not RememberedBrowser.objects.exists()
    assert other.confirmed


@pytest.mark.parametrize("everything", [True, False])
def test_person_forgets_a_browser(olga, everything):
    app_of(olga)
    client = remembered(olga)
    browser = RememberedBrowser.objects.get()
    assert "Remembered browsers" in client.get(PAGE).text
    target = "browsers/forget/" if everything else f"browsers/{browser.uid}/forget/"
    assert client.post(f"{PAGE}{target}").status_code == 302
    assert comes_back(client, olga)["Location"].startswith(VERIFY)
    assert AuditEvent.objects.filter(verb="accounts.browser_forgotten").exists()


def test_browser_of_somebody_else_is_404(olga, vera):
    app_of(olga)
    app_of(vera)
    remembered(olga)
    client = remembered(vera)
    browser = RememberedBrowser.objects.get(user=olga)
    assert client.post(f"{PAGE}browsers/{browser.uid}/forget/").status_code == 404
