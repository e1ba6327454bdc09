"""HTTP as libraries speak it: bytes out, bytes in, nothing corrected on the way."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

SECONDS = 60


@dataclass(frozen=True)
class Place:
    """Where a console is, as it is compiled into a device, and whose device it is."""

    owner: str
    key: str
    http_port: int
    mqtt_port: int
    https_port: int = 0
    host: str = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """What came back; `first` is what was there at the first look."""

    raw: bytes
    first: bytes
    is_tls: bool = False

    @property
    def status(self) -> int:
        return int(self.raw.split(b" ", 2)[1])

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    def header(self, name: str) -> str | None:
        """Return a header as a library finds it: by its name in any case."""
        for line in self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]:
            found, _, value = line.partition(":")
            if found.lower() == name.lower():
                return value.strip()
        return None


def talk(host: str, port: int, parts: Sequence[bytes], *, tls: bool = False) -> Answer:
    """Send the parts one by one and read until the answer has its length, or the end."""
    with contextlib.ExitStack() as stack:
        connected = stack.enter_context(socket.create_connection((host, port), SECONDS))
        if tls:  # every THiNX library takes any certificate
            connected = stack.enter_context(_any_certificate().wrap_socket(connected))
        for part in parts:
            connected.sendall(part)
        first = raw = connected.recv(1 << 16)
        while not _is_whole(raw) and (more := connected.recv(1 << 16)):
            raw += more
    return Answer(raw, first, tls)


def head(*lines: str) -> bytes:
    """Return a request's head: its lines as they are."""
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def _any_certificate() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _is_whole(raw: bytes) -> bool:
    start, blank, body = raw.partition(b"\r\n\r\n")
    if not blank:
        return False
    lengths = [v for n, _, v in (x.partition(b":") for x in start.split(b"\r\n")) if
               n.lower() == b"content-length"]  # fmt: skip
    return bool(lengths) and len(body) >= int(lengths[0])
