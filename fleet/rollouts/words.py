"""What pages say about a rollout."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from core.views import Fact
from fleet.rollouts.choices import TargetState
from fleet.rollouts.models import Rollout, RolloutPlan

T = TargetState
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
STEPS = ("Firmware and devices", "Plan", "Review")
# label, icon, tone, states
TILES = (
    ("Installed", "circle-check", "", (T.INSTALLED,)),
    ("Under way", "download", "", (T.BUILDING, T.RELEASED, T.OFFERED, T.DOWNLOADING, T.DOWNLOADED)),
    ("Failed", "circle-x", "error", (T.FAILED,)),
    ("Pending", "clock", "", (T.PENDING,)),
    ("Skipped", "circle-minus", "", (T.SKIPPED,)),
    ("Rolled back", "arrow-back-up", "", (T.RETURNING, T.ROLLED_BACK)),
)


def tiles_of(rollout: Rollout, counts: dict[str, int]) -> list[dict[str, Any]]:
    """Return the counts as tiles; one of a single state leads to its devices."""
    page = reverse("fleet:rollout", kwargs={"uid": rollout.uid})
    found = []
    for label, icon, tone, states in TILES:
        count = sum(counts[state] for state in states)
        if label == "Rolled back" and not count:
            continue
        share = f"{100 * count / rollout.total:.0f} %" if rollout.total else ""
        url = f"{page}?state={states[0]}" if len(states) == 1 else ""
        tile = {"label": label, "value": count, "icon": icon, "note": share, "url": url}
        found.append({**tile, "tone": tone if count else ""})
    return found


def plan_facts(rollout: Rollout | RolloutPlan) -> list[Fact]:
    """Return the plan, as far as it says anything."""
    plan = rollout.rules
    canary = [f"{plan.canary:,} first"] if plan.canary else []
    waves = ", ".join([*canary, *plan.waves, "the rest"])
    facts = [Fact("Waves", waves)]
    if plan.pace:
        facts.append(Fact("Pace", f"{plan.pace:,} devices a minute"))
    if plan.has_window:
        days = ", ".join(DAYS[day] for day in plan.days) or "every day"
        hours = f", {plan.opens} to {plan.closes}" if plan.opens else ""
        facts.append(Fact("Window", f"{days}{hours} ({plan.time_zone})"))
    only = [*plan.versions, *plan.platforms]
    only += [f"battery from {plan.min_battery} %"] if plan.min_battery is not None else []
    only += [f"signal from {plan.min_signal} dBm"] if plan.min_signal is not None else []
    if only:
        facts.append(Fact("Only", ", ".join(only)))
    halts = [f"above {plan.max_failed_percent} % of a wave"] if plan.max_failed_percent else []
    halts += [f"at {plan.max_failed:,} failed"] if plan.max_failed else []
    facts.append(Fact("Halts", " or ".join(halts) or "never by itself"))
    yes = {
        "rolls back by itself": plan.auto_rollback,
        "needs approval": plan.needs_approval,
        "allows older versions": plan.allow_downgrade,
        "forced": plan.forced,
    }
    said = ", ".join(words for words, is_set in yes.items() if is_set)
    return [*facts, Fact("Also", said)] if said else facts


def wizard_steps(at: int) -> list[dict[str, Any]]:
    """Return the steps of the wizard with the present one marked."""
    return [{"label": label, "number": n, "at": n == at} for n, label in enumerate(STEPS, 1)]
