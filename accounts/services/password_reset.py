"""A lost password: a link by mail, once, without telling who has an account here."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction

from accounts.actor import Actor
from accounts.events import PasswordResetAsked, PasswordResetDone
from accounts.identity.addresses import console_url, has_verified_address
from accounts.identity.names import person_named
from accounts.identity.passwords import is_kept_elsewhere
from accounts.models import User
from accounts.selectors.people import own_organization
from accounts.services.notices import security_notice
from accounts.services.sign_ins import sign_ins_end
from accounts.services.sign_up import activation_send
from audit.recorder import record
from core.delivery import hand_over
from core.exceptions import Conflict
from core.mail import send_mail

MAIL_WAY_IN = "accounts.mail_way_in"


@transaction.atomic
def way_in_ask(actor: Actor, *, name: str, reset: bool) -> None:
    """Have a worker mail what opens the account of this name, if there is one.

    `reset` asks for a new password, otherwise for the activation link again. The request does the
    same work for every name and looks nobody up, so neither its answer nor its time tells.
    """
    message = {
        "name": name.strip(),
        "reset": "reset" if reset else "",
        "address": actor.address,
        "request_id": actor.request_id,
    }
    hand_over(MAIL_WAY_IN, way_in_mail, message)


@transaction.atomic
def way_in_mail(message: dict[str, str]) -> str:
    """Look for the person, and mail them what they need; return a word for the log. Audits."""
    person = person_named(message["name"])
    if person is None or not person.is_active:
        return "nobody"
    if not has_verified_address(person):
        activation_send(person)
        return "an activation link"
    if not message["reset"]:
        return "nothing"
    if is_kept_elsewhere(person):
        send_mail("password_elsewhere", person.email, {"name": person.first_name})
        return "where the password is kept"
    actor = Actor(address=message["address"], request_id=message["request_id"])
    reset_send(actor, person=person)
    return "a reset link"


def reset_send(actor: Actor, *, person: User) -> None:
    """Mail the one-time link to a new password. Audits."""
    token = default_token_generator.make_token(person)
    context = {
        "name": person.first_name,
        "username": person.username,
        "url": console_url("accounts:password_choose", uid=f"{person.uid}", token=token),
        "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
    }
    record(
        actor,
        PasswordResetAsked,
        person,
        organization=own_organization(person),
        email=person.email,
    )
    send_mail("password_reset", person.email, context)


@transaction.atomic
def password_reset(actor: Actor, *, person: User, token: str, password: str) -> User:
    """Store the password chosen by a mailed link; every session of the person ends. Audits.

    The link dies with the old password. Raises Conflict `accounts.link_used` when two used it.
    """
    person = User.objects.select_for_update().get(pk=person.pk)
    if not default_token_generator.check_token(person, token) or is_kept_elsewhere(person):
        raise Conflict("accounts.link_used", "This link was used already. Ask for a new one.")
    person.set_password(password)
    person.save(update_fields=["password"])
    record(actor, PasswordResetDone, person, organization=own_organization(person))
    sign_ins_end(actor, user=person)
    security_notice(person, "password_changed", actor=actor)
    return person
