"""Making an account by oneself, and showing that its e-mail address is one's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.actor import Actor
from accounts.events import AccountActivated, SignedUp
from accounts.identity.addresses import address_key, console_url
from accounts.models import Organization, User
from accounts.selectors.people import own_organization
from accounts.services.people import user_create
from audit.recorder import record
from core.exceptions import Conflict
from core.mail import send_mail


@transaction.atomic
def person_sign_up(
    actor: Actor,
    *,
    email: str,
    username: str,
    first_name: str = "",
    last_name: str = "",
) -> User | None:
    """Create a person who cannot sign in before they have followed the mailed link. Audits.

    An address that has an account already gets a mail that says so, and None is returned: the
    page that follows is the same, so that nobody learns here who has an account. Raises Conflict
    `accounts.username_taken` when somebody was faster with the user name.
    """
    found = User.objects.filter(email__iexact=email).first()
    if found is not None:
        address_known(found, email)
        return None
    facts = {"username": username, "first_name": first_name, "last_name": last_name}
    person = person_create(actor, email=email, is_verified=False, method="form", **facts)
    activation_send(person)
    return person


def person_create(
    actor: Actor, *, email: str, is_verified: bool, method: str, **facts: Any
) -> User:
    """Create a person without a password who made the account themselves. Audits.

    `method` is the form, or the provider or directory that vouches for them.
    """
    try:
        with transaction.atomic():
            person = user_create(
                actor, email=email, password=None, is_verified=is_verified, **facts
            )
    except (IntegrityError, ValidationError):
        raise Conflict(
            "accounts.username_taken", "Somebody has this user name or address by now."
        ) from None
    organization = own_organization(person)
    record(actor, SignedUp, person, organization=organization, email=person.email, method=method)
    if is_verified:
        record(actor, AccountActivated, person, organization=organization, method=method)
    return person


def address_known(person: User, email: str) -> None:
    """Tell an address that somebody tried to make a second account with it."""
    if EmailAddress.objects.filter(user=person, email=email, verified=False).exists():
        activation_send(person)
    elif person.is_active:
        urls = {
            "sign_in_url": console_url("accounts:sign_in"),
            "reset_url": console_url("accounts:password_reset"),
        }
        send_mail("account_exists", person.email, {"name": person.first_name, **urls})


def activation_send(person: User) -> None:
    """Mail the link that confirms a new person's address and lets them choose a password."""
    address = EmailAddress.objects.filter(user=person, verified=False, primary=True).first()
    if address is None or not person.is_active:
        return
    # No name: whoever fills in the form could write to strangers with it.
    context = {
        "username": person.username,
        "url": console_url("accounts:activate", key=address_key(address)),
        "hours": settings.ACTIVATION_SECONDS // 3600,
    }
    send_mail("activate", address.email, context)


@transaction.atomic
def person_activate(actor: Actor, *, address: EmailAddress, password: str | None) -> User:
    """Confirm a new person's address, and store the password they chose. Audits.

    Raises Conflict `accounts.link_used` when the link was used meanwhile.
    """
    person = User.objects.select_for_update().get(pk=address.user_id)
    unused = EmailAddress.objects.filter(pk=address.pk, verified=False)
    if not unused.update(verified=True):
        raise Conflict("accounts.link_used", "This link was used already. Sign in.")
    if password is not None:
        person.set_password(password)
        person.save(update_fields=["password"])
    record(
        actor,
        AccountActivated,
        person,
        organization=own_organization(person),
        email=address.email,
    )
    return person


@transaction.atomic
def unactivated_sweep() -> int:
    """Delete accounts whose address nobody confirmed within a week; return how many.

    Their user names are free again. Nothing can belong to them: nobody ever signed in.
    """
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    stale = User.objects.filter(
        Exists(addresses),
        ~Exists(addresses.filter(verified=True)),
        date_joined__lt=timezone.now() - timedelta(days=7),
        last_login=None,
        password__startswith=UNUSABLE_PASSWORD_PREFIX,
    )
    people = list(stale.values_list("pk", flat=True)[:500])
    personal = Organization.objects.filter(is_personal=True, memberships__user__in=people)
    for organization in personal:
        organization.delete()
    User.objects.filter(pk__in=people).delete()
    return len(people)
