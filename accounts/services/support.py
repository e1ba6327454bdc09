"""What staff do for a person: let them in again, keep them out, stand in their shoes."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY as SESSION_USER
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
from django_otp import devices_for_user

from accounts.actor import Actor
from accounts.live_access import people_access_changed
from accounts.models import RememberedBrowser, SignIn, User
from accounts.selectors.people import own_organization
from accounts.services.notices import security_notice
from accounts.services.sign_ins import sign_ins_end
from accounts.support_events import (
    ImpersonationBegun,
    ImpersonationEnded,
    SecondFactorReset,
    SessionsEnded,
    UserDeactivated,
    UserReactivated,
)
from audit.recorder import record
from core.exceptions import Conflict


@transaction.atomic
def user_deactivate(actor: Actor, *, user: User) -> User:
    """Keep a person out: sessions end, keys open nothing. Audits.

    Nobody locks themselves out, and the last active superuser stays.
    """
    if actor.user is not None and actor.user.pk == user.pk:
        raise Conflict("accounts.own_account", "You cannot deactivate yourself. Ask a colleague.")
    # One after the other: two superusers must not lock each other out.
    superusers = User.objects.select_for_update().filter(is_superuser=True, is_active=True)
    others = [person for person in superusers if person.pk != user.pk]
    if user.is_superuser and not others:
        raise Conflict(
            "accounts.last_superuser",
            f"{user} is the last active superuser. Make somebody else superuser first.",
        )
    if _set_active(user, is_active=False):
        record(actor, UserDeactivated, user, organization=own_organization(user))
        _end_sessions(actor, user)
        people_access_changed(user)
    return user


@transaction.atomic
def user_reactivate(actor: Actor, *, user: User) -> User:
    """Let a person sign in again; their roles are what they were. Audits.

    Raises Conflict `accounts.erasing` for somebody who deleted their account.
    """
    if User.objects.filter(pk=user.pk, erasing_since__isnull=False).exists():
        raise Conflict("accounts.erasing", f"{user} deleted this account. It does not come back.")
    if _set_active(user, is_active=True):
        record(actor, UserReactivated, user, organization=own_organization(user))
    return user


@transaction.atomic
def user_end_sessions(actor: Actor, *, user: User) -> int:
    """Sign a person out everywhere; return how many sessions there were. Audits."""
    count = _end_sessions(actor, user)
    record(actor, SessionsEnded, user, organization=own_organization(user), count=count)
    people_access_changed(user)
    return count


@transaction.atomic
def user_reset_second_factor(actor: Actor, *, user: User) -> int:
    """Remove every second factor of a person who lost theirs; return how many. Audits, mails.

    Their sessions end as well: whoever found the lost device may be in one of them.
    """
    kinds = [device._meta.object_name for device in devices_for_user(user, confirmed=None)]
    if not kinds:
        raise Conflict("accounts.no_second_factor", f"{user} has no second factor.")
    for device in devices_for_user(user, confirmed=None):
        device.delete()
    RememberedBrowser.objects.filter(user=user).delete()
    user.second_factor_at = None
    user.save(update_fields=["second_factor_at"])
    record(actor, SecondFactorReset, user, organization=own_organization(user), kinds=kinds)
    _end_sessions(actor, user)
    people_access_changed(user)
    security_notice(user, "factor_removed", what="any second factor: support removed them all")
    return len(kinds)


@transaction.atomic
def impersonation_start(actor: Actor, *, user: User) -> None:
    """Check that staff may act as this person. Audits; the caller keeps it in the session."""
    if user.is_staff or user.is_superuser:
        raise Conflict(
            "accounts.not_impersonable", "Nobody acts as a member of staff or a superuser."
        )
    if not user.is_active:
        raise Conflict("accounts.not_active", f"{user} is deactivated. Reactivate them first.")
    record(actor, ImpersonationBegun, user, organization=own_organization(user))


@transaction.atomic
def impersonation_end(actor: Actor, *, user: User, reason: str) -> None:
    """Write down that the member of staff is themselves again."""
    record(actor, ImpersonationEnded, user, organization=own_organization(user), reason=reason)


def _set_active(user: User, *, is_active: bool) -> bool:
    """Switch by compare-and-set; False when it was so already."""
    changed = User.objects.filter(pk=user.pk, is_active=not is_active).update(is_active=is_active)
    user.is_active = is_active
    return bool(changed)


def _end_sessions(actor: Actor, user: User) -> int:
    count = sign_ins_end(actor, user=user)
    # Sessions that no row names: made before rows were kept, or by a script.
    unnamed = Session.objects.filter(expire_date__gt=timezone.now()).exclude(
        session_key__in=SignIn.objects.values("session_key")
    )
    for session in unnamed.iterator():
        if session.get_decoded().get(SESSION_USER) == f"{user.pk}":
            session.delete()
            count += 1
    return count
