"""URLs of what staff do for people."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from accounts.models import User
from accounts.views import support
from core.views import get_model_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("people/", include(get_model_urls(User))),
    path("stop-impersonating/", support.ImpersonationStopView.as_view(), name="impersonation_stop"),
]
