"""The firmware of a simulated device is shut in."""

from __future__ import annotations

import socket
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from thinx_console.example import run_firmware

HOSTILE = """
import os, socket
def tried(name, work):
    try:
        work()
        print(name, "possible")
    except OSError as error:
        print(name, "refused")
tried("shadow", lambda: open("/etc/shadow").read())
tried("network", lambda: socket.create_connection(("127.0.0.1", {port}), 2))
tried("root", lambda: open("/x", "w"))
tried("itself", lambda: open("/firmware.pyz", "a"))
print("environment", sorted(os.environ), flush=True)
print("processes", [n for n in os.listdir("/proc") if n.isdigit()])
"""


def run(kind: str, firmware: Path, **options):
    argv = [sys.executable, "-I", "-S", "-B", run_firmware.__file__, kind, str(firmware)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, **options)


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_hostile_firmware_reaches_nothing(tmp_path, listener):
    firmware = tmp_path / "firmware.pyz"
    with zipfile.ZipFile(firmware, "w") as archive:
        archive.writestr("__main__.py", HOSTILE.format(port=listener))
    done = run("python", firmware, env={"PATH": "/usr/bin:/bin", "SECRET": "canary"})
    assert done.stdout.splitlines() == [
        "shadow refused",
        "network refused",
        "root refused",
        "itself refused",
        "environment ['LANG', 'PATH', 'PWD', 'TMPDIR']",
        "processes ['1']",
    ], done.stderr


def test_ended_firmware_says_its_code(tmp_path):
    firmware = tmp_path / "firmware.pyz"
    with zipfile.ZipFile(firmware, "w") as archive:
        archive.writestr("__main__.py", "raise SystemExit(7)")
    assert run("python", firmware).returncode == 7
