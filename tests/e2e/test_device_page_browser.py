"""A device's page in a real browser: facts are changed in place, with the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PASSWORD, person, sign_in
from tests.support.console import private_console

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
MAKE = f"""
from accounts.actor import Actor
from accounts.choices import Role
from accounts.models import Membership, Organization
from accounts.services import user_create
from devices.services import device_create
system = Actor.named_system("test")
alice = user_create(system, email="alice@example.org", username="alice", password="{PASSWORD}")
acme = Organization.objects.add_root(instance=Organization(name="Acme"))
Membership.objects.create(user=alice, organization=acme, role=Role.ADMIN)
device_create(system, organization=acme, alias="Boiler", mac="5C:CF:7F:00:00:01")
device_create(system, organization=acme, alias="Pump", mac="5C:CF:7F:00:00:02")
"""


@pytest.fixture(scope="module")
def console():
    with private_console() as running:
        running.manage("shell", "-c", MAKE)
        yield running


@pytest.fixture
def alice(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as one:
        sign_in(one, console.url, "alice")
        one.page.goto(f"{console.url}/devices/")
        one.click(one.page.get_by_role("link", name="Boiler", exact=True).first)
        one.page.wait_for_selector("[data-live-dot][data-state=connected]")
        yield one


def test_fact_is_changed_by_keyboard(alice):
    page, title = alice.page, alice.page.get_by_role("heading", level=1)
    page.locator("#edit-alias").focus()
    page.keyboard.press("Enter")
    name = page.locator("form[data-inline] input[name=alias]")
    expect(name).to_be_focused()
    name.fill("Kettle")
    page.keyboard.press("Escape")
    expect(page.locator("#edit-alias")).to_be_focused()
    expect(title).to_contain_text("Boiler")

    page.keyboard.press("Enter")
    expect(name).to_have_value("Boiler")
    name.fill("Boiler 2")
    page.keyboard.press("Enter")
    expect(title).to_contain_text("Boiler 2")
    expect(page.locator("form[data-inline]")).to_have_count(0)
    expect(page.locator("#edit-alias")).to_be_focused()

    page.locator("#edit-mac").press("Enter")
    mac = page.locator("form[data-inline] input[name=mac]")
    mac.fill("5c-cf-7f-00-00-02")
    page.keyboard.press("Enter")
    expect(page.locator("form[data-inline] .errorlist")).to_contain_text("Pump has this MAC")
    expect(mac).to_be_focused()
    expect(mac).to_have_value("5c-cf-7f-00-00-02")
    page.keyboard.press("Escape")

    page.locator("#edit-timezone_name").press("Enter")
    zone = page.locator("form[data-inline] select")
    expect(zone).to_be_focused()
    zone.select_option("Asia/Tokyo")
    zone.press("Enter")
    expect(page.locator("#object-aside")).to_contain_text("Asia/Tokyo")
    said = [line for line in alice.complaints if "422" not in line]
    assert not said
