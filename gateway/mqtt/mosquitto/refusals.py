"""Who was refused by Mosquitto, from its own words: it tells them on a topic of its own.

When it refuses, it names neither name nor address. The address is that of the one connection which
is open and has not signed in; with several of them from different places it stays unknown.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections import OrderedDict
from typing import Any

import paho.mqtt.client as mqtt
from django.db import connections

from core.connections import refresh_connections
from gateway.mqtt.access import note_refusal
from gateway.mqtt.service import SERVICE_USER, service_password

logger = logging.getLogger(__name__)

WORDS = "$SYS/broker/log/N"
_OPENED = re.compile(r"New connection from (?P<peer>\S+:\d+) on port")
_SIGNED_IN = re.compile(r"New client connected from (?P<peer>\S+:\d+) as ")
REFUSED = "Client <unknown> disconnected, not authorised."
# A connection that says nothing is forgotten: nothing tells when it ends.
SIGN_IN_SECONDS, MOST_OPEN = 30.0, 10_000


class Refusals:
    """Audits refused connections: one event a minute for each address."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, float] = OrderedDict()
        self._own: OrderedDict[str, None] = OrderedDict()

    def is_ours(self, peer: str) -> None:
        """Remember a connection of the console itself, by its end: its refusals are not news."""
        self._own[peer] = None
        if len(self._own) > MOST_OPEN:
            self._own.popitem(last=False)

    def heard(self, line: str) -> None:
        """Take one line of Mosquitto's log."""
        now = time.monotonic()
        if opened := _OPENED.search(line):
            self._open[opened["peer"]] = now
            while len(self._open) > MOST_OPEN:
                self._open.popitem(last=False)
        elif signed_in := _SIGNED_IN.search(line):
            self._open.pop(signed_in["peer"], None)
        elif REFUSED in line:
            for peer, since in list(self._open.items()):
                if now - since > SIGN_IN_SECONDS:
                    del self._open[peer]
            self._refused()

    def _refused(self) -> None:
        ours = next((peer for peer in self._open if peer in self._own), None)
        if ours is not None:
            del self._open[ours]
            return
        addresses = {peer.rpartition(":")[0] for peer in self._open}
        if self._open:
            self._open.popitem(last=False)
        refresh_connections()
        note_refusal("", addresses.pop() if len(addresses) == 1 else "")


@contextlib.contextmanager
def listening(refusals: Refusals, address: tuple[str, int]) -> Any:
    """Listen to Mosquitto's words as the console, for as long as the block lasts."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    client.username_pw_set(SERVICE_USER, service_password())
    client.reconnect_delay_set(1, 10)
    client.on_socket_open = lambda client, data, sock: refusals.is_ours(end_of(sock))
    client.on_connect = lambda client, *_: client.subscribe(WORDS)
    client.on_message = lambda client, data, message: _safely(refusals, message.payload)
    client.connect_async(*address)
    client.loop_start()
    try:
        yield
    finally:
        client.disconnect()
        client.loop_stop()


def end_of(sock: Any) -> str:
    """Return how Mosquitto names this end of a connection."""
    host, port = sock.getsockname()[:2]
    return f"{host}:{port}"


def _safely(refusals: Refusals, payload: bytes | bytearray) -> None:
    try:
        refusals.heard(payload.decode(errors="replace"))
    except Exception:  # the database may be away; the next line may do better
        logger.exception("a refusal could not be audited")
    finally:
        connections.close_all()  # of this thread, which needs one seldom
