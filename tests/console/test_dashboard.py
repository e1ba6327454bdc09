"""The dashboard: five steps that tick themselves, figures, what is new, what needs somebody."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from accounts.actor import Actor
from builds.choices import BuildStatus
from builds.models import Build
from devices.models import DeviceState
from keys.services import env_var_set
from tests.factories.builds import BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory
from tests.factories.keys import make_api_key
from tests.support.queries import queries_of

DISMISS = "/first-steps/dismiss/"


@pytest.fixture
def narrowed(signed_in, acme):
    """A client signed in as the person given, narrowed to Acme."""

    def open_as(user):
        client = signed_in(user)
        client.post("/accounts/organizations/switch/", {"organization": acme.uid})
        return client

    return open_as


@pytest.fixture
def client(narrowed, olga):
    return narrowed(olga)


def said(device, **fields):
    """Let the device have called a minute ago and said this."""
    fields.setdefault("last_seen_at", timezone.now() - dt.timedelta(minutes=1))
    DeviceState.objects.filter(device=device).update(**fields)


def done(client) -> list[bool]:
    return [step.done for step in client.get("/").context["first_steps"]]


def tiles(client) -> dict[str, int]:
    return {tile.label: tile.value for tile in client.get("/").context["tiles"]}


def test_each_step_ticks_itself(client, acme, system):
    assert done(client) == [False] * 5
    make_api_key(acme)
    assert done(client) == [True, False, False, False, False]
    device = DeviceFactory(organization=acme)
    assert done(client) == [True, True, False, False, False]
    source = SourceFactory(organization=acme)
    assert done(client) == [True, True, True, False, False]
    env_var_set(system, organization=acme, name="A", value="1")
    assert done(client) == [True, True, True, True, False]
    build = BuildFactory(source=source, device=device, succeeded=True)
    assert done(client) == [True, True, True, True, False]
    said(device, installed_build=build)
    assert done(client) == [True] * 5
    assert "5 of 5 done." in client.get("/").text


def test_each_step_leads_to_its_page(client):
    for step in client.get("/").context["first_steps"]:
        assert client.get(step.url).status_code == 200


def test_another_organizations_things_tick_nothing(client, umbrella):
    make_api_key(umbrella)
    DeviceFactory(organization=umbrella)
    assert done(client) == [False] * 5


def test_person_dismisses_the_steps_for_good(client):
    assert client.get(DISMISS).status_code == 405
    assert client.post(DISMISS)["Location"] == "/"
    page = client.get("/")
    assert page.context["first_steps"] == []
    assert "in five steps" not in page.text


def test_tiles_count_what_they_lead_to(client, acme, umbrella):
    source = SourceFactory(organization=acme)
    online, silent, outdated = (DeviceFactory(organization=acme, source=source) for _ in range(3))
    said(online)
    said(silent, last_seen_at=timezone.now() - dt.timedelta(days=1))
    BuildFactory(source=source, device=outdated, succeeded=True, version="1.0.9")
    BuildFactory(source=source, running=True)
    for hours in (1, 30):
        build = BuildFactory(source=source, status=BuildStatus.FAILED)
        ended = timezone.now() - dt.timedelta(hours=hours)
        Build.objects.filter(pk=build.pk).update(finished_at=ended)
    DeviceFactory(organization=umbrella)
    BuildFactory(source__organization=umbrella, running=True)
    assert tiles(client) == {
        "Devices": 3,
        "Online": 1,
        "Warnings": 0,
        "Errors": 0,
        "Update waiting": 1,
        "Never built": 2,
        "Builds running": 1,
        "Builds failed": 1,
    }
    for tile in client.get("/").context["tiles"]:
        listed = client.get(tile.url).context["total"]
        assert listed == tile.value or tile.label == "Builds failed", tile.label


def test_device_that_runs_its_newest_build_waits_for_nothing(client, acme):
    device = DeviceFactory(organization=acme, source=SourceFactory(organization=acme))
    build = BuildFactory(source=device.source, device=device, succeeded=True)
    said(device, installed_build=build, version=build.version)
    assert tiles(client)["Update waiting"] == 0


def test_devices_in_need_are_named_worst_first_with_the_reason(client, acme):
    fine, warns, fails, errs, gone = (
        DeviceFactory(organization=acme, alias=name)
        for name in ("fine", "warns", "fails", "errs", "gone")
    )
    said(fine)
    said(warns, level="warning", status="Battery low")
    said(fails, offer_state="failed")
    said(errs, level="error", status="No sensor")
    said(gone, last_seen_at=timezone.now() - dt.timedelta(days=2))
    page = client.get("/")
    assert [d.alias for d in page.context["devices"]] == ["errs", "fails", "warns", "gone"]
    for words in ("No sensor", "Update failed", "Battery low", "Offline"):
        assert words in page.text


def test_errors_fill_the_list_before_anything_else(client, acme):
    for level, names in (("warning", "wx"), ("error", "abcdefg")):
        for name in names:
            said(DeviceFactory(organization=acme, alias=name), level=level)
    assert {d.alias for d in client.get("/").context["devices"]} < set("abcdefg")


def test_long_ids_of_who_did_it_show_their_beginning(client, acme):
    who = Actor.named_system("build 0b5c1f0e-0d0a-4d8f-9a55-6b1f6f0a7c11")
    env_var_set(who, organization=acme, name="A", value="1")
    assert ">system: build 0b5c1f0e</span>" in client.get("/").text


def test_newest_builds_and_events_show_and_lead_on(client, acme, alice):
    build = BuildFactory(source__organization=acme, running=True)
    key, _ = make_api_key(acme, user=alice, alias="sensors")
    page = client.get("/").text
    assert build.get_absolute_url() in page
    assert "API key created" in page
    assert key.get_absolute_url() in page


def test_viewer_sees_no_events(narrowed, vera, acme, alice):
    make_api_key(acme, user=alice, alias="sensors")
    page = narrowed(vera).get("/").text
    assert "API key created" not in page


def test_outsider_sees_nothing_of_acme(signed_in, mallory, acme):
    device = DeviceFactory(organization=acme, alias="secret-device")
    said(device, level="error")
    BuildFactory(source__organization=acme, source__alias="secret-source")
    page = signed_in(mallory).get("/")
    assert "secret-" not in page.text
    assert page.context["tiles"][0].value == 0


def test_page_listens_to_its_organization_and_to_each_when_not_narrowed(
    client, signed_in, olga, acme
):
    assert f'data-live="org.{acme.uid}"' in client.get("/").text
    page = signed_in(olga).get("/").text
    assert page.count('data-live="org.') == 3


def test_example_is_offered_while_there_is_no_device(client, acme, settings):
    assert "Load the example" in client.get("/").text
    client.post(DISMISS)
    assert "Load the example" in client.get("/").text
    DeviceFactory(organization=acme)
    assert "Load the example" not in client.get("/").text


def test_example_is_not_offered_in_the_server_profile_nor_to_viewers(
    client, narrowed, vera, acme, settings
):
    vera.memberships.filter(organization__is_personal=True).delete()
    assert "Load the example" not in narrowed(vera).get("/").text
    settings.EMBEDDED = False
    assert "Load the example" not in client.get("/").text


def test_dashboard_costs_no_more_queries_with_ten_of_everything_than_with_one(client, acme, alice):
    def add(count: int) -> int:
        for _ in range(count):
            source = SourceFactory(organization=acme)
            device = DeviceFactory(organization=acme, source=source)
            said(device, level="error")
            BuildFactory(source=source, device=device, succeeded=True)
            make_api_key(acme, user=alice)
        return queries_of(client, "/")

    one = add(1)
    assert add(9) <= one <= 32


def test_stranger_is_sent_to_sign_in(db, client):
    client.logout()
    assert client.get("/")["Location"] == "/accounts/sign-in/?next=/"


def test_steps_lead_to_the_form_for_those_who_may_and_to_the_list_for_others(narrowed, alice, vera):
    ways = {who: narrowed(who).get("/").context["first_steps"][0].url for who in (alice, vera)}
    assert ways == {alice: "/api-keys/add/", vera: "/api-keys/"}
