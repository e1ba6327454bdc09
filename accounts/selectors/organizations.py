"""Reads of organizations for pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actor import Actor
from accounts.models import Organization

SESSION_KEY = "organization"
MAX_SWITCH = 200


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


def _actor(request: Any) -> Actor:
    return request.actor
