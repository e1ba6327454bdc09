"""Lists: paging, sorting, search and filters in the URL, bulk actions, CSV."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, ClassVar
from urllib.parse import urlencode

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.generic import View

from core.concealing import told
from core.views.actions import Action, attach_row_actions, model_actions
from core.views.arranging import (
    PAGE_SIZES,
    Arrangement,
    arrangement_of,
    list_name_of,
    saved_query,
    view_tabs,
)
from core.views.base import ScopedViewMixin, heading
from core.views.bulk_bar import registered_bulk_actions
from core.views.facets import Facet, counted
from core.views.paging import paginate, totals, unpaged
from core.views.registry import url_name

FRAGMENT = "generic/object_list.html#table"
CSV_BATCH = 500
# A spreadsheet would run these as formulas.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class EmptyState:
    """What a list says while it is empty; `docs` is the URL name of the page that tells how.

    The button is for `verb` of the model, or leads to the list with the URL name `leads_to`.
    """

    title: str
    text: str
    icon: str = "box"
    button: str = ""
    verb: str = "add"
    docs: str = ""
    leads_to: str = ""


class ObjectListView(ScopedViewMixin, View):
    """Declares `queryset`, `filterset_class`, `table_class`, buttons and the empty state.

    `row_actions` show in the table's ActionsColumn. `saved_views` names query strings worth a tab
    above the list: ("Online", "seen=online"); people add their own. Columns, cards and the length
    of a page are what the person keeps of the list, unless the URL says otherwise. `facets` are
    counted when the URL says `facets=1`.
    """

    filterset_class: ClassVar[Any]
    table_class: ClassVar[Any]
    actions: ClassVar[tuple[Action, ...]] = ()
    bulk_actions: ClassVar[tuple[Action, ...]] = ()
    row_actions: ClassVar[tuple[Action, ...]] = ()
    template_name: ClassVar[str] = "generic/object_list.html"
    title: ClassVar[str] = ""
    lead: ClassVar[str] = ""
    empty: ClassVar[EmptyState] = EmptyState("Nothing here yet", "")
    is_live: ClassVar[bool] = True
    saved_views: ClassVar[tuple[tuple[str, str], ...]] = ()
    facets: ClassVar[tuple[Facet, ...]] = ()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Return the page, the table alone for htmx, or the CSV."""
        is_export = request.GET.get("export") == "csv"
        arrangement = arrangement_of(self)
        columns = self.table_class.choosable() if is_export else arrangement.columns
        rows = told(self.with_columns(self.get_rows("view"), frozenset(columns)), self.actor)
        filterset = self.filterset_class(request.GET, queryset=rows, request=request)
        table = self.table_class(filterset.qs)
        if is_export:
            return self._csv(unpaged(table, request))
        if arrangement.is_chosen:
            table.show(arrangement.columns)
        paginate(table, request, arrangement.per_page)
        records = [row.record for row in table.paginated_rows]
        attach_row_actions(self.row_actions, records, self.actor)
        context = self.get_context(table, filterset)
        context |= self._arranged(context, table, arrangement)
        context |= self._facets(rows, filterset)
        is_fragment = request.htmx and not request.htmx.boosted  # type: ignore[attr-defined]
        # Partials are not inherited: the fragment is that of the template which defines it.
        response = render(request, FRAGMENT if is_fragment else self.template_name, context)
        patch_vary_headers(response, ["HX-Request"])
        return response

    def with_columns(self, rows: Any, columns: frozenset[str]) -> Any:
        """Return the rows with what these columns need besides."""
        return rows

    def get_context(self, table: Any, filterset: Any) -> dict[str, Any]:
        """Return what generic/object_list.html names in its first comment."""
        request, model = self.request, self.model
        chips = list(self._chips(filterset))
        is_filtered = bool(chips or request.GET.get("q") or not filterset.form.is_valid())
        narrowed = getattr(request, "organization", None)
        buttons = model_actions(self.actions, model, self.actor, narrowed)
        bulk = (*self.bulk_actions, *registered_bulk_actions(model))
        organization = narrowed or getattr(request, "home_organization", None)
        return {
            "title": self.title or heading(model),
            "lead": self.lead,
            "crumbs": [],
            "tabs": view_tabs(self),
            "table": table,
            "filterset": filterset,
            "chips": chips,
            "not_understood": list(_faults(filterset.form)),
            "clear_url": request.path if is_filtered else "",
            "search": request.GET.get("q", ""),
            "actions": buttons,
            "bulk_actions": model_actions(bulk, model, self.actor, narrowed),
            "export_url": f"?{_query(request, export='csv')}",
            **totals(table),
            "is_filtered": is_filtered,
            "empty": self._empty(model),
            "live_group": f"org.{organization.uid}" if organization and self.is_live else "",
            "live_models": model._meta.label_lower,
        }

    def _empty(self, model: type[Model]) -> dict[str, Any]:
        state = self.empty
        found: dict[str, Any] = {"title": state.title, "text": state.text, "icon": state.icon}
        found["docs_url"] = reverse(state.docs) if state.docs else ""
        found["action"] = None
        if state.leads_to:
            found["action"] = {"label": state.button, "url": reverse(state.leads_to)}
        elif state.button and self._may_begin(model):
            url = reverse(url_name(model, state.verb))
            found["action"] = {"label": state.button, "url": url}
        return found

    def _may_begin(self, model: type[Model]) -> bool:
        narrowed = getattr(self.request, "organization", None)
        return bool(model_actions([Action("", self.empty.verb)], model, self.actor, narrowed))

    def _facets(self, rows: Any, filterset: Any) -> dict[str, Any]:
        """Return the numbers, when they are wanted, and where the button beside them leads."""
        if not self.facets:
            return {"facets": [], "facets_url": ""}
        is_wanted = bool(self.request.GET.get("facets"))
        other = _query(self.request, facets=None if is_wanted else "1", page=None)
        return {
            "facets": counted(self, rows, filterset) if is_wanted else [],
            "facets_url": f"?{other}",
        }

    def _arranged(
        self, context: dict[str, Any], table: Any, arrangement: Arrangement
    ) -> dict[str, Any]:
        """Return what the menus of columns, layout and saved views need."""
        name = list_name_of(self)
        query = saved_query(self, arrangement) if name and self.saved_views else ""
        is_kept = any("saved" in tab and tab["active"] for tab in context["tabs"])
        is_new = query not in {"", *(built_in for _, built_in in self.saved_views)}
        return {
            "list_name": name,
            "layout": arrangement.layout,
            "columns": table.choices() if name else [],
            "page_sizes": PAGE_SIZES[1:],
            "per_page": arrangement.per_page,
            "unsaved": query if is_new and not is_kept else "",
        }

    def _chips(self, filterset: Any) -> Iterator[dict[str, str]]:
        form = filterset.form
        form.is_valid()
        for name, value in form.cleaned_data.items():
            if name == "q" or value in (None, "", []) or not hasattr(value, "__str__"):
                continue
            shown = _shown(form.fields[name], value)
            if shown:
                label = form.fields[name].label or name.replace("_", " ").capitalize()
                remove = _query(self.request, **{name: None, "page": None})
                yield {"label": f"{label}: {shown}", "remove_url": f"?{remove}"}

    def _csv(self, table: Any) -> StreamingHttpResponse:
        writer = csv.writer(_Echo())
        rows = (writer.writerow([_cell(c) for c in row]) for row in table.as_values())
        tail = (writer.writerow([_cell(c) for c in row]) for row in self.csv_tail())
        return self.download(chain(rows, tail), "csv", "text/csv; charset=utf-8")

    def csv_tail(self) -> Iterator[list[Any]]:
        """Yield rows that follow those of the table."""
        yield from ()

    def download(self, rows: Iterator[str], suffix: str, kind: str) -> StreamingHttpResponse:
        """Send a file piece by piece, named after the model."""
        name = f"{self.model._meta.model_name}s.{suffix}"
        # An ASGI server would otherwise collect the whole file before it sends the first byte.
        is_async = isinstance(self.request, ASGIRequest)
        return StreamingHttpResponse(
            _in_threads(rows) if is_async else rows,
            content_type=kind,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


async def _in_threads(rows: Iterator[str]) -> AsyncIterator[str]:
    """Yield the rows of a synchronous iterator, some at a time, without stopping the loop."""
    take = sync_to_async(lambda: "".join(islice(rows, CSV_BATCH)))
    while text := await take():
        yield text


class _Echo:
    """A file that hands back what is written, so that rows can be streamed."""

    def write(self, value: str) -> str:
        return value


def _cell(value: Any) -> str:
    text = "" if value is None else f"{value}"
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _faults(form: Any) -> Iterator[str]:
    for name, errors in form.errors.items():
        yield f"{form.fields[name].label or name}: {' '.join(errors)}"


def _shown(field: Any, value: Any) -> str:
    if isinstance(value, Model):
        return f"{value}"
    if hasattr(value, "exists"):
        return ", ".join(f"{row}" for row in value[:3])
    if value is True or value is False:
        return "yes" if value else "no"
    choices = dict(getattr(field, "choices", []) or [])
    if isinstance(value, list):
        return ", ".join(f"{choices.get(v, v)}" for v in value)
    return f"{choices.get(value, value)}"


def _query(request: HttpRequest, **changes: Any) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return urlencode([(k, v) for k in query for v in query.getlist(k)])
