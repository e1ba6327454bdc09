"""Reads of invitations: what is open, for whom, and which one this browser came with."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Case, CharField, Value, When
from django.utils import timezone

from accounts.models import Invitation, User

SESSION_KEY = "invitation"


def with_state(rows: Any) -> Any:
    """Annotate `state`: open, expired, accepted, declined or withdrawn."""
    return rows.annotate(
        state=Case(
            When(accepted_at__isnull=False, then=Value("accepted")),
            When(declined_at__isnull=False, then=Value("declined")),
            When(withdrawn_at__isnull=False, then=Value("withdrawn")),
            When(expires_at__lte=timezone.now(), then=Value("expired")),
            default=Value("open"),
            output_field=CharField(),
        )
    )


def open_invitation(digest: str) -> Invitation | None:
    """Return the invitation with this digest if it can still be answered."""
    return _open().filter(digest=digest).first() if digest else None


def invitation_to(email: str) -> Invitation | None:
    """Return the newest open invitation of an address."""
    return _open().filter(email__iexact=email).first()


def invitation_in(request: Any) -> Invitation | None:
    """Return the open invitation whose link this browser session has followed."""
    return open_invitation(request.session.get(SESSION_KEY, ""))


def _open() -> Any:
    rows = Invitation.objects.filter(
        accepted_at=None,
        declined_at=None,
        withdrawn_at=None,
        expires_at__gt=timezone.now(),
        organization__is_active=True,
    )
    return rows.select_related("organization", "custom_role", "invited_by")


def invited_addresses(user: User) -> set[str]:
    """Return the addresses that are known to be this person's, in lower case."""
    verified = EmailAddress.objects.filter(user=user, verified=True)
    return {address.lower() for address in verified.values_list("email", flat=True)}
