"""How long a browser takes to show a check-in while thousands of devices report."""

from __future__ import annotations

import contextlib
import json
import statistics
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
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


@dataclass
class Probes:
    """When check-ins were acknowledged, in ms, and how long each that was shown took."""

    acknowledged: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0


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
                probes = probed(simulation, device, devices, udid)
            finally:
                simulation.stop()
                thread.join()
            shown = dashboard.evaluate("window.shown")
    rows = f"{devices:,} devices, {simulation.tally['check-ins'] / simulation.seconds:,.0f}/s"
    waited = [next(done - at for began, done in shown if began >= at) for at in probes.acknowledged
              if shown and shown[-1][0] >= at]  # fmt: skip
    if not waited or not probes.latencies:
        raise RuntimeError(f"the pages showed none of these check-ins anew: {probes}")
    updates = {"updates_per_second": round(len(shown) / probes.seconds, 2)}
    for name, page, times, more in (
        ("dashboard", dashboard, waited, updates),
        ("device", device, probes.latencies, {}),
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
                "not_shown": len(probes.acknowledged) - len(times),
                "refused": probes.refused,
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


def probed(simulation: Simulation, page: Page, number: int, udid: str) -> Probes:
    """Check one more device in, again and again, and look for it on its page."""
    probe = SimulatedDevice(number, SEED, simulation.owner)
    probe.udid = udid
    found = Probes()
    began = time.monotonic()
    for place in range(PROBES):
        if time.monotonic() - began > PROBING_SECONDS:
            break
        said: dict[str, Any] = {**probe.registration(), "status": f"probe {place} of {PROBES}"}
        page.evaluate("text => { window.wanted = text }", said["status"])
        if refusal := check_in(simulation, said):
            found.refused.append(refusal)
        else:
            looked_for(page, said["status"], found)
        time.sleep(BETWEEN_SECONDS)
    found.seconds = time.monotonic() - began
    return found


def looked_for(page: Page, text: str, found: Probes) -> None:
    """Note when this was acknowledged, which is now, and how long until the page shows it."""
    at = time.time() * 1000
    found.acknowledged.append(at)
    seen = "text => window.seen[text]"
    with contextlib.suppress(TimeoutError):
        page.wait_for_function(seen, arg=text, timeout=SHOWN_MILLISECONDS)
        found.latencies.append(page.evaluate(seen, text) - at)


def check_in(simulation: Simulation, said: dict[str, Any]) -> str:
    """Send one check-in; it is stored when this returns "", else this is what came instead."""
    request = urllib.request.Request(
        f"{simulation.url}/device/register",
        data=json.dumps({"registration": said}).encode(),
        headers={"Authentication": simulation.api_key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        body = answer.read().decode()
    return "" if json.loads(body).get("registration", {}).get("success") else body
