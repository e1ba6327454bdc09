"""Who holds which role where."""

from __future__ import annotations

from django.db import transaction

from accounts.actor import Actor
from accounts.choices import Role
from accounts.events import MembershipChanged
from accounts.models import Membership, Organization, User
from audit.recorder import record
from core.exceptions import Conflict


@transaction.atomic
def membership_set(
    actor: Actor, *, user: User, organization: Organization, role: str
) -> Membership:
    """Give a person a role; the last admin of an organization cannot be demoted. Audits."""
    Organization.objects.select_for_update().get(pk=organization.pk)
    if role != Role.ADMIN:
        _refuse_without_admin(organization, leaving=user)
    membership, _ = Membership.objects.update_or_create(
        user=user, organization=organization, defaults={"role": role}
    )
    record(actor, MembershipChanged, membership, organization=organization, role=role)
    return membership


def _refuse_without_admin(organization: Organization, *, leaving: User) -> None:
    others = organization.memberships.filter(role=Role.ADMIN).exclude(user=leaving)
    is_admin = organization.memberships.filter(role=Role.ADMIN, user=leaving).exists()
    if is_admin and not others.exists():
        raise Conflict(
            "accounts.last_admin",
            f"{leaving} is the last admin of {organization}. Make somebody else admin first.",
        )
