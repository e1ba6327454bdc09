"""The bridge as a client of another broker: connects, listens to everything, and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiomqtt
from django.utils import timezone

from gateway.mqtt.bridge.intake import Heard
from gateway.mqtt.bridge.running import Bridge
from gateway.mqtt.service import SERVICE_USER, service_password

logger = logging.getLogger(__name__)

EVERYTHING = "/#"
KEEPALIVE_SECONDS = 30
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
MOST_UNSENT = 10_000


@dataclass(frozen=True)
class Endpoint:
    """Where a broker listens, and who the console is there."""

    host: str
    port: int
    username: str
    password: str
    tls: ssl.SSLContext | None = None

    @classmethod
    def of(cls, url: str) -> Endpoint:
        """Read `mqtt[s]://[user:password@]host[:port]`; without a user the console is its own."""
        parts = urlsplit(url)
        is_tls = parts.scheme == "mqtts"
        return cls(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or (8883 if is_tls else 1883),
            username=unquote(parts.username or "") or SERVICE_USER,
            password=unquote(parts.password or "") or service_password(),
            tls=ssl.create_default_context() if is_tls else None,
        )

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class Link:
    """One connection that is always made again. `hear` gets what comes; `say` publishes.

    Nothing is kept for a broker that is away: what is said then is lost, and told so.
    """

    def __init__(self, endpoint: Endpoint, hear: Callable[[Heard], None]) -> None:
        self.endpoint = endpoint
        self.hear = hear
        self.client_id = f"THiNX-API-{secrets.token_hex(4)}"
        self.is_up = False
        self._loop = asyncio.get_running_loop()
        self._unsent: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(MOST_UNSENT)

    def say(self, topic: str, payload: bytes) -> None:
        """Publish once, with QoS 0 and never retained; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._queue, topic, payload)

    async def run(self) -> None:
        """Stay connected until cancelled, with longer pauses while it does not work."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._connected()
            except (aiomqtt.MqttError, OSError) as error:
                logger.warning("no connection to the MQTT broker %s: %s", self.endpoint, error)
            if self.is_up:
                self.is_up, pause = False, FIRST_PAUSE
            await asyncio.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311  spreads the load
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _connected(self) -> None:
        endpoint = self.endpoint
        async with aiomqtt.Client(
            endpoint.host,
            endpoint.port,
            username=endpoint.username,
            password=endpoint.password,
            identifier=self.client_id,
            protocol=aiomqtt.ProtocolVersion.V311,
            keepalive=KEEPALIVE_SECONDS,
            tls_context=endpoint.tls,
            timeout=10,
        ) as client:
            await client.subscribe(EVERYTHING, qos=1)
            logger.info("connected to the MQTT broker %s", endpoint)
            self.is_up = True
            sender = asyncio.create_task(self._send(client))
            try:
                async for message in client.messages:
                    self.hear(_heard(message))
            finally:
                sender.cancel()
                with contextlib.suppress(asyncio.CancelledError, aiomqtt.MqttError):
                    await sender

    async def _send(self, client: aiomqtt.Client) -> None:
        while True:
            topic, payload = await self._unsent.get()
            await client.publish(topic, payload, qos=0, retain=False)

    def _queue(self, topic: str, payload: bytes) -> None:
        if not self.is_up or self._unsent.full():
            logger.warning("the MQTT broker is away: a message on %s is lost", topic)
            return
        self._unsent.put_nowait((topic, payload))


def _heard(message: aiomqtt.Message) -> Heard:
    payload = message.payload if isinstance(message.payload, bytes) else b""
    return Heard(f"{message.topic}", payload, timezone.now(), retained=message.retain)


@contextlib.asynccontextmanager
async def bridged(url: str) -> AsyncIterator[Link]:
    """Have a broker bridged for as long as the block lasts."""
    bridge = Bridge(lambda topic, payload: link.say(topic, payload), lambda: link.is_up)
    link = Link(Endpoint.of(url), bridge.hear)
    bridge.start()
    running = asyncio.create_task(link.run())
    try:
        yield link
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await asyncio.to_thread(bridge.close)
