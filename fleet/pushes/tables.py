"""Tables of configuration pushes."""

from __future__ import annotations

from typing import Any

from core.tables import (
    ActionsColumn,
    ComponentColumn,
    ConsoleTable,
    NameColumn,
    StatusColumn,
    TimeColumn,
)
from devices.tables import WIDE, WIDER


class ValuesColumn(ComponentColumn):
    """Names and values; secrets as dots."""

    template = "fleet/columns/values.html"

    def value(self, **kwargs: Any) -> str:
        """Export the names only."""
        return ", ".join(kwargs["record"].carried.names)


class PushTable(ConsoleTable):
    """Pushes of an organization, and how far each came."""

    title = NameColumn(verbose_name="Push", order_by=("title", "pk"))
    state = StatusColumn(order_by=("state", "pk"))
    progress = ComponentColumn(
        "fleet/columns/push_progress.html",
        accessor="counts",
        orderable=False,
        verbose_name="Devices",
    )
    by = ComponentColumn(
        "fleet/columns/by.html", accessor="created_by", orderable=False, attrs=WIDER
    )
    created = TimeColumn(accessor="created_at", order_by=("created_at", "pk"), attrs=WIDE)
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("-created",)


class ReceiptTable(ConsoleTable):
    """What was sent to one device, and how far it came."""

    values = ValuesColumn(accessor="carried", verbose_name="Configuration", orderable=False)
    state = ComponentColumn("fleet/columns/receipt_state.html", order_by=("state", "pk"))
    queued = TimeColumn(accessor="queued_at", order_by=("queued_at", "pk"))
    sent = ComponentColumn(
        "fleet/columns/sent.html", accessor="sent_at", order_by=("sent_at", "pk"), attrs=WIDE
    )
    ended = TimeColumn("not yet", accessor="ended_at", order_by=("ended_at", "pk"), attrs=WIDE)
    by = ComponentColumn(
        "fleet/columns/by.html", accessor="push__created_by", orderable=False, attrs=WIDER
    )
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("-queued",)


class DeviceReceiptTable(ConsoleTable):
    """The devices of one push."""

    device = ComponentColumn("fleet/columns/device.html", order_by=("device__alias", "pk"))
    state = ComponentColumn("fleet/columns/receipt_state.html", order_by=("state", "pk"))
    sent = ComponentColumn(
        "fleet/columns/sent.html", accessor="sent_at", order_by=("sent_at", "pk"), attrs=WIDE
    )
    delivered = TimeColumn(
        "not yet", accessor="delivered_at", order_by=("delivered_at", "pk"), attrs=WIDER
    )
    ended = TimeColumn("not yet", accessor="ended_at", order_by=("ended_at", "pk"), attrs=WIDE)


class PreviewTable(ConsoleTable):
    """Devices that a push would go to, each with what it would change."""

    alias = NameColumn(verbose_name="Device", order_by=("alias", "pk"))
    differences = ComponentColumn(
        "fleet/columns/differences.html", accessor="pk", orderable=False, verbose_name="Changes"
    )

    class Meta:
        order_by = ("alias",)
