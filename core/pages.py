"""When the views of our apps are loaded.

Whoever answers requests or checks the system has them from the start. A worker shows no page: with
`PAGES_AT_START = False` it does without them, until it needs an address for a link in a message.
"""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.conf import settings


class PagesConfig(AppConfig):
    """An app that registers views with others. Its `ready` calls `super().ready()` at the end."""

    has_pages = False

    def ready(self) -> None:
        """Load the pages at once, unless this process does without."""
        if settings.PAGES_AT_START:
            self.have_pages()

    def have_pages(self) -> None:
        """Load the pages, once."""
        if not self.has_pages:
            self.has_pages = True
            self.load_pages()

    def load_pages(self) -> None:
        """Import the modules that register views."""
        raise NotImplementedError


def load_pages() -> None:
    """Have every app register its views; the URLconf does so before it collects them."""
    for config in apps.get_app_configs():
        if isinstance(config, PagesConfig):
            config.have_pages()
