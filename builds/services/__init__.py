"""All writes of the builds app, one module per topic; the names below are its public face."""

from __future__ import annotations

from builds.services.artifacts import artifact_open
from builds.services.build import (
    build_can_cancel,
    build_can_start,
    build_cancel,
    build_delete,
    build_start,
)
from builds.services.execution import build_run
from builds.services.signing import current_signing_key
from builds.services.sources import source_create, source_delete, source_test, source_update
from builds.services.sweep import builds_sweep
from builds.services.tokens import token_find, token_issue, token_use

__all__ = [
    "artifact_open",
    "build_can_cancel",
    "build_can_start",
    "build_cancel",
    "build_delete",
    "build_run",
    "build_start",
    "builds_sweep",
    "current_signing_key",
    "source_create",
    "source_delete",
    "source_test",
    "source_update",
    "token_find",
    "token_issue",
    "token_use",
]
