"""Pages for requests that end badly; the API and devices have their own answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400."""
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403."""
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 404."""
    return _page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 without any context: whatever broke may break there too."""
    return HttpResponse(render_to_string("errors/500.html"), status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form whose token is missing or old."""
    return _page(request, 403)


def _page(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
    if request.path.startswith(("/api/", "/device/")):
        return HttpResponse(status=status, content_type="application/json", content=b"{}")
    if getattr(request, "htmx", False):
        status_words = {400: "This request cannot be read.", 403: "You may not do this."}
        message = status_words.get(status, "This does not exist, or not for you.")
        return render(request, "errors/toast.html", {"error": {"message": message}}, status=status)
    return render(request, f"errors/{status}.html", context, status=status)
