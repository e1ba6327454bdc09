"""Configuration on its way to devices: a push to one of them, what is taken back, what ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.recorder import record
from core.exceptions import Conflict
from core.jobs import changed_on_commit
from core.views.selection import Selection
from devices.locking import device_locked
from devices.models import Device
from fleet.pushes import events
from fleet.pushes.applying import config_push_apply
from fleet.pushes.choices import ALLOWED_FROM, PushState, ReceiptState
from fleet.pushes.drafting import config_push_draft, require_no_review
from fleet.pushes.models import ConfigPush, ConfigReceipt
from fleet.pushes.moving import move, move_all, tell_on_commit
from fleet.pushes.news import config_expired_news, config_settled_news
from fleet.pushes.selectors import counts_of

EXPIRE_PORTION = 500


@transaction.atomic
def config_push_start(
    actor: Any,
    *,
    device: Device,
    values: Mapping[str, str],
    secret_names: Iterable[str] = (),
) -> ConfigReceipt:
    """Have one device take over values: over MQTT at once where it listens, else when it calls.

    What was still on its way to it is replaced. Audits the names, never the values; broadcasts.
    Raises DomainError (fleet.config_*) for what no device could take, Conflict
    (fleet.push_needs_review) where a second person has to approve.
    """
    device_locked(device)
    require_no_review(device.organization)
    push = config_push_draft(
        actor,
        organization=device.organization,
        values=values,
        selection=Selection(uids=(device.uid,)),
        secret_names=secret_names,
    )
    config_push_apply(actor, push=push)
    receipt = push.receipts.select_related("variant").get()
    receipt.device, receipt.push = device, push
    _note(actor, events.ConfigurationPushed, receipt)
    return receipt


@transaction.atomic
def config_push_withdraw(actor: Any, *, receipt: ConfigReceipt) -> ConfigReceipt:
    """Take back what was not sent yet. Audits, broadcasts.

    Raises Conflict (fleet.config_not_waiting) once it was sent or is over.
    """
    if not move(receipt, ReceiptState.WITHDRAWN, ended_at=timezone.now()):
        raise Conflict(
            "fleet.config_not_waiting",
            "It was sent in the meantime and cannot be taken back. Push other values instead.",
        )
    _note(actor, events.ConfigurationWithdrawn, receipt)
    return receipt


@transaction.atomic
def config_pushes_expire() -> int:
    """End what no device fetched in time, and tell of it; return how many. A task calls it."""
    now = timezone.now()
    stale = ConfigReceipt.objects.filter(
        state__in=ALLOWED_FROM[ReceiptState.EXPIRED],
        push__expires_at__lt=now,
        push__is_settled=False,
    )
    pks = list(stale.order_by("pk").values_list("pk", flat=True)[:EXPIRE_PORTION])
    rows = ConfigReceipt.objects.filter(pk__in=pks)
    move_all(rows, ReceiptState.EXPIRED, ended_at=now)
    ended = rows.filter(state=ReceiptState.EXPIRED, ended_at=now)
    over = list(ended.select_related("device__organization", "push__created_by"))
    tell_on_commit(over)
    config_expired_news(over)
    return len(over)


def config_pushes_count() -> int:
    """Store how far unfinished pushes came, for lists; return how many changed. A task calls it.

    Tells of failures once nothing of a push is on its way any more.
    """
    going = ConfigPush.objects.filter(is_settled=False, applied_at__isnull=False)
    return sum(_count(push) for push in going.select_related("organization"))


@transaction.atomic
def _count(push: ConfigPush) -> bool:
    before = push.counts
    counts = counts_of(push)
    is_settled = not {*counts} & {*ALLOWED_FROM[ReceiptState.EXPIRED]}
    if counts == before and not is_settled:
        return False
    rows = ConfigPush.objects.filter(pk=push.pk, is_settled=False, expires_at=push.expires_at)
    if not rows.update(counts=counts, is_settled=is_settled):
        return False
    changed_on_commit(push, f"configpush.{push.uid}", f"org.{push.organization.uid}")
    if is_settled and push.state == PushState.APPLIED:
        config_settled_news(push, counts)
    return True


def _note(actor: Any, event: Any, receipt: ConfigReceipt, **facts: Any) -> None:
    """Audit it in the record of the device."""
    device = receipt.device
    record(
        actor,
        event,
        device,
        organization=device.organization,
        variables=receipt.carried.names,
        push=f"{receipt.push}",
        **facts,
    )
    changed_on_commit(receipt, f"device.{device.uid}")
