"""Reads of one's own account."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.models import Membership
from audit.models import AuditEvent

ACCOUNT_VERBS = (
    "accounts.signed_in",
    "accounts.signed_out",
    "accounts.sign_in_refused",
    "accounts.password_changed",
)


def own_memberships(actor: Actor) -> QuerySet[Membership]:
    """Return the roles that the actor's person holds."""
    rows = Membership.objects.allowed(actor).filter(user=actor.user)
    return rows.select_related("organization").order_by(
        "-organization__is_personal", "organization__name", "pk"
    )


def account_activity(actor: Actor, limit: int = 8) -> QuerySet[AuditEvent]:
    """Return what the audit log of the person's own organization says of their account."""
    rows = AuditEvent.objects.allowed(actor).filter(
        verb__in=ACCOUNT_VERBS,
        organization__is_personal=True,
        organization__memberships__user=actor.user,
    )
    return rows.order_by("-at", "-pk")[:limit]
