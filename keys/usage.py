"""Who presented which key from where: last use, new addresses, refusals. The hot path of a call."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.recorder import record
from audit.refusals import first_lately
from core.counting import count_on_commit
from core.memory import Recent
from keys import events
from keys.models import ApiKey, ApiKeyAddress
from keys.services import key_digest, mosquitto_digest

# A key that a whole fleet shares is used from everywhere; past this, a new address says nothing.
MOST_ADDRESSES = 200
# (key, address) pairs that this process knows to be in the table, and keys past the limit.
_known: Recent[tuple[UUID, str]] = Recent(50_000)
_everywhere: Recent[UUID] = Recent(10_000)


def api_key_used(actor: Any, key: ApiKey, *, address: str) -> None:
    """Note the use of a key, at most once a minute so that check-ins stay cheap.

    Audits the first use from each address, whoever the actor is that the key makes. Who does not
    know the address leaves the one that is known.
    """
    now, address = timezone.now(), address[:64]
    stale = key.last_used_at is None or (now - key.last_used_at).total_seconds() > 60
    if stale or (address and key.last_used_address != address):
        where = {"last_used_address": address} if address else {}
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now, **where)
    if address and (key.uid, address) not in _known and key.uid not in _everywhere:
        _remember(actor, key, address)


def api_key_presented(key: ApiKey, *, presented: str) -> None:
    """Keep what Mosquitto checks a key by, for keys that were made before it was kept.

    Only the text of the key will do; devices may also present its digest. Of a key that came
    with its device from another owner, the text is kept too: firmware built here carries it.
    """
    is_kept = key.mqtt_digest and (key.device is None or key.sealed_key)
    if is_kept or key_digest(presented) != key.digest:
        return
    if not key.mqtt_digest:
        key.mqtt_digest = mosquitto_digest(presented)
        ApiKey.objects.filter(pk=key.pk, mqtt_digest="").update(mqtt_digest=key.mqtt_digest)
    if key.device is not None and not key.sealed_key:
        key.sealed_key = presented
        key.save(update_fields=["sealed_key"])


def api_key_refused(actor: Any, *, digests: list[str], reason: str) -> None:
    """Audit a key that opens nothing, once a minute for each address: in the chain of its
    organization when the key is one that was revoked, expired or is of another kind."""
    count_on_commit("keys_refused", None)
    if not first_lately("apikey", actor.address):
        return
    key = ApiKey.objects.filter(digest__in=digests).select_related("organization").first()
    record(
        actor,
        events.ApiKeyRefused,
        key,
        organization=key.organization if key is not None else None,
        reason=reason if key is None else f"{reason}, {key.state}",
    )


@transaction.atomic
def _remember(actor: Any, key: ApiKey, address: str) -> None:
    addresses = ApiKeyAddress.objects.filter(key=key)
    if not addresses.filter(address=address).exists():
        seen = addresses.count()
        if seen >= MOST_ADDRESSES:
            _everywhere.add(key.uid)
            return
        made = ApiKeyAddress.objects.bulk_create(
            [ApiKeyAddress(key=key, address=address)], ignore_conflicts=True
        )
        if made:
            record(
                actor,
                events.ApiKeyUsedFromNewAddress,
                key,
                organization=key.organization,
                first=seen == 0,
            )
    _known.add((key.uid, address))
