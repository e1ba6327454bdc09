"""One shape of errors: `{"code", "detail", "fields"}`."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from core.exceptions import DomainError

CODES = {
    400: "request.invalid",
    401: "request.unauthenticated",
    403: "request.forbidden",
    404: "request.not_found",
    405: "request.method_not_allowed",
    406: "request.not_acceptable",
    415: "request.unsupported_media_type",
    429: "request.throttled",
}
INVALID = "The request has faults; the fields say which."


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate every exception a client can cause; others stay 500 and are logged."""
    if isinstance(error, DomainError):
        set_rollback()
        return _answer(error.status, error.code, error.message, error.fields)
    if isinstance(error, DjangoValidationError):
        set_rollback()
        return _answer(400, CODES[400], INVALID, _fields_of(error))
    if isinstance(error, IntegrityError):
        set_rollback()
        return _answer(409, "request.conflict", "Another object already has these values.", {})
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    return _from_api_exception(error)


def _from_api_exception(error: exceptions.APIException) -> Response:
    code = CODES.get(error.status_code, "request.failed")
    if isinstance(error, exceptions.ValidationError):
        answer = _answer(error.status_code, code, INVALID, _as_fields(error.detail))
    else:
        answer = _answer(error.status_code, code, f"{error.detail}", {})
    if getattr(error, "auth_header", None) and error.status_code == status.HTTP_401_UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        answer.headers["Retry-After"] = f"{int(error.wait)}"  # type: ignore[attr-defined]
    return answer


def _as_fields(detail: Any) -> dict[str, Any]:
    return detail if isinstance(detail, dict) else {"non_field_errors": detail}


def _fields_of(error: DjangoValidationError) -> dict[str, Any]:
    if hasattr(error, "error_dict"):
        return error.message_dict
    return {"non_field_errors": error.messages}


def _answer(code: int, name: str, detail: str, fields: dict[str, Any]) -> Response:
    return Response({"code": name, "detail": detail, "fields": fields}, status=code)
