"""From the sign-up form to the first page, a lost password, and a provider, by clicking."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PASSWORD, PHONE, person
from tests.support.console import private_console
from tests.support.openid import CLIENT_ID, CLIENT_SECRET, local_provider
from tests.support.outbox import last_mail, links_in
from tests.support.waiting import soon

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
EMAIL, NEXT_PASSWORD = "nina@example.org", "staple horse battery"


@pytest.fixture(scope="module")
def provider():
    with local_provider() as provider:
        provider.claims = {
            "sub": "paul-1",
            "email": "paul@example.org",
            "email_verified": True,
            "given_name": "Paul",
            "preferred_username": "paul",
        }
        yield provider


@pytest.fixture(scope="module")
def console(provider):
    corp = {
        "id": "corp",
        "name": "Corp",
        "issuer": provider.url,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    with private_console(
        THINX_SIGN_UP="open",
        THINX_OIDC_PROVIDERS=json.dumps([corp]),
        THINX_BOOTSTRAP_EMAIL="ada@example.org",
        THINX_BOOTSTRAP_PASSWORD=PASSWORD,
    ) as console:
        yield console


def mailed_link(console, to: str, subject: str) -> str:
    """Wait for the worker to write the mail; return the link in it."""

    def find() -> str:
        found = last_mail(to, console.data / "outbox")
        assert found.subject == subject
        return links_in(found)[0]

    return soon(find)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_newcomer_signs_up_loses_the_password_and_chooses_another(console, chrome, pictures, size):
    name = f"nina{size[0]}"
    email = f"{name}@example.org"
    with person(chrome, size, pictures) as nina:
        page = nina.page
        page.goto(console.url)
        nina.press("Create one")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("User name").fill(name)
        page.get_by_label("First name").fill("Nina")
        nina.press("Create the account")
        expect(page.get_by_role("heading", level=1)).to_have_text("Check your mail")
        page.goto(mailed_link(console, email, "Activate your account"))
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password again").fill(PASSWORD)
        nina.press("Activate the account")
        expect(page.get_by_role("main")).to_contain_text("Create an API key")
        assert nina.overflows() <= 0
        nina.picture("first-page")
        page.context.clear_cookies()
        page.goto(console.url)
        nina.press("Forgot your password?")
        page.get_by_label("E-mail address or user name").fill(name)
        nina.press("Send the link")
        page.goto(mailed_link(console, email, "Choose a new password"))
        assert page.url.endswith("/set-password/")
        page.get_by_label("Password", exact=True).fill(NEXT_PASSWORD)
        page.get_by_label("Password again").fill(NEXT_PASSWORD)
        nina.press("Set the password")
        page.get_by_label("E-mail address or user name").fill(email)
        page.get_by_label("Password").fill(NEXT_PASSWORD)
        nina.press("Sign in")
        expect(page.get_by_role("main")).to_contain_text("Create an API key")
        assert nina.complaints == []


def test_person_of_a_provider_comes_in_past_the_content_security_policy(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as paul:
        paul.page.goto(console.url)
        paul.press("Continue with Corp")
        expect(paul.page.get_by_role("main")).to_contain_text("Create an API key")
        assert paul.complaints == []
