"""Tables of devices and of what belongs to one."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables

from core.tables import (
    BEYOND_PHONE,
    ActionsColumn,
    ComponentColumn,
    ConsoleTable,
    MonoColumn,
    NameColumn,
    TimeColumn,
)
from devices.health import (
    ALARMS,
    firmware_of,
    health_of,
    presence_word,
    signal_of,
    state_of,
)

WIDE = {"th": {"class": "d-none d-xl-table-cell"}, "td": {"class": "d-none d-xl-table-cell"}}
WIDER = {"th": {"class": "d-none d-xxl-table-cell"}, "td": {"class": "d-none d-xxl-table-cell"}}
NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}
WIDEST = {"th": {"class": "col-widest"}, "td": {"class": "col-widest"}}


class DeviceNameColumn(ComponentColumn):
    """The name with the dot that says whether the device is there, and its ids."""

    template = "devices/columns/name.html"

    def __init__(self, **extra: Any) -> None:
        context = lambda record: {"presence": presence_word(record)}  # noqa: E731
        super().__init__(extra_context=context, **extra)


class HealthColumn(ComponentColumn):
    """Online, offline or the alarm, with the text that the device sent.

    One that is gone also shows the alarm that it reported last.
    """

    template = "devices/columns/health.html"

    def __init__(self, **extra: Any) -> None:
        super().__init__(extra_context=_health, **extra)

    def value(self, **kwargs: Any) -> str:
        """Export one word."""
        look = health_of(kwargs["record"])
        return (look.word or look.status).replace("_", " ")


class FirmwareColumn(ComponentColumn):
    """The version that runs, and how far the newest build came."""

    template = "devices/columns/firmware.html"

    def __init__(self, **extra: Any) -> None:
        context = lambda record: {"look": firmware_of(record)}  # noqa: E731
        super().__init__(extra_context=context, **extra)


class SignalColumn(ComponentColumn):
    """How strong the device last said its signal is."""

    template = "devices/columns/signal.html"

    def __init__(self, **extra: Any) -> None:
        context = lambda record: {"signal": signal_of(record)}  # noqa: E731
        super().__init__(extra_context=context, **extra)


class TagsColumn(ComponentColumn):
    """Tags, each a link that filters by it."""

    template = "devices/columns/tags.html"

    def value(self, **kwargs: Any) -> str:
        """Export the tags in one cell."""
        return ", ".join(kwargs.get("value") or [])


class MeshesColumn(ComponentColumn):
    """The meshes that the device is in, as far as the reader may see them; wants a prefetch."""

    template = "devices/columns/meshes.html"

    def value(self, **kwargs: Any) -> str:
        """Export their names in one cell."""
        return ", ".join(f"{mesh}" for mesh in kwargs["record"].meshes.all())


def _health(record: Any) -> dict[str, Any]:
    state, health = state_of(record), health_of(record)
    alarm = state.level if state.level in ALARMS and health.status != state.level else ""
    return {"health": health, "alarm": alarm if state.last_seen_at else ""}


class DeviceTable(ConsoleTable):
    """The machine list: one line says it all."""

    card_top = ("health",)

    alias = DeviceNameColumn(verbose_name="Device", order_by=("alias", "pk"))
    health = HealthColumn(
        accessor="state__level", verbose_name="Status", order_by=("state__level", "alias", "pk")
    )
    firmware = FirmwareColumn(
        accessor="state__version",
        verbose_name="Firmware",
        order_by=("state__version", "pk"),
        attrs=BEYOND_PHONE,
    )
    source = ComponentColumn(
        "devices/columns/source.html", order_by=("source__alias", "pk"), attrs=WIDE
    )
    platform = MonoColumn(order_by=("platform", "pk"), attrs=WIDEST)
    tags = TagsColumn(orderable=False, attrs=WIDER)
    last_seen = TimeColumn(
        accessor="state__last_seen_at",
        verbose_name="Last seen",
        order_by=("state__last_seen_at", "pk"),
    )
    signal = SignalColumn(
        accessor="state__rssi", verbose_name="Signal", orderable=False, visible=False, attrs=NUMBER
    )
    version = MonoColumn(
        accessor="state__version",
        verbose_name="Version",
        order_by=("state__version", "pk"),
        visible=False,
    )
    category = ComponentColumn(
        "devices/columns/category.html", order_by=("category", "pk"), visible=False
    )
    meshes = MeshesColumn(accessor="pk", orderable=False, visible=False)
    interval = ComponentColumn(
        "devices/columns/interval.html",
        accessor="checkin_interval",
        verbose_name="Expected every",
        order_by=("checkin_interval", "pk"),
        visible=False,
        attrs=NUMBER,
    )
    checkins = tables.Column(
        accessor="state__checkins",
        verbose_name="Check-ins",
        order_by=("state__checkins", "pk"),
        visible=False,
        attrs=NUMBER,
    )
    auto_update = ComponentColumn(
        "devices/columns/auto_update.html",
        verbose_name="Updates",
        order_by=("auto_update", "pk"),
        visible=False,
    )
    mac = MonoColumn(verbose_name="MAC", order_by=("mac", "pk"), visible=False)
    uid = MonoColumn(verbose_name="Device id", orderable=False, visible=False)
    created_at = TimeColumn(verbose_name="Added", order_by=("created_at", "pk"), visible=False)
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("alias",)


class MeshTable(ConsoleTable):
    """Groups of devices, and how many are in each."""

    alias = NameColumn(verbose_name="Mesh", order_by=("alias", "pk"))
    mesh_id = MonoColumn(verbose_name="Mesh id", order_by=("mesh_id", "pk"), visible=False)
    device_count = ComponentColumn(
        "devices/columns/mesh_devices.html",
        verbose_name="Devices",
        orderable=False,
        attrs={"th": {"class": "num"}, "td": {"class": "num"}},
    )
    created_at = TimeColumn(verbose_name="Added", order_by=("created_at", "pk"), attrs=WIDE)
    row_actions = ActionsColumn()
    description = tables.Column(visible=False)
    uid = tables.Column(visible=False, verbose_name="ID")

    class Meta:
        order_by = ("alias",)


class MemberTable(DeviceTable):
    """The devices of one mesh."""

    class Meta(DeviceTable.Meta):
        exclude = ("source", "tags", "platform")


class SourceDeviceTable(DeviceTable):
    """The devices that are built from one source."""

    class Meta(DeviceTable.Meta):
        exclude = ("source", "tags")


class EnvironmentTable(ConsoleTable):
    """Variables in force, with the level that each comes from."""

    name = ComponentColumn("devices/columns/variable.html", verbose_name="Name", orderable=False)
    value = ComponentColumn(
        "devices/columns/variable_value.html",
        accessor="variable__shown_value",
        verbose_name="Value",
        orderable=False,
    )
    level = ComponentColumn("devices/columns/variable_level.html", orderable=False)
    changed = TimeColumn(accessor="variable__updated_at", orderable=False, attrs=WIDE)
