"""The journey of `make demo`, against a private console: repository to firmware, each platform."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.console import ROOT, private_console
from tests.support.journey import Journey

pytestmark = [pytest.mark.ops, pytest.mark.toolchain]
EMAIL = "demo@example.org"


def test_private_repository_becomes_firmware_on_devices_of_each_platform():
    with private_console(
        THINX_BOOTSTRAP_EMAIL=EMAIL,
        THINX_BOOTSTRAP_PASSWORD="correct horse battery",
        THINX_ALLOW_LOOPBACK_SOURCES="true",
    ) as console:
        journey = Journey(console.rest(EMAIL))
        steps = journey.run()
        assert len(steps) == 17
        assert {build["status"] for build in journey.builds.values()} == {"succeeded"}
        journey.clean()
        assert journey.rest.get("devices/")["results"] == []
        assert journey.rest.get("sources/")["results"] == []
    assert console.pids() == []


def test_demo_without_a_key_file_says_what_is_missing():
    done = subprocess.run(
        [sys.executable, "scripts/demo", "--url", "http://127.0.0.1:1"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--api-key-file" in done.stderr


def test_demo_against_nothing_ends_with_a_sentence(tmp_path):
    key = tmp_path / "key"
    key.write_text("0" * 64)
    done = subprocess.run(
        [sys.executable, "scripts/demo", "--url", "http://127.0.0.1:1", "--api-key-file", str(key)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "The journey ended early" in done.stderr
    assert "Traceback" not in done.stderr
