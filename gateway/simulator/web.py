"""HTTP as devices speak it, light enough for thousands of connections in one process."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import ssl
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

TIMEOUT = 30.0
# The server ends what is idle for longer; one of ours must not be on its way then.
IDLE_SECONDS = 10.0
LONGEST_HEAD = 16 << 10
LONGEST_ANSWER = 64 << 10
LARGEST_FIRMWARE = 64 << 20
USUAL_WAIT = 5.0
BUSY = {429, 503}


class SimulatorError(Exception):
    """The console did not answer as a device needs; `wait` is how long it asked to wait.

    `is_open` says that a request was sent and its answer never came: it may be stored or not.
    """

    def __init__(self, message: str, wait: float = 0.0, *, is_open: bool = False) -> None:
        super().__init__(message)
        self.wait = wait
        self.is_open = is_open


class PowerLost(Exception):
    """The device stopped in the middle of an answer."""


@dataclass
class Answer:
    """What came back; the body of firmware is only counted and digested."""

    status: int
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)

    @property
    def wait(self) -> float:
        """Return how many seconds a busy console wants to be left alone; 0 for another answer."""
        if self.status not in BUSY:
            return 0.0
        text = self.headers.get("retry-after", "")
        return float(text) if text.isdecimal() else USUAL_WAIT


class Digest:
    """Takes firmware as it comes: counts and digests it, and may stop half-way."""

    def __init__(self, *, rate: float = 0.0, stops_half_way: bool = False) -> None:
        self.rate, self.stops_half_way = rate, stops_half_way
        self.size = 0
        self.sha256 = hashlib.sha256()

    def take(self, chunk: bytes, total: int) -> None:
        """Take some bytes of an answer. Raises PowerLost."""
        self.size += len(chunk)
        self.sha256.update(chunk)
        if self.stops_half_way and self.size >= total / 2:
            raise PowerLost


class Connection(asyncio.Protocol):
    """One connection: one request at a time, kept open for the next."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.used_at = 0.0
        self.is_open = False
        self._buffer = bytearray()
        self._answer: Answer | None = None
        self._left = 0
        self._digest: Digest | None = None
        self._waiting: asyncio.Future[Answer] | None = None

    async def request(self, request: bytes, digest: Digest | None = None) -> Answer:
        """Send a request; return its answer. Raises SimulatorError and PowerLost."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._digest = digest
        self.transport.write(request)
        try:
            while True:
                before = digest.size if digest is not None else 0
                await asyncio.wait({self._waiting}, timeout=TIMEOUT)
                if self._waiting.done():
                    return self._waiting.result()
                if not self._moved(digest, before):
                    raise SimulatorError("no answer in time", is_open=True)
        finally:
            self._waiting = None
            self.used_at = time.monotonic()

    def _moved(self, digest: Digest | None, before: int) -> bool:
        """Tell whether firmware still comes, or waits for a device that reads slowly."""
        return digest is not None and (digest.size > before or not self.transport.is_reading())

    @property
    def is_fresh(self) -> bool:
        """Tell whether another request may be sent."""
        return self.is_open and time.monotonic() - self.used_at < IDLE_SECONDS

    def close(self) -> None:
        """End the connection."""
        self.is_open = False
        self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the way back."""
        self.transport = transport  # type: ignore[assignment]
        self.is_open = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what waits."""
        self.is_open = False
        self._fail(SimulatorError(f"not answered: {exc or 'the connection ended'}", is_open=True))

    def data_received(self, data: bytes) -> None:
        """Take what came of an answer."""
        try:
            self._take(data)
        except (ValueError, SimulatorError, PowerLost) as error:
            self.close()
            is_own = isinstance(error, SimulatorError | PowerLost)
            self._fail(error if is_own else SimulatorError("that is no HTTP"))

    def _take(self, data: bytes) -> None:
        if self._answer is None:
            self._buffer += data
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                if len(self._buffer) > LONGEST_HEAD:
                    raise SimulatorError("the head of the answer is too long")
                return
            self._answer, self._left = _head(bytes(head))
            self._buffer.clear()
            data = bytes(rest)
        self._body(self._answer, data)

    def _body(self, answer: Answer, data: bytes) -> None:
        digest = self._digest if answer.status in {200, 206} else None
        if self._left > (LONGEST_ANSWER if digest is None else LARGEST_FIRMWARE):
            raise SimulatorError("the answer is too long")
        self._left -= len(data)
        pause = 0.0
        if digest is None:
            answer.body += data
        elif data:
            digest.take(data, digest.size + len(data) + self._left)
            pause = len(data) / digest.rate if digest.rate else 0.0
        if pause:  # the rest waits on the other side of the wire
            self.transport.pause_reading()
            asyncio.get_running_loop().call_later(pause, self._go_on, answer)
        elif self._left <= 0:
            self._finish(answer)

    def _finish(self, answer: Answer) -> None:
        self._answer = None
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)

    def _go_on(self, answer: Answer) -> None:
        if self._left <= 0:
            self._finish(answer)
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    def _fail(self, error: Exception) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)


class Web:
    """The console over HTTP, as many devices with one key see it.

    Connections are kept for the next device, unless `keep_alive` is off: then each check-in opens
    one, as small devices do.
    """

    def __init__(
        self, url: str, api_key: str, *, ca_file: str = "", keep_alive: bool = True
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("the address must be like http://127.0.0.1:7442")
        self._host = parts.hostname
        self._tls = None
        if parts.scheme == "https":
            self._tls = ssl.create_default_context(cafile=ca_file or None)
        self._port = parts.port or (443 if self._tls else 80)
        self._prefix = parts.path.rstrip("/")
        self._keep_alive = keep_alive
        self._idle: deque[Connection] = deque()
        self._host_line = f"Host: {parts.netloc.rpartition('@')[2]}\r\nUser-Agent: THiNX-Client\r\n"
        self._register = (
            f"POST {self._prefix}/device/register HTTP/1.1\r\n{self._host_line}"
            f"Authentication: {api_key}\r\nContent-Type: application/json\r\nOrigin: device\r\n"
            f"{'' if keep_alive else 'Connection: close' + chr(13) + chr(10)}"
        )

    async def register(self, registration: dict[str, Any]) -> dict[str, Any]:
        """Send one check-in; return the whole answer. Raises SimulatorError."""
        body = json.dumps({"registration": registration}, separators=(",", ":")).encode()
        head = f"{self._register}Content-Length: {len(body)}\r\n\r\n"
        connection = await self._connection()
        is_kept = False
        try:
            answer = await connection.request(head.encode() + body)
            is_kept = self._keep_alive and connection.is_open
        finally:
            if is_kept:
                self._idle.append(connection)
            else:
                connection.close()
        if wait := answer.wait:
            raise SimulatorError(f"asked to wait ({answer.status})", wait)
        said = _json(answer.body)
        if answer.status != 200 or not ({"registration", "configuration"} & said.keys()):
            raise SimulatorError(f"refused: {said.get('response', answer.status)}")
        return said

    async def firmware(self, ott: str, digest: Digest, *, part: int = 0) -> dict[str, str]:
        """Download firmware into a digest, in parts of so many bytes if wanted; return its headers.

        Raises SimulatorError, and PowerLost when the digest does.
        """
        path = f"{self._prefix}/device/firmware?{urlencode({'ott': ott})}"
        while True:
            asked = f"Range: bytes={digest.size}-{digest.size + part - 1}\r\n" if part else ""
            request = f"GET {path} HTTP/1.1\r\n{self._host_line}{asked}\r\n"
            answer = await self._once(request.encode(), digest)
            if answer.status == 200:
                return answer.headers
            if answer.status != 206:
                raise SimulatorError(f"no firmware ({answer.status})", answer.wait)
            total = answer.headers.get("content-range", "").rpartition("/")[2]
            if not total.isdecimal() or digest.size >= int(total):
                return answer.headers

    async def _once(self, request: bytes, digest: Digest) -> Answer:
        connection = await self._open()
        try:
            return await connection.request(request, digest)
        finally:
            connection.close()

    async def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_fresh:
                return connection
            connection.close()
        return await self._open()

    async def _open(self) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(TIMEOUT):
                _, connection = await loop.create_connection(
                    Connection, self._host, self._port, ssl=self._tls
                )
        except (OSError, TimeoutError) as error:
            raise SimulatorError(f"not reached: {error or type(error).__name__}") from error
        return connection

    def close(self) -> None:
        """End every connection that is kept."""
        while self._idle:
            self._idle.pop().close()


def _head(head: bytes) -> tuple[Answer, int]:
    """Return the answer without its body, and the length of that. Raises ValueError."""
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    if "transfer-encoding" in headers:
        raise SimulatorError("the answer has no length")
    return Answer(int(first.split(" ", 2)[1]), headers), int(headers.get("content-length", 0))


def _json(content: bytes | bytearray) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        answer = json.loads(content or b"{}")
        return answer if isinstance(answer, dict) else {}
    raise SimulatorError("the answer is not JSON")
