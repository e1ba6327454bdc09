"""Talking HTTP to the console, with the standard library."""

from __future__ import annotations

import email.utils
import http.client
import json
import math
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlencode, urlsplit

from thinx_agent.errors import ConfigError, Rejected, TransportError

USER_AGENT = "THiNX-Client"
MAX_ANSWER = 1 << 16
MAX_RETRY_AFTER = 24 * 3600.0


@dataclass(frozen=True)
class Answer:
    """What the console says to a check-in; `configuration` is None when it pushes nothing."""

    registration: dict
    configuration: object = None


class Console:
    """The console at one address, as one device sees it."""

    def __init__(self, url: str, api_key: str, *, ca_file: str = "", timeout: float = 20) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ConfigError("the server must be an address like https://console.example.com")
        self._host = parts.hostname
        self._port = parts.port
        self._prefix = parts.path.rstrip("/")
        self._api_key = api_key
        self._timeout = timeout
        self._tls = None
        if parts.scheme == "https":
            self._tls = ssl.create_default_context(cafile=ca_file or None)

    def register(self, registration: Mapping[str, object]) -> Answer:
        """Register or check in."""
        body = json.dumps({"registration": registration}, separators=(",", ":")).encode()
        headers = {
            "Authentication": self._api_key,
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Origin": "device",
        }
        with self._request("POST", "/device/register", headers, body) as response:
            return read_answer(response.body(MAX_ANSWER))

    def firmware(self, ott: str, *, offset: int = 0, etag: str = "", base: str = "") -> Response:
        """Ask for firmware by its token, from `offset` on if it is still what `etag` names.

        With the SHA-256 of a `base` a delta to that one will do (RFC 3229), or word that one is
        being made.
        """
        headers = {"Accept": "application/octet-stream"}
        if base:
            headers["If-None-Match"] = f'"{base}"'
            headers.update({"A-IM": "detools", "Prefer": "respond-async"})
        if offset and etag:
            headers.update({"Range": f"bytes={offset}-", "If-Range": etag})
        return self._request("GET", "/device/firmware?" + urlencode({"ott": ott}), headers)

    def _request(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> Response:
        connection = self._connect()
        try:
            connection.request(
                method,
                self._prefix + path,
                body,
                {"User-Agent": USER_AGENT, "Connection": "close", **headers},
            )
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise TransportError(f"the console cannot be reached: {describe(error)}") from error
        if response.status in {429, 500, 502, 503, 504}:
            wait = retry_after(response.headers.get("Retry-After"))
            connection.close()
            raise TransportError(f"the console answered {response.status}", wait)
        return Response(connection, response)

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        return http.client.HTTPSConnection(
            self._host, self._port, timeout=self._timeout, context=self._tls
        )


class Response:
    """An answer whose body has yet to be read; closes its connection when left."""

    def __init__(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> None:
        self._connection = connection
        self._response = response
        self.status = response.status
        self.headers: Message = response.headers

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Read no more of it."""
        self._connection.close()

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes of the body; nothing at its end."""
        try:
            return self._response.read1(size)
        except (OSError, http.client.HTTPException) as error:
            raise TransportError(f"the connection broke: {describe(error)}") from error

    def body(self, limit: int) -> bytes:
        """Return the whole of a body that must not be longer than `limit`."""
        content = b""
        while len(content) <= limit:
            chunk = self.read(limit + 1 - len(content))
            if not chunk:
                return content
            content += chunk
        raise TransportError("the answer of the console is too long")


def read_answer(body: bytes) -> Answer:
    """Return what an answer holds. Raises `Rejected` when the console refused."""
    try:
        content = json.loads(body)
    except ValueError as error:
        raise TransportError("the console did not answer in JSON") from error
    answer = content.get("registration") if isinstance(content, dict) else None
    if isinstance(answer, dict) and answer.get("success") is not False:
        return Answer(answer, content.get("configuration"))
    reason = content.get("response") if isinstance(content, dict) else None
    raise Rejected(f"the console refused: {str(reason)[:200]}")


def retry_after(value: str | None) -> float | None:
    """Return the seconds a Retry-After header asks for, in either of its forms."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = email.utils.parsedate_to_datetime(value)
        except (ValueError, TypeError):
            return None
        seconds = moment.timestamp() - time.time()
    return max(0.0, min(seconds, MAX_RETRY_AFTER)) if math.isfinite(seconds) else None


def describe(error: BaseException) -> str:
    """Return one line about an error."""
    return " ".join((str(error) or type(error).__name__).split())[:200]
