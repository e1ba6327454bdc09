"""Lists fit phones: three columns beside each other, besides numbers."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import get_resolver

from core.tables import NARROW, ActionsColumn
from core.views import ObjectListView

MOST = 3


def lists() -> Iterator[type]:
    """Every view that lists, of all that the routes lead to."""
    assert get_resolver().url_patterns
    waiting = [ObjectListView]
    while waiting:
        view = waiting.pop()
        waiting += view.__subclasses__()
        if hasattr(view, "table_class"):
            yield view


def on_phones(table: type) -> list[str]:
    usual = {name: column for name, column in table.base_columns.items() if column.visible}
    classes = {name: column.attrs.get("td", {}).get("class", "") for name, column in usual.items()}
    return [
        name
        for name, said in classes.items()
        if not isinstance(usual[name], ActionsColumn)
        and "num" not in said.split()
        and not any(NARROW.fullmatch(one) for one in said.split())
    ]


def test_lists_are_found():
    assert len({view.table_class for view in lists()}) > 10


def test_lists_show_phones_at_most_three_columns():
    shown = {view.__name__: on_phones(view.table_class) for view in lists()}
    assert {name: columns for name, columns in shown.items() if len(columns) > MOST} == {}
