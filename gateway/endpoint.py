"""What the device endpoints have in common: bounded bodies, plain answers, never a 500."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt

from gateway.leaving import UNHEARD
from gateway.protocol import answers
from gateway.protocol.errors import NO_BODY, REQUEST_TOO_LARGE, ProtocolError

logger = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
JSON = "application/json; charset=utf-8"
TEXT = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"

View = Callable[[HttpRequest], HttpResponseBase]


def device_endpoint(*methods: str, close: bool = False) -> Callable[[View], View]:
    """Make a view of devices: no CSRF, no cookies, and every outcome is an answer of ours.

    `close` ends the connection after the answer, as the libraries expect of downloads.
    """

    def decorate(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def wrapped(request: HttpRequest) -> HttpResponseBase:
            response = _answer(view, request) if request.method in methods else _wrong_method()
            if isinstance(response, Reply):
                response.is_unheard = getattr(request, "scope", {}).get(UNHEARD)
            if close:
                response["Connection"] = "close"
            return _plain(response)

        def _wrong_method() -> HttpResponse:
            response = reply(answers.refused("method_not_allowed"), status=405)
            response["Allow"] = ", ".join(methods)
            return response

        return wrapped

    return decorate


class Reply(HttpResponse):
    """An answer with what is to be done once it has left; servers close it then.

    It is not done when `is_unheard` tells, where that is known, that nobody was there any more.
    """

    after: Sequence[Callable[[], Any]] = ()
    is_unheard: Callable[[], bool] | None = None

    def close(self) -> None:
        """Do it, once."""
        after, self.after = self.after, ()
        if self.is_unheard is None or not self.is_unheard():
            for noted in after:
                noted()
        super().close()


def reply(
    body: bytes | str,
    *,
    status: int = 200,
    content_type: str = JSON,
    after: Sequence[Callable[[], Any]] = (),
) -> HttpResponse:
    """Return an answer with its length, in one piece; `after` it has left, these are called."""
    response = Reply(body, status=status, content_type=content_type)
    response.after = after
    response["Content-Length"] = str(len(response.content))
    return response


def read_body(request: HttpRequest) -> bytes:
    """Return the body, chunked or not. Raises `ProtocolError` when it is too long or broken."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and len(length) < 16 and int(length) > MAX_BODY:
        raise ProtocolError(REQUEST_TOO_LARGE, 413)
    try:
        body = request.read(MAX_BODY + 1)
    except UnreadablePostError as error:
        raise ProtocolError(NO_BODY) from error
    if len(body) > MAX_BODY:
        raise ProtocolError(REQUEST_TOO_LARGE, 413)
    return body


def _plain(response: HttpResponseBase) -> HttpResponseBase:
    """Have nothing kept and nothing guessed about an answer."""
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _answer(view: View, request: HttpRequest) -> HttpResponseBase:
    try:
        return view(request)
    except ProtocolError as error:
        return reply(answers.refused(error.response), status=error.status)
    except DatabaseError:
        logger.exception("a call of a device could not be stored")
        return reply(answers.update_failed())
