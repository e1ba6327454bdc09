"""What follows a check-in, whichever way it took."""

from __future__ import annotations

import json
import threading
import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from devices.models import DeviceState
from gateway import following
from gateway.fast.calls import read_call
from gateway.fast.notices import Notices, told_by
from gateway.fast.statements import store
from gateway.following import Following
from telemetry.samples import Sample
from telemetry.schema import STATUS
from tests.telemetry.conftest import rows, totals

AT = datetime(2026, 1, 1, tzinfo=UTC)


def checked_in(number: int = 1) -> Sample:
    return Sample(number, f"{uuid.uuid4()}", 1, f"{uuid.uuid4()}", AT, "Ready", "ok", "-60", "")


@pytest.fixture
def heard(monkeypatch):
    """Every check-in that followers hear of."""
    found: list[Sample] = []
    monkeypatch.setattr(following, "FOLLOWERS", (found.extend,))
    return found


def test_new_and_known_device_are_followed(register, heard, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        register(status="Low battery #w", rssi="-61")
    with django_capture_on_commit_callbacks(execute=True):
        register()
    first, second = heard
    assert (first.is_new, first.status, first.level, first.rssi) == (
        True,
        "Low battery",
        "warning",
        "-61",
    )
    assert (second.is_new, second.status, second.device_id) == (False, None, first.device_id)


def test_ordinary_check_in_before_django_is_followed(acme, key, probe, heard):
    DeviceState.objects.update_or_create(device=probe)
    body = {"owner": acme.owner_id, "udid": probe.udid, "status": "hot #e", "snr": "7"}
    call = read_call(key, json.dumps({"registration": body}).encode(), "192.0.2.7")
    now = timezone.now()
    told_by(Notices())([(call, store([call], now)[0])], now)
    assert [(c.device_id, c.status, c.level, c.snr) for c in heard] == [
        (probe.pk, "hot", "error", "7")
    ]
    assert (heard[0].organization_uid, heard[0].at) == (f"{acme.uid}", now)


def test_worker_is_woken_only_for_statuses_that_a_chain_reads(monkeypatch):
    woken = []
    monkeypatch.setattr(following, "wake", lambda: woken.append(1))
    mute = replace(checked_in(), status=None, has_chain=True)
    following.wake_transformers([checked_in(), mute])
    assert woken == []
    following.wake_transformers([checked_in(), replace(checked_in(), has_chain=True)])
    assert woken == [1]


def test_follower_that_fails_stops_no_other(caplog):
    found: list[Sample] = []

    def broken(_batch: object) -> None:
        raise RuntimeError("no disk")

    Following(lambda: (broken, found.extend)).tell([checked_in()])
    assert len(found) == 1
    assert "a follower of check-ins failed" in caplog.text


def test_what_waits_is_handed_over_together_and_before_the_end():
    batches: list[int] = []
    held = threading.Event()

    def slow(batch: object) -> None:
        held.wait(30)
        batches.append(len(batch))

    late = Following(lambda: (slow,))
    late.add([checked_in()])
    for n in range(5):
        late.add([checked_in(n)])
    held.set()
    late.close()
    assert sum(batches) == 6
    assert len(batches) < 6


def test_past_the_limit_the_newest_are_left_out_and_counted(monkeypatch, caplog):
    monkeypatch.setattr(following, "MOST_WAITING", 3)
    held = threading.Event()
    taken = threading.Event()

    def stuck(_batch: object) -> None:
        taken.set()
        held.wait(30)

    late = Following(lambda: (stuck,))
    late.add([checked_in()])
    assert taken.wait(30)
    late.add([checked_in(n) for n in range(5)])
    held.set()
    late.close()
    assert late.left_out == 2
    assert "2 check-ins left out" in caplog.text


def test_history_has_every_check_in(register, acme, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        register(status="Low battery #w", rssi="-61")
    assert totals(acme.pk) == {"checkins": 1, "devices_new": 1, "warnings": 1}
    ((_, _, level, status),) = rows(STATUS)
    assert (level, status) == ("warning", "Low battery")
