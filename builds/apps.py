"""Django's entry to the builds app."""

from __future__ import annotations

from core.pages import PagesConfig


class BuildsConfig(PagesConfig):
    """Sources, builds, artifacts."""

    name = "builds"
    verbose_name = "Builds"

    def ready(self) -> None:
        """Register audit events; find the platforms."""
        from builds import belongings, events, limits, news, receivers  # noqa: F401
        from builds.platforms import platforms

        platforms.autodiscover("builds.platforms")
        super().ready()

    def load_pages(self) -> None:
        """Add the tabs of a device."""
        from builds.views import devices  # noqa: F401
