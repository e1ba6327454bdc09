"""Tables of sources, builds and artifacts."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables

from builds.journey import duration_of
from core.tables import (
    BEYOND_PHONE,
    ActionsColumn,
    ComponentColumn,
    ConsoleTable,
    MonoColumn,
    StatusColumn,
    TimeColumn,
)
from devices.tables import WIDE, WIDER, WIDEST

NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}
WIDE_NUMBER = {
    "th": {"class": "num d-none d-lg-table-cell"},
    "td": {"class": "num d-none d-lg-table-cell"},
}


def access_of(source: Any) -> str:
    """Return the state of the last test of access."""
    if source.checked_at is None:
        return "unchecked"
    return "reachable" if source.check_code in {"", "ok"} else "refused"


class AccessColumn(ComponentColumn):
    """Whether the last test got in."""

    template = "builds/columns/access.html"

    def __init__(self, **extra: Any) -> None:
        context = lambda record: {"access": access_of(record)}  # noqa: E731
        super().__init__(extra_context=context, **extra)

    def value(self, **kwargs: Any) -> str:
        """Export one word."""
        return access_of(kwargs["record"])


class SourceTable(ConsoleTable):
    """The repositories."""

    alias = ComponentColumn(
        "builds/columns/source_name.html", verbose_name="Source", order_by=("alias", "pk")
    )
    access = AccessColumn(
        accessor="check_code", verbose_name="Access", order_by=("check_code", "alias", "pk")
    )
    branch = MonoColumn(order_by=("branch", "pk"), attrs=WIDE)
    platform = ComponentColumn(
        "builds/columns/optional_mono.html", order_by=("platform", "pk"), attrs=BEYOND_PHONE
    )
    deploy_key = ComponentColumn(
        "builds/columns/deploy_key.html", order_by=("deploy_key__alias", "pk"), attrs=WIDER
    )
    last_commit = ComponentColumn(
        "builds/columns/commit.html", order_by=("last_commit", "pk"), attrs=WIDER
    )
    device_count = ComponentColumn(
        "builds/columns/source_devices.html",
        verbose_name="Devices",
        order_by=("device_count", "pk"),
        attrs=NUMBER,
    )
    build_count = ComponentColumn(
        "builds/columns/source_builds.html",
        verbose_name="Builds",
        order_by=("build_count", "pk"),
        attrs=WIDE_NUMBER,
    )
    checked_at = TimeColumn(verbose_name="Tested", order_by=("checked_at", "pk"), attrs=WIDE)
    uid = tables.Column(visible=False)
    url = tables.Column(visible=False)
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("alias",)


class DurationColumn(ComponentColumn):
    """How long a build took, or has been taking."""

    template = "builds/columns/duration.html"

    def __init__(self, **extra: Any) -> None:
        context = lambda record: {"took": duration_of(record)}  # noqa: E731
        super().__init__(extra_context=context, orderable=False, **extra)

    def value(self, **kwargs: Any) -> str:
        """Export seconds."""
        took = duration_of(kwargs["record"])
        return f"{took.total_seconds():.1f}" if took else ""


class BuildTable(ConsoleTable):
    """The builds, newest first."""

    number = ComponentColumn(
        "builds/columns/build_name.html",
        verbose_name="Build",
        order_by=("source__alias", "number", "pk"),
    )
    status = StatusColumn(order_by=("status", "-pk"))
    device = ComponentColumn(
        "builds/columns/build_device.html", order_by=("device__alias", "pk"), attrs=BEYOND_PHONE
    )
    version = ComponentColumn("builds/columns/optional_mono.html", orderable=False, attrs=WIDE)
    commit = ComponentColumn("builds/columns/commit.html", orderable=False, attrs=WIDER)
    platform = ComponentColumn(
        "builds/columns/optional_mono.html", order_by=("platform", "-pk"), attrs=WIDEST
    )
    created_by = ComponentColumn(
        "builds/columns/person.html",
        verbose_name="Started by",
        order_by=("created_by__email", "-pk"),
        attrs=WIDER,
    )
    created_at = TimeColumn(
        verbose_name="Started", order_by=("created_at", "pk"), attrs=BEYOND_PHONE
    )
    took = DurationColumn(accessor="started_at", verbose_name="Took", attrs=WIDE_NUMBER)
    source = tables.Column(visible=False, accessor="source__alias", verbose_name="Source")
    finished_at = TimeColumn(visible=False, verbose_name="Finished")
    error_code = tables.Column(visible=False, verbose_name="Error code")
    error_message = tables.Column(visible=False, verbose_name="Error")
    uid = tables.Column(visible=False)
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("-created_at",)


class DeviceBuildTable(BuildTable):
    """The builds for one device."""

    class Meta(BuildTable.Meta):
        exclude = ("device",)


class SizeColumn(ComponentColumn):
    """Bytes, in the unit that reads best."""

    template = "builds/columns/size.html"


class ArtifactTable(ConsoleTable):
    """The files that builds made."""

    name = ComponentColumn("builds/columns/artifact_name.html", order_by=("name", "pk"))
    build = ComponentColumn(
        "builds/columns/artifact_build.html", order_by=("build__source__alias", "build__number")
    )
    device = ComponentColumn(
        "builds/columns/artifact_device.html",
        verbose_name="Device",
        accessor="build__device",
        order_by=("build__device__alias", "pk"),
        attrs=WIDE,
    )
    size = SizeColumn(order_by=("size", "pk"), attrs=NUMBER)
    sha256 = ComponentColumn(
        "builds/columns/hash.html", verbose_name="SHA-256", orderable=False, attrs=WIDE
    )
    md5 = ComponentColumn(
        "builds/columns/hash.html", verbose_name="MD5", orderable=False, attrs=WIDER
    )
    created_at = TimeColumn(verbose_name="Built", order_by=("created_at", "pk"), attrs=BEYOND_PHONE)
    uid = tables.Column(visible=False)

    class Meta:
        order_by = ("-created_at",)
