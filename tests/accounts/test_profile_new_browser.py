"""A sign-in from a browser that the account was never used with is told to its person."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.core.signing import dumps

from accounts.sign_in_tracking import COOKIE, SALT
from tests.accounts.test_profile_sign_ins import FIREFOX, sign_in
from tests.factories.accounts import PASSWORD
from tests.support.outbox import last_mail, mails_to

SUBJECT = "New sign-in to your account"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def signing_in(django_capture_on_commit_callbacks):
    def sign(user, **kwargs):
        with django_capture_on_commit_callbacks(execute=True):
            return sign_in(user, **kwargs)

    return sign


def notices(user) -> int:
    return mails_to(user.email).count(SUBJECT)


def test_first_sign_in_of_all_is_no_news(signing_in, olga):
    signing_in(olga)
    assert notices(olga) == 0


def test_unknown_browser_is_told_with_where_from(signing_in, olga):
    signing_in(olga)
    signing_in(olga, agent=FIREFOX, address="198.51.100.9")
    assert notices(olga) == 1
    text = last_mail(olga.email).text
    for words in ("198.51.100.9", "Firefox 133 on Linux", "Password", "/accounts/sign-ins/"):
        assert words in text


def test_known_browser_is_not_told_again(olga, django_capture_on_commit_callbacks, signing_in):
    client = signing_in(olga)
    client.post("/accounts/sign-out/")
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/sign-in/", {"username": olga.email, "password": PASSWORD})
    assert notices(olga) == 0
    cookie = client.cookies[COOKIE]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_browser_known_to_one_person_is_unknown_to_another(
    olga, vera, signing_in, django_capture_on_commit_callbacks
):
    signing_in(vera)
    client = signing_in(olga)
    client.post("/accounts/sign-out/")
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/sign-in/", {"username": vera.email, "password": PASSWORD})
    assert notices(vera) == 1


@pytest.mark.parametrize("forged", ["junk", "made-up", "other-salt"])
def test_forged_cookie_is_worth_nothing(
    olga, signing_in, client, forged, django_capture_on_commit_callbacks
):
    signing_in(olga)
    texts = {
        "junk": "junk",
        "made-up": f'["{olga.uid}"]:1x:abc',
        "other-salt": dumps([f"{olga.uid}"], salt="other"),
    }
    client.cookies[COOKIE] = texts[forged]
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/sign-in/", {"username": olga.email, "password": PASSWORD})
    assert notices(olga) == 1


def test_cookie_that_holds_something_else_is_worth_nothing(
    olga, signing_in, client, django_capture_on_commit_callbacks
):
    signing_in(olga)
    client.cookies[COOKIE] = dumps({"people": 7}, salt=SALT)
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/sign-in/", {"username": olga.email, "password": PASSWORD})
    assert notices(olga) == 1


def test_forced_session_of_a_test_tells_nobody(signed_in, olga, signing_in):
    signing_in(olga)
    signed_in(olga)
    assert notices(olga) == 0
