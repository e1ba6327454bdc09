"""One shape of errors: `{"code", "detail", "fields"}`."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import DataError, IntegrityError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from core.api.permissions import actor_of
from core.exceptions import DomainError
from core.logging import request_id

logger = logging.getLogger(__name__)

CODES = {
    400: "request.invalid",
    401: "request.unauthenticated",
    403: "request.forbidden",
    404: "request.not_found",
    405: "request.method_not_allowed",
    406: "request.not_acceptable",
    413: "request.too_large",
    415: "request.unsupported_media_type",
    429: "request.throttled",
}
# Never Basic: a browser would ask for the password, keep it, and send it for foreign pages too.
AUTHENTICATE = 'Bearer realm="THiNX Console"'
INVALID = "The request has faults; the fields say which."
FORBIDDEN = "You may see this, but your role or key does not permit this action."


class TooLarge(exceptions.APIException):
    """The body is bigger than any request of this API needs to be."""

    status_code = 413
    default_detail = "The body is too large."


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Translate every exception; one that no client causes is logged and answered 500."""
    set_rollback()
    if isinstance(error, DomainError):
        # 422 is how pages tell htmx of bad input; the API says 400 to all of it.
        code = 400 if error.status == 422 else error.status
        answer = _answer(code, error.code, error.message, error.fields)
        if code == 401:
            answer.headers["WWW-Authenticate"] = AUTHENTICATE
        return answer
    if isinstance(error, DjangoValidationError):
        return _answer(400, CODES[400], INVALID, _fields_of(error))
    if isinstance(error, IntegrityError):
        return _answer(409, "request.conflict", "Another object already has these values.", {})
    if isinstance(error, DataError):
        return _answer(400, CODES[400], "A value does not fit into its field.", {})
    translated = _translated(error)
    if isinstance(error, PermissionDenied):
        _leave_for_audit(error, context)
    if translated is None:
        return _unexpected(error, context)
    return _from_api_exception(translated)


def _leave_for_audit(error: PermissionDenied, context: dict[str, Any]) -> None:
    """Tell the middleware what was refused, and to whom: a key's actor is not the browser's."""
    request: Any = context.get("request")
    if request is not None:
        request._request.refusal = error
        request._request.refused_actor = actor_of(request)


def _translated(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, Http404):
        return exceptions.NotFound("There is no such object, or you may not see it.")
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(FORBIDDEN)
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError("The request is malformed.")
    return error if isinstance(error, exceptions.APIException) else None


def _from_api_exception(error: exceptions.APIException) -> Response:
    code = CODES.get(error.status_code, "request.failed")
    if isinstance(error, exceptions.ValidationError):
        answer = _answer(error.status_code, code, INVALID, _as_fields(error.detail))
    else:
        answer = _answer(error.status_code, code, f"{error.detail}", {})
    if getattr(error, "auth_header", None) and error.status_code == 401:
        answer.headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        answer.headers["Retry-After"] = f"{int(error.wait)}"  # type: ignore[attr-defined]
    return answer


def _unexpected(error: Exception, context: dict[str, Any]) -> Response:
    request = getattr(context.get("request"), "_request", None)
    got_request_exception.send(sender=type(context.get("view")), request=request)
    logger.error("a request to the API failed", exc_info=error)
    detail = f"The console failed here; its log has the cause under request {request_id.get()}."
    return _answer(500, "server.failed", detail, {})


def _as_fields(detail: Any) -> dict[str, Any]:
    return detail if isinstance(detail, dict) else {api_settings.NON_FIELD_ERRORS_KEY: detail}


def _fields_of(error: DjangoValidationError) -> dict[str, Any]:
    if not hasattr(error, "error_dict"):
        return {api_settings.NON_FIELD_ERRORS_KEY: error.messages}
    return {
        api_settings.NON_FIELD_ERRORS_KEY if name == NON_FIELD_ERRORS else name: messages
        for name, messages in error.message_dict.items()
    }


def _answer(code: int, name: str, detail: str, fields: dict[str, Any]) -> Response:
    return Response({"code": name, "detail": detail, "fields": fields}, status=code)
