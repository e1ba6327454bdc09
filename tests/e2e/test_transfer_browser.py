"""A transfer from both sides, as its people see it, with a real worker that moves the devices."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PASSWORD, PHONE, person, sign_in
from tests.support.console import private_console
from tests.support.outbox import last_mail, links_in
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
MAKE = f"""
from accounts.actor import Actor
from accounts.services import user_create
from accounts.models import Organization
from devices.models import Device, DeviceState
made = {{}}
for name in ("ada", "bob"):
    made[name] = user_create(Actor.named_system("test"), email=f"{{name}}@example.org",
                             username=name, password="{PASSWORD}")
home = Organization.objects.get(is_personal=True, memberships__user=made["ada"])
for name in ("pump-1", "pump-2", "pump-3"):
    device = Device.objects.create(organization=home, alias=name)
    DeviceState.objects.create(device=device)
"""
OWNERS = """
from devices.models import Device
for device in Device.objects.order_by("alias"):
    print(device.alias, device.organization.memberships.get().user.username)
"""


@pytest.fixture(scope="module")
def console():
    with private_console() as running:
        running.manage("shell", "-c", MAKE)
        yield running


def test_devices_change_hands(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as ada, person(chrome, PHONE, pictures) as bob:
        sign_in(ada, console.url, "ada")
        sign_in(bob, console.url, "bob")
        _offer(ada, console)
        _accept_two(bob, console)
        expect(ada.page.get_by_role("main")).to_contain_text("Partly accepted")
        ada.picture("sender")
        ada.click(ada.page.get_by_role("button", name="More actions"))
        ada.click(ada.page.get_by_role("link", name="Withdraw", exact=True))
        ada.click(ada.page.get_by_role("button", name="Withdraw", exact=True))
        expect(ada.page.get_by_role("main")).to_contain_text("Completed")
        assert not ada.complaints
        assert not bob.complaints
        assert bob.overflows() <= 0
    said = console.manage("shell", "-c", OWNERS)
    for line in ("pump-1 bob", "pump-2 bob", "pump-3 ada"):
        assert line in said


def _offer(ada, console) -> None:
    page = ada.page
    page.goto(f"{console.url}/devices/?q=pump")
    ada.act_on_all("Transfer")
    page.get_by_role("textbox", name="Recipient", exact=True).fill("bob@example.org")
    ada.click(page.get_by_role("button", name="Transfer 3 devices"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("To bob@example.org")


def _accept_two(bob, console) -> None:
    outbox = Path(console.env["THINX_DATA_DIR"]) / "outbox"
    wait_until(lambda: any(outbox.glob("*")))
    mail = last_mail("bob@example.org", outbox)
    (link,) = [link for link in links_in(mail) if "/transfers/" in link]
    page = bob.page
    page.goto(link)
    expect(page.get_by_role("main")).to_contain_text("pump-3")
    bob.press("Accept")
    page.get_by_label("pump-3").uncheck()
    bob.click(page.get_by_role("button", name="Accept", exact=True))
    # A worker moves them, and the page follows.
    expect(page.get_by_role("main")).to_contain_text("SHA-256")
    expect(page.get_by_role("main")).to_contain_text("Moved")
    page.goto(f"{console.url}/transfers/")
