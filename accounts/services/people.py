"""People: making them, their password, their own organization."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.actor import Actor
from accounts.choices import Role
from accounts.events import PasswordChanged, UserCreated
from accounts.identity.names import free_username
from accounts.models import Membership, Organization, User
from accounts.services.notices import security_notice
from accounts.services.organizations import plant
from audit.recorder import record


@transaction.atomic
def user_create(
    actor: Actor,
    *,
    email: str,
    password: str | None,
    username: str = "",
    first_name: str = "",
    last_name: str = "",
    is_superuser: bool = False,
    is_verified: bool = True,
) -> User:
    """Create a person with a personal organization that they administer. Audits.

    Every way in ends here: the form, a provider, a directory, the first operator. Without a
    password none opens the account. `is_verified` says that the address is known to be theirs.
    """
    user = User(
        email=email.strip().lower(),
        username=username or free_username(email),
        first_name=first_name,
        last_name=last_name,
        is_staff=is_superuser,
        is_superuser=is_superuser,
    )
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=is_verified)
    organization = plant(Organization(name=personal_name(user), is_personal=True), None)
    Membership.objects.create(user=user, organization=organization, role=Role.ADMIN)
    record(actor, UserCreated, user, organization=organization, email=user.email)
    return user


@transaction.atomic
def password_change(actor: Actor, *, user: User, password: str) -> None:
    """Store a new password. Audits, mails. The caller keeps or ends the session."""
    user.set_password(password)
    user.save(update_fields=["password"])
    record(actor, PasswordChanged, user, organization=personal_organization(user))
    security_notice(user, "password_changed", actor=actor)


def personal_organization(user: User) -> Organization:
    """Return the organization that every user has from sign-up."""
    return Organization.objects.get(memberships__user=user, is_personal=True)


def personal_name(user: User) -> str:
    """Return what a personal organization is called."""
    return f"{user.username}"
