"""Who holds which role where."""

from __future__ import annotations

from django.db import transaction

from accounts.actor import Actor
from accounts.choices import Role
from accounts.events import MembershipChanged
from accounts.models import CustomRole, Membership, Organization, User
from accounts.organization_events import MembershipEnded
from accounts.roles import held_role, require_within
from accounts.services.groups import groups_leave
from accounts.services.news import role_news
from accounts.tree import at_or_above, locked, paths_to
from audit.recorder import record
from core.exceptions import Conflict, DomainError, Forbidden
from core.jobs import changed_on_commit


@transaction.atomic
def membership_set(
    actor: Actor,
    *,
    user: User,
    organization: Organization,
    role: str,
    custom_role: CustomRole | None = None,
) -> Membership:
    """Give a person a role, or another one. Audits.

    Raises Forbidden (accounts.wider_than_own) when the actor holds less than the role gives or
    than the person has, and Conflict (accounts.last_admin).
    """
    (organization,) = locked(organization)
    require_role(actor, organization, role, custom_role)
    membership = Membership.objects.filter(user=user, organization=organization).first()
    before = ""
    if membership is None:
        membership = Membership(user=user, organization=organization)
    else:
        if (membership.role, membership.custom_role_id) == (role, getattr(custom_role, "pk", None)):
            return membership
        before = membership.role_name
        require_within(actor, organization, held_by(membership))
        if role != Role.ADMIN:
            _refuse_without_admin(membership)
    membership.role, membership.custom_role = role, custom_role
    membership.save()
    record(
        actor,
        MembershipChanged,
        membership,
        organization=organization,
        role=role,
        person=user.email,
        changes={"role": {"before": before or None, "after": membership.role_name}},
    )
    _tell(membership)
    role_news(actor, membership=membership, before=before)
    return membership


@transaction.atomic
def membership_remove(actor: Actor, *, membership: Membership) -> None:
    """End a membership; the person leaves the groups they no longer belong to. Audits.

    Raises Forbidden (accounts.wider_than_own) when the person holds more than the actor, and
    Conflict (accounts.last_admin, accounts.personal).
    """
    (organization,) = locked(membership.organization)
    require_within(actor, organization, held_by(membership))
    _end(actor, membership, organization)


@transaction.atomic
def membership_leave(actor: Actor, *, organization: Organization) -> None:
    """End the actor's own membership. Audits.

    Raises Conflict (accounts.no_membership, accounts.last_admin, accounts.personal).
    """
    (organization,) = locked(organization)
    membership = Membership.objects.filter(user=actor.user, organization=organization).first()
    if membership is None:
        raise Conflict(
            "accounts.no_membership",
            f"You hold no role on {organization} itself: yours is on an organization above it.",
        )
    _end(actor, membership, organization)


def require_role(
    actor: Actor, organization: Organization, role: str, custom_role: CustomRole | None
) -> None:
    """Refuse a role that is not usable there, or that holds more than the actor does."""
    if (role == Role.CUSTOM) != (custom_role is not None) or role not in Role.values:
        raise DomainError(
            "accounts.role_unknown",
            "Choose one of the roles.",
            fields={"role": ["Choose one of the roles."]},
        )
    if custom_role is not None:
        owner = Organization.objects.only("path").get(pk=custom_role.organization_id)
        if owner.path not in paths_to(organization.path):
            raise Forbidden(
                "accounts.role_of_another",
                f"The role {custom_role} is not defined in {organization} or above it.",
            )
    actions = custom_role.actions if custom_role is not None else None
    require_within(actor, organization, held_role(role, actions).all_actions())


def held_by(membership: Membership) -> frozenset[str]:
    """Return every action that the membership gives."""
    custom = membership.custom_role
    return held_role(membership.role, custom.actions if custom else None).all_actions()


def is_last_admin(membership: Membership) -> bool:
    """Tell whether nobody else administers the organization, itself or from above."""
    if membership.role != Role.ADMIN:
        return False
    admins = Membership.objects.filter(
        at_or_above(membership.organization, "organization__"),
        role=Role.ADMIN,
        user__is_active=True,
    )
    return not admins.exclude(pk=membership.pk).exists()


def _end(actor: Actor, membership: Membership, organization: Organization) -> None:
    if organization.is_personal and membership.role == Role.ADMIN:
        raise Conflict("accounts.personal", "A personal organization stays with its person.")
    _refuse_without_admin(membership)
    user = membership.user
    record(
        actor,
        MembershipEnded,
        membership,
        organization=organization,
        person=user.email,
        changes={"role": {"before": membership.role_name, "after": None}},
    )
    _tell(membership)
    role_news(actor, membership=membership, before=membership.role_name, is_over=True)
    membership.delete()
    groups_leave(actor, user=user)


def _refuse_without_admin(membership: Membership) -> None:
    if is_last_admin(membership):
        raise Conflict(
            "accounts.last_admin",
            f"{membership.user} is the last admin of {membership.organization}. "
            "Make somebody else admin first.",
        )


def _tell(membership: Membership) -> None:
    changed_on_commit(membership, f"org.{membership.organization.uid}")
