"""Every URL of the installation."""

from __future__ import annotations

from django.urls import include, path

from thinx_console import health

urlpatterns = [
    path("", include("thinx_console.example.urls")),
    path("accounts/", include("accounts.urls")),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
]
