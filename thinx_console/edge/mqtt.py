"""MQTT over WebSocket at `/mqtt`: carries the bytes to the broker's private socket.

The broker asks for the key and keeps the topics, as on its own ports. It is told the client's
address by a PROXY line, which only this machine's processes can write.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path

from django.conf import settings

from gateway.mqtt.proxy import proxy_line
from thinx_console.edge.asgi import Application, Receive, Scope, Send

logger = logging.getLogger(__name__)

PATHS = ("/mqtt", "/mqtt/")
# MQTT 3.1.1 says `mqtt`; clients of the version before said this.
SUBPROTOCOLS = ("mqtt", "mqttv3.1")
CHUNK = 64 * 1024
# The broker ends a connection for a packet of a megabyte.
LARGEST_MESSAGE = 1_100_000
WRONG_DATA, TOO_BIG, NO_BROKER = 1003, 1009, 1013


class MqttOverWebSocket:
    """The ASGI application of `/mqtt`. Its client's Origin says nothing: no cookie counts here."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        offered = scope.get("subprotocols") or []
        chosen = next((name for name in SUBPROTOCOLS if name in offered), None)
        if (await receive())["type"] != "websocket.connect":
            return
        if chosen is None:
            await send({"type": "websocket.close", "code": WRONG_DATA})
            return
        try:
            reader, writer = await asyncio.open_unix_connection(str(self.socket), limit=CHUNK)
        except OSError as error:
            logger.warning("the MQTT broker cannot be reached: %s", error.strerror)
            await send({"type": "websocket.close", "code": NO_BROKER})
            return
        client = scope.get("client") or ("", 0)
        writer.write(proxy_line(client[0], client[1]))
        await send({"type": "websocket.accept", "subprotocol": chosen})
        await _carry(reader, writer, receive, send)


def with_mqtt(inner: Application) -> Application:
    """Return the application with `/mqtt` in front of its other WebSockets."""
    carrier = MqttOverWebSocket(settings.MQTT_SOCKET)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await (carrier if scope["path"] in PATHS else inner)(scope, receive, send)

    return application


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, receive: Receive, send: Send
) -> None:
    """Carry both ways until one side ends; then end the other."""
    up = asyncio.ensure_future(_up(receive, writer))
    down = asyncio.ensure_future(_down(reader, send))
    try:
        done, _ = await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        code = up.result() if up in done else 1000
    finally:
        for task in (up, down):
            task.cancel()
        writer.close()
    if code is not None:
        with contextlib.suppress(Exception):  # the client may be gone by now
            await send({"type": "websocket.close", "code": code})


async def _up(receive: Receive, writer: asyncio.StreamWriter) -> int | None:
    """Return the code to close with, or None when the client closed."""
    with contextlib.suppress(OSError):
        while (message := await receive())["type"] == "websocket.receive":
            data = message.get("bytes")
            if data is None:
                return WRONG_DATA
            if len(data) > LARGEST_MESSAGE:
                return TOO_BIG
            writer.write(data)
            await writer.drain()
        return None
    return 1000


async def _down(reader: asyncio.StreamReader, send: Send) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(CHUNK):
            await send({"type": "websocket.send", "bytes": data})
