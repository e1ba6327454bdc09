"""What a row at hand may tell of other rows: nothing of those that the reader may not view.

Somebody who was given one device sees that device, and not the name of its source. Rows are
changed in memory only, and never in what they would save: the foreign key itself stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import models


class Link(NamedTuple):
    """A relation that is not empty: who holds it, its field, what it leads to, and the home.

    `home` is the organization of what it leads to, of its row where that is not loaded.
    """

    holder: Any
    field: Any
    pk: int
    home: int


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
        hidden = _hidden(actor, links)
        for link in links:
            if link.pk not in hidden:
                continue
            if link.field.null:
                link.field.set_cached_value(link.holder, None)
            else:
                getattr(link.holder, link.field.name).is_concealed = True


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
    """Return the relation at the end of the path, None where it is empty."""
    top = row
    for part in path[:-1]:
        row = getattr(row, part, None)
        if row is None:
            return None
    field = row._meta.get_field(path[-1])
    pk = getattr(row, field.attname)
    if pk is None:
        return None
    loaded = field.get_cached_value(row) if field.is_cached(row) else None
    home = loaded.organization_id if loaded is not None else getattr(top, "organization_id", 0)
    return Link(row, field, pk, home)


def _hidden(actor: Any, links: list[Link]) -> set[int]:
    """Return the primary keys of those that the actor may not view."""
    if not links:
        return set()
    model = links[0].field.related_model
    perm = f"{model._meta.app_label}.view_{model._meta.model_name}"
    asked = {link.pk: link.home for link in links}
    if not actor.may_attempt(perm):
        return set(asked)
    ids = actor.organization_ids(perm)
    if not isinstance(ids, models.QuerySet):
        asked = {pk: home for pk, home in asked.items() if home not in ids}
    if not asked:
        return set()
    seen = model._default_manager.allowed(actor).filter(pk__in=asked).order_by()
    return set(asked) - set(seen.values_list("pk", flat=True))
