"""What is written in the Django admin goes into the audit log, secrets as dots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.dispatch import receiver

from accounts.actor import Actor
from accounts.models import User
from accounts.oversight import organization_of
from accounts.selectors.people import own_organization
from accounts.support_events import AdminChanged, AdminDeleted
from audit.changes import changed, removed, snapshot
from audit.recorder import record
from core.admin import admin_wrote


@receiver(admin_wrote)
def _wrote(
    actor: Actor,
    row: models.Model,
    verb: str,
    fields: Sequence[str],
    before: models.Model,
    **_: Any,
) -> None:
    if verb == "deleted":
        record(actor, AdminDeleted, row, organization=_where(row), changes=removed(row, fields))
        return
    differing = changed(row, snapshot(before, fields))
    record(actor, AdminChanged, row, organization=_where(row), changes=differing)


def _where(row: Any) -> Any:
    if hasattr(row, "scope_path"):
        return organization_of(row)
    person = row if isinstance(row, User) else getattr(row, "user", None)
    return own_organization(person) if person is not None else None
