"""What changed about an object, before and after, with every secret masked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models

from core.secret_fields import is_secret

MASK = "••••••••"
LONGEST = 500


def snapshot(obj: models.Model, fields: Iterable[str]) -> dict[str, Any]:
    """Remember fields of an object before they change; pass it to `changed` afterwards."""
    return {name: _stored(obj, name) for name in fields}


def changed(obj: models.Model, before: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return `{field: {"before": …, "after": …}}` of what differs now.

    A secret reads as dots, or empty when there is none: that it changed shows, what it is does not.
    """
    differing = {
        name: (old, new) for name, old in before.items() if old != (new := _stored(obj, name))
    }
    return {
        name: {"before": shown(obj, name, old), "after": shown(obj, name, new)}
        for name, (old, new) in differing.items()
    }


def created(obj: models.Model, fields: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the same for an object that was not there before; empty fields are left out."""
    values = {name: _stored(obj, name) for name in fields}
    return {
        name: {"before": None, "after": shown(obj, name, value)}
        for name, value in values.items()
        if value not in (None, "", [], {})
    }


def removed(obj: models.Model, fields: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the same for an object that is going; empty fields are left out."""
    values = {name: _stored(obj, name) for name in fields}
    return {
        name: {"before": shown(obj, name, value), "after": None}
        for name, value in values.items()
        if value not in (None, "", [], {})
    }


def shown(obj: models.Model, name: str, value: Any) -> Any:
    """Return one value as the audit log may show it."""
    if is_secret(type(obj), name):
        return MASK if value else ""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, list | tuple):
        return [f"{said}"[:LONGEST] for said in value]
    return f"{value}"[:LONGEST]


def _stored(obj: models.Model, name: str) -> Any:
    if is_secret(type(obj), name):  # the ciphertext or digest, never opened
        return obj.__dict__.get(obj._meta.get_field(name).attname)  # type: ignore[union-attr]
    value = getattr(obj, name)
    return list(value) if isinstance(value, list) else value
