"""Firmware of rollouts over MQTT: a device that listens is told when its turn comes.

It is told what its check-in would be answered. A notice that is lost costs nothing: the device
is offered the same when it calls.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from fleet.models import Rollout, RolloutTarget
from fleet.rollouts.choices import RolloutState, TargetState
from gateway.callers import gateway_actor
from gateway.mqtt.bridge.pushing import Listeners
from gateway.protocol.messages import read_message
from gateway.services import offer_unasked
from messaging.choices import Direction
from messaging.models import DeviceMessage

# Devices of one rollout that are looked at in a turn; there are about two turns a second.
LOOKED_AT_ONCE = 100

R, T = RolloutState, TargetState
WAITING = {R.RUNNING: T.RELEASED, R.ROLLING_BACK: T.RETURNING}


@dataclass
class Offering:
    """Tells devices whose turn has come. `say` and `listeners` are as of Pushing.

    Each device is looked at once: `_reached` is how far each rollout came, by position.
    """

    say: Callable[[str, bytes], None]
    listeners: Listeners | None = None
    _reached: dict[tuple[int, str], int] = field(default_factory=dict)

    def turn(self) -> None:
        """Look at the next devices of every rollout that offers something now."""
        going = Q(state=R.RUNNING, is_open=True) | Q(state=R.ROLLING_BACK)
        found = Rollout.objects.filter(going).order_by("pk").values_list("pk", "state")
        keys = [(pk, WAITING[RolloutState(state)]) for pk, state in found]
        self._reached = {key: self._reached.get(key, -1) for key in keys}
        for key in keys:
            self._look(key)

    def _look(self, key: tuple[int, str]) -> None:
        rollout, state = key
        rows: Any = RolloutTarget.objects.filter(
            rollout=rollout, state=state, position__gt=self._reached[key], offered_at=None
        )
        if self.listeners is None:
            heard = DeviceMessage.objects.filter(device=OuterRef("device"), direction=Direction.IN)
            rows = rows.annotate(heard=Subquery(heard.order_by("-pk").values("payload")[:1]))
        related = ("rollout", "build", "previous_build", "device__organization", "device__state")
        targets = list(rows.order_by("position").select_related(*related)[:LOOKED_AT_ONCE])
        for target in targets:
            self._reached[key] = target.position
            if self._is_there(target):
                self._tell(target)

    def _tell(self, target: RolloutTarget) -> None:
        actor = gateway_actor("", credential="rollout")
        answer = offer_unasked(actor, target)
        if answer is not None:
            self.say(_topic(target), answer)

    def _is_there(self, target: Any) -> bool:
        if not hasattr(target.device, "state"):
            return False
        if self.listeners is not None:
            return self.listeners.listens_since(_topic(target)) is not None
        return target.heard is not None and not read_message(bytes(target.heard)).is_gone


def _topic(target: RolloutTarget) -> str:
    device = target.device
    return f"/{device.organization.owner_id}/{device.udid}"
