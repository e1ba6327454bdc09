"""Staff stand in somebody else's shoes: what opens, what stays shut, how it ends."""

from __future__ import annotations

import contextlib
import time

import pytest
from django.urls import NoReverseMatch, get_resolver, reverse

from accounts import impersonation
from accounts.models import TotpDevice, User
from accounts.second_factor.factors import factor_remove
from audit.models import AuditEvent
from tests.accounts.support.conftest import enrol
from tests.factories.devices import DeviceFactory

STOP = "accounts:impersonation_stop"


@pytest.fixture
def device(acme):
    return DeviceFactory(organization=acme, alias="Boiler")


@pytest.fixture
def as_olga(staff, olga):
    """Ruth's browser, acting as olga, operator of Acme."""
    assert begin(staff, olga).status_code == 302
    return staff


def begin(client, person):
    return client.post(reverse("accounts:user_impersonate", args=[person.uid]), {"confirm": "1"})


def requests_of(person) -> list[tuple[str, str]]:
    rows = AuditEvent.objects.filter(verb="accounts.impersonated_request", target_uid=person.uid)
    return [(row.data["method"], row.data["path"]) for row in rows.order_by("pk")]


def run_out(client) -> None:
    session = client.session
    session[impersonation.SESSION_KEY] |= {"until": time.time() - 1}
    session.save()


def test_every_page_says_so_and_offers_to_stop(as_olga, olga):
    for address in ("/", "/devices/", "/accounts/profile/", "/nowhere/"):
        answer = as_olga.get(address)
        assert f"You act as <b>{olga.email}</b>" in answer.text, address
        assert reverse(STOP) in answer.text, address


def test_staff_see_what_the_person_sees_and_no_more(as_olga, device, umbrella):
    hidden = DeviceFactory(organization=umbrella, alias="Hidden")
    answer = as_olga.get("/devices/")
    assert "Boiler" in answer.text
    assert "Hidden" not in answer.text
    assert as_olga.get(hidden.get_absolute_url()).status_code == 404
    assert as_olga.get(reverse("accounts:user_list")).status_code == 403


def test_each_request_is_written_down_before_it_runs(as_olga, olga, ruth, device):
    as_olga.get("/devices/?q=secret")
    as_olga.post(reverse("devices:device_edit", args=[device.uid]), {"alias": "Stove"})
    as_olga.get("/api/v1/whoami/")
    assert requests_of(olga) == [
        ("GET", "/devices/"),
        ("POST", f"/devices/{device.uid}/edit/"),
        ("GET", "/api/v1/whoami/"),
    ]
    row = AuditEvent.objects.filter(verb="accounts.impersonated_request").first()
    assert row.actor == f"{ruth.email} as {olga.email}"
    assert row.credential == f"impersonated by {ruth.email}"
    assert row.organization.is_personal
    assert row.organization.memberships.get().user == olga


def test_what_is_done_carries_both_names(as_olga, olga, ruth, device):
    form = {"alias": "Stove", "platform": device.platform}
    as_olga.post(reverse("devices:device_edit", args=[device.uid]), form)
    row = AuditEvent.objects.filter(target_uid=device.uid).latest("pk")
    assert row.actor == f"{ruth.email} as {olga.email}"
    assert row.actor_uid == olga.uid


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/password/",
        "/accounts/sudo/",
        "/accounts/people/",
        "/accounts/second-factor/add/app/",
        "/accounts/second-factor/",
        "/accounts/profile/edit/",
        "/accounts/passkeys/enrol/begin/",
        "/accounts/data/export/",
        "/accounts/sign-ins/",
        "/api/v1/users/",
        "/api/v1/account/",
        "/api/v1/sign-ins/",
        "/api/v1/second-factors/",
    ],
)
def test_account_and_secrets_stay_shut(as_olga, address):
    assert as_olga.get(address).status_code == 403
    assert as_olga.post(address).status_code == 403


def test_new_pages_of_the_account_are_shut_from_the_start(as_olga):
    """What is open below /accounts/ is named here; a new page is not among it."""
    answers = {name: as_olga.get(reverse(name)).status_code for name in routes_of("accounts")}
    assert {name for name, status in answers.items() if status != 403} == {
        "accounts:impersonation_stop",
        "accounts:organization_add",
        "accounts:organization_list",
        "accounts:organization_choose",
        "accounts:organization_switch",
        "accounts:profile",
        "accounts:shared_outside",
        "accounts:shared_with_me",
        "accounts:shared_withdraw",
    }


def routes_of(space: str) -> list[str]:
    """Return the names of its routes that need no argument, but for signing out."""
    names = {n for n in get_resolver().namespace_dict[space][1].reverse_dict if isinstance(n, str)}
    found = []
    for name in sorted(f"{space}:{n}" for n in names - {"sign_out"}):
        with contextlib.suppress(NoReverseMatch):
            reverse(name)
            found.append(name)
    return found


