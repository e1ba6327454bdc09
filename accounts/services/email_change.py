"""Another e-mail address for a person: it counts once it is confirmed; the old one is told."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.actor import Actor
from accounts.events import EmailChangeAsked, EmailChanged, EmailChangeWithdrawn
from accounts.identity.addresses import address_key, console_url
from accounts.models import User
from accounts.selectors.people import own_organization
from accounts.services.notices import security_notice
from accounts.services.sign_up import address_known
from audit.recorder import record
from core.exceptions import Conflict
from core.mail import send_mail


@transaction.atomic
def email_change_ask(actor: Actor, *, person: User, email: str) -> None:
    """Mail a link to the new address, and tell the old one. Audits.

    An address that has an account already is told instead; the page does not say so.
    """
    record(
        actor,
        EmailChangeAsked,
        person,
        organization=own_organization(person),
        changes={"email": {"before": person.email, "after": email}},
    )
    send_mail("email_change_asked", person.email, {"name": person.first_name, "email": email})
    EmailAddress.objects.filter(user=person, primary=False).delete()
    other = User.objects.filter(email__iexact=email).exclude(pk=person.pk).first()
    if other is not None:
        address_known(other, email)
        return
    address = EmailAddress.objects.create(user=person, email=email, verified=False)
    context = {
        "name": person.first_name,
        "email": email,
        "url": console_url("accounts:email_confirm", key=address_key(address)),
        "hours": settings.ACTIVATION_SECONDS // 3600,
    }
    send_mail("confirm_email", email, context)


@transaction.atomic
def email_change_withdraw(actor: Actor, *, person: User) -> None:
    """Give up an address that is not confirmed yet; its link opens nothing any more. Audits."""
    asked = EmailAddress.objects.filter(user=person, primary=False, verified=False)
    emails = list(asked.values_list("email", flat=True))
    if not emails:
        return
    asked.delete()
    record(
        actor,
        EmailChangeWithdrawn,
        person,
        organization=own_organization(person),
        email=", ".join(emails),
    )


@transaction.atomic
def email_change_confirm(actor: Actor, *, address: EmailAddress) -> User:
    """Make the confirmed address the person's own, and tell the old one. Audits.

    Raises Conflict `accounts.link_used` when the link was used meanwhile, and
    `accounts.email_taken` when another account has the address by now.
    """
    person = User.objects.select_for_update().get(pk=address.user_id)
    old = person.email
    if not EmailAddress.objects.filter(pk=address.pk, verified=False).exists():
        raise Conflict("accounts.link_used", "This link was used already. Sign in.")
    try:
        with transaction.atomic():
            EmailAddress.objects.filter(user=person).exclude(pk=address.pk).delete()
            EmailAddress.objects.filter(pk=address.pk).update(verified=True, primary=True)
            person.email = address.email
            person.save(update_fields=["email"])
    except IntegrityError:
        raise Conflict(
            "accounts.email_taken", "Another account has this e-mail address by now."
        ) from None
    record(
        actor,
        EmailChanged,
        person,
        organization=own_organization(person),
        changes={"email": {"before": old, "after": person.email}},
    )
    security_notice(person, "email_changed", what=person.email, actor=actor, to=old)
    return person
