"""`flush` as tests with real transactions need it: without the triggers of the audit log."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from django.core.management.commands import flush
from django.db import DEFAULT_DB_ALIAS, connections

from audit.triggers import lifted
from telemetry.places import history_alias
from telemetry.schema import COUNTER, SERIES, STANDING


class Command(flush.Command):
    """Empties the database of a test; the one of an installation refuses to lose its record."""

    def handle(self, **options: Any) -> None:
        """Lift the triggers, flush, put them back."""
        connection = connections[options["database"]]
        main = connection.alias == DEFAULT_DB_ALIAS
        with lifted(connection) if main else nullcontext():
            super().handle(**options)
        if connection.alias == history_alias():
            with connection.cursor() as cursor:
                for table in (*(series.table for series in SERIES), STANDING, COUNTER):
                    cursor.execute(f"DELETE FROM {table}")
