"""URLs of what people keep of lists."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from accounts.models import SavedView
from accounts.views import lists
from core.views import get_model_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("lists/arrange/", lists.ListArrangeView.as_view(), name="list_arrange"),
    path("saved-views/", include(get_model_urls(SavedView))),
]
