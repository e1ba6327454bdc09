"""Staff stand in somebody's shoes, in a real browser; and the Django admin under our CSP."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.accounts.second_factor.conftest import SEED, code_at
from tests.support.accessibility import VIEWS, faults
from tests.support.browser import DESKTOP, PASSWORD, Person, person, sign_in
from tests.support.console import private_console

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
EMAIL = "ada@example.org"
# Ada, the first operator, has an app; olga has an account.
MAKE = f"""
from accounts.actor import Actor
from accounts.models import TotpDevice, User
from accounts.second_factor.factors import factor_confirm
from accounts.services import user_create
system = Actor.named_system("test")
ada = User.objects.get(email="{EMAIL}")
app = TotpDevice.objects.create(user=ada, name="Phone", secret="{SEED}", confirmed=False)
factor_confirm(system, factor=app)
user_create(system, email="olga@example.org", username="olga", password="{PASSWORD}")
"""
RECORD = """
import json
from audit.models import AuditEvent
rows = AuditEvent.objects.filter(verb__startswith="accounts.imperson").order_by("pk")
print(json.dumps([[row.verb, row.actor, row.credential, row.data] for row in rows]))
"""
RUN_OUT = """
import time
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
for row in Session.objects.all():
    session = SessionStore(row.session_key)
    if "impersonation" in session:
        session["impersonation"] |= {"until": time.time()}
        session.save()
"""


@pytest.fixture(scope="module")
def console():
    with private_console(THINX_BOOTSTRAP_EMAIL=EMAIL, THINX_BOOTSTRAP_PASSWORD=PASSWORD) as running:
        running.manage("shell", "-v", "0", "-c", MAKE)
        yield running


@pytest.fixture(scope="module")
def ada(console, chrome, tmp_path_factory):
    """Signed in with password and code."""
    with person(chrome, DESKTOP, tmp_path_factory.mktemp("seen")) as one:
        sign_in(one, console.url, EMAIL)
        one.page.get_by_label("Code").fill(code_at())
        one.press("Go on")
        yield one


def act_as_olga(ada: Person, url: str) -> None:
    ada.page.goto(url)
    ada.click(sidebar(ada).get_by_role("link", name="People"))
    ada.press("olga@example.org")
    ada.page.get_by_role("link", name="Impersonate").click()
    ada.page.get_by_role("button", name="Impersonate for 15 minutes").click()
    ada.page.wait_for_url(f"{url}/")


def sidebar(ada: Person):
    return ada.page.get_by_role("navigation", name="Main")


def banner(ada: Person):
    return ada.page.get_by_text("You act as olga@example.org")


def test_staff_act_as_a_person_and_stop(ada, console):
    act_as_olga(ada, console.url)
    expect(banner(ada)).to_be_visible()
    ada.click(sidebar(ada).get_by_role("link", name="Devices"))
    expect(banner(ada)).to_be_visible()
    expect(sidebar(ada).get_by_role("link", name="People")).to_have_count(0)
    expect(ada.page.locator("[data-live-dot]")).to_have_attribute("data-state", "connected")
    ada.picture("as-olga")
    assert not ada.complaints
    ada.page.goto(f"{console.url}/accounts/password/")
    expect(ada.page.get_by_role("heading", level=1)).to_contain_text("Not while you act")
    ada.complaints.clear()  # the browser says 403 of that page
    ada.click(ada.page.get_by_role("button", name="Stop"))
    expect(ada.page.get_by_role("heading", level=1)).to_contain_text("olga")
    expect(banner(ada)).to_have_count(0)
    rows = json.loads(console.manage("shell", "-v", "0", "-c", RECORD))
    verbs = [verb for verb, *_ in rows]
    assert verbs[0] == "accounts.impersonation_begun"
    assert verbs[-1] == "accounts.impersonation_ended"
    paths = [data["path"] for verb, _, _, data in rows if verb == "accounts.impersonated_request"]
    assert {"/", "/devices/", "/accounts/password/", "/accounts/stop-impersonating/"} <= set(paths)
    assert {actor for verb, actor, *_ in rows if verb == "accounts.impersonated_request"} == {
        f"{EMAIL} as olga@example.org"
    }
    assert not ada.complaints


def test_open_page_learns_within_seconds_that_it_is_over(ada, console):
    act_as_olga(ada, console.url)
    dot = ada.page.locator("[data-live-dot]")
    expect(dot).to_have_attribute("data-state", "connected")
    console.manage("shell", "-v", "0", "-c", RUN_OUT)
    expect(dot).not_to_have_attribute("data-state", "connected")
    ada.page.goto(f"{console.url}/devices/")
    expect(ada.page.get_by_text("You are yourself again")).to_be_visible()
    expect(banner(ada)).to_have_count(0)
    assert not ada.complaints


@pytest.mark.parametrize("width", [390, 1024, 1600])
def test_django_admin_obeys_our_content_security_policy(ada, console, width):
    ada.page.set_viewport_size({"width": width, "height": 900})
    ada.page.goto(f"{console.url}/admin/")
    for address in ("/admin/accounts/user/", "/admin/audit/auditevent/"):
        ada.page.goto(f"{console.url}{address}")
        assert ada.overflows() <= 0
        ada.click(ada.page.locator("#result_list tbody th a").first)
        ada.picture(f"admin-{width}")
        assert ada.overflows() <= 0
    ada.page.get_by_role("button", name="Dark theme").click()
    expect(ada.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    ada.page.get_by_role("button", name="Light theme").click()
    assert not ada.complaints


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_pages_of_people_have_no_accessibility_fault(ada, console, axe, width, theme):
    """The frame of the Django admin is Django's own, so it is not held to this."""
    ada.page.goto(f"{console.url}/accounts/people/?q=olga")
    olga = ada.page.get_by_role("link", name="olga@example.org").get_attribute("href")
    context = ada.page.context.browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, bypass_csp=True
    )
    context.add_cookies(ada.page.context.cookies())
    page = context.new_page()
    pages = ("/accounts/people/", olga, f"{olga}reset-second-factor/", f"{olga}impersonate/")
    found = [fault for path in pages for fault in faults(page, f"{console.url}{path}", axe)]
    context.close()
    assert found == []
