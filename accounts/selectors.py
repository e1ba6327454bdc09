"""Reads of organizations for pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actor import Actor
from accounts.models import Membership, Organization
from audit.models import AuditEvent

SESSION_KEY = "organization"
MAX_SWITCH = 200
ACCOUNT_VERBS = (
    "accounts.signed_in",
    "accounts.signed_out",
    "accounts.sign_in_refused",
    "accounts.password_changed",
)


def reachable_organizations(actor: Actor) -> QuerySet[Organization]:
    """Return the organizations the actor may view, personal ones first."""
    return Organization.objects.allowed(actor).order_by("-is_personal", "path")


def switchable_organizations(request: HttpRequest) -> list[Organization]:
    """Return what the organization switch offers, personal ones first."""
    return list(reachable_organizations(_actor(request))[:MAX_SWITCH])


def chosen_organization(request: HttpRequest) -> Organization | None:
    """Return the organization that this session narrows to, or None for all."""
    uid = request.session.get(SESSION_KEY)
    if not uid:
        return None
    return reachable_organizations(_actor(request)).filter(uid=uid).first()


def home_organization(request: Any) -> Organization | None:
    """Return where new objects go: the chosen organization, else the personal one."""
    return request.organization or next(iter(request.organizations), None)


def actor_home(actor: Actor) -> Organization | None:
    """Return where a script's new objects go: the key's organization, else the personal one."""
    if actor.ceiling is not None or actor.user is None:
        return actor.ceiling
    personal = Organization.objects.filter(is_personal=True, memberships__user=actor.user)
    return personal.first()


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


def _actor(request: Any) -> Actor:
    return request.actor
