"""Which organization is calling: the key in the header against the owner in the body."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass, replace
from typing import Any

from django.core.cache import cache

from accounts.actor import Actor
from accounts.models import Organization
from audit.recorder import record
from devices.events import DeviceRefused
from gateway.protocol import values
from gateway.protocol.errors import INVALID_OWNER, NO_KEYS, WRONG_KEY, ProtocolError
from keys.models import ApiKey
from keys.selectors import api_key_authenticate
from keys.services import api_key_used

logger = logging.getLogger(__name__)

AUDIT_PAUSE = 60


@dataclass(frozen=True)
class Caller:
    """A device whose key is right. A firmware key speaks for one device only."""

    key: ApiKey
    organization: Organization
    address: str

    @property
    def actor(self) -> Actor:
        """Return who the audit log names."""
        return replace(Actor.named_system("device gateway"), address=self.address)

    def udid(self, sent: uuid.UUID | None) -> uuid.UUID | None:
        """Return the udid to look for. Raises `ProtocolError` for another device's."""
        bound = self.key.device
        if bound is None:
            return sent
        if sent not in (None, bound.uid):
            raise ProtocolError(WRONG_KEY, 200)
        return bound.uid


def caller_of(presented: str, *, owner: str | None, owner_sent: str, address: str) -> Caller:
    """Return who calls. Raises `ProtocolError` with the word of refusal; always status 200.

    What cannot be an owner or a key costs no query.
    """
    if owner is None:
        raise ProtocolError(f"{INVALID_OWNER}{owner_sent}", 200)
    credential = values.credential(presented)
    if credential is None:
        raise ProtocolError(WRONG_KEY, 200)
    key = api_key_authenticate(credential, digest_accepted=True)
    if key is None or key.organization.owner_id != owner or not key.organization.is_active:
        raise ProtocolError(_refusal(owner, address), 200)
    api_key_used(key, address=address)
    return Caller(key, key.organization, address)


def caller_without_owner(presented: str, *, address: str) -> Caller | None:
    """Return who calls where the protocol sends no owner: the key alone says whose device it is."""
    credential = values.credential(presented)
    key = api_key_authenticate(credential, digest_accepted=True) if credential else None
    if key is None or not key.organization.is_active:
        return None
    return Caller(key, key.organization, address)


def _refusal(owner: str, address: str) -> str:
    """Say why, and leave one audit event a minute for each address."""
    organization = Organization.objects.filter(owner_id=owner).first()
    if organization is None or not ApiKey.objects.filter(organization=organization).exists():
        return NO_KEYS
    if _first_lately(organization, address):
        actor = replace(Actor.named_system("device gateway"), address=address)
        record(actor, DeviceRefused, None, organization=organization, reason=WRONG_KEY)
    return WRONG_KEY


def _first_lately(organization: Any, address: str) -> bool:
    try:
        return bool(cache.add(f"gateway:refused:{organization.uid}:{address}", 1, AUDIT_PAUSE))
    except OSError as error:
        logger.warning("cache away, refusals are not audited: %s", error)
        return False
