"""What is told of transfers in the inbox, beside the mail that both sides get anyway."""

from __future__ import annotations

from fleet.transfers.models import TransferParty
from notifications.choices import Level
from notifications.kinds import Kind, kinds
from notifications.services import notify


@kinds.register
class TransferReceived(Kind):
    """Somebody offers devices to the organization."""

    slug = "transfer_received"
    label = "Transfer received"
    text = "When somebody wants to hand devices over to you; whoever may answer is also mailed."
    level = Level.INFO
    one = "{sender} wants to hand devices over to {organization}"
    many = "{count} transfers of devices wait for {organization}"
    many_page = "fleet:transferparty_list"
    button = "Look at the transfer"
    icon = "arrows-exchange"


def transfer_received_news(party: TransferParty) -> None:
    """Tell the side that is asked; call it in the transaction that asks."""
    notify(TransferReceived, party.organization, party, sender=party.transfer.sender_name)
