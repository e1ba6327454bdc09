"""Lockouts by django-axes: ten wrong passwords of an account at an address, fifty of an address,
a hundred of an account wherever they come from.
"""

from __future__ import annotations

import math
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.actor import client_address
from accounts.identity.names import person_named
from accounts.models import SignIn

ADDRESS_LIMIT = 50
ACCOUNT_LIMIT = 100
LONGEST_NAME = 254


def account_name(request: HttpRequest | None, credentials: dict[str, Any] | None = None) -> str:
    """Return whose password is asked: one name per person, however it was typed."""
    typed = f"{(credentials or {}).get('username') or ''}".replace("\0", "")
    person = person_named(typed)
    return person.email if person is not None else typed.strip().casefold()[:LONGEST_NAME]


def address_of(request: HttpRequest) -> str | None:
    """Return the address of the peer, as the audit log has it."""
    return client_address(request) or None


class LockoutHandler(AxesDatabaseHandler):
    """Counts in the database, so that all workers agree and a lost cache forgives nothing.

    The pair of account and address ends at AXES_FAILURE_LIMIT, so that nobody far away locks
    somebody else out; the address, which may be an office, at ADDRESS_LIMIT. The account ends at
    ACCOUNT_LIMIT, but not at an address where its person is signed in: whoever guesses from many
    places shuts those places out, and not the person.
    """

    def get_failures(self, request: Any, credentials: dict[str, Any] | None = None) -> int:
        """Return the failures of the pair, or the others on the scale of the pair."""
        pair, address, account = (
            found.aggregate(Sum("failures_since_start"))["failures_since_start__sum"] or 0
            for found in self.get_user_attempts(request, credentials)
        )
        allowed = settings.AXES_FAILURE_LIMIT
        shares = [pair, address * allowed // ADDRESS_LIMIT]
        if account >= ACCOUNT_LIMIT and not _is_at_home(request, credentials):
            shares.append(allowed)
        return max(shares)

    def reset_user_attempts(
        self, request: HttpRequest, credentials: dict[str, Any] | None = None
    ) -> int:
        """Forget the failures of the pair alone: one's own account must not clear an address."""
        pair = self.filter_user_attempts(request, credentials)[0]
        return pair.delete()[0]


def _is_at_home(request: HttpRequest, credentials: dict[str, Any] | None) -> bool:
    """Tell whether the person whose password is asked is signed in at this address."""
    name = account_name(request, credentials)
    return SignIn.objects.filter(user__email=name, address=address_of(request) or "-").exists()


def locked_out(
    request: HttpRequest,
    response: HttpResponse | None = None,
    credentials: dict[str, Any] | None = None,
) -> HttpResponse:
    """Return what somebody who is locked out gets: the 429 page, or its JSON for the API."""
    return too_many_attempts(request, seconds_to_wait(request, credentials))


def seconds_to_wait(request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
    """Return the seconds until the last counted failure has cooled off."""
    fresh = AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request))
    here = fresh.filter(ip_address=address_of(request))
    account = fresh.filter(username=account_name(request, credentials)) if credentials else here
    found = next((rows for rows in (account & here, here, account) if rows.exists()), account)
    last = found.aggregate(last=Max("attempt_time"))["last"]
    cool_off: Any = get_cool_off(request)
    passed = timezone.now() - last if last else cool_off
    return max(1, math.ceil((cool_off - passed).total_seconds()))


def too_many_attempts(request: HttpRequest, wait: int, message: str = "") -> HttpResponse:
    """Return the 429 answer, which says when to come back."""
    minutes = -(-wait // 60)
    span = f"{minutes} {'minute' if minutes == 1 else 'minutes'}"
    message = message or (
        f"Too many wrong passwords. Try again in {span}; until then even the right one is not "
        "looked at."
    )
    message = message.replace("{span}", span)
    if request.path.startswith("/api/"):
        body = {"code": "accounts.locked_out", "detail": message, "fields": {}}
        answer: HttpResponse = JsonResponse(body, status=429)
    else:
        answer = render(request, "errors/429.html", {"message": message}, status=429)
    answer["Retry-After"] = f"{wait}"
    answer["Cache-Control"] = "no-store"
    return answer
