"""A configuration push as people see it: drafted, reviewed by another, applied live, reverted."""

from __future__ import annotations

import json
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PASSWORD, PHONE, person, sign_in
from tests.support.console import private_console

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
SECRET, DOTS = "canary-51d7-word", "••••••••"
LONG = 60_000
MAKE = f"""
import json
from accounts.actor import Actor
from accounts.services import user_create
from accounts.services.memberships import membership_set
from accounts.services.organizations import organization_create, organization_review_pushes
from devices.models import Device, DeviceState
from keys.services import api_key_create, env_var_set
system = Actor.named_system("test")
ada, bob = (user_create(system, email=f"{{name}}@example.org", username=name,
                        password="{PASSWORD}") for name in ("ada", "bob"))
acme = organization_create(system, name="Acme", admin=ada)
membership_set(system, user=bob, organization=acme, role="operator")
organization_review_pushes(system, organization=acme, demanded=True)
made = [Device.objects.create(organization=acme, alias=f"pump-{{n}}", platform="python")
        for n in (1, 2)]
for device in made:
    DeviceState.objects.create(device=device)
env_var_set(system, organization=acme, name="EVERY", value="60")
env_var_set(system, organization=acme, name="WORD", value="{SECRET}", is_secret=True)
env_var_set(system, organization=acme, device=made[0], name="EVERY", value="30")
_, secret = api_key_create(system, organization=acme, alias="fleet")
print(json.dumps({{"owner": acme.owner_id, "key": secret, "udids": [one.udid for one in made]}}))
"""


@pytest.fixture(scope="module")
def console():
    with private_console() as running:
        yield running


@pytest.fixture(scope="module")
def fleet(console):
    return json.loads(console.manage("shell", "-c", MAKE).splitlines()[-1])


def check_in(console, fleet, number: int) -> dict:
    """Have a device call; return the configuration it is given."""
    said = {"owner": fleet["owner"], "udid": fleet["udids"][number], "status": "well"}
    request = urllib.request.Request(
        f"{console.url}/device/register",
        json.dumps({"registration": said}).encode(),
        {"Authentication": fleet["key"], "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read()).get("configuration", {})


def press(one, words: str, button: str = "") -> None:
    """Choose an action of the page, and confirm it."""
    page = one.page
    action = page.get_by_role("link", name=words, exact=True)
    expect(action).to_be_visible(timeout=LONG)
    one.click(action)
    one.click(page.get_by_role("button", name=button or words, exact=True))


def row(one, name: str):
    return one.page.get_by_role("row").filter(has_text=name)


def test_push_is_drafted_reviewed_applied_confirmed_and_reverted(console, fleet, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as ada, person(chrome, PHONE, pictures) as bob:
        sign_in(ada, console.url, "ada")
        sign_in(bob, console.url, "bob")
        _draft(ada, console)
        _review(ada, bob)
        _apply(ada, console, fleet)
        _revert(ada, bob, console, fleet)
        for one in (ada, bob):
            assert SECRET not in one.page.content()
            assert not one.complaints
        assert bob.overflows() <= 0


def _draft(ada, console) -> None:
    page = ada.page
    page.goto(f"{console.url}/devices/?q=pump")
    ada.act_on_all("Push configuration")
    page.get_by_label("Title").fill("Report often")
    page.get_by_label("WORD").check()
    page.get_by_label("Other values").fill("EVERY=20\nMODE=eco")
    ada.click(page.get_by_role("button", name="Preview", exact=True))
    expect(row(ada, "pump-1")).to_contain_text("30")
    expect(row(ada, "pump-2")).to_contain_text("60")
    expect(row(ada, "pump-2")).to_contain_text("unknown")
    expect(row(ada, "pump-2")).to_contain_text(DOTS)
    assert SECRET not in page.content()
    ada.picture("preview")


def _review(ada, bob) -> None:
    expect(ada.page.get_by_role("link", name="Apply", exact=True)).to_have_count(0)
    press(ada, "Submit for review")
    expect(ada.page.get_by_title("Somebody else has to approve it.")).to_be_visible()
    bob.page.goto(ada.page.url)
    expect(row(bob, "pump-1")).to_contain_text("20")
    press(bob, "Approve")
    expect(bob.page.get_by_role("main")).to_contain_text("Approved")


def _apply(ada, console, fleet) -> None:
    # Her page hears of the approval, and then of every receipt, without being asked.
    press(ada, "Apply")
    main = ada.page.get_by_role("main")
    expect(main).to_contain_text("0 of 2 devices have it", timeout=LONG)
    given = {"EVERY": "20", "MODE": "eco", "WORD": SECRET}
    assert check_in(console, fleet, 0) == given
    expect(row(ada, "pump-1")).to_contain_text("Delivered", timeout=LONG)
    assert check_in(console, fleet, 0) == {}
    expect(main).to_contain_text("1 of 2 devices has it", timeout=LONG)
    expect(row(ada, "pump-1")).to_contain_text("Applied", timeout=LONG)
    expect(row(ada, "pump-2")).to_contain_text("Queued")
    assert (check_in(console, fleet, 1), check_in(console, fleet, 1)) == (given, {})
    expect(main).to_contain_text("2 of 2 devices have it", timeout=LONG)
    ada.picture("applied")


def _revert(ada, bob, console, fleet) -> None:
    press(ada, "Revert", "Draft the revert")
    expect(ada.page.get_by_role("heading", level=1)).to_contain_text("Revert: Report often")
    expect(row(ada, "pump-1")).to_contain_text("30")
    press(ada, "Submit for review")
    bob.page.goto(ada.page.url)
    press(bob, "Approve")
    press(ada, "Apply")
    expect(ada.page.get_by_role("main")).to_contain_text("0 of 2 devices have it", timeout=LONG)
    given = [check_in(console, fleet, number) for number in (0, 1)]
    assert given == [{"EVERY": "30", "WORD": SECRET}, {"EVERY": "60", "WORD": SECRET}]
    for number in (0, 1):
        check_in(console, fleet, number)
    expect(ada.page.get_by_role("main")).to_contain_text("2 of 2 devices have it", timeout=LONG)
