"""The bell goes live, and a rule is made, tested and seen to arrive, by clicking."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PASSWORD, person, sign_in
from tests.support.console import private_console
from tests.support.waiting import wait_until
from tests.support.web import web_server

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
BOSS = "boss@example.org"
TELL = """
from accounts.models import User
from devices.troubles.news import StatusError
from notifications.services import notify
user = User.objects.get(email={email!r})
notify(StatusError, user.memberships.first().organization, to=[user], url="/devices/",
       message="pump stuck", name="Kitchen")
"""


@pytest.fixture(scope="module")
def console():
    settings = {
        "THINX_BOOTSTRAP_EMAIL": BOSS,
        "THINX_BOOTSTRAP_PASSWORD": PASSWORD,
        "THINX_WEBHOOK_NETWORKS": "127.0.0.0/8",
    }
    with private_console(**settings) as running:
        yield running


@pytest.fixture
def boss(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as boss:
        sign_in(boss, console.url, BOSS)
        yield boss
        assert boss.complaints == []


def test_bell_goes_live_and_reading_clears_it(console, boss):
    page, bell = boss.page, boss.page.locator("[data-bell]")
    expect(page.locator("[data-live-dot]")).to_have_attribute("data-state", "connected")
    expect(bell.locator(".count-dot")).to_have_count(0)
    console.manage("shell", "-v", "0", "-c", TELL.format(email=BOSS))
    expect(bell.locator(".count-dot")).to_contain_text("1")
    bell.click()
    expect(page.get_by_text("pump stuck")).to_be_visible()
    boss.picture("inbox")
    page.get_by_role("main").get_by_role("link", name="reports an error").first.click()
    expect(page.get_by_text("pump stuck")).to_be_visible()
    boss.picture("notification")
    expect(bell.locator(".count-dot")).to_have_count(0)


def test_rule_for_a_webhook_is_made_and_tested(console, boss):
    page = boss.page
    with web_server() as receiver:
        page.goto(f"{console.url}/notifications/rules/add/")
        page.fill("[name=name]", "On call")
        page.get_by_label("Webhook").check()
        page.fill("[name=destination]", f"{receiver.url}/secret-part")
        boss.picture("rule-add")
        boss.press("Add rule")
        secret = page.locator("#secret").input_value()
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]+", secret)
        boss.press("I have stored it")
        expect(page.get_by_role("heading", level=1)).to_contain_text("On call")
        assert "secret-part" not in page.content()
        boss.press("Send a test")
        boss.press("Send a test")
        wait_until(lambda: receiver.asked)
        assert json.loads(receiver.asked[0].body)["type"] == "test"
        expect(page.get_by_role("main").get_by_text("Sent", exact=True)).to_be_visible()
        boss.picture("rule")


def test_choices_and_quiet_hours_are_kept(console, boss):
    page = boss.page
    page.goto(f"{console.url}/accounts/notifications/")
    page.get_by_label("Device offline by E-mail").check()
    page.fill("[name=quiet_from]", "22:00")
    page.fill("[name=quiet_until]", "07:00")
    boss.picture("choices")
    boss.press("Save")
    expect(page.get_by_label("Device offline by E-mail")).to_be_checked()
    expect(page.locator("[name=quiet_from]")).to_have_value("22:00")
