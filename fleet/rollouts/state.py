"""The only ways a rollout and its targets move: compare and set."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from audit.recorder import record
from builds.models import OneTimeToken
from core.exceptions import Conflict
from core.jobs import changed_on_commit
from fleet.rollouts.choices import ALLOWED_FROM, TargetState
from fleet.rollouts.models import Rollout, RolloutTarget


def move(rollout: Rollout, to: str, **values: Any) -> bool:
    """Set the state if the present one allows it; return whether this caller made the move."""
    rows = Rollout.objects.filter(pk=rollout.pk, state__in=ALLOWED_FROM[to])
    moved = rows.update(state=to, **values) == 1
    if moved:
        for name, value in {"state": to, **values}.items():
            setattr(rollout, name, value)
        tell(rollout)
    return moved


def require_move(rollout: Rollout, to: str, **values: Any) -> None:
    """Move, or raise Conflict (fleet.rollout_state) that says where the rollout stands."""
    if not move(rollout, to, **values):
        rollout.refresh_from_db(fields=["state"])
        raise Conflict(
            "fleet.rollout_state",
            f"{rollout} is {rollout.get_state_display().lower()}; this is not possible now.",
        )


def end_targets(rows: QuerySet[Any], to: str, message: str = "") -> int:
    """Bring targets to an end; return how many."""
    now = timezone.now()
    return rows.update(state=to, ended_at=now, message=message[:400])


def revoke_tokens(targets: QuerySet[Any]) -> None:
    """Have these devices no longer fetch what they were offered."""
    pairs = targets.values("device_id")
    builds = targets.values("build_id")
    OneTimeToken.objects.filter(device__in=pairs, artifact__build__in=builds).delete()


def call_back(rollout: Rollout) -> None:
    """Take back what was offered and is not being fetched yet; it can be offered again."""
    told = RolloutTarget.objects.filter(rollout=rollout, state=TargetState.OFFERED)
    revoke_tokens(told)
    told.update(state=TargetState.RELEASED, offered_at=None)


def tell(rollout: Rollout) -> None:
    """Tell who watches that the rollout changed."""
    changed_on_commit(rollout, f"rollout.{rollout.uid}", f"org.{rollout.organization.uid}")


def note(actor: Any, event: Any, rollout: Rollout, **facts: Any) -> None:
    """Record what happened to a rollout."""
    record(actor, event, rollout, organization=rollout.organization, **facts)


def among(rollout: Rollout, states: Iterable[str]) -> QuerySet[Any]:
    """Return the targets of a rollout in these states."""
    return RolloutTarget.objects.filter(rollout=rollout, state__in=[*states])
