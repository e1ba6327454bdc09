"""A power cut at every write the agent makes while it takes an update."""

from __future__ import annotations

import base64
import json
import shutil

import pytest

from .conftest import CLIENT  # noqa: F401 - puts the agent on the path

from thinx_agent.slots import Slots  # isort: skip
from thinx_agent.store import State  # isort: skip

# Counts what reaches the disk, and ends the process without a word at the n-th.
CUTTER = """
import builtins, os, pathlib, runpy, signal, sys
left = int(os.environ["CUT_AT"])
def cut(call):
    def counted(*args, **kwargs):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **kwargs)
    return counted
for name in ("fsync", "replace", "unlink", "mkdir", "open"):
    setattr(os, name, cut(getattr(os, name)))
sys.argv[0] = "thinx_agent"
try:
    runpy.run_module("thinx_agent", run_name="__main__")
finally:
    if left > 0:
        print("REACHED_THE_END", file=sys.stderr, flush=True)
"""
OLD = "print('hello 1.0.1')"
NEW = "print('hello 1.0.2')"


@pytest.fixture
def updated(console, device):
    """A device that runs 1.0.1."""
    console.offer(OLD, "1.0.1")
    device.once()
    assert console.last["version"] == "1.0.1"
    return device


def boot(device):
    """Start without a console: only what is on the disk counts."""
    device.once(THINX_AGENT_SERVER="http://127.0.0.1:1")


def cut_at(device, count):
    process = device.start("--once", launcher=("-c", CUTTER), CUT_AT=str(count))
    _, log = process.communicate(timeout=30)
    return "REACHED_THE_END" in log


def test_power_cut_at_every_step_boots_a_verified_image(console, updated, tmp_path):
    device = updated
    shutil.copytree(device.folder, tmp_path / "before")
    console.offer(NEW, "1.0.2")
    key = base64.b64decode(console.signer.public)
    seen = set()
    for count in range(1, 400):
        shutil.rmtree(device.folder)
        shutil.copytree(tmp_path / "before", device.folder)
        ended = cut_at(device, count)
        found = Slots(device.folder / "slots", key).current()
        assert found is not None, f"nothing to boot after a cut at step {count}"
        assert found.manifest.version in {"1.0.1", "1.0.2"}
        state = State.load(device.folder / "state.json")
        assert state.udid, f"the identity is lost after a cut at step {count}"
        boot(device)
        assert device.state["version"] in {"1.0.1", "1.0.2"}, (count, device.log)
        seen.add(device.state["version"])
        if count % 4 == 0 or ended:
            assert device.once() == 0, (count, device.log)
            assert console.last["version"] == "1.0.2", (count, device.log)
        if ended:
            break
    else:
        pytest.fail("the update never reached its end")
    assert seen == {"1.0.1", "1.0.2"}
    assert count > 20


def test_firmware_that_kills_its_device_is_left_after_its_attempts(console, updated):
    device = updated
    console.offer("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)", "1.0.2")
    for _ in range(3):
        device.start("--once").communicate(timeout=30)
    pointer = json.loads((device.folder / "slots" / "current").read_text())
    assert pointer["trial"]
    device.once()
    device.once()
    assert console.last["version"] == "1.0.1"
    assert console.last["status"] == "rolled back from 1.0.2: never came up" or (
        "did not come up before" in device.log
    )
