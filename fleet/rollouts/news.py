"""What is told of rollouts: that one stopped by itself."""

from __future__ import annotations

from fleet.rollouts.models import Rollout
from notifications.choices import Level
from notifications.kinds import Kind, kinds
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


def rollout_halted_news(rollout: Rollout, reason: str) -> None:
    """Tell that a rollout halted; call it in the transaction that halts it."""
    notify(RolloutHalted, rollout.organization, rollout, message=reason, wave=rollout.wave)
