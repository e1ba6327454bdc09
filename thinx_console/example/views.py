"""The two buttons of the example."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.generic import View

from core.views.base import ScopedViewMixin
from thinx_console.example.services import example_load, example_remove


class ExampleView(ScopedViewMixin, View):
    """Acts in the organization where new objects of this person go."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Do it and go on; only one machine serving itself has an example."""
        if not settings.EMBEDDED:
            raise Http404
        organization = request.home_organization  # type: ignore[attr-defined]
        if organization is None:
            raise PermissionDenied
        return self.act(organization)

    def act(self, organization: Any) -> HttpResponse:
        """Call the service, say what happened, lead on."""
        raise TypeError(f"{type(self).__name__} does not say which service acts")


class ExampleLoadView(ExampleView):
    """Load the example and show its device, which is ready to be built for."""

    def act(self, organization: Any) -> HttpResponse:
        """Lead to the device."""
        device = example_load(self.actor, organization=organization)
        messages.success(
            self.request,
            f"The example is loaded. Build firmware for {device}, then watch it take it.",
        )
        return redirect(device.get_absolute_url())


class ExampleUnloadView(ExampleView):
    """Remove everything that came with the example."""

    def act(self, organization: Any) -> HttpResponse:
        """Lead to the dashboard."""
        example_remove(self.actor, organization=organization)
        messages.success(
            self.request, "The example is removed, with its devices, sources and builds."
        )
        return redirect("dashboard")
