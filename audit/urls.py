"""URLs of the audit log."""

from __future__ import annotations

from django.urls import include, path

from audit import views  # noqa: F401  registers the views
from audit.models import AuditEvent
from core.views import get_model_urls

app_name = "audit"
urlpatterns = [path("", include(get_model_urls(AuditEvent)))]
