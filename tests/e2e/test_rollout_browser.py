"""A rollout as an operator lives it: two waves, one halt, and the way back."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PASSWORD, person, sign_in
from tests.support.console import private_console
from tests.support.rollout_devices import UpdatedDevice

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
LONG = 120_000
CANARY, COUNT, BROKEN = 2, 6, 3
MAKE = f"""
import json
from accounts.actor import Actor
from accounts.selectors.people import own_organization
from accounts.services import user_create
from devices.models import DeviceState
from keys.services import api_key_create
from tests.factories.builds import SourceFactory
from tests.factories.rollouts import make_devices, make_generic_build
system = Actor.named_system("test")
ada = user_create(system, email="ada@example.org", username="ada", password="{PASSWORD}")
home = own_organization(ada)
source = SourceFactory(organization=home, alias="greenhouse")
older = make_generic_build(home, "1.0.0", build__source=source)
make_generic_build(home, "2.0.0", build__source=source)
rows = make_devices(home, {COUNT})
DeviceState.objects.update(installed_build=older)
_, key = api_key_create(system, organization=home, alias="fleet")
print(json.dumps({{"owner": home.owner_id, "key": key, "udids": [row.udid for row in rows]}}))
"""


@pytest.fixture(scope="module")
def console():
    with private_console() as running:
        yield running


@pytest.fixture(scope="module")
def devices(console):
    made = json.loads(console.manage("shell", "-c", MAKE).splitlines()[-1])
    return [UpdatedDevice(console.url, uid, made["owner"], made["key"]) for uid in made["udids"]]


@pytest.fixture
def ada(chrome, console, devices, tmp_path):
    with person(chrome, DESKTOP, tmp_path) as one:
        sign_in(one, console.url, "ada")
        yield one


def test_operator_rolls_out_in_waves_meets_a_halt_and_goes_back(ada, console, devices):
    # Devices have their turn in the order of their ids.
    devices.sort(key=lambda device: device.udid)
    _drafted(ada, console)
    ada.click(ada.page.get_by_role("link", name="Start", exact=True))
    ada.click(ada.page.get_by_role("button", name="Start", exact=True))
    first, second = (ada.page.get_by_role("img", name=f"Wave {n}: ") for n in (1, 2))
    _says(first, f"{CANARY} under way")
    _says(second, f"{COUNT - CANARY} pending")
    assert [device.live() for device in devices] == [True] * CANARY + [False] * (COUNT - CANARY)
    assert not any(device.live() for device in devices[:CANARY])
    # The page follows what devices report, and the next wave, without being asked.
    _says(first, f"{CANARY} installed")
    _says(second, f"{COUNT - CANARY} under way")
    ada.picture("second-wave")
    _fails_on_most(devices[CANARY:])
    main = ada.page.get_by_role("main")
    # One failure is above the limit; devices that have the firmware already go on and say so.
    words = f"of the {COUNT - CANARY} devices of wave 2 failed; the limit is 5 %."
    expect(main).to_contain_text(words, timeout=LONG)
    _says(second, f"1 installed, {BROKEN} failed")
    expect(main.get_by_text("rolled back from 2.0.0: no sign of life")).to_have_count(BROKEN)
    ada.picture("halted")
    _rolled_back(ada, devices)
    assert not ada.complaints


def _drafted(ada, console) -> None:
    """Go through the wizard: one build for all, a canary, no second try."""
    page = ada.page
    page.goto(f"{console.url}/rollouts/add/")
    page.get_by_label("Name", exact=True).fill("Spring firmware")
    build = page.get_by_role("combobox", name="Or one build for all")
    build.select_option(label=build.locator("option").nth(1).inner_text())
    ada.press("Go on to the plan")
    page.get_by_label("Canary").fill(f"{CANARY}")
    page.get_by_role("textbox", name="Waves").fill("")
    page.get_by_label("Tries again").fill("0")
    ada.press("Save")
    expect(page.get_by_role("heading", name="Rehearsal")).to_be_visible()


def _fails_on_most(devices: list[UpdatedDevice]) -> None:
    for device in devices[:BROKEN]:
        device.refuses.add("2.0.0")
    assert all(device.live() for device in devices)
    assert not any(device.live() for device in devices)


def _rolled_back(ada, devices) -> None:
    ada.click(ada.page.get_by_role("button", name="More actions"))
    ada.click(ada.page.get_by_role("link", name="Roll back", exact=True))
    ada.page.get_by_label("Reason").fill("It does not start")
    ada.click(ada.page.get_by_role("button", name="Roll back", exact=True))
    expect(ada.page.get_by_role("main")).to_contain_text("Rolling back")
    back = [device for device in devices if device.live()]
    assert len(back) == COUNT - BROKEN
    assert not any(device.live() for device in devices)
    assert {device.version for device in devices} == {"1.0.0"}
    expect(ada.page.get_by_role("main")).to_contain_text("It does not start", timeout=LONG)
    expect(ada.page.get_by_role("img", name="Wave 1: ")).to_have_attribute(
        "aria-label", f"Wave 1: {CANARY} rolled back", timeout=LONG
    )
    expect(ada.page.get_by_role("main").get_by_text("Rolled back", exact=True).first).to_be_visible(
        timeout=LONG
    )


def _says(bar, words: str) -> None:
    expect(bar).to_have_attribute("aria-label", re.compile(words), timeout=LONG)
