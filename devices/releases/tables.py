"""The table of released devices."""

from __future__ import annotations

import django_tables2 as tables

from core.tables import ActionsColumn, ComponentColumn, ConsoleTable, MonoColumn, TimeColumn
from devices.tables import WIDE, WIDER


class ReleasedDeviceTable(ConsoleTable):
    """What was let go of, by whom, and whether it calls all the same."""

    alias = ComponentColumn(
        "devices/columns/released.html", verbose_name="Device", order_by=("alias", "pk")
    )
    mac = MonoColumn(order_by=("mac", "pk"), attrs=WIDE)
    released_at = TimeColumn(verbose_name="Released", order_by=("released_at", "pk"))
    released_by = tables.Column(verbose_name="By", orderable=False, attrs=WIDER)
    called_at = TimeColumn(verbose_name="Refused last", order_by=("called_at", "pk"))
    row_actions = ActionsColumn()
    udid = tables.Column(visible=False, verbose_name="Device id")

    class Meta:
        order_by = ("-released_at",)
