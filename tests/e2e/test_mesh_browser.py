"""A dynamic mesh as an operator makes one: a filter, a preview, and the members follow."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.support.browser import DESKTOP, PASSWORD, person, sign_in
from tests.support.console import private_console

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
PUMPS = 60
MAKE = f"""
from accounts.actor import Actor
from accounts.services import user_create
from accounts.models import Organization
from devices.models import Device, DeviceState
ada = user_create(Actor.named_system("test"), email="ada@example.org", username="ada",
                  password="{PASSWORD}")
home = Organization.objects.get(is_personal=True, memberships__user=ada)
names = [*(f"pump-{{n:03d}}" for n in range({PUMPS})), "meter"]
made = Device.objects.bulk_create(Device(organization=home, alias=name) for name in names)
DeviceState.objects.bulk_create(DeviceState(device=device) for device in made)
"""


@pytest.fixture(scope="module")
def console():
    with private_console() as running:
        running.manage("shell", "-c", MAKE)
        yield running


@pytest.fixture
def ada(console, chrome, pictures):
    with person(chrome, DESKTOP, pictures) as one:
        sign_in(one, console.url, "ada")
        yield one


def test_operator_makes_a_mesh_of_a_filter_after_a_preview(ada, console):
    ada.page.goto(f"{console.url}/meshes/add/")
    ada.page.get_by_label("Name").fill("Pumps")
    ada.page.get_by_label("Rule").fill(f"{console.url}/devices/?q=pump&sort=-name")
    ada.click(ada.page.get_by_role("button", name="Preview"))
    expect(ada.page.get_by_role("heading", name=f"{PUMPS} devices would be in")).to_be_visible()
    ada.click(ada.page.get_by_role("button", name="Add mesh"))
    expect(ada.page.get_by_text("By rule: Search: pump")).to_be_visible()
    # The members follow within seconds, and the page follows them.
    expect(ada.page.get_by_role("link", name="pump-000")).to_be_visible(timeout=60_000)
