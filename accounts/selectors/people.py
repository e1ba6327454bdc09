"""Reads of one's own account."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.models import Membership, Organization, User
from audit.models import AuditEvent

ACCOUNT_VERBS = (
    "accounts.signed_in",
    "accounts.signed_out",
    "accounts.sign_in_refused",
    "accounts.password_changed",
    "accounts.factor_added",
    "accounts.factor_removed",
    "accounts.factor_refused",
    "accounts.recovery_code_used",
    "accounts.sign_in_ended",
    "accounts.profile_changed",
    "accounts.notifications_changed",
    "accounts.consent_given",
    "accounts.consent_withdrawn",
    "accounts.data_exported",
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


def own_organization(user: User) -> Organization | None:
    """Return the personal organization of a person; None while their account is being erased."""
    return Organization.objects.filter(memberships__user=user, is_personal=True).first()


def visible_people(actor: Actor) -> QuerySet[User]:
    """Return the actor's own person and everybody whose membership the actor may see."""
    colleagues = Membership.objects.allowed(actor).values("user")
    own = actor.user.pk if actor.user else None
    return User.objects.filter(Q(pk=own) | Q(pk__in=colleagues))
