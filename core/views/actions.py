"""Buttons: what they are called, where they lead, and who sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.urls import get_script_prefix, reverse

from core.scoping import is_allowed, may_in, may_somewhere, reaches_alike
from core.views.registry import url_name

NOBODY = f"{UUID(int=0)}"


@dataclass(frozen=True)
class ObjectAction:
    """A button as a template draws it."""

    label: str
    url: str
    icon: str = ""
    style: str = "default"
    method: str = "get"
    confirm: bool = False
    disabled_reason: str = ""
    dialog: bool = True


@dataclass(frozen=True)
class Action:
    """A button as a view declares it: the URL action it leads to and the permission it needs.

    `permission` defaults to the URL action. `disabled` returns a sentence when the object's
    state (not its access) forbids the action, `shown` hides it altogether. `address` is where it
    leads when that is no view of the model; a bulk action without `dialog` opens a page.
    """

    label: str
    verb: str
    permission: str = ""
    icon: str = ""
    style: str = "default"
    method: str = "get"
    confirm: bool = False
    disabled: Callable[[Any], str] | None = None
    shown: Callable[[Any], bool] | None = None
    model: type[Model] | None = None
    query: Callable[[Any], str] | None = None
    address: Callable[[], str] | None = None
    dialog: bool = True

    @property
    def needed(self) -> str:
        """Return the permission action."""
        return self.permission or self.verb

    def on(self, obj: Model) -> ObjectAction:
        """Return the button for one object."""
        if self.model is not None:
            url = reverse(url_name(self.model, self.verb))
        else:
            pattern = _pattern(url_name(type(obj), self.verb), get_script_prefix())
            url = pattern.replace(NOBODY, f"{obj.uid}")  # type: ignore[attr-defined]
        return self._button(f"{url}?{self.query(obj)}" if self.query else url, obj)

    def for_model(self, model: type[Model]) -> ObjectAction:
        """Return the button that concerns no single object, such as *Add*."""
        if self.address is not None:
            return self._button(self.address(), None)
        return self._button(reverse(url_name(self.model or model, self.verb)), None)

    def _button(self, url: str, obj: Model | None) -> ObjectAction:
        reason = self.disabled(obj) if self.disabled and obj is not None else ""
        return ObjectAction(
            self.label, url, self.icon, self.style, self.method, self.confirm, reason, self.dialog
        )


@lru_cache(maxsize=1024)
def _pattern(name: str, prefix: str) -> str:
    """Return the address of nobody's page: to reverse one for each row and button takes long."""
    return reverse(name, kwargs={"uid": NOBODY})


def object_actions(actions: Iterable[Action], obj: Model, actor: Any) -> list[ObjectAction]:
    """Return the buttons of one object that the actor may press."""
    needed: dict[str, bool] = {}
    buttons = []
    for action in actions:
        if action.shown is not None and not action.shown(obj):
            continue
        permitted = needed.get(action.needed)
        if permitted is None or action.model is not None:
            permitted = _permitted(action, obj, actor)
            if action.model is None:
                needed[action.needed] = permitted
        if permitted:
            buttons.append(action.on(obj))
    return buttons


def attach_row_actions(actions: Iterable[Action], rows: Iterable[Any], actor: Any) -> None:
    """Give each row that was allowed to be viewed `row_actions`, its buttons.

    One query for each permission that reaches other rows than viewing does.
    """
    rows, actions = list(rows), list(actions)
    if not rows or not actions:
        return
    permitted = {
        needed: _permitted_among(rows, actor, needed) for needed in {a.needed for a in actions}
    }
    for row in rows:
        row.row_actions = [
            action.on(row)
            for action in actions
            if row.pk in permitted[action.needed] and (action.shown is None or action.shown(row))
        ]


def _permitted_among(rows: list[Any], actor: Any, needed: str) -> set[int]:
    model = type(rows[0])
    if reaches_alike(actor, model, "view", needed):
        return {row.pk for row in rows}
    found = model._default_manager.allowed(actor, needed)
    return set(found.filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True))


def model_actions(
    actions: Iterable[Action], model: type[Model], actor: Any, organization: Any = None
) -> list[ObjectAction]:
    """Return the buttons of a list that the actor may press: there, or anywhere if not narrowed."""
    return [
        a.for_model(model) for a in actions if _somewhere(a, a.model or model, actor, organization)
    ]


def _permitted(action: Action, obj: Model, actor: Any) -> bool:
    if action.model is not None:
        return _somewhere(action, action.model, actor)
    return is_allowed(obj, actor, action.needed)


def _somewhere(action: Action, model: type[Model], actor: Any, organization: Any = None) -> bool:
    needed = action.needed.removeprefix("bulk_")
    if organization and model.scope_path != "pk":  # type: ignore[attr-defined]
        return may_in(actor, model, needed, organization)
    return may_somewhere(actor, model, needed)
