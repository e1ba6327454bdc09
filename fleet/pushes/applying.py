"""A push goes out to its devices, all of them in one transaction; and what is done to it after."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import Organization
from core.exceptions import Conflict
from fleet.pushes import events
from fleet.pushes.choices import (
    OPEN,
    PUSH_FROM,
    REACHED,
    RETRIED,
    UNAPPLIED,
    PushState,
    ReceiptState,
)
from fleet.pushes.constants import LIFETIME
from fleet.pushes.drafting import note
from fleet.pushes.known import kept_before, portions
from fleet.pushes.models import ConfigPush, ConfigReceipt, ConfigVariant
from fleet.pushes.moving import move_all, queue, replace_open
from fleet.pushes.selectors import chosen_devices, needs_review


@transaction.atomic
def config_push_apply(actor: Any, *, push: ConfigPush) -> ConfigPush:
    """Send a push to its devices: all of them from now on, or none. Audits, broadcasts.

    Which devices those are is settled here: the chosen ones that the actor may configure. What is
    still on its way to them is replaced. Whoever reaches a device looks for rows that wait, so
    nothing is enqueued. Raises Conflict (fleet.push_needs_review, fleet.push_not_draft,
    fleet.push_no_devices).
    """
    now = timezone.now()
    _take(push)
    ids = sorted({*target_ids(actor, push)})
    if not ids:
        raise Conflict("fleet.push_no_devices", "None of the chosen devices can have it.")
    replace_open(ids, now)
    count = _give_back(push, ids) if push.reverts_id else queue(push, ids, now)
    push.state, push.applied_at, push.applied_by = PushState.APPLIED, now, actor.user
    push.expires_at, push.counts = now + LIFETIME, {ReceiptState.QUEUED.value: count}
    push.save(update_fields=["state", "applied_at", "applied_by", "expires_at", "counts"])
    note(actor, events.ConfigurationPushed, push, devices=count)
    if push.reverts_id:
        _mark_reverted(actor, push)
    return push


def target_ids(actor: Any, push: ConfigPush) -> Iterable[int]:
    """Return the devices that a push would go to now, for this actor."""
    if not push.reverts_id:
        return chosen_devices(actor, push).values_list("pk", flat=True)
    return revertible(actor, push.reverts).values_list("device_id", flat=True)


def revertible(actor: Any, push: Any) -> Any:
    """Return the receipts of devices that may have a push, and nothing newer."""
    newer = ConfigReceipt.objects.filter(
        device=OuterRef("device"), pk__gt=OuterRef("pk"), state__in=(*OPEN, *REACHED)
    )
    may = chosen_devices_of(actor, push)
    rows = ConfigReceipt.objects.filter(push=push, state__in=REACHED, device__in=may)
    return rows.filter(~Exists(newer)).order_by()


def chosen_devices_of(actor: Any, push: Any) -> Any:
    """Return the devices that the actor may configure in the push's organization and below."""
    everything = ConfigPush(organization=push.organization, selection={"query": ""})
    return chosen_devices(actor, everything).values("pk")


@transaction.atomic
def config_push_revert(actor: Any, *, push: ConfigPush) -> ConfigPush:
    """Draft a push that gives each device back what it had before, as far as that is known.

    Audits. Raises Conflict (fleet.push_not_applied) unless it is applied, and not reverted.
    """
    if push.state != PushState.APPLIED:
        raise Conflict("fleet.push_not_applied", "Only what is applied can be reverted.")
    earlier = push.reverted_by.filter(state__in=UNAPPLIED).first()
    if earlier is not None:
        return earlier
    made = ConfigPush.objects.create(
        organization=push.organization,
        title=f"Revert: {push.title}"[:120],
        names=push.names,
        secret_names=push.secret_names,
        sealed_values="{}",
        reverts=push,
        created_by=actor.user,
        written_by=actor.user,
    )
    note(actor, events.PushDrafted, made, reverts=f"{push}")
    return made


