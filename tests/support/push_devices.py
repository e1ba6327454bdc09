"""Devices that take over configuration over HTTP and MQTT, and remember what they were given."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import aiomqtt

LOST = (OSError, asyncio.IncompleteReadError, TimeoutError, aiomqtt.MqttError, ValueError)
TIMEOUT = 15


class Listening(Protocol):
    """A device that listens over MQTT."""

    udid: str
    owner: str
    key: str

    def take(self, text: str | bytes) -> bool: ...

    def note(self, error: BaseException) -> None: ...


@dataclass
class PushedDevice:
    """One device. `given` is every value of ROUND that it was sent, in order; `lost` says when and
    how its connections ended early. `saw` is called when it is given something.
    """

    udid: str
    owner: str
    key: str
    given: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    saw: Callable[[str], None] = lambda moment: None

    def note(self, error: BaseException) -> None:
        """Remember how a connection ended."""
        self.lost.append(f"{datetime.now(UTC):%H:%M:%S.%f} {error!r}")

    def take(self, text: str | bytes) -> bool:
        """Take over what a message or an answer has for it; tell whether that was anything."""
        said = json.loads(text)
        value = said.get("configuration", {}).get("ROUND")
        if value is not None:
            self.given.append(value)
            self.saw("given")
        return value is not None


async def over_http(device: PushedDevice, port: int, pause: float) -> None:
    """Check in for ever; a server that is away is asked again."""
    body = json.dumps(
        {"registration": {"owner": device.owner, "udid": device.udid, "status": "well"}}
    ).encode()
    head = (
        "POST /device/register HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authentication: {device.key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    while True:
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))
        try:
            async with asyncio.timeout(TIMEOUT):
                device.take(await _asked(port, head + body))
        except LOST as error:
            device.note(error)


async def _asked(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n", 1)[0]:
        raise ValueError("no answer")
    return body


async def over_mqtt(device: Listening, port: int) -> None:
    """Listen for ever, and say something after each message; a broker that is away is tried."""
    topic = f"/{device.owner}/{device.udid}"
    while True:
        try:
            async with aiomqtt.Client(
                "127.0.0.1", port, username=device.udid, password=device.key, timeout=TIMEOUT
            ) as client:
                await client.subscribe(topic)
                await client.publish(f"{topic}/status", '{"status":"connected"}')
                async for message in client.messages:
                    if device.take(bytes(message.payload)):
                        await client.publish(f"{topic}/status", '{"status":"taken over"}')
        except LOST as error:
            device.note(error)
        await asyncio.sleep(random.uniform(0.3, 1.0))


@contextlib.contextmanager
def living(
    http: Sequence[PushedDevice], mqtt: Sequence[Listening], ports: tuple[int, int], pause: float
) -> Iterator[None]:
    """Have devices live in a thread of their own for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def live() -> None:
        lives = [asyncio.create_task(over_http(one, ports[0], pause)) for one in http]
        lives += [asyncio.create_task(over_mqtt(one, ports[1])) for one in mqtt]
        await stop.wait()
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()
