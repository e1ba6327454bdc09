"""Tells the open pages of a person to ask again what they may see.

It only makes them ask sooner: every WebSocket asks by itself every few seconds, so whatever is
written past these signals counts within those, too.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Model
from django.db.models.signals import m2m_changed, post_delete, post_save
from django_otp.models import Device as Factor

from accounts.models import CustomRole, Membership, SignIn, User
from core.grants import GrantFields, UserGrant
from core.jobs import access_changed


def access_group(user: User) -> str:
    """Return the name of the group in which all sockets of a person are."""
    return f"person.{user.uid}"


def people_access_changed(*users: User) -> None:
    """Have these people's open pages ask again, once this commits."""
    if users:
        access_changed(*(access_group(user) for user in users))


def watch_access() -> None:
    """Connect the signals of every model that decides what a person may see."""
    holdings: list[type[Model]] = [Membership, CustomRole, *_subclasses(GrantFields)]
    proofs: list[type[Model]] = [SignIn, *_subclasses(Factor)]
    for model in holdings:
        post_save.connect(_row_changed, sender=model)
        post_delete.connect(_row_changed, sender=model)
    for model in proofs:
        post_delete.connect(_row_changed, sender=model)
    m2m_changed.connect(_groups_changed, sender=User.groups.through)


def _subclasses(base: type[Model]) -> list[type[Model]]:
    return [model for model in apps.get_models() if issubclass(model, base)]


def _row_changed(instance: Any, **_: Any) -> None:
    people_access_changed(*_people_of(instance))


def _people_of(row: Any) -> list[User]:
    if isinstance(row, CustomRole):
        return [held.user for held in row.membership_set.select_related("user")]
    if isinstance(row, GrantFields) and not isinstance(row, UserGrant):
        return list(row.group.user_set.all())  # type: ignore[attr-defined]
    return [row.user]


def _groups_changed(instance: Any, action: str, pk_set: set[int] | None, **_: Any) -> None:
    if not action.startswith(("post_", "pre_clear")):
        return
    if isinstance(instance, User):
        people_access_changed(instance)
    elif action == "pre_clear":
        people_access_changed(*instance.user_set.all())
    elif pk_set:
        people_access_changed(*User.objects.filter(pk__in=pk_set))
