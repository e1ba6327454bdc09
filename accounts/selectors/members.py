"""Reads of members: direct ones, and those whose role reaches from above."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from accounts.actor import Actor
from accounts.models import Membership, Organization
from accounts.tree import paths_above

SHOWN = 50


def members_of(actor: Actor, organization: Organization, search: str = "") -> QuerySet[Membership]:
    """Return the memberships on the organization itself that the actor may view."""
    rows = Membership.objects.allowed(actor).filter(organization=organization)
    if search.strip():
        words = search.strip()
        rows = rows.filter(
            Q(user__email__icontains=words)
            | Q(user__first_name__icontains=words)
            | Q(user__last_name__icontains=words)
        )
    return rows.select_related("user", "organization", "custom_role")


def members_above(actor: Actor, organization: Organization) -> tuple[list[Membership], int]:
    """Return the first memberships on the organizations above, and how many are not shown."""
    above = paths_above(organization.path)
    if not above:
        return [], 0
    every = Membership.objects.filter(organization__path__in=above, user__is_active=True)
    seen = every.allowed(actor).select_related("user", "organization", "custom_role")
    shown = list(seen.order_by("organization__path", "user__email")[:SHOWN])
    return shown, every.count() - len(shown)
