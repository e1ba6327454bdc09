"""Request ids, and domain errors turned into pages and toasts."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme

from core.exceptions import DomainError
from core.logging import request_id

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestIdMiddleware:
    """Gives each request an id, found again in its log lines, audit rows and answer."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        token = request_id.set(secrets.token_hex(8))
        try:
            response = self.get_response(request)
            response.headers.setdefault("X-Request-Id", request_id.get())
            return response
        finally:
            request_id.reset(token)


class DomainErrorMiddleware:
    """A DomainError that no view handled becomes a toast, or a page with the sentence."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer domain errors; leave all others to Django."""
        if not isinstance(error, DomainError):
            return None
        if getattr(request, "htmx", False):
            return render(request, "errors/toast.html", {"error": error}, status=error.status)
        back = request.headers.get("Referer", "")
        if request.method == "POST" and url_has_allowed_host_and_scheme(
            back, allowed_hosts={request.get_host()}
        ):
            messages.error(request, error.message)
            return HttpResponseRedirect(back)
        return render(request, "errors/domain.html", {"error": error}, status=error.status)
