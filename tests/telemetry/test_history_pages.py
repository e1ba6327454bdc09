"""The history of a device, as a page and over the API."""

from __future__ import annotations

import datetime as dt

import pytest

from telemetry import services
from telemetry.views import stamp_of
from tests.factories.devices import DeviceFactory
from tests.support.queries import queries_of

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def url(probe):
    return f"/devices/{probe.uid}/history/"


def test_page_has_charts_as_tables_and_statuses(url, sample, in_acme, vera):
    services.record([sample(ago=MINUTE, status="Hot", level="error", rssi="-61")])
    page = in_acme(vera).get(url)
    assert page.status_code == 200
    assert 'data-chart="bars"' in page.text
    assert "Signal strength as a table" in page.text
    assert "Hot" in page.text
    assert [chart.slug for chart in page.context["charts"]] == ["checkins", "rssi", "snr"]


def test_device_without_history_says_so(url, in_acme, vera):
    page = in_acme(vera).get(url)
    assert "nothing in the last 24 hours" in page.text
    assert "data-chart" not in page.text


@pytest.mark.parametrize(
    ("asked", "got"), [("", "24h"), ("7d", "7d"), ("30d", "30d"), ("x", "24h")]
)
def test_range_is_in_the_address(url, in_acme, vera, asked, got):
    assert in_acme(vera).get(f"{url}?range={asked}").context["range"].slug == got


def test_older_statuses_are_a_link_away(url, sample, in_acme, vera):
    services.record([sample(ago=n * MINUTE, status=f"s{n}") for n in range(60)])
    client = in_acme(vera)
    page = client.get(url)
    assert len(page.context["statuses"].rows) == 50
    older = client.get(url + page.context["older_url"])
    assert len(older.context["statuses"].rows) == 10
    assert older.context["older_url"] == ""


@pytest.mark.parametrize("text", ["", "x", "-1", "9" * 30, "١٢"])
def test_page_that_makes_no_sense_is_the_newest(text):
    assert stamp_of(text) is None


def test_outsider_does_not_find_the_history(url, probe, signed_in, mallory, api_as):
    assert signed_in(mallory).get(url).status_code == 404
    for part in ("series", "checkins", "statuses"):
        assert api_as(mallory).get(f"devices/{probe.uid}/{part}/").status_code == 404


def test_page_costs_the_same_with_much_history(url, sample, in_acme, vera):
    client = in_acme(vera)
    services.record([sample(ago=MINUTE, status="one")])
    before = queries_of(client, url)
    services.record([sample(ago=n * MINUTE, status=f"{n}") for n in range(2, 80)])
    assert queries_of(client, url) == before


def test_api_says_series_with_gaps(probe, sample, api_as, vera):
    services.record([sample(ago=MINUTE, rssi="-61")])
    said = api_as(vera).get(f"devices/{probe.uid}/series/?range=7d").json()
    assert (said["range"], said["step_seconds"], len(said["points"])) == ("7d", 1800, 336)
    assert sum(point["checkins"] for point in said["points"]) == 1
    assert said["points"][0]["rssi"] is None


def test_api_pages_check_ins_and_statuses(probe, sample, api_as, vera):
    services.record([sample(ago=n * MINUTE, status=f"s{n}") for n in range(3)])
    api = api_as(vera)
    for part in ("checkins", "statuses"):
        first = api.get(f"devices/{probe.uid}/{part}/?limit=2").json()
        assert len(first["results"]) == 2
        rest = api.get(f"devices/{probe.uid}/{part}/?limit=2&before={first['before']}").json()
        assert (len(rest["results"]), rest["before"]) == (1, None)


@pytest.mark.parametrize("query", ["range=1y", "limit=0", "limit=501", "before=x", "before=-1"])
def test_api_refuses_what_makes_no_sense(probe, api_as, vera, query):
    part = "series" if query.startswith("range") else "checkins"
    assert api_as(vera).get(f"devices/{probe.uid}/{part}/?{query}").status_code == 400


def test_api_figures_are_of_what_one_may_view(acme, umbrella, api_as, alice, mallory):
    services.count("checkins", acme.pk, 2)
    services.count("checkins", umbrella.pk, 5)
    said = api_as(alice).get(f"figures/?organization={acme.uid}").json()
    assert said["totals"]["checkins"] == 2
    assert len(said["times"]) == len(said["series"]["checkins"]) == 24
    assert api_as(mallory).get("figures/?range=30d").json()["totals"]["checkins"] == 5
    assert api_as(mallory).get(f"figures/?organization={acme.uid}").status_code == 404


def test_dashboard_draws_counters_of_the_chosen_range(acme, in_acme, vera):
    services.count("checkins", acme.pk, 1234)
    services.count("left_out", acme.pk, 3)
    page = in_acme(vera).get("/?range=7d")
    assert [chart.slug for chart in page.context["charts"]] == ["checkins", "alarms", "builds"]
    assert "1,234" in page.text
    assert "Activity in the last 7 days" in page.text
    assert "3 check-ins came faster" in page.text


def test_dashboard_counts_by_level_and_lateness(acme, in_acme, vera):
    from django.utils import timezone

    from devices.models import DeviceState

    for minutes, level in ((1, "ok"), (10, "warning"), (100, "error")):
        device = DeviceFactory(organization=acme)
        DeviceState.objects.filter(device=device).update(
            last_seen_at=timezone.now() - minutes * MINUTE, level=level
        )
    tiles = {tile.label: tile for tile in in_acme(vera).get("/").context["tiles"]}
    assert [tiles[name].value for name in ("Online", "Warnings", "Errors")] == [2, 1, 1]
    assert tiles["Online"].note == "1 late · 1 offline"


def test_large_fleet_is_counted_once_for_all_who_see_the_same(
    acme, umbrella, monkeypatch, act, vera, olga, mallory
):
    from devices.models import Device
    from thinx_console import fleet

    monkeypatch.setattr(fleet, "LARGE", 1)
    monkeypatch.setattr(fleet, "SHARE_OF_TIME", 1_000_000)
    counted = []
    real = fleet._counted
    monkeypatch.setattr(fleet, "_counted", lambda rows: counted.append(1) or real(rows))
    DeviceFactory.create_batch(3, organization=acme)
    DeviceFactory.create_batch(2, organization=umbrella)

    def seen(user):
        rows = Device.objects.allowed(act(user)).filter(organization__in=[acme, umbrella])
        return fleet.fleet_of(rows).total

    assert [seen(vera), seen(vera), seen(mallory)] == [3, 3, 2]
    assert len(counted) == 2
