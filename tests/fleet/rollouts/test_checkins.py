"""A device learns of a rollout when it calls, and says how it went in the same way."""

from __future__ import annotations

import pytest

from builds.models import OneTimeToken
from fleet.models import Rollout, RolloutTarget
from fleet.rollouts.choices import RolloutState, TargetState
from fleet.rollouts.services import (
    rollout_abort,
    rollout_pause,
    rollout_resume,
    rollout_roll_back,
    rollout_start,
)
from tests.factories.rollouts import (
    CONTENT,
    make_devices,
    make_generic_build,
    make_rollout,
)

ALL_AT_ONCE = {"waves": []}


@pytest.fixture
def probe(acme):
    return make_devices(acme, 1)[0]


@pytest.fixture
def rollout(acme, probe, system, advance):
    rollout = make_rollout(acme, plan=ALL_AT_ONCE)
    rollout_start(system, rollout=rollout)
    advance()
    return rollout


def target() -> RolloutTarget:
    return RolloutTarget.objects.get()


def test_draft_offers_nothing(acme, probe, call, advance):
    make_rollout(acme, plan=ALL_AT_ONCE)
    advance()
    assert call(probe)["status"] == "OK"
    assert target().state == TargetState.PENDING


def test_device_is_offered_fetches_and_confirms(rollout, probe, call, fetch, advance, state_of):
    assert state_of(probe) == TargetState.RELEASED
    said = call(probe)
    assert (said["status"], said["version"]) == ("FIRMWARE_UPDATE", "firmware:2.0.0")
    assert state_of(probe) == TargetState.OFFERED
    assert fetch(said).content == CONTENT
    assert state_of(probe) == TargetState.DOWNLOADED
    assert target().bytes == len(CONTENT)
    assert call(probe, "2.0.0")["status"] == "OK"
    assert state_of(probe) == TargetState.INSTALLED
    probe.state.refresh_from_db()
    assert probe.state.installed_build == rollout.build
    advance()
    rollout.refresh_from_db()
    assert rollout.state == RolloutState.COMPLETED


def test_paused_rollout_takes_its_offers_back(rollout, probe, call, fetch, system, state_of):
    said = call(probe)
    rollout_pause(system, rollout=rollout)
    assert not OneTimeToken.objects.exists()
    assert fetch(said).status_code == 404
    assert call(probe)["status"] == "OK"
    assert state_of(probe) == TargetState.RELEASED
    rollout_resume(system, rollout=rollout)
    assert call(probe)["status"] == "FIRMWARE_UPDATE"


def test_device_that_reports_the_old_version_is_tried_again_and_then_failed(
    rollout, probe, call, fetch, state_of
):
    fetch(call(probe))
    call(probe)
    assert state_of(probe) == TargetState.OFFERED
    fetch(call(probe))
    assert call(probe)["status"] == "OK"
    assert state_of(probe) == TargetState.FAILED
    assert target().message == "It called again with version 1.0.0."
    assert target().attempts == 2


def test_failure_is_kept_in_the_words_of_the_device(acme, probe, call, fetch, system, advance):
    rollout = make_rollout(acme, plan={**ALL_AT_ONCE, "retries": 0})
    rollout_start(system, rollout=rollout)
    advance()
    fetch(call(probe))
    words = "rolled back from 2.0.0: flash checksum mismatch"
    call(probe, status=words)
    assert (target().state, target().message) == (TargetState.FAILED, words)


def test_device_that_fetched_before_the_abort_counts_as_installed(
    rollout, probe, call, fetch, system, state_of
):
    fetch(call(probe))
    rollout_abort(system, rollout=rollout)
    assert state_of(probe) == TargetState.DOWNLOADED
    call(probe, "2.0.0")
    assert state_of(probe) == TargetState.INSTALLED


def test_aborted_rollout_leaves_out_who_did_not_fetch(
    rollout, probe, call, fetch, system, state_of
):
    said = call(probe)
    rollout_abort(system, rollout=rollout)
    assert fetch(said).status_code == 404
    assert state_of(probe) == TargetState.SKIPPED


def test_roll_back_gives_the_previous_build_and_ends_when_it_is_reported(
    acme, probe, call, fetch, system, advance, state_of
):
    source = {"build__source__organization": acme}
    older = make_generic_build(acme, "1.0.0", **source, content=b"older")
    probe.state.installed_build = older
    probe.state.save()
    rollout = make_rollout(acme, plan=ALL_AT_ONCE)
    rollout_start(system, rollout=rollout)
    advance()
    fetch(call(probe))
    call(probe, "2.0.0")
    advance()
    rollout_roll_back(system, rollout=rollout)
    assert state_of(probe) == TargetState.RETURNING
    said = call(probe, "2.0.0")
    assert (said["status"], said["version"]) == ("FIRMWARE_UPDATE", "firmware:1.0.0")
    assert fetch(said).content == b"older"
    call(probe, "1.0.0")
    assert state_of(probe) == TargetState.ROLLED_BACK
    advance()
    assert Rollout.objects.get(pk=rollout.pk).state == RolloutState.ROLLED_BACK


def test_other_devices_get_nothing(acme, rollout, call):
    assert call(make_devices(acme, 1)[0])["status"] == "OK"


@pytest.mark.parametrize(
    ("rssi", "status", "answer"),
    [
        ("-60", "Battery 80%", "FIRMWARE_UPDATE"),
        ("-95", "Battery 80%", "OK"),
        ("-60", "Battery 12%", "OK"),
        ("", "fine", "OK"),
    ],
)
def test_only_with_enough_signal_and_battery(
    acme, probe, call, system, advance, rssi, status, answer
):
    rollout = make_rollout(acme, plan={**ALL_AT_ONCE, "min_signal": -80, "min_battery": 30})
    rollout_start(system, rollout=rollout)
    advance()
    assert call(probe, rssi=rssi, status=status)["status"] == answer
