"""The list of devices by clicking and by keys: columns, cards, counts, a view of one's own."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PASSWORD, PHONE, person, sign_in
from tests.support.console import private_console

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
EMAIL = "boss@example.org"
ALIASES = ("Attic", "Boiler", "Cellar")


@pytest.fixture(scope="module")
def console():
    credentials = {"THINX_BOOTSTRAP_EMAIL": EMAIL, "THINX_BOOTSTRAP_PASSWORD": PASSWORD}
    with private_console(**credentials) as running:
        rest = running.rest(EMAIL)
        for alias in ALIASES:
            rest.post("devices/", alias=alias, tags=["home"], category="meter")
        yield running


def open_list(somebody, console):
    sign_in(somebody, console.url, EMAIL)
    somebody.page.goto(f"{console.url}/devices/")
    return somebody.page


def current(page):
    return page.locator("[data-row].is-current .cell-name")


def test_person_lays_out_the_list_and_saves_the_view(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as boss:
        page = open_list(boss, console)
        choose_columns(boss, page)
        show_cards(boss, page)
        save_view(boss, page)
        delete_view(boss, page)
        assert boss.complaints == []


def choose_columns(boss, page):
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Category").check()
    page.get_by_role("checkbox", name="Source").uncheck()
    boss.click(page.get_by_role("button", name="Apply", exact=True))
    header = page.locator("thead")
    expect(header).to_contain_text("Category")
    expect(header).not_to_contain_text("Source")


def show_cards(boss, page):
    boss.click(page.get_by_role("button", name="Cards"))
    expect(page.locator(".card-item")).to_have_count(len(ALIASES))
    boss.click(page.get_by_role("link", name="Counts"))
    facet = page.get_by_role("group", name="Counts").get_by_role("link", name="home 3")
    boss.click(facet)
    expect(page.locator(".chip")).to_contain_text("Tag: home")
    assert boss.overflows() <= 0


def save_view(boss, page):
    page.get_by_role("link", name="Save this view").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("At home")
    boss.click(dialog.get_by_role("button", name="Save view"))
    tab = page.get_by_role("navigation", name="Views").get_by_role("link", name="At home")
    expect(tab).to_have_attribute("aria-current", "page")
    boss.picture("saved-view")
    boss.click(page.get_by_role("link", name="All", exact=True))
    boss.click(tab)
    expect(page.locator(".chip")).to_contain_text("Tag: home")


def delete_view(boss, page):
    page.get_by_role("button", name="This view").click()
    page.get_by_role("link", name="Delete", exact=True).click()
    boss.click(page.get_by_role("dialog").get_by_role("button", name="Delete"))
    expect(page.get_by_role("navigation", name="Views")).not_to_contain_text("At home")


@pytest.mark.parametrize("layout", ["table", "cards"])
def test_keys_walk_choose_open_and_search(console, chrome, pictures, layout):
    with person(chrome, DESKTOP, pictures) as boss:
        page = open_list(boss, console)
        page.goto(f"{console.url}/devices/?view={layout}")
        page.keyboard.press("j")
        expect(current(page)).to_have_text("Attic")
        page.keyboard.press("j")
        page.keyboard.press("x")
        expect(page.locator(".bulk-bar")).to_contain_text("1 selected")
        page.keyboard.press("k")
        expect(current(page)).to_have_text("Attic")
        page.keyboard.press("f")
        page.keyboard.type("cell")
        expect(page.locator("[data-row]")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        expect(current(page)).to_have_text("Cellar")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/devices/[0-9a-f-]{36}/"))
        expect(page.locator("h1")).to_contain_text("Cellar")
        assert boss.complaints == []


def test_cards_fit_a_phone(console, chrome, pictures):
    with person(chrome, PHONE, pictures) as boss:
        page = open_list(boss, console)
        page.goto(f"{console.url}/devices/?view=cards&facets=1")
        expect(page.locator(".card-item")).to_have_count(len(ALIASES))
        page.locator(".card-item input[name=selected]").first.check()
        expect(page.locator(".bulk-bar")).to_contain_text("1 selected")
        boss.picture("phone")
        assert boss.overflows() <= 0
