"""What the Django admin knows of a model: its columns, its permissions, its routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.http import HttpRequest

from core.secret_fields import is_secret


def shown_fields(model: type[models.Model], hidden: Sequence[str] = ()) -> list[str]:
    """Return the columns of a model that may be shown: no secret, no integer key."""
    return [
        field.name
        for field in model._meta.concrete_fields
        if not is_secret(model, field.name) and not field.primary_key and field.name not in hidden
    ]


def route_name(opts: Any) -> str:
    """Return what the names of a model's routes begin with."""
    return f"{opts.app_label}_{opts.model_name}"


def has_field(model: type[models.Model], name: str) -> bool:
    """Tell whether the model has a field of this name."""
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return False
    return True


def is_relation(model: type[models.Model], name: str) -> bool:
    """Tell whether this is a foreign key of the model."""
    return has_field(model, name) and bool(model._meta.get_field(name).many_to_one)


def is_scoped(model: type[models.Model]) -> bool:
    """Tell whether rows of the model belong to an organization."""
    return hasattr(model, "scope_path")


def declares(model: type[models.Model], action: str) -> bool:
    """Tell whether the model knows the action: roles contain only such."""
    meta = model._meta
    named = any(code == f"{action}_{meta.model_name}" for code, _ in meta.permissions)
    return action in meta.default_permissions or named


def narrowed(model: type[models.Model], request: HttpRequest) -> Any:
    """Return the rows of a model that this actor may view."""
    actor: Any = request.actor  # type: ignore[attr-defined]
    rows = model._default_manager.all()
    if hasattr(rows, "allowed"):
        return rows.allowed(actor, "view")
    return rows if actor.is_unrestricted else rows.none()
