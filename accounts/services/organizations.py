"""Organizations: making, renaming, moving, closing, and what they demand of their members."""

from __future__ import annotations

from django.conf import settings
from django.db import models, transaction

from accounts.actor import Actor
from accounts.choices import Role
from accounts.events import OrganizationChanged, OrganizationCreated
from accounts.models import Invitation, Membership, Organization, User
from accounts.organization_events import (
    OrganizationActivated,
    OrganizationDeactivated,
    OrganizationDeleted,
    OrganizationMoved,
    PushReviewDemanded,
    SecondFactorDemanded,
)
from accounts.selectors.tree import foreign_role_holders, inside
from accounts.services.groups import groups_discard, groups_tidy
from accounts.services.limits import limits_require_move
from accounts.tree import MAX_DEPTH, at_or_below, locked, parent_of
from audit.recorder import record
from core.exceptions import Conflict, Forbidden
from core.jobs import changed_on_commit
from core.scoping import is_allowed


@transaction.atomic
def organization_create(
    actor: Actor, *, name: str, admin: User, parent: Organization | None = None
) -> Organization:
    """Create a shared organization with its first admin. Audits.

    Raises Forbidden (accounts.no_roots) where only operators of the console make new roots, and
    Conflict (accounts.too_deep, accounts.parent_inactive).
    """
    if parent is None:
        _require_roots(actor)
    else:
        (parent,) = locked(parent)
        _require_depth(parent, 1)
    organization = Organization(name=name)
    organization.full_clean(exclude=["path", "depth"])
    organization = plant(organization, parent)
    Membership.objects.create(user=admin, organization=organization, role=Role.ADMIN)
    actor.forget_roles()
    record(
        actor,
        OrganizationCreated,
        organization,
        organization=organization,
        name=name,
        below=f"{parent}" if parent else "",
    )
    return organization


@transaction.atomic
def organization_rename(actor: Actor, *, organization: Organization, name: str) -> Organization:
    """Change what an organization is called; its owner id stays. Audits."""
    organization.name = name
    organization.full_clean()
    organization.save(update_fields=["name"])
    record(actor, OrganizationChanged, organization, organization=organization, name=name)
    return organization


@transaction.atomic
def organization_move(
    actor: Actor, *, organization: Organization, parent: Organization | None
) -> Organization:
    """Hang an organization with all below it under another one, or at the root. Audits.

    Needs `move` on it, `move` on what it hangs under now (or whoever runs a part could take it
    away from the whole) and `add` at the target. Raises Forbidden (accounts.may_not_take,
    accounts.may_not_place, accounts.no_roots) and Conflict (accounts.move_below_itself,
    accounts.too_deep, accounts.foreign_roles, accounts.personal, accounts.parent_inactive).
    """
    if parent is None:
        (organization,) = locked(organization)
    else:
        organization, parent = locked(organization, parent)
    require_may_move(actor, organization, parent)
    before, groups = parent_of(organization), _paths_of_groups(organization)
    if (before and before.pk) == (parent and parent.pk):
        return organization
    if parent is None:
        roots = Organization.objects.get_root_nodes()
        Organization.objects.move(organization, roots.last(), "last-sibling")
    else:
        limits_require_move(organization, parent)
        Organization.objects.move(organization, parent, "last-child")
    organization = Organization.objects.get(pk=organization.pk)
    groups_tidy(actor, groups)
    record(
        actor,
        OrganizationMoved,
        organization,
        organization=organization,
        before=f"{before}" if before else "",
        after=f"{parent}" if parent else "",
    )
    _tell(organization)
    return organization


def require_may_move(actor: Actor, organization: Organization, parent: Organization | None) -> None:
    """Raise whatever speaks against a move, without making it."""
    if organization.is_personal:
        raise Conflict("accounts.personal", "A personal organization stays where it is.")
    if not is_allowed(organization, actor, "move"):
        raise Forbidden("accounts.may_not_take", f"Your role may not move {organization}.")
    before = parent_of(organization)
    if before is not None and not is_allowed(before, actor, "move"):
        raise Forbidden(
            "accounts.may_not_take",
            f"{organization} belongs to the organization above it. Ask an admin there to move it.",
        )
    if parent is None:
        _require_roots(actor)
    else:
        _require_target(actor, organization, parent)
    holders = foreign_role_holders(organization, parent)
    if holders:
        raise Conflict(
            "accounts.foreign_roles",
            f"{holders[0]} and others hold or are offered roles there that are defined above "
            f"{organization} and do not reach the new place. Give them other roles first."
            if len(holders) > 1
            else f"{holders[0]} holds or is offered a role there that is defined above "
            f"{organization} and does not reach the new place. Give them another role first.",
        )


@transaction.atomic
def organization_deactivate(actor: Actor, *, organization: Organization) -> int:
    """Close an organization and all below it to people, keys and devices. Audits.

    Returns how many organizations it concerns. Nothing is deleted.
    """
    (organization,) = locked(organization)
    if organization.is_personal:
        raise Conflict("accounts.personal", "A personal organization ends with its account.")
    rows = Organization.objects.filter(at_or_below(organization), is_active=True)
    count = rows.order_by().update(is_active=False)
    record(actor, OrganizationDeactivated, organization, organization=organization, count=count)
    _tell(organization)
    return count


