"""The list of builds, and verbs on many of them."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from builds.choices import BuildStatus
from builds.models import Build
from tests.factories.builds import ArtifactFactory, BuildFactory, SourceFactory
from tests.factories.devices import DeviceFactory

URL = "/builds/"


@pytest.fixture
def firmware(acme):
    return SourceFactory(organization=acme, alias="firmware")


@pytest.fixture
def pump(acme, firmware):
    return DeviceFactory(organization=acme, source=firmware, alias="pump")


def numbers(response) -> list[int]:
    return [row.record.number for row in response.context["table"].rows]


def test_operator_opens_list_sees_newest_first(signed_in, olga, firmware, pump):
    for number in (1, 2, 3):
        BuildFactory(source=firmware, device=pump, number=number)
    page = signed_in(olga).get(URL)
    assert page.status_code == 200
    assert numbers(page) == [3, 2, 1]
    assert "firmware #3" in page.text


def test_outsider_opens_list_sees_none(signed_in, mallory, firmware):
    BuildFactory(source=firmware, number=1)
    assert "firmware #1" not in signed_in(mallory).get(URL).text


def test_viewer_of_the_chosen_organization_selects_nothing(in_acme, vera, firmware):
    BuildFactory(source=firmware, number=1)
    page = in_acme(vera).get(URL)
    assert "firmware #1" in page.text
    assert 'name="selected"' not in page.text


def test_stranger_opens_list_is_sent_to_sign_in(client):
    assert client.get(URL).status_code == 302


def test_list_with_ten_rows_asks_as_often_as_with_one(
    signed_in, olga, firmware, pump, django_assert_num_queries
):
    client = signed_in(olga)
    BuildFactory(source=firmware, device=pump, number=1, created_by=olga)
    with CaptureQueriesContext(connection) as one:
        client.get(URL)
    for number in range(2, 11):
        BuildFactory(source=firmware, device=pump, number=number, created_by=olga)
    with django_assert_num_queries(len(one)):
        client.get(URL)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=succeeded", [1]),
        ("status=broken", [3, 2]),
        ("status=running", [5, 4]),
        ("platform=ardu", [1]),
        ("version=1.0", [1]),
        ("q=abcd1234", [2]),
        ("q=pump", [5, 4, 3, 2, 1]),
        ("q=nothing", []),
        ("started_by=olga", [3]),
    ],
)
def test_filter_in_the_url_narrows_the_list(signed_in, olga, firmware, pump, query, expected):
    common = {"source": firmware, "device": pump}
    BuildFactory(**common, number=1, succeeded=True, platform="arduino:avr")
    BuildFactory(**common, number=2, status=BuildStatus.FAILED, commit="abcd1234ef")
    BuildFactory(**common, number=3, status=BuildStatus.ERRORED, created_by=olga)
    BuildFactory(**common, number=4, status=BuildStatus.BUILDING)
    BuildFactory(**common, number=5)
    assert numbers(signed_in(olga).get(f"{URL}?{query}")) == expected


def test_filter_by_device_and_source_shows_names_in_chips(signed_in, olga, acme, firmware, pump):
    other = DeviceFactory(organization=acme, source=firmware)
    BuildFactory(source=firmware, device=pump, number=1)
    BuildFactory(source=firmware, device=other, number=2)
    page = signed_in(olga).get(f"{URL}?device={pump.uid}&source={firmware.uid}")
    assert numbers(page) == [1]
    chips = {chip["label"] for chip in page.context["chips"]}
    assert chips == {"Device: pump", "Source: firmware"}


def test_filter_by_a_foreign_device_finds_nothing_out(signed_in, olga, umbrella):
    foreign = DeviceFactory(organization=umbrella, alias="their-own")
    page = signed_in(olga).get(f"{URL}?device={foreign.uid}")
    assert page.status_code == 200
    assert "their-own" not in page.text


def test_export_gives_seconds_and_absolute_times(signed_in, olga, firmware, pump):
    started = timezone.now() - timedelta(minutes=5)
    BuildFactory(
        source=firmware,
        device=pump,
        number=1,
        succeeded=True,
        started_at=started,
        finished_at=started + timedelta(seconds=12.5),
    )
    answer = signed_in(olga).get(f"{URL}?export=csv")
    row = next(csv.DictReader(answer.getvalue().decode().splitlines()))
    assert row["Took"] == "12.5"
    assert row["Status"] == "Succeeded"
    assert row["Source"] == "firmware"
    assert row["Device"] == "pump"
    assert row["Version"] == "1.0.7"
    assert row["Started"].startswith("20")


def test_htmx_asks_list_gets_the_table_alone(signed_in, olga, firmware):
    BuildFactory(source=firmware, number=1)
    answer = signed_in(olga).get(URL, headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert "firmware #1" in answer.text


def test_bulk_delete_leaves_running_builds_and_says_so(signed_in, olga, firmware, pump):
    done = BuildFactory(source=firmware, device=pump, number=1, succeeded=True)
    ArtifactFactory(build=done)
    running = BuildFactory(source=firmware, device=pump, number=2, running=True)
    form = {"selected": [f"{done.uid}", f"{running.uid}"]}
    client = signed_in(olga)
    page = client.post("/builds/bulk-delete/", form)
    assert "1 artifact and its file." in page.text
    assert "1 under way" in page.text
    answer = client.post("/builds/bulk-delete/", {**form, "confirm": "1"}, follow=True)
    assert list(Build.objects.all()) == [running]
    assert "still running" in answer.text


def test_bulk_cancel_stops_what_is_under_way(signed_in, olga, firmware, pump):
    build = BuildFactory(source=firmware, device=pump, number=1)
    form = {"selected": [f"{build.uid}"], "confirm": "1"}
    signed_in(olga).post("/builds/bulk-cancel/", form)
    build.refresh_from_db()
    assert build.status == BuildStatus.CANCELLED


@pytest.mark.parametrize("verb", ["bulk-delete", "bulk-cancel"])
@pytest.mark.parametrize("who", ["vera", "mallory"])
def test_who_may_not_change_builds_selects_nothing(request, signed_in, firmware, verb, who):
    build = BuildFactory(source=firmware, number=1)
    form = {"selected": [f"{build.uid}"], "confirm": "1"}
    signed_in(request.getfixturevalue(who)).post(f"/builds/{verb}/", form)
    build.refresh_from_db()
    assert build.status == BuildStatus.QUEUED
