"""Invitations by mail: offered, sent again, withdrawn, accepted, declined."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.actor import Actor
from accounts.models import CustomRole, Invitation, Membership, Organization, User
from accounts.organization_events import (
    InvitationAccepted,
    InvitationDeclined,
    InvitationResent,
    InvitationSent,
    InvitationWithdrawn,
)
from accounts.selectors.invitations import invited_addresses
from accounts.services.memberships import membership_set, require_role
from audit.recorder import record
from core.exceptions import Conflict, DomainError, Forbidden, QuotaExceeded
from core.jobs import changed_on_commit
from core.mail import send_mail
from core.ratelimit import RateLimit

HOUR = 3600
# What an invitation does not have before it is answered.
UNSET = ("invited_by", "accepted_by", "accepted_at", "declined_at", "withdrawn_at")


@transaction.atomic
def invitation_send(
    actor: Actor,
    *,
    organization: Organization,
    email: str,
    role: str,
    custom_role: CustomRole | None = None,
) -> Invitation:
    """Offer somebody a role by mail. Audits, mails.

    Raises Forbidden (accounts.wider_than_own), Conflict (accounts.already_member,
    accounts.already_invited, accounts.personal), QuotaExceeded (accounts.too_many_invitations).
    """
    if organization.is_personal:
        raise Conflict(
            "accounts.personal",
            "A personal organization is for one person. Make a shared one to work together.",
        )
    require_role(actor, organization, role, custom_role)
    email = email.strip().lower()
    if Membership.objects.filter(organization=organization, user__email__iexact=email).exists():
        raise _at_address("accounts.already_member", f"{email} is a member already.")
    _expire(organization, email)
    _count(organization)
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        organization=organization,
        email=email,
        role=role,
        custom_role=custom_role,
        digest=digest_of(token),
        invited_by=actor.user,
        expires_at=_end(),
    )
    invitation.clean_fields(exclude=UNSET)
    try:
        with transaction.atomic():
            invitation.save(force_insert=True)
    except IntegrityError:
        raise _at_address(
            "accounts.already_invited",
            f"{email} is invited already. Send that invitation again, or withdraw it first.",
        ) from None
    _note(actor, InvitationSent, invitation, role=invitation.role_name)
    _mail(actor, invitation, token)
    return invitation


@transaction.atomic
def invitation_resend(actor: Actor, *, invitation: Invitation) -> Invitation:
    """Mail a new link; the old one is void. Audits, mails."""
    invitation = _locked_open(invitation, expired=True)
    require_role(actor, invitation.organization, invitation.role, invitation.custom_role)
    _count(invitation.organization)
    token = secrets.token_urlsafe(32)
    invitation.digest, invitation.expires_at = digest_of(token), _end()
    invitation.invited_by = actor.user or invitation.invited_by
    invitation.save(update_fields=["digest", "expires_at", "invited_by"])
    _note(actor, InvitationResent, invitation)
    _mail(actor, invitation, token)
    return invitation


@transaction.atomic
def invitation_withdraw(actor: Actor, *, invitation: Invitation) -> Invitation:
    """Take the offer back; its link is void. Audits."""
    invitation = _locked_open(invitation, expired=True)
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    _note(actor, InvitationWithdrawn, invitation)
    return invitation


@transaction.atomic
def invitation_accept(actor: Actor, *, invitation: Invitation) -> Membership:
    """Become a member with the role offered. Audits.

    Only the addressee may: somebody with this verified e-mail address. A role held there already
    stays. Raises Forbidden (accounts.not_addressee) and Conflict (accounts.invitation_over,
    accounts.inviter_gone).
    """
    invitation = _locked_open(invitation)
    user = require_addressee(actor, invitation)
    organization = invitation.organization
    inviter = _still_inviting(invitation)
    invitation.accepted_at, invitation.accepted_by = timezone.now(), user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    membership = Membership.objects.filter(user=user, organization=organization).first()
    if membership is None:
        # What is given is what the inviter may give now.
        membership = membership_set(
            inviter,
            user=user,
            organization=organization,
            role=invitation.role,
            custom_role=invitation.custom_role,
        )
    _note(actor, InvitationAccepted, invitation, role=membership.role_name)
    return membership


@transaction.atomic
def invitation_decline(actor: Actor, *, invitation: Invitation) -> None:
    """Refuse the offer; its link is void. Audits. Raises as accepting does."""
    invitation = _locked_open(invitation)
    require_addressee(actor, invitation)
    invitation.declined_at = timezone.now()
    invitation.save(update_fields=["declined_at"])
    _note(actor, InvitationDeclined, invitation)


def require_addressee(actor: Actor, invitation: Invitation) -> User:
    """Return the person, or raise Forbidden (accounts.not_addressee)."""
    if actor.ceiling is not None or actor.impersonator is not None:
        raise Forbidden(
            "accounts.not_by_key",
            "An invitation is answered by the person themselves, not by a key or by support.",
        )
    if actor.user is None or invitation.email.lower() not in invited_addresses(actor.user):
        raise Forbidden(
            "accounts.not_addressee",
            f"This invitation is for {invitation.email}. Sign in with that address, or ask for an "
            "invitation to yours.",
        )
    return actor.user


def digest_of(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _still_inviting(invitation: Invitation) -> Actor:
    """Return the inviter as an actor; raises Conflict when they may not invite any more."""
    person = invitation.invited_by
    gone = Conflict(
        "accounts.inviter_gone",
        "Who sent this invitation may not give this role any more. Ask for a new invitation.",
    )
    if person is None or not person.is_active:
        raise gone
    inviter = Actor.for_user(person, verified=True)
    try:
        require_role(inviter, invitation.organization, invitation.role, invitation.custom_role)
    except DomainError:
        raise gone from None
    return inviter


def _locked_open(invitation: Invitation, *, expired: bool = False) -> Invitation:
    """Lock the row and return it as it is now; raises Conflict unless it is open."""
    rows = Invitation.objects.select_for_update(of=("self",)).select_related(
        "organization", "custom_role", "invited_by"
    )
    now = rows.get(pk=invitation.pk)
    over = now.accepted_at or now.declined_at or now.withdrawn_at
    is_late = not expired and now.expires_at <= timezone.now()
    if over or is_late or not now.organization.is_active:
        raise Conflict("accounts.invitation_over", "This invitation is not open any more.")
    return now


def _expire(organization: Organization, email: str) -> None:
    """Withdraw what was offered to this address and is past its end."""
    late = Invitation.objects.filter(
        organization=organization,
        email=email,
        accepted_at=None,
        declined_at=None,
        withdrawn_at=None,
        expires_at__lte=timezone.now(),
    )
    late.update(withdrawn_at=timezone.now())


def _count(organization: Organization) -> None:
    limit = RateLimit("invitations", settings.INVITATIONS_PER_HOUR, HOUR)
    wait = limit.retry_after(f"{organization.pk}")
    if wait:
        raise QuotaExceeded(
            "accounts.too_many_invitations",
            f"{organization} has sent {settings.INVITATIONS_PER_HOUR} invitations within an hour. "
            f"Try again in {-(-wait // 60)} minutes.",
        )
    limit.failed(f"{organization.pk}")


def _end() -> datetime:
    return timezone.now() + timedelta(days=settings.INVITATION_DAYS)


def _mail(actor: Actor, invitation: Invitation, token: str) -> None:
    path = reverse("accounts:invitation_open", kwargs={"token": token})
    context = {
        "inviter": f"{actor.user}" if actor.user else "",
        "organization": f"{invitation.organization}",
        "role": invitation.role_name,
        "email": invitation.email,
        "days": settings.INVITATION_DAYS,
        "url": f"{settings.PUBLIC_URL.rstrip('/')}{path}",
    }
    send_mail("invitation", invitation.email, context)


def _note(actor: Actor, event: type, invitation: Invitation, **data: str) -> None:
    record(
        actor,
        event,
        invitation,
        organization=invitation.organization,
        email=invitation.email,
        **data,
    )
    changed_on_commit(invitation, f"org.{invitation.organization.uid}")


def _at_address(code: str, message: str) -> Conflict:
    return Conflict(code, message, fields={"email": [message]})
