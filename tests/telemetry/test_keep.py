"""Days are made ahead, old ones go, and nothing stays of what is deleted."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from accounts.selectors.people import own_organization
from devices.services import device_delete
from telemetry import services
from telemetry.belongings import History
from telemetry.constants import DAY, KEEP_TASK
from telemetry.partitions import add_partitions, drop_partitions, partition_name, partitions
from telemetry.places import history, history_alias, stamp
from telemetry.schema import CHECKIN, SERIES, STANDING, STATUS
from tests.factories.accounts import OrganizationFactory
from tests.factories.devices import DeviceFactory
from tests.telemetry.conftest import rows, totals
from thinx_console.celery import app

NOW = dt.datetime(2026, 5, 10, 12, 7, tzinfo=dt.UTC)
DAYS = dt.timedelta(days=1)


@pytest.fixture
def on_postgresql(db):
    if history().vendor != "postgresql":
        pytest.skip("SQLite has no partitions")


@pytest.fixture
def travel(db):
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.mark.usefixtures("on_postgresql")
def test_days_are_made_ahead_once(travel):
    add_partitions(history())
    there = partitions(history(), SERIES[0])
    assert partition_name(SERIES[0], stamp(NOW + 7 * DAYS)) in there
    assert add_partitions(history()) == []
    travel.shift(DAYS)
    assert add_partitions(history()) == [
        partition_name(series, stamp(NOW + 8 * DAYS)) for series in SERIES
    ]


@pytest.mark.usefixtures("on_postgresql")
def test_check_in_of_a_day_that_was_not_made_makes_it(stranger):
    at = NOW + 400 * DAYS
    services.record([stranger(7, at, "Ready")])
    assert [row[1] for row in rows(CHECKIN)] == [stamp(at)]
    assert partition_name(SERIES[1], stamp(at)) in partitions(history())


@pytest.mark.usefixtures("on_postgresql")
def test_rows_lie_in_the_partition_of_their_day(stranger):
    before = stamp(NOW) // DAY * DAY
    services.record([stranger(1, NOW), stranger(2, NOW - DAYS)])
    with history().cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {partition_name(SERIES[0], before)}")
        assert cursor.fetchone() == (1,)


@pytest.mark.usefixtures("on_postgresql")
def test_only_days_that_are_over_by_then_are_dropped(travel):
    add_partitions(history())
    dropped = drop_partitions(history(), SERIES[0], stamp(NOW) // DAY * DAY)
    assert dropped == [partition_name(SERIES[0], stamp(NOW - DAYS))]


def test_old_rows_go_as_the_settings_say(sample, acme, settings, travel, monkeypatch):
    settings.TELEMETRY_CHECKIN_DAYS, settings.TELEMETRY_STATUS_DAYS = 3, 6
    monkeypatch.setattr(services, "PORTION", 2)
    for device in DeviceFactory.create_batch(5, organization=acme):
        for days in (8, 4, 2, 0):
            status = {8: "Old", 4: "New"}.get(days)
            services.record([sample(device, at=NOW - days * DAYS, status=status)])
    services.history_keep()
    assert len(rows(CHECKIN)) == 5 * 2
    assert [row[3] for row in rows(STATUS)] == ["New"] * 5


def test_nothing_goes_where_the_settings_keep_everything(sample, settings, travel):
    settings.TELEMETRY_CHECKIN_DAYS = settings.TELEMETRY_STATUS_DAYS = 0
    services.record([sample(at=NOW - 4000 * DAYS, status="Old")])
    services.history_keep()
    assert len(rows(CHECKIN)) == len(rows(STATUS)) == 1


def test_task_is_known_and_scheduled():
    import telemetry.tasks

    assert telemetry.tasks.keep.name == KEEP_TASK == app.conf.beat_schedule[KEEP_TASK]["task"]


def test_history_goes_with_its_device(
    sample, probe, acme, system, django_capture_on_commit_callbacks
):
    other = DeviceFactory(organization=acme)
    services.record([sample(status="Ready"), sample(other, status="Ready")])
    with django_capture_on_commit_callbacks(execute=True):
        device_delete(system, device=probe)
    for table in (CHECKIN, STATUS, STANDING):
        assert [row[0] for row in rows(table)] == [other.pk], table


def test_history_goes_with_an_organization(sample, django_capture_on_commit_callbacks):
    organization = OrganizationFactory(name="Gone")
    devices = DeviceFactory.create_batch(5, organization=organization)
    services.record([sample(device, status="Ready") for device in devices])
    with django_capture_on_commit_callbacks(execute=True):
        organization.delete()
    assert rows(CHECKIN) == rows(STATUS) == rows(STANDING) == []


def test_what_a_rollback_brought_back_keeps_its_history(sample, probe, acme):
    services.record([sample(status="Ready")])
    services.devices_forget([probe.pk])
    services.organizations_forget([acme.pk])
    assert len(rows(STATUS)) == 1
    assert totals(acme.pk) == {"checkins": 1}


def test_what_a_dead_process_left_of_a_device_goes_later(sample, stranger, probe):
    services.record([sample(status="Ready"), stranger(999_999, timezone.now(), "Ready")])
    services.history_keep()
    assert [row[0] for row in rows(STATUS)] == [row[0] for row in rows(STANDING)] == [probe.pk]


@pytest.mark.django_db(transaction=True)
def test_tables_can_be_taken_back_and_made_again():
    connection = connections[history_alias()]
    call_command("migrate", "telemetry", "zero", database=history_alias(), verbosity=0)
    assert CHECKIN not in connection.introspection.table_names()
    call_command("migrate", verbosity=0)
    assert {CHECKIN, STATUS, STANDING} <= {*connection.introspection.table_names()}
    assert rows(CHECKIN) == []


def test_history_is_exported_and_erased_with_a_personal_organization(sample, alice):
    organization = own_organization(alice)
    device = DeviceFactory(organization=organization)
    services.record([sample(device, at=NOW, status="Ready", rssi="-60"), sample()])
    (said,) = History().export(organization)
    assert said["device"] == device.udid
    assert said["checkins"] == [{"at": NOW, "rssi": -60.0, "snr": None}]
    assert said["statuses"] == [{"at": NOW, "level": "ok", "status": "Ready"}]
    History().erase(organization)
    assert len(rows(CHECKIN)) == 1
    assert rows(STATUS) == []
