"""Tables of access and of what is shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_tables2 as tables
from django.core.paginator import Paginator
from django.http import HttpRequest

from core.tables import ComponentColumn, TimeColumn

PER_PAGE = 50
WIDE = {"th": {"class": "d-none d-xl-table-cell"}, "td": {"class": "d-none d-xl-table-cell"}}
BUTTONS = {"th": {"class": "col-buttons"}, "td": {"class": "col-buttons text-end"}}
UNNAMED = "accounts/columns/share_actions.html"


class PlainTable(tables.Table):
    """Rows that were put together in Python, in the order they came in."""

    class Meta:
        orderable = False


class AccessTable(PlainTable):
    """Who may do what, and why."""

    who = ComponentColumn("accounts/columns/access_who.html", verbose_name="Person")
    words = ComponentColumn("accounts/columns/access_may.html", verbose_name="May")
    reasons = ComponentColumn("accounts/columns/access_why.html", verbose_name="Why")
    row_actions = ComponentColumn(UNNAMED, verbose_name="", attrs=BUTTONS)


class SharedTable(PlainTable):
    """What is shared with the reader."""

    obj = ComponentColumn("accounts/columns/shared_object.html", verbose_name="What")
    words = ComponentColumn("accounts/columns/access_may.html", verbose_name="You may")
    granted_by = ComponentColumn("accounts/columns/shared_by.html", verbose_name="By", attrs=WIDE)
    expires_at = TimeColumn(
        template="accounts/columns/share_end.html", verbose_name="Until", empty_values=()
    )
    row_actions = ComponentColumn(UNNAMED, verbose_name="", attrs=BUTTONS)


class SharedOutsideTable(PlainTable):
    """What people outside may do, with the end of it."""

    obj = ComponentColumn("accounts/columns/shared_object.html", verbose_name="What")
    to = ComponentColumn("accounts/columns/share_to.html", verbose_name="With")
    words = ComponentColumn("accounts/columns/access_may.html", verbose_name="May")
    granted_by = ComponentColumn("accounts/columns/shared_by.html", verbose_name="By", attrs=WIDE)
    expires_at = TimeColumn(
        template="accounts/columns/share_end.html", verbose_name="Until", empty_values=()
    )
    row_actions = ComponentColumn(UNNAMED, verbose_name="", attrs=BUTTONS)


def paged(
    table_class: type[tables.Table],
    source: Any,
    request: HttpRequest,
    rows_of: Callable[[Any], list[Any]] = list,
) -> Any:
    """Return the table of the page asked for; only this page's rows are put together."""
    page: Any = Paginator(source, PER_PAGE).get_page(request.GET.get("page"))
    table: Any = table_class(rows_of(page.object_list), request=request)
    page.object_list = table.rows
    table.page, table.paginator = page, page.paginator
    return table
