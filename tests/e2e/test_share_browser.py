"""Sharing in two real browsers: given, seen, taken back, and gone at the next click."""

from __future__ import annotations

import pytest

from tests.support.browser import DESKTOP, PASSWORD, Person, note_closes, person, sign_in
from tests.support.console import private_console
from tests.support.outbox import last_mail, links_in
from tests.support.waiting import soon

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
GUEST = "guest@example.org"
# Alice is admin of Acme; the guest belongs to nobody.
MAKE = f"""
from accounts.actor import Actor
from accounts.choices import Role
from accounts.models import Membership, Organization
from accounts.services import user_create
from devices.models import Device
system = Actor.named_system("test")
people = [
    user_create(system, email=name + "@example.org", username=name, password="{PASSWORD}")
    for name in ("alice", "guest")
]
acme = Organization.objects.add_root(instance=Organization(name="Acme"))
Membership.objects.create(user=people[0], organization=acme, role=Role.ADMIN)
Device.objects.create(organization=acme, alias="Boiler", mac="5C:CF:7F:00:00:01")
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
        yield one


@pytest.fixture
def guest(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as one:
        sign_in(one, console.url, "guest")
        yield one


def follow(one: Person, *words: str) -> None:
    for word in words:
        one.click(one.page.get_by_role("link", name=word, exact=True).first)


def test_share_is_seen_used_withdrawn_and_gone(console, alice, guest):
    follow(alice, "Devices", "Boiler", "Share")
    alice.page.get_by_label("E-mail address").fill(GUEST)
    alice.page.get_by_label("Change it").check()
    alice.page.get_by_label("Until", exact=True).select_option(label="For a week")
    alice.press("Share device")
    row = alice.page.get_by_role("row", name=GUEST)
    assert "See it, change it" in row.inner_text()
    assert "Shared by alice@example.org until" in row.inner_text()

    mail = soon(lambda: last_mail(GUEST, console.data / "outbox"))
    note_closes(guest)
    follow(guest, "Shared")
    assert "Device of Acme" in guest.page.get_by_role("main").inner_text()
    guest.page.goto(links_in(mail)[0])
    assert guest.page.get_by_role("heading", level=1).inner_text().startswith("Boiler")
    guest.page.wait_for_selector("[data-live-dot][data-state=connected]")

    alice.click(row.get_by_role("link", name="Withdraw"))
    alice.click(alice.page.get_by_role("button", name="Withdraw"))
    guest.page.wait_for_function("window.closes.includes(4404)")
    follow(guest, "Access")
    assert guest.page.get_by_role("heading", level=1).inner_text() == "Nothing here"
    assert not alice.complaints


def test_question_what_somebody_could_do_is_answered(console, alice):
    follow(alice, "Devices", "Boiler", "Access")
    section = alice.page.get_by_role("region", name="What could somebody do here?")
    section.get_by_label("E-mail address").fill(GUEST)
    alice.click(section.get_by_role("button", name="Look"))
    answers = alice.page.get_by_role("region", name="What could somebody do here?").inner_text()
    assert "No" in answers
    assert "Yes" not in answers
    section = alice.page.get_by_role("region", name="What could somebody do here?")
    section.get_by_label("E-mail address").fill("alice@example.org")
    alice.click(section.get_by_role("button", name="Look"))
    assert "Admin of Acme" in alice.page.get_by_role("main").inner_text()
    assert not alice.complaints
