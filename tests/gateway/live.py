"""The console behind a real granian ASGI server, on the test's database."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time

from django.conf import settings
from django.db import connection


@contextlib.contextmanager
def live_console(**environment):
    """Serve `thinx_console.asgi` in a process of its own; yield its address."""
    port = _free_port()
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "thinx_console.settings.test",
        "THINX_DATABASE_URL": _database_url(),
        "THINX_DATA_DIR": str(settings.DATA_DIR),
        "THINX_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "THINX_HTTP_PORT": str(port),
        **environment,
    }
    environ.pop("THINX_TEST_DATABASE_URL", None)
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "thinx_console.asgi:application"]
    process = subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=10)
        process.kill()


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


def _wait(port, process):
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(process.stderr.read())
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError("the console did not start")


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
