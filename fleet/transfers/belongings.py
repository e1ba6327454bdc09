"""Transfers of a personal organization: what an export says, what deletion removes."""

from __future__ import annotations

from typing import Any, ClassVar

from accounts.belongings import Belongings, belongings
from fleet.transfers.models import TransferParty
from fleet.transfers.proofs import proof_shown


@belongings.register
class Transfers(Belongings):
    """Both directions; the other side keeps its own half, and the proofs."""

    slug = "transfers"
    one = "transfer"
    many = "transfers"
    order = 4
    model = TransferParty
    fields: ClassVar = ("uid", "direction", "created_at")

    def rows(self, organization: Any) -> Any:
        """Fetch the devices along."""
        rows = super().rows(organization).select_related("transfer")
        return rows.prefetch_related("transfer__items", "transfer__proofs")

    def exported(self, row: Any) -> dict[str, Any]:
        """Add what was asked for, what came of it, and its proofs."""
        transfer = row.transfer
        return {
            **super().exported(row),
            "from": transfer.sender_name,
            "to": transfer.addressed_to,
            "state": transfer.state,
            "options": transfer.options(),
            "devices": [
                {"udid": f"{item.udid}", "alias": item.alias, "state": item.state}
                for item in transfer.items.all()
            ],
            "proofs": [proof_shown(proof) for proof in transfer.proofs.all()],
        }
