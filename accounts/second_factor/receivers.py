"""What happens to second factors and remembered browsers when people sign in."""

from __future__ import annotations

from typing import Any

import django_otp
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.actor import PROVED_AT
from accounts.models import RememberedBrowser, User
from accounts.second_factor.browsers import browser_factor
from accounts.second_factor.sessions import session_prove
from accounts.second_factor.signals import factor_added, factor_removed
from accounts.second_factor.words import kind_in_words
from accounts.services.notices import security_notice


@receiver(user_logged_in)
def _signed_in(request: HttpRequest | None, user: User, **_: Any) -> None:
    """Any first factor proves who sits there, for a quarter of an hour.

    But for a remembered browser: it is spared the factor, so sudo mode asks for it.
    """
    if request is None or not hasattr(request, "session"):
        return
    factor = browser_factor(request, user)
    if factor is None:
        session_prove(request)
        return
    request.session.pop(PROVED_AT, None)
    django_otp.login(request, factor)


@receiver(post_save, sender=User)
def _password_changed(instance: User, created: bool, **_: Any) -> None:  # noqa: FBT001
    """Forget the browsers of whoever has a new password, however that came.

    Django clears `_password` before it stores a better hash of the same password.
    """
    if not created and getattr(instance, "_password", None) is not None:
        RememberedBrowser.objects.filter(user=instance).delete()


@receiver(factor_added)
def _added(user: User, actor: Any, kind: str, name: str, **_: Any) -> None:
    what = f"{kind_in_words(kind)} “{name}”"
    security_notice(user, "factor_added", what=what, actor=actor)


@receiver(factor_removed)
def _removed(user: User, actor: Any, kind: str, name: str, **_: Any) -> None:
    what = f"{kind_in_words(kind)} “{name}”"
    security_notice(user, "factor_removed", what=what, actor=actor)
