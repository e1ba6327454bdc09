"""The move itself: device by device, each in a transaction of its own, resumable after any kill."""

from __future__ import annotations

import logging
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from audit.recorder import record
from builds.models import Source
from builds.services.giving import device_builds_give, source_leave
from core.exceptions import Conflict, DomainError
from core.jobs import access_changed, changed_on_commit
from devices.giving import device_give, device_loosen
from devices.locking import device_locked
from devices.models import Device
from fleet.pushes.choices import ReceiptState
from fleet.pushes.models import ConfigReceipt
from fleet.pushes.moving import move as receipt_move
from fleet.pushes.receipts import open_receipt
from fleet.pushes.services import config_push_withdraw
from fleet.rollouts.choices import TargetState
from fleet.rollouts.models import RolloutTarget
from fleet.rollouts.state import end_targets, revoke_tokens
from fleet.transfers import events, mails
from fleet.transfers.choices import EnvironmentMode, ItemState, KeyMode, SourceMode, TransferState
from fleet.transfers.models import Transfer, TransferItem
from fleet.transfers.proofs import transfer_prove
from fleet.transfers.services import settle, tell
from fleet.transfers.signals import device_moved
from keys.giving import (
    device_key_end,
    device_key_give,
    device_variables_end,
    device_variables_give,
)
from messaging.giving import device_messages_give

logger = logging.getLogger(__name__)
S = ItemState


def transfers_move(actor: Any, *, uid: Any = None) -> int:
    """Move what was accepted, of one transfer or of all; return how many devices moved.

    A task calls it, and the beat for what a worker that died left: what is done is never done
    twice, since each device is taken by the transaction that moves it.
    """
    rows = Transfer.objects.filter(items__state=S.MOVING)
    if uid is not None:
        rows = rows.filter(uid=uid)
    return sum(_move_all(actor, pk) for pk in {*rows.values_list("pk", flat=True)})


def transfers_finish(actor: Any) -> None:
    """Prove and end what a worker moved and then died over."""
    unproved = TransferItem.objects.filter(state=S.MOVED, proof=None)
    forgotten = Transfer.objects.filter(state=TransferState.MOVING)
    found = {*unproved.values_list("transfer", flat=True)}
    found |= {*forgotten.exclude(items__state=S.MOVING).values_list("pk", flat=True)}
    for pk in found:
        _finish(actor, pk)


def _move_all(actor: Any, transfer_pk: int) -> int:
    waiting = TransferItem.objects.filter(transfer=transfer_pk, state=S.MOVING)
    moved = sum(
        item_move(actor, pk=pk) for pk in waiting.order_by("pk").values_list("pk", flat=True)
    )
    _finish(actor, transfer_pk)
    return moved


def item_move(actor: Any, *, pk: int) -> bool:
    """Move one accepted device, or note why not; tell whether this call moved it."""
    try:
        return _move(actor, pk)
    except DomainError as error:
        code, reason = error.code, error.message
    except OperationalError as error:  # locked too long, or a deadlock: the beat tries again
        logger.warning("transfer item %s waits for the next round: %s", pk, error)
        return False
    except IntegrityError:
        logger.exception("transfer item %s could not be moved", pk)
        code, reason = "fleet.transfer_failed", "The console failed while moving it. Try again."
    failed = TransferItem.objects.filter(pk=pk, state=S.MOVING)
    failed.update(state=S.FAILED, code=code, reason=reason[:500])
    return False


