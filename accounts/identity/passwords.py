"""Where a person's password is kept: here, or in a directory that answers for them alone."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from accounts.models import User

DIRECTORY = "ldap:"


def is_kept_elsewhere(user: User) -> bool:
    """Tell whether a directory keeps this person's password and allows none here besides.

    `local_password` of a directory says whether a password of this console opens the account
    too, for the day the directory is down.
    """
    strict = [
        f"{DIRECTORY}{entry['id']}"
        for entry in settings.LDAP_DIRECTORIES
        if not entry.get("local_password", False)
    ]
    if not strict:
        return False
    return SocialAccount.objects.filter(user=user, provider__in=strict).exists()