def test_every_page_of_sudo_mode_stays_shut(as_olga):
    """Whatever asks for a recent proof refuses at once, instead of asking staff for theirs."""
    assert as_olga.get(reverse("keys:apikey_add")).status_code == 403
    answer = as_olga.post("/api/v1/api-keys/", {}, content_type="application/json")
    assert answer.status_code == 403
    assert answer.json()["code"] == "accounts.not_while_impersonating"


def test_second_factor_of_staff_counts_for_a_person_who_has_one(staff, olga):
    enrol(olga)
    begin(staff, olga)
    assert staff.get("/devices/").status_code == 200


def test_stop_gives_the_browser_back(as_olga, olga, ruth):
    answer = as_olga.post(reverse(STOP))
    assert answer.headers["Location"] == reverse("accounts:user", args=[olga.uid])
    assert "You act as" not in as_olga.get("/").text
    assert as_olga.get(reverse("accounts:user_list")).status_code == 200
    ended = AuditEvent.objects.get(verb="accounts.impersonation_ended")
    assert ended.data["reason"] == "stopped"


def test_it_ends_by_itself_and_the_late_request_does_nothing(as_olga, olga, device):
    run_out(as_olga)
    answer = as_olga.post(reverse("devices:device_delete", args=[device.uid]), {"confirm": "1"})
    assert answer.status_code == 302
    assert type(device).objects.filter(pk=device.pk).exists()
    assert "You act as" not in as_olga.get("/").text
    assert AuditEvent.objects.filter(verb="accounts.impersonation_ended").count() == 1


def test_late_api_request_is_refused(as_olga):
    run_out(as_olga)
    answer = as_olga.get("/api/v1/devices/")
    assert answer.status_code == 403
    assert answer.json()["code"] == "accounts.impersonation_ended"


def test_late_htmx_request_leads_away(as_olga):
    run_out(as_olga)
    answer = as_olga.get("/devices/", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/"


def test_it_lasts_a_quarter_of_an_hour(as_olga):
    until = as_olga.session[impersonation.SESSION_KEY]["until"]
    assert 14 * 60 < until - time.time() <= 15 * 60


@pytest.mark.parametrize("standing", ["is_staff", "is_superuser"])
def test_nobody_acts_as_staff(staff, olga, standing):
    User.objects.filter(pk=olga.pk).update(**{standing: True})
    assert begin(staff, olga).status_code == 422
    assert impersonation.SESSION_KEY not in staff.session


def test_person_made_superuser_meanwhile_is_left_at_once(as_olga, olga):
    User.objects.filter(pk=olga.pk).update(is_superuser=True)
    assert as_olga.get("/devices/").status_code == 302
    assert impersonation.SESSION_KEY not in as_olga.session


def test_nobody_acts_as_a_deactivated_person(staff, olga):
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert begin(staff, olga).status_code == 422


def test_staff_whose_factor_is_removed_meanwhile_are_out(as_olga, ruth, system):
    factor_remove(system, factor=TotpDevice.objects.get(user=ruth))
    assert as_olga.get("/devices/").status_code == 302
    assert "You act as" not in as_olga.get("/", follow=True).text


def test_deactivated_staff_are_out(as_olga, ruth):
    User.objects.filter(pk=ruth.pk).update(is_active=False)
    answer = as_olga.get("/devices/")
    assert "/accounts/sign-in/" in answer.headers["Location"]


def test_sign_out_signs_out_the_member_of_staff(as_olga, ruth):
    as_olga.post(reverse("accounts:sign_out"))
    assert as_olga.get("/").status_code == 302
    row = AuditEvent.objects.get(verb="accounts.signed_out")
    assert row.actor == ruth.email


def test_forged_session_of_a_plain_person_gives_nothing(signed_in, vera, olga):
    """Only a superuser with a second factor acts as others, whatever the session says."""
    client = signed_in(vera)
    session = client.session
    session[impersonation.SESSION_KEY] = {"person": olga.pk, "until": time.time() + 60}
    session.save()
    assert client.get("/devices/").status_code == 302
    assert vera.email in client.get("/accounts/profile/").text


def test_starting_needs_a_recent_proof(staff, olga):
    session = staff.session
    session["proved_at"] = time.time() - 16 * 60
    session.save()
    assert "/accounts/sudo/" in begin(staff, olga).headers["Location"]
    assert impersonation.SESSION_KEY not in staff.session


def test_stop_without_anything_to_stop_leads_home(staff):
    assert staff.post(reverse(STOP)).headers["Location"] == "/"
