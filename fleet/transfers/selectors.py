"""Reads of transfers: what a side sees, who is addressed, what would follow."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Count, Q

from accounts.choices import Role
from accounts.models import Membership, Organization, User
from accounts.selectors.people import own_organization
from accounts.selectors.shares import person_by_email
from audit.models import AuditEvent
from devices.models import Device
from fleet.transfers.choices import OPEN, OPEN_ITEM, Direction, ItemState
from fleet.transfers.constants import MOST_ADMINS_TOLD
from fleet.transfers.events import TransferProved
from fleet.transfers.models import Transfer, TransferItem, TransferParty, TransferProof
from keys.giving import calling_key

OWNER_ID = re.compile(r"[0-9a-f]{64}")

PARTIES = TransferParty.objects.select_related(
    "organization",
    "transfer__sender",
    "transfer__recipient",
    "transfer__requested_by",
    "transfer__answered_by",
)


def addressed_organization(addressed_to: str) -> Organization | None:
    """Return whom an e-mail address or an owner id means; None when nobody, or not yet.

    Nothing of this may reach the sender: it would tell who has an account here.
    """
    if OWNER_ID.fullmatch(addressed_to):
        return Organization.objects.filter(owner_id=addressed_to, is_active=True).first()
    person = person_by_email(addressed_to)
    found = own_organization(person) if person is not None else None
    return found if found is not None and found.is_active else None


def addresses_of(user: User) -> set[str]:
    """Return the addresses that are known to be this person's, in lower case."""
    rows = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return {address.lower() for address in rows}


def claimable(actor: Any, uid: Any) -> Transfer | None:
    """Return the open transfer that waits for the actor's address to have an account."""
    if actor.user is None or actor.ceiling is not None or actor.impersonator is not None:
        return None
    rows = Transfer.objects.filter(uid=uid, state__in=OPEN, recipient=None)
    transfer = rows.exclude(parties__direction=Direction.INCOMING).first()
    is_theirs = transfer is not None and transfer.addressed_to in addresses_of(actor.user)
    return transfer if is_theirs else None


def people_of(party: TransferParty | None) -> list[User]:
    """Return the admins of a side, who get its mails."""
    if party is None:
        return []
    rows = Membership.objects.filter(
        organization=party.organization, role=Role.ADMIN, user__is_active=True
    )
    return [row.user for row in rows.select_related("user").order_by("pk")[:MOST_ADMINS_TOLD]]


def party_of(transfer: Transfer, direction: str) -> TransferParty | None:
    """Return one side of a transfer, if it is there."""
    rows = TransferParty.objects.filter(transfer=transfer, direction=direction)
    party = rows.select_related("organization").first()
    if party is not None:
        party.transfer = transfer
    return party


def items_of(transfer: Transfer) -> Any:
    """Return the devices of a transfer, by name."""
    return TransferItem.objects.filter(transfer=transfer).select_related("device__organization")


def with_counts(rows: Any) -> Any:
    """Annotate the number of devices, and of those that moved."""
    moved = Count("transfer__items", filter=Q(transfer__items__state=ItemState.MOVED))
    return rows.annotate(devices=Count("transfer__items"), moved=moved)


def in_transfer(devices: Collection[int]) -> list[Device]:
    """Return those of the devices that are in an open transfer already."""
    rows = Device.objects.filter(pk__in=devices, transfer_items__state__in=OPEN_ITEM)
    return list(rows.distinct().order_by("alias", "pk"))


def immovable_keys(devices: Sequence[Device], most: int = 5) -> list[str]:
    """Return a sentence for each device whose API key cannot go along, the first few."""
    found = []
    for device in devices:
        calling = calling_key(device)
        if calling.problem:
            found.append(f"{device}: {calling.problem}.")
        if len(found) == most:
            break
    return found


def recorded_digest(event: AuditEvent) -> str:
    """Return the digest that the event of a proof holds."""
    data: Any = event.data
    return f"{data.get('digest', '')}"


def proof_events(actor: Any, proof: TransferProof) -> list[AuditEvent]:
    """Return the audit events of a proof that the actor may see, whose digest is the same."""
    parties = TransferParty.objects.filter(transfer=proof.transfer_id).values("uid")
    rows = AuditEvent.objects.allowed(actor).filter(
        verb=TransferProved.slug, target_uid__in=parties
    )
    return [event for event in rows if recorded_digest(event) == proof.digest]
