"""What the audit log does when tables are made or rebuilt."""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate

from audit import triggers
from audit.actors import SystemActor
from audit.events import MasterKeyRotated
from audit.recorder import record
from core.signals import master_key_changed


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


def note_master_key(action: str, key_id: str, retired: list[str], **_: Any) -> None:
    """Record that secrets are sealed with another key, or that an old one is gone."""
    record(
        SystemActor("rotate_master_key"),
        MasterKeyRotated,
        None,
        organization=None,
        action=action,
        key_id=key_id,
        retired=retired,
    )


def connect(sender: Any) -> None:
    """Listen to the migrations of the audit app, and to what the core has to say."""
    master_key_changed.connect(note_master_key, dispatch_uid="audit.master_key")
    pre_migrate.connect(lift_for_rebuilding, sender=sender, dispatch_uid="audit.lift")
    post_migrate.connect(put_back, sender=sender, dispatch_uid="audit.put_back")


def _tables(connection: Any) -> bool:
    """Tell whether the tables are as the triggers need them."""
    with connection.cursor() as cursor:
        if triggers.HEADS not in connection.introspection.table_names(cursor):
            return False
        columns = connection.introspection.get_table_description(cursor, triggers.HEADS)
    return "archived_seq" in {column.name for column in columns}
