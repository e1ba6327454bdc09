"""Every page at three widths, light and dark: no accessibility fault, nothing wider than it."""

from __future__ import annotations

import pytest

from tests.support.accessibility import VIEWS, faults
from tests.support.browser import DESKTOP, PASSWORD, person, sign_in
from tests.support.console import Rest, RestError, private_console

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
EMAIL = "ada@example.org"

ORGANIZATION_TABS = (
    "",
    *(f"{name}/" for name in ("members", "invitations", "roles", "groups", "settings", "audit")),
    *(f"{name}/" for name in ("invite", "add-role", "limits", "move", "second-factor", "delete")),
)
DEVICE_TABS = (
    "history",
    "messages",
    "publish",
    "configuration",
    "push",
    "transformers",
    "meshes",
    "audit",
)
# A shared organization with a part, an invitation, a role and a group; their uids are printed.
ACME = f"""
from accounts.actor import Actor
from accounts.models import User
from accounts.services.groups import group_add, group_create
from accounts.services.invitations import invitation_send
from accounts.services.organizations import organization_create
from accounts.services.roles import role_create
ada = User.objects.get(email="{EMAIL}")
actor = Actor.for_user(ada)
acme = organization_create(actor, name="Acme", admin=ada)
organization_create(actor, name="Plant", admin=ada, parent=acme)
invitation_send(actor, organization=acme, email="nina@example.org", role="viewer")
role = role_create(actor, organization=acme, name="Tuner", actions=["devices.change_device"])
group = group_create(actor, organization=acme, name="Night shift")
group_add(actor, group=group, user=ada)
print(acme.uid, role.uid, group.uid)
"""


@pytest.fixture(scope="module")
def console():
    credentials = {
        "THINX_BOOTSTRAP_EMAIL": EMAIL,
        "THINX_BOOTSTRAP_PASSWORD": PASSWORD,
        "THINX_ALLOW_LOOPBACK_SOURCES": "true",
    }
    with private_console(**credentials) as running:
        yield running


@pytest.fixture(scope="module")
def pages(console) -> list[str]:
    """Fill the console a little; return the address of every page."""
    rest = console.rest(EMAIL)
    made = fill(rest)
    acme = console.manage("shell", "-c", ACME).split()
    lists = ["devices", "meshes", "sources", "builds", "api-keys", "deploy-keys", "environment"]
    lists.append("transformers")
    return [
        "/",
        "/search/?q=kitchen",
        *(f"/{name}/" for name in lists),
        *(f"/{name}/add/" for name in lists if name != "builds"),
        "/environment/import/",
        "/devices/?q=nothing-like-this",
        f"/devices/{made['device']}/",
        f"/devices/{made['device']}/builds/",
        f"/devices/{made['device']}/environment/",
        *(f"/devices/{made['device']}/{tab}/" for tab in DEVICE_TABS),
        *(f"/meshes/{made['mesh']}/{tab}" for tab in ("", "audit/", "edit/", "attach/")),
        *(f"/transformers/{made['transformer']}/{tab}" for tab in ("", "versions/", "edit/")),
        "/devices/?view=cards",
        "/questions/",
        "/bulk-jobs/",
        "/notifications/",
        "/connect/",
        f"/devices/{made['device']}/access/?person={EMAIL}",
        f"/devices/{made['device']}/share/",
        f"/devices/{made['device']}/edit/",
        f"/devices/{made['device']}/build/",
        f"/devices/{made['device']}/delete/",
        f"/sources/{made['source']}/",
        f"/builds/{made['build']}/",
        f"/deploy-keys/{made['key']}/",
        f"/environment/{made['variable']}/",
        "/audit/",
        "/accounts/profile/",
        "/accounts/profile/edit/",
        "/accounts/profile/picture/",
        "/accounts/security/",
        "/accounts/sign-ins/",
        "/accounts/notifications/",
        "/accounts/data/",
        "/accounts/data/export/",
        "/accounts/data/delete/",
        "/accounts/password/",
        "/accounts/email/",
        "/accounts/connections/",
        "/accounts/sudo/",
        "/accounts/second-factor/",
        "/accounts/second-factor/add/",
        "/accounts/second-factor/add/app/",
        "/accounts/second-factor/add/sms/",
        "/accounts/second-factor/add/passkey/",
        "/accounts/organizations/",
        "/accounts/organizations/add/",
        "/accounts/organizations/choose/",
        *(f"/accounts/organizations/{acme[-3]}/{tab}" for tab in ORGANIZATION_TABS),
        f"/accounts/roles/{acme[-2]}/",
        f"/accounts/roles/{acme[-2]}/edit/",
        f"/accounts/groups/{acme[-1]}/",
        "/accounts/shared/",
        "/accounts/shared/outside/",
        "/no-such-page/",
        "/api/v1/devices/",
    ]


