"""What every page shows around its content."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from thinx_console.navigation import navigation_for


def console(request: HttpRequest) -> dict[str, Any]:
    """Return navigation, organization switch and warnings; almost nothing before sign-in."""
    warning = (
        "Builds run without a sandbox (THINX_SANDBOX=none): code of every repository runs with "
        "the rights of this server."
        if settings.SANDBOX == "none"
        else None
    )
    actor = getattr(request, "actor", None)
    if actor is None or not actor.is_authenticated:
        return {"sandbox_warning": warning, "nav": [], "organization": None}
    return {"sandbox_warning": warning, **navigation_for(request)}
