"""What people say of themselves: names, phone, time zone, picture."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q

from accounts.account_events import ProfileChanged
from accounts.actor import Actor
from accounts.models import NotificationChoice, User
from accounts.places import clean_phone, clean_zone
from accounts.selectors.people import own_organization
from audit.recorder import record
from core.exceptions import DomainError

CHANGEABLE = ("first_name", "last_name", "username", "phone", "time_zone", "language")


@transaction.atomic
def profile_change(actor: Actor, *, user: User, **values: Any) -> User:
    """Change what a person says of themselves; other fields stay. Audits which.

    A phone that goes takes the choices of SMS with it: another number has to be chosen anew.
    Raises DomainError `accounts.profile_invalid` with the fields at fault.
    """
    unknown = values.keys() - {*CHANGEABLE}
    if unknown:
        raise TypeError(f"not fields of a profile: {', '.join(sorted(unknown))}")
    changed = {name: v for name, v in _clean(values).items() if v != getattr(user, name)}
    if not changed:
        return user
    had_phone = user.phone
    for name, value in changed.items():
        setattr(user, name, value)
    _check(user, changed)
    user.save(update_fields=[*changed])
    if had_phone and "phone" in changed:
        NotificationChoice.objects.filter(user=user, channel="sms").update(is_on=False)
    record(
        actor,
        ProfileChanged,
        user,
        organization=own_organization(user),
        changed=sorted(changed),
    )
    return user


@transaction.atomic
def avatar_set(actor: Actor, *, user: User, picture: bytes) -> User:
    """Keep a picture made by accounts.avatars.squared instead of the one before. Audits."""
    name = default_storage.save(
        f"avatars/{user.uid}/{secrets.token_hex(8)}.webp", ContentFile(picture)
    )
    return _replace(actor, user, name)


@transaction.atomic
def avatar_clear(actor: Actor, *, user: User) -> User:
    """Remove a person's picture. Audits."""
    return _replace(actor, user, "") if user.avatar else user


def _replace(actor: Actor, user: User, name: str) -> User:
    old, user.avatar = user.avatar, name
    user.save(update_fields=["avatar"])
    record(actor, ProfileChanged, user, organization=own_organization(user), changed=["avatar"])
    if old:
        transaction.on_commit(partial(default_storage.delete, old))
    return user


def _clean(values: dict[str, Any]) -> dict[str, Any]:
    cleaned, faults = dict(values), {}
    for name, read in (("phone", clean_phone), ("time_zone", clean_zone)):
        if name in values:
            try:
                cleaned[name] = read(values[name])
            except ValidationError as error:
                faults[name] = error.messages
    if faults:
        raise _invalid(faults)
    return cleaned


def _check(user: User, changed: dict[str, Any]) -> None:
    name = changed.get("username")
    others = User.objects.exclude(pk=user.pk)
    # People sign in by either, so nobody may be called by another's address.
    if name and others.filter(Q(username__iexact=name) | Q(email__iexact=name)).exists():
        raise _invalid({"username": ["This user name is taken. Choose another."]})
    untouched = {field.name for field in user._meta.fields} - changed.keys()
    try:
        user.full_clean(exclude=untouched)
    except ValidationError as error:
        raise _invalid(error.message_dict) from None


def _invalid(faults: dict[str, list[str]]) -> DomainError:
    return DomainError("accounts.profile_invalid", "Some values cannot be kept.", fields=faults)
