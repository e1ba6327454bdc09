"""Database connections of threads that live as long as their process."""

from __future__ import annotations

from django.db import connections


def refresh_connections() -> None:
    """Close this thread's connections that broke, before it works again.

    The others stay open, and out of the pool: opening one to SQLite reads the whole schema, one
    of PostgreSQL has planned what this thread asks again and again.
    """
    for connection in connections.all(initialized_only=True):
        connection.close_at = None
        connection.close_if_unusable_or_obsolete()
