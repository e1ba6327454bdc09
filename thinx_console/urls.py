"""Every URL of the installation."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from core.pages import load_pages
from thinx_console import health, views

load_pages()

urlpatterns = [
    path("", views.DashboardView.as_view(), name="dashboard"),
    path("first-steps/dismiss/", views.DismissStepsView.as_view(), name="dashboard_dismiss"),
    path("search/", views.SearchView.as_view(), name="search"),
    path("", include("gateway.urls")),
    path("", include("thinx_console.connect.urls")),
    path("", include("thinx_console.example.urls")),
    path("api/v1/", include("thinx_console.api_urls")),
    path("", include("keys.urls")),
    path("", include("notifications.urls")),
    path("accounts/", include("accounts.urls")),
    path("accounts/", include("accounts.identity.urls")),
    path("", include("devices.urls")),
    path("questions/", include("messaging.urls")),
    path("", include("fleet.urls")),
    path("", include("builds.urls")),
    path("audit/", include("audit.urls")),
    path("outbox/", include("thinx_console.outbox.urls")),
    path("admin/", admin.site.urls),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
]

handler400 = "thinx_console.errors.bad_request"
handler403 = "thinx_console.errors.forbidden"
handler404 = "thinx_console.errors.not_found"
handler500 = "thinx_console.errors.server_error"
