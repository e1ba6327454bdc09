"""What is told of rollouts: that one stopped or began by itself, or waits for an approval."""

from __future__ import annotations

from typing import Any

from fleet.rollouts.models import Rollout
from notifications.choices import Level
from notifications.kinds import Kind, Told, kinds
from notifications.services import notify


@kinds.register
class RolloutHalted(Kind):
    """Too many devices failed, or stopped calling: no more are offered the firmware."""

    slug = "rollout_halted"
    label = "Rollout halted"
    text = "When a rollout stops by itself, with the reason."
    default = ("inbox", "email")
    level = Level.ERROR
    urgent = True
    one = "The rollout {name} halted"
    many = "{count} rollouts halted"
    many_page = "fleet:rollout_list"
    button = "Look at the rollout"
    icon = "player-pause"


@kinds.register
class RolloutBegun(Kind):
    """The default plan of a source brings a new build to devices."""

    slug = "rollout_begun"
    label = "Rollout begun by itself"
    text = "When a new build rolls out by the default plan of its source."
    one = "The rollout {name} began by itself"
    many = "{count} rollouts began by themselves"
    many_page = "fleet:rollout_list"
    button = "Look at the rollout"
    icon = "rocket"


@kinds.register
class RolloutAwaits(Kind):
    """It starts once somebody approves it who did not ask for it."""

    slug = "rollout_awaits"
    label = "Rollout awaits approval"
    text = "When a rollout waits for the approval of somebody such as you."
    default = ("inbox", "email")
    level = Level.WARNING
    one = "The rollout {name} waits for approval"
    many = "{count} rollouts wait for approval"
    many_page = "fleet:rollout_list"
    many_query = "state=awaiting"
    button = "Review it"
    icon = "clock"
    action = "approve"

    def part_for(self, user: Any, told: Told) -> Told:
        """Leave out what this person asked for: somebody else has to approve it."""
        asked = [item for item in told.items if item.facts.get("asked_by") != user.email]
        return Told(told.organization, asked)


def rollout_begun_news(rollout: Rollout) -> None:
    """Tell that a default plan began a rollout; call it in the transaction that begins it."""
    notify(RolloutBegun, rollout.organization, rollout, message=_what(rollout))


def rollout_awaits_news(rollout: Rollout) -> None:
    """Tell those who may approve it; call it in the transaction that asks for the approval."""
    person = rollout.started_by
    asked_by = person.email if person is not None else ""
    who = f"Asked for by {asked_by}" if asked_by else "Begun by the default plan of its source"
    words = f"{who}. {_what(rollout)}"
    notify(RolloutAwaits, rollout.organization, rollout, message=words, asked_by=asked_by)


def _what(rollout: Rollout) -> str:
    firmware = rollout.build or f"The newest build of {rollout.source} for each device"
    devices = "1 device" if rollout.total == 1 else f"{rollout.total:,} devices"
    return f"{firmware} for {devices}."


def rollout_halted_news(rollout: Rollout, reason: str) -> None:
    """Tell that a rollout halted; call it in the transaction that halts it."""
    notify(RolloutHalted, rollout.organization, rollout, message=reason, wave=rollout.wave)
