"""Groups of people within an organization."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet

from accounts.actor import Actor
from accounts.models import Membership, Organization, User, UserGroup
from accounts.organization_events import GroupChanged, GroupCreated, GroupDeleted
from accounts.tree import kin
from audit.recorder import record
from core.exceptions import Conflict


@transaction.atomic
def group_create(actor: Actor, *, organization: Organization, name: str) -> UserGroup:
    """Make an empty group. Audits."""
    uid = uuid4()
    group = UserGroup(uid=uid, organization=organization, name=name.strip())
    _check(group)
    group.group = Group.objects.create(name=f"{uid}")
    group.save(force_insert=True)
    record(actor, GroupCreated, group, organization=organization, name=group.name)
    return group


@transaction.atomic
def group_rename(actor: Actor, *, group: UserGroup, name: str) -> UserGroup:
    """Change what a group is called. Audits."""
    before, group.name = group.name, name.strip()
    if before != group.name:
        _check(group)
        group.save(update_fields=["name"])
        changes = {"name": {"before": before, "after": group.name}}
        record(actor, GroupChanged, group, organization=group.organization, changes=changes)
    return group


@transaction.atomic
def group_delete(actor: Actor, *, group: UserGroup) -> None:
    """Delete a group; what was shared with it is shared no longer. Audits."""
    people = group.group.user_set.count()
    record(actor, GroupDeleted, group, organization=group.organization, people=people)
    group.group.delete()


@transaction.atomic
def group_add(actor: Actor, *, group: UserGroup, user: User) -> None:
    """Put a person into a group. Audits. Raises Conflict (accounts.not_a_member)."""
    if not belongs(group.organization).filter(pk=user.pk).exists():
        raise _not_a_member(group)
    if not group.group.user_set.filter(pk=user.pk).exists():
        group.group.user_set.add(user)
        record(actor, GroupChanged, group, organization=group.organization, joined=user.email)


@transaction.atomic
def group_remove(actor: Actor, *, group: UserGroup, user: User) -> None:
    """Take a person out of a group. Audits."""
    if group.group.user_set.filter(pk=user.pk).exists():
        group.group.user_set.remove(user)
        record(actor, GroupChanged, group, organization=group.organization, left=user.email)


def belongs(organization: Organization) -> QuerySet[User]:
    """Return the people who hold a role at, above or below an organization."""
    held = Membership.objects.filter(kin(organization, "organization__")).values("user_id")
    return User.objects.filter(pk__in=held, is_active=True)


def person_of(group: UserGroup, email: str) -> User:
    """Return the person of this address who belongs to the group's organization.

    Raises Conflict (accounts.not_a_member), the same for an unknown address.
    """
    email = email.strip()
    person = belongs(group.organization).filter(email__iexact=email).first()
    if person is None:
        raise _not_a_member(group)
    return person


def groups_tidy(actor: Actor, organization_ids: Iterable[int]) -> None:
    """Take people out of the groups of these organizations where they hold no role any more."""
    groups = UserGroup.objects.filter(organization__in=[*organization_ids])
    for group in groups.select_related("organization", "group"):
        staying = belongs(group.organization).values("pk")
        for user in group.group.user_set.exclude(pk__in=staying):
            group_remove(actor, group=group, user=user)


def groups_leave(actor: Actor, *, user: User) -> None:
    """Take a person out of all groups where they hold no role any more."""
    groups = UserGroup.objects.filter(group__user=user)
    for group in groups.select_related("organization", "group"):
        if not belongs(group.organization).filter(pk=user.pk).exists():
            group_remove(actor, group=group, user=user)


def groups_discard(organization: Organization) -> None:
    """Delete the groups of an organization that is being deleted itself."""
    Group.objects.filter(user_group__organization=organization).delete()


def _not_a_member(group: UserGroup) -> Conflict:
    message = (
        f"Nobody with this address holds a role in {group.organization}, above or below it. "
        "Invite them first."
    )
    return Conflict("accounts.not_a_member", message, fields={"person": [message]})


def _check(group: UserGroup) -> None:
    group.full_clean(exclude=["group"], validate_constraints=False)
    same = UserGroup.objects.filter(organization=group.organization, name=group.name)
    if same.exclude(pk=group.pk).exists():
        raise Conflict(
            "accounts.group_name_taken",
            f"{group.organization} has a group of this name.",
            fields={"name": ["There is a group of this name already."]},
        )
