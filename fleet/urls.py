"""URLs of the workflows that have pages of their own; a folder's views register themselves."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "fleet"
urlpatterns: list[URLPattern | URLResolver] = []
