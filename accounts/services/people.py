"""People: making them, their password, their own organization."""

from __future__ import annotations

import re
import secrets

from django.db import transaction

from accounts.actor import Actor
from accounts.choices import Role
from accounts.events import PasswordChanged, UserCreated
from accounts.models import Membership, Organization, User
from accounts.services.organizations import plant
from audit.recorder import record


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
    organization = plant(Organization(name=personal_name(user), is_personal=True), None)
    Membership.objects.create(user=user, organization=organization, role=Role.ADMIN)
    record(actor, UserCreated, user, organization=organization, email=user.email)
    return user


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


def _free_username(email: str) -> str:
    base = re.sub(r"[^a-z0-9._-]", "", email.split("@", 1)[0].lower())[:100] or "user"
    if not User.objects.filter(username=base).exists():
        return base
    return f"{base}-{secrets.token_hex(3)}"
