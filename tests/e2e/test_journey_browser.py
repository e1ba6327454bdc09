"""The newcomer's journey by clicking: first operator, example, build, log, device."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PASSWORD, PHONE, Person, person, sign_in
from tests.support.console import private_console
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
EMAIL = "ada@example.org"
GREETING = "Good morning from THiNX"
MOST_CLICKS = 6


@pytest.fixture(scope="module")
def console():
    with private_console() as console:
        yield console


def test_newcomer_takes_the_example_to_a_device(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as ada:
        ada.page.goto(console.first_operator_link)
        ada.page.fill("[name=email]", EMAIL)
        ada.page.fill("[name=password]", PASSWORD)
        ada.click(ada.page.get_by_role("button", name="Create the account"))
        ada.page.goto(console.url)
        ada.picture("dashboard")
        from_dashboard_to_device(ada)
        remove(ada, console)
    report(ada)


def test_newcomer_does_the_same_on_a_phone(console, chrome, pictures):
    with person(chrome, PHONE, pictures) as ada:
        come_in(ada, console)
        from_dashboard_to_device(ada)
        remove(ada, console)
    report(ada)


def test_page_that_subscribes_late_misses_nothing(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as ada:
        ada.page.add_init_script(LATE)
        come_in(ada, console)
        ada.press("Load the example")
        ada.press("Build firmware")
        ada.press("Build firmware")
        main = ada.page.get_by_role("main")
        expect(main).to_contain_text("Built python:1.0.")
        expect(main.get_by_role("heading", level=1)).to_contain_text("Succeeded")
        remove(ada, console)
    report(ada)


# The server hears what the page wants to be told of when the build is over already.
LATE = """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (text) { setTimeout(() => send.call(this, text), 8000); };
"""


def come_in(ada: Person, console) -> None:
    """Sign in as the first operator; make one where no test before has."""
    if "first-operator" in console.manage("first_operator_link"):
        console.manage("shell", "-c", FIRST_OPERATOR)
    sign_in(ada, console.url, EMAIL)


FIRST_OPERATOR = (
    "from accounts.services import first_operator_create as create; "
    f"create(email={EMAIL!r}, password={PASSWORD!r})"
)


def from_dashboard_to_device(ada: Person) -> None:
    ada.count_from_here()
    ada.press("Load the example")
    expect(ada.page).to_have_title(re.compile("Example thermometer"))
    no_sideways(ada, "device")
    ada.press("Build firmware")
    ada.press("Build firmware")
    expect(ada.page.get_by_role("main")).to_contain_text("Built python:1.0.")
    expect(ada.page.get_by_role("heading", level=1)).to_contain_text("Succeeded")
    no_sideways(ada, "build")
    ada.press("Example thermometer")
    main = ada.page.get_by_role("main")
    expect(main).to_contain_text(GREETING)
    expect(main).to_contain_text("Up to date")
    seconds = ada.seconds
    no_sideways(ada, "installed")
    assert ada.clicks <= MOST_CLICKS
    print(f"\n{ada.page.viewport_size}: {ada.clicks} clicks, {seconds:.1f} s", flush=True)


def remove(ada: Person, console) -> None:
    assert devices_of(console)
    ada.page.goto(console.url)
    ada.press("Remove the example")
    expect(ada.page.get_by_role("button", name="Load the example")).to_be_visible()
    no_sideways(ada, "removed")
    wait_until(lambda: not devices_of(console))
    assert not (console.data / "example").exists()


def devices_of(console) -> list[str]:
    """The processes of the simulated devices: agents and the firmware that they run."""
    lines = console.family().values()
    return [line for line in lines if "agent.py" in line or "/firmware." in line]


def no_sideways(ada: Person, name: str) -> None:
    ada.picture(name)
    assert ada.overflows() <= 0, f"{name} is wider than the window"


def report(ada: Person) -> None:
    print(f"pictures: {ada.pictures}", flush=True)
    assert ada.complaints == []
