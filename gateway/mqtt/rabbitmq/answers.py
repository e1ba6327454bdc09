"""What RabbitMQ asks of each connection: who is it, and may it do this.

Its questions after the first name no key, so the first answer gives the connection a tag that
does: a later question finds the key by it, as it is then. A key that is revoked is refused at
the next thing it does. Topics come as routing keys, with dots for slashes and stars for pluses.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from gateway.callers import gateway_actor
from gateway.models import MqttClient
from gateway.mqtt.access import (
    SERVICE,
    Principal,
    covers,
    identify,
    live_keys,
    note_refusal,
    principal_of_key,
)
from gateway.mqtt.service import SERVICE_USER
from keys.models import ApiKey
from keys.usage import api_key_used

ALLOW, DENY = "allow", "deny"
VHOST, EXCHANGE = "/", "amq.topic"
SERVICE_TAG, ADMINISTRATOR = "console", "administrator"
LONGEST_CLIENT_ID = 255
_KEY_TAG = re.compile(r"key-([0-9]{1,18})\Z")
_QUEUE = re.compile(r"mqtt-(?:subscription|will)-(?P<client_id>.*)qos[01]\Z", re.DOTALL)

Asked = Mapping[str, str]


def user(asked: Asked) -> str:
    """Tell whether this name and password are right; the tags say which key it was.

    Devices come by MQTT, which tells their client id. Without one it is the management API or
    another protocol, and those are for the console alone.
    """
    username, client_id = asked.get("username", ""), asked.get("client_id")
    if client_id is None and username != SERVICE_USER:
        return DENY
    principal = identify(username, asked.get("password", ""))
    if principal is None:
        return DENY
    if principal.is_service:
        return f"{ALLOW} {ADMINISTRATOR if client_id is None else SERVICE_TAG}"
    return f"{ALLOW} key-{principal.key_id}"


def vhost(asked: Asked) -> str:
    """Tell whether it may connect: its client id must be free, or its own from before."""
    known = _known(asked)
    if known is None or asked.get("vhost") != VHOST:
        return DENY
    key, principal = known
    if key is None:
        return ALLOW
    address, client_id = asked.get("ip", ""), asked.get("client_id", "")
    if not _takes(client_id, principal, asked.get("username", "")):
        note_refusal(asked.get("username", ""), address)
        return DENY
    actor = gateway_actor(address, credential=f"API key {key.prefix}")
    api_key_used(actor, key, address=address)
    return ALLOW


def resource(asked: Asked) -> str:
    """Tell whether it may use an exchange or a queue: that of all topics, and its own queues."""
    known = _known(asked)
    if known is None or asked.get("vhost") != VHOST:
        return DENY
    if known[1].is_service:
        return ALLOW
    name, client_id = asked.get("name", ""), asked.get("client_id")
    if asked.get("resource") == "queue":
        queue = _QUEUE.match(name)
        return _said(queue is not None and queue["client_id"] == client_id)
    is_topics = asked.get("resource") == "exchange" and name == EXCHANGE
    return _said(is_topics and asked.get("permission") in {"read", "write"})


def topic(asked: Asked) -> str:
    """Tell whether it may publish to, or subscribe to, a topic or a filter of topics."""
    known = _known(asked)
    if known is None or asked.get("vhost") != VHOST or asked.get("name") != EXCHANGE:
        return DENY
    return _said(allows_routing_key(known[1], asked.get("routing_key", "")))


def allows_routing_key(principal: Principal, routing_key: str) -> bool:
    """Tell whether a topic is allowed by what RabbitMQ made of it: a dot may have been a slash."""
    asked = routing_key.replace(".", "/").replace("*", "+")
    return any(covers(mine.replace(".", "/"), asked) for mine in principal.filters())


def _said(is_allowed: bool) -> str:  # noqa: FBT001
    return ALLOW if is_allowed else DENY


def _known(asked: Asked) -> tuple[ApiKey | None, Principal] | None:
    """Return the key that the connection's tag names and who it makes them, as of now."""
    username, tags = asked.get("username", ""), asked.get("tags", "").split()
    if username == SERVICE_USER:
        return (None, SERVICE) if {SERVICE_TAG, ADMINISTRATOR} & set(tags) else None
    tag = next(filter(None, map(_KEY_TAG.match, tags)), None)
    if tag is None:
        return None
    keys = live_keys().select_related("organization", "device")
    key = keys.filter(pk=int(tag[1])).first()
    principal = principal_of_key(key, username) if key is not None else None
    return (key, principal) if principal is not None else None


def _takes(client_id: str, principal: Principal, username: str) -> bool:
    """Have the client id be this one's; False when it is somebody else's."""
    if not 0 < len(client_id) <= LONGEST_CLIENT_ID or not client_id.isprintable():
        return False
    now = timezone.now()
    owned = {
        "owner_id": principal.owner_id,
        "udid": uuid.UUID(principal.udid) if principal.udid else None,
    }
    said: dict[str, Any] = {
        "key_id": principal.key_id,
        "username": username,
        "connected_at": now,
        "seen_at": now,
    }
    said["meshes"] = " ".join(sorted(principal.meshes))
    rows = MqttClient.objects.filter(client_id=client_id)
    mine = rows.filter(**owned).first()
    if mine is not None and not principal.meshes.issuperset(mine.meshes.split()):
        return False  # until the guard has ended the session that still hears the old mesh
    if mine is not None:
        return bool(rows.filter(pk=mine.pk, meshes=mine.meshes).update(**said))
    try:
        with transaction.atomic():
            MqttClient.objects.create(client_id=client_id, **owned, **said)
    except IntegrityError:
        return False  # two came at once; the one that was later comes again
    return True
