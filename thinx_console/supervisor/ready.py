"""Waiting for `/health/ready`, and asking supervisord how its programs are."""

from __future__ import annotations

import http.client
import json
import socket
import xmlrpc.client
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from thinx_console.supervisor.console import Console

UP = {"up", "ok", "ready", "true"}


@dataclass(frozen=True)
class Health:
    """One answer of `/health/ready`: ready or not, and the state of each part."""

    ready: bool
    parts: dict[str, str]


def ask_health(console: Console) -> Health:
    """Ask the console once; an answer that does not come means that the web part is not up."""
    try:
        with urlopen(f"{console.http_url}/health/ready", timeout=3) as answer:  # noqa: S310  own address
            return Health(ready=True, parts={"web": "up", **_parts(answer.read())})
    except HTTPError as error:
        return Health(ready=False, parts={"web": "up", **_parts(error.read())})
    except (URLError, OSError, http.client.HTTPException):
        return Health(ready=False, parts={})


def _parts(body: bytes) -> dict[str, str]:
    try:
        content = json.loads(body)
    except ValueError:
        return {}
    found = content.get("parts", content) if isinstance(content, dict) else {}
    return {name: _word(state) for name, state in found.items() if name not in {"ready", "status"}}


def _word(state: object) -> str:
    if isinstance(state, dict):
        state = state.get("state", state.get("status", ""))
    return "up" if str(state).lower() in UP else str(state)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=3)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def make_connection(self, host: object) -> http.client.HTTPConnection:
        return _UnixConnection(self.path)


def program_states(console: Console) -> dict[str, str]:
    """Return supervisord's word for each program, or nothing when it does not answer."""
    transport = _UnixTransport(console.control_socket)
    try:
        with xmlrpc.client.ServerProxy("http://localhost/RPC2", transport) as proxy:
            rows = proxy.supervisor.getAllProcessInfo()
    except (OSError, xmlrpc.client.Error, http.client.HTTPException):
        return {}
    return {row["name"]: row["statename"] for row in rows} if isinstance(rows, list) else {}


def last_lines(path: Path, count: int = 15) -> list[str]:
    """Return the end of a log file."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[-count:]
    except OSError:
        return []
