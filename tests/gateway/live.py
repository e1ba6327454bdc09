"""The console behind a real granian ASGI server, on the test's database."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from django.conf import settings
from django.db import connection, connections


@contextlib.contextmanager
def live_console(**environment):
    """Serve `thinx_console.asgi` in a process of its own; yield its address."""
    port = _free_port()
    with (
        tempfile.TemporaryDirectory(prefix="thinx-live-") as folder,
        _served(port, Path(folder), environment),
    ):
        yield f"http://127.0.0.1:{port}"


@contextlib.contextmanager
def _served(port, folder, environment):
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "thinx_console.settings.test",
        "THINX_DATABASE_URL": _database_url(),
        "THINX_DATA_DIR": str(settings.DATA_DIR),
        "THINX_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "THINX_HTTP_PORT": str(port),
        **_history_database(folder),
        **environment,
    }
    environ.pop("THINX_TEST_DATABASE_URL", None)
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "thinx_console.asgi:application"]
    # Into a file: a pipe that nobody reads stops the server when it is full.
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        try:
            _wait(port, process, log)
            yield
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def _history_database(folder):
    """Give the server a history of its own, where that is a file beside the database."""
    if "telemetry" not in connections:
        return {}
    path = folder / "telemetry.sqlite3"
    name = connections["telemetry"].settings_dict["NAME"]
    with (
        contextlib.closing(sqlite3.connect(name)) as made,
        contextlib.closing(sqlite3.connect(path)) as own,
    ):
        made.backup(own)
    return {"THINX_TELEMETRY_DATABASE_URL": f"sqlite:///{path}"}


def raw_request(url, head, body=b"", *, timeout=20):
    """Send bytes as they are; return the status and the raw answer."""
    host, port = re.fullmatch(r"http://([^:]+):(\d+)", url).groups()
    with socket.create_connection((host, int(port)), timeout) as connected:
        connected.sendall(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        answer = b""
        while chunk := connected.recv(65536):
            answer += chunk
    return int(answer.split(b" ", 2)[1]), answer


def _database_url():
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    user, password = values["USER"], values["PASSWORD"]
    return f"postgres://{user}:{password}@{values['HOST']}:{values['PORT']}/{values['NAME']}"


def _wait(port, process, log):
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if process.poll() is not None:
            log.seek(0)
            raise RuntimeError(log.read())
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError("the console did not start")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
