"""People whom a directory vouches for, and the roles that its groups give them."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from accounts.actor import Actor
from accounts.choices import Role
from accounts.identity.passwords import DIRECTORY
from accounts.models import Membership, Organization, User
from accounts.services.memberships import membership_remove, membership_set
from accounts.services.providers import provider_linked
from accounts.services.sign_up import person_create
from core.exceptions import DomainError

logger = logging.getLogger(__name__)
STRENGTH = [Role.VIEWER, Role.OPERATOR, Role.ADMIN]
# What the link remembers of the roles that the directory gave: {organization uid: role}.
GIVEN = "roles"


def directory_person(
    actor: Actor, *, entry: dict[str, Any], facts: dict[str, str]
) -> SocialAccount | None:
    """Return the link of a directory's entry to its person, made now if need be. Audits.

    A new entry takes over the account that has its confirmed address, unless that account is
    staff's or another directory's; then, and where `create` is false, None is returned.
    """
    provider = f"{DIRECTORY}{entry['id']}"
    links = SocialAccount.objects.select_related("user")
    found = links.filter(provider=provider, uid=facts["id"]).first()
    if found is not None:
        return found
    person = _person_of(actor, entry, facts)
    if person is None:
        return None
    return _linked(actor, person, provider, facts)


def directory_roles(
    actor: Actor, *, entry: dict[str, Any], account: SocialAccount, groups: set[str]
) -> None:
    """Give what the groups give, and take back what an earlier sign-in gave. Audits.

    Roles that people gave by hand stay, but in an organization whose role a group names.
    """
    wanted = _wanted(entry, groups)
    before = dict(account.extra_data.get(GIVEN, {}))
    given = {}
    for uid, role in wanted.items():
        if _give(actor, account.user, uid, role):
            given[uid] = role
    for uid, role in before.items():
        if uid not in wanted and not _take(actor, account.user, uid, role):
            given[uid] = role
    if given != before:
        account.extra_data = {**account.extra_data, GIVEN: given}
        account.save(update_fields=["extra_data"])


def _person_of(actor: Actor, entry: dict[str, Any], facts: dict[str, str]) -> User | None:
    email = facts["email"].lower()
    try:
        validate_email(email)
    except ValidationError:
        return None
    known = User.objects.filter(email__iexact=email).first()
    if known is None:
        return _created(actor, email, facts, entry) if entry.get("create", True) else None
    is_theirs = EmailAddress.objects.filter(user=known, email=email, verified=True).exists()
    other = SocialAccount.objects.filter(user=known, provider__startswith=DIRECTORY).exists()
    if not is_theirs or other or known.is_staff or known.is_superuser:
        logger.warning(
            "directory %s: an address belongs to an account it may not take over", entry["id"]
        )
        return None
    return known


def _created(actor: Actor, email: str, facts: dict[str, str], entry: dict[str, Any]) -> User:
    names = {key: facts[key][:150] for key in ("username", "first_name", "last_name")}
    return person_create(actor, email=email, is_verified=True, method=entry["name"], **names)


def _linked(actor: Actor, person: User, provider: str, facts: dict[str, str]) -> SocialAccount:
    account, is_new = SocialAccount.objects.get_or_create(
        provider=provider,
        uid=facts["id"],
        defaults={"user": person, "extra_data": {"email": facts["email"], GIVEN: {}}},
    )
    if is_new:
        provider_linked(actor, account=account)
    return account


def _wanted(entry: dict[str, Any], groups: set[str]) -> dict[str, str]:
    """Return the strongest role of each organization."""
    found: dict[str, str] = {}
    for rule in entry.get("roles", ()):
        if rule["group"].lower() in groups:
            uid, role = rule["organization"], rule["role"]
            found[uid] = max(found.get(uid, role), role, key=STRENGTH.index)
    return found


def _give(actor: Actor, person: User, uid: str, role: str) -> bool:
    organization = Organization.objects.filter(uid=uid).first()
    if organization is None:
        logger.warning("a directory gives a role in %s, which does not exist", uid)
        return False
    try:
        membership_set(actor, user=person, organization=organization, role=role)
    except DomainError as error:
        logger.warning("a directory could not give a role: %s", error.code)
        return False
    return True


def _take(actor: Actor, person: User, uid: str, role: str) -> bool:
    """End what the directory gave, unless somebody gave another role since."""
    mine = Membership.objects.filter(user=person, organization__uid=uid, role=role)
    membership = mine.select_related("organization", "user", "custom_role").first()
    if membership is None:
        return True
    try:
        membership_remove(actor, membership=membership)
    except DomainError as error:
        logger.warning("a directory could not take a role back: %s", error.code)
        return False
    return True
