"""The only writer of audit events, and the check of their chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from audit.events import EventType
from audit.models import AuditEvent, AuditHead

CHAINED = (
    "uid",
    "seq",
    "verb",
    "actor",
    "actor_uid",
    "address",
    "request_id",
    "target_type",
    "target_uid",
    "target_label",
)
SECRET_WORDS = ("password", "secret", "token", "private", "passphrase")


@transaction.atomic
def record(
    actor: Any,
    event: type[EventType],
    target: models.Model | None,
    *,
    organization: models.Model | None,
    **data: Any,
) -> AuditEvent:
    """Append one event to the chain of its organization, in the caller's transaction.

    `data` is JSON and never holds a secret: a name that sounds like one is refused.
    """
    for name in data:
        if any(word in name for word in SECRET_WORDS):
            raise ValueError(f"audit data must not carry {name!r}")
    head = _locked_head(organization)
    row = AuditEvent(
        organization=organization,
        seq=head.seq + 1,
        at=timezone.now(),
        verb=event.slug,
        actor=actor.label[:200],
        actor_uid=getattr(actor.user, "uid", None),
        address=actor.address,
        request_id=actor.request_id,
        target_type=target._meta.label_lower if target is not None else "",
        target_uid=getattr(target, "uid", None),
        target_label=f"{target}"[:200] if target is not None else "",
        data=data,
        previous_hash=head.hash,
    )
    row.hash = event_hash(row)
    row.save(force_insert=True)
    AuditHead.objects.filter(pk=head.pk).update(seq=row.seq, hash=row.hash)
    return row


def event_hash(row: AuditEvent) -> str:
    """Return the SHA-256 of the previous hash and everything the event says."""
    said: dict[str, Any] = {name: f"{getattr(row, name) or ''}" for name in CHAINED}
    said["organization"] = row.organization_id
    said["at"] = row.at.isoformat(timespec="microseconds")
    said["data"] = row.data
    body = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{row.previous_hash}{body}".encode()).hexdigest()


def chain_faults(organization_id: int | None) -> Iterator[str]:
    """Yield a sentence for each edit, gap, swap or truncation in one chain."""
    previous, expected = "0" * 64, 1
    rows = AuditEvent.objects.filter(organization_id=organization_id).order_by("seq")
    for row in rows.iterator(chunk_size=2000):
        if row.seq != expected:
            yield f"event {expected} is missing"
        elif row.previous_hash != previous:
            yield f"event {row.seq} does not follow its predecessor"
        if event_hash(row) != row.hash:
            yield f"event {row.seq} was changed"
        previous, expected = row.hash, row.seq + 1
    head = AuditHead.objects.filter(organization_id=organization_id).first()
    if head is not None and (head.seq, head.hash) != (expected - 1, previous):
        yield f"the chain ends at {expected - 1}, its head says {head.seq}"


def _locked_head(organization: models.Model | None) -> AuditHead:
    key = organization.pk if organization is not None else None
    heads = AuditHead.objects.select_for_update()
    head = heads.filter(organization_id=key).first()
    if head is None:
        AuditHead.objects.bulk_create(
            [AuditHead(organization_id=key)], ignore_conflicts=key is not None
        )
        head = heads.filter(organization_id=key).order_by("pk").first()
    assert head is not None
    return head
