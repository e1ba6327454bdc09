"""What the page of a device says of the rollout that it is in."""

from __future__ import annotations

import pytest

from fleet.models import Rollout, RolloutTarget
from fleet.rollouts.choices import RolloutState, TargetState
from fleet.rollouts.device_note import rollout_note
from fleet.rollouts.services import rollout_start
from tests.factories.rollouts import make_devices, make_generic_build, make_rollout


@pytest.fixture
def device(acme):
    return make_devices(acme, 1)[0]


def test_page_names_the_rollout_its_wave_and_state(in_acme, vera, acme, system, device, advance):
    rollout = make_rollout(acme, plan={"waves": []})
    rollout_start(system, rollout=rollout)
    advance()
    page = in_acme(vera).get(f"/devices/{device.uid}/")
    assert f'Rollout <a href="/rollouts/{rollout.uid}/">Spring firmware</a>' in page.text
    assert "running, wave 1 of 1:" in page.text
    assert "Waits for check-in" in page.text


def test_what_is_under_way_comes_before_what_waits(acme, system, device, advance):
    first = make_rollout(acme, plan={"waves": []}, name="first")
    rollout_start(system, rollout=first)
    advance()
    later = make_rollout(acme, make_generic_build(acme, "3.0.0"), name="later")
    rollout_start(system, rollout=later)
    assert rollout_note(system, device).name == "first"
    RolloutTarget.objects.filter(rollout=first).update(state=TargetState.INSTALLED)
    Rollout.objects.filter(pk=first.pk).update(state=RolloutState.COMPLETED)
    note = rollout_note(system, device)
    assert (note.name, note.status) == ("later", TargetState.PENDING)


def test_rollout_that_is_over_or_a_draft_is_not_named(acme, system, device):
    make_rollout(acme)
    assert rollout_note(system, device) is None
    RolloutTarget.objects.update(state=TargetState.FAILED)
    Rollout.objects.update(state=RolloutState.COMPLETED)
    assert rollout_note(system, device) is None


def test_stranger_is_told_nothing(acme, act, mallory, system, device, advance):
    rollout = make_rollout(acme, plan={"waves": []})
    rollout_start(system, rollout=rollout)
    advance()
    assert rollout_note(act(mallory), device) is None
