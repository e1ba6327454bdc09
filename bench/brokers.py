"""Devices that connect over MQTT all at once, to each broker, with keys of their own console."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import resource
import secrets
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.measure import Result
from tests.support.console import RunningConsole, private_console
from tests.support.mosquitto import private_mosquitto
from tests.support.rabbitmq import private_rabbitmq
from tests.support.services import free_port

DEVICES = 2000
# A device that is refused, or not answered, tries again, as real ones do; not for ever.
PAUSE_SECONDS, ANSWER_SECONDS, LONGEST_SECONDS = 1.0, 30.0, 240.0
ACCEPTED, PONG = b"\x20\x02\x00\x00", b"\xd0\x00"
KEEPALIVE_SECONDS = 600


@dataclass
class Found:
    """What became of one crowd."""

    seconds: float = 0.0
    accepted: int = 0
    again: int = 0
    answering: int = 0
    first_tries: list[float] = field(default_factory=list)


@contextlib.contextmanager
def embedded(**who: str) -> Iterator[tuple[RunningConsole, int]]:
    """Give a console with its own broker."""
    port = free_port()
    with private_console(THINX_MQTT_PORT=f"{port}", **who) as console:
        yield console, port


@contextlib.contextmanager
def rabbitmq(**who: str) -> Iterator[tuple[RunningConsole, int]]:
    """Give a console with a RabbitMQ that asks it."""
    http = free_port()
    with private_rabbitmq(f"http://127.0.0.1:{http}") as server:
        settings = {
            "THINX_HTTP_PORT": f"{http}",
            "THINX_MQTT_PORT": f"{server.mqtt}",
            "THINX_MQTT_BROKER": "rabbitmq",
            "THINX_MQTT_MANAGEMENT_URL": server.management_url,
        }
        with private_console(**settings, **who) as console:
            yield console, server.mqtt


@contextlib.contextmanager
def mosquitto(**who: str) -> Iterator[tuple[RunningConsole, int]]:
    """Give a console that writes the files of a Mosquitto."""
    with private_mosquitto() as server:
        settings = {
            "THINX_MQTT_PORT": f"{server.port}",
            "THINX_MQTT_BROKER": "mosquitto",
            "THINX_MQTT_FOLDER": f"{server.folder}",
            "THINX_MQTT_PID_FILE": f"{server.pid_file}",
        }
        with private_console(**settings, **who) as console:
            yield console, server.port


BROKERS = {"mosquitto": mosquitto, "rabbitmq": rabbitmq, "embedded": embedded}


def measure(inside: Callable[..., dict[str, Any]], email: str) -> Iterator[Result]:
    """Yield the rate of each broker, against that of Mosquitto, which asks nobody."""
    allow_many_files()
    reference = 0.0
    for name, started in BROKERS.items():
        who = {"THINX_BOOTSTRAP_EMAIL": email, "THINX_BOOTSTRAP_PASSWORD": secrets.token_hex(8)}
        with started(**who) as (console, port), tempfile.TemporaryDirectory() as folder:
            udids = Path(folder) / "udids"
            fleet = inside(console, "bench.fill", str(DEVICES), str(udids))
            found = crowd(port, udids.read_text().split(), fleet["api_key"])
        if (found.accepted, found.answering) != (DEVICES, DEVICES):
            raise RuntimeError(f"{name}: not every device was connected: {found}")
        rate = found.accepted / found.seconds
        reference = reference or rate
        tries = sorted(found.first_tries)
        yield Result(
            name=f"devices connecting at once, {name}",
            unit="connects/s",
            better="more",
            ours=round(rate, 1),
            reference=round(reference, 1),
            reference_name="Mosquitto, files written by the console",
            database="SQLite",
            rows=f"{DEVICES:,} devices",
            details={
                "accepted": found.accepted,
                "tries_beyond_the_first": found.again,
                "answering_afterwards": found.answering,
                "seconds": round(found.seconds, 2),
                "p50_seconds": round(tries[len(tries) // 2], 3),
                "slowest_seconds": round(tries[-1], 3),
            },
        )


def allow_many_files() -> None:
    """Let this process and those it starts have a connection for each device."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def crowd(port: int, udids: Sequence[str], key: str) -> Found:
    """Wait until the broker knows the last device, then connect all of them at once."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not _accepts(port, udids[-1], key):
        if time.monotonic() > deadline:
            raise RuntimeError("the broker lets nobody in")
        time.sleep(0.2)
    return asyncio.run(_crowd(port, udids, key))


async def _crowd(port: int, udids: Sequence[str], key: str) -> Found:
    found = Found()
    began = time.monotonic()
    connections = await asyncio.gather(*(_connected(port, udid, key, found) for udid in udids))
    found.seconds = time.monotonic() - began
    found.accepted = sum(connection is not None for connection in connections)
    alive = await asyncio.gather(*(_answers(one) for one in connections if one is not None))
    found.answering = sum(alive)
    return found


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _connected(port: int, udid: str, key: str, found: Found) -> Connection | None:
    began = time.monotonic()
    for attempt in itertools.count():
        found.again += attempt > 0
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(ANSWER_SECONDS):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(packet(udid, key))
                if await reader.readexactly(4) == ACCEPTED:
                    found.first_tries.append(time.monotonic() - began)
                    return reader, writer
                writer.close()
        if time.monotonic() - began > LONGEST_SECONDS:
            return None
        await asyncio.sleep(PAUSE_SECONDS)
    return None


async def _answers(connection: Connection) -> bool:
    """Tell whether the broker still has this connection."""
    reader, writer = connection
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            writer.write(b"\xc0\x00")
            return await reader.readexactly(2) == PONG
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    finally:
        writer.close()


def packet(udid: str, key: str) -> bytes:
    """Return a CONNECT of MQTT 3.1.1 with a clean session, as the C++ library sends it."""
    texts = (f"{udid}-mac", udid, key)
    said = b"".join(len(text).to_bytes(2, "big") + text.encode() for text in texts)
    body = b"\x00\x04MQTT\x04\xc2" + KEEPALIVE_SECONDS.to_bytes(2, "big") + said
    return b"\x10" + bytes([len(body) & 127 | 128, len(body) >> 7]) + body


def _accepts(port: int, udid: str, key: str) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 10) as probe:
        probe.sendall(packet(udid, key))
        return probe.recv(4) == ACCEPTED
    return False
