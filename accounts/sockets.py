"""Who sits behind a WebSocket: asked again and again, with one query each time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth import SESSION_KEY as SESSION_USER
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Subquery, Value
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django_otp import DEVICE_ID_SESSION_KEY

from accounts.actor import Actor
from accounts.impersonation import impersonation_of, may_act_as
from accounts.models import Organization, User
from accounts.roles import HeldRole, held_role

PERSON = (
    "pk", "uid", "email", "is_active", "is_staff", "is_superuser", "password", "second_factor_at",
)  # fmt: skip
ROLE = (
    "memberships__role", "memberships__custom_role__actions", "memberships__organization__path",
    "memberships__organization__is_active",
)  # fmt: skip


@dataclass(frozen=True)
class Seat:
    """The session that opened a WebSocket, and as whom. It never becomes somebody else's."""

    session_key: str
    owner: int
    person: int
    factor: str
    address: str


def seat_of(scope: dict[str, Any]) -> Seat | None:
    """Return the seat of a WebSocket that is being opened; None when nobody is signed in."""
    user, session = scope.get("user"), scope.get("session")
    if user is None or not user.is_authenticated or session is None or not session.session_key:
        return None
    told = impersonation_of(session)
    return Seat(
        session_key=session.session_key,
        owner=user.pk,
        person=told.person if told else user.pk,
        factor=session.get(DEVICE_ID_SESSION_KEY) or "",
        address=(scope.get("client") or [""])[0],
    )


def actor_in(seat: Seat) -> Actor | None:
    """Return who sits there now, as stored; None when the seat is theirs no more.

    Sessions that ended are gone, a new password voids the others, and an impersonation that
    began, stopped or ran out makes the seat another person's. One query.
    """
    rows = list(_rows_of(seat))
    people = {row["pk"]: User(**{name: row[name] for name in PERSON}) for row in rows}
    owner, person = people.get(seat.owner), people.get(seat.person)
    if owner is None or person is None or not owner.is_active or not person.is_active:
        return None
    stored = SessionStore().decode(rows[0]["session_data"]) if rows[0]["session_data"] else {}
    if not _is_of(stored, owner):
        return None
    verified = rows[0]["has_factor"] and stored.get(DEVICE_ID_SESSION_KEY) == seat.factor
    told = impersonation_of(stored)
    if (told.person if told else owner.pk) != person.pk:
        return None
    if told and (told.is_over or not may_act_as(owner, person, verified=verified)):
        return None
    roles, demands = _roles_among([row for row in rows if row["pk"] == person.pk])
    return Actor(
        user=person,
        verified=verified,
        impersonator=owner if told else None,
        address=seat.address,
        lazy=True,
        _roles=roles,
        _demands_factor=demands,
    )


def _is_of(stored: dict[str, Any], owner: User) -> bool:
    said = stored.get(HASH_SESSION_KEY, "")
    is_owners = stored.get(SESSION_USER) == f"{owner.pk}"
    return is_owners and constant_time_compare(said, owner.get_session_auth_hash())


def _rows_of(seat: Seat) -> Any:
    """Return a row per person and role, each with the session and whether its factor stands."""
    now = timezone.now()
    session = Session.objects.filter(session_key=seat.session_key, expire_date__gt=now)
    own_path = ExpressionWrapper(OuterRef("memberships__organization__path"), CharField())
    at_or_above = Organization.objects.annotate(below=own_path).order_by()
    demanding = at_or_above.filter(requires_second_factor=True, below__startswith=F("path"))
    return (
        User.objects.filter(pk__in={seat.owner, seat.person})
        .annotate(
            session_data=Subquery(session.values("session_data")[:1]),
            has_factor=_factor_stands(seat),
            demands=Exists(demanding),
        )
        .values(*PERSON, *ROLE, "session_data", "has_factor", "demands")
    )


def _factor_stands(seat: Seat) -> Any:
    label, _, key = seat.factor.rpartition("/")
    model = apps.get_model(label) if label else None
    if model is None or not key.isdecimal():
        return Value(False)  # noqa: FBT003  # an SQL value
    return Exists(model._default_manager.filter(pk=key, user=seat.owner, confirmed=True))


def _roles_among(rows: list[dict[str, Any]]) -> tuple[dict[HeldRole, list[str]], bool]:
    roles: dict[HeldRole, list[str]] = {}
    demands = False
    for row in rows:
        if not row["memberships__organization__is_active"]:
            continue
        role = held_role(row["memberships__role"], row["memberships__custom_role__actions"])
        roles.setdefault(role, []).append(row["memberships__organization__path"])
        demands |= row["demands"]
    return roles, demands
