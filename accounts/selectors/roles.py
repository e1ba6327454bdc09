"""Which roles can be given in an organization, and by whom."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet

from accounts.actor import Actor
from accounts.choices import Role
from accounts.models import CustomRole, Organization
from accounts.roles import BUILT_IN, actions_of, held_role
from accounts.tree import at_or_above

CUSTOM = "custom:"


def usable_roles(organization: Organization) -> QuerySet[CustomRole]:
    """Return the custom roles of an organization and of those above it.

    Whoever gives out roles here is offered those from above by name, though they may not open
    them: that is what defining a role for everything below means.
    """
    rows = CustomRole.objects.filter(at_or_above(organization, "organization__"))
    return rows.select_related("organization").order_by("name", "pk")


def role_choices(actor: Actor, organization: Organization) -> list[tuple[str, str]]:
    """Return (value, label) of the roles that hold no more than the actor does there."""
    own = actions_of(actor, organization)
    found = [
        (f"{role}", role.label) for role in BUILT_IN if held_role(role, None).all_actions() <= own
    ]
    for custom in usable_roles(organization):
        if own.issuperset(custom.actions):
            where = "" if custom.organization_id == organization.pk else f" ({custom.organization})"
            found.append((f"{CUSTOM}{custom.uid}", f"{custom}{where}"))
    return found


def chosen_role(organization: Organization, value: str) -> dict[str, Any]:
    """Return `role` and `custom_role` of a choice."""
    if not value.startswith(CUSTOM):
        return {"role": value, "custom_role": None}
    role = usable_roles(organization).get(uid=value.removeprefix(CUSTOM))
    return {"role": Role.CUSTOM, "custom_role": role}


def choice_of(holding: Any) -> str:
    """Return the choice that stands for the role of a membership or invitation."""
    return f"{CUSTOM}{holding.custom_role.uid}" if holding.custom_role else holding.role


def with_holders(rows: QuerySet[CustomRole]) -> QuerySet[CustomRole]:
    """Annotate how many people hold each role."""
    return rows.annotate(holders=Count("membership", distinct=True))
