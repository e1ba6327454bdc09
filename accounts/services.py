"""All writes to people, organizations and memberships."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from accounts.choices import Role
from accounts.events import (
    MembershipChanged,
    OrganizationChanged,
    OrganizationCreated,
    PasswordChanged,
    UserCreated,
)
from accounts.models import Membership, Organization, User
from audit.recorder import record
from core.exceptions import Conflict

FIRST_OPERATOR_TTL = 24 * 3600


@transaction.atomic
def user_create(
    actor: Actor,
    *,
    email: str,
    password: str,
    username: str = "",
    is_superuser: bool = False,
) -> User:
    """Create a person with a personal organization that they administer. Audits."""
    user = User(
        email=email.strip().lower(),
        username=username or _free_username(email),
        is_staff=is_superuser,
        is_superuser=is_superuser,
    )
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    organization = _plant(Organization(name=personal_name(user), is_personal=True), None)
    Membership.objects.create(user=user, organization=organization, role=Role.ADMIN)
    record(actor, UserCreated, user, organization=organization, email=user.email)
    return user


@transaction.atomic
def organization_create(
    actor: Actor, *, name: str, admin: User, parent: Organization | None = None
) -> Organization:
    """Create a shared organization with its first admin. Audits."""
    organization = _plant(Organization(name=name), parent)
    Membership.objects.create(user=admin, organization=organization, role=Role.ADMIN)
    record(actor, OrganizationCreated, organization, organization=organization, name=name)
    return organization


@transaction.atomic
def organization_rename(actor: Actor, *, organization: Organization, name: str) -> Organization:
    """Change what an organization is called; its owner id stays. Audits."""
    organization.name = name
    organization.full_clean()
    organization.save(update_fields=["name"])
    record(actor, OrganizationChanged, organization, organization=organization, name=name)
    return organization


@transaction.atomic
def membership_set(
    actor: Actor, *, user: User, organization: Organization, role: str
) -> Membership:
    """Give a person a role; the last admin of an organization cannot be demoted. Audits."""
    Organization.objects.select_for_update().get(pk=organization.pk)
    if role != Role.ADMIN:
        _refuse_without_admin(organization, leaving=user)
    membership, _ = Membership.objects.update_or_create(
        user=user, organization=organization, defaults={"role": role}
    )
    record(actor, MembershipChanged, membership, organization=organization, role=role)
    return membership


@transaction.atomic
def password_change(actor: Actor, *, user: User, password: str) -> None:
    """Store a new password. Audits. The caller keeps or ends the session."""
    user.set_password(password)
    user.save(update_fields=["password"])
    record(actor, PasswordChanged, user, organization=personal_organization(user))


def personal_organization(user: User) -> Organization:
    """Return the organization that every user has from sign-up."""
    return Organization.objects.get(memberships__user=user, is_personal=True)


def personal_name(user: User) -> str:
    """Return what a personal organization is called."""
    return f"{user.username}"


def first_operator_token() -> str | None:
    """Return the token of the one-time link, or None once there is an operator.

    The token is signed with the installation's secret and good for a day; using it creates the
    first user, after which every token is void.
    """
    if User.objects.exists():
        return None
    issued = f"{int(timezone.now().timestamp())}-{secrets.token_hex(16)}"
    return f"{issued}-{_first_operator_signature(issued)}"


def first_operator_token_is_valid(token: str) -> bool:
    """Tell whether the link is genuine, not older than a day, and nobody is there yet."""
    issued, _, signature = token.rpartition("-")
    if not issued or not hmac.compare_digest(_first_operator_signature(issued), signature):
        return False
    age = timezone.now().timestamp() - int(issued.split("-", 1)[0])
    return 0 <= age <= FIRST_OPERATOR_TTL and not User.objects.exists()


@transaction.atomic
def first_operator_create(*, email: str, password: str) -> User:
    """Create the first user, a superuser; raises Conflict when there is one already."""
    if User.objects.select_for_update().exists():
        raise Conflict("accounts.operator_exists", "This console already has an operator.")
    actor = Actor.named_system("first start")
    return user_create(actor, email=email, password=password, is_superuser=True)


def _plant(organization: Organization, parent: Organization | None) -> Organization:
    if parent is None:
        return Organization.objects.add_root(instance=organization)
    return Organization.objects.add_child(parent, instance=organization)


def _first_operator_signature(issued: str) -> str:
    key = f"first-operator:{settings.SECRET_KEY}".encode()
    return hmac.new(key, issued.encode(), hashlib.sha256).hexdigest()


def _free_username(email: str) -> str:
    base = re.sub(r"[^a-z0-9._-]", "", email.split("@", 1)[0].lower())[:100] or "user"
    if not User.objects.filter(username=base).exists():
        return base
    return f"{base}-{secrets.token_hex(3)}"


def _refuse_without_admin(organization: Organization, *, leaving: User) -> None:
    others = organization.memberships.filter(role=Role.ADMIN).exclude(user=leaving)
    is_admin = organization.memberships.filter(role=Role.ADMIN, user=leaving).exists()
    if is_admin and not others.exists():
        raise Conflict(
            "accounts.last_admin",
            f"{leaving} is the last admin of {organization}. Make somebody else admin first.",
        )
