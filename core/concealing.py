"""What a row at hand may tell of other rows: nothing of those that the reader may not view.

Somebody who was given one device sees that device, and not the name of its source. Rows are
changed in memory only, and never in what they would save: the foreign key itself stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models

Link = tuple[Any, Any, Any]


def conceal(actor: Any, rows: Iterable[Any], names: Iterable[str]) -> None:
    """Empty the relations of these names where the actor may not view what they lead to.

    A relation that is never empty keeps its object, with `is_concealed` set. Costs no query
    while the actor's organizations are few and everything related lies within them.
    """
    if actor.is_unrestricted:
        return
    rows = list(rows)
    for name in names:
        links = [link for row in rows if (link := _link(row, name.split("__"))) is not None]
        hidden = _hidden(actor, [related for _, _, related in links])
        for holder, field, related in links:
            if related.pk not in hidden:
                continue
            if field.null:
                field.set_cached_value(holder, None)
            else:
                related.is_concealed = True


def told(rows: Any, actor: Any) -> Any:
    """Return the rows as `concealing(actor)` gives them, of people and plain lists as they are."""
    return rows.concealing(actor) if hasattr(rows, "concealing") else rows


def is_concealed(obj: Any, name: str) -> bool:
    """Tell whether a relation of the object leads to something that the reader may not view."""
    field = obj._meta.get_field(name)
    related = getattr(obj, name)
    if related is None:
        return getattr(obj, field.attname) is not None
    return getattr(related, "is_concealed", False)


def _link(row: Any, path: list[str]) -> Link | None:
    """Return who holds the relation at the end of the path, its field, and what it leads to."""
    for part in path[:-1]:
        row = getattr(row, part, None)
        if row is None:
            return None
    field = row._meta.get_field(path[-1])
    related = getattr(row, path[-1]) if getattr(row, field.attname) is not None else None
    return (row, field, related) if related is not None else None


def _hidden(actor: Any, related: list[Any]) -> set[int]:
    """Return the primary keys of those that the actor may not view."""
    if not related:
        return set()
    model = type(related[0])
    perm = f"{model._meta.app_label}.view_{model._meta.model_name}"
    asked = {obj.pk: obj for obj in related}
    if actor.may_attempt(perm):
        ids = actor.organization_ids(perm)
        if not isinstance(ids, models.QuerySet):
            asked = {pk: obj for pk, obj in asked.items() if obj.organization_id not in ids}
        if asked:
            rows: Any = model._default_manager
            seen = rows.allowed(actor).filter(pk__in=asked).order_by()
            return set(asked) - set(seen.values_list("pk", flat=True))
    return set(asked)
