"""Views register with their model; URLs and their names follow from that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.urls import URLPattern, path


@dataclass(frozen=True)
class Registered:
    """One view of one model."""

    action: str
    detail: bool
    view: Any


_views: dict[str, dict[str, Registered]] = {}


def register_model_view(
    model: type[Model], action: str = "", *, detail: bool = True
) -> Callable[[type], type]:
    """Register a view class for `<app>:<model>_<action>` (`<app>:<model>` without an action).

    A detail view lives at `<uid>/<action>/`, any other at `<action>/`, the list at the root.
    """

    def decorate(view: type) -> type:
        views = _views.setdefault(model._meta.label_lower, {})
        if action in views:
            raise ImproperlyConfigured(f"{model._meta.label} has two {action!r} views")
        views[action] = Registered(action, detail, view)
        return view

    return decorate


def get_model_urls(model: type[Model]) -> list[URLPattern]:
    """Return the URL patterns of every view that registered for the model."""
    name = model._meta.model_name
    patterns = []
    for entry in _views.get(model._meta.label_lower, {}).values():
        slug = entry.action.replace("_", "-")
        if entry.action == "list":
            route = ""
        elif entry.detail:
            route = f"<uuid:uid>/{slug}/" if slug else "<uuid:uid>/"
        else:
            route = f"{slug}/"
        url_name = f"{name}_{entry.action}" if entry.action else f"{name}"
        patterns.append(path(route, entry.view.as_view(), name=url_name))
    return patterns


def registered_list(name: str) -> Any:
    """Return the list view whose URL has this name, or None."""
    label = name.removesuffix("_list").replace(":", ".")
    entry = _views.get(label, {}).get("list") if name.endswith("_list") else None
    return entry.view if entry is not None and not entry.detail else None


def is_registered(model: type[Model], action: str) -> bool:
    """Tell whether the model has such a view."""
    return action in _views.get(model._meta.label_lower, {})


def url_name(model: type[Model], action: str = "") -> str:
    """Return `<app>:<model>_<action>`."""
    suffix = f"_{action}" if action else ""
    return f"{model._meta.app_label}:{model._meta.model_name}{suffix}"
