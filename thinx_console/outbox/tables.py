"""The table of the outbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import django_tables2 as tables
from django.urls import reverse

from core.outbox import OutboxMessage
from core.tables import ComponentColumn, TimeColumn

MEDIUM = {"th": {"class": "d-none d-md-table-cell"}, "td": {"class": "d-none d-md-table-cell"}}


@dataclass(frozen=True)
class Row:
    """One message as the list shows it."""

    message: OutboxMessage

    def __getattr__(self, name: str) -> Any:
        return getattr(self.message, name)

    def __str__(self) -> str:
        return f"{self.message}"

    def get_absolute_url(self) -> str:
        """Return the page of the message."""
        return reverse("outbox:message", kwargs={"uid": self.message.uid})


class OutboxTable(tables.Table):
    """What was sent to whom, the newest first."""

    subject = ComponentColumn("outbox/columns/subject.html", verbose_name="Message")
    to = tables.Column(verbose_name="To", attrs=MEDIUM)
    at = TimeColumn(verbose_name="When", order_by=("at", "uid"))

    class Meta:
        order_by = ("-at",)
