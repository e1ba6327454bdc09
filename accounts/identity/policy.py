"""Who may make an account here."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

from accounts.selectors.invitations import invitation_in

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def sign_up_policy() -> str:
    """Return open, invited or closed.

    While the operator has not decided, a console that only its own machine reaches is open; one
    with an address that others can reach guards firmware, and takes nobody it was not told of.
    """
    if settings.SIGN_UP:
        return settings.SIGN_UP
    return "open" if urlsplit(settings.PUBLIC_URL).hostname in LOOPBACK else "invited"


def sign_up_allowed(request: HttpRequest, email: str = "") -> bool:
    """Tell whether this visitor may make an account, with this address if one is named.

    `invited` asks for an open invitation, and the account has its address.
    """
    policy = sign_up_policy()
    if policy == "invited":
        invited = invited_address(request)
        return bool(invited) and email.lower() in {"", invited}
    return policy == "open"


def invited_address(request: HttpRequest) -> str:
    """Return the address of the invitation that this browser came with, or nothing."""
    invitation = invitation_in(request)
    return invitation.email.lower() if invitation is not None else ""
