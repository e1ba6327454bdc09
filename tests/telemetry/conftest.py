"""What the tests of the history share."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from telemetry.places import history
from telemetry.samples import Sample
from telemetry.schema import COUNTER
from tests.api.conftest import Api
from tests.factories.devices import DeviceFactory


@pytest.fixture
def probe(acme):
    return DeviceFactory(organization=acme, alias="Probe")


@pytest.fixture
def sample(acme, probe):
    """Return a check-in of a device (the probe, unless one is given), some time ago."""

    def make(device=None, *, ago=dt.timedelta(), at=None, **said) -> Sample:
        device = device or probe
        said = {"status": None, "level": "ok", "rssi": "", "snr": "", **said}
        return Sample(
            device_id=device.pk,
            uid=device.udid,
            organization_id=device.organization_id,
            organization_uid=f"{device.organization.uid}",
            at=at or timezone.now() - ago,
            **said,
        )

    return make


@pytest.fixture
def stranger():
    """Return a check-in of a device that has no row: for the tables alone."""

    def make(device_id: int, at: dt.datetime, status: str | None = None, **said) -> Sample:
        said = {"level": "ok", "rssi": "", "snr": "", "organization_id": 1, **said}
        return Sample(
            device_id=device_id,
            uid=f"{uuid.uuid4()}",
            organization_uid=f"{uuid.uuid4()}",
            at=at,
            status=status,
            **said,
        )

    return make


def rows(table: str) -> list[tuple]:
    """Return every row of one of the tables."""
    with history().cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY 1, 2")
        return cursor.fetchall()


def totals(organization_id: int, grain: str = "d") -> dict[str, int]:
    """Return what the counters of an organization come to."""
    with history().cursor() as cursor:
        cursor.execute(
            f"SELECT metric, sum(count) FROM {COUNTER}"
            " WHERE organization_id = %s AND grain = %s GROUP BY metric",
            [organization_id, grain],
        )
        return {metric: int(count) for metric, count in cursor.fetchall()}


@pytest.fixture
def history_queries():
    """Count the queries of the history's database."""
    return lambda: CaptureQueriesContext(history())


@pytest.fixture
def api_as(signed_in):
    """Return the API as the person given uses it from a browser session."""
    return lambda user: Api(signed_in(user))
