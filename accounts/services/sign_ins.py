"""Where people are signed in: noting it, keeping it true, ending it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from redis.exceptions import RedisError

from accounts.account_events import SignInEnded
from accounts.actor import Actor, client_address
from accounts.browsers import browser_in_words, kept_agent
from accounts.models import SignIn, User
from accounts.selectors.people import own_organization
from accounts.selectors.sign_ins import open_sign_ins, stale_sign_ins
from audit.recorder import record

# The name under which a session keeps the uid of its row. It survives a change of the session key.
MARK = "sign_in"
NOTED_EVERY = 60

logger = logging.getLogger(__name__)


def sign_in_begin(request: HttpRequest, *, user: User, method: str) -> SignIn:
    """Note a sign-in, once its session has its key. A second one in the same session renews it."""
    session = request.session
    if session.session_key is None:  # another person was signed in here, whose session is gone
        session.create()
    facts = {**_seen(request), "session_key": session.session_key, "method": method[:40]}
    mark = session.get(MARK)
    found = SignIn.objects.filter(user=user, uid=mark).first() if mark else None
    if found is None:
        found = SignIn(user=user)
    for name, value in facts.items():
        setattr(found, name, value)
    found.save()
    session[MARK] = f"{found.uid}"
    _due(found.uid)
    return found


def sign_in_seen(request: HttpRequest, *, user_pk: Any, key_before: str | None) -> None:
    """Keep the row of this session true: its key, and about once a minute when it was used.

    Costs no query otherwise. A session without a row, made before rows were kept, gets one.
    """
    session = request.session
    mark = session.get(MARK)
    if mark is None:
        user = User.objects.filter(pk=user_pk).first()
        if user is not None:
            sign_in_begin(request, user=user, method="")
        return
    if session.session_key != key_before:
        moved = SignIn.objects.filter(uid=mark).exclude(session_key=session.session_key)
        moved.update(session_key=session.session_key)
    if _due(mark):
        before = timezone.now() - timedelta(seconds=NOTED_EVERY)
        SignIn.objects.filter(uid=mark, last_used_at__lt=before).update(**_seen(request))


@transaction.atomic
def sign_in_end(actor: Actor, *, sign_in: SignIn) -> None:
    """End one session: its next request is refused, its WebSockets close in seconds. Audits."""
    record(
        actor,
        SignInEnded,
        sign_in.user,
        organization=own_organization(sign_in.user),
        browser=browser_in_words(sign_in.user_agent),
        from_address=sign_in.address,
    )
    sessions_drop([sign_in.session_key])


@transaction.atomic
def sign_ins_end(actor: Actor, *, user: User, keep: str | None = None) -> int:
    """End every session of a person but that of the sign-in with the uid `keep`. Audits.

    `request.session.get(MARK)` is the uid of a request's own. Returns how many were open.
    """
    ending = SignIn.objects.filter(user=user)
    if keep:
        ending = ending.exclude(uid=keep)
    keys = list(ending.values_list("session_key", flat=True))
    count = open_sign_ins(user).filter(session_key__in=keys).count()
    if count:
        record(actor, SignInEnded, user, organization=own_organization(user), count=count)
    sessions_drop(keys)
    return count


def sign_in_forget(session_key: str | None) -> None:
    """Drop the row of a session that its owner is ending."""
    if session_key:
        SignIn.objects.filter(session_key=session_key).delete()


def sign_ins_prune() -> int:
    """Drop sessions that have expired, and rows whose session is gone; return how many rows."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    count, _ = stale_sign_ins().delete()
    return count


def sessions_drop(keys: Iterable[str]) -> None:
    """End the sessions of these keys, their rows included."""
    keys = list(keys)
    Session.objects.filter(session_key__in=keys).delete()
    SignIn.objects.filter(session_key__in=keys).delete()


def _seen(request: HttpRequest) -> dict[str, Any]:
    return {
        "address": client_address(request)[:64],
        "user_agent": kept_agent(request.META.get("HTTP_USER_AGENT", "")),
        "last_used_at": timezone.now(),
    }


def _due(mark: Any) -> bool:
    try:
        return bool(cache.add(f"sign-in:{mark}", 1, NOTED_EVERY))
    except (RedisError, OSError) as error:
        logger.warning("cache away, the use of a session is noted each time: %s", error)
        return True
