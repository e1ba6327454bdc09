"""Where somebody goes on after signing in: within this console, whatever the address says."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme


def next_of(request: HttpRequest, *, default: str | None = None) -> str:
    """Return the address asked for in `next`; the dashboard when it leads elsewhere."""
    asked = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    if asked and is_ours:
        return asked
    return resolve_url(settings.LOGIN_REDIRECT_URL) if default is None else default
