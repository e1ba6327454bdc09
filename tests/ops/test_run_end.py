"""Ending the console, kindly and unkindly: nothing is left, and the next start is clean."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.support.waiting import wait_until

pytestmark = pytest.mark.ops


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def add_device(copy, script: str) -> Path:
    """Ask for a device process, as the example does."""
    folder = copy.data / "example" / "devices"
    folder.mkdir(parents=True, exist_ok=True)
    order = {"argv": ["/bin/sh", "-c", script], "env": {"THINX_DATA_DIR": str(copy.data)}}
    (folder / ".new").write_text(json.dumps(order))
    return (folder / ".new").rename(folder / "probe.json")


def sleepers(copy, duration: str) -> list[int]:
    return [pid for pid, line in copy.pids().items() if line == f"sleep {duration}"]


@pytest.fixture
def busy(running):
    """A console with a device that has a child of its own and a daemon that left its session."""
    add_device(running, "setsid sleep 7771 & sleep 7772 & exec sleep 7773")
    wait_until(lambda: sleepers(running, "7771") and sleepers(running, "7773"))
    return running


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_end_leaves_nothing(busy, number):
    assert busy.signal(number) == 0
    busy.assert_nothing_left(1)


def test_killed_manager_leaves_nothing_and_the_next_start_is_clean(busy):
    kill(busy.supervisord())
    assert busy.process.wait(15) == 1
    busy.assert_nothing_left()
    assert "ended unexpectedly" in busy.said()
    shutil.rmtree(busy.data / "example")
    busy.start()
    busy.wait_ready()


def test_killed_launcher_leaves_nothing(busy):
    kill(busy.process.pid)
    busy.process.wait(5)
    busy.assert_nothing_left()


def test_killed_guard_leaves_nothing(busy):
    kill(busy.guard())
    busy.process.wait(25)
    busy.assert_nothing_left()


def test_killed_launcher_and_manager_leave_nothing(busy):
    kill(busy.process.pid, busy.supervisord())
    busy.process.wait(5)
    busy.assert_nothing_left()


def started_again(copy, program: str, killed: tuple[int, ...]) -> bool:
    """Tell whether the program runs once more; readiness forgives a worker a short absence."""
    return any(program in line and pid not in killed for pid, line in copy.pids().items())


def test_killed_programs_come_back_and_their_orphans_go(busy):
    killed = busy.pid_of("example_devices.py"), busy.pid_of("celery")
    orphans = {*sleepers(busy, "7771"), *sleepers(busy, "7772"), *sleepers(busy, "7773")}
    kill(*killed)
    wait_until(lambda: not orphans & set(busy.pids()))
    wait_until(lambda: sleepers(busy, "7773") and _is_ready(busy))
    for program in ("example_devices.py", "celery"):
        wait_until(lambda: started_again(busy, program, killed))  # noqa: B023


def test_removed_device_file_ends_its_process(busy):
    (busy.data / "example" / "devices" / "probe.json").unlink()
    wait_until(lambda: not sleepers(busy, "7773") and not sleepers(busy, "7771"))


def test_unusable_device_file_disturbs_nobody(running):
    folder = running.data / "example" / "devices"
    folder.mkdir(parents=True)
    (folder / "broken.json").write_text("{")
    (folder / "list.json").write_text("[]")
    add_device(running, "exec sleep 7774")
    wait_until(lambda: sleepers(running, "7774"))
    log = (running.data / "log" / "example-devices.log").read_text()
    assert "broken.json: cannot be started" in log


def test_nohup_start_outlives_its_terminal(console):
    console.start("nohup", sys.executable, "-m", "thinx_console.supervisor")
    console.wait_ready()
    console.process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert _is_ready(console)
    assert console.signal(signal.SIGTERM) == 0
    console.assert_nothing_left()


def test_killed_make_takes_the_console_with_it(console):
    if shutil.which("make") is None:
        pytest.fail("make is not installed")
    console.start("make", "run")
    console.wait_ready(120)
    assert Path(f"/proc/{console.process.pid}/comm").read_text().strip() == "make"
    kill(console.process.pid)
    console.process.wait(5)
    console.assert_nothing_left(15)


def _is_ready(copy) -> bool:
    try:
        with urlopen(f"{copy.url}/health/ready", timeout=5):
            return True
    except (URLError, OSError):
        return False
