"""Free ports, throw-away folders and processes that cannot outlive the tests."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any


class ServiceError(RuntimeError):
    """A program that tests need is missing or did not start; the text says which and why."""


_given: set[int] = set()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on; never the same one twice."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given:
            _given.add(port)
            return port


def need(name: str, package: str, *places: str) -> str:
    """Return the path of a program, or raise ServiceError with the package that brings it."""
    for place in places:
        for path in sorted(Path("/").glob(place.lstrip("/")), reverse=True):
            if os.access(path, os.X_OK):
                return str(path)
    if found := shutil.which(name):
        return found
    raise ServiceError(f"{name} is missing: apt-get install {package}")


@contextlib.contextmanager
def short_folder(prefix: str) -> Iterator[Path]:
    """A folder right below the temporary one: names of sockets may not be long."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def running(
    argv: Sequence[str], *, ready: Callable[[], bool], log: Path, seconds: float = 30, **popen: Any
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server for as long as the block lasts, from when `ready` says so.

    The kernel ends it when this process dies, so that a killed test run leaves nothing.
    """
    tied = [need("setpriv", "util-linux"), "--pdeathsig", "KILL", "--", *argv]
    with log.open("ab") as output:
        process = subprocess.Popen(
            tied, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **popen
        )
    try:
        _wait(process, ready, log, seconds)
        yield process
    finally:
        _end(process)


def _wait(
    process: subprocess.Popen[bytes], ready: Callable[[], bool], log: Path, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            words = log.read_text(errors="replace")[-2000:]
            raise ServiceError(f"{process.args!r} did not start:\n{words}")
        time.sleep(0.05)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
