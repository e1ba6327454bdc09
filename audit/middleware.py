"""Audits what was refused."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from audit.refusals import note


class RefusalMiddleware:
    """Looks at answers on their way out; one that refuses leaves an event."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code in {403, 429}:
            note(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> None:
        """Keep which object it was about; Django answers."""
        if isinstance(error, PermissionDenied):
            request.refusal = error  # type: ignore[attr-defined]
