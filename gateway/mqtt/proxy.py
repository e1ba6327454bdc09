"""The line that says for whom a connection is carried (PROXY protocol, version 1)."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress

LONGEST_LINE = 107


def proxy_line(address: str, port: int) -> bytes:
    """Return the line that a carrier sends first."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        return b"PROXY UNKNOWN\r\n"
    nobody = "::" if version == 6 else "0.0.0.0"  # noqa: S104  where it arrived tells nothing
    return f"PROXY TCP{4 if version == 4 else 6} {address} {nobody} {port} 0\r\n".encode()


async def read_proxy_line(reader: asyncio.StreamReader) -> tuple[str, int] | None:
    """Take the line off a connection; return whom it names, or None when it is none."""
    with contextlib.suppress(ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        line = (await reader.readuntil(b"\n")).decode("ascii")
        words = line.split()
        if len(line) <= LONGEST_LINE and words[:2] == ["PROXY", "UNKNOWN"]:
            return "", 0
        if len(words) == 6 and words[0] == "PROXY" and words[1] in {"TCP4", "TCP6"}:
            return str(ipaddress.ip_address(words[2])), int(words[4])
    return None
