"""Tables of messages and questions."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables

from core.tables import BEYOND_PHONE, ActionsColumn, ComponentColumn, ConsoleTable, TimeColumn
from messaging.payloads import decoded


class PayloadColumn(ComponentColumn):
    """The payload as people read it; as it came, behind a fold."""

    template = "messaging/columns/payload.html"

    def __init__(self, **extra: Any) -> None:
        super().__init__(extra_context=_shown, **extra)


def _shown(record: Any) -> dict[str, Any]:
    payload = bytes(record.payload)
    kind, text = decoded(payload)
    raw = payload.decode("utf-8", "backslashreplace") if kind != "binary" else repr(payload)[2:-1]
    return {
        "kind": kind,
        "text": text,
        "raw": raw,
        "differs": raw != text,
        "left_out": record.size - len(payload),
    }


class MessageTable(ConsoleTable):
    """The last messages of one device."""

    at = TimeColumn(verbose_name="When", orderable=False)
    direction = ComponentColumn(
        "messaging/columns/direction.html", verbose_name="Topic", orderable=False
    )
    payload = PayloadColumn(verbose_name="Payload", orderable=False)


class QuestionTable(ConsoleTable):
    """What devices ask, the newest first."""

    question = ComponentColumn(
        "messaging/columns/question.html", accessor="body", verbose_name="Question", orderable=False
    )
    state = ComponentColumn(
        "messaging/columns/state.html", verbose_name="Status", order_by=("state", "pk")
    )
    device = ComponentColumn(
        "messaging/columns/device.html",
        accessor="device__alias",
        verbose_name="Device",
        order_by=("device__alias", "pk"),
        attrs=BEYOND_PHONE,
    )
    asked_at = TimeColumn(verbose_name="Asked", attrs=BEYOND_PHONE)
    uid = tables.Column(visible=False)
    row_actions = ActionsColumn()

    class Meta:
        order_by = ("-asked_at",)
