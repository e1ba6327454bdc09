"""Custom roles: named sets of actions, usable in their organization and below it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from accounts.actor import Actor
from accounts.catalogue import SEEN_WITH, offered_permissions, with_implied
from accounts.models import CustomRole, Invitation, Membership, Organization
from accounts.organization_events import RoleChanged, RoleCreated, RoleDeleted
from accounts.roles import require_within
from accounts.selectors.invitations import with_state
from audit.recorder import record
from core.exceptions import Conflict, DomainError

NAMED = 5


@transaction.atomic
def role_create(
    actor: Actor, *, organization: Organization, name: str, actions: Iterable[str]
) -> CustomRole:
    """Make a role. Audits.

    Raises Forbidden (accounts.wider_than_own) for actions that the actor does not hold there.
    """
    role = CustomRole(organization=organization, name=name.strip(), actions=_known(actions))
    require_within(actor, organization, role.actions)
    _check(role)
    role.save(force_insert=True)
    record(actor, RoleCreated, role, organization=organization, actions=role.actions)
    return role


@transaction.atomic
def role_edit(
    actor: Actor, *, role: CustomRole, name: str | None = None, actions: Iterable[str] | None = None
) -> CustomRole:
    """Change a role for everybody who holds it, from their next request on. Audits.

    Raises Forbidden (accounts.wider_than_own) when the role holds, or is to hold, more than the
    actor does in its organization.
    """
    role = CustomRole.objects.select_for_update(of=("self",)).get(pk=role.pk)
    before = {"name": role.name, "actions": role.actions}
    role.name = role.name if name is None else name.strip()
    role.actions = role.actions if actions is None else _known(actions)
    require_within(actor, role.organization, {*before["actions"], *role.actions})
    changes = {
        field: {"before": old, "after": getattr(role, field)}
        for field, old in before.items()
        if old != getattr(role, field)
    }
    if changes:
        _check(role)
        role.save(update_fields=[*changes])
        record(actor, RoleChanged, role, organization=role.organization, changes=changes)
    return role


@transaction.atomic
def role_delete(actor: Actor, *, role: CustomRole) -> None:
    """Delete a role that nobody holds and nobody is offered. Audits.

    Raises Conflict (accounts.role_in_use) that names who holds it.
    """
    role = CustomRole.objects.select_for_update(of=("self",)).get(pk=role.pk)
    require_within(actor, role.organization, role.actions)
    holders = role_holders(role)
    if holders:
        named = ", ".join(holders[:NAMED])
        more = f" and {len(holders) - NAMED} more" if len(holders) > NAMED else ""
        raise Conflict(
            "accounts.role_in_use",
            f"{named}{more} hold or are offered the role {role}. Give them another one first."
            if len(holders) > 1
            else f"{named} holds or is offered the role {role}. Give them another one first.",
        )
    # Answered invitations keep naming their role; the audit log says the same for good.
    Invitation.objects.filter(custom_role=role).delete()
    record(actor, RoleDeleted, role, organization=role.organization, actions=role.actions)
    role.delete()


def role_holders(role: CustomRole) -> list[str]:
    """Return who holds a role, then who is offered it."""
    held = (
        Membership.objects.filter(custom_role=role).select_related("user").order_by("user__email")
    )
    offered = with_state(Invitation.objects.filter(custom_role=role)).filter(
        state__in=["open", "expired"]
    )
    return [f"{row.user}" for row in held] + [row.email for row in offered]


def _known(actions: Iterable[str]) -> list[str]:
    wanted = set(actions)
    unknown = sorted(wanted - offered_permissions() - {*SEEN_WITH.values()})
    if unknown:
        message = f"There is no such action: {', '.join(unknown[:3])}."
        raise DomainError("accounts.action_unknown", message, fields={"actions": [message]})
    return with_implied(wanted)


def _check(role: CustomRole) -> None:
    role.full_clean(validate_constraints=False)
    same = CustomRole.objects.filter(organization=role.organization, name__iexact=role.name)
    if same.exclude(pk=role.pk).exists():
        raise Conflict(
            "accounts.role_name_taken",
            f"{role.organization} has a role of this name.",
            fields={"name": ["There is a role of this name already."]},
        )
