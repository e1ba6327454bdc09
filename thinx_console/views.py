"""Pages that belong to no single app: the dashboard and the search."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import TemplateView, View

from audit.models import AuditEvent
from core.scoping import may_somewhere
from core.views import ScopedViewMixin
from telemetry.charts import fleet_charts, range_links
from telemetry.figures import counter_figures
from telemetry.ranges import range_of
from thinx_console import dashboard
from thinx_console.example.selectors import example_urls
from thinx_console.search import MIN_LENGTH, search

HIDDEN = "thinx_steps_hidden"
A_YEAR = 365 * 24 * 3600


class DashboardView(ScopedViewMixin, TemplateView):
    """The first page: what there is, what is new, what needs somebody."""

    template_name = "dashboard/dashboard.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return every card; the number of queries does not depend on the number of rows."""
        view = dashboard.View(self.actor, self.request.organization)  # type: ignore[attr-defined]
        tiles = dashboard.tiles(view)
        span = range_of(self.request.GET.get("range"))
        figures = counter_figures(self.actor, span, organization=view.organization)
        steps = [] if HIDDEN in self.request.COOKIES else dashboard.first_steps(view)
        return super().get_context_data(
            title="Dashboard",
            tiles=tiles,
            first_steps=steps,
            first_steps_done=sum(step.done for step in steps),
            builds=dashboard.newest_builds(view),
            devices=dashboard.devices_in_need(view),
            sees_events=may_somewhere(self.actor, AuditEvent, "view"),
            events=dashboard.newest_events(view),
            has_devices=bool(tiles[0].value),
            charts=fleet_charts(figures),
            left_out=figures.total("left_out"),
            range=span,
            ranges=range_links(span),
            **example_urls(self.request),
            **kwargs,
        )


class DismissStepsView(ScopedViewMixin, View):
    """Hide the first steps in this browser."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remember it for a year."""
        response = redirect("dashboard")
        response.set_cookie(
            HIDDEN, "1", max_age=A_YEAR, httponly=True, samesite="Lax", secure=request.is_secure()
        )
        return response


class SearchView(ScopedViewMixin, TemplateView):
    """Everything by name, address, id or commit."""

    template_name = "search/search.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return what was found, by kind."""
        text = self.request.GET.get("q", "").strip()[:200]
        return super().get_context_data(
            title="Search",
            q=text,
            is_short=len(text) < MIN_LENGTH,
            groups=search(self.actor, text, self.request.organization),  # type: ignore[attr-defined]
            **kwargs,
        )
