"""Django's entry to the builds app."""

from __future__ import annotations

from django.apps import AppConfig


class BuildsConfig(AppConfig):
    """Sources, builds, artifacts."""

    name = "builds"
    verbose_name = "Builds"

    def ready(self) -> None:
        """Register audit events and the tabs of a device; find the platforms."""
        from builds import belongings, events, limits, news, receivers  # noqa: F401
        from builds.platforms import platforms
        from builds.views import devices  # noqa: F401

        platforms.autodiscover("builds.platforms")
