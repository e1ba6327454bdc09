"""Database connections of threads that live as long as their process."""

from __future__ import annotations

import threading
from typing import Any

from django.db import connections
from django.db.backends.signals import connection_created

_this_thread = threading.local()


def refresh_connections() -> None:
    """Close this thread's connections that broke, before it works again.

    The others stay open, and out of the pool: opening one to SQLite reads the whole schema, one
    of PostgreSQL has planned what this thread asks again and again.
    """
    for connection in connections.all(initialized_only=True):
        connection.close_at = None
        connection.close_if_unusable_or_obsolete()


def keep_connections() -> None:
    """Have the end of a request close no connection to SQLite of this thread, which stays.

    One of PostgreSQL goes back to the pool, which others wait for.
    """
    _this_thread.keeps = True


def _opened(connection: Any, **_: Any) -> None:
    if connection.vendor == "sqlite" and getattr(_this_thread, "keeps", False):
        connection.close_at = None


connection_created.connect(_opened)
