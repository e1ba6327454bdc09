"""The outcomes a user can meet, each with a stable code. Texts may change, codes may not."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """Something the person asked for is not possible; `message` says why and what to do.

    `code` is documented in docs/errors.md and is what scripts compare. `fields` maps form or
    serializer field names to messages when the fault lies in one of them.
    """

    status = 400

    def __init__(
        self, code: str, message: str, *, fields: dict[str, list[str]] | None = None, **params: Any
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fields = fields or {}
        self.params = params


class Conflict(DomainError):
    """The object is in a state that does not allow this now."""

    status = 409


class Forbidden(DomainError):
    """What was asked goes beyond what this actor may do, though the object is in their reach."""

    status = 403


class QuotaExceeded(DomainError):
    """A limit of the organization or of the installation is reached."""

    status = 429


class NotConfigured(DomainError):
    """The installation lacks a setting or a program that this needs."""

    status = 503


class RecoverableError(DomainError):
    """It may work when tried again; jobs retry on nothing else."""

    status = 503