def fill(rest: Rest) -> dict[str, str]:
    key = rest.post("deploy-keys/", alias="Deploy key", algorithm="ed25519")
    source = rest.post("sources/", alias="Greeter", url="https://127.0.0.1:9/team/greeter.git")
    device = rest.post("devices/", alias="Kitchen", source=source["uid"])
    variable = rest.post("env-vars/", name="WIFI_PASSWORD", value="secret", is_secret=True)
    build = rest.post("builds/", device=device["uid"])
    rest.finished_build(build["uid"])
    mesh = rest.post("meshes/", alias="Ground floor", mesh_id="ground")
    script = "function transformer(status) { return status; }"
    transformer = rest.post("transformers/", alias="As it is", body=script)
    for number in range(30):
        rest.post("devices/", alias=f"Sensor {number:02d}")
    with pytest.raises(RestError):
        rest.get("devices/not-a-uid/")
    return {
        "key": key["uid"],
        "source": source["uid"],
        "device": device["uid"],
        "variable": variable["uid"],
        "build": build["uid"],
        "mesh": mesh["uid"],
        "transformer": transformer["uid"],
    }


@pytest.fixture(scope="module")
def cookies(console, chrome, tmp_path_factory) -> list:
    with person(chrome, DESKTOP, tmp_path_factory.mktemp("seen")) as ada:
        sign_in(ada, console.url, EMAIL)
        return ada.page.context.cookies()


@pytest.mark.parametrize(("width", "theme"), VIEWS)
def test_no_page_has_a_fault(console, chrome, cookies, pages, axe, width, theme):
    context = chrome.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, bypass_csp=True
    )
    context.add_cookies(cookies)
    page = context.new_page()
    found = {address: faults(page, console.url + address, axe) for address in pages}
    context.close()
    wrong = [f"{address}: {fault}" for address, list_ in found.items() for fault in list_]
    assert not wrong, "\n".join(wrong)


STRANGERS_PAGES = (
    "/accounts/sign-in/",
    "/accounts/sign-up/",
    "/accounts/sign-up/sent/",
    "/accounts/sign-up/again/",
    "/accounts/activate/used/",
    "/accounts/password/reset/",
    "/accounts/password/reset/sent/",
    "/accounts/with/cancelled/",
    "/accounts/with/failed/",
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_before_signing_in_have_no_fault(console, chrome, axe, theme):
    context = chrome.new_context(color_scheme=theme, bypass_csp=True)
    page = context.new_page()
    found = {address: faults(page, console.url + address, axe) for address in STRANGERS_PAGES}
    context.close()
    assert not {address: wrong for address, wrong in found.items() if wrong}


def test_pages_work_without_javascript(console, chrome, cookies, pages):
    context = chrome.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{console.url}/devices/")
    page.get_by_role("link", name="Kitchen").click()
    page.get_by_role("link", name="Edit").first.click()
    page.fill("[name=alias]", "Kitchen lamp")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Kitchen lamp")
    context.close()
