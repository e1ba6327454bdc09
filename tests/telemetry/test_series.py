"""Reading one device's history: points, gaps, pages."""

from __future__ import annotations

import datetime as dt

import pytest

from telemetry import services
from telemetry.partitions import add_partitions
from telemetry.places import history
from telemetry.ranges import RANGES, range_of
from telemetry.selectors import (
    MOST_ROWS,
    checkin_page,
    device_series,
    histories_export,
    recent_statuses,
    status_page,
)
from tests.factories.devices import DeviceFactory

NOW = dt.datetime(2026, 5, 10, 12, 7, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize("span", RANGES.values(), ids=lambda span: span.slug)
def test_series_has_a_point_for_every_step_and_never_too_many(db, probe, span):
    points = device_series(probe, span, now=NOW)
    assert len(points) == len(span.steps(NOW)) <= 500
    assert points[0].at > NOW - dt.timedelta(microseconds=span.span)
    assert points[-1].at <= NOW < points[-1].at + dt.timedelta(microseconds=span.step)


def test_points_are_means_and_gaps_stay_gaps(sample, probe):
    for ago, rssi, snr in ((1, "-60", "8"), (2, "-70", ""), (25, "", "")):
        services.record([sample(at=NOW - ago * MINUTE, rssi=rssi, snr=snr)])
    points = device_series(probe, RANGES["24h"], now=NOW)
    last, gap, silent = points[-1], points[-2], points[-3]
    assert (last.checkins, last.rssi, last.rssi_lowest, last.snr) == (2, -65, -70, 8)
    assert (gap.checkins, gap.rssi) == (0, None)
    assert (silent.checkins, silent.rssi) == (1, None)


def test_series_is_of_one_device(sample, probe, acme):
    services.record([sample(DeviceFactory(organization=acme), at=NOW)])
    assert sum(point.checkins for point in device_series(probe, RANGES["24h"], now=NOW)) == 0


def test_unknown_range_is_the_shortest():
    assert range_of("1y") is range_of(None) is RANGES["24h"]


def test_recent_statuses_are_newest_first(sample, probe):
    for n in range(5):
        services.record([sample(at=NOW + n * MINUTE, status=f"s{n}", level="warning")])
    found = recent_statuses(probe, limit=3)
    assert [(said.status, said.level) for said in found] == [
        ("s4", "warning"), ("s3", "warning"), ("s2", "warning"),
    ]  # fmt: skip
    assert found[0].at == NOW + 4 * MINUTE


def test_pages_follow_each_other_without_counting(sample, probe, history_queries):
    services.record([sample(at=NOW - n * MINUTE, status=f"{n}") for n in range(5)])
    seen, before = [], None
    while True:
        with history_queries() as queries:
            page = checkin_page(probe, before=before, limit=2)
        assert len(queries) == 1
        seen += [row.at for row in page.rows]
        before = page.before
        if before is None:
            break
    assert seen == [NOW - n * MINUTE for n in range(5)]
    assert [row.status for row in status_page(probe, limit=9).rows] == ["0", "1", "2", "3", "4"]


def test_page_is_never_longer_than_allowed(sample, probe):
    services.record([sample(at=NOW - n * MINUTE) for n in range(MOST_ROWS + 5)])
    page = checkin_page(probe, limit=10_000)
    assert len(page.rows) == MOST_ROWS
    assert page.before is not None


def test_reading_costs_one_query_however_much_there_is(sample, probe, history_queries):
    def queries() -> list[int]:
        found = []
        for read in (
            lambda: device_series(probe, RANGES["30d"], now=NOW),
            lambda: recent_statuses(probe),
            lambda: checkin_page(probe),
        ):
            with history_queries() as counted:
                read()
            found.append(len(counted))
        return found

    services.record([sample(at=NOW, status="one")])
    before = queries()
    services.record([sample(at=NOW - n * MINUTE, status=f"{n}") for n in range(200)])
    assert queries() == before == [1, 1, 1]


def test_series_of_a_device_comes_from_its_index(sample, probe):
    add_partitions(history())
    services.record([sample(at=NOW)])
    with history().cursor() as cursor:
        if history().vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if history().vendor == "sqlite" else "EXPLAIN"
        cursor.execute(
            f"{explain} SELECT at FROM telemetry_checkin"
            " WHERE device_id = %s AND at >= %s ORDER BY at DESC LIMIT 50",
            [probe.pk, 0],
        )
        plan = " ".join(f"{row}" for row in cursor.fetchall())
    assert "PRIMARY KEY" in plan or "device_id_at_idx" in plan or "by_device" in plan


def test_export_says_everything_that_is_kept(sample, probe):
    services.record([sample(at=NOW, status="Ready", rssi="-60")])
    assert histories_export([probe.pk])[probe.pk] == {
        "checkins": [{"at": NOW, "rssi": -60.0, "snr": None}],
        "statuses": [{"at": NOW, "level": "ok", "status": "Ready"}],
    }
