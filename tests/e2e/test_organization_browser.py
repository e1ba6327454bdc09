"""Invite, join by signing up, demote, demand a second factor: by clicking."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PASSWORD, Person, person, sign_in
from tests.support.console import private_console
from tests.support.outbox import last_mail, links_in
from tests.support.waiting import soon

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
ADA, NINA = "ada@example.org", "nina@example.org"


@pytest.fixture(scope="module")
def console():
    with private_console(
        THINX_SIGN_UP="invited", THINX_BOOTSTRAP_EMAIL=ADA, THINX_BOOTSTRAP_PASSWORD=PASSWORD
    ) as running:
        yield running


def mailed_link(console, to: str, part: str) -> str:
    """Wait for the worker to write the mail; return the link in it that has this part."""

    def find() -> str:
        links = links_in(last_mail(to, console.data / "outbox"))
        found = [link for link in links if part in link]
        assert found, f"no {part} among {links}"
        return f"{console.url}{found[0][found[0].index('/accounts/') :]}"

    return soon(find)


def test_stranger_is_invited_signs_up_joins_and_is_demoted(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as ada, person(chrome, DESKTOP, pictures) as nina:
        sign_in(ada, console.url, ADA)
        ada.page.goto(f"{console.url}/accounts/organizations/")
        ada.press("Add organization")
        ada.page.get_by_label("Name").fill("Acme")
        ada.press("Add organization")
        ada.press("Invite people")
        ada.page.get_by_label("E-mail address").fill(NINA)
        ada.page.get_by_label("Operator").check()
        ada.press("Send the invitation")
        expect(ada.page.get_by_role("main")).to_contain_text(NINA)
        ada.picture("invited")

        joins_by_signing_up(nina, console)
        expect(nina.page.get_by_role("heading", level=1)).to_contain_text("Acme")
        nina.press("Members")
        expect(nina.page.get_by_role("main")).to_contain_text("Operator")
        assert nina.page.get_by_role("link", name="Settings", exact=True).count() == 0

        ada.press("Members")
        row = ada.page.get_by_role("row", name="nina")
        row.get_by_role("button", name="Actions").click()
        ada.click(row.get_by_role("link", name="Change role"))
        ada.page.get_by_label("Viewer").check()
        ada.press("Change the role")
        expect(ada.page.get_by_role("row", name="nina")).to_contain_text("Viewer")
        ada.picture("demoted")

        nina.page.reload()
        expect(nina.page.get_by_role("row", name="nina")).to_contain_text("Viewer")
        nina.press("Overview")
        assert nina.page.get_by_role("link", name="Invitations").count() == 0
        assert ada.complaints == nina.complaints == []


def joins_by_signing_up(nina: Person, console) -> None:
    page = nina.page
    page.goto(f"{console.url}/accounts/sign-up/")
    expect(page.get_by_role("main")).to_contain_text("By invitation only")
    nina.complaints.clear()  # the browser notes that this was a 403
    page.goto(mailed_link(console, NINA, "/invitation/"))
    assert page.url == f"{console.url}/accounts/invitation/"
    nina.picture("invitation")
    nina.press("Create an account")
    expect(page.get_by_label("E-mail address")).to_have_value(NINA)
    page.get_by_label("User name").fill("nina")
    nina.press("Create the account")
    page.goto(mailed_link(console, NINA, "/activate/"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    nina.press("Activate the account")
    expect(page.get_by_role("heading", level=1)).to_have_text("Join Acme")
    nina.press("Accept the invitation")


MANY = f"""
from accounts.actor import Actor
from accounts.models import Organization, User
from accounts.services.organizations import organization_create
ada = User.objects.get(email="{ADA}")
acme = Organization.objects.get(name="Acme")
for n in range(15):
    organization_create(Actor.for_user(ada), name=f"Plant {{n:02}}", admin=ada, parent=acme)
"""


def test_one_of_many_is_found_and_chosen_by_keyboard(console, chrome, pictures):
    console.manage("shell", "-c", MANY)
    with person(chrome, DESKTOP, pictures) as ada:
        sign_in(ada, console.url, ADA)
        switch = ada.page.locator(".org-button")
        expect(switch).to_contain_text("All organizations")
        switch.focus()
        ada.page.keyboard.press("Enter")
        ada.page.keyboard.type("plant 14")
        found = ada.page.locator("#organization-found .menu-item")
        expect(found).to_have_count(1)
        expect(found).to_contain_text("in Acme")
        ada.picture("menu")
        ada.page.keyboard.press("ArrowDown")
        ada.page.keyboard.press("Enter")
        expect(switch).to_contain_text("Plant 14")
        assert ada.complaints == []


def test_one_of_many_is_chosen_without_javascript(console, chrome):
    context = chrome.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{console.url}/accounts/sign-in/")
    page.get_by_label("E-mail address or user name").fill(ADA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.goto(f"{console.url}/accounts/organizations/choose/?q=plant+13")
    page.get_by_role("main").get_by_role("button", name="Plant 13").click()
    expect(page.locator(".org-button")).to_contain_text("Plant 13")
    context.close()


def test_second_factor_is_not_demanded_by_somebody_without_one(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as ada:
        sign_in(ada, console.url, ADA)
        ada.page.goto(f"{console.url}/accounts/organizations/")
        ada.press("Acme")
        ada.press("Settings")
        ada.press("Demand a second factor")
        expect(ada.page.get_by_role("main")).to_contain_text("can do nothing else until")
        ada.press("Demand a second factor")
        expect(ada.page.locator("body")).to_contain_text("Set up a second factor for yourself")
