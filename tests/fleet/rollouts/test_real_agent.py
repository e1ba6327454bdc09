"""Real firmware for many, built from a real repository, to the agent of a real device and back."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builds.choices import BuildStatus
from builds.services import build_run, build_start
from devices.models import Device
from fleet.models import Rollout, RolloutTarget
from fleet.rollouts.choices import RolloutState, TargetState
from fleet.rollouts.engine import rollouts_advance
from fleet.rollouts.services import rollout_create, rollout_roll_back, rollout_start
from keys.services import env_var_set
from tests.builds.conftest import deploy_key, git_server, python_source  # noqa: F401
from tests.gateway.live import live_console

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.toolchain]
CLIENT = Path(__file__).parents[3] / "clients" / "python"


@pytest.fixture
def agent(acme, key, tmp_path):
    """Run the agent once against a real server: it checks in, and installs what it is offered."""
    with live_console() as url:

        def once() -> str:
            environ = {
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(CLIENT),
                "THINX_AGENT_SERVER": url,
                "THINX_AGENT_API_KEY": key,
                "THINX_AGENT_OWNER": acme.owner_id,
                "THINX_AGENT_MAC": "02:00:5E:10:20:30",
                "THINX_AGENT_DATA_DIR": str(tmp_path / "device"),
                "THINX_AGENT_CONFIRM": "5",
            }
            command = [sys.executable, "-m", "thinx_agent", "--once"]
            done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
            assert done.returncode == 0, done.stderr
            return done.stderr

        yield once


def advance() -> None:
    while rollouts_advance():
        pass


def rolled_out(system, acme, source, agent) -> tuple[Rollout, str]:
    """Build for many, roll out to all, and have the device call."""
    build = build_start(system, source=source)
    build_run(f"{build.uid}")
    build.refresh_from_db()
    assert (build.status, build.error_message) == (BuildStatus.SUCCEEDED, "")
    rollout = rollout_create(
        system, organization=acme, name="All", devices=Device.objects.all(), build=build
    )
    rollout_start(system, rollout=rollout)
    advance()
    return rollout, agent()


def test_agent_goes_forward_twice_and_back_once(acme, system, python_source, agent):  # noqa: F811
    env_var_set(system, organization=acme, name="GREETING", value="Good evening")
    agent()
    first, log = rolled_out(system, acme, python_source, agent)
    target = RolloutTarget.objects.get(rollout=first)
    assert target.state == TargetState.INSTALLED, log
    second, log = rolled_out(system, acme, python_source, agent)
    target = RolloutTarget.objects.get(rollout=second)
    assert (target.state, target.previous_build) == (TargetState.INSTALLED, first.build), log
    rollout_roll_back(system, rollout=second)
    log = agent()
    target.refresh_from_db()
    assert target.state == TargetState.ROLLED_BACK, log
    advance()
    second.refresh_from_db()
    assert second.state == RolloutState.ROLLED_BACK
    device = Device.objects.select_related("state").get()
    assert device.state.version == first.build.version
    assert device.state.installed_build == first.build
