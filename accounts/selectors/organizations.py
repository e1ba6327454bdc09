"""Reads of organizations for pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actor import Actor
from accounts.models import Organization
from accounts.selectors.tree import attach_ancestors
from accounts.tree import at_or_below, paths_above

SESSION_KEY = "organization"
# How many the switch in the header lists; the others are found by their name.
MAX_SWITCH = 12
MAX_FOUND = 20


def reachable_organizations(actor: Actor) -> QuerySet[Organization]:
    """Return the organizations the actor may view, personal ones first."""
    return Organization.objects.allowed(actor).order_by("-is_personal", "path")


def switchable_organizations(request: HttpRequest) -> list[Organization]:
    """Return what the organization switch lists, personal ones first; one query.

    Of very many only those where the person holds a role: sorting ten thousand on every page
    would be felt, and nobody reads them. The search beside the list finds the others.
    """
    actor = _actor(request)
    rows = reachable_organizations(actor)
    if _reaches_many(actor):
        rows = rows.filter(memberships__user=actor.user)
    return list(rows[: MAX_SWITCH + 1])


def has_more_organizations(request: Any) -> bool:
    """Tell whether the switch lists only some of those that the person reaches."""
    return len(request.organizations) > MAX_SWITCH or _reaches_many(request.actor)


def organizations_like(
    actor: Actor, words: str, action: str = "view", moving: Organization | None = None
) -> tuple[list[Organization], bool]:
    """Return the first organizations whose name matches, and whether there are more.

    Each knows its `trail`. With `moving` they are the places where that one can hang.
    """
    rows = Organization.objects.allowed(actor, action).order_by("path")
    if words.strip():
        rows = rows.filter(name__icontains=words.strip())
    if moving is not None:
        now = paths_above(moving.path)[-1:]
        rows = rows.exclude(at_or_below(moving)).exclude(is_personal=True).exclude(path__in=now)
    found = list(rows[: MAX_FOUND + 1])
    attach_ancestors(actor, found)
    return found[:MAX_FOUND], len(found) > MAX_FOUND


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


def _reaches_many(actor: Actor) -> bool:
    if actor.is_unrestricted:
        return True
    if not actor.may_attempt("accounts.view_organization"):
        return False
    return isinstance(actor.organization_ids("accounts.view_organization"), QuerySet)


def _actor(request: Any) -> Actor:
    return request.actor
