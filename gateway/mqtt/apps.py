"""Our apps as the MQTT broker needs them: their tables, and nothing that `ready()` would load.

With pages, API and tasks the broker's process would be a third bigger.
"""

from __future__ import annotations

from django.apps import AppConfig


class AuditTables(AppConfig):
    """The tables of the audit log."""

    name = "audit"


class AccountsTables(AppConfig):
    """Users and organizations."""

    name = "accounts"


class KeysTables(AppConfig):
    """API keys."""

    name = "keys"


class MessagingTables(AppConfig):
    """Messages of devices."""

    name = "messaging"


class NotificationsTables(AppConfig):
    """What happened and is to be told."""

    name = "notifications"


class DevicesTables(AppConfig):
    """Devices."""

    name = "devices"


class BuildsTables(AppConfig):
    """Sources and builds, which devices refer to."""

    name = "builds"


class TelemetryTables(AppConfig):
    """History of check-ins and counters, which a registration by MQTT leaves."""

    name = "telemetry"


class FleetTables(AppConfig):
    """Configuration that waits for a device."""

    name = "fleet"


class GatewayTables(AppConfig):
    """The command that runs the broker, with the bridge inside."""

    name = "gateway"

    def ready(self) -> None:
        """Have new devices counted against the limit, which registering over MQTT asks for."""
        from devices import limits  # noqa: F401


class EmailTables(AppConfig):
    """Addresses of people, which services of accounts refer to."""

    name = "allauth.account"


class ProviderTables(AppConfig):
    """Accounts at identity providers, as above."""

    name = "allauth.socialaccount"


class AttemptTables(AppConfig):
    """Failed sign-ins, as above."""

    name = "axes"
