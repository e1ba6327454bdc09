"""Tables of transformers and their versions."""

from __future__ import annotations

import django_tables2 as tables

from core.tables import (
    UNSEEN_ACTIONS,
    ActionsColumn,
    ComponentColumn,
    ConsoleTable,
    NameColumn,
    TimeColumn,
)

MEDIUM = {"th": {"class": "d-none d-md-table-cell"}, "td": {"class": "d-none d-md-table-cell"}}
NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}


class TransformerTable(ConsoleTable):
    """Which scripts there are, and how many devices use each."""

    alias = NameColumn(verbose_name="Name", order_by=("alias", "pk"))
    version = tables.Column(
        accessor="current__number", verbose_name="Version", orderable=False, attrs=NUMBER
    )
    device_count = tables.Column(verbose_name="Devices", orderable=False, attrs=NUMBER)
    failing_count = tables.Column(verbose_name="Failing", orderable=False, attrs=NUMBER)
    updated_at = TimeColumn(verbose_name="Changed", order_by=("updated_at", "pk"), attrs=MEDIUM)
    uid = tables.Column(visible=False, verbose_name="ID")
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("alias",)


class VersionTable(ConsoleTable):
    """The texts of one transformer, the newest first."""

    number = ComponentColumn("devices/columns/version.html", verbose_name="Version")
    note = tables.Column(orderable=False)
    author = tables.Column(orderable=False, attrs=MEDIUM)
    created_at = TimeColumn(verbose_name="Made", orderable=False)
    compare = ComponentColumn(
        "devices/columns/version_actions.html",
        verbose_name=UNSEEN_ACTIONS,
        accessor="number",
        orderable=False,
    )

    class Meta:
        order_by = ("-number",)
