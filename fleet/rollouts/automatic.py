"""Default plans of sources: a new build for many rolls out by itself.

Nothing tells of new builds: the rows do. The engine's task looks for builds that are newer than
the one a plan considered last, so none is lost with a process, and none goes out twice.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery

from accounts.actor import Actor
from audit.changes import changed, snapshot
from audit.recorder import record
from builds.choices import BuildStatus
from builds.models import Build, Source
from core.exceptions import Conflict, DomainError
from core.jobs import changed_on_commit
from core.scoping import is_allowed
from devices.models import Device
from fleet.rollouts import events
from fleet.rollouts.choices import RolloutState
from fleet.rollouts.models import Rollout, RolloutPlan
from fleet.rollouts.news import rollout_begun_news
from fleet.rollouts.plans import Plan
from fleet.rollouts.services import rollout_abort, rollout_create, rollout_start

logger = logging.getLogger(__name__)

R = RolloutState
ACTOR = Actor.named_system("rollouts")
# What an older automatic rollout of the same source is given up from. One that rolls back goes on.
REPLACED = (R.AWAITING, R.SCHEDULED, R.RUNNING, R.PAUSED, R.HALTED)


@transaction.atomic
def rollout_plan_create(
    actor: Any,
    *,
    organization: Any,
    source: Source,
    plan: Mapping[str, Any] | None = None,
    is_on: bool = True,
) -> RolloutPlan:
    """Give a source a default plan, for builds that start from now on. Audits.

    Raises DomainError (fleet.rollout_plan, fleet.rollout_firmware), Conflict
    (fleet.rollout_plan_there).
    """
    rules = Plan.checked(plan or {})
    if source.organization_id != organization.pk:
        raise DomainError("fleet.rollout_firmware", "The source belongs to another organization.")
    if not is_allowed(source, actor, "build"):
        raise PermissionDenied
    made, is_new = RolloutPlan.objects.get_or_create(
        source=source,
        defaults={
            "organization": organization,
            "plan": rules.stored(),
            "is_on": is_on,
            "taken": _started(source.pk),
        },
    )
    if not is_new:
        raise Conflict("fleet.rollout_plan_there", f"{source} has a default plan. Change that one.")
    _note(actor, events.RolloutPlanCreated, made, is_on=is_on, plan=made.plan)
    return made


@transaction.atomic
def rollout_plan_edit(
    actor: Any,
    *,
    rollout_plan: RolloutPlan,
    plan: Mapping[str, Any] | None = None,
    is_on: bool | None = None,
) -> RolloutPlan:
    """Change a default plan, or turn it on or off; rollouts that began keep theirs. Audits.

    Builds that were started while it was off do not go out afterwards.
    """
    rows = RolloutPlan.objects.select_for_update(of=("self",))
    row = rows.select_related("source", "organization").get(pk=rollout_plan.pk)
    before = snapshot(row, ("plan", "is_on"))
    if plan is not None:
        row.plan = Plan.checked({**row.plan, **plan}).stored()
    if is_on is not None:
        row.is_on = is_on
    if changes := changed(row, before):
        if row.is_on and not before["is_on"]:
            row.taken = _started(row.source_id)
        row.save(update_fields=[*changes, "taken"])
        _note(actor, events.RolloutPlanChanged, row, changes=changes)
    return row


@transaction.atomic
def rollout_plan_delete(actor: Any, *, rollout_plan: RolloutPlan) -> None:
    """Take the default plan of a source away; rollouts that began go on. Audits."""
    _note(actor, events.RolloutPlanDeleted, rollout_plan)
    rollout_plan.delete()


def rollouts_begin() -> int:
    """Roll out the newest builds that default plans did not consider yet; return how many."""
    builds = Build.objects.filter(
        source=OuterRef("source"),
        device=None,
        status=BuildStatus.SUCCEEDED,
        deliver=True,
        number__gt=OuterRef("taken"),
    )
    newest = Subquery(builds.order_by("-number").values("pk")[:1])
    rows = RolloutPlan.objects.filter(is_on=True).order_by("pk").annotate(newest=newest)
    found = list(rows.filter(newest__isnull=False).values_list("pk", "newest"))
    return sum(_begin(plan, build) for plan, build in found)


@transaction.atomic
def _begin(plan_pk: int, build_pk: int) -> bool:
    build = Build.objects.select_related("source", "organization").filter(pk=build_pk).first()
    plans = RolloutPlan.objects.filter(pk=plan_pk, is_on=True)
    if build is None or not plans.filter(taken__lt=build.number).update(taken=build.number):
        return False
    plan = plans.select_related("source", "organization").get()
    try:
        with transaction.atomic():
            _replace_older(plan, build)
            rollout = rollout_create(
                ACTOR,
                organization=plan.organization,
                name=f"{plan.source} {build.version}"[:80],
                devices=Device.objects.filter(source=plan.source, auto_update=True),
                build=build,
                plan=plan.plan,
                is_automatic=True,
            )
            rollout = rollout_start(ACTOR, rollout=rollout)
            if rollout.state != R.AWAITING:
                rollout_begun_news(rollout)
    except (DomainError, IntegrityError) as error:
        logger.info("build %s does not roll out by its plan: %s", build.uid, error)
        reason = error.message if isinstance(error, DomainError) else "It is rolled out already."
        _note(ACTOR, events.RolloutPlanRefused, plan, build=f"{build}", reason=reason)
        return False
    return True


def _replace_older(plan: RolloutPlan, build: Build) -> None:
    older = Rollout.objects.filter(source=plan.source, is_automatic=True, state__in=REPLACED)
    for rollout in older.select_related("organization"):
        rollout_abort(ACTOR, rollout=rollout, reason=f"{build} took its place.")


def _started(source_pk: int) -> int:
    return Source.objects.values_list("builds_started", flat=True).get(pk=source_pk)


def _note(actor: Any, event: Any, row: RolloutPlan, **facts: Any) -> None:
    record(actor, event, row, organization=row.organization, source=f"{row.source}", **facts)
    changed_on_commit(row, f"org.{row.organization.uid}")
