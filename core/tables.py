"""The base of every table, and the columns they share. Cells are templates, exports are values."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.template.loader import get_template


class ConsoleTable(tables.Table):
    """A table whose every order ends with the primary key, so that pages never overlap."""

    @property
    def order_by(self) -> Any:
        """Return the order asked for."""
        return self._order_by

    @order_by.setter
    def order_by(self, value: Any) -> None:
        tables.Table.order_by.fset(self, value)
        queryset = getattr(self.data, "data", None)
        names = list(getattr(getattr(queryset, "query", None), "order_by", ()))
        if names and f"{names[-1]}".lstrip("-") not in {"pk", "id"}:
            last = "-pk" if f"{names[0]}".startswith("-") else "pk"
            self.data.data = queryset.order_by(*names, last)


class Cell(tables.TemplateColumn):
    """A cell drawn by a template from `record` and `value` alone.

    It gets no request: with one, every cell would run every context processor again.
    """

    def render(self, record: Any, table: Any, value: Any, bound_column: Any, **kwargs: Any) -> str:
        """Return the cell."""
        context = self.get_context_data(
            record=record, table=table, value=value, bound_column=bound_column, **kwargs
        )
        return get_template(self.template_name).render(context)


class NameColumn(Cell):
    """The name, leading to the object's page, with the record's `second_line` in grey below."""

    template_name = "components/columns/link.html"

    def value(self, value: Any, **kwargs: Any) -> Any:
        """Export the name alone."""
        return value


class StatusColumn(Cell):
    """A state of core.look: word, icon, colour."""

    template_name = "components/columns/status.html"

    def value(self, value: Any, **kwargs: Any) -> Any:
        """Export the state's own name."""
        return value


class TimeColumn(Cell):
    """A moment: relative on the page, absolute in the export."""

    template_name = "components/columns/reltime.html"

    def value(self, value: Any, **kwargs: Any) -> Any:
        """Export ISO 8601, in UTC."""
        return value.isoformat(timespec="seconds") if value else ""


class MonoColumn(Cell):
    """Ids, prefixes, hashes, versions."""

    template_name = "components/columns/mono.html"

    def value(self, value: Any, **kwargs: Any) -> Any:
        """Export the text."""
        return value
