"""Columns that every table shares: drawn by a component, exported as the plain value."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import django_tables2 as tables


class ComponentColumn(tables.TemplateColumn):
    """A cell drawn by `template`; the export gets the value itself, not the words around it."""

    template: ClassVar[str] = ""

    def __init__(self, template: str = "", **extra: Any) -> None:
        super().__init__(template_name=template or self.template, **extra)

    def value(self, **kwargs: Any) -> Any:
        """Return what the export says."""
        value = kwargs.get("value")
        return value.isoformat(timespec="seconds") if isinstance(value, datetime) else value


class TimeColumn(ComponentColumn):
    """A moment, relative on the page and absolute in the export."""

    template = "components/columns/reltime.html"


class StatusColumn(ComponentColumn):
    """A state: word, icon and colour."""

    template = "components/columns/status.html"


class MonoColumn(ComponentColumn):
    """An id, a version, a hash."""

    template = "components/columns/mono.html"
