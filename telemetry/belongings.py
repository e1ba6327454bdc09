"""The history of a personal organization's devices: what an export says, what deletion removes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.db import models

from accounts.belongings import Belongings, belongings
from accounts.models import Organization
from devices.models import Device
from telemetry.selectors import histories_export
from telemetry.services import devices_forget_history

# Of so many devices all that is kept is in memory at once.
EXPORTED_AT_ONCE = 20


@belongings.register
class History(Belongings):
    """One entry for each device, with its check-ins and the statuses it said."""

    slug = "history"
    one = "device's history"
    many = "devices' histories"
    order = 5  # before the devices, by which it is found
    model = Device

    def rows(self, organization: Organization) -> models.QuerySet[Any]:
        """Return the devices whose history it is."""
        return Device.objects.filter(organization=organization)

    def count(self, organization: Organization) -> int:
        """Return none: people are told of the devices, of which this is a part."""
        return 0

    def export(self, organization: Organization) -> Iterator[dict[str, Any]]:
        """Yield the history of each device."""
        devices = self.rows(organization).order_by("pk").values_list("pk", "uid").iterator()
        while portion := dict(islice(devices, EXPORTED_AT_ONCE)):
            histories = histories_export([*portion])
            for pk, uid in portion.items():
                yield {"device": f"{uid}", **histories[pk]}

    def erase(self, organization: Organization) -> None:
        """Delete it all in portions; the devices go later."""
        last = 0
        while portion := self._portion(organization, last):
            devices_forget_history(portion)
            last = portion[-1]

    def _portion(self, organization: Organization, after: int) -> list[int]:
        rows = self.rows(organization).filter(pk__gt=after).order_by("pk")
        return list(rows.values_list("pk", flat=True)[:200])
