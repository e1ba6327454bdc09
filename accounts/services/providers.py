"""Accounts at providers that open an account of this console."""

from __future__ import annotations

from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from accounts.actor import Actor
from accounts.events import ProviderLinked, ProviderUnlinked
from accounts.identity.methods import provider_name
from accounts.identity.providers import is_directory, is_last_way_in
from accounts.models import User
from accounts.selectors.people import own_organization
from audit.recorder import record
from core.exceptions import Conflict


@transaction.atomic
def provider_unlink(actor: Actor, *, account: SocialAccount) -> None:
    """Forget that an account elsewhere opens this one. Audits.

    Raises Conflict `accounts.last_way_in` when nothing else does, and
    `accounts.directory_links` for a directory.
    """
    person = User.objects.select_for_update().get(pk=account.user_id)
    name = provider_name(account.provider)
    if is_directory(account):
        raise Conflict(
            "accounts.directory_links",
            f"{name} is the directory of your organization; it links again at your next sign-in.",
        )
    if is_last_way_in(account):
        raise Conflict(
            "accounts.last_way_in",
            f"{name} is the only way into your account. Choose a password first: sign out and "
            "follow “Forgot your password?”.",
        )
    account.delete()
    record(
        actor,
        ProviderUnlinked,
        person,
        organization=own_organization(person),
        provider=name,
        account=account.uid,
    )


def provider_linked(actor: Actor, *, account: SocialAccount) -> None:
    """Audit that an account elsewhere opens this one from now on."""
    person = account.user
    record(
        actor,
        ProviderLinked,
        person,
        organization=own_organization(person),
        provider=provider_name(account.provider),
        account=account.uid,
    )
