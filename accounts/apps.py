"""Django's entry to the accounts app."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, organizations, roles."""

    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Register audit events and the sign-in receivers."""
        from accounts import (  # noqa: F401
            account_events,
            admin_record,
            events,
            list_belongings,
            list_events,
            organization_events,
            receivers,
            sharing_events,
            sign_in_tracking,
            support_events,
        )
        from accounts.identity.requirements import require_directory_library
        from accounts.live_access import watch_access
        from accounts.second_factor import events as factor_events  # noqa: F401
        from accounts.second_factor import receivers as factor_receivers  # noqa: F401

        require_directory_library()
        watch_access()
