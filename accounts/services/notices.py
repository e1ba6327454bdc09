"""Security notices: told to the person whatever they chose, by mail and, if wanted, by SMS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.browsers import browser_in_words
from accounts.models import SignIn, User
from accounts.selectors.notifications import wants
from core.look import absolute_time
from core.mail import send_mail
from core.sms import send_sms

SECURITY = "security"


@dataclass(frozen=True)
class Notice:
    """The words of one kind of notice; `{what}` is named by whoever sends it."""

    subject: str
    sentence: str
    advice: str = (
        "If it was not you, change your password now and end the sessions you do not know."
    )
    page: str = "accounts:signin_list"
    button: str = "Look at your sign-ins"


NOTICES = {
    "new_sign_in": Notice(
        "New sign-in to your account",
        "Somebody signed in as you from a browser that your account had not been used with.",
    ),
    "password_changed": Notice(
        "Your password was changed",
        "The password of your account was changed. Every other session is signed out.",
        "If it was not you, reset your password now.",
        "accounts:profile_security",
        "Look at your account",
    ),
    "email_changed": Notice(
        "Your e-mail address was changed",
        "The e-mail address of your account is now {what}.",
        "If it was not you, tell whoever runs this console at once: the account is in other hands.",
    ),
    "factor_added": Notice(
        "A second factor was added",
        "From now on your account also opens with {what}.",
        "If it was not you, remove it, change your password and end the sessions you do not know.",
        "accounts:profile_security",
        "Look at your account",
    ),
    "factor_removed": Notice(
        "A second factor was removed",
        "Your account does not open with {what} any more.",
        "If it was not you, change your password now and add a second factor.",
        "accounts:profile_security",
        "Look at your account",
    ),
}


def security_notice(
    user: User,
    kind: str,
    *,
    what: str = "",
    sign_in: SignIn | None = None,
    actor: Any = None,
    to: str = "",
) -> None:
    """Tell a person of something that concerns the safety of their account.

    `kind` is a key of NOTICES. `to` is another address than the person's own: the former one,
    when it was changed. Where from is taken from the sign-in, else from the actor.
    """
    notice = NOTICES[kind]
    sentence = notice.sentence.format(what=what)
    address = sign_in.address if sign_in else getattr(actor, "address", "")
    with timezone.override(user.time_zone or "UTC"):
        moment = absolute_time(timezone.now())
    facts = [("When", moment), ("Address", address)]
    if sign_in is not None:
        facts += [
            ("Browser", browser_in_words(sign_in.user_agent)),
            ("Signed in by", sign_in.method),
        ]
    context = {
        "name": user.first_name,
        "subject": notice.subject,
        "sentence": sentence,
        "advice": notice.advice,
        "facts": [(label, value) for label, value in facts if value],
        "url": f"{settings.PUBLIC_URL}{reverse(notice.page)}",
        "button": notice.button,
    }
    send_mail("security_notice", to or user.email, context, language=user.language)
    if wants(user, SECURITY, "sms"):
        send_sms(user.phone, f"THiNX Console: {sentence} {notice.advice}")
