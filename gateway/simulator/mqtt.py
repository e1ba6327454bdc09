"""MQTT 3.1.1 as devices speak it: what 20,000 connections in one process need, and no more."""

from __future__ import annotations

import asyncio
import ssl
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.simulator.web import TIMEOUT, SimulatorError

KEEPALIVE = 60
LARGEST_PACKET = 256 << 10
CONNACK, PUBLISH, PUBACK, SUBACK = 2, 3, 4, 9
PINGREQ, DISCONNECT = b"\xc0\x00", b"\xe0\x00"
REFUSED = 128
# Client id, user, password; user and password present, clean session, will with QoS 0.
WITH_WILL = 0b1100_0110

Heard = Callable[[str, bytes], None]


@dataclass(frozen=True)
class Broker:
    """Where devices connect: `mqtt://host:port`, or `mqtts://`."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, url: str, *, ca_file: str = "") -> Broker:
        """Read an address. Raises ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ValueError("the address of the broker must be like mqtt://127.0.0.1:1883")
        if parts.scheme == "mqtt":
            return cls(parts.hostname, parts.port or 1883)
        tls = ssl.create_default_context(cafile=ca_file or None)
        return cls(parts.hostname, parts.port or 8883, tls)


class Link(asyncio.Protocol):
    """One device's connection. `heard` gets each message, `lost` the end unless `close` made it."""

    __slots__ = ("_buffer", "_heard", "_lost", "_next", "_waiting", "said_at", "transport")

    def __init__(self, heard: Heard, lost: Callable[[], None]) -> None:
        self.transport: asyncio.Transport | None = None
        self.said_at = 0.0
        self._heard, self._lost = heard, lost
        self._buffer = bytearray()
        self._next = 0
        self._waiting: asyncio.Future[int] | None = None

    async def sign_in(
        self, client_id: str, username: str, password: str, will: tuple[str, bytes]
    ) -> None:
        """Connect. Raises SimulatorError."""
        code = await self._asked(connect_packet(client_id, username, password, will))
        if code:
            raise SimulatorError(f"the broker refused: {code}")

    async def subscribe(self, topic: str) -> None:
        """Listen to a topic, with QoS 1. Raises SimulatorError."""
        said = self._number() + _text(topic) + b"\x01"
        if await self._asked(packet(0x82, said)) >= REFUSED:
            raise SimulatorError("the broker refused the subscription")

    def publish(self, topic: str, payload: bytes, *, qos: int = 0) -> None:
        """Say something; with QoS 1 the broker confirms it, which nobody waits for."""
        number = self._number() if qos else b""
        self._send(packet(0x30 | qos << 1, _text(topic) + number + payload))

    def ping(self, now: float) -> None:
        """Say that this device is there, when it said nothing for long."""
        if now - self.said_at > KEEPALIVE / 2:
            self._send(PINGREQ)

    def close(self) -> None:
        """End without a good-bye, as by a power cut: the broker publishes the will."""
        self._lost = _nothing
        if self.transport is not None:
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the way back."""
        self.transport = transport  # type: ignore[assignment]

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits, and tell."""
        self.transport = None
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(SimulatorError("the broker ended the connection"))
        lost, self._lost = self._lost, _nothing
        lost()

    def data_received(self, data: bytes) -> None:
        """Take what came, packet by packet."""
        self._buffer += data
        while (found := unpacked(self._buffer)) is not None:
            first, body, end = found
            del self._buffer[:end]
            self._take(first, body)
        if len(self._buffer) > LARGEST_PACKET and self.transport is not None:
            self.transport.abort()

    def _take(self, first: int, body: bytes) -> None:
        match first >> 4:
            case 2 | 9:  # CONNACK, SUBACK: their last byte is the answer
                if self._waiting is not None and not self._waiting.done():
                    self._waiting.set_result(body[-1] if body else REFUSED)
            case 3:  # PUBLISH
                (length,) = struct.unpack_from(">H", body)
                start = 2 + length
                if first & 0b110:
                    self._send(b"\x40\x02" + body[start : start + 2])
                    start += 2
                self._heard(body[2 : 2 + length].decode("utf-8", "replace"), body[start:])

    async def _asked(self, said: bytes) -> int:
        self._waiting = asyncio.get_running_loop().create_future()
        self._send(said)
        try:
            async with asyncio.timeout(TIMEOUT):
                return await self._waiting
        except TimeoutError:
            raise SimulatorError("the broker does not answer") from None
        finally:
            self._waiting = None

    def _send(self, said: bytes) -> None:
        if self.transport is not None:
            self.said_at = time.monotonic()
            self.transport.write(said)

    def _number(self) -> bytes:
        self._next = self._next % 65535 + 1
        return self._next.to_bytes(2, "big")


async def linked(broker: Broker, heard: Heard, lost: Callable[[], None]) -> Link:
    """Return an open connection that has yet to sign in. Raises SimulatorError."""
    try:
        async with asyncio.timeout(TIMEOUT):
            _, link = await asyncio.get_running_loop().create_connection(
                lambda: Link(heard, lost), broker.host, broker.port, ssl=broker.tls
            )
    except (OSError, TimeoutError) as error:
        raise SimulatorError(f"no broker: {error or type(error).__name__}") from error
    return link


def connect_packet(client_id: str, username: str, password: str, will: tuple[str, bytes]) -> bytes:
    """Return a CONNECT with a clean session and a last will."""
    topic, payload = will
    head = b"\x00\x04MQTT\x04" + bytes([WITH_WILL]) + KEEPALIVE.to_bytes(2, "big")
    said = _text(client_id) + _text(topic) + len(payload).to_bytes(2, "big") + payload
    return packet(0x10, head + said + _text(username) + _text(password))


def packet(first: int, body: bytes) -> bytes:
    """Return a packet: its first byte, its length, the rest."""
    length, count = bytearray(), len(body)
    while True:
        count, low = count >> 7, count & 127
        length.append(low | (128 if count else 0))
        if not count:
            return bytes([first]) + bytes(length) + body


def unpacked(data: bytes | bytearray) -> tuple[int, bytes, int] | None:
    """Return the first packet: its first byte, its body, and where it ends; None while it comes."""
    length = 0
    for place in range(1, min(5, len(data))):
        length |= (data[place] & 127) << 7 * (place - 1)
        if data[place] < 128:
            end = place + 1 + length
            return (data[0], bytes(data[place + 1 : end]), end) if len(data) >= end else None
    return None


def _text(text: str) -> bytes:
    content = text.encode()
    return len(content).to_bytes(2, "big") + content


def _nothing() -> None:
    """Hear of no end: it was wanted."""
