"""Console pages of the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from audit.chain import event_hash
from audit.exports import MOST_CHAINS, json_export, note_export
from audit.filters import AuditEventFilterSet
from audit.models import AuditEvent
from audit.selectors import chain_heads, link_targets, neighbours
from audit.tables import AuditEventTable, rows_of
from core.views import EmptyState, Fact, ObjectListView, ObjectView, register_model_view

MOST_HEADS = 20


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

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Return the page or a file; taking a copy away is audited itself."""
        kind = request.GET.get("export", "")
        if kind not in {"csv", "json"}:
            return super().get(request, *args, **kwargs)
        heads, home = self._heads(), request.organization or request.home_organization  # type: ignore[attr-defined]
        query = request.GET.urlencode()[:500]
        note_export(self.actor, heads[: MOST_CHAINS + 1], home or None, kind=kind, query=query)
        if kind == "csv":
            return super().get(request, *args, **kwargs)
        rows = self.filterset_class(request.GET, queryset=self.get_rows("view"), request=request)
        return self.download(json_export(rows.qs, self._heads()), "json", "application/json")

    def get_context(self, table: Any, filterset: Any) -> dict[str, Any]:
        """Add what the rows lead to, and the chain heads."""
        context = super().get_context(table, filterset)
        link_targets(self.actor, rows_of(table))
        heads = list(self._heads()[: MOST_HEADS + 1])
        return {
            **context,
            "heads": heads[:MOST_HEADS],
            "more_heads": len(heads) > MOST_HEADS,
            "keep_days": settings.AUDIT_KEEP_DAYS,
            "export_json_url": context["export_url"].replace("export=csv", "export=json"),
        }

    def csv_tail(self) -> Iterator[list[Any]]:
        """End with the heads, by which the file can be compared with the chains later."""
        for head in self._heads():
            yield [
                "Chain head",
                f"of {head.organization or 'the installation'}",
                head.seq,
                head.hash,
            ]

    def _heads(self) -> Any:
        return chain_heads(self.actor, self.request.organization)  # type: ignore[attr-defined]


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
            Fact("With", obj.credential),
            Fact("From", obj.address, mono=True, copy=True),
            Fact("Organization", obj.organization),
            Fact("Request", obj.request_id, mono=True, copy=True),
            Fact("Verb", obj.verb, mono=True),
        ]
