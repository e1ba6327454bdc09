"""Reads of the audit log that pages share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db.models import QuerySet

from audit.models import AuditEvent, AuditHead

VIEW = "audit.view_auditevent"


def history_of(actor: Any, obj: Any) -> QuerySet[AuditEvent]:
    """Return what was recorded about one object, newest first."""
    rows = AuditEvent.objects.allowed(actor).filter(
        target_type=obj._meta.label_lower, target_uid=obj.uid
    )
    return rows.order_by("-at", "-pk")


def chain_heads(actor: Any, organization: Any = None) -> QuerySet[AuditHead]:
    """Return the ends of the chains that the actor may read, within the organization chosen."""
    if not actor.may_attempt(VIEW):
        return AuditHead.objects.none()
    heads = AuditHead.objects.select_related("organization").filter(seq__gt=0)
    if not actor.is_unrestricted:
        heads = heads.filter(organization__in=actor.organization_ids(VIEW))
    if organization:
        heads = heads.filter(organization__path__startswith=organization.path)
    return heads.order_by("organization__name", "pk")


def neighbours(actor: Any, event: AuditEvent) -> dict[str, AuditEvent]:
    """Return the events before and after this one in its chain, as `previous` and `next`."""
    rows = AuditEvent.objects.allowed(actor).filter(
        organization_id=event.organization_id, seq__in=(event.seq - 1, event.seq + 1)
    )
    return {"previous" if row.seq < event.seq else "next": row for row in rows}


def link_targets(actor: Any, rows: Iterable[AuditEvent]) -> None:
    """Give each event `target_url`, empty when its object is gone or hidden from the actor.

    One query per kind of object on the page, however many events there are.
    """
    rows = list(rows)
    wanted: dict[str, set[Any]] = {}
    for row in rows:
        if row.target_type and row.target_uid:
            wanted.setdefault(row.target_type, set()).add(row.target_uid)
    urls = {
        (kind, obj.uid): obj.get_absolute_url()
        for kind, uids in wanted.items()
        for obj in _reachable(actor, kind, uids)
    }
    for row in rows:
        row.target_url = urls.get((row.target_type, row.target_uid), "")  # type: ignore[attr-defined]


def _reachable(actor: Any, kind: str, uids: set[Any]) -> Iterable[Any]:
    try:
        model = apps.get_model(kind)
    except (LookupError, ValueError):
        return []
    manager = model._default_manager
    if not hasattr(model, "get_absolute_url") or not hasattr(manager.all(), "allowed"):
        return []
    return manager.all().allowed(actor).filter(uid__in=uids)
