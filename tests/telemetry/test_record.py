"""What a check-in leaves behind: a row, a status if it is another, counters."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connections

from core.watching import watch
from telemetry import recorder, services
from telemetry.places import moment, stamp
from telemetry.recorder import Recorder, counts_of
from telemetry.samples import signal_value
from telemetry.schema import CHECKIN, STATUS
from telemetry.writing import store
from tests.support.waiting import wait_until
from tests.telemetry.conftest import rows, totals

NOW = dt.datetime(2026, 3, 4, 12, 34, 56, 789, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def statuses() -> list[tuple]:
    return [row[2:] for row in rows(STATUS)]


def test_check_in_is_kept_with_its_signal(sample, probe):
    services.record([sample(at=NOW, rssi="-61", snr="7.5 dB")])
    assert rows(CHECKIN) == [(probe.pk, stamp(NOW), -61.0, 7.5)]
    assert moment(stamp(NOW)) == NOW


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-61", -61),
        (" -61.5 dBm", -61.5),
        ("", None),
        ("nan", None),
        ("strong", None),
        ("1e9", None),
    ],
)
def test_signal_that_is_no_number_is_none(text, value):
    assert signal_value(text) == value


def test_status_is_kept_only_when_it_changes(sample):
    for second, (status, level) in enumerate(
        [("Ready", "ok"), ("Ready", "ok"), ("Hot", "error"), (None, ""), ("Hot", "error")]
    ):
        services.record([sample(at=NOW + second * SECOND, status=status, level=level)])
    assert statuses() == [("ok", "Ready"), ("error", "Hot")]


def test_statuses_of_one_batch_are_taken_in_order_of_time(sample):
    said = ["A", "B", "B", "A"]
    batch = [sample(at=NOW + n * SECOND, status=text) for n, text in enumerate(said)]
    services.record([*reversed(batch)])
    assert [text for _, text in statuses()] == ["A", "B", "A"]


def test_status_from_before_the_last_change_says_nothing_new(sample):
    services.record([sample(at=NOW, status="New")])
    services.record([sample(at=NOW - SECOND, status="Old")])
    assert statuses() == [("ok", "New")]


def test_same_text_with_another_level_is_a_change(sample):
    services.record([sample(at=NOW, status="12 V")])
    services.record([sample(at=NOW + SECOND, status="12 V", level="warning")])
    assert [level for level, _ in statuses()] == ["ok", "warning"]


def test_counters_say_check_ins_new_devices_errors_and_warnings(sample, acme):
    said = [("A", "error"), ("A", "error"), ("B", "warning"), ("A", "error")]
    services.record(
        [
            sample(at=NOW + n * SECOND, status=status, level=level, is_new=n == 0)
            for n, (status, level) in enumerate(said)
        ]
    )
    expected = {"checkins": 4, "devices_new": 1, "errors": 2, "warnings": 1}
    assert totals(acme.pk) == totals(acme.pk, "h") == totals(0) == expected


def test_check_ins_of_two_days_are_counted_apart(sample, acme):
    services.record([sample(at=NOW), sample(at=NOW - dt.timedelta(days=1))])
    with_days = [row for row in rows("telemetry_counter") if row[0] == acme.pk and row[1] == "d"]
    assert [row[4] for row in with_days] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_counters_and_changes_are_exact_with_many_writers(stranger):
    batches, devices = 12, 5

    def write(batch: int) -> None:
        try:
            samples = [
                stranger(device, NOW + (batch * devices + device) * SECOND, "Same", level="error")
                for device in range(1, devices + 1)
            ]
            store(samples, counts_of(samples))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(batches)))
    assert totals(1) == totals(1, "h") == {"checkins": batches * devices, "errors": devices}
    assert len(rows(CHECKIN)) == batches * devices
    assert len(statuses()) == devices


@pytest.fixture
def gathering(monkeypatch):
    """A recorder with its thread, and what it told after each commit."""
    told: list = []
    made = Recorder(lambda samples, counts: told.append((len(samples), sum(counts.values()))))
    monkeypatch.setattr(recorder, "RETRY_SECONDS", 0.01)
    yield made, told
    made.close()


@pytest.mark.django_db(transaction=True)
def test_what_waits_is_written_together_and_when_closing(gathering, stranger):
    made, told = gathering
    for second in range(10):
        samples = [stranger(1, NOW + second * SECOND)]
        made.add(samples, counts_of(samples))
    made.close()
    assert sum(samples for samples, _ in told) == 10
    assert totals(1) == {"checkins": 10}


@pytest.mark.django_db(transaction=True)
def test_database_that_is_away_loses_nothing(gathering, stranger, monkeypatch):
    made, _ = gathering
    away = threading.Event()
    tries = []

    def failing(samples, counts):
        tries.append(len(samples))
        if not away.is_set():
            raise OperationalError("away")
        store(samples, counts)

    monkeypatch.setattr(recorder, "store", failing)
    samples = [stranger(1, NOW)]
    made.add(samples, counts_of(samples))
    wait_until(lambda: len(tries) >= 2)
    away.set()
    wait_until(lambda: totals(1) == {"checkins": 1})
    assert len(rows(CHECKIN)) == 1


@pytest.mark.django_db(transaction=True)
def test_what_has_no_room_is_counted_as_left_out(gathering, stranger, monkeypatch):
    made, _ = gathering
    monkeypatch.setattr(recorder, "MOST_WAITING", 3)
    samples = [stranger(1, NOW + n * SECOND) for n in range(5)]
    made.add(samples, counts_of(samples))
    made.close()
    assert totals(1) == {"checkins": 5, "left_out": 2}
    assert len(rows(CHECKIN)) == 3


def test_live_pages_that_somebody_looks_at_are_told(sample, probe, acme, monkeypatch):
    told = []
    monkeypatch.setattr(services, "tell_groups", told.extend)
    watch([f"device.{probe.uid}"])
    services.record([sample()])
    assert [(group, message["model"]) for group, message in told] == [
        (f"device.{probe.uid}", "telemetry.history")
    ]
