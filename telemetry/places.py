"""Where the tables of the history are: a file of their own, or the main database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connections
from django.utils import timezone

from telemetry.constants import SECOND

ALIAS = "telemetry"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def history_alias() -> str:
    """Return the database of the history: its own if the installation has one for it."""
    return ALIAS if ALIAS in settings.DATABASES else "default"


def history() -> Any:
    """Return this thread's connection to it."""
    return connections[history_alias()]


def stamp(at: datetime | None = None) -> int:
    """Return a moment (now, unless one is given) as these tables keep it."""
    return ((at or timezone.now()) - EPOCH) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """Return what a stamp stands for."""
    return EPOCH + timedelta(microseconds=at)


def seconds(at: int) -> int:
    """Return a stamp as whole seconds since 1970, which is what charts and browsers take."""
    return at // SECOND
