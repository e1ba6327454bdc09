"""The step that moves rollouts on, with hundreds of devices, set-based."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from devices.models import DeviceState
from fleet.models import Rollout, RolloutTarget
from fleet.rollouts.choices import RolloutState, TargetState
from fleet.rollouts.engine import rollouts_advance
from fleet.rollouts.services import rollout_resume, rollout_retry, rollout_start
from notifications.models import Occurrence
from tests.factories.rollouts import make_devices, make_generic_build, make_rollout

T = TargetState


def begun(acme, system, plan=None, **more) -> Rollout:
    rollout = make_rollout(acme, plan=plan, **more)
    return rollout_start(system, rollout=rollout)


def end(rollout, state: str, count: int | None = None, wave: int | None = None) -> None:
    """Have released devices come to an end, as their check-ins would."""
    rows = RolloutTarget.objects.filter(rollout=rollout, state=T.RELEASED)
    if wave is not None:
        rows = rows.filter(wave=wave)
    keys = list(rows.order_by("position").values_list("pk", flat=True)[:count])
    RolloutTarget.objects.filter(pk__in=keys).update(state=state, ended_at=timezone.now())


def test_waves_have_the_sizes_of_the_plan(acme, state_of):
    make_devices(acme, 200)
    rollout = make_rollout(acme, plan={"canary": 5, "waves": ["10%", "50", "50%"]})
    sizes = [RolloutTarget.objects.filter(rollout=rollout, wave=n).count() for n in range(1, 6)]
    assert sizes == [5, 20, 50, 100, 25]
    assert rollout.waves == 5


def test_next_wave_is_released_when_the_one_before_is_over(acme, system, advance, state_of):
    make_devices(acme, 100)
    rollout = begun(acme, system, {"canary": 2, "waves": ["10%"]})
    advance()
    assert state_of(rollout) == {"released": 2, "pending": 98}
    end(rollout, T.INSTALLED, 1)
    advance()
    assert state_of(rollout) == {"released": 1, "installed": 1, "pending": 98}
    end(rollout, T.INSTALLED)
    advance()
    assert state_of(rollout) == {"released": 10, "installed": 2, "pending": 88}
    end(rollout, T.INSTALLED)
    advance()
    end(rollout, T.INSTALLED)
    advance()
    rollout.refresh_from_db()
    assert (rollout.state, state_of(rollout)) == (RolloutState.COMPLETED, {"installed": 100})


def test_it_halts_within_the_wave_that_crossed_the_threshold(acme, system, advance, state_of):
    make_devices(acme, 400)
    rollout = begun(acme, system, {"waves": ["100", "100"], "max_failed_percent": 5})
    advance()
    end(rollout, T.FAILED, 5)
    end(rollout, T.INSTALLED)
    advance()
    assert state_of(rollout) == {"failed": 5, "installed": 95, "released": 100, "pending": 200}
    end(rollout, T.FAILED, 6)
    advance()
    rollout.refresh_from_db()
    assert rollout.state == RolloutState.HALTED
    assert state_of(rollout) == {"failed": 11, "installed": 95, "released": 94, "pending": 200}
    assert rollout.reason == "6 of the 100 devices of wave 2 failed; the limit is 5 %."
    (told,) = Occurrence.objects.filter(kind="rollout_halted")
    assert (told.target_id, told.facts["message"]) == (rollout.pk, rollout.reason)
    assert AuditEvent.objects.filter(verb="fleet.rollout_halted").count() == 1


def test_a_count_halts_as_well_and_failures_count_anew_after_resuming(
    acme, system, advance, state_of
):
    make_devices(acme, 100)
    plan = {"waves": [], "max_failed_percent": 0, "max_failed": 3}
    rollout = begun(acme, system, plan)
    advance()
    end(rollout, T.FAILED, 3)
    advance()
    rollout.refresh_from_db()
    assert rollout.state == RolloutState.HALTED
    rollout_resume(system, rollout=rollout)
    end(rollout, T.FAILED, 2)
    advance()
    rollout.refresh_from_db()
    assert rollout.state == RolloutState.RUNNING
    end(rollout, T.FAILED, 1)
    advance()
    rollout.refresh_from_db()
    assert rollout.state == RolloutState.HALTED


def test_halted_rollout_rolls_back_by_itself_when_the_plan_says_so(acme, system, advance, state_of):
    devices = make_devices(acme, 20)
    older = make_generic_build(acme, "1.0.0")
    DeviceState.objects.filter(device__in=devices[:15]).update(installed_build=older)
    rollout = begun(acme, system, {"waves": [], "auto_rollback": True, "max_failed": 1})
    advance()
    end(rollout, T.INSTALLED, 19)
    end(rollout, T.FAILED)
    advance()
    rollout.refresh_from_db()
    assert rollout.state == RolloutState.ROLLING_BACK
    counts = state_of(rollout)
    assert counts["returning"] + counts["installed"] == 19
    assert counts["returning"] in {14, 15}


def test_failed_devices_are_retried(acme, system, advance, state_of):
    make_devices(acme, 10)
    rollout = begun(acme, system, {"waves": [], "max_failed_percent": 0})
    advance()
    end(rollout, T.FAILED, 4)
    end(rollout, T.INSTALLED)
    advance()
    rollout.refresh_from_db()
    assert rollout.state == RolloutState.COMPLETED
    rollout_retry(system, rollout=rollout)
    advance()
    assert state_of(rollout) == {"installed": 6, "released": 4}


def test_who_must_not_have_it_is_left_out_with_the_reason(acme, system, advance):
    make_devices(acme, 2)
    make_devices(acme, 1, version="2.0.0")
    make_devices(acme, 1, version="3.0.0")
    make_devices(acme, 1, platform="arduino:esp8266")
    make_devices(acme, 1, version="1.1.0")
    rollout = begun(acme, system, {"waves": [], "versions": ["1.0.0", "2.0.0", "3.0.0"]})
    advance()
    skipped = RolloutTarget.objects.filter(rollout=rollout, state=T.SKIPPED)
    assert sorted(skipped.values_list("message", flat=True)) == [
        "It runs 2.0.0 already.",
        "It runs 3.0.0, which is newer; downgrades are not allowed.",
        "The firmware is for python, the device is arduino:esp8266.",
        "The plan is not for version 1.1.0.",
    ]
    assert RolloutTarget.objects.filter(state=T.RELEASED).count() == 2


def test_downgrade_is_released_when_the_plan_allows_it(acme, system, advance, state_of):
    make_devices(acme, 3, version="3.0.0")
    rollout = begun(acme, system, {"waves": [], "allow_downgrade": True})
    advance()
    assert state_of(rollout) == {"released": 3}


def test_second_rollout_leaves_out_devices_of_the_first(acme, system, advance, state_of):
    make_devices(acme, 3)
    begun(acme, system, {"waves": []})
    advance()
    second = begun(acme, system, {"waves": []}, build=make_generic_build(acme, "2.1.0"))
    advance()
    assert state_of(second) == {"skipped": 3}


def test_pace_releases_a_few_a_minute(acme, system, advance, state_of):
    make_devices(acme, 100)
    rollout = begun(acme, system, {"waves": [], "pace": 1})
    advance()
    first = state_of(rollout)["released"]
    assert first <= 2
    Rollout.objects.update(paced_at=timezone.now() - timedelta(minutes=30))
    advance()
    assert 30 <= state_of(rollout)["released"] - first < 36


def test_nothing_is_released_outside_the_window(acme, system, advance, state_of):
    make_devices(acme, 3)
    now = timezone.now()
    opens = (now + timedelta(hours=6)).strftime("%H:%M")
    closes = (now + timedelta(hours=8)).strftime("%H:%M")
    rollout = begun(acme, system, {"waves": [], "opens": opens, "closes": closes})
    advance()
    assert state_of(rollout) == {"pending": 3}
    Rollout.objects.update(plan={**rollout.plan, "opens": "", "closes": ""})
    advance()
    assert state_of(rollout) == {"released": 3}


def test_devices_that_stop_checking_in_have_failed(acme, system, advance, state_of):
    make_devices(acme, 4)
    rollout = begun(acme, system, {"waves": [], "max_failed_percent": 0})
    advance()
    long_ago = timezone.now() - timedelta(hours=2)
    keys = list(RolloutTarget.objects.values_list("pk", flat=True))
    RolloutTarget.objects.filter(pk__in=keys[:2]).update(state=T.DOWNLOADED, offered_at=long_ago)
    RolloutTarget.objects.filter(pk=keys[2]).update(released_at=timezone.now() - timedelta(days=2))
    DeviceState.objects.filter(device__rollout_targets=keys[0]).update(last_seen_at=timezone.now())
    DeviceState.objects.filter(device__rollout_targets=keys[1]).update(last_seen_at=long_ago)
    advance()
    found = dict(RolloutTarget.objects.values_list("pk", "message"))
    assert found == {
        keys[0]: "It kept calling and did not report the new version.",
        keys[1]: "It stopped checking in after it was offered the firmware.",
        keys[2]: "It did not call while its turn lasted.",
        keys[3]: "",
    }
    assert state_of(rollout) == {"failed": 2, "skipped": 1, "released": 1}


def test_scheduled_rollout_starts_at_its_time(acme, system, advance, state_of):
    make_devices(acme, 1)
    rollout = make_rollout(acme, plan={"waves": []})
    rollout_start(system, rollout=rollout, starts_at=timezone.now() + timedelta(hours=1))
    advance()
    assert state_of(rollout) == {"pending": 1}
    Rollout.objects.update(starts_at=timezone.now())
    advance()
    rollout.refresh_from_db()
    assert (rollout.state, state_of(rollout)) == (RolloutState.RUNNING, {"released": 1})


@pytest.mark.parametrize("count", [10, 300])
def test_statements_of_a_step_do_not_grow_with_devices(acme, system, count):
    make_devices(acme, count)
    rollout = begun(acme, system, {"waves": ["50%"]})
    with CaptureQueriesContext(
        connection,
    ) as first:
        rollouts_advance()
    end(rollout, T.INSTALLED)
    with CaptureQueriesContext(connection) as second:
        rollouts_advance()
    assert len(first) <= 32, [q["sql"] for q in first.captured_queries]
    assert len(second) <= 32


def test_rollout_whose_firmware_is_deleted_halts_and_releases_nothing(
    acme, system, advance, state_of
):
    make_devices(acme, 4)
    rollout = begun(acme, system, {"waves": ["1"]})
    rollout.build.delete()
    advance()
    rollout.refresh_from_db()
    assert (rollout.state, rollout.reason) == (RolloutState.HALTED, "Its build was deleted.")
    assert state_of(rollout) == {"pending": 4}
