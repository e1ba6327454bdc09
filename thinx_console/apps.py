"""Django's entry to the composition root."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Ties the apps together: pages that belong to none of them, commands, health."""

    name = "thinx_console"
    verbose_name = "THiNX Console"
