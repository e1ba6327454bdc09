"""A push until it is applied: drafted, reviewed by a second person, or discarded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit.recorder import record
from core.exceptions import Conflict, DomainError, Forbidden
from core.jobs import changed_on_commit
from core.scoping import may_in
from core.views.selection import Selection
from devices.models import Device
from fleet.pushes import events
from fleet.pushes.choices import PUSH_FROM, PushState
from fleet.pushes.messages import check_values
from fleet.pushes.models import ConfigPush
from fleet.pushes.news import config_review_news
from fleet.pushes.selectors import needs_review


@transaction.atomic
def config_push_draft(
    actor: Any,
    *,
    organization: Any,
    values: Mapping[str, str],
    selection: Selection,
    secret_names: Iterable[str] = (),
    title: str = "",
) -> ConfigPush:
    """Keep values and the devices chosen for them; nothing goes to a device yet. Audits.

    Raises DomainError (fleet.config_*) for what no device could take, (fleet.push_no_devices)
    when nothing was chosen.
    """
    _check(values, selection)
    push = ConfigPush.objects.create(
        organization=organization,
        selection=selection.as_dict(),
        created_by=actor.user,
        written_by=actor.user,
        **_written(values, secret_names, title),
    )
    note(actor, events.PushDrafted, push)
    return push


@transaction.atomic
def config_push_change(
    actor: Any,
    *,
    push: ConfigPush,
    values: Mapping[str, str],
    selection: Selection,
    secret_names: Iterable[str] = (),
    title: str = "",
) -> ConfigPush:
    """Write a draft anew. Audits. Raises Conflict (fleet.push_not_draft) for any other push."""
    _check(values, selection)
    _move(
        push,
        PushState.DRAFT,
        came_from=(PushState.DRAFT,),
        version=push.version + 1,
        selection=selection.as_dict(),
        written_by=actor.user,
        **_written(values, secret_names, title),
    )
    note(actor, events.PushChanged, push)
    return push


@transaction.atomic
def config_push_submit(actor: Any, *, push: ConfigPush) -> ConfigPush:
    """Ask a second person to review a draft. Audits, notifies."""
    _move(push, PushState.REVIEW, submitted_by=actor.user)
    note(actor, events.PushSubmitted, push)
    config_review_news(push)
    return push


@transaction.atomic
def config_push_approve(actor: Any, *, push: ConfigPush, version: int | None = None) -> ConfigPush:
    """Approve a push as a second person. Audits.

    Raises Forbidden (fleet.own_push) for whoever wrote or submitted it, or may not configure
    devices there; Conflict (fleet.push_changed) when it is not the version that was looked at.
    """
    person = actor.user
    hidden = getattr(actor, "impersonator", None)
    mine = {one.pk for one in (person, hidden) if one is not None}
    if person is None or mine & push.authors:
        raise Forbidden("fleet.own_push", "Somebody else has to approve it: this is your work.")
    if not may_in(actor, Device, "configure", push.organization):
        raise Forbidden("fleet.own_push", "You may not configure devices of this organization.")
    if version is not None and version != push.version:
        raise Conflict("fleet.push_changed", "It was changed while you looked. Look again.")
    _move(push, PushState.APPROVED, reviewed_by=person, reviewed_at=timezone.now())
    note(actor, events.PushApproved, push)
    return push


@transaction.atomic
def config_push_return(actor: Any, *, push: ConfigPush) -> ConfigPush:
    """Make a draft again of what is in review or approved. Audits."""
    _move(push, PushState.DRAFT, reviewed_by=None, reviewed_at=None)
    note(actor, events.PushReturned, push)
    return push


@transaction.atomic
def config_push_discard(actor: Any, *, push: ConfigPush) -> ConfigPush:
    """Throw away what was not applied. Audits."""
    _move(push, PushState.DISCARDED)
    note(actor, events.PushDiscarded, push)
    return push


def require_no_review(organization: Any) -> None:
    """Raise Conflict (fleet.push_needs_review) where a second person has to approve."""
    if needs_review(organization):
        raise Conflict(
            "fleet.push_needs_review",
            "A second person has to approve configuration pushes in this organization first.",
        )


def note(actor: Any, event: Any, push: ConfigPush, **facts: Any) -> None:
    """Audit what was done to a push, and tell its page and the lists."""
    organization = push.organization
    record(actor, event, push, organization=organization, variables=push.names, **facts)
    changed_on_commit(push, f"configpush.{push.uid}", f"org.{organization.uid}")


def _check(values: Mapping[str, str], selection: Selection) -> None:
    check_values(values)
    if selection.query is None and not selection.uids:
        raise DomainError("fleet.push_no_devices", "Choose at least one device.")


def _written(values: Mapping[str, str], secret_names: Iterable[str], title: str) -> dict[str, Any]:
    return {
        "title": title.strip()[:120] or ", ".join(values)[:120],
        "names": [*values],
        "secret_names": sorted({*secret_names} & values.keys()),
        "sealed_values": json.dumps(dict(values), ensure_ascii=False),
    }


def _move(
    push: ConfigPush, to: str, *, came_from: tuple[str, ...] | None = None, **fields: Any
) -> None:
    """Compare-and-set; raises Conflict (fleet.push_not_draft) when it went on meanwhile."""
    now = ConfigPush.objects.select_for_update().get(pk=push.pk)
    if now.state not in (came_from or PUSH_FROM[to]) or now.version != push.version:
        raise Conflict(
            "fleet.push_not_draft",
            f"It went on meanwhile: this push is {now.get_state_display().lower()}.",
        )
    for name, value in {**fields, "state": to}.items():
        setattr(push, name, value)
    push.save(update_fields=["state", *fields])
