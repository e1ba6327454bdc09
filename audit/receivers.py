"""What the audit log does when tables are made or rebuilt."""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate

from audit import triggers


def lift_for_rebuilding(using: str, plan: Any = (), **_: Any) -> None:
    """Drop SQLite's triggers before a migration rebuilds the tables that they name."""
    connection = connections[using]
    rebuilds = any(migration.app_label == "audit" for migration, _backwards in plan or ())
    if connection.vendor == "sqlite" and rebuilds and _tables(connection):
        triggers.remove(connection)


def put_back(using: str, **_: Any) -> None:
    """Create the triggers that a rebuilt table lost; does nothing on a whole database."""
    connection = connections[using]
    if _tables(connection) and triggers.missing(connection):
        triggers.install(connection)


def connect(sender: Any) -> None:
    """Listen to the migrations of the audit app."""
    pre_migrate.connect(lift_for_rebuilding, sender=sender, dispatch_uid="audit.lift")
    post_migrate.connect(put_back, sender=sender, dispatch_uid="audit.put_back")


def _tables(connection: Any) -> bool:
    """Tell whether the tables are as the triggers need them."""
    with connection.cursor() as cursor:
        if triggers.HEADS not in connection.introspection.table_names(cursor):
            return False
        columns = connection.introspection.get_table_description(cursor, triggers.HEADS)
    return "archived_seq" in {column.name for column in columns}
