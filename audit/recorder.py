"""The only writer of audit events."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone

from audit.chain import FORMAT, link_hash, link_of
from audit.events import EventType
from audit.models import INSTALLATION, AuditEvent, AuditHead

SECRET_WORDS = ("password", "secret", "token", "private", "passphrase")
DEEPEST = 6


def record(
    actor: Any,
    event: type[EventType],
    target: models.Model | None,
    *,
    organization: models.Model | None,
    **data: Any,
) -> AuditEvent:
    """Append one event to the chain of its organization, in the caller's transaction.

    `data` is JSON and never holds a secret: a name that sounds like one is refused. Changed
    fields go into `changes`, made by `audit.changes.changed`, which masks what is secret.
    """
    for name in data:
        if any(word in name for word in SECRET_WORDS):
            raise ValueError(f"audit data must not carry {name!r}")
    key, chain = None, INSTALLATION
    if organization is not None:
        key, chain = organization.pk, f"{organization.uid}"  # type: ignore[attr-defined]
    return append(actor, event, target, key, chain, data)


@transaction.atomic
def append(
    actor: Any,
    event: type[EventType],
    target: models.Model | None,
    organization_id: int | None,
    chain: str,
    data: dict[str, Any],
) -> AuditEvent:
    """Write the next event of a chain, whether or not its organization is still there."""
    head = locked_head(organization_id, chain)
    row = AuditEvent(
        organization_id=organization_id,
        format=FORMAT,
        seq=head.seq + 1,
        at=timezone.now(),
        verb=event.slug,
        actor=_text(actor.label, 200),
        actor_uid=getattr(actor.user, "uid", None),
        credential=_text(credential_of(actor), 200),
        address=_text(actor.address, 64),
        request_id=_text(actor.request_id, 32),
        target_type=target._meta.label_lower if target is not None else "",
        target_uid=getattr(target, "uid", None),
        target_label=_text(f"{target}", 200) if target is not None else "",
        data=plain(data),
        previous_hash=head.hash,
    )
    row.hash = link_hash(link_of(row), chain, organization_id)
    row.save(force_insert=True)
    AuditHead.objects.filter(pk=head.pk).update(seq=row.seq, hash=row.hash)
    return row


def credential_of(actor: Any) -> str:
    """Return what the actor came with: a key, a session, or another person's sign-in."""
    impersonator = getattr(actor, "impersonator", None)
    if impersonator is not None:
        return f"impersonated by {impersonator.email}"
    return getattr(actor, "credential", "") or getattr(actor, "session", "")


def locked_head(organization_id: int | None, chain: str) -> AuditHead:
    """Return the end of a chain, locked until the transaction ends."""
    heads = AuditHead.objects.select_for_update().filter(organization_id=organization_id)
    head = heads.first()
    if head is None:
        AuditHead.objects.bulk_create(
            [AuditHead(organization_id=organization_id, chain=chain)], ignore_conflicts=True
        )
        head = heads.order_by("pk").first()
    assert head is not None
    return head


def plain(value: Any, depth: int = 0) -> Any:
    """Return what JSON, SQLite and PostgreSQL give back as it was: no floats, no NUL, no depth."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, dict) and depth < DEEPEST:
        return {_text(name): plain(said, depth + 1) for name, said in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < DEEPEST:
        return [plain(said, depth + 1) for said in value]
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return f"{value}"
    return _text(value)


def _text(value: Any, longest: int | None = None) -> str:
    text = f"{value}"[:longest].replace("\x00", "\ufffd")
    return text.encode("utf-8", "replace").decode()
