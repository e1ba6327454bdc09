"""A worker dies in the middle of a build: the build ends by itself and nothing is left running."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest
import redis

from tests.support.console import RunningConsole, private_console
from tests.support.sshd import running_git_server
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.ops, pytest.mark.toolchain]

# Tests run side by side; each looks for its own compiler.
NAME = f"endless{os.getpid()}"
# Twice as many types on each level: the compiler is busy until it is stopped.
ENDLESS = """
template <class T, int N> struct A {};
template <class T, int N> struct F {
  static const int v = F<A<T, 0>, N - 1>::v + F<A<T, 1>, N - 1>::v;
};
template <class T> struct F<T, 0> { static const int v = 1; };
int busy = F<int, 60>::v;
void setup() {}
void loop() {}
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    credentials = {
        "THINX_BOOTSTRAP_EMAIL": "ada@example.org",
        "THINX_BOOTSTRAP_PASSWORD": "correct horse battery",
        "THINX_ALLOW_LOOPBACK_SOURCES": "true",
    }
    with private_console(**credentials) as running:
        yield running


@pytest.fixture(scope="module")
def build_of(console, tmp_path_factory):
    """Start the endless build of a fresh device; return its uid."""
    folder = tmp_path_factory.mktemp("endless") / NAME
    folder.mkdir()
    (folder / f"{NAME}.ino").write_text(ENDLESS)
    rest = console.rest("ada@example.org")
    with running_git_server() as server:
        server.add(NAME, folder)
        key = rest.post("deploy-keys/", alias="k", algorithm="ed25519")
        server.authorize(key["public_key"])
        source = rest.post("sources/", alias="endless", url=server.url(NAME), deploy_key=key["uid"])
        assert rest.post(f"sources/{source['uid']}/test/")["check_code"] == "ok"

        def start(alias: str) -> str:
            device = rest.post("devices/", alias=alias, source=source["uid"])
            build = rest.post("builds/", device=device["uid"])
            wait_until(lambda: compilers(console))
            return build["uid"]

        yield rest, start


def _is_ours(entry: Path) -> bool:
    line = (entry / "cmdline").read_bytes()
    return b"cc1plus" in line and NAME.encode() in line


def compilers(console: RunningConsole) -> list[int]:
    """Return the compilers that run now; inside the sandbox they carry no mark of the console."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit() and _is_ours(entry):
                found.append(int(entry.name))
    return found


def workers(console: RunningConsole) -> list[int]:
    found = []
    for pid in console.pids():
        with contextlib.suppress(OSError):
            if b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


def test_build_of_a_killed_worker_ends(console, build_of):
    rest, start = build_of
    uid = start("killed")
    for pid in workers(console):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not compilers(console))
    build = rest.finished_build(uid, seconds=180)
    assert (build["status"], build["error_code"]) == ("errored", "build.platform.worker_lost")


def test_cancelled_build_ends_its_compiler(console, build_of):
    rest, start = build_of
    uid = start("cancelled")
    rest.post(f"builds/{uid}/cancel/")
    wait_until(lambda: not compilers(console))
    assert rest.get(f"builds/{uid}/")["status"] == "cancelled"


def test_wiped_broker_loses_no_build(console, build_of, tmp_path):
    rest, start = build_of
    first = start("before")
    socket = console.data / "run" / "redis.sock"
    redis.Redis(unix_socket_path=str(socket)).flushall()
    rest.post(f"builds/{first}/cancel/")
    wait_until(lambda: not compilers(console))
    second = start("after")
    rest.post(f"builds/{second}/cancel/")
    assert rest.finished_build(second)["status"] == "cancelled"
