"""Tables of access and of what is shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_tables2 as tables
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.html import format_html

from core.tables import ComponentColumn, TimeColumn

PER_PAGE = 50
WIDE = {"th": {"class": "d-none d-xl-table-cell"}, "td": {"class": "d-none d-xl-table-cell"}}
BUTTONS = {"th": {"class": "col-buttons"}, "td": {"class": "col-buttons text-end"}}
BUTTON_CELL = "accounts/columns/share_actions.html"
# A header without text is one that axe, and whoever listens to the page, misses.
ACTIONS = format_html('<span class="visually-hidden">{}</span>', "Actions")


class AccessTable(tables.Table):
    """Who may do what, and why."""

    who = ComponentColumn("accounts/columns/access_who.html", verbose_name="Person")
    words = ComponentColumn("accounts/columns/access_may.html", verbose_name="May")
    reasons = ComponentColumn("accounts/columns/access_why.html", verbose_name="Why")
    row_actions = ComponentColumn(BUTTON_CELL, verbose_name=ACTIONS, attrs=BUTTONS)


class SharedTable(tables.Table):
    """What is shared with the reader."""

    obj = ComponentColumn("accounts/columns/shared_object.html", verbose_name="What")
    words = ComponentColumn("accounts/columns/access_may.html", verbose_name="You may")
    granted_by = ComponentColumn("accounts/columns/shared_by.html", verbose_name="By", attrs=WIDE)
    expires_at = TimeColumn(
        template="accounts/columns/share_end.html", verbose_name="Until", empty_values=()
    )
    row_actions = ComponentColumn(BUTTON_CELL, verbose_name=ACTIONS, attrs=BUTTONS)


class SharedOutsideTable(tables.Table):
    """What people outside may do, with the end of it."""

    obj = ComponentColumn("accounts/columns/shared_object.html", verbose_name="What")
    to = ComponentColumn("accounts/columns/share_to.html", verbose_name="With")
    words = ComponentColumn("accounts/columns/access_may.html", verbose_name="May")
    granted_by = ComponentColumn("accounts/columns/shared_by.html", verbose_name="By", attrs=WIDE)
    expires_at = TimeColumn(
        template="accounts/columns/share_end.html", verbose_name="Until", empty_values=()
    )
    row_actions = ComponentColumn(BUTTON_CELL, verbose_name=ACTIONS, attrs=BUTTONS)


def paged(
    table_class: type[tables.Table],
    source: Any,
    request: HttpRequest,
    rows_of: Callable[[Any], list[Any]] = list,
) -> Any:
    """Return the table of the page asked for; only this page's rows are put together.

    They come in the order of the source, which no click changes.
    """
    page: Any = Paginator(source, PER_PAGE).get_page(request.GET.get("page"))
    table: Any = table_class(rows_of(page.object_list), orderable=False)
    page.object_list = table.rows
    table.request, table.page, table.paginator = request, page, page.paginator
    return table
