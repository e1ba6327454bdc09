"""What people do to rollouts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit.changes import changed, snapshot
from builds.choices import BuildStatus
from builds.models import Build, Source
from builds.offers import firmware_of
from core.exceptions import Conflict, DomainError, Forbidden
from core.jobs import enqueue
from core.scoping import is_allowed
from fleet.rollouts import events
from fleet.rollouts.choices import DELETABLE, RolloutState, TargetState
from fleet.rollouts.constants import ADVANCE_TASK, MAX_TARGETS, PORTION
from fleet.rollouts.models import Rollout, RolloutTarget
from fleet.rollouts.news import rollout_awaits_news
from fleet.rollouts.plans import Plan
from fleet.rollouts.returning import return_targets
from fleet.rollouts.state import among, call_back, end_targets, note, require_move, tell
from fleet.rollouts.state import revoke_tokens as revoke

R, T = RolloutState, TargetState


@transaction.atomic
def rollout_create(
    actor: Any,
    *,
    organization: Any,
    name: str,
    devices: QuerySet[Any],
    build: Build | None = None,
    source: Source | None = None,
    plan: Mapping[str, Any] | None = None,
    is_automatic: bool = False,
) -> Rollout:
    """Draft a rollout of one build, or of a source's newest commit, to the devices given.

    The caller narrowed `devices` to what the actor may build for; only those of the organization
    count. Audits. Raises DomainError (fleet.rollout_plan, fleet.rollout_firmware,
    fleet.rollout_no_devices, fleet.rollout_too_many).
    """
    rules = Plan.checked(plan or {})
    _require_firmware(actor, organization, build, source)
    rows = devices.filter(organization=organization).order_by("uid")
    found = list(rows.values_list("pk", flat=True)[: MAX_TARGETS + 1])
    if not found:
        raise DomainError("fleet.rollout_no_devices", "No device was chosen that you may update.")
    if len(found) > MAX_TARGETS:
        raise DomainError(
            "fleet.rollout_too_many", f"A rollout takes at most {MAX_TARGETS:,} devices."
        )
    rollout = Rollout.objects.create(
        organization=organization,
        name=name,
        build=build,
        source=source or (build.source if build is not None else None),
        is_per_device=build is None,
        is_automatic=is_automatic,
        plan=rules.stored(),
        total=len(found),
        created_by=actor.user,
    )
    RolloutTarget.objects.bulk_create(
        (
            RolloutTarget(rollout=rollout, device_id=pk, position=n, wave=1)
            for n, pk in enumerate(found)
        ),
        batch_size=PORTION,
    )
    _place(rollout, rules)
    facts = {"devices": len(found), "source": f"{rollout.source}", "build": f"{build or ''}"}
    note(actor, events.RolloutCreated, rollout, **facts)
    tell(rollout)
    return rollout


@transaction.atomic
def rollout_edit(
    actor: Any, *, rollout: Rollout, name: str | None = None, plan: Mapping[str, Any] | None = None
) -> Rollout:
    """Change the name, or of a draft the plan. Audits; raises Conflict (fleet.rollout_state)."""
    rollout = Rollout.objects.select_for_update().get(pk=rollout.pk)
    if rollout.state != R.DRAFT:
        raise Conflict("fleet.rollout_state", f"{rollout} is no draft any more.")
    before = snapshot(rollout, ("name", "plan"))
    if name is not None:
        rollout.name = name
    if plan is not None:
        rules = Plan.checked({**rollout.plan, **plan})
        rollout.plan = rules.stored()
        _place(rollout, rules)
    if changes := changed(rollout, before):
        rollout.save(update_fields=[*changes])
        note(actor, events.RolloutChanged, rollout, changes=changes)
        tell(rollout)
    return rollout


@transaction.atomic
def rollout_start(actor: Any, *, rollout: Rollout, starts_at: datetime | None = None) -> Rollout:
    """Start a draft now or at a moment, or ask for the approval that its plan wants. Audits."""
    _require_firmware(actor, rollout.organization, rollout.build, rollout.source)
    values = {"started_by": actor.user, "starts_at": starts_at}
    if rollout.rules.needs_approval:
        require_move(rollout, R.AWAITING, **values)
        note(actor, events.RolloutSubmitted, rollout)
        rollout_awaits_news(rollout)
        return rollout
    return _go(actor, rollout, events.RolloutStarted, (R.DRAFT,), **values)


@transaction.atomic
def rollout_approve(actor: Any, *, rollout: Rollout) -> Rollout:
    """Let a rollout start that somebody else asked for. Audits.

    Raises Forbidden (fleet.rollout_own) to who asked, Conflict (fleet.rollout_state).
    """
    if actor.user is not None and actor.user.pk == rollout.started_by_id:
        raise Forbidden(
            "fleet.rollout_own", "You asked for this approval; somebody else has to give it."
        )
    approved_by = {"approved_by": actor.user}
    return _go(actor, rollout, events.RolloutApproved, (R.AWAITING,), **approved_by)


@transaction.atomic
def rollout_pause(actor: Any, *, rollout: Rollout) -> Rollout:
    """Offer and release nothing for now; what devices fetch already is not cut off. Audits."""
    require_move(rollout, R.PAUSED)
    call_back(rollout)
    note(actor, events.RolloutPaused, rollout)
    return rollout


@transaction.atomic
def rollout_resume(actor: Any, *, rollout: Rollout) -> Rollout:
    """Go on; failures count against the limits from now on only. Audits."""
    return _go(actor, rollout, events.RolloutResumed, (R.PAUSED, R.HALTED), reason="")


@transaction.atomic
def rollout_abort(actor: Any, *, rollout: Rollout, reason: str = "") -> Rollout:
    """Give it up: nothing more is offered, what was offered is taken back. Audits.

    A device that fetched its firmware already may still install it, and then counts as installed.
    """
    require_move(rollout, R.ABORTED, ended_at=timezone.now(), reason=reason[:300])
    leave_out(rollout, "The rollout was aborted.")
    note(actor, events.RolloutAborted, rollout, reason=reason)
    return rollout


@transaction.atomic
def rollout_roll_back(actor: Any, *, rollout: Rollout, reason: str = "") -> Rollout:
    """Give every device that got the firmware its previous one back. Audits."""
    require_move(rollout, R.ROLLING_BACK, reason=reason[:300], ended_at=None)
    returned = return_targets(rollout)
    note(actor, events.RolloutRollBack, rollout, devices=returned, reason=reason)
    wake()
    return rollout


@transaction.atomic
def rollout_retry(actor: Any, *, rollout: Rollout) -> Rollout:
    """Try the devices that failed again, from the beginning. Audits.

    Raises Conflict (fleet.rollout_state), also when none failed.
    """
    if rollout.state not in {R.RUNNING, R.PAUSED, R.HALTED, R.COMPLETED}:
        raise Conflict("fleet.rollout_state", f"{rollout} does not run; start it first.")
    failed = among(rollout, (T.FAILED,))
    fresh = {"attempts": 0, "bytes": 0, "message": "", "ended_at": None, "offered_at": None}
    again = failed.update(
        state=T.PENDING, build=None, released_at=None, downloaded_at=None, **fresh
    )
    if not again:
        raise Conflict("fleet.rollout_none_failed", "No device failed, so there is none to retry.")
    if rollout.state == R.COMPLETED:
        require_move(rollout, R.RUNNING, ended_at=None, judged_from=timezone.now())
    note(actor, events.RolloutRetried, rollout, devices=again)
    tell(rollout)
    wake()
    return rollout


@transaction.atomic
def rollout_delete(actor: Any, *, rollout: Rollout) -> None:
    """Delete a draft, or one that is over, with its results. Audits."""
    rows = Rollout.objects.filter(pk=rollout.pk, state__in=DELETABLE)
    if not rows.select_for_update().exists():
        raise Conflict("fleet.rollout_state", f"{rollout} is not over yet. Abort it first.")
    note(actor, events.RolloutDeleted, rollout, devices=rollout.total)
    tell(rollout)
    rollout.delete()


def leave_out(rollout: Rollout, message: str) -> None:
    """Leave out every device that did not fetch its firmware yet."""
    told = among(rollout, (T.OFFERED, T.DOWNLOADING))
    revoke(told)
    end_targets(told, T.SKIPPED, message)
    end_targets(among(rollout, (T.RETURNING,)), T.INSTALLED, message)
    end_targets(among(rollout, (T.PENDING, T.BUILDING, T.RELEASED)), T.SKIPPED, message)


def wake() -> None:
    """Have the engine look at once, when this commits; it looks every few seconds anyway."""
    enqueue(ADVANCE_TASK)


def _go(
    actor: Any, rollout: Rollout, event: Any, before: tuple[str, ...], **values: Any
) -> Rollout:
    now = timezone.now()
    starts_at = values.get("starts_at", rollout.starts_at)
    if rollout.state not in before:
        require_move(rollout, R.AWAITING)  # says where it stands instead
    if starts_at is not None and starts_at > now and rollout.started_at is None:
        require_move(rollout, R.SCHEDULED, **values)
    else:
        values |= {"judged_from": now, "paced_at": now}
        require_move(rollout, R.RUNNING, started_at=rollout.started_at or now, **values)
    note(actor, event, rollout, starts_at=f"{starts_at or ''}", devices=rollout.total)
    wake()
    return rollout


def _place(rollout: Rollout, rules: Plan) -> None:
    """Give every target its wave. One statement for each wave."""
    sizes = rules.sizes(rollout.total)
    first = 0
    rows = RolloutTarget.objects.filter(rollout=rollout)
    for wave, size in enumerate(sizes, 1):
        rows.filter(position__gte=first, position__lt=first + size).update(wave=wave)
        first += size
    rollout.waves = len(sizes)
    Rollout.objects.filter(pk=rollout.pk).update(waves=len(sizes))


def _require_firmware(
    actor: Any, organization: Any, build: Build | None, source: Source | None
) -> None:
    chosen = build or source
    if chosen is None:
        raise DomainError(
            "fleet.rollout_firmware",
            "Choose a build or a source.",
            fields={"source": ["Choose one."]},
        )
    if chosen.organization_id != organization.pk:
        raise DomainError("fleet.rollout_firmware", "It belongs to another organization.")
    if build is None:
        if not is_allowed(chosen, actor, "build"):
            raise PermissionDenied
        return
    reason = build_can_roll_out(build)
    if reason:
        raise DomainError("fleet.rollout_firmware", reason, fields={"build": [reason]})


def build_can_roll_out(build: Build) -> str:
    """Return why a build is not for many devices, or an empty string."""
    if build.device_id is not None:
        return (
            f"{build} was made for one device and holds its id, key and variables. "
            "Roll out its source instead: each device then gets a build of its own."
        )
    if build.status != BuildStatus.SUCCEEDED or firmware_of(build) is None:
        return f"{build} has no firmware."
    return ""
