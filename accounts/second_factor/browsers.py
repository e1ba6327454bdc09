"""Browsers that are not asked for the second factor for a month.

The cookie holds a random token, the row its digest and the factor that was shown. Signing in
with it does not open sudo mode: there the factor is asked for all the same.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django_otp.models import Device

from accounts.actor import Actor
from accounts.models import RememberedBrowser, User
from accounts.second_factor.events import BrowserForgotten, BrowserRemembered
from accounts.second_factor.words import factor_in_words
from accounts.selectors.people import own_organization
from audit.recorder import record

COOKIE = "thinx_browser"
LIFETIME = dt.timedelta(days=30)


@transaction.atomic
def browser_remember(
    actor: Actor, *, request: HttpRequest, response: HttpResponseBase, factor: Any
) -> RememberedBrowser:
    """Spare this browser the second factor for a month. Audits, sets the cookie."""
    token = secrets.token_urlsafe(32)
    RememberedBrowser.objects.filter(expires_at__lte=timezone.now()).delete()
    browser = RememberedBrowser.objects.create(
        user=factor.user,
        digest=_digest(token),
        factor=factor.persistent_id,
        user_agent=request.headers.get("User-Agent", "")[:300],
        address=actor.address[:64],
        expires_at=timezone.now() + LIFETIME,
        last_used_at=timezone.now(),
    )
    record(
        actor,
        BrowserRemembered,
        factor.user,
        organization=own_organization(factor.user),
        factor=factor_in_words(factor),
    )
    response.set_cookie(  # type: ignore[attr-defined]
        COOKIE,
        token,
        max_age=LIFETIME,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return browser


def browser_factor(request: HttpRequest, user: User) -> Any:
    """Return the factor that was shown in this browser lately, or None."""
    token = getattr(request, "COOKIES", {}).get(COOKIE)
    if not token or user.second_factor_at is None:
        return None
    found = RememberedBrowser.objects.filter(
        user=user, digest=_digest(token), expires_at__gt=timezone.now()
    )
    browser = found.first()
    factor = Device.from_persistent_id(browser.factor) if browser is not None else None
    if factor is None or not factor.confirmed or factor.user_id != user.pk:
        return None
    found.update(last_used_at=timezone.now())
    return factor


@transaction.atomic
def browser_forget(actor: Actor, *, browser: RememberedBrowser) -> None:
    """Ask this browser for the second factor again. Audits."""
    place = own_organization(browser.user)
    record(actor, BrowserForgotten, browser.user, organization=place, count=1)
    browser.delete()


@transaction.atomic
def browsers_forget(actor: Actor, *, user: User) -> int:
    """Ask every browser of a person again; return how many were forgotten. Audits."""
    count, _ = RememberedBrowser.objects.filter(user=user).delete()
    if count:
        place = own_organization(user)
        record(actor, BrowserForgotten, user, organization=place, count=count)
    return count


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
