"""How an event reads: its changes as rows, the rest of its data as facts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst

MISSING = ("", None, [], {})
UUID = re.compile(r"\b([0-9a-f]{8})(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


@dataclass(frozen=True)
class Change:
    """One field, before and after; empty text where there was, or is, nothing."""

    label: str
    before: str
    after: str


def changes_of(target_type: str, data: dict[str, Any]) -> list[Change]:
    """Return the fields that an event says were changed."""
    changes = data.get("changes")
    if not isinstance(changes, dict):
        return []
    return [
        Change(field_label(target_type, name), text_of(said["before"]), text_of(said["after"]))
        for name, said in changes.items()
        if isinstance(said, dict) and {"before", "after"} <= said.keys()
    ]


def with_short_ids(text: str) -> str:
    """Return a text for lists: of a UUID its beginning, as lists show ids."""
    return UUID.sub(r"\1", text)


def details_of(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what else an event says, as labels and words."""
    return [
        (capfirst(name.replace("_", " ")), text_of(said))
        for name, said in data.items()
        if name != "changes" or not isinstance(said, dict)
    ]


def field_label(target_type: str, name: str) -> str:
    """Return what people call a field."""
    try:
        field = apps.get_model(target_type)._meta.get_field(name)
    except (LookupError, ValueError, FieldDoesNotExist):
        return capfirst(name.replace("_", " "))
    return capfirst(f"{getattr(field, 'verbose_name', name)}")


def text_of(value: Any) -> str:
    """Return a value as a person reads it."""
    if value in MISSING and value is not False:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(text_of(said) for said in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {text_of(said)}" for name, said in value.items())
    return f"{value}"
