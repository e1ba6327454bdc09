"""Reads of where a person is signed in."""

from __future__ import annotations

from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from accounts.models import SignIn, User


def open_sign_ins(user: User) -> QuerySet[SignIn]:
    """Return the sign-ins whose session is still there, the one used last first."""
    return SignIn.objects.filter(_has_session(), user=user)


def stale_sign_ins() -> QuerySet[SignIn]:
    """Return the sign-ins of everybody whose session is gone."""
    return SignIn.objects.filter(~_has_session())


def _has_session() -> Exists:
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    return Exists(alive.filter(session_key=OuterRef("session_key")))
