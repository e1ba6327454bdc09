"""amqtt's broker with this console's credentials, and without five of amqtt 0.12's habits.

amqtt names sessions by client id alone, before it knows who is there: a stranger could end, or
take over, another tenant's session. It publishes last wills unchecked, hands retained messages
of every filter to a returning session, reads packets of any size, and looks at every filter for
each message. Here a client is known by its principal and client id, and is recognized before any
session is touched.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from amqtt.adapters import ReaderAdapter, StreamReaderAdapter, WriterAdapter
from amqtt.broker import Broker, Server
from amqtt.contexts import Action, ListenerType
from amqtt.errors import AMQTTError, MQTTError, NoDataError
from amqtt.mqtt.protocol.broker_handler import BrokerProtocolHandler
from amqtt.session import Session
from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.utils import timezone

from core.grouping import Full, Grouped
from gateway.mqtt.access import Principal, SignIn, identify_all, refreshed
from gateway.mqtt.bridge.intake import Heard
from gateway.mqtt.outgoing import AcknowledgedWriter, Outgoing
from gateway.mqtt.plugins import ADDRESS, PRINCIPAL, SINCE, principal_of
from gateway.mqtt.subscriptions import SERVED, Subscriptions

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 10
RECHECK_SECONDS = 3
# Connections that the system keeps until the loop has a moment for them.
BACKLOG = 4096
LARGEST_PACKET = 1_048_576
RETAINED_MESSAGES = 50_000
REFUSED = 0x80
SESSION_EXPIRY_SECONDS = 86_400


def broker_config(bind: str, port: int) -> dict[str, Any]:
    """Return amqtt's configuration for one plain listener."""
    host = f"[{bind}]" if ":" in bind else bind
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}},
        "session_expiry_interval": SESSION_EXPIRY_SECONDS,
        "plugins": {
            "gateway.mqtt.plugins.KeyAuthPlugin": {},
            "gateway.mqtt.plugins.TopicAclPlugin": {},
        },
    }


class BoundedReader(StreamReaderAdapter):
    """Buffers no more than one packet may have; a bigger one is the end of its connection.

    An exception would not do: amqtt reads on after it, and takes the rest for packets.
    """

    ended = False

    async def read(self, n: int = -1) -> bytes:
        """Read n bytes, or nothing at all after too many were announced."""
        if n > LARGEST_PACKET:
            logger.info("ending a connection: a packet of %s bytes is past the limit", n)
            self.ended = True
        return b"" if self.ended else await super().read(n)


class CarriedWriter(AcknowledgedWriter):
    """Knows for whom another process carries the connection."""

    def __init__(self, writer: asyncio.StreamWriter, peer: tuple[str, int]) -> None:
        super().__init__(writer)
        self.peer = peer

    def get_peer_info(self) -> tuple[str, int]:
        """Return the client's address and port."""
        return self.peer


