"""Asking for a transfer: who may, what can go along, and whom it is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.recorder import record
from core.exceptions import Conflict, DomainError, Forbidden, QuotaExceeded
from core.jobs import changed_on_commit
from core.ratelimit import RateLimit
from core.scoping import may_in
from devices.models import Device
from fleet.transfers import events, mails
from fleet.transfers.choices import Direction, KeyMode
from fleet.transfers.constants import ANSWER_WITHIN, MAX_DEVICES, REQUESTS_PER_HOUR
from fleet.transfers.models import Transfer, TransferItem, TransferParty
from fleet.transfers.news import transfer_received_news
from fleet.transfers.selectors import (
    OWNER_ID,
    addressed_organization,
    claimable,
    immovable_keys,
    in_transfer,
)
from fleet.transfers.services import in_progress, note, over

# What a transfer does not have before it is answered.
UNSET = ("copies", "requested_by", "recipient", "answered_by", "answered_at", "ended_at")
REQUESTS = RateLimit("transfers", REQUESTS_PER_HOUR, 3600)


@transaction.atomic
def transfer_request(
    actor: Any, *, devices: Sequence[Device], to: str, message: str = "", **options: Any
) -> TransferParty:
    """Offer devices to whoever an e-mail address or an owner id means; return the sender's side.

    The sender gets the same answer whether or not there is such an account. Options are fields of
    Transfer. Audits, mails both sides, broadcasts. Raises DomainError, Conflict, Forbidden and
    QuotaExceeded with the codes fleet.transfer_*.
    """
    sender = _one_sender(devices)
    to = _clean_address(to)
    _require_rights(actor, sender, options)
    recipient = addressed_organization(to)
    if to == sender.owner_id or recipient == sender:
        raise _at_address("fleet.transfer_to_self", f"These devices are in {sender} already.")
    _require_transferable(devices, options.get("key_mode", KeyMode.MOVE))
    _count(sender)
    transfer = Transfer(
        sender=sender,
        sender_name=sender.name,
        sender_owner_id=sender.owner_id,
        addressed_to=to,
        message=message,
        requested_by=actor.user,
        expires_at=timezone.now() + ANSWER_WITHIN,
        **options,
    )
    transfer.clean_fields(exclude=UNSET)
    transfer.save(force_insert=True)
    _add_items(transfer, devices)
    party = TransferParty.objects.create(
        organization=sender, transfer=transfer, direction=Direction.OUTGOING
    )
    facts = {"to": to, "devices": [f"{device}" for device in devices], **transfer.options()}
    note(actor, events.TransferRequested, transfer, **facts)
    if recipient is not None:
        _address(actor, transfer, recipient)
    mails.mail_requested(transfer)
    return party


@transaction.atomic
def transfer_claim(actor: Any, *, uid: UUID, organization: Any) -> TransferParty:
    """Take an offer that was mailed to the actor's address before it had an account.

    Raises Conflict (fleet.transfer_over, fleet.transfer_to_self).
    """
    transfer = Transfer.objects.select_for_update().filter(uid=uid).first()
    if transfer is None or claimable(actor, uid) is None:
        raise over()
    if organization == transfer.sender:
        raise Conflict("fleet.transfer_to_self", f"These devices are in {organization} already.")
    return _address(actor, transfer, organization)


def _one_sender(devices: Sequence[Device]) -> Any:
    if not devices:
        raise DomainError("fleet.transfer_empty", "Choose at least one device.")
    if len(devices) > MAX_DEVICES:
        raise DomainError(
            "fleet.transfer_too_many", f"A transfer has at most {MAX_DEVICES:,} devices."
        )
    rows = Device.objects.filter(pk__in=[device.pk for device in devices]).order_by("pk")
    now = {*rows.select_for_update(no_key=True).values_list("organization", flat=True)}
    if len(now) != 1 or now != {device.organization_id for device in devices}:
        raise Conflict(
            "fleet.transfer_mixed", "The devices of one transfer belong to one organization."
        )
    return devices[0].organization


def _clean_address(text: str) -> str:
    text = text.strip().lower()
    if OWNER_ID.fullmatch(text):
        return text
    try:
        validate_email(text)
    except ValidationError:
        raise _at_address(
            "fleet.transfer_address", "Write an e-mail address, or an owner id of 64 digits."
        ) from None
    return text


def _require_rights(actor: Any, sender: Any, options: dict[str, Any]) -> None:
    """What goes along beside the devices needs the right to change, or delete, that too."""
    wanted = []
    if options.get("key_mode", KeyMode.MOVE) == KeyMode.MOVE:
        wanted.append(("keys.ApiKey", "change", "move API keys"))
    if options.get("environment_mode") == "keep":
        wanted.append(("keys.EnvVar", "change", "hand over variables"))
    if options.get("with_credentials"):
        wanted.append(("keys.DeployKey", "change", "hand over deploy keys"))
        wanted.append(("builds.Source", "change", "hand over access tokens"))
    if options.get("source_mode") == "move":
        wanted.append(("builds.Source", "delete", "move sources"))
    for label, action, words in wanted:
        if not may_in(actor, apps.get_model(label), action, sender):
            raise Forbidden("fleet.transfer_rights", f"Your role in {sender} may not {words}.")


def _require_transferable(devices: Sequence[Device], key_mode: str) -> None:
    if taken := in_transfer([device.pk for device in devices]):
        raise in_progress(taken)
    if key_mode == KeyMode.MOVE and (bad := immovable_keys(devices)):
        raise Conflict(
            "fleet.transfer_key_shared",
            "Not every API key can go along, since it would open more than the device. "
            f"{' '.join(bad)} Choose new keys instead, or leave these devices out.",
        )


def _add_items(transfer: Transfer, devices: Sequence[Device]) -> None:
    rows = [
        TransferItem(transfer=transfer, device=d, udid=d.uid, alias=d.alias, mac=d.mac)
        for d in devices
    ]
    try:
        with transaction.atomic():
            TransferItem.objects.bulk_create(rows, batch_size=200)
    except IntegrityError:
        raise in_progress([]) from None


def _address(actor: Any, transfer: Transfer, recipient: Any) -> TransferParty:
    party = TransferParty.objects.create(
        organization=recipient, transfer=transfer, direction=Direction.INCOMING
    )
    facts = {"sender": transfer.sender_name, "devices": transfer.items.count()}
    record(actor, events.TransferRequested, party, organization=recipient, **facts)
    changed_on_commit(party, f"org.{recipient.uid}")
    transfer_received_news(party)
    return party


def _count(sender: Any) -> None:
    wait = REQUESTS.retry_after(f"{sender.uid}")
    if wait:
        raise QuotaExceeded(
            "fleet.transfer_too_often",
            f"{sender} has asked for {REQUESTS_PER_HOUR} transfers within an hour. "
            f"Try again in {-(-wait // 60)} minutes.",
        )
    REQUESTS.failed(f"{sender.uid}")


def _at_address(code: str, message: str) -> DomainError:
    return DomainError(code, message, fields={"to": [message]})
