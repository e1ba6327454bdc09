"""Writes docs/settings.md and .env.example from what the settings declare."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from thinx_console.reference import env_example, settings_page


class Command(BaseCommand):
    """`manage.py settings_reference --write` after adding a setting."""

    help = "Print the settings reference, or write docs/settings.md and .env.example."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take --write."""
        parser.add_argument("--write", action="store_true", help="write the two files")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print or write."""
        if not options["write"]:
            self.stdout.write(settings_page())
            return
        (settings.BASE_DIR / "docs" / "settings.md").write_text(settings_page(), encoding="utf-8")
        (settings.BASE_DIR / ".env.example").write_text(env_example(), encoding="utf-8")
