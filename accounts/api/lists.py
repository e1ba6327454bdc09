"""REST of saved views."""

from __future__ import annotations

from typing import Any

import django_filters

from accounts.api.ownership import OwnedSerializer, OwnedViewSet
from accounts.filters import WithinFilterSet
from accounts.models import SavedView
from accounts.services.lists import saved_view_create, saved_view_delete, saved_view_edit
from core.api.serializers import HrefField


class SavedViewSerializer(OwnedSerializer):
    """A view of a list. In your personal organization it is yours alone; elsewhere, shared."""

    href = HrefField("api:savedview-detail")

    class Meta:
        model = SavedView
        fields = ("href", "uid", "organization", "list_name", "name", "query", "created_at")
        read_only_fields = ("href", "uid", "created_at")
        fixed = ("list_name",)


class SavedViewFilterSet(WithinFilterSet):
    """By list and organization."""

    search_fields = ("name",)

    list_name = django_filters.CharFilter(label="List")

    class Meta:
        model = SavedView
        fields: list[str] = []


class SavedViewViewSet(OwnedViewSet):
    """Saved views: the query string of a list under a name. Moving one shares or unshares it."""

    queryset = SavedView.objects.select_related("organization").order_by("name", "pk")
    serializer_class = SavedViewSerializer
    filterset_class = SavedViewFilterSet
    ordering_fields = ("name", "created_at")

    def service_create(self, data: dict[str, Any]) -> SavedView:
        return saved_view_create(self.actor, **{"query": "", **data})

    def service_update(self, obj: SavedView, data: dict[str, Any]) -> SavedView:
        return saved_view_edit(self.actor, view=obj, **data)

    def service_destroy(self, obj: SavedView) -> None:
        saved_view_delete(self.actor, view=obj)
