"""How long a browser takes to show a check-in while thousands of devices report."""

from __future__ import annotations

import contextlib
import json
import statistics
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, TimeoutError

from bench.exact import SEED, Inside, fleet
from bench.measure import Result
from gateway.simulator import SimulatedDevice, Simulation
from tests.support.browser import DESKTOP, Person, chromium, person
from tests.support.console import RunningConsole

INTERVAL = 20.0
# So many check-ins are looked for, fewer where all that takes longer than this.
PROBES, BETWEEN_SECONDS, PROBING_SECONDS = 30, 1.0, 60.0
SHOWN_MILLISECONDS = 30_000
# Notes when something was asked for anew and shown, and when a text is first seen.
WATCH = """
window.shown = []; window.seen = {}; window.wanted = "";
const begun = new WeakMap();
document.addEventListener("htmx:beforeRequest", e => begun.set(e.detail.xhr, Date.now()));
document.addEventListener("htmx:afterSwap", e => {
  if (begun.has(e.detail.xhr)) window.shown.push([begun.get(e.detail.xhr), Date.now()]);
});
new MutationObserver(() => {
  const text = window.wanted;
  if (!text || window.seen[text]) return;
  if (document.body.textContent.includes(text)) window.seen[text] = Date.now();
}).observe(document, {subtree: true, childList: true, characterData: true});
"""
FETCH = """async () => {
  const began = Date.now();
  await (await fetch(location.href)).text();
  return Date.now() - began;
}"""


def measure(
    console: RunningConsole, inside: Inside, *, database: str, devices: int, email: str
) -> Iterator[Result]:
    """Yield what the dashboard and a device's page need, in milliseconds."""
    with fleet(console, inside, devices + 1) as make, chromium() as browser:
        simulation = make(count=devices, interval=INTERVAL, spread=INTERVAL)
        udid = simulation.udids[devices]
        pictures = Path(console.data)
        with person(browser, DESKTOP, pictures) as one, person(browser, DESKTOP, pictures) as two:
            dashboard = opened(one, console, email, "/")
            device = opened(two, console, email, f"/devices/{udid}/")
            alone = {page: statistics.median(page.evaluate(FETCH) for _ in range(5))
                     for page in (dashboard, device)}  # fmt: skip
            thread = threading.Thread(target=simulation.run)
            thread.start()
            try:
                time.sleep(INTERVAL / 2)
                acknowledged, latencies, seconds = probed(simulation, device, devices, udid)
            finally:
                simulation.stop()
                thread.join()
            shown = dashboard.evaluate("window.shown")
    rows = f"{devices:,} devices, {simulation.tally['check-ins'] / simulation.seconds:,.0f}/s"
    waited = [next(done - at for began, done in shown if began >= at) for at in acknowledged
              if shown and shown[-1][0] >= at]  # fmt: skip
    if not waited or not latencies:
        raise RuntimeError(f"of {len(acknowledged)} check-ins the pages showed none anew")
    updates = {"updates_per_second": round(len(shown) / seconds, 2)}
    for name, page, times, more in (
        ("dashboard", dashboard, waited, updates),
        ("device", device, latencies, {}),
    ):
        yield Result(
            name=f"from a check-in to the open page of the {name}",
            unit="ms",
            better="less",
            ours=statistics.median(times),
            reference=alone[page],
            reference_name="one GET of the page, nobody reporting",
            database=database,
            rows=rows,
            details={
                "longest": max(times),
                "times": len(times),
                "not_shown": len(acknowledged) - len(times),
                **more,
            },
        )


def opened(one: Person, console: RunningConsole, email: str, path: str) -> Page:
    """Sign in, go to a page and watch it."""
    page = one.page
    page.goto(f"{console.url}/accounts/sign-in/")
    page.get_by_label("E-mail address or user name").fill(email)
    page.get_by_label("Password", exact=True).fill(console.env["THINX_BOOTSTRAP_PASSWORD"])
    one.click(page.get_by_role("button", name="Sign in", exact=True))
    page.goto(f"{console.url}{path}")
    page.evaluate(WATCH)
    return page


def probed(
    simulation: Simulation, page: Page, number: int, udid: str
) -> tuple[list[float], list[float], float]:
    """Check one more device in, again and again; return when, and how long it was not shown.

    What was not shown in time has no time of the second kind.
    """
    probe = SimulatedDevice(number, SEED, simulation.owner)
    probe.udid = udid
    acknowledged, latencies = [], []
    began = time.monotonic()
    for place in range(PROBES):
        if time.monotonic() - began > PROBING_SECONDS:
            break
        said: dict[str, Any] = {**probe.registration(), "status": f"probe {place} of {PROBES}"}
        page.evaluate("text => { window.wanted = text }", said["status"])
        check_in(simulation, said)
        at = time.time() * 1000
        acknowledged.append(at)
        seen = "text => window.seen[text]"
        with contextlib.suppress(TimeoutError):
            page.wait_for_function(seen, arg=said["status"], timeout=SHOWN_MILLISECONDS)
            latencies.append(page.evaluate(seen, said["status"]) - at)
        time.sleep(BETWEEN_SECONDS)
    return acknowledged, latencies, time.monotonic() - began


def check_in(simulation: Simulation, said: dict[str, Any]) -> None:
    """Send one check-in; it is stored when this returns."""
    request = urllib.request.Request(
        f"{simulation.url}/device/register",
        data=json.dumps({"registration": said}).encode(),
        headers={"Authentication": simulation.api_key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        found = json.load(answer)
    if not found.get("registration", {}).get("success"):
        raise RuntimeError(f"the check-in was refused: {found}")
