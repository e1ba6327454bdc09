"""A whole console of our own, started the way `make run` starts one, and a client for its REST."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.prepared import inherited, lend_first_start
from tests.support.services import ServiceError, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
READY = "Ctrl-C ends everything"
FINAL = {"succeeded", "failed", "errored", "cancelled"}


class RestError(RuntimeError):
    """The API refused; `status` and `body` say why."""

    def __init__(self, method: str, path: str, status: int, body: Any) -> None:
        super().__init__(f"{method} {path}: {status} {body}")
        self.status = status
        self.body = body


@dataclass
class Rest:
    """Calls `/api/v1/` with an API key."""

    url: str
    api_key: str = field(repr=False)

    def call(self, method: str, path: str, **values: Any) -> Any:
        """Return the decoded answer of one request, or raise RestError."""
        address = f"{self.url}/api/v1/{path}"
        request = urllib.request.Request(
            address,
            method=method,
            data=json.dumps(values).encode() if method in {"POST", "PATCH"} else None,
            headers={"X-API-Key": self.api_key, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return _decoded(answer.read())
        except urllib.error.HTTPError as error:
            raise RestError(method, path, error.code, _decoded(error.read())) from None

    def get(self, path: str) -> Any:
        """Return what is there."""
        return self.call("GET", path)

    def post(self, path: str, **values: Any) -> Any:
        """Make or do something."""
        return self.call("POST", path, **values)

    def download(self, path: str) -> bytes:
        """Return a file."""
        request = urllib.request.Request(
            f"{self.url}/api/v1/{path}", headers={"X-API-Key": self.api_key}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def finished_build(self, uid: str, seconds: float = 120, pause: float = 0.1) -> dict[str, Any]:
        """Wait for the end of a build; return it."""
        deadline = time.monotonic() + seconds
        while (build := self.get(f"builds/{uid}/"))["status"] not in FINAL:
            if time.monotonic() > deadline:
                raise ServiceError(f"the build does not end: {build['status']}")
            time.sleep(pause)
        return build


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body[:500].decode(errors="replace")


@dataclass
class RunningConsole:
    """A console that is up: where it is, what it printed, how to reach its commands."""

    data: Path
    url: str
    env: dict[str, str]
    process: subprocess.Popen[bytes]
    output: Path
    seconds: float

    @property
    def printed(self) -> str:
        """Return what the launcher said so far."""
        return self.output.read_text(errors="replace")

    @property
    def first_operator_link(self) -> str:
        """Return the one-time link, as an operator would copy it."""
        found = re.search(r"https?://\S+/accounts/\S+", self.printed)
        if found is None:
            raise ServiceError(f"there is no link in: {self.printed}")
        return found[0]

    def manage(self, *arguments: str) -> str:
        """Run a management command; return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise ServiceError(f"manage.py {arguments[0]}: {done.stderr.strip()}")
        return done.stdout

    def rest(self, email: str, alias: str = "demo") -> Rest:
        """Make an API key of a person; return a client that uses it."""
        answer = self.manage("create_api_key", "--email", email, "--alias", alias, "--json")
        return Rest(self.url, json.loads(answer)["api_key"])

    def cpu_seconds(self) -> float:
        """Return the processor time of all its processes, those that ended included."""
        ticks = os.sysconf("SC_CLK_TCK")
        return sum(_ticks(pid) for pid in self.pids()) / ticks

    def pids(self) -> list[int]:
        """Return every process that was started for its data folder."""
        wanted = f"THINX_DATA_DIR={self.data}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and wanted in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return found

    def family(self) -> dict[tuple[int, str], str]:
        """Return all that descends from its launcher: (pid, start time) and command line.

        Simulated devices and their firmware have an environment of their own, so only their
        parents tell that they belong here.
        """
        processes = {}
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit():
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    processes[int(entry.name)] = (int(fields[1]), fields[19], line)
        found = {}
        for pid, (parent, started, line) in processes.items():
            while parent not in {0, self.process.pid} and parent in processes:
                parent = processes[parent][0]
            if parent == self.process.pid:
                found[pid, started] = line
        return found


def _ticks(pid: int) -> int:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(value) for value in fields[11:15])
    return 0


@contextlib.contextmanager
def private_console(**settings: str) -> Iterator[RunningConsole]:
    """Run a console with a data folder and ports of its own; afterwards nothing of it is left."""
    folder = Path(tempfile.mkdtemp(prefix="thinx-console-"))
    try:
        with _started(folder, settings) as console:
            yield console
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _started(folder: Path, settings: dict[str, str]) -> Iterator[RunningConsole]:
    data, port = folder / "var", free_port()
    env = {
        **inherited(),
        "THINX_DATA_DIR": str(data),
        "THINX_HTTP_PORT": str(port),
        **{f"THINX_{name}_PORT": str(free_port()) for name in ("HTTPS", "MQTT", "MQTTS")},
        **settings,
    }
    output = folder / "output"
    lend_first_start(data)
    began = time.monotonic()
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "thinx_console.supervisor"],
            cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    console = RunningConsole(data, f"http://127.0.0.1:{port}", env, process, output, 0)
    try:
        _wait_ready(console)
        console.seconds = time.monotonic() - began
        yield console
    finally:
        _end(console)


def _wait_ready(console: RunningConsole, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while READY not in console.printed:
        if console.process.poll() is not None or time.monotonic() > deadline:
            raise ServiceError(f"the console did not come up:\n{console.printed}")
        time.sleep(0.05)


def _end(console: RunningConsole) -> None:
    family = console.family()
    console.process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        console.process.wait(30)
    left = dict.fromkeys(console.pids(), "?")
    left |= {pid: line for (pid, started), line in family.items() if _started_at(pid) == started}
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    console.process.wait(10)
    if left:
        raise ServiceError(f"the console left processes behind: {left}")


def _started_at(pid: int) -> str:
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    return ""
