"""URLs of sources, builds and artifacts; the views register themselves."""

from __future__ import annotations

from django.urls import include, path

from builds import views  # noqa: F401  (registers)
from builds.models import Artifact, Build, Source
from core.views import get_model_urls

app_name = "builds"
urlpatterns = [
    path("sources/", include(get_model_urls(Source))),
    path("builds/", include(get_model_urls(Build))),
    path("artifacts/", include(get_model_urls(Artifact))),
]
