"""What people do to transfers: answer, take back, try again. `requesting` asks, `moving` moves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from accounts.services.limits import require_room
from accounts.tree import paths_to
from audit.recorder import record
from builds.models import Artifact
from core.exceptions import Conflict
from core.jobs import changed_on_commit, enqueue
from fleet.transfers import events, mails
from fleet.transfers.choices import OPEN, Direction, ItemState, TransferState
from fleet.transfers.constants import (
    EXPIRE_PORTION,
    MOVE_TASK,
    REST_WITHIN,
)
from fleet.transfers.models import Transfer, TransferItem, TransferParty

T, S = TransferState, ItemState


@transaction.atomic
def transfer_accept(
    actor: Any, *, party: TransferParty, items: Collection[UUID] = ()
) -> TransferParty:
    """Accept devices, all that are left unless some are named; a worker moves them. Audits, mails.

    What is left after a part waits for an hour. Raises Conflict (fleet.transfer_over,
    fleet.transfer_not_addressee) and QuotaExceeded (accounts.limit_reached).
    """
    transfer = _locked(party, Direction.INCOMING)
    chosen, rest = _chosen(transfer, items)
    _require_room(transfer, party.organization, chosen)
    _set(chosen, S.MOVING)
    now = timezone.now()
    transfer.answered_by, transfer.answered_at = actor.user, now
    transfer.state = T.PARTIAL if rest else T.MOVING
    transfer.recipient = party.organization
    if rest:
        transfer.expires_at = min(transfer.expires_at, now + REST_WITHIN)
    transfer.save(update_fields=["answered_by", "answered_at", "state", "recipient", "expires_at"])
    note(actor, events.TransferAccepted, transfer, devices=_names(chosen), left=rest)
    enqueue(MOVE_TASK, transfer_uid=f"{transfer.uid}")
    return party


@transaction.atomic
def transfer_decline(
    actor: Any, *, party: TransferParty, items: Collection[UUID] = ()
) -> TransferParty:
    """Decline devices, all that are left unless some are named. Audits, mails.

    Raises as accepting does.
    """
    transfer = _locked(party, Direction.INCOMING)
    chosen, _ = _chosen(transfer, items)
    _set(chosen, S.DECLINED)
    note(actor, events.TransferDeclined, transfer, devices=_names(chosen))
    settle(transfer, T.DECLINED)
    return party


@transaction.atomic
def transfer_withdraw(actor: Any, *, party: TransferParty) -> TransferParty:
    """Take back what was not accepted, and the consent to try again what failed. Audits, mails.

    Raises Conflict (fleet.transfer_over) when nothing is left to take back.
    """
    transfer = _locked(party, Direction.OUTGOING, is_open=False)
    left = list(transfer.items.filter(state__in=(S.PENDING, S.FAILED)).order_by("pk"))
    if not left:
        raise over()
    _set(left, S.WITHDRAWN)
    note(actor, events.TransferWithdrawn, transfer, devices=_names(left))
    settle(transfer, T.WITHDRAWN)
    return party


@transaction.atomic
def transfer_retry(actor: Any, *, party: TransferParty) -> TransferParty:
    """Have what failed tried again, for a day after it was accepted. Audits.

    Raises Conflict (fleet.transfer_nothing_failed, fleet.transfer_in_progress).
    """
    transfer = _locked(party, Direction.INCOMING, is_open=False)
    until = transfer.retry_until
    failed = list(transfer.items.filter(state=S.FAILED, device__isnull=False).order_by("pk"))
    if not failed or until is None or until <= timezone.now():
        raise Conflict(
            "fleet.transfer_nothing_failed",
            "Nothing can be tried again. Ask the sender for a new transfer.",
        )
    _require_room(transfer, party.organization, failed)
    try:
        with transaction.atomic():
            _set(failed, S.MOVING, code="", reason="")
    except IntegrityError:
        raise in_progress([]) from None
    if transfer.state not in OPEN:
        transfer.state, transfer.ended_at = T.MOVING, None
        transfer.save(update_fields=["state", "ended_at"])
    note(actor, events.TransferRetried, transfer, devices=_names(failed))
    enqueue(MOVE_TASK, transfer_uid=f"{transfer.uid}")
    return party


def transfers_expire(actor: Any) -> int:
    """End what nobody answered in time; return how many. A task calls it. Audits, mails."""
    late = Transfer.objects.filter(state__in=OPEN, expires_at__lte=timezone.now())
    ended = sum(_expire(actor, pk) for pk in late.values_list("pk", flat=True)[:EXPIRE_PORTION])
    Transfer.objects.filter(parties=None).delete()  # both organizations are gone
    return ended


@transaction.atomic
def _expire(actor: Any, pk: int) -> bool:
    transfer = Transfer.objects.select_for_update().get(pk=pk)
    left = list(transfer.items.filter(state=S.PENDING).order_by("pk"))
    if transfer.state not in OPEN or transfer.expires_at > timezone.now():
        return False
    _set(left, S.EXPIRED)
    note(actor, events.TransferExpired, transfer, devices=_names(left))
    settle(transfer, T.EXPIRED)
    return True


def settle(transfer: Transfer, ended_as: str = "") -> bool:
    """Give a transfer the state that its devices say; tell whether it is over. Mails when it is.

    Called under its lock. `ended_as` is what became of the last ones that nobody accepted.
    """
    states = {*transfer.items.values_list("state", flat=True)}
    if S.PENDING in states:
        return False
    if S.MOVING in states:
        state: str = T.MOVING
    elif S.MOVED in states:
        state = T.COMPLETED
    else:
        state = T.FAILED if S.FAILED in states else ended_as or transfer.state
    is_over = state != T.MOVING
    if is_over and transfer.state == state and transfer.ended_at is not None:
        return True  # somebody else has ended it already
    transfer.state = state
    transfer.ended_at = timezone.now() if is_over else None
    transfer.save(update_fields=["state", "ended_at"])
    tell(transfer)
    if is_over:
        mails.mail_outcome(transfer)
    return is_over


def note(actor: Any, event: Any, transfer: Transfer, **facts: Any) -> None:
    """Audit on each side there is, and tell the pages of both."""
    for party in transfer.parties.select_related("organization"):
        party.transfer = transfer
        record(actor, event, party, organization=party.organization, **facts)
    tell(transfer)


def tell(transfer: Transfer) -> None:
    """Tell the pages of both sides that something changed."""
    for party in transfer.parties.select_related("organization"):
        changed_on_commit(party, f"org.{party.organization.uid}")


def in_progress(taken: Sequence[Any]) -> Conflict:
    names = ", ".join(f"{device}" for device in taken[:3])
    more = f" and {len(taken) - 3} more" if len(taken) > 3 else ""
    who = f"{names}{more}" if taken else "One of these devices"
    verb = "are" if len(taken) > 1 else "is"
    return Conflict("fleet.transfer_in_progress", f"{who} {verb} in another transfer already.")


def _locked(party: TransferParty, side: str, *, is_open: bool = True) -> Transfer:
    """Lock the transfer and return it as it is; raises for the wrong side, or when it is over."""
    if party.direction != side:
        raise Conflict(
            "fleet.transfer_not_addressee",
            "The recipient answers a transfer, and the sender withdraws it.",
        )
    transfer = Transfer.objects.select_for_update().get(pk=party.transfer_id)
    is_late = transfer.expires_at <= timezone.now()
    if is_open and (transfer.state not in OPEN or is_late):
        raise over()
    party.transfer = transfer
    return transfer


def _chosen(transfer: Transfer, items: Collection[UUID]) -> tuple[list[TransferItem], int]:
    """Return the pending items that are meant, and how many others are left."""
    pending = list(transfer.items.filter(state=S.PENDING).order_by("pk"))
    wanted = {*items}
    chosen = [item for item in pending if item.uid in wanted] if wanted else pending
    if not chosen or len(chosen) < len(wanted):
        raise Conflict(
            "fleet.transfer_not_pending", "What you chose was answered or taken back meanwhile."
        )
    return chosen, len(pending) - len(chosen)


def _require_room(transfer: Transfer, recipient: Any, items: Sequence[TransferItem]) -> None:
    spared = paths_to(transfer.sender.path) if transfer.sender is not None else []
    require_room(recipient, "devices", len(items), except_at=spared)
    files = Artifact.objects.filter(build__device__transfer_items__in=[item.pk for item in items])
    if size := files.aggregate(size=Sum("size"))["size"] or 0:
        require_room(recipient, "storage", size, except_at=spared)


def _set(items: Sequence[TransferItem], state: str, **fields: Any) -> None:
    pks = [item.pk for item in items]
    TransferItem.objects.filter(pk__in=pks).update(state=state, **fields)


def _names(items: Sequence[TransferItem]) -> list[str]:
    return [item.alias for item in items]


def over() -> Conflict:
    return Conflict("fleet.transfer_over", "This transfer is not open any more.")
