"""A real Chromium, driven like a person does: by what is written on things."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests.support.services import need

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Milliseconds for a page to show what is expected: a loaded machine may need them, an idle one not.
PATIENCE = 60_000
DESKTOP = (1280, 900)
PHONE = (390, 844)
# Of everybody in the consoles that browser tests start.
PASSWORD = "correct horse battery"


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run the browser of this machine."""
    program = need("chromium", "chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Person:
    """Somebody at a page: counts clicks, notes what the page complains of, keeps pictures."""

    page: Page
    pictures: Path
    clicks: int = 0
    began: float = field(default_factory=time.monotonic)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("pageerror", lambda error: self.complaints.append(f"{error}"))
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text) if said.type in {"error", "warning"} else None
            ),
        )

    @property
    def seconds(self) -> float:
        """Return the time since the last start of counting."""
        return time.monotonic() - self.began

    def count_from_here(self) -> None:
        """Forget the clicks so far."""
        self.clicks, self.began = 0, time.monotonic()

    def click(self, target: Locator) -> None:
        """Click and wait for the page that follows."""
        self.clicks += 1
        target.click()
        self.page.wait_for_load_state()

    def press(self, words: str) -> None:
        """Click the button or link with these words in the content of the page."""
        main = self.page.get_by_role("main")
        button = main.get_by_role("button", name=words, exact=True)
        self.click(button.or_(main.get_by_role("link", name=words, exact=True)).first)

    def act_on_all(self, words: str) -> None:
        """Select the rows of the page and choose what is done with them."""
        self.page.get_by_label("Select all rows of this page").check()
        more = self.page.get_by_role("button", name="More", exact=True)
        if more.count():
            more.click()
        self.click(self.page.get_by_role("button", name=words, exact=True))

    def picture(self, name: str) -> Path:
        """Keep what is seen now."""
        path = self.pictures / f"{name}.png"
        self.page.screenshot(path=path, full_page=True)
        return path

    def overflows(self) -> int:
        """Return by how many pixels the page is wider than the window."""
        return overflow(self.page)


@contextlib.contextmanager
def person(browser: Browser, size: tuple[int, int], pictures: Path) -> Iterator[Person]:
    """Somebody with a browser window of this size and no cookies yet."""
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.set_default_timeout(PATIENCE)
    try:
        yield Person(context.new_page(), pictures)
    finally:
        context.close()


def sign_in(one: Person, url: str, name: str) -> None:
    """Sign in to the console at this address and wait for the page that follows."""
    page = one.page
    page.goto(f"{url}/accounts/sign-in/")
    page.get_by_label("E-mail address or user name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    one.click(page.get_by_role("main").get_by_role("button", name="Sign in", exact=True))
    page.wait_for_url(lambda there: urlsplit(there).path != "/accounts/sign-in/")


def note_closes(one: Person) -> None:
    """Note, from the next page on, with which codes its live connection is closed."""
    one.page.add_init_script(
        """window.closes = [];
        const Socket = window.WebSocket;
        window.WebSocket = class extends Socket {
          constructor(...given) {
            super(...given);
            this.addEventListener("close", (event) => window.closes.push(event.code));
          }
        };"""
    )


def overflow(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    return page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
