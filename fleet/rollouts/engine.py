"""The step that moves rollouts on: run every few seconds, by any number of workers, at any time.

Each step is one transaction that holds the rollout's row, so two workers do not do the same, and
everything it does to devices is set-based. A step that is killed has done nothing.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.template.defaultfilters import pluralize
from django.utils import timezone

from accounts.actor import Actor
from fleet.rollouts import events
from fleet.rollouts.building import builds_collect
from fleet.rollouts.choices import IN_FLIGHT, MOVING, OPEN, RolloutState, TargetState
from fleet.rollouts.models import Rollout, RolloutTarget
from fleet.rollouts.news import rollout_halted_news
from fleet.rollouts.plans import Plan
from fleet.rollouts.releasing import release
from fleet.rollouts.returning import return_targets
from fleet.rollouts.selectors import counts_by_wave, total_counts
from fleet.rollouts.state import among, call_back, end_targets, move, note, revoke_tokens, tell

logger = logging.getLogger(__name__)

R, T = RolloutState, TargetState
# How long an aborted rollout still hears of devices that had fetched their firmware.
LATE = timedelta(days=1)
ACTOR = Actor.named_system("rollouts")


def rollouts_advance() -> int:
    """Move every rollout on that can move; return how many changed."""
    under_way = Exists(RolloutTarget.objects.filter(rollout=OuterRef("pk"), state__in=OPEN))
    lately = Q(ended_at__gt=timezone.now() - LATE) | Q(under_way)
    rows = Rollout.objects.filter(Q(state__in=MOVING) | Q(state=R.ABORTED) & lately).order_by("pk")
    return sum(_step(pk) for pk in list(rows.values_list("pk", flat=True)))


def _step(pk: int) -> bool:
    try:
        with transaction.atomic():
            rows = Rollout.objects.select_for_update(skip_locked=True, of=("self",))
            rollout = (
                rows.select_related("organization", "build", "source")
                .filter(pk=pk, state__in=[*MOVING, R.ABORTED])
                .first()
            )
            return rollout is not None and advance(rollout, timezone.now())
    except IntegrityError:  # another rollout took one of the devices this moment: next time
        logger.info("rollout %s: a device was taken by another rollout", pk)
        return False


def advance(rollout: Rollout, now: datetime) -> bool:
    """Do for one rollout, whose row is held, what is due; return whether anything changed."""
    rules = rollout.rules
    if rollout.state == R.SCHEDULED:
        if rollout.starts_at is not None and rollout.starts_at > now:
            return False
        begun = {"started_at": now, "judged_from": now, "paced_at": now}
        move(rollout, R.RUNNING, **begun)
        note(ACTOR, events.RolloutStarted, rollout)
    did = _mind_window(rollout, rules, now)
    did |= bool(_expire(rollout, rules, now))
    did |= bool(_take_late(rollout, rules, now))
    did |= bool(builds_collect(rollout, now))
    if rollout.state == R.ROLLING_BACK:
        did |= _end_roll_back(rollout, now)
    elif rollout.state == R.RUNNING:
        did |= _run(rollout, rules, now)
    if did:
        tell(rollout)
    return did


def _run(rollout: Rollout, rules: Plan, now: datetime) -> bool:
    if reason := _without_firmware(rollout) or _too_many_failed(rollout, rules):
        _halt(rollout, rules, reason, now)
        return True
    did = False
    # A wave whose devices are all left out is over at once, and so is the next.
    while True:
        if _is_wave_over(rollout):
            ended = rollout.wave_ended_at or now
            _set(rollout, wave_ended_at=ended)
            if rollout.wave >= rollout.waves:
                return _complete(rollout, now) or did
            if rollout.wave and now < ended + timedelta(minutes=rules.soak_minutes):
                return did
            _set(rollout, wave=rollout.wave + 1, wave_ended_at=None, paced_at=now)
            did = True
        if not rollout.is_open:
            return did
        did |= bool(release(rollout, rules, now))
        if not _is_wave_over(rollout):
            return did


def _mind_window(rollout: Rollout, rules: Plan, now: datetime) -> bool:
    is_open = rules.is_open(now)
    if is_open == rollout.is_open:
        return False
    _set(rollout, is_open=is_open)
    if is_open:
        _set(rollout, paced_at=now)
    else:
        call_back(rollout)
    return True


def _expire(rollout: Rollout, rules: Plan, now: datetime) -> int:
    """End what takes too long: failed after the offer, left out before it."""
    silent = now - timedelta(minutes=rules.silence_minutes)
    late = among(rollout, IN_FLIGHT).filter(offered_at__lt=silent)
    gone = late.exclude(device__state__last_seen_at__gt=silent)
    revoke_tokens(late)
    ended = end_targets(gone, T.FAILED, "It stopped checking in after it was offered the firmware.")
    ended += end_targets(late, T.FAILED, "It kept calling and did not report the new version.")
    if rollout.state in {R.RUNNING, R.ROLLING_BACK}:
        missed = now - timedelta(hours=rules.call_hours)
        waiting = among(rollout, (T.RELEASED,)).filter(released_at__lt=missed)
        ended += end_targets(waiting, T.SKIPPED, "It did not call while its turn lasted.")
        returning = among(rollout, (T.RETURNING,)).filter(released_at__lt=missed)
        ended += end_targets(returning, T.FAILED, "It did not report its previous version.")
    return ended


def _take_late(rollout: Rollout, rules: Plan, now: datetime) -> int:
    """Count as installed what was given up too early: the device reports it after all."""
    if rules.forced:  # these ran the same version before
        return 0
    given_up = among(rollout, (T.FAILED, T.SKIPPED)).filter(downloaded_at__isnull=False)
    runs = Q(device__state__version=F("build__version")) | Q(
        device__state__installed_build=F("build")
    )
    return end_targets(given_up.filter(runs), T.INSTALLED)


def _without_firmware(rollout: Rollout) -> str:
    """Return that what was to be rolled out was deleted meanwhile, or an empty string."""
    if rollout.is_per_device:
        return "" if rollout.source_id else "Its source was deleted."
    return "" if rollout.build_id else "Its build was deleted."


def _too_many_failed(rollout: Rollout, rules: Plan) -> str:
    """Return why it has to stop, or an empty string."""
    failed = among(rollout, (T.FAILED,))
    if rollout.judged_from is not None:
        failed = failed.filter(ended_at__gte=rollout.judged_from)
    count = failed.count()
    if rules.max_failed and count >= rules.max_failed:
        return f"{count:,} device{pluralize(count)} failed; the limit is {rules.max_failed:,}."
    if not rules.max_failed_percent or not rollout.wave:
        return ""
    size = RolloutTarget.objects.filter(rollout=rollout, wave=rollout.wave).count()
    here = failed.filter(wave=rollout.wave).count()
    if size and here * 100 > rules.max_failed_percent * size:
        return (
            f"{here:,} of the {size:,} device{pluralize(size)} of wave {rollout.wave} failed; "
            f"the limit is {rules.max_failed_percent} %."
        )
    return ""


def _halt(rollout: Rollout, rules: Plan, reason: str, now: datetime) -> None:
    move(rollout, R.HALTED, reason=reason)
    call_back(rollout)
    note(ACTOR, events.RolloutHalted, rollout, reason=reason)
    rollout_halted_news(rollout, reason)
    if rules.auto_rollback:
        move(rollout, R.ROLLING_BACK)
        returned = return_targets(rollout)
        note(ACTOR, events.RolloutRollBack, rollout, devices=returned, reason=reason)


def _is_wave_over(rollout: Rollout) -> bool:
    unfinished = Q(state__in=[T.PENDING, *OPEN])
    rows = RolloutTarget.objects.filter(unfinished, rollout=rollout, wave__lte=rollout.wave)
    return not rows.exists()


def _complete(rollout: Rollout, now: datetime) -> bool:
    if not move(rollout, R.COMPLETED, ended_at=now):
        return False
    note(ACTOR, events.RolloutEnded, rollout, **_said(rollout))
    return True


def _end_roll_back(rollout: Rollout, now: datetime) -> bool:
    # A device that installed after all goes back as well.
    did = bool(return_targets(rollout)) if among(rollout, (T.INSTALLED,)).exists() else False
    if among(rollout, OPEN).exists() or not move(rollout, R.ROLLED_BACK, ended_at=now):
        return did
    note(ACTOR, events.RolloutEnded, rollout, **_said(rollout))
    return True


def _said(rollout: Rollout) -> dict[str, int]:
    counts = total_counts(counts_by_wave(rollout))
    return {state: n for state, n in counts.items() if n}


def _set(rollout: Rollout, **values: object) -> None:
    Rollout.objects.filter(pk=rollout.pk).update(**values)
    for name, value in values.items():
        setattr(rollout, name, value)
