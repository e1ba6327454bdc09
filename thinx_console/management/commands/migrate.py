"""`migrate` brings every database of the installation up to date, unless one is named."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS

from telemetry.places import history_alias


class Command(migrate.Command):
    """Django's, for the main database and then for that of the history."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Name no database by default."""
        super().add_arguments(parser)
        parser.set_defaults(database=None)

    def get_check_kwargs(self, options: dict[str, Any]) -> Any:
        """Check the models against the main database, unless another is named."""
        return super().get_check_kwargs(
            {**options, "database": options["database"] or DEFAULT_DB_ALIAS}
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; in the database of the history there is one app."""
        named, own = options["database"], history_alias()
        if named != own or own == DEFAULT_DB_ALIAS:
            super().handle(*args, **{**options, "database": named or DEFAULT_DB_ALIAS})
        is_wanted = named == own or (not named and options["app_label"] in {None, "telemetry"})
        if is_wanted and own != DEFAULT_DB_ALIAS:
            only = {"app_label": "telemetry", "run_syncdb": False, "database": own}
            super().handle(*args, **{**options, **only})
