"""Pages of lists that may be very long."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django_tables2 import RequestConfig

# Counting a million rows takes longer than showing fifty of them, and nobody turns to page 20,000:
# who has so many narrows or sorts them.
MOST_COUNTED = 10_000
PER_PAGE = 50


class BoundedPaginator(Paginator):
    """Counts and pages no further than `MOST_COUNTED` rows of a queryset."""

    @cached_property
    def _counted(self) -> int:
        queryset: Any = getattr(getattr(self.object_list, "data", None), "data", None)
        if not isinstance(queryset, QuerySet):
            return len(self.object_list)
        return queryset.order_by().values("pk")[: MOST_COUNTED + 1].count()

    @property
    def count(self) -> int:  # type: ignore[override]
        """Return how many rows there are to page through."""
        return min(self._counted, MOST_COUNTED)

    @property
    def count_text(self) -> str:
        """Return the number as people read it, with a + when there are more."""
        return f"{self.count:,}{'+' if self._counted > MOST_COUNTED else ''}"


def paginate(table: Any, request: HttpRequest, per_page: int = PER_PAGE) -> Any:
    """Return the table, sorted and at the page that the URL asks for.

    A table that is given its request when it is made pages itself at once, and counts every row.
    """
    wanted = {"per_page": per_page, "paginator_class": BoundedPaginator, "silent": True}
    RequestConfig(request, paginate=wanted).configure(table)
    return table


def unpaged(table: Any, request: HttpRequest) -> Any:
    """Return the table with all its rows, sorted as the URL asks."""
    RequestConfig(request, paginate=False).configure(table)
    return table


def totals(table: Any) -> dict[str, Any]:
    """Return what templates say of the number of rows."""
    return {"total": table.paginator.count, "total_text": table.paginator.count_text}
