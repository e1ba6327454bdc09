"""TLS on a port of its own, in a thread of the web process: decrypts, and passes on the bytes.

A second web server with TLS would be a second Django process (90 MB), and a forwarder that adds
X-Forwarded-For would have to understand HTTP as exactly as the server behind it. This one does
not look at what it carries: each TLS connection has one of its own to the web server, and the
application asks here who is behind the address it sees. Nothing a client sends can change that.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import resource
import socket
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from core.tls.served import ServerContext
from thinx_console.edge.asgi import Application, Receive, Scope, Send, scheme_of

logger = logging.getLogger(__name__)

HANDSHAKE_SECONDS = 10.0
# Like the web server's own patience for a request's head.
FIRST_BYTE_SECONDS = 30.0
SHUTDOWN_SECONDS = 5.0
CHUNK = 64 * 1024
RETRY_SECONDS = 1.0
# Each takes three descriptors of the process; the plain port must never run out of them.
MOST_CONNECTIONS = 4_000

Address = tuple[str, int]


@dataclass
class TlsFront:
    """Listens with TLS on `bind`:`port` and carries to `upstream`, the plain port."""

    bind: str
    port: int
    upstream: Address
    context: ServerContext
    peers: dict[Address, Address] = field(default_factory=dict)
    listening: threading.Event = field(default_factory=threading.Event)
    open: int = 0

    def start(self, *chores: Callable[[], Awaitable[None]]) -> None:
        """Serve in a daemon thread, with chores beside; returns at once."""
        threading.Thread(
            target=lambda: asyncio.run(self.serve(*chores)), name="tls-front", daemon=True
        ).start()

    async def serve(self, *chores: Callable[[], Awaitable[None]]) -> None:
        """Listen for good; a port that is taken for the moment is asked for again."""
        running = [asyncio.ensure_future(chore()) for chore in chores]
        try:
            server = await self._listen()
            async with server:
                self.listening.set()
                await server.serve_forever()
        finally:
            for chore in running:
                chore.cancel()

    async def _listen(self) -> asyncio.Server:
        told = False
        while True:
            try:
                return await asyncio.start_server(
                    self._carry,
                    self.bind,
                    self.port,
                    ssl=self.context.context,
                    ssl_handshake_timeout=HANDSHAKE_SECONDS,
                    ssl_shutdown_timeout=SHUTDOWN_SECONDS,
                    backlog=1024,
                    limit=CHUNK,
                )
            except OSError as error:
                if not told:
                    logger.error("port %s with TLS cannot be had: %s", self.port, error.strerror)
                    told = True
                await asyncio.sleep(RETRY_SECONDS)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.open >= most_connections():
            writer.transport.abort()
            return
        self.open += 1
        # A client that lost its power does not say that it is gone.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        try:
            with contextlib.suppress(TimeoutError, OSError):
                async with asyncio.timeout(FIRST_BYTE_SECONDS):
                    first = await reader.read(CHUNK)
                if first:
                    await self._connected(first, reader, writer)
        finally:
            self.open -= 1
            writer.close()

    async def _connected(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer = writer.get_extra_info("peername")
        inner_reader, inner_writer = await asyncio.open_connection(*self.upstream, limit=CHUNK)
        name = plain_address(inner_writer.get_extra_info("sockname"))
        self.peers[name] = plain_address(peer)
        try:
            inner_writer.write(first)
            up = asyncio.ensure_future(copy(reader, inner_writer))
            try:
                # The web server has the last word. Until it has closed, a request of this client
                # may be waiting there, and must not be taken for one of this machine.
                await copy(inner_reader, writer, go_on=True)
            finally:
                up.cancel()
        finally:
            del self.peers[name]
            inner_writer.close()

    def wrap(self, inner: Application) -> Application:
        """Return the application that sees clients of this port as they are."""

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            client = scope.get("client")
            peer = self.peers.get(plain_address(client)) if client and self.peers else None
            if peer is not None:
                secure = scheme_of(scope["type"], is_secure=True)
                scope = {**scope, "client": list(peer), "scheme": secure}
            await inner(scope, receive, send)

        return application


async def copy(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, go_on: bool = False
) -> None:
    """Carry bytes one way until the end; with `go_on` read to the end though nobody listens."""
    is_gone = False
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            if is_gone:
                continue
            try:
                writer.write(data)
                await writer.drain()
            except OSError:
                is_gone = True
                if not go_on:
                    break
    with contextlib.suppress(OSError, RuntimeError):
        if writer.can_write_eof():
            writer.write_eof()


def plain_address(address: tuple[object, ...] | list[object]) -> Address:
    """Return host and port; an IPv4 address has one form, also on a socket for both."""
    host, port = str(address[0]), int(str(address[1]))
    with contextlib.suppress(ValueError):
        mapped = getattr(ipaddress.ip_address(host), "ipv4_mapped", None)
        host = str(mapped) if mapped is not None else host
    return host, port


def most_connections() -> int:
    """Return how many connections may be open, given the descriptors of this process."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if soft < 0 else max(16, min(MOST_CONNECTIONS, soft // 4))
