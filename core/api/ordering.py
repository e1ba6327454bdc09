"""`?ordering=` of API lists."""

from __future__ import annotations

from typing import Any

from rest_framework import exceptions
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request


class StrictOrderingFilter(OrderingFilter):
    """Orders by the view's `ordering_fields`, refuses all others, and always ends uniquely."""

    def get_ordering(self, request: Request, queryset: Any, view: Any) -> Any:
        """Return the fields asked for, else the view's order."""
        asked = [
            name.strip()
            for name in request.query_params.get(self.ordering_param, "").split(",")
            if name.strip()
        ]
        if not asked:
            return self.get_default_ordering(view)
        known = set(view.ordering_fields)
        if any(name.removeprefix("-") not in known for name in asked):
            names = ", ".join(sorted(known))
            raise exceptions.ValidationError(
                {self.ordering_param: [f"Order by: {names}; - before a name reverses."]}
            )
        return [*asked, "pk"]

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Say in the schema which fields there are."""
        names = ", ".join(f"`{name}`" for name in view.ordering_fields)
        return [
            {
                "name": self.ordering_param,
                "required": False,
                "in": "query",
                "description": f"One or more of {names}, with commas; - before a name reverses.",
                "schema": {"type": "string"},
            }
        ]
