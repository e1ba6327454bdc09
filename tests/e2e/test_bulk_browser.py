"""Bulk jobs as an operator meets them, and workers that are killed at work."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PASSWORD, person, sign_in
from tests.support.console import private_console
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
PUMPS, METERS, FULL = 60, 1500, 3
# Three pumps have as many tags as a device may have.
MAKE = f"""
from accounts.actor import Actor
from accounts.services import user_create
from accounts.models import Organization
from devices.models import Device, DeviceState
ada = user_create(Actor.named_system("test"), email="ada@example.org", username="ada",
                  password="{PASSWORD}")
home = Organization.objects.get(is_personal=True, memberships__user=ada)
names = [f"pump-{{n:03d}}" for n in range({PUMPS})] + [f"meter-{{n:04d}}" for n in range({METERS})]
made = Device.objects.bulk_create(
    Device(organization=home, alias=name, tags=[f"t{{t}}" for t in range(20)] if n < {FULL} else [])
    for n, name in enumerate(names)
)
DeviceState.objects.bulk_create(DeviceState(device=device) for device in made)
"""
MADE_ROOM = f"""
from devices.models import Device
first = Device.objects.filter(alias__startswith="pump").order_by("alias")[:{FULL}]
Device.objects.filter(pk__in=[device.pk for device in first]).update(tags=[])
"""
COUNT_EVENTS = """
from audit.models import AuditEvent
from devices.models import Device
meters = Device.objects.filter(alias__startswith="meter")
events = AuditEvent.objects.filter(verb="devices.changed", target_label__startswith="meter")
told = [event for event in AuditEvent.objects.filter(verb="fleet.bulk_job_ended")
        if event.data["action"] == "edit" and event.data["done"] > 1000]
print(meters.filter(category="killed").count(), events.count(),
      events.values("target_uid").distinct().count(), len(told))
"""


@pytest.fixture(scope="module")
def console():
    with private_console() as running:
        running.manage("shell", "-c", MAKE)
        yield running


@pytest.fixture(scope="module")
def rest(console):
    return console.rest("ada@example.org")


@pytest.fixture
def ada(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as one:
        sign_in(one, console.url, "ada")
        yield one


def workers(console) -> list[int]:
    found = []
    for pid in console.pids():
        with contextlib.suppress(OSError):
            if b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def choose_all(ada, console, button: str) -> None:
    """Select all that match the filter and press a button of the bulk bar."""
    ada.page.goto(f"{console.url}/devices/?q=pump")
    ada.page.get_by_label("Select all rows of this page").check()
    ada.page.get_by_label("that match").check()
    ada.click(ada.page.get_by_role("button", name=button, exact=True))


def test_operator_tags_all_that_match_and_retries_what_failed(ada, console):
    choose_all(ada, console, "Tags")
    dialog = ada.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_contain_text(f"{PUMPS} devices")
    dialog.get_by_label("Add").fill("greenhouse")
    ada.click(dialog.get_by_role("button", name="Change the tags"))
    # The page follows the job without being asked.
    progress = ada.page.get_by_label("Progress")
    expect(progress).to_contain_text(f"{PUMPS - FULL} done")
    expect(progress).to_contain_text(f"{FULL} failed")
    ada.click(ada.page.get_by_role("navigation", name="States").get_by_role("link", name="Failed"))
    expect(ada.page.get_by_text("A device has at most 20 tags.")).to_have_count(FULL)
    console.manage("shell", "-c", MADE_ROOM)
    retry = ada.page.get_by_role("link", name="Retry the failed").first
    expect(retry).to_be_visible(timeout=60_000)
    ada.click(retry)
    ada.click(ada.page.get_by_role("button", name="Retry the failed"))
    expect(progress).to_contain_text(f"{PUMPS} done")
    assert not ada.complaints


def test_job_whose_workers_are_killed_does_each_device_once(console, rest):
    job = rest.post("bulk-jobs/", action="edit", params={"category": "killed"}, filter="q=meter")
    url = f"bulk-jobs/{job['uid']}/"
    for _ in range(3):
        before = rest.get(url)["done"]
        wait_until(lambda done=before: rest.get(url)["done"] > done, 120)
        for pid in workers(console):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if rest.get(url)["state"] == "done":
            break
    wait_until(lambda: rest.get(url)["state"] == "done", 300)
    found = rest.get(url)
    assert (found["total"], found["done"], found["failed"]) == (METERS, METERS, 0)
    counts = console.manage("shell", "-c", COUNT_EVENTS).split()[-4:]
    assert counts == [f"{METERS}", f"{METERS}", f"{METERS}", "1"]
