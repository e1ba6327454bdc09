"""Tables of API keys, deploy keys and environment variables."""

from __future__ import annotations

import django_tables2 as tables

from core.tables import (
    BEYOND_PHONE,
    ActionsColumn,
    ComponentColumn,
    ConsoleTable,
    NameColumn,
    TimeColumn,
)
from keys.models import ApiKey, DeployKey, EnvVar

MEDIUM = {"th": {"class": "d-none d-md-table-cell"}, "td": {"class": "d-none d-md-table-cell"}}
WIDE = {"th": {"class": "d-none d-lg-table-cell"}, "td": {"class": "d-none d-lg-table-cell"}}
WIDER = {"th": {"class": "d-none d-xl-table-cell"}, "td": {"class": "d-none d-xl-table-cell"}}
WIDEST = {
    "th": {"class": "d-none d-xxl-table-cell"},
    "td": {"class": "d-none d-xxl-table-cell"},
}
NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}


class ApiKeyTable(ConsoleTable):
    """What opens what, and when it last did."""

    alias = NameColumn(verbose_name="Name", order_by=("alias", "pk"))
    state = ComponentColumn("components/columns/status.html", orderable=False)
    prefix = ComponentColumn(
        "keys/columns/prefix.html", verbose_name="Starts with", attrs=BEYOND_PHONE
    )
    kind = ComponentColumn("keys/columns/kind.html", verbose_name="Opens", attrs=MEDIUM)
    device = ComponentColumn(
        "keys/columns/device.html",
        accessor="device__alias",
        verbose_name="Firmware of",
        attrs=WIDER,
    )
    last_used_at = ComponentColumn(
        "keys/columns/last_used.html", verbose_name="Last used", order_by=("last_used_at", "pk")
    )
    expires_at = TimeColumn(verbose_name="Expires", attrs=WIDER)
    created_at = TimeColumn(verbose_name="Created", attrs=WIDEST)
    row_actions = ActionsColumn()
    last_used_address = tables.Column(visible=False, verbose_name="Last used from")
    uid = tables.Column(visible=False, verbose_name="ID")

    class Meta:
        model = ApiKey
        fields = ("alias", "state", "prefix", "kind", "device", "last_used_at")
        order_by = ("alias",)


class DeployKeyTable(ConsoleTable):
    """Which keys open repositories."""

    alias = NameColumn(verbose_name="Name", order_by=("alias", "pk"))
    algorithm = tables.Column(attrs=MEDIUM)
    fingerprint = ComponentColumn("keys/columns/fingerprint.html", attrs=WIDE)
    source_count = tables.Column(verbose_name="Sources", attrs=NUMBER)
    last_used_at = TimeColumn(verbose_name="Last used")
    created_at = TimeColumn(verbose_name="Created", attrs=MEDIUM)
    row_actions = ActionsColumn()
    public_key = tables.Column(visible=False, verbose_name="Public key")
    uid = tables.Column(visible=False, verbose_name="ID")

    class Meta:
        model = DeployKey
        fields = ("alias", "algorithm", "fingerprint", "source_count", "last_used_at")
        order_by = ("alias",)


class EnvVarTable(ConsoleTable):
    """Every variable of every level."""

    name = ComponentColumn("keys/columns/variable.html", order_by=("name", "pk"))
    shown_value = ComponentColumn("keys/columns/value.html", verbose_name="Value", orderable=False)
    level = ComponentColumn("keys/columns/level.html", orderable=False, attrs=MEDIUM)
    updated_by = tables.Column(
        verbose_name="Changed by", order_by=("updated_by__email", "pk"), attrs=WIDE
    )
    updated_at = TimeColumn(verbose_name="Changed", attrs=MEDIUM)
    row_actions = ActionsColumn()
    is_secret = tables.Column(visible=False, verbose_name="Secret")
    source = tables.Column(visible=False, accessor="source__alias", verbose_name="Source")
    mesh = tables.Column(visible=False, accessor="mesh__alias", verbose_name="Mesh")
    device = tables.Column(visible=False, accessor="device__alias", verbose_name="Device")
    uid = tables.Column(visible=False, verbose_name="ID")

    class Meta:
        model = EnvVar
        fields = ("name", "shown_value", "level", "updated_by", "updated_at")
        order_by = ("name",)
