from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

from .conftest import eventually

FOREVER = "import time, os\nprint('running', {version!r}, flush=True)\nwhile True: time.sleep(1)"


def forever(version):
    return FOREVER.format(version=version)


def test_agent_checks_in_until_it_is_told_to_end(console, device):
    process = device.start("--interval", "0.2")
    eventually(lambda: len(console.checkins) >= 3)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_agent_keeps_firmware_running_and_ends_it_with_itself(console, device):
    console.offer(
        "import os\nopen('pid', 'w').write(str(os.getpid()))\n" + forever("1.0.1"), "1.0.1"
    )
    process = device.start("--interval", "0.3")
    eventually(lambda: console.checkins and console.last.get("version") == "1.0.1")
    assert console.last["status"] == "running 1.0.1"
    pid = int((device.folder / "run" / "pid").read_text())
    os.kill(pid, 0)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert not Path(f"/proc/{pid}").exists()


def test_firmware_dies_with_a_killed_agent_and_starts_with_the_next(console, device):
    console.offer(
        "import os\nopen('pid', 'w').write(str(os.getpid()))\n" + forever("1.0.1"), "1.0.1"
    )
    process = device.start("--interval", "0.3")
    eventually(lambda: console.checkins and console.last.get("version") == "1.0.1")
    pid = int((device.folder / "run" / "pid").read_text())
    process.kill()
    process.wait()
    eventually(lambda: not Path(f"/proc/{pid}").exists())
    (device.folder / "run" / "pid").unlink()
    device.start("--interval", "0.3")
    eventually((device.folder / "run" / "pid").exists)


def test_crashed_firmware_is_started_again(console, device):
    console.offer(
        "import time\nprint('up', flush=True)\ntime.sleep(2)\nraise SystemExit(4)", "1.0.1"
    )
    device.start("--interval", "0.3")
    eventually(
        lambda: any("ended with 4" in sent.get("status", "") for _, sent in console.checkins)
    )
    count = len(console.checkins)
    eventually(lambda: any(sent.get("status") == "up" for _, sent in console.checkins[count:]))


def test_two_agents_on_one_folder_are_refused(console, device):
    device.start("--interval", "1")
    eventually(lambda: console.checkins)
    assert device.once() == 2
    assert "another agent" in device.log


def test_retry_after_is_honoured(console, device):
    console.refusals = [(503, {"Retry-After": "3"})]
    started = time.monotonic()
    device.start("--interval", "0.5")
    eventually(lambda: len(console.checkins) >= 2)
    assert time.monotonic() - started >= 3


def test_runner_is_used(console, device):
    console.offer("import sys; print('under', sys.flags.isolated)", "1.0.1")
    device.settings["THINX_AGENT_RUNNER"] = f"{sys.executable} -I {{firmware}}"
    assert device.once() == 0
    assert console.last["status"] == "under 1"


def test_firmware_does_not_see_the_agents_key(console, device):
    console.offer("import os; print([n for n in os.environ if 'THINX' in n])", "1.0.1")
    device.once()
    assert console.last["status"] == "[]"


def test_damaged_firmware_is_not_started(console, device):
    for version in ("1.0.1", "1.0.2"):
        console.offer(f"print('hello {version}')", version)
        device.once()
    slot = json.loads((device.folder / "slots" / "current").read_text())["slot"]
    path = device.folder / "slots" / slot / "firmware.pyz"
    path.write_bytes(path.read_bytes() + b"x")
    console.firmware = None
    device.once()
    assert console.last["version"] == "1.0.1"


def test_firmware_runs_in_a_sandbox(console, device):
    console.offer(
        "import os\nprint('alone', len(os.listdir('/proc/1/task')), os.getpid())", "1.0.1"
    )
    device.settings["THINX_AGENT_RUNNER"] = (
        "bwrap --ro-bind / / --dev /dev --proc /proc --tmpfs /tmp --unshare-all"
        " --ro-bind {slot} /mnt --die-with-parent /usr/bin/python3 /mnt/firmware.pyz"
    )
    assert device.once() == 0, device.log
    assert console.last["version"] == "1.0.1"
    assert console.last["status"].startswith("alone 1 ")
