"""Tables of transfers and of the devices in one."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables

from core.tables import (
    BEYOND_PHONE,
    ActionsColumn,
    ComponentColumn,
    ConsoleTable,
    StatusColumn,
    TimeColumn,
)
from devices.tables import WIDE


class PartyColumn(ComponentColumn):
    """From whom or to whom, leading to the page."""

    template = "fleet/columns/party.html"

    def value(self, **kwargs: Any) -> str:
        """Export the direction and the other side."""
        return f"{kwargs['record']}"


class TransferTable(ConsoleTable):
    """Transfers of an organization, the newest first."""

    party = PartyColumn(
        accessor="direction", verbose_name="Transfer", order_by=("direction", "-created_at", "pk")
    )
    state = StatusColumn(accessor="transfer__state", order_by=("transfer__state", "pk"))
    devices = tables.Column(orderable=False, attrs=BEYOND_PHONE)
    moved = tables.Column(orderable=False, attrs=WIDE)
    requested = TimeColumn(
        accessor="transfer__requested_at",
        order_by=("transfer__requested_at", "pk"),
        attrs=BEYOND_PHONE,
    )
    expires = TimeColumn(
        accessor="transfer__expires_at", order_by=("transfer__expires_at", "pk"), attrs=WIDE
    )
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("-requested",)


class TransferItemTable(ConsoleTable):
    """The devices of one transfer, and what became of each."""

    device = ComponentColumn(
        "fleet/columns/transfer_device.html",
        accessor="alias",
        verbose_name="Device",
        order_by=("alias", "pk"),
    )
    state = ComponentColumn("fleet/columns/transfer_state.html", order_by=("state", "pk"))
    moved = TimeColumn(
        "not yet", accessor="moved_at", order_by=("moved_at", "pk"), attrs=BEYOND_PHONE
    )

    class Meta:
        order_by = ("device",)
