"""A registration that comes over MQTT, answered by the same services as one over HTTP."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass

from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import Organization
from gateway.callers import Caller, gateway_actor
from gateway.configuring import After
from gateway.mqtt.bridge.intake import Heard
from gateway.protocol import answers
from gateway.protocol.errors import INVALID_OWNER, ProtocolError
from gateway.protocol.requests import Registration
from gateway.protocol.topics import Address
from gateway.services import check_in
from keys.models import ApiKey

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TopicCaller(Caller):
    """Whoever may publish on the status topic of a udid: that device, or the owner of all.

    The broker has proved it, so the udid of the topic counts, whatever the body says. Another
    broker than the console's own does not pass on with which key; then none is named.
    """

    key: ApiKey | None  # type: ignore[assignment]
    topic_udid: uuid.UUID

    @property
    def actor(self) -> Actor:
        """Return who the audit log names."""
        named = f"API key {self.key.prefix}" if self.key is not None else "MQTT topic"
        return gateway_actor(self.address, credential=named)

    @property
    def key_prefix(self) -> str:
        """Return the start of the key, where it is known."""
        return self.key.prefix if self.key is not None else ""

    def udid(self, sent: uuid.UUID | None) -> uuid.UUID | None:
        """Return the udid of the topic."""
        return self.topic_udid


def register(
    heard: Heard, address: Address, registration: Registration, after: After
) -> bytes | None:
    """Register or check in the device of a topic; return the answer, or None for a stranger.

    `after` gets what is to be done once the answer is said.
    """
    caller = _caller(heard, address)
    if caller is None:
        return None
    try:
        if registration.owner_sent and registration.owner != address.owner:
            raise ProtocolError(f"{INVALID_OWNER}{registration.owner_sent}")
        return check_in(caller, registration, after)
    except ProtocolError as error:
        return answers.refused(error.response)
    except DatabaseError:
        logger.exception("a registration on %s could not be stored", address.topic)
        return answers.update_failed()


def _caller(heard: Heard, address: Address) -> TopicCaller | None:
    owned = Organization.objects.filter(owner_id=address.owner, is_active=True).first()
    if owned is None:
        return None
    if heard.key_id is None:
        return TopicCaller(None, owned, heard.address, address.udid)
    live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    key = ApiKey.objects.filter(live, pk=heard.key_id, organization=owned, revoked_at=None).first()
    return TopicCaller(key, owned, heard.address, address.udid) if key is not None else None
