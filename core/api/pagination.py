"""Pages of API lists."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions, pagination
from rest_framework.request import Request


class PageNumberPagination(pagination.PageNumberPagination):
    """`?page=2&page_size=100`, at most 500 rows; anything but a number is refused."""

    page_size_query_param = "page_size"
    max_page_size = 500
    last_page_strings = ()
    invalid_page_message = "There is no such page."

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        """Return the rows of the page asked for; 400 for nonsense, 404 past the end."""
        faults = {
            name: ["A whole number from 1 on."]
            for name in (self.page_query_param, self.page_size_query_param)
            if not _is_count(request.query_params.get(name, "1"))
        }
        if faults:
            raise exceptions.ValidationError(faults)
        return super().paginate_queryset(queryset, request, view)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0
