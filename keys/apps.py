"""Django's entry to the keys app."""

from __future__ import annotations

from django.apps import AppConfig


class KeysConfig(AppConfig):
    """API keys, deploy keys, environment variables."""

    name = "keys"
    verbose_name = "Keys"

    def ready(self) -> None:
        """Register audit events, and what people export and erase."""
        from keys import belongings, events, news  # noqa: F401
