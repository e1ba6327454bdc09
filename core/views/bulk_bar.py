"""The buttons over what was chosen in a list; apps above the list's own add theirs."""

from __future__ import annotations

from django.db.models import Model

from core.views.actions import Action

_bars: dict[str, list[tuple[int, Action]]] = {}


def register_bulk_action(model: type[Model], action: Action, *, order: int = 500) -> None:
    """Add a button to the bulk bar of the model's list; it POSTs the Selection to its URL.

    Small orders stand first, and those that find no room are in the menu at the end. The page it
    leads to reads `Selection.of(request.POST)`; with `Action(dialog=True)` its question opens in a
    dialog, otherwise it is a page of its own.
    """
    _bars.setdefault(model._meta.label_lower, []).append((order, action))


def registered_bulk_actions(model: type[Model]) -> tuple[Action, ...]:
    """Return what was registered for the model, in order."""
    found = _bars.get(model._meta.label_lower, [])
    return tuple(action for _, action in sorted(found, key=lambda entry: entry[0]))
