"""Configuration on its way to a device: who starts it, and how far it came."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.recorder import record
from core.exceptions import Conflict
from core.jobs import changed_on_commit
from devices.locking import device_locked
from devices.models import Device
from fleet.pushes import events
from fleet.pushes.choices import ALLOWED_FROM, Channel, ReceiptState
from fleet.pushes.constants import LIFETIME
from fleet.pushes.messages import check_values, configuration_message
from fleet.pushes.models import ConfigPush, ConfigReceipt
from fleet.pushes.news import config_expired_news
from fleet.pushes.selectors import open_receipt

EXPIRE_PORTION = 500


@transaction.atomic
def config_push_start(
    actor: Any,
    *,
    device: Device,
    values: Mapping[str, str],
    secret_names: Iterable[str] = (),
) -> ConfigReceipt:
    """Have a device take over values: over MQTT at once where it listens, else when it calls.

    What was still on its way to the device is replaced. Whoever reaches the device looks for rows
    that wait, so nothing is enqueued. Audits the names, never the values; broadcasts. Raises
    DomainError (fleet.config_*) for what no device could take.
    """
    check_values(values)
    # One after the other for each device: the second of two waits, and replaces the first.
    device_locked(device)
    if (waiting := open_receipt(device)) is not None:
        move(waiting, ReceiptState.REPLACED, ended_at=timezone.now())
    push = ConfigPush.objects.create(
        organization=device.organization,
        names=[*values],
        secret_names=sorted({*secret_names} & values.keys()),
        sealed_values=json.dumps(dict(values), ensure_ascii=False),
        created_by=actor.user,
        expires_at=timezone.now() + LIFETIME,
    )
    receipt = ConfigReceipt.objects.create(push=push, device=device)
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


def config_message_of(receipt: ConfigReceipt) -> bytes:
    """Return the bytes that the device is to get."""
    return configuration_message(receipt.push.values())


@transaction.atomic
def config_push_sent(actor: Any, *, receipt: ConfigReceipt, channel: Channel) -> bool:
    """Note that it left for the device; False when it was not waiting any more. Audits, tells."""
    moved = move(receipt, ReceiptState.SENT, sent_at=timezone.now(), channel=channel)
    if moved:
        _note(actor, events.ConfigurationSent, receipt, channel=f"{channel}")
    return moved


@transaction.atomic
def config_push_seen(actor: Any, *, receipt: ConfigReceipt) -> bool:
    """Note that the device called after it was sent. Audits, broadcasts."""
    now = timezone.now()
    moved = move(receipt, ReceiptState.SEEN, seen_at=now, ended_at=now)
    if moved:
        _note(actor, events.ConfigurationSeen, receipt)
    return moved


@transaction.atomic
def config_pushes_expire() -> int:
    """End what no device fetched in time, and tell of it; return how many. A task calls it."""
    now = timezone.now()
    stale = ConfigReceipt.objects.filter(
        state__in=ALLOWED_FROM[ReceiptState.EXPIRED], push__expires_at__lt=now
    ).select_related("device__organization", "push__created_by")
    found = list(stale.order_by("pk")[:EXPIRE_PORTION])
    over = [receipt for receipt in found if move(receipt, ReceiptState.EXPIRED, ended_at=now)]
    config_expired_news(over)
    return len(over)


def move(receipt: ConfigReceipt, to: str, **fields: Any) -> bool:
    """Compare-and-set the state; return whether this caller made the move. Broadcasts."""
    rows = ConfigReceipt.objects.filter(pk=receipt.pk, state__in=ALLOWED_FROM[to])
    moved = rows.update(state=to, **fields) == 1
    if moved:
        for name, value in {"state": to, **fields}.items():
            setattr(receipt, name, value)
        changed_on_commit(receipt, f"device.{receipt.device.uid}")
    return moved


def _note(actor: Any, event: Any, receipt: ConfigReceipt, **facts: Any) -> None:
    device = receipt.device
    record(
        actor,
        event,
        device,
        organization=device.organization,
        variables=receipt.push.names,
        push=f"{receipt.push.uid}",
        **facts,
    )
    changed_on_commit(receipt, f"device.{device.uid}")
