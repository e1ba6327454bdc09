"""Which organization is calling: the key in the header against the owner in the body."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from accounts.actor import Actor
from accounts.models import Organization
from audit.recorder import record
from audit.refusals import first_lately
from core.counting import count_on_commit
from core.logging import request_id
from devices.events import DeviceRefused
from devices.handover import owned_before
from gateway.protocol import values
from gateway.protocol.errors import (
    AUTHENTICATION_ERROR,
    INVALID_OWNER,
    NO_KEYS,
    WRONG_KEY,
    ProtocolError,
)
from keys.models import ApiKey
from keys.selectors import api_key_authenticate
from keys.services import key_digest
from keys.usage import api_key_presented, api_key_refused, api_key_used


@dataclass(frozen=True)
class Caller:
    """A device whose key is right. A firmware key speaks for one device only."""

    key: ApiKey
    organization: Organization
    address: str

    @property
    def actor(self) -> Actor:
        """Return who the audit log names."""
        return gateway_actor(self.address, credential=f"API key {self.key.prefix}")

    @property
    def key_prefix(self) -> str:
        """Return the start of the key, which pages show."""
        return self.key.prefix

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
    if key is None or not key.organization.is_active or not _opens(key, owner):
        raise ProtocolError(_refusal(owner, address, WRONG_KEY), 200)
    api_key_presented(key, presented=credential)
    return _known(Caller(key, key.organization, address))


def note_without_key(owner: str | None, *, address: str) -> None:
    """Audit a call without a key in the chain of the owner it names, once a minute an address."""
    if owner is not None:
        _refusal(owner, address, AUTHENTICATION_ERROR)


def caller_without_owner(presented: str, *, address: str) -> Caller | None:
    """Return who calls where the protocol sends no owner: the key alone says whose device it is."""
    credential = values.credential(presented)
    key = api_key_authenticate(credential, digest_accepted=True) if credential else None
    if key is None or not key.organization.is_active:
        digests = [key_digest(credential), credential] if credential else []
        api_key_refused(gateway_actor(address), digests=digests, reason=WRONG_KEY)
        return None
    return _known(Caller(key, key.organization, address))


def gateway_actor(address: str, *, credential: str = "") -> Actor:
    """Return who the audit log names for what a device does, or a stranger who plays one."""
    return replace(
        Actor.named_system("device gateway"),
        address=address,
        credential=credential,
        request_id=request_id.get(),
    )


def _known(caller: Caller) -> Caller:
    api_key_used(caller.actor, caller.key, address=caller.address)
    return caller


def _opens(key: ApiKey, owner: str) -> bool:
    """Tell whether a key is the owner's, or the one of a device that the owner gave away.

    A firmware key goes with its device, so who has it is the device, under whatever owner it
    still knows; its answer names the new one.
    """
    if key.organization.owner_id == owner:
        return True
    return key.device is not None and owned_before(key.device, owner)


def _refusal(owner: str, address: str, reason: str) -> str:
    """Say why, and leave one audit event a minute for each address."""
    organization = Organization.objects.filter(owner_id=owner).first()
    count_on_commit("keys_refused", organization)
    if organization is None or not ApiKey.objects.filter(organization=organization).exists():
        return NO_KEYS
    if first_lately("device", f"{organization.uid}", address):
        actor = gateway_actor(address)
        record(actor, DeviceRefused, None, organization=organization, reason=reason)
    return WRONG_KEY
