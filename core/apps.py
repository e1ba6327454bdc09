"""Django's entry to the core: its system checks, the SMS gateways, the Django admin."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps
from django.contrib.admin.apps import SimpleAdminConfig

from core.pages import PagesConfig


class CoreConfig(AppConfig):
    """Owns no tables."""

    name = "core"
    verbose_name = "Core"

    def ready(self) -> None:
        """Register the system checks; find the SMS gateways."""
        from core import checks  # noqa: F401
        from core.sms import _checks, gateways  # noqa: F401

        gateways.autodiscover("core.sms")


class ConsoleAdminConfig(PagesConfig, SimpleAdminConfig):
    """The Django admin with our site, and with nothing that a library registers by itself."""

    default_site = "core.admin.ConsoleAdminSite"

    def ready(self) -> None:
        """Set up the site, then the pages."""
        SimpleAdminConfig.ready(self)
        super().ready()

    def load_pages(self) -> None:
        """Import the admin modules of our own apps only."""
        from core.checks import OUR_APPS

        for config in apps.get_app_configs():
            ours = config.label in OUR_APPS or config.name == "thinx_console"
            if ours and find_spec(f"{config.name}.admin") is not None:
                import_module(f"{config.name}.admin")