@transaction.atomic
def _move(actor: Any, pk: int) -> bool:
    taken = TransferItem.objects.filter(pk=pk, state=S.MOVING)
    transfer_pk = TransferItem.objects.values_list("transfer", flat=True).get(pk=pk)
    # One device after the other within a transfer: they share the copies of their sources.
    transfer = Transfer.objects.select_for_update().get(pk=transfer_pk)
    # A second worker waits for the lock, and then finds it moved.
    item = taken.first()
    if item is None:
        return False
    item.transfer = transfer
    # The device before its row here, as whoever deletes it does: neither waits for the other.
    device = _device_of(item)
    taken.update(state=S.MOVED, moved_at=timezone.now(), code="", reason="")
    former, recipient = device.organization, transfer.recipient
    before = {"device": f"{device}", "udid": device.udid, "transfer": f"{transfer.uid}"}
    record(actor, events.DeviceLeft, device, organization=former, to=f"{recipient}", **before)
    _hand_over(actor, device, transfer)
    record(
        actor, events.DeviceArrived, device, organization=recipient, sender=f"{former}", **before
    )
    device_moved.send(TransferItem, actor=actor, device=device, former=former)
    access_changed(f"device.{device.uid}")
    changed_on_commit(
        device, f"device.{device.uid}", f"org.{former.uid}", f"org.{device.organization.uid}"
    )
    tell(transfer)
    return True


def _device_of(item: TransferItem) -> Device:
    transfer = item.transfer
    rows = Device.objects.select_related("organization", "source", "state")
    device = rows.filter(pk=item.device_id or 0, organization=transfer.sender_id or 0).first()
    if device is None:
        raise Conflict("fleet.transfer_device_gone", "The sender does not have it any more.")
    if transfer.recipient is None or not transfer.recipient.is_active:
        raise Conflict("fleet.transfer_recipient_gone", "The recipient is not there any more.")
    device_locked(device)
    return device


def _hand_over(actor: Any, device: Device, transfer: Transfer) -> None:
    """Do all that one device needs; the caller's transaction makes it whole."""
    recipient: Any = transfer.recipient
    device_loosen(actor, device=device)
    device_messages_give(actor, device=device)
    _pushes_end(actor, device)
    _rollouts_end(device)
    copies = dict(transfer.copies)
    source = device_builds_give(
        actor,
        device=device,
        organization=recipient,
        copies=copies,
        with_credentials=transfer.with_credentials,
    )
    if copies != transfer.copies:
        transfer.copies = copies
        transfer.save(update_fields=["copies"])
    if transfer.environment_mode == EnvironmentMode.KEEP:
        device_variables_give(device=device, organization=recipient)
    else:
        device_variables_end(device=device)
    if transfer.key_mode == KeyMode.MOVE:
        device_key_give(actor, device=device, organization=recipient)
    else:
        device_key_end(actor, device=device)
    device_give(device=device, organization=recipient, source=source)


def _pushes_end(actor: Any, device: Device) -> None:
    """End what is on its way, and forget what was: its values are the former owner's."""
    receipt = open_receipt(device)
    if receipt is not None and receipt.state == ReceiptState.QUEUED:
        config_push_withdraw(actor, receipt=receipt)
    elif receipt is not None:
        receipt_move(receipt, ReceiptState.EXPIRED, ended_at=timezone.now())
    ConfigReceipt.objects.filter(device=device).delete()


def _rollouts_end(device: Device) -> None:
    """Take the device out of the rollouts of its former owner: none of them, open or over, may
    offer it anything again, by a retry or a roll-back."""
    targets = RolloutTarget.objects.filter(device=device)
    revoke_tokens(targets)
    ended = targets.exclude(state__in=(TargetState.SKIPPED, TargetState.ROLLED_BACK))
    ended.update(downloaded_at=None, previous_build=None)
    end_targets(ended, TargetState.SKIPPED, "The device went to another organization.")


@transaction.atomic
def _finish(actor: Any, transfer_pk: int) -> None:
    """Sign for what moved, let go of sources that moved, and end the transfer."""
    transfer = Transfer.objects.select_for_update().get(pk=transfer_pk)
    if transfer.items.filter(state=S.MOVING).exists():
        return
    proof = transfer_prove(actor, transfer=transfer)
    is_over = settle(transfer)
    if proof is not None and not is_over:
        mails.mail_outcome(transfer)
        tell(transfer)
    if is_over and transfer.source_mode == SourceMode.MOVE:
        for source in Source.objects.filter(
            pk__in=transfer.copies, organization=transfer.sender_id
        ):
            source_leave(actor, source=source)
