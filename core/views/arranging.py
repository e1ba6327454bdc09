"""How a list is laid out: what its URL says, else what the person keeps, else its own way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from core.views.registry import registered_list, url_name

PER_PAGE = 50
MOST = 200
PAGE_SIZES = (0, 25, 50, 100, 200)
LAYOUTS = ("table", "cards")
# What the URL of a list says beside its filters, and what of it changes no row.
ARRANGING = ("view", "columns", "per_page")
NOT_FILTERS = frozenset({*ARRANGING, "sort", "page", "export", "facets"})


@dataclass(frozen=True)
class Arrangement:
    """`columns` beside the name and the buttons; `is_chosen` when they are not the usual ones."""

    columns: tuple[str, ...]
    is_chosen: bool
    layout: str
    per_page: int


def arrangement_of(view: Any) -> Arrangement:
    """Return how the list is to be laid out for this request; asks once what the person keeps."""
    said, table = view.request.GET, view.table_class
    name = list_name_of(view)
    kept = view.request.lists.preference(name) if name else None
    known, usual = table.choosable(), tuple(table.usual())
    wanted = said["columns"].split(",") if said.get("columns") else getattr(kept, "columns", ())
    columns = tuple(column for column in known if column in wanted) or usual
    layout = said.get("view") or getattr(kept, "layout", "")
    per_page = _whole(said.get("per_page"), getattr(kept, "per_page", 0) or PER_PAGE)
    return Arrangement(
        columns,
        columns != usual,
        layout if layout in LAYOUTS else LAYOUTS[0],
        min(max(per_page, 1), MOST),
    )


def list_name_of(view: Any) -> str:
    """Return under which name people keep things of this list; "" for one that has no route."""
    name = url_name(view.model, "list")
    return name if registered_list(name) is type(view) else ""


def in_saved_views(list_view: Any) -> frozenset[str]:
    """Return the names that the query of a saved view may hold."""
    return frozenset({*list_view.filterset_class.base_filters, *ARRANGING, "sort"})


def saved_query(view: Any, arrangement: Arrangement) -> str:
    """Return what a view saved now would hold: the filters and the order, and how it is shown."""
    known = in_saved_views(view) - set(ARRANGING)
    said = view.request.GET
    kept = [(k, v) for k in said for v in said.getlist(k) if v and k in known]
    if arrangement.is_chosen:
        kept.append(("columns", ",".join(arrangement.columns)))
    if arrangement.layout != LAYOUTS[0]:
        kept.append(("view", arrangement.layout))
    return urlencode(kept)


def view_tabs(view: Any) -> list[dict[str, Any]]:
    """Return the tabs above a list: its own views, then those that people saved."""
    request, name = view.request, list_name_of(view)
    if not view.saved_views:
        return []
    said = [(k, v) for k in request.GET for v in request.GET.getlist(k) if v]
    shown = sorted(pair for pair in said if pair[0] not in {"page", "facets"})
    narrowed = sorted(pair for pair in said if pair[0] not in NOT_FILTERS)
    own = [
        {
            "label": saved.name,
            "url": f"{request.path}?{saved.query}",
            "active": shown == sorted(parse_qsl(saved.query)),
            "count": None,
            "saved": saved,
            "shared_in": "" if saved.organization.is_personal else saved.organization,
        }
        for saved in (request.lists.views(name) if name else ())
    ]
    is_own = any(tab["active"] for tab in own)
    built_in = [
        {
            "label": label,
            "url": f"{request.path}?{query}" if query else request.path,
            "active": not is_own and narrowed == sorted(parse_qsl(query)),
            "count": None,
        }
        for label, query in view.saved_views
    ]
    return [*built_in, *own]


def _whole(text: str | None, default: int) -> int:
    return int(text[:6]) if text and text.isascii() and text.isdigit() else default
