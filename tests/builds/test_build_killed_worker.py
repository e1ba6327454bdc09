"""A worker ended by force in the middle of a build: the build ends by itself, nothing runs on."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from builds.choices import BuildStatus
from builds.conf import build_settings
from builds.models import Build, BuildLogLine
from builds.services import build_run, build_start, builds_sweep
from tests.support.waiting import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.toolchain,
    pytest.mark.usefixtures("artifacts_folder"),
]
ROOT = Path(__file__).parents[2]
WORKER = """
import sys
from dataclasses import replace
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = {database!r}
from builds.platforms.python.platform import PythonPlatform
from builds.sandbox import Step
from builds.services import build_run
plan = PythonPlatform.plan
slow = (Step(("sh", "-c", "echo going; sleep {mark}")),)
PythonPlatform.plan = lambda *given: replace(plan(*given), steps=slow)
build_run({uid!r})
"""


def running(mark: str) -> list[str]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if mark in line:
                found.append(line)
    return found


def test_build_of_a_killed_worker_ends_and_another_one_can_start(system, device):
    build = build_start(system, device=device)
    mark = f"4{time.monotonic_ns() % 100000}.125"
    database = f"{connection.settings_dict['NAME']}"
    code = WORKER.format(database=database, uid=f"{build.uid}", mark=mark)
    worker = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "thinx_console.settings.test",
            "THINX_DATA_DIR": f"{settings.DATA_DIR}",
        },
    )
    wait_until(lambda: running(f"sleep {mark}"))
    wait_until(lambda: BuildLogLine.objects.filter(build=build, text="going").exists())
    build.refresh_from_db()
    assert build.status == BuildStatus.BUILDING
    worker.kill()
    worker.wait(10)
    wait_until(lambda: not running(mark))

    builds_sweep()
    build.refresh_from_db()
    assert build.status == BuildStatus.BUILDING  # it may still be alive for all we know
    Build.objects.filter(pk=build.pk).update(heartbeat_at=timezone.now() - timedelta(seconds=31))
    builds_sweep()
    build.refresh_from_db()
    assert (build.status, build.error_code) == (BuildStatus.ERRORED, "build.platform.worker_lost")
    left = build_settings().workdir.glob(f"build-{worker.pid}-*")
    assert list(left) == []

    again = build_start(system, device=device)
    build_run(f"{again.uid}")
    again.refresh_from_db()
    assert again.status == BuildStatus.SUCCEEDED
