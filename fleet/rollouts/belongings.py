"""Rollouts of a personal organization: what an export says, what deletion removes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from accounts.belongings import Belongings, belongings, plain_fields
from fleet.rollouts.models import Rollout, RolloutPlan, RolloutTarget


@belongings.register
class Rollouts(Belongings):
    """The plan, and how far it came."""

    slug = "rollouts"
    one = "rollout"
    many = "rollouts"
    order = 4
    model = Rollout
    fields: ClassVar = (
        "uid", "name", "source", "build", "state", "reason", "plan", "total", "created_at",
        "started_at", "ended_at",
    )  # fmt: skip
    related = ("source", "build")


@belongings.register
class RolloutPlans(Belongings):
    """By which plan new builds of a source roll out."""

    slug = "rollout-plans"
    one = "default plan of a source"
    many = "default plans of sources"
    order = 3
    model = RolloutPlan
    fields: ClassVar = ("uid", "source", "is_on", "plan", "created_at")
    related = ("source",)


@belongings.register
class RolloutTargets(Belongings):
    """What became of each device."""

    slug = "rollout-targets"
    one = "result of a rollout on a device"
    many = "results of rollouts on devices"
    order = 3
    model = RolloutTarget
    fields: ClassVar = (
        "rollout", "device", "wave", "state", "message", "bytes", "offered_at", "ended_at",
    )  # fmt: skip
    related = ("rollout", "device")

    def rows(self, organization: Any) -> Any:
        """Find them by their rollout."""
        found = RolloutTarget.objects.filter(rollout__organization=organization)
        return found.select_related(*self.related)

    def export(self, organization: Any) -> Iterator[dict[str, Any]]:
        """Yield each as plain values."""
        for row in self.rows(organization).order_by("pk").iterator(chunk_size=500):
            yield plain_fields(row, self.fields)

    def erase(self, organization: Any) -> None:
        """Leave it to the rollouts, whose rows take these along."""
