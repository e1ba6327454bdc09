"""The end of an account: asked for by its person, finished by a task, whatever happens between.

The first step is one transaction and takes everything away at once: the person cannot sign in, no
key of theirs opens anything, devices and MQTT connections of their organization are refused. The
rest only removes what nobody can reach any more, in portions, the person last; each portion may
be done again. `User.erasing_since` is the state, and `erasures_resume` finds what stands still.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import models, transaction
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, QuerySet
from django.utils import timezone

from accounts.account_events import AccountErased, ErasureStarted
from accounts.actor import Actor
from accounts.belongings import all_belongings
from accounts.choices import Role
from accounts.models import CustomRole, Invitation, Membership, Organization, SignIn, User
from accounts.selectors.people import own_organization
from accounts.services.groups import groups_discard
from accounts.services.sign_ins import sessions_drop
from accounts.tree import at_or_below, locked
from audit.recorder import record
from core.exceptions import Conflict
from core.jobs import enqueue
from core.mail import send_mail

ERASE_TASK = "accounts.erase"
RESUME_AFTER = timedelta(minutes=2)
LONGEST_NAMES = 3


@dataclass(frozen=True)
class ErasurePlan:
    """What deleting an account takes along, and what stands in the way."""

    counts: tuple[tuple[int, str], ...]
    handovers: tuple[Organization, ...]
    below: tuple[Organization, ...]
    is_last_superuser: bool

    @property
    def is_possible(self) -> bool:
        """Tell whether nothing stands in the way."""
        return not (self.handovers or self.below or self.is_last_superuser)


def erasure_plan(user: User) -> ErasurePlan:
    """Return what would go with this person."""
    organization = own_organization(user)
    counts: list[tuple[int, str]] = []
    below: list[Organization] = []
    if organization is not None:
        for kind in all_belongings():
            count = kind.count(organization)
            counts.append((count, kind.one if count == 1 else kind.many))
        inside = Organization.objects.filter(at_or_below(organization))
        below = list(inside.exclude(pk=organization.pk)[: LONGEST_NAMES + 1])
    superusers = User.objects.filter(is_superuser=True, is_active=True)
    return ErasurePlan(
        counts=tuple((count, words) for count, words in counts if count),
        handovers=tuple(left_without_admin(user)),
        below=tuple(below),
        is_last_superuser=user.is_superuser and not superusers.exclude(pk=user.pk).exists(),
    )


def left_without_admin(user: User) -> QuerySet[Organization]:
    """Return the shared organizations that nobody active administers but this person.

    Admins of an organization above count: they can make somebody admin.
    """
    own_path = ExpressionWrapper(OuterRef("path"), models.CharField())
    others = Membership.objects.filter(role=Role.ADMIN, user__is_active=True).exclude(user=user)
    at_or_above = others.annotate(below=own_path).filter(below__startswith=F("organization__path"))
    mine = Organization.objects.filter(
        memberships__user=user, memberships__role=Role.ADMIN, is_personal=False
    )
    return mine.filter(~Exists(at_or_above))


@transaction.atomic
def account_delete(actor: Actor, *, user: User) -> None:
    """Close an account for good and have everything of it removed. Audits, mails, enqueues.

    Raises Conflict: `accounts.hand_over_first` while an organization would lose its last admin,
    `accounts.organizations_below`, `accounts.last_superuser`.
    """
    _lock(user)
    _refuse(user)
    organization = own_organization(user)
    plan = erasure_plan(user)
    record(
        actor,
        ErasureStarted,
        user,
        organization=organization,
        counts={words: count for count, words in plan.counts},
    )
    send_mail("account_deleted", user.email, {"name": user.first_name}, language=user.language)
    user.is_active, user.erasing_since = False, timezone.now()
    user.save(update_fields=["is_active", "erasing_since"])
    if organization is not None:
        for kind in all_belongings():
            kind.stop(actor, user, organization)
        organization.is_active = False
        organization.save(update_fields=["is_active"])
    sessions_drop(SignIn.objects.filter(user=user).values_list("session_key", flat=True))
    enqueue(ERASE_TASK, user_uid=f"{user.uid}")


def account_erase(user_uid: str) -> None:
    """Remove everything of a person who deleted their account; once more does no harm. Audits."""
    user = User.objects.filter(uid=user_uid, erasing_since__isnull=False).first()
    if user is None:
        return
    organization = own_organization(user)
    if organization is not None:
        for kind in all_belongings():
            kind.erase(organization)
    _erase_picture(user)
    _erase_person(user, organization)


def erasures_resume() -> None:
    """Send again what was begun a while ago and is not finished."""
    before = timezone.now() - RESUME_AFTER
    standing = User.objects.filter(erasing_since__lt=before, is_active=False)
    for uid in list(standing.values_list("uid", flat=True)[:100]):
        enqueue(ERASE_TASK, user_uid=f"{uid}")


def _lock(user: User) -> None:
    # Roles change under the same locks; superusers go one after the other.
    locked(*Organization.objects.filter(memberships__user=user))
    list(User.objects.select_for_update().filter(is_superuser=True).order_by("pk"))
    user.refresh_from_db()


def _refuse(user: User) -> None:
    if user.erasing_since is not None:
        raise Conflict("accounts.erasing", "This account is being deleted already.")
    plan = erasure_plan(user)
    if plan.handovers:
        raise Conflict(
            "accounts.hand_over_first",
            f"You are the only admin of {_names(plan.handovers)}. Make somebody else admin, or "
            "delete it, first.",
        )
    if plan.below:
        raise Conflict(
            "accounts.organizations_below",
            f"{_names(plan.below)} is below your personal organization. Move it elsewhere first.",
        )
    if plan.is_last_superuser:
        raise Conflict(
            "accounts.last_superuser",
            "You are the last superuser of this console. Make somebody else superuser first.",
        )


def _names(organizations: tuple[Organization, ...]) -> str:
    shown = ", ".join(f"{organization}" for organization in organizations[:LONGEST_NAMES])
    more = len(organizations) - LONGEST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _erase_picture(user: User) -> None:
    if user.avatar:
        default_storage.delete(user.avatar)
        with contextlib.suppress(OSError):  # a storage without folders
            default_storage.delete(f"avatars/{user.uid}")


@transaction.atomic
def _erase_person(user: User, organization: Organization | None) -> None:
    found = User.objects.select_for_update().filter(pk=user.pk).first()
    if found is None:
        return
    record(Actor.named_system("account deletion"), AccountErased, found, organization=organization)
    if organization is not None:
        groups_discard(organization)
        # Roles that somebody holds are protected, even from going together with their holders.
        for model in (Membership, Invitation, CustomRole):
            model._default_manager.filter(organization=organization).delete()
        organization.delete()
    Membership.objects.filter(user=found).delete()
    found.delete()
