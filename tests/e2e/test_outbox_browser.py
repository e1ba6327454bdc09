"""A message goes through broker and worker into the outbox, where its reader opens it."""

from __future__ import annotations

import pytest

from tests.support.accessibility import VIEWS, faults
from tests.support.browser import DESKTOP, PASSWORD, person, sign_in
from tests.support.console import private_console
from tests.support.outbox import last_mail, last_sms
from tests.support.waiting import soon
from tests.support.web import web_server

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
EMAIL = "ada@example.org"
SEND = """
from core.mail import send_mail
from core.outbox import outbox_put_mail
from core.sms import send_sms
link = "{url}/no-such-page/once/"
context = {{"name": "Ann", "email": "ann@example.org", "url": link, "hours": 24}}
send_mail("confirm_email", "ann@example.org", context)
send_sms("+420601123456", "482913 is your code")
outbox_put_mail({evil!r}.encode())
"""
EVIL = """From: a@example.org
To: evil@example.org
Subject: Not ours
Content-Type: text/html; charset=utf-8

<html><head></head><body><h1>Hello</h1><form action="/accounts/sign-out/" method="post"></form>
<script>top.location = "/stolen/"; document.forms[0].submit()</script>
<img src="PIXEL/pixel.png" alt=""><link rel="stylesheet" href="PIXEL/style.css"></body></html>
"""


@pytest.fixture(scope="module")
def tracker():
    with web_server() as server:
        yield server


@pytest.fixture(scope="module")
def console(tracker):
    bootstrap = {"THINX_BOOTSTRAP_EMAIL": EMAIL, "THINX_BOOTSTRAP_PASSWORD": PASSWORD}
    with private_console(**bootstrap) as running:
        evil = EVIL.replace("PIXEL", tracker.url)
        running.manage("shell", "-c", SEND.format(url=running.url, evil=evil))
        yield running


@pytest.fixture
def reader(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as someone:
        sign_in(someone, console.url, EMAIL)
        someone.page.goto(f"{console.url}/outbox/")
        yield someone


def test_worker_writes_what_another_process_handed_over(console):
    folder = console.data / "outbox"
    assert soon(last_sms, "+420601123456", folder) == "482913 is your code"
    assert soon(last_mail, "ann@example.org", folder).subject == "Confirm your e-mail address"
    log = (console.data / "log" / "worker.log").read_text()
    assert "core.send_mail" in log
    assert "ann@example.org" not in log
    assert "482913" not in log


def test_reader_opens_a_mail_and_its_button_leads_on(console, reader):
    page = reader.page
    reader.click(page.get_by_role("link", name="Confirm your e-mail address"))
    frame = page.frame_locator("iframe")
    assert frame.get_by_role("heading").inner_text() == "Confirm your e-mail address"
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="Confirm address").click()
    assert opened.value.url == f"{console.url}/no-such-page/once/"
    assert page.get_by_role("main").get_by_role("link", name="/no-such-page/once/").is_visible()
    assert reader.complaints == []


def test_html_of_a_mail_runs_and_fetches_nothing(reader, tracker):
    page = reader.page
    reader.click(page.get_by_role("link", name="Not ours"))
    assert page.frame_locator("iframe").get_by_role("heading").inner_text() == "Hello"
    page.wait_for_timeout(500)
    assert "/outbox/" in page.url
    assert tracker.asked == []
    assert any("sandboxed" in said for said in reader.complaints)
    page.reload()
    assert page.get_by_role("main").get_by_role("heading", name="Not ours").is_visible()


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_outbox_has_no_fault(console, chrome, reader, axe, width, theme):
    reader.click(reader.page.get_by_role("link", name="Confirm your e-mail address"))
    message = reader.page.url
    context = chrome.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, bypass_csp=True
    )
    context.add_cookies(reader.page.context.cookies())
    assert faults(context.new_page(), f"{console.url}/outbox/", axe) == []
    assert faults(context.new_page(), message, axe) == []
    context.close()
