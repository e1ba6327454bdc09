"""Database connections of threads that live as long as their process."""

from __future__ import annotations

from django.db import connections


def refresh_connections() -> None:
    """Close this thread's connections that broke, or go back to a pool, before it works again.

    One to SQLite stays open: opening it reads the whole schema, which takes longer than storing
    hundreds of check-ins.
    """
    for connection in connections.all(initialized_only=True):
        if connection.vendor == "sqlite":
            connection.close_at = None
        connection.close_if_unusable_or_obsolete()
