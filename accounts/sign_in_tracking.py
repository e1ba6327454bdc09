"""Sign-ins and sign-outs, noted in the list that people see; unknown browsers cause a notice."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core.signing import BadSignature, dumps, loads
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponseBase

from accounts.actor import client_address
from accounts.identity.methods import sign_in_method
from accounts.models import User
from accounts.services.notices import security_notice
from accounts.services.sign_ins import sign_in_begin, sign_in_forget

# Who has signed in with this browser before: signed, so that it cannot be made up; a stolen one
# does no more than keep a notice away.
COOKIE = "thinx_known"
SALT = "accounts.known-browser"
A_YEAR = 365 * 24 * 3600
MOST_PEOPLE = 20
PASSKEY = "django_otp_webauthn.backends.WebAuthnBackend"


def method_in_words(request: HttpRequest, user: Any) -> str:
    """Return how somebody signed in, in words; nothing when nobody said."""
    if getattr(user, "backend", "") == PASSKEY:
        return "Passkey"
    return sign_in_method(request, user)


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    if request is None or not hasattr(request, "session"):
        return
    sign_in = sign_in_begin(request, user=user, method=method_in_words(request, user))
    is_known = f"{user.uid}" in known_people(request)
    request.signed_in_person = user  # type: ignore[attr-defined]
    # Django notes last_login after this: empty means that nobody ever signed in as them.
    if not is_known and user.last_login is not None and client_address(request):
        security_notice(user, "new_sign_in", sign_in=sign_in)


@receiver(user_logged_out)
def _signed_out(request: HttpRequest | None, **_: Any) -> None:
    if request is not None and hasattr(request, "session"):
        sign_in_forget(request.session.session_key)


def known_people(request: HttpRequest) -> list[str]:
    """Return the uids of those who have signed in with this browser, as its cookie says."""
    try:
        found = loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=A_YEAR)
    except BadSignature:
        return []
    return [f"{uid}" for uid in found] if isinstance(found, list) else []


def remember_browser(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let the browser prove next time that this person has used it."""
    user = request.signed_in_person  # type: ignore[attr-defined]
    known = [uid for uid in known_people(request) if uid != f"{user.uid}"]
    value = dumps([*known, f"{user.uid}"][-MOST_PEOPLE:], salt=SALT)
    response.set_cookie(  # type: ignore[attr-defined]
        COOKIE, value, max_age=A_YEAR, httponly=True, samesite="Lax", secure=request.is_secure()
    )
