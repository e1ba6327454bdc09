"""Tables of rollouts and of their devices."""

from __future__ import annotations

import django_tables2 as tables

from builds.tables import NUMBER, WIDE_NUMBER
from core.tables import ActionsColumn, ComponentColumn, ConsoleTable, StatusColumn, TimeColumn
from devices.tables import WIDE, WIDER


class RolloutTable(ConsoleTable):
    """The rollouts."""

    name = ComponentColumn("components/columns/link.html", order_by=("name", "pk"))
    state = StatusColumn(accessor="state", order_by=("state", "pk"))
    firmware = ComponentColumn(
        "fleet/columns/rollout_firmware.html", accessor="source", orderable=False, attrs=WIDE
    )
    wave = ComponentColumn(
        "fleet/columns/rollout_wave.html", order_by=("wave", "pk"), attrs=WIDE_NUMBER
    )
    total = tables.Column(verbose_name="Devices", order_by=("total", "pk"), attrs=NUMBER)
    started = TimeColumn(
        "not yet", accessor="started_at", order_by=("started_at", "pk"), attrs=WIDE
    )
    created = TimeColumn(accessor="created_at", order_by=("created_at", "pk"), attrs=WIDER)
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("-created",)


class SourceRolloutTable(RolloutTable):
    """The rollouts of one source."""

    class Meta(RolloutTable.Meta):
        exclude = ("firmware",)


class RolloutTargetTable(ConsoleTable):
    """The devices of one rollout."""

    device = ComponentColumn("fleet/columns/target_device.html", order_by=("device__alias", "pk"))
    state = ComponentColumn("fleet/columns/target_state.html", order_by=("state", "pk"))
    message = ComponentColumn(
        "fleet/columns/target_message.html", verbose_name="Said", orderable=False
    )
    wave = tables.Column(order_by=("wave", "position", "pk"), attrs=WIDE_NUMBER)
    offered = TimeColumn(
        "not yet", accessor="offered_at", order_by=("offered_at", "pk"), attrs=WIDE
    )
    ended = TimeColumn("not yet", accessor="ended_at", order_by=("ended_at", "pk"), attrs=WIDE)

    class Meta:
        order_by = ("wave",)