class ConsoleBroker(Broker):
    """The broker of `manage.py mqtt_broker`.

    `ear` hears every message that is let through, last wills included.
    """

    ear: Callable[[Heard], None] | None = None

    def __init__(self, config: dict[str, Any]) -> None:
        super().__init__(config)
        self._broadcast_queue: Outgoing = Outgoing()
        self._subscriptions: Subscriptions = Subscriptions()
        self._sign_ins: Grouped[SignIn, Principal | None] = Grouped(identify_all, name="sign-ins")

    async def shutdown(self) -> None:
        """End every connection, then what looks them up."""
        await super().shutdown()
        await asyncio.to_thread(self._sign_ins.close)

    async def _create_server_instance(
        self,
        listener_name: str,
        listener_type: ListenerType,
        address: str | None,
        port: int,
        ssl_context: ssl.SSLContext | None,
    ) -> asyncio.Server:
        """Listen with room for a fleet that comes back at once, which amqtt leaves out."""
        return await asyncio.start_server(
            partial(self.stream_connected, listener_name=listener_name),
            address,
            port,
            reuse_address=True,
            backlog=BACKLOG,
        )

    def say(self, topic: str, payload: bytes) -> None:
        """Publish once, with QoS 0 and never retained; may be called from any thread."""
        self._broadcast_queue.announce(topic)
        said = {"session": None, "topic": topic, "data": payload, "qos": 0}
        self._loop.call_soon_threadsafe(self._broadcast_queue.put_nowait, said)

    def connected_devices(self) -> set[str]:
        """Return the udids of the devices that are connected now."""
        principals = {
            principal_of(session)
            for session, _ in list(self._sessions.values())
            if session.transitions.state == "connected"
        }
        return {one.udid for one in principals if one is not None and one.udid}

    def listens_since(self, topic: str) -> datetime | None:
        """Return when the connection began that is subscribed to the topic, by its name."""
        begun = [session.attributes[SINCE] for session in self._subscribed(topic)]
        return max(begun, default=None)

    def is_on_its_way(self, topic: str) -> bool:
        """Tell whether what was said on the topic waits here, or is not acknowledged by TCP."""
        if self._broadcast_queue.holds(topic):
            return True
        sessions = [self._sessions.get(one.client_id or "") for one in self._subscribed(topic)]
        writers = [found[1].writer for found in sessions if found is not None]
        return not all(one.is_acknowledged() for one in writers if one is not None)

    def _subscribed(self, topic: str) -> list[Session]:
        """Return the connected sessions of the topic's device; without one, whoever else's."""
        subscribed = [session for session, _ in list(self._subscriptions.get(topic, ()))]
        here = [one for one in subscribed if one.transitions.state == "connected"]
        principals = [(one, principal_of(one)) for one in here]
        devices = [one for one, who in principals if who is not None and who.udid]
        return devices or here

    async def _run_broadcast(self, running_tasks: deque[asyncio.Task[Any]]) -> None:
        said = await self._broadcast_queue.get()
        try:
            for session, granted in self._subscriptions.matching(said["topic"], self._matches):
                await self._deliver(said, session, said.get("qos", granted), running_tasks)
            await asyncio.sleep(0)  # those that write it begin now
        finally:
            self._broadcast_queue.passed_on()

    async def _deliver(
        self,
        said: dict[str, Any],
        session: Session,
        qos: int,
        running_tasks: deque[asyncio.Task[Any]],
    ) -> None:
        """Pass a message to one subscriber; who is away may get it later (MQTT-3.1.2-5)."""
        if not await self._topic_filtering(session, said["topic"], Action.RECEIVE):
            return
        if session.transitions.state == "connected":
            handler = self._get_handler(session)
            if handler is not None:
                sending = handler.mqtt_publish(said["topic"], said["data"], qos, retain=False)
                running_tasks.append(asyncio.ensure_future(sending))
        elif qos and not session.clean_session and not session.is_anonymous:
            await self._retain_broadcast_message(said, qos, session)

    async def add_subscription(self, subscription: tuple[str, int], session: Session) -> int:
        """Subscribe a client; returns the QoS granted, or 0x80 for a refusal."""
        granted = await super().add_subscription(subscription, session)
        if granted != REFUSED:
            self._subscriptions.note(session, subscription[0])
        return granted

    def _del_subscription(self, a_filter: str, session: Session) -> int:
        deleted = super()._del_subscription(a_filter, session)
        self._subscriptions.forget(session, a_filter)
        return deleted

    async def _del_all_subscriptions(self, session: Session) -> None:
        for topic_filter in self._subscriptions.held_by(session):
            self._del_subscription(topic_filter, session)

    async def _broadcast_message(
        self,
        session: Session | None,
        topic: str | None,
        data: bytes | bytearray | None,
        force_qos: int | None = None,
    ) -> None:
        principal = principal_of(session)
        if self.ear is not None and session is not None and principal is not None and topic:
            address = session.attributes.get(ADDRESS, "")
            self.ear(
                Heard(
                    topic,
                    bytes(data or b""),
                    timezone.now(),
                    key_id=principal.key_id,
                    address=address,
                    since=session.attributes.get(SINCE),
                )
            )
        await super()._broadcast_message(session, topic, data, force_qos)

    def add_listener(self, server: Server) -> None:
        """Take over a listener whose connections come to `stream_connected`."""
        self._servers[server.listener_name] = server
        self.listeners_config[server.listener_name] = self.listeners_config["default"]

    async def stream_connected(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        listener_name: str,
        peer: tuple[str, int] | None = None,
    ) -> None:
        """Serve one connection, carried for `peer`; its faults end it and nothing else."""
        out = AcknowledgedWriter(writer) if peer is None else CarriedWriter(writer, peer)
        try:
            await self._client_connected(listener_name, BoundedReader(reader), out)
        except (MQTTError, ConnectionError, asyncio.IncompleteReadError, UnicodeError) as error:
            logger.info("connection ended: %s", error)
        finally:
            writer.close()

    async def _initialize_client_session(
        self,
        reader: ReaderAdapter,
        writer: WriterAdapter,
        remote_address: str,
        remote_port: int,
    ) -> tuple[BrokerProtocolHandler, Session]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                handler, session = await BrokerProtocolHandler.init_from_connect(
                    reader, writer, self.plugins_manager
                )
        except (MQTTError, NoDataError, TimeoutError, ValueError) as error:
            await writer.close()
            raise AMQTTError(f"no usable CONNECT from {remote_address}: {error}") from error
        presented = SignIn(session.username or "", session.password or "", remote_address)
        try:
            principal = await self._sign_ins.submit(presented)
        except (Full, DatabaseError) as error:
            session.password = None
            await writer.close()
            raise AMQTTError(f"{remote_address} could not be looked up: {error}") from error
        if principal is None or not _will_allowed(principal, session):
            session.password = None
            await _refuse(handler, session, reader, writer)
            raise AMQTTError(f"{remote_address} presented no valid key for its username")
        session.password = None
        session.attributes[PRINCIPAL] = principal
        session.attributes[ADDRESS] = remote_address
        session.attributes[SINCE] = timezone.now()
        session.client_id = f"{principal.name}/{session.client_id}"
        continued = await self._take_over(session)
        SERVED.set(continued)
        return handler, continued

    async def _take_over(self, session: Session) -> Session:
        """Continue the client's earlier session, or end it when a clean one is asked for."""
        client_id = session.client_id or ""
        if session.clean_session:
            await self._cleanup_session(client_id)
            session.parent = 0
            return session
        earlier, _ = self._sessions.get(client_id, (None, None))
        if earlier is None:
            return session
        for name in ("will_flag", "will_message", "will_topic", "will_qos", "will_retain"):
            setattr(earlier, name, getattr(session, name))
        earlier.keep_alive = session.keep_alive
        earlier.username = session.username
        earlier.attributes = session.attributes
        earlier.parent = 1
        return earlier

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: Session
    ) -> None:
        subscribers = self._subscriptions.get(subscription[0], [])
        if any(one.client_id == session.client_id for one, _ in subscribers):
            await super()._publish_retained_messages_for_subscription(subscription, session)

    async def retain_message(
        self,
        source_session: Session | None,
        topic_name: str | None,
        data: bytes | bytearray | None,
        qos: int | None = None,
    ) -> None:
        """Keep a message for later subscribers, as long as there is room for its topic."""
        known = topic_name in self._retained_messages
        if data and not known and len(self._retained_messages) >= RETAINED_MESSAGES:
            logger.warning("no room to retain a message on %s", topic_name)
            return
        await super().retain_message(source_session, topic_name, data, qos)

    async def watch_access(self) -> None:
        """End the connections whose key was revoked or whose device went away, in seconds."""
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            try:
                await self.end_invalid()
            except Exception:
                # The database may be away for a while; connections stay as they are until then.
                logger.exception("connected keys could not be checked")

    async def end_invalid(self) -> None:
        """Check every session's principal once: end those not valid any more, renew the others."""
        holders = {
            client_id: (session, principal)
            for client_id, (session, _) in self._sessions.items()
            if (principal := principal_of(session)) is not None
        }
        if not holders:
            return
        asked = {principal for _, principal in holders.values()}
        valid = await sync_to_async(refreshed)(asked)
        for client_id, (session, principal) in holders.items():
            if principal not in valid:
                logger.info("ending the session of %s: its key is not valid any more", client_id)
                await self._cleanup_session(client_id)
            elif principal_of(session) == principal:
                # Subscriptions stay: each message asks again before it is delivered.
                session.attributes[PRINCIPAL] = valid[principal]
                session.will_flag = session.will_flag and _will_allowed(valid[principal], session)


def _will_allowed(principal: Principal, session: Session) -> bool:
    return not session.will_flag or principal.allows(session.will_topic or "")


async def _refuse(
    handler: BrokerProtocolHandler, session: Session, reader: ReaderAdapter, writer: WriterAdapter
) -> None:
    handler.attach(session, reader, writer)
    with contextlib.suppress(ConnectionError, AMQTTError, MQTTError):
        await handler.mqtt_connack_authorize(False)  # noqa: FBT003  amqtt's signature
        await writer.close()
