"""One's own account by clicking: a picture, the other browser signed out, the export, the end."""

from __future__ import annotations

import json
import zipfile

import pytest
from playwright.sync_api import expect

from tests.accounts.test_profile_picture import png
from tests.support.browser import DESKTOP, PASSWORD, PHONE, note_closes, person, sign_in
from tests.support.console import private_console
from tests.support.outbox import last_mail
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
BOSS, EMAIL = "boss@example.org", "ada+iot@example.org"
MAKE = """
from accounts.actor import Actor
from accounts.services import user_create
user_create(Actor.named_system("test"), email={email!r}, username="ada", password={password!r})
"""


@pytest.fixture(scope="module")
def console():
    credentials = {"THINX_BOOTSTRAP_EMAIL": BOSS, "THINX_BOOTSTRAP_PASSWORD": PASSWORD}
    with private_console(**credentials) as running:
        running.manage("shell", "-v", "0", "-c", MAKE.format(email=EMAIL, password=PASSWORD))
        running.rest(EMAIL).post("devices/", alias="Kitchen")
        yield running


def test_account_from_the_picture_to_the_end(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as ada, person(chrome, PHONE, pictures) as phone:
        note_closes(phone)
        sign_in(ada, console.url, EMAIL)
        sign_in(phone, console.url, EMAIL)
        expect(phone.page.locator("[data-live-dot]")).to_have_attribute("data-state", "connected")
        edit_and_picture(ada, console)
        end_the_other(ada, phone, console)
        take_everything(ada, console)
        delete(ada, console)
        assert ada.complaints == []


def edit_and_picture(ada, console):
    ada.page.goto(f"{console.url}/accounts/profile/")
    ada.press("Edit")
    ada.page.fill("[name=first_name]", "Ada")
    ada.page.fill("[name=last_name]", "Lovelace")
    ada.page.select_option("[name=country]", "CZ")
    ada.page.fill("[name=phone]", "601 123 456")
    ada.page.fill("[name=time_zone]", "Asia/Tokyo")
    ada.press("Save")
    expect(ada.page.get_by_role("heading", level=1)).to_have_text("Ada Lovelace")
    expect(ada.page.get_by_text("+420 601 123 456")).to_be_visible()
    assert "JST" in ada.page.locator("main time").first.get_attribute("title")
    ada.press("Picture")
    file = {"name": "me.png", "mimeType": "image/png", "buffer": png().getvalue()}
    ada.page.set_input_files("[name=file]", files=[file])
    ada.press("Use this picture")
    shown = ada.page.locator(".user-button img")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.complete && image.naturalWidth") == 256
    ada.picture("profile")


def end_the_other(ada, phone, console):
    ada.page.goto(f"{console.url}/accounts/sign-ins/")
    ada.picture("sign-ins")
    ada.page.get_by_role("main").get_by_role("button", name="End it").click()
    expect(ada.page.get_by_text("is ended.")).to_be_visible()
    # The 5 seconds are held by test_profile_sign_ins_live.py; a busy machine is slower.
    phone.page.wait_for_function("window.closes.includes(4401)")
    expect(phone.page.locator("[data-live-dot]")).to_have_attribute("data-state", "offline")
    phone.page.goto(f"{console.url}/devices/")
    assert "/accounts/sign-in/" in phone.page.url


def take_everything(ada, console):
    ada.page.goto(f"{console.url}/accounts/data/export/")
    with ada.page.expect_download() as download:
        ada.page.get_by_role("main").get_by_role("button", name="Download").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        account = json.loads(archive.read("account.json"))
        devices = json.loads(archive.read("organization/devices.json"))
    assert account["email"] == EMAIL
    assert [device["alias"] for device in devices] == ["Kitchen"]


def delete(ada, console):
    ada.page.goto(f"{console.url}/accounts/data/")
    ada.press("Delete")
    expect(ada.page.get_by_text("1 device, 1 API key.")).to_be_visible()
    ada.picture("delete")
    ada.page.fill("[name=typed]", EMAIL)
    ada.page.get_by_role("button", name="Delete the account for good").click()
    expect(ada.page.get_by_role("heading", level=1)).to_have_text("Your account is deleted")
    found = last_mail(EMAIL, console.data / "outbox")
    assert found.subject == "Your account is deleted"
    ada.page.goto(f"{console.url}/accounts/profile/")
    assert "/accounts/sign-in/" in ada.page.url
    count = "from accounts.models import User; print(User.objects.filter(username='ada').count())"
    wait_until(lambda: console.manage("shell", "-v", "0", "-c", count).strip() == "0")
