"""The base of every filter set; the same one serves page, CSV and API."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.forms import NullBooleanField

from core.api.permissions import actor_of
from core.scoping import scope_form_fields


class ScopedFilterSet(django_filters.FilterSet):
    """Adds `q`, a search over `search_fields`, and narrows model choices to the actor's reach.

    Without a request (a stored rule) every choice exists, and the queryset alone decides what may
    be matched.
    """

    search_fields: ClassVar[tuple[str, ...]] = ()

    q = django_filters.CharFilter(method="search", label="Search")

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Match the text anywhere in any of the search fields."""
        if not value.strip() or not self.search_fields:
            return queryset
        rules = (Q(**{f"{field}__icontains": value.strip()}) for field in self.search_fields)
        return queryset.filter(reduce(or_, rules))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Match nothing while a filter is not understood: one that is left out would widen."""
        if not self.form.is_valid():
            return queryset.none()
        return super().filter_queryset(queryset)

    @property
    def form(self) -> Any:
        """Return the form with its choices narrowed."""
        form = super().form
        if self.request is not None and not getattr(form, "is_scoped", False):
            request = self.request
            is_api = hasattr(request, "auth")
            if is_api:  # nobody chooses from a list there: look up only what is asked for
                _empty_unasked(form)
            scope_form_fields(form, actor_of(request) if is_api else request.actor)
            _say_any(form)
            form.is_scoped = True
        return form


def _say_any(form: Any) -> None:
    for field in form.fields.values():
        if isinstance(field, NullBooleanField):
            field.widget.choices = [("", "Any"), ("true", "Yes"), ("false", "No")]


def _empty_unasked(form: Any) -> None:
    for name, field in form.fields.items():
        if hasattr(field, "queryset") and not form.data.get(name):
            field.queryset = QuerySet(field.queryset.model).none()