@transaction.atomic
def organization_activate(actor: Actor, *, organization: Organization) -> int:
    """Open an organization and all below it again. Audits."""
    (organization,) = locked(organization)
    parent = parent_of(organization)
    if parent is not None and not parent.is_active:
        raise _inactive(parent)
    rows = Organization.objects.filter(at_or_below(organization), is_active=False)
    count = rows.order_by().update(is_active=True)
    record(actor, OrganizationActivated, organization, organization=organization, count=count)
    _tell(organization)
    return count


@transaction.atomic
def organization_delete(actor: Actor, *, organization: Organization) -> None:
    """Delete an organization that holds nothing but people. Audits.

    Raises Conflict (accounts.not_empty) that names what is inside.
    """
    (organization,) = locked(organization)
    if organization.is_personal:
        raise Conflict("accounts.personal", "A personal organization ends with its account.")
    found = inside(organization)
    if found:
        raise Conflict(
            "accounts.not_empty",
            f"{organization} still holds {', '.join(found)}. Delete or move them first.",
        )
    record(actor, OrganizationDeleted, organization, organization=organization)
    groups_discard(organization)
    Invitation.objects.filter(organization=organization).delete()
    Membership.objects.filter(organization=organization).delete()
    _tell(organization)
    organization.delete()


@transaction.atomic
def organization_demand_second_factor(
    actor: Actor, *, organization: Organization, demanded: bool
) -> Organization:
    """Let members in only with a second factor, or again without. Audits.

    Raises Conflict (accounts.own_factor_first) when the actor has none in use.
    """
    if demanded and not _has_own_factor(actor):
        raise Conflict(
            "accounts.own_factor_first",
            "Set up a second factor for yourself and sign in with it first, or you would be "
            "the first to be held back.",
        )
    (organization,) = locked(organization)
    if organization.requires_second_factor != demanded:
        organization.requires_second_factor = demanded
        organization.save(update_fields=["requires_second_factor"])
        record(
            actor, SecondFactorDemanded, organization, organization=organization, demanded=demanded
        )
        _tell(organization)
    return organization


@transaction.atomic
def organization_review_pushes(
    actor: Actor, *, organization: Organization, demanded: bool
) -> Organization:
    """Have a second person approve each configuration push here and below, or no longer. Audits."""
    (organization,) = locked(organization)
    if organization.reviews_pushes != demanded:
        organization.reviews_pushes = demanded
        organization.save(update_fields=["reviews_pushes"])
        record(
            actor, PushReviewDemanded, organization, organization=organization, demanded=demanded
        )
        _tell(organization)
    return organization


def plant(organization: Organization, parent: Organization | None) -> Organization:
    """Put a new organization below its parent, or at the root."""
    if parent is None:
        return Organization.objects.add_root(instance=organization)
    return Organization.objects.add_child(parent, instance=organization)


def may_add_roots(actor: Actor) -> bool:
    """Tell whether the actor may make organizations that hang under no other one."""
    return settings.ORGANIZATIONS_BY == "everyone" or actor.is_unrestricted


def _has_own_factor(actor: Actor) -> bool:
    if actor.user is None:
        return True
    # A key is made by somebody who had passed; a browser session shows whether it has.
    return actor.verified or bool(actor.credential and actor.user.second_factor_at)


def _require_roots(actor: Actor) -> None:
    if not may_add_roots(actor):
        raise Forbidden(
            "accounts.no_roots",
            "On this console its operators make new organizations. Ask one of them.",
        )


def _require_target(actor: Actor, organization: Organization, parent: Organization) -> None:
    if parent.path.startswith(organization.path):
        raise _below_itself(organization)
    if not is_allowed(parent, actor, "add"):
        raise Forbidden(
            "accounts.may_not_place", f"Your role may not place organizations below {parent}."
        )
    below = Organization.objects.filter(at_or_below(organization))
    deepest = below.aggregate(deepest=models.Max("depth"))["deepest"]
    _require_depth(parent, deepest - organization.depth + 1)


def _require_depth(parent: Organization, levels: int) -> None:
    if parent.is_personal:
        raise Conflict("accounts.personal", "Nothing hangs below a personal organization.")
    if not parent.is_active:
        raise _inactive(parent)
    if parent.depth + levels > MAX_DEPTH:
        raise Conflict(
            "accounts.too_deep", f"Organizations nest {MAX_DEPTH} levels deep and no deeper."
        )


def _below_itself(organization: Organization) -> Conflict:
    return Conflict("accounts.move_below_itself", f"{organization} cannot hang below itself.")


def _inactive(organization: Organization) -> Conflict:
    return Conflict("accounts.parent_inactive", f"{organization} is not active. Activate it first.")


def _paths_of_groups(organization: Organization) -> list[int]:
    """Return the organizations whose groups a move can concern: above, in and below it."""
    from_root = organization.path[: Organization.steplen]
    return list(
        Organization.objects.filter(path__startswith=from_root, user_groups__isnull=False)
        .order_by()
        .distinct()
        .values_list("pk", flat=True)
    )


def _tell(organization: Organization) -> None:
    changed_on_commit(organization, f"org.{organization.uid}")
