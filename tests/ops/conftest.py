"""Starts the real launcher with a data folder and ports of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.prepared import inherited, lend_first_start
from tests.support.services import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
# A test run in the background of a shell ignores Ctrl-C, and its children would too.
AS_TYPED = ("env", "--default-signal=INT,HUP")


class Copy:
    """One copy of the console: its folder, its ports, its launcher, and what it left behind."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.http_port = free_port()
        self.https_port = free_port()
        self.mqtt_port = free_port()
        self.mqtts_port = free_port()
        self.output = data.with_suffix(".out")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def env(self, **extra: str) -> dict[str, str]:
        """An operator's environment; nothing of the test run's own settings."""
        return {
            **inherited(),
            "THINX_APT": "no",
            "THINX_DATA_DIR": str(self.data),
            "THINX_HTTP_PORT": str(self.http_port),
            "THINX_HTTPS_PORT": str(self.https_port),
            "THINX_MQTT_PORT": str(self.mqtt_port),
            "THINX_MQTTS_PORT": str(self.mqtts_port),
            **extra,
        }

    def start(self, *argv: str, **extra: str) -> None:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                (*AS_TYPED, *(argv or (sys.executable, "-m", "thinx_console.supervisor"))),
                cwd=ROOT,
                env=self.env(**extra),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_ready(self, seconds: float = 300) -> None:
        assert self.process is not None
        deadline = time.monotonic() + seconds
        while "Ctrl-C ends everything" not in self.said():
            if self.process.poll() is not None or time.monotonic() > deadline:
                logs = [path.read_text(errors="replace")[-2000:] for path in self.logs()]
                pytest.fail("\n".join(["the console did not come up:", self.said(), *logs]))
            time.sleep(0.1)

    def logs(self) -> list[Path]:
        return sorted(self.data.glob("log/*.log"))

    def run(self, **extra: str) -> tuple[int, str]:
        """Start and wait for the end: for starts that are refused."""
        self.start(**extra)
        assert self.process is not None
        return self.process.wait(60), self.said()

    def manage(self, *arguments: str) -> str:
        """Run one management command on this copy; return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.env(),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def signal(self, number: int) -> int:
        """Signal the launcher and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(60)

    def pids(self) -> dict[int, str]:
        """Every process that was started for this data folder, with its command line."""
        wanted = f"THINX_DATA_DIR={self.data}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and wanted in (entry / "environ").read_bytes().split(b"\0"):
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                    found[int(entry.name)] = line
            except OSError:
                continue
        return found

    def pid_of(self, *words: str) -> int:
        """The oldest process whose command line has these words."""
        matching = [p for p, line in self.pids().items() if all(word in line for word in words)]
        assert matching, f"no process with {words} among {self.pids()}"
        return min(matching)

    def supervisord(self) -> int:
        return self.pid_of("supervisor.supervisord")

    def guard(self) -> int:
        """The launcher's fork between itself and supervisord."""
        stat = Path(f"/proc/{self.supervisord()}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[1])

    def assert_nothing_left(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while left := self.pids():
            assert time.monotonic() < deadline, f"still running: {left}"
            time.sleep(0.1)

    def end(self) -> None:
        for pid in self.pids():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        if self.process is not None:
            self.process.wait(10)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """A data folder with key, certificate, tables and static files, to be copied."""
    data = tmp_path_factory.mktemp("ops") / "prepared"
    lend_first_start(data)
    return data


@pytest.fixture
def make_copy() -> Iterator[object]:
    """Return a maker of copies; whatever they left running is ended afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="thinx-ops-"))
    copies: list[Copy] = []

    def make(template: Path | None = None) -> Copy:
        data = folder / f"copy{len(copies)}"
        if template is not None:
            shutil.copytree(template, data)
        copies.append(Copy(data))
        return copies[-1]

    try:
        yield make
    finally:
        for copy in copies:
            copy.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def console(make_copy, prepared) -> Copy:
    """A prepared copy that is not started yet."""
    return make_copy(prepared)


@pytest.fixture
def running(console) -> Copy:
    """A prepared copy that is up."""
    console.start()
    console.wait_ready()
    return console
