"""axe-core on a page, as a person at a screen of some size and theme has it."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.support.browser import overflow
from tests.support.console import ROOT

AXE = ROOT / "tests" / "tools" / "axe"
VIEWS = ((390, "light"), (1024, "dark"), (1600, "light"))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """async rules => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: rules}});
  const places = fault => fault.nodes.map(node => node.target.join(" ")).slice(0, 3);
  return found.violations.map(fault => `${fault.id}: ${places(fault).join(", ")}`);
}"""


def faults(page: Page, address: str, axe: str) -> list[str]:
    """Return what axe finds on the page of this address, and whether it is too wide."""
    page.goto(address, wait_until="load")
    page.add_script_tag(path=axe)
    found = page.evaluate(RUN_AXE, RULES)
    wider = overflow(page)
    return [*found, *([f"{wider} px wider than the window"] if wider > 0 else [])]