@transaction.atomic
def config_push_retry(actor: Any, *, push: ConfigPush) -> int:
    """Send it again to devices that failed or never fetched it; return how many. Audits.

    Those that have something newer by now are left alone.
    """
    newer = ConfigReceipt.objects.filter(
        device=OuterRef("device"), pk__gt=OuterRef("pk"), state__in=(*OPEN, *REACHED)
    )
    _require_applied(push)
    rows = ConfigReceipt.objects.filter(push=push, state__in=RETRIED).filter(~Exists(newer))
    pks = list(rows.values_list("pk", flat=True))
    cleared = {"sent_at": None, "delivered_at": None, "ended_at": None, "words": "", "proof": ""}
    now = timezone.now()
    count = sum(
        move_all(
            ConfigReceipt.objects.filter(pk__in=portion, state__in=RETRIED),
            ReceiptState.QUEUED,
            channel="",
            queued_at=now,
            **cleared,
        )
        for portion in portions(pks)
    )
    if count:
        push.expires_at, push.is_settled = now + LIFETIME, False
        push.save(update_fields=["expires_at", "is_settled"])
        note(actor, events.PushRetried, push, devices=count)
    return count


@transaction.atomic
def config_push_withdraw_waiting(actor: Any, *, push: ConfigPush) -> int:
    """Take back what was not sent yet; return from how many devices. Audits."""
    _require_applied(push)
    rows = ConfigReceipt.objects.filter(push=push, state=ReceiptState.QUEUED)
    count = move_all(rows, ReceiptState.WITHDRAWN, ended_at=timezone.now())
    if count:
        note(actor, events.ConfigurationWithdrawn, push, devices=count)
    return count


def _take(push: ConfigPush) -> None:
    """Lock what pushes may not do at once, and hold the push to be applied once."""
    # One push after the other for each organization: the second replaces what the first queued.
    # Rows of the tree are locked from the top, so that two never wait for each other.
    path = push.organization.path
    below = Organization.objects.filter(path__startswith=path).order_by("path")
    list(below.select_for_update(no_key=True).values_list("pk", flat=True))
    now = ConfigPush.objects.select_for_update().get(pk=push.pk)
    if now.state not in PUSH_FROM[PushState.APPLIED] or now.version != push.version:
        _refuse(now)
    if now.state != PushState.APPROVED and needs_review(push.organization):
        raise Conflict(
            "fleet.push_needs_review",
            "A second person has to approve configuration pushes in this organization first.",
        )


def _refuse(now: ConfigPush) -> None:
    if now.state == PushState.REVIEW:
        raise Conflict("fleet.push_needs_review", "It waits for the approval of a second person.")
    raise Conflict(
        "fleet.push_not_draft",
        f"It went on meanwhile: this push is {now.get_state_display().lower()}.",
    )


def _give_back(push: ConfigPush, device_ids: list[int]) -> int:
    """Queue for each device what it had before; those of which nothing is known get nothing."""
    variants: dict[str, ConfigVariant] = {}
    count, now = 0, timezone.now()
    for portion in portions(device_ids):
        groups: dict[str, list[int]] = {}
        for device_id, kept in kept_before(push.reverts, portion).items():
            text = json.dumps(kept.values, ensure_ascii=False)
            groups.setdefault(text, []).append(device_id)
            if text not in variants:
                variants[text] = ConfigVariant.objects.create(
                    push=push,
                    names=[*kept.values],
                    secret_names=sorted(kept.secret_names),
                    sealed_values=text,
                )
        for text, ids in groups.items():
            count += queue(push, ids, now, variants[text])
    if not count:
        raise Conflict(
            "fleet.push_nothing_known", "Of no device is it known what it had before this push."
        )
    return count


def _mark_reverted(actor: Any, push: ConfigPush) -> None:
    rows = ConfigPush.objects.filter(pk=push.reverts_id, state__in=PUSH_FROM[PushState.REVERTED])
    if rows.update(state=PushState.REVERTED):
        note(actor, events.PushReverted, push.reverts, by=f"{push}")  # type: ignore[arg-type]


def _require_applied(push: ConfigPush) -> None:
    if push.state != PushState.APPLIED:
        raise Conflict("fleet.push_not_applied", "It is not applied, or was reverted.")
