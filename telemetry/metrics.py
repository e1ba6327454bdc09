"""What is counted. Each metric names the model that one must be allowed to view to see it."""

from __future__ import annotations

from dataclasses import dataclass

from django.apps import apps
from django.db.models import Model


@dataclass(frozen=True)
class Metric:
    """One counter: its slug in the table, its words, and whose rows it tells of.

    One that is frequent is gathered in memory first, like check-ins.
    """

    slug: str
    label: str
    of: str
    is_frequent: bool = False

    @property
    def model(self) -> type[Model]:
        """Return the model whose viewers see the figure."""
        return apps.get_model(self.of)


METRICS = {
    metric.slug: metric
    for metric in (
        Metric("checkins", "Check-ins", "devices.Device"),
        Metric("devices_new", "New devices", "devices.Device"),
        Metric("devices_deleted", "Devices deleted", "devices.Device"),
        Metric("errors", "Errors", "devices.Device"),
        Metric("warnings", "Warnings", "devices.Device"),
        Metric("downloads", "Firmware downloads", "devices.Device"),
        Metric("left_out", "Check-ins missing in the history", "devices.Device"),
        Metric("keys_refused", "Refused keys", "keys.ApiKey", is_frequent=True),
        Metric("sign_ins_refused", "Refused sign-ins", "accounts.Membership", is_frequent=True),
        Metric("builds_started", "Builds started", "builds.Build"),
        Metric("builds_succeeded", "Builds succeeded", "builds.Build"),
        Metric("builds_failed", "Builds failed", "builds.Build"),
    )
}
