"""Second factors in a real browser: app, SMS, recovery code, passkey; who is made to have one."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.accounts.second_factor.conftest import code_at
from tests.support.browser import DESKTOP, PASSWORD, Person, person, sign_in
from tests.support.console import private_console
from tests.support.outbox import code_in, last_sms
from tests.support.waiting import soon

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
EMAIL = "ada@example.org"
PEOPLE = ("olga", "sam", "rita", "pia", "una", "emil")
CODE = re.compile(r"\b[2-9b-df-hj-np-tv-z]{5}-[2-9b-df-hj-np-tv-z]{5}\b")
# Emil is a viewer of Acme, which demands a second factor.
MAKE = f"""
from accounts.actor import Actor
from accounts.models import Membership, Organization
from accounts.services import user_create
system = Actor.named_system("test")
for name in {PEOPLE}:
    user_create(system, email=name + "@example.org", username=name, password="{PASSWORD}")
acme = Organization.objects.add_root(instance=Organization(name="Acme"))
Organization.objects.filter(pk=acme.pk).update(requires_second_factor=True)
from accounts.models import User
Membership.objects.create(
    user=User.objects.get(username="emil"), organization=acme, role="viewer"
)
"""


@pytest.fixture(scope="module")
def console():
    with private_console(THINX_BOOTSTRAP_EMAIL=EMAIL, THINX_BOOTSTRAP_PASSWORD=PASSWORD) as running:
        running.manage("shell", "-c", MAKE)
        yield running


@pytest.fixture
def somebody(chrome, pictures):
    with person(chrome, DESKTOP, pictures) as one:
        yield one
        assert not one.complaints


def sign_out(one: Person, url: str) -> None:
    one.page.goto(f"{url}/")
    one.page.get_by_role("button", name="Your account").click()
    one.click(one.page.get_by_role("button", name="Sign out"))


def heading(one: Person) -> str:
    return one.page.get_by_role("heading", level=1).inner_text()


def enrol_app(one: Person, url: str) -> str:
    """Add an app; return its seed."""
    one.page.goto(f"{url}/accounts/second-factor/add/app/")
    one.page.get_by_text("Type it in by hand").click()
    seed = one.page.locator("#seed").inner_text().replace(" ", "")
    one.page.get_by_label("Code").fill(code_at(seed=seed))
    one.press("Add the app")
    return seed


def next_code(seed: str) -> str:
    """Return a code that was not used yet: that of the step that comes."""
    return code_at(time.time() + 30, seed)


def test_person_enrols_an_app_and_signs_in_with_its_code(console, somebody):
    sign_in(somebody, console.url, "olga")
    seed = enrol_app(somebody, console.url)
    assert heading(somebody) == "Recovery codes"
    sign_out(somebody, console.url)
    sign_in(somebody, console.url, "olga")
    assert heading(somebody) == "Second factor"
    assert somebody.page.evaluate("document.activeElement.name") == "code"
    somebody.page.keyboard.insert_text(next_code(seed))
    somebody.page.keyboard.press("Enter")
    somebody.page.wait_for_url(f"{console.url}/")
    assert heading(somebody) == "Dashboard"


def test_person_enrols_a_phone_and_signs_in_with_the_code_sent(console, somebody):
    outbox = console.data / "outbox"
    sign_in(somebody, console.url, "sam")
    somebody.page.goto(f"{console.url}/accounts/second-factor/add/")
    somebody.click(somebody.page.get_by_role("link", name=re.compile("^SMS")))
    somebody.page.get_by_label("Phone number").fill("+420 601 123 456")
    somebody.press("Send the code")
    somebody.page.get_by_label("Code").fill(code_in(sms_in(outbox)))
    somebody.press("Add the phone")
    assert heading(somebody) == "Recovery codes"
    sign_out(somebody, console.url)
    sign_in(somebody, console.url, "sam")
    before = sms_in(outbox)
    somebody.press("Send the code")
    somebody.page.get_by_label("Code").fill(code_in(sms_in(outbox, after=before)))
    somebody.press("Go on")
    assert heading(somebody) == "Dashboard"


def sms_in(folder: Path, after: str = "") -> str:
    """Return the newest SMS to the phone, once it is another than this one."""

    def find() -> str:
        text = last_sms("+420601123456", folder)
        assert text != after
        return text

    return soon(find)


def test_person_signs_in_with_a_recovery_code(console, somebody):
    sign_in(somebody, console.url, "rita")
    enrol_app(somebody, console.url)
    somebody.press("Make recovery codes")
    codes = CODE.findall(somebody.page.locator("#secret").input_value())
    assert len(codes) == 10
    somebody.press("I have stored it")
    sign_out(somebody, console.url)
    sign_in(somebody, console.url, "rita")
    somebody.press("Recovery code")
    somebody.page.get_by_label("Recovery code").fill(codes[3])
    somebody.press("Go on")
    assert heading(somebody) == "Dashboard"
    somebody.page.goto(f"{console.url}/accounts/second-factor/")
    assert somebody.page.get_by_text("9 of 10 are unused").is_visible()


def authenticator(one: Person) -> None:
    """Give the browser a security key that knows its owner."""
    session = one.page.context.new_cdp_session(one.page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_person_makes_a_passkey_and_signs_in_with_it(console, somebody):
    url = console.url.replace("127.0.0.1", "localhost")
    authenticator(somebody)
    sign_in(somebody, url, "pia")
    somebody.page.goto(f"{url}/accounts/second-factor/add/passkey/")
    somebody.page.get_by_label("Name").fill("This laptop")
    somebody.page.get_by_role("button", name="Make a passkey").click()
    somebody.page.wait_for_url(f"{url}/accounts/second-factor/recovery-codes/")
    sign_out(somebody, url)

    somebody.page.goto(f"{url}/accounts/sign-in/?next=/devices/")
    somebody.page.get_by_role("button", name="Sign in with a passkey").click()
    somebody.page.wait_for_url(f"{url}/devices/")
    sign_out(somebody, url)

    sign_in(somebody, url, "pia")
    assert heading(somebody) == "Second factor"
    somebody.page.get_by_label("Do not ask in this browser").check()
    somebody.page.get_by_role("button", name="Use a passkey").click()
    somebody.page.wait_for_url(f"{url}/")
    somebody.page.goto(f"{url}/accounts/second-factor/")
    assert somebody.page.get_by_text("This laptop").is_visible()
    assert somebody.page.get_by_role("button", name="Forget").is_visible()


def test_passkeys_say_where_they_work(console, somebody):
    sign_in(somebody, console.url, "una")
    somebody.page.goto(f"{console.url}/accounts/second-factor/add/passkey/")
    link = somebody.page.get_by_role("link", name="open this page at localhost")
    assert link.get_attribute("href").startswith(console.url.replace("127.0.0.1", "localhost"))
    sign_out(somebody, console.url)
    somebody.page.goto(f"{console.url}/accounts/sign-in/")
    assert not somebody.page.get_by_role("button", name="Sign in with a passkey").is_visible()


def test_member_of_a_demanding_organization_enrols_before_anything_else(console, somebody):
    somebody.page.goto(f"{console.url}/devices/")
    sign_in(somebody, console.url, "emil")
    assert heading(somebody) == "Add a second factor"
    assert somebody.page.get_by_text("Acme demands a second factor").is_visible()
    somebody.page.goto(f"{console.url}/devices/")
    somebody.click(somebody.page.get_by_role("link", name=re.compile("^Authenticator app")))
    somebody.page.get_by_text("Type it in by hand").click()
    seed = somebody.page.locator("#seed").inner_text().replace(" ", "")
    somebody.page.get_by_label("Code").fill(code_at(seed=seed))
    somebody.press("Add the app")
    somebody.press("Later")
    assert heading(somebody) == "Devices"
