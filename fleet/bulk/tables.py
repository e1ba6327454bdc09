"""Tables of bulk jobs and of their devices."""

from __future__ import annotations

from typing import Any

from core.tables import (
    BEYOND_PHONE,
    ActionsColumn,
    ComponentColumn,
    ConsoleTable,
    StatusColumn,
    TimeColumn,
)
from devices.tables import WIDE, WIDER


class JobColumn(ComponentColumn):
    """The action, leading to the job."""

    template = "fleet/columns/job.html"

    def value(self, **kwargs: Any) -> str:
        """Export what the action is called."""
        return kwargs["record"].label


class BulkJobTable(ConsoleTable):
    """What was asked of how many, and how far it is."""

    job = JobColumn(verbose_name="Job", order_by=("action", "pk"), accessor="action")
    state = StatusColumn(order_by=("state", "pk"))
    progress = ComponentColumn(
        "fleet/columns/progress.html", accessor="done", orderable=False, verbose_name="Devices"
    )
    by = ComponentColumn(
        "fleet/columns/person.html",
        accessor="started_by",
        verbose_name="Started by",
        orderable=False,
        attrs=WIDER,
    )
    created = TimeColumn(
        accessor="created_at",
        verbose_name="Started",
        order_by=("created_at", "pk"),
        attrs=BEYOND_PHONE,
    )
    ended = TimeColumn(
        "not yet",
        accessor="ended_at",
        verbose_name="Ended",
        order_by=("ended_at", "pk"),
        attrs=WIDE,
    )
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("-created",)


class DeviceColumn(ComponentColumn):
    """The device's name as it was, leading to its page while there is one."""

    template = "fleet/columns/item_device.html"

    def value(self, **kwargs: Any) -> str:
        """Export the name."""
        return kwargs["record"].device_alias


class BulkJobItemTable(ConsoleTable):
    """What became of each device."""

    device = DeviceColumn(
        accessor="device_alias", verbose_name="Device", order_by=("device_alias", "pk")
    )
    state = StatusColumn(order_by=("state", "pk"))
    message = ComponentColumn("fleet/columns/message.html", verbose_name="Result", orderable=False)
    ended = TimeColumn(
        "not yet",
        accessor="ended_at",
        verbose_name="When",
        order_by=("ended_at", "pk"),
        attrs=WIDE,
    )
