"""`flush` as tests with real transactions need it: without the triggers of the audit log."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import flush
from django.db import connections

from audit.triggers import lifted


class Command(flush.Command):
    """Empties the database of a test; the one of an installation refuses to lose its record."""

    def handle(self, **options: Any) -> None:
        """Lift the triggers, flush, put them back."""
        with lifted(connections[options["database"]]):
            super().handle(**options)
