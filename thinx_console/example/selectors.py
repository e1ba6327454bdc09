"""What pages ask about the example."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from core.scoping import may_somewhere
from devices.models import Device
from thinx_console.example.parts import example_devices


def example_urls(request: HttpRequest) -> dict[str, Any]:
    """Return `example_url` to load the example or `example_remove_url` to remove it.

    At most one of them is there: none in the server profile, and none for people who may not.
    Both want POST.
    """
    organization = request.home_organization  # type: ignore[attr-defined]
    actor = request.actor  # type: ignore[attr-defined]
    if not settings.EMBEDDED or organization is None or not may_somewhere(actor, Device, "add"):
        return {}
    loaded = example_devices(organization).allowed(actor, "delete").exists()
    if loaded:
        return {"example_remove_url": reverse("example_unload")}
    return {"example_url": reverse("example_load")}
