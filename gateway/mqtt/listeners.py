"""The broker's other doors: TLS, and the private socket that WebSocket clients are carried to."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from pathlib import Path

from amqtt.broker import Server

from core.tls.served import ServerContext
from gateway.mqtt.broker import BACKLOG, CONNECT_SECONDS, ConsoleBroker
from gateway.mqtt.proxy import read_proxy_line

FOLLOW_SECONDS = 60
SHUTDOWN_SECONDS = 5


async def listen_tls(broker: ConsoleBroker, bind: str, port: int, served: ServerContext) -> None:
    """Serve MQTT with TLS; the broker ends it when it shuts down."""
    name = "tls"
    server = await asyncio.start_server(
        partial(broker.stream_connected, listener_name=name),
        bind,
        port,
        ssl=served.context,
        ssl_handshake_timeout=CONNECT_SECONDS,
        ssl_shutdown_timeout=SHUTDOWN_SECONDS,
        backlog=BACKLOG,
    )
    broker.add_listener(Server(name, server))


async def follow_certificate(served: ServerContext) -> None:
    """Use a renewed certificate for new connections, within a minute."""
    while True:
        await asyncio.sleep(FOLLOW_SECONDS)
        served.follow()


async def listen_carried(broker: ConsoleBroker, path: Path) -> None:
    """Serve connections that the web process carries; each begins with a PROXY line."""
    name = "carried"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    server = await asyncio.start_unix_server(
        partial(_carried, broker, name), path=str(path), backlog=BACKLOG
    )
    path.chmod(0o600)
    broker.add_listener(Server(name, server))


async def _carried(
    broker: ConsoleBroker,
    name: str,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    peer = None
    with contextlib.suppress(TimeoutError, OSError):
        async with asyncio.timeout(CONNECT_SECONDS):
            peer = await read_proxy_line(reader)
    if peer is None:
        writer.close()
        return
    await broker.stream_connected(reader, writer, name, peer)
