"""Configuration pushes of a personal organization: what an export says, what deletion removes."""

from __future__ import annotations

from typing import Any, ClassVar

from accounts.belongings import Belongings, belongings
from fleet.pushes.models import ConfigPush


@belongings.register
class ConfigPushes(Belongings):
    """Names, and how far each came; the values are sealed."""

    slug = "configuration-pushes"
    one = "configuration push"
    many = "configuration pushes"
    order = 5
    model = ConfigPush
    fields: ClassVar = (
        "uid", "title", "state", "names", "sealed_values", "created_at", "applied_at", "expires_at",
    )  # fmt: skip

    def rows(self, organization: Any) -> Any:
        """Fetch the receipts along."""
        return super().rows(organization).prefetch_related("receipts__device")

    def exported(self, row: Any) -> dict[str, Any]:
        """Add how far it came."""
        came = [
            {
                "device": f"{receipt.device.uid}",
                "state": receipt.state,
                "sent_at": receipt.sent_at,
                "delivered_at": receipt.delivered_at,
                "ended_at": receipt.ended_at,
            }
            for receipt in row.receipts.all()
        ]
        return {**super().exported(row), "receipts": came}
