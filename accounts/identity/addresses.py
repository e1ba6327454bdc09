"""E-mail addresses: allauth keeps which are confirmed; links that confirm them are signed."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import User

SALT = "accounts.address"


def has_verified_address(user: User) -> bool:
    """Tell whether the person has shown that their e-mail address is theirs."""
    return EmailAddress.objects.filter(user=user, verified=True).exists()


def is_proven(user: User | None, email: str) -> bool:
    """Tell whether the person has shown that this very address is theirs."""
    if user is None:
        return False
    return EmailAddress.objects.filter(user=user, verified=True, email__iexact=email).exists()


def link_key(salt: str, *facts: str) -> str:
    """Return what a mailed link carries; `salt` says what it is for."""
    return signing.dumps([*facts], salt=salt)


def link_facts(salt: str, key: str) -> list[str] | None:
    """Return the facts of a link, or None when it is not ours or too old."""
    try:
        facts = signing.loads(key, salt=salt, max_age=settings.ACTIVATION_SECONDS)
    except (signing.BadSignature, ValueError):
        return None
    return [f"{fact}" for fact in facts]


def address_key(address: EmailAddress) -> str:
    """Return what a link carries; void once the address is confirmed, given up, or too old."""
    return link_key(SALT, f"{address.user.uid}", address.email)


def address_of_key(key: str) -> EmailAddress | None:
    """Return the unconfirmed address of a link, or None when the link opens nothing any more."""
    facts = link_facts(SALT, key)
    if facts is None:
        return None
    uid, email = facts
    found = EmailAddress.objects.select_related("user").filter(
        user__uid=uid, user__is_active=True, email=email, verified=False
    )
    return found.first()


def console_url(name: str, **kwargs: str) -> str:
    """Return an address of this console as mail carries it: never from the Host header."""
    return f"{settings.PUBLIC_URL}{reverse(name, kwargs=kwargs)}"
