"""Tables of notifications."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables

from core.tables import (
    BEYOND_PHONE,
    ActionsColumn,
    ComponentColumn,
    ConsoleTable,
    NameColumn,
    StatusColumn,
    TimeColumn,
)
from notifications.channels import channels
from notifications.selectors import kinds_in_words

WIDE = {"th": {"class": "d-none d-xl-table-cell"}, "td": {"class": "d-none d-xl-table-cell"}}


def _channel(rule: Any) -> Any:
    return channels.get(rule.channel) if rule.channel in channels else None


class NotificationTable(ConsoleTable):
    """A person's inbox, the newest first."""

    title = ComponentColumn(
        "notifications/columns/title.html", verbose_name="What happened", orderable=False
    )
    level = ComponentColumn(
        "notifications/columns/level.html", verbose_name="Level", order_by=("level", "pk")
    )
    organization = ComponentColumn(
        "notifications/columns/organization.html",
        accessor="organization__name",
        verbose_name="Organization",
        orderable=False,
        attrs=WIDE,
    )
    created_at = TimeColumn(verbose_name="When", order_by=("created_at", "pk"), attrs=BEYOND_PHONE)
    uid = tables.Column(visible=False)
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("-created_at",)


class RuleTable(ConsoleTable):
    """Where an organization has news sent."""

    name = NameColumn(order_by=("name", "pk"))
    state = StatusColumn(orderable=False)
    channel = ComponentColumn(
        "notifications/columns/channel.html",
        accessor="shown_as",
        verbose_name="To",
        orderable=False,
        attrs=BEYOND_PHONE,
        extra_context=lambda record: {"channel": _channel(record)},
    )
    kinds = ComponentColumn(
        "notifications/columns/kinds.html",
        verbose_name="What",
        orderable=False,
        attrs=WIDE,
        extra_context=lambda record: {"words": kinds_in_words(record)},
    )
    last_sent_at = TimeColumn(verbose_name="Last sent", order_by=("last_sent_at", "pk"), attrs=WIDE)
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("name",)


class DeliveryTable(ConsoleTable):
    """What one rule sent, and how that went."""

    title = ComponentColumn(
        "notifications/columns/delivery.html", verbose_name="Message", orderable=False
    )
    state = StatusColumn(order_by=("state", "pk"))
    attempts = tables.Column(orderable=False, attrs=WIDE)
    created_at = TimeColumn(verbose_name="Made", order_by=("created_at", "pk"))
    ended_at = TimeColumn("not yet", verbose_name="Ended", order_by=("ended_at", "pk"), attrs=WIDE)

    class Meta:
        order_by = ("-created_at",)
