"""Tables of the fleet app."""

from __future__ import annotations

from typing import Any

from core.tables import ActionsColumn, ComponentColumn, ConsoleTable, StatusColumn, TimeColumn
from devices.tables import WIDE, WIDER


class ValuesColumn(ComponentColumn):
    """Names and values; secrets as dots."""

    template = "fleet/columns/values.html"

    def value(self, **kwargs: Any) -> str:
        """Export the names only."""
        return ", ".join(kwargs["record"].push.names)


class ReceiptTable(ConsoleTable):
    """What was sent to one device, and how far it came."""

    values = ValuesColumn(accessor="push", verbose_name="Configuration", orderable=False)
    state = StatusColumn(order_by=("state", "pk"))
    queued = TimeColumn(accessor="queued_at", order_by=("queued_at", "pk"))
    sent = ComponentColumn(
        "fleet/columns/sent.html", accessor="sent_at", order_by=("sent_at", "pk"), attrs=WIDE
    )
    seen = TimeColumn(accessor="seen_at", order_by=("seen_at", "pk"), attrs=WIDE)
    by = ComponentColumn(
        "fleet/columns/by.html", accessor="push__created_by", orderable=False, attrs=WIDER
    )
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("-queued",)
