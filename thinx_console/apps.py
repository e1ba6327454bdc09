"""Django's entry to the composition root."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Ties the apps together: pages that belong to none of them, commands, health."""

    name = "thinx_console"
    verbose_name = "THiNX Console"

    def ready(self) -> None:
        """Make our Celery application the one that `core.jobs` sends to.

        Here and not in the package's `__init__`, which the launcher imports too.
        """
        from thinx_console import celery as _  # noqa: F401
        from thinx_console.example import events, receivers  # noqa: F401
        from thinx_console.outbox import events as outbox_events  # noqa: F401


class ConsoleTasks(AppConfig):
    """For processes that send tasks and have neither pages nor tasks themselves."""

    name = "thinx_console"

    def ready(self) -> None:
        """Make our Celery application the one that `core.jobs` sends to."""
        from thinx_console import celery as _  # noqa: F401
