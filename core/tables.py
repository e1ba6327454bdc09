"""The base of every table, and the columns they share. Cells are templates, exports are values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

import django_tables2 as tables
from django.template.loader import get_template
from django.utils.html import format_html

# Classes that hide a column on narrow screens.
NARROW = re.compile(r"d-none|d-[a-z]+-table-cell|col-wide[a-z]*")
EMPTY = {"", "—"}
# A column that phones do without: three fit beside each other, besides numbers.
BEYOND_PHONE = {
    "th": {"class": "d-none d-sm-table-cell"},
    "td": {"class": "d-none d-sm-table-cell"},
}


def draw(table: tables.Table) -> Iterator[tuple[Any, list[tuple[str, Any]]]]:
    """Yield the rows of a page, each with (attributes, content) of its cells.

    django-tables2 itself works out the attributes of each cell, and what each column's `render`
    takes, for every cell anew: most of what a page cost. No column here has attributes that depend
    on the record.
    """
    columns = [(bound, bound.attrs["td"].as_html()) for bound in table.columns]
    for row in table.paginated_rows:
        yield row, [(attributes, _cell(row, bound)) for bound, attributes in columns]


@dataclass(frozen=True)
class Card:
    """One row as a card: its name, what stands out, the other columns by their headers."""

    row: Any
    name: Any
    top: list[Any]
    facts: list[tuple[Any, Any]]
    actions: Any


def draw_cards(table: ConsoleTable) -> Iterator[Card]:
    """Yield the rows of a page as cards of the same cells; what is empty is left out."""
    columns = list(table.columns)
    for row in table.paginated_rows:
        cells = {bound.name: _cell(row, bound) for bound in columns}
        first, *others = columns
        facts = [
            (bound.header, cells[bound.name])
            for bound in others
            if bound.name not in table.card_top
            and not isinstance(bound.column, ActionsColumn)
            and f"{cells[bound.name]}".strip() not in EMPTY
        ]
        actions = [cells[b.name] for b in others if isinstance(b.column, ActionsColumn)]
        top = [cells[name] for name in table.card_top if name in cells]
        yield Card(row, cells[first.name], top, facts, actions[0] if actions else "")


def _cell(row: Any, bound: Any) -> Any:
    if not isinstance(bound.column, ComponentColumn) or bound.link:
        return row.get_cell(bound.name)
    return bound.column.render(record=row.record, value=_value(row.record, bound.accessor))


def _value(record: Any, accessor: Any) -> Any:
    """Return what the accessor leads to, or None; a choice as people read it."""
    holder, name = accessor.penultimate(record)
    shown = getattr(holder, f"get_{name}_display", None)
    return shown() if shown is not None else accessor.resolve(record, quiet=True)


class ConsoleTable(tables.Table):
    """A table whose every order ends with the primary key, so that pages never overlap.

    The first column and that of the buttons always show, the others as people choose; those with
    `visible=False` only then. `card_top` names columns that cards show without their headers.
    """

    card_top: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def choosable(cls) -> list[str]:
        """Return the names of the columns that need not show, in order."""
        names = list(cls.base_columns)[1:]
        return [n for n in names if not isinstance(cls.base_columns[n], ActionsColumn)]

    @classmethod
    def usual(cls) -> list[str]:
        """Return the names of those that show until somebody chooses."""
        return [name for name in cls.choosable() if cls.base_columns[name].visible]

    def show(self, names: Collection[str]) -> None:
        """Show these columns and no others, at every width: somebody asked for them."""
        for name in self.choosable():
            if name not in names:
                self.columns.hide(name)
                continue
            self.columns.show(name)
            column = self.columns[name].column
            column.attrs = {tag: _at_every_width(said) for tag, said in column.attrs.items()}

    def choices(self) -> list[dict[str, Any]]:
        """Return the columns to choose from: name, header, and whether each shows."""
        shown = {bound.name for bound in self.columns}
        bounds = {bound.name: bound for bound in self.columns.iterall()}
        return [
            {"name": name, "label": bounds[name].header, "shown": name in shown}
            for name in self.choosable()
        ]

    @property
    def order_by(self) -> Any:
        """Return the order asked for."""
        return self._order_by

    @order_by.setter
    def order_by(self, value: Any) -> None:
        tables.Table.order_by.fset(self, value)
        queryset = getattr(self.data, "data", None)
        names = list(getattr(getattr(queryset, "query", None), "order_by", ()))
        if queryset is not None and names and f"{names[-1]}".lstrip("-") not in {"pk", "id"}:
            last = "-pk" if f"{names[0]}".startswith("-") else "pk"
            self.data.data = queryset.order_by(*names, last)


def _at_every_width(said: dict[str, str]) -> dict[str, str]:
    kept = [name for name in said.get("class", "").split() if not NARROW.fullmatch(name)]
    return {**said, "class": " ".join(kept)}


class ComponentColumn(tables.TemplateColumn):
    """A cell drawn by `template`; the export gets the value itself, not the words around it.

    The template sees `record` and `value` and no request: with one, every cell would run every
    context processor, and their queries, again.
    """

    template: ClassVar[str] = ""

    def __init__(self, template: str = "", **extra: Any) -> None:
        super().__init__(template_name=template or self.template, **extra)

    def render(self, record: Any, value: Any) -> str:  # type: ignore[override]
        """Return the cell."""
        extra = self.extra_context
        more = extra(record) if callable(extra) else extra
        return self.compiled.render({"record": record, "value": value, **more})

    @cached_property
    def compiled(self) -> Any:
        """Return the template, looked up once for a table and not for each cell."""
        return get_template(self.template_name)

    def value(self, **kwargs: Any) -> Any:
        """Return what the export says."""
        value = kwargs.get("value")
        if getattr(value, "is_concealed", False):
            return ""
        return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


class NameColumn(ComponentColumn):
    """The name, leading to the object's page, with the record's `second_line` in grey below."""

    template = "components/columns/link.html"


class TimeColumn(ComponentColumn):
    """A moment, relative on the page and absolute in the export.

    `empty` is said where there is none: "not yet" for what is still to come.
    """

    template = "components/columns/reltime.html"

    def __init__(self, empty: str = "never", **extra: Any) -> None:
        super().__init__(extra_context={"empty": empty}, **extra)


class StatusColumn(ComponentColumn):
    """A state: word, icon and colour."""

    template = "components/columns/status.html"


class MonoColumn(ComponentColumn):
    """An id, a version, a hash."""

    template = "components/columns/mono.html"


# A header without text is one that axe, and whoever listens to the page, misses.
UNSEEN_ACTIONS = format_html('<span class="visually-hidden">{}</span>', "Actions")


class ActionsColumn(ComponentColumn):
    """The last column: what the reader may do with the row, by `row_actions` of the list view."""

    template = "components/columns/actions.html"

    def __init__(self, **extra: Any) -> None:
        extra.setdefault("verbose_name", UNSEEN_ACTIONS)
        attrs = {"th": {"class": "col-actions"}, "td": {"class": "col-actions"}}
        super().__init__(
            accessor="uid",
            attrs=attrs,
            orderable=False,
            exclude_from_export=True,
            extra_context=lambda record: {"actions": getattr(record, "row_actions", [])},
            **extra,
        )
