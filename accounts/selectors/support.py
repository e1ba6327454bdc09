"""Reads for staff about people."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404
from django_otp import devices_for_user

from accounts.actor import Actor
from accounts.browsers import browser_in_words
from accounts.models import Membership, User
from accounts.selectors.sign_ins import open_sign_ins

FACTOR_WORDS = {
    "TotpDevice": "Authenticator app",
    "SmsDevice": "Codes by SMS",
    "RecoveryCodes": "Recovery codes",
    "Passkey": "Passkey",
}


def people(actor: Actor) -> QuerySet[User]:
    """Return everybody, for those whom nothing limits; for all others there is no such list."""
    if not actor.is_unrestricted:
        raise Http404
    return User.objects.all()


def people_overview(actor: Actor) -> QuerySet[User]:
    """Return everybody with the number of shared organizations they belong to."""
    shared = Count("memberships", filter=Q(memberships__organization__is_personal=False))
    return people(actor).annotate(organizations=shared)


def person_memberships(user: User) -> QuerySet[Membership]:
    """Return where a person holds a role."""
    rows = Membership.objects.filter(user=user).select_related("organization", "custom_role")
    return rows.order_by("-organization__is_personal", "organization__name", "pk")


def person_sign_ins(user: User, limit: int = 20) -> list[dict[str, Any]]:
    """Return where a person is signed in, the one used last first, without any session key."""
    return [
        {
            "browser": browser_in_words(row.user_agent),
            "address": row.address,
            "method": row.method,
            "created_at": row.created_at,
            "last_used_at": row.last_used_at,
        }
        for row in open_sign_ins(user)[:limit]
    ]


def person_factors(user: User) -> list[dict[str, Any]]:
    """Return the second factors of a person: of which kind and since when, nothing else."""
    return [
        {
            "kind": FACTOR_WORDS.get(f"{device._meta.object_name}", "Other"),
            "created_at": getattr(device, "created_at", None),
            "last_used_at": getattr(device, "last_used_at", None),
        }
        for device in devices_for_user(user, confirmed=True)
    ]
