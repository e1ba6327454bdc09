"""Console pages of the audit log."""

from __future__ import annotations

import csv
import io
from itertools import chain
from typing import Any

from django.http import StreamingHttpResponse

from audit.chain import event_hash
from audit.filters import AuditEventFilterSet
from audit.models import AuditEvent
from audit.selectors import chain_heads, link_targets, neighbours
from audit.tables import AuditEventTable, rows_of
from core.views import EmptyState, Fact, ObjectListView, ObjectView, register_model_view


@register_model_view(AuditEvent, "list", detail=False)
class AuditEventListView(ObjectListView):
    """Everything that was recorded, with the head of each chain."""

    queryset = AuditEvent.objects.select_related("organization")
    filterset_class = AuditEventFilterSet
    table_class = AuditEventTable
    template_name = "audit/auditevent_list.html"
    title = "Audit log"
    lead = "Who did what, when and from where. Nothing here can be changed or removed."
    empty = EmptyState(
        "Nothing is recorded yet",
        "Every sign-in, key, build and change appears here, each linked to the one before it.",
        icon="history",
    )
    is_live = False
    saved_views = (
        ("Everything", ""),
        ("Warnings", "level=warning"),
        ("Last 24 hours", "period=day"),
    )

    def get_context(self, table: Any, filterset: Any) -> dict[str, Any]:
        """Add what the rows lead to, and the chain heads."""
        context = super().get_context(table, filterset)
        link_targets(self.actor, rows_of(table))
        return {**context, "heads": chain_heads(self.actor, self.request.organization)}  # type: ignore[attr-defined]

    def _csv(self, table: Any) -> StreamingHttpResponse:
        response = super()._csv(table)
        heads = chain_heads(self.actor, self.request.organization)  # type: ignore[attr-defined]
        lines = (_csv_line(["Chain head", f"of {h.organization}", h.seq, h.hash]) for h in heads)
        rows: Any = response.streaming_content
        response.streaming_content = chain(rows, lines)
        return response


@register_model_view(AuditEvent)
class AuditEventView(ObjectView):
    """One event, and its place in the chain."""

    queryset = AuditEvent.objects.select_related("organization")
    template_name = "audit/auditevent.html"

    def crumbs(self, obj: AuditEvent) -> list[dict[str, str]]:
        """Call the list what it is called."""
        return [{**super().crumbs(obj)[0], "label": "Audit log"}]

    def get_context(self, obj: AuditEvent) -> dict[str, Any]:
        """Title the page by what happened."""
        link_targets(self.actor, [obj])
        kind = obj.event_type
        return {
            **super().get_context(obj),
            "title": kind.label if kind else obj.verb,
            "is_intact": event_hash(obj) == obj.hash,
            "neighbours": neighbours(self.actor, obj),
        }

    def facts(self, obj: AuditEvent) -> list[Fact]:
        """Say who, when and from where."""
        return [
            Fact("When", time=obj.at),
            Fact("Who", obj.actor),
            Fact("From", obj.address, mono=True, copy=True),
            Fact("Organization", obj.organization),
            Fact("Request", obj.request_id, mono=True, copy=True),
            Fact("Verb", obj.verb, mono=True),
        ]


def _csv_line(cells: list[Any]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
