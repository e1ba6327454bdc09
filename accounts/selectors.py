"""Reads of organizations for pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actor import Actor
from accounts.models import Organization

SESSION_KEY = "organization"


def reachable_organizations(actor: Actor) -> QuerySet[Organization]:
    """Return the organizations the actor may view, personal ones first."""
    return Organization.objects.allowed(actor).order_by("-is_personal", "path")


def chosen_organization(request: HttpRequest) -> Organization | None:
    """Return the organization that this session narrows to, or None for all."""
    uid = request.session.get(SESSION_KEY)
    if not uid:
        return None
    return reachable_organizations(_actor(request)).filter(uid=uid).first()


def home_organization(request: HttpRequest) -> Organization | None:
    """Return where new objects go: the chosen organization, else the personal one."""
    return chosen_organization(request) or reachable_organizations(_actor(request)).first()


def _actor(request: Any) -> Actor:
    return request.actor
