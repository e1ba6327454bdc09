"""The history of a device is what a transformer is tried on."""

from __future__ import annotations

import datetime as dt

from devices.models import DeviceState
from devices.transformers.selectors import recent_statuses
from telemetry import services

NOW = dt.datetime(2026, 5, 10, 12, 7, tzinfo=dt.UTC)


def test_statuses_to_try_are_the_last_ones_each_once_the_newest_first(sample, probe):
    for n, status in enumerate(["cold", "warm", "cold", "hot"]):
        services.record([sample(at=NOW + n * dt.timedelta(minutes=1), status=status)])
    DeviceState.objects.filter(device=probe).update(status_raw="hot #e", last_seen_at=NOW)
    probe.refresh_from_db()
    found = [said.text for said in recent_statuses(probe, limit=3)]
    assert found[0] == "hot #e"
    assert sorted(found[1:]) == ["cold", "hot"]
