"""Firmware of rollouts over MQTT: a device that listens is told when its turn comes.

It is told what its check-in would be answered. A device that comes after its turn is told then, and
one that was told, did not begin and connects anew is told again: the notice may have been lost with
its connection, or with a process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from fleet.models import Rollout, RolloutTarget
from fleet.rollouts.choices import RolloutState, TargetState
from gateway.callers import gateway_actor
from gateway.mqtt.bridge.pushing import Listeners
from gateway.protocol.messages import CONNECTED, read_message
from gateway.services import offer_unasked
from messaging.choices import Direction
from messaging.models import DeviceMessage

# Devices of one rollout that are looked at in a turn; there are about two turns a second.
LOOKED_AT_ONCE = 100
# Who was told so lately may be about to begin.
BEGINNING = timedelta(seconds=10)
EVER = datetime.min.replace(tzinfo=UTC)

R, T = RolloutState, TargetState
WAITING = {R.RUNNING: T.RELEASED, R.ROLLING_BACK: T.RETURNING}
NOT_BEGUN = {R.RUNNING: (T.RELEASED, T.OFFERED), R.ROLLING_BACK: (T.RETURNING,)}


@dataclass
class Place:
    """How far the devices of a rollout were looked at, by position: as they come, and again, those
    of each state."""

    reached: int = -1
    again: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A device that has not begun. `heard` is what it said last, where the broker is not asked."""

    pk: int
    position: int
    offered_at: datetime | None
    udid: UUID
    owner: str
    heard: bytes | None = None
    heard_at: datetime | None = None

    @property
    def topic(self) -> str:
        """Return where the device listens."""
        return f"/{self.owner}/{self.udid}"


@dataclass
class Offering:
    """Tells devices whose turn has come. `say` and `listeners` are as of Pushing.

    New ones are looked at first; in a turn without any, some that were looked at before.
    """

    say: Callable[[str, bytes], None]
    listeners: Listeners | None = None
    _places: dict[tuple[int, str], Place] = field(default_factory=dict)
    _told: dict[int, datetime] = field(default_factory=dict)

    def turn(self) -> None:
        """Look at the next devices of every rollout that offers something now."""
        going = Q(state=R.RUNNING, is_open=True) | Q(state=R.ROLLING_BACK)
        found = Rollout.objects.filter(going).order_by("pk").values_list("pk", "state")
        keys = [(pk, state) for pk, state in found]
        self._places = {key: self._places.get(key, Place()) for key in keys}
        for key in keys:
            self._look(key, self._places[key])
        if not keys:
            self._told.clear()

    def _look(self, key: tuple[int, str], place: Place) -> None:
        rollout, state = key[0], R(key[1])
        rows = RolloutTarget.objects.filter(rollout=rollout)
        found = self._after(place.reached, rows.filter(state=WAITING[state], offered_at=None))
        if found:
            place.reached = found[-1].position
        else:
            # One state at a time: so their order is that of an index.
            for each in NOT_BEGUN[state]:
                some = self._after(place.again.get(each, -1), rows.filter(state=each))
                is_whole = len(some) == LOOKED_AT_ONCE
                place.again[each] = some[-1].position if is_whole else -1
                found += some
        self._tell([one.pk for one in found if self._is_due(one)])

    def _after(self, position: int, rows: Any) -> list[Candidate]:
        """Return the next of these targets."""
        fields = ["pk", "position", "offered_at", "device__uid", "device__organization__owner_id"]
        if self.listeners is None:
            heard = DeviceMessage.objects.filter(device=OuterRef("device"), direction=Direction.IN)
            newest = heard.order_by("-pk")
            rows = rows.annotate(
                heard=Subquery(newest.values("payload")[:1]),
                heard_at=Subquery(newest.values("at")[:1]),
            )
            fields += ["heard", "heard_at"]
        rows = rows.filter(position__gt=position).order_by("position").values_list(*fields)
        return [Candidate(*values) for values in rows[:LOOKED_AT_ONCE]]

    def _is_due(self, one: Candidate) -> bool:
        """Tell whether a device listens that was not told over the connection it has now."""
        since = self._there_since(one)
        if since is None or one.offered_at is None:
            return since is not None
        told = max(one.offered_at, self._told.get(one.pk, EVER))
        return since > told and told < timezone.now() - BEGINNING

    def _there_since(self, one: Candidate) -> datetime | None:
        if self.listeners is not None:
            return self.listeners.listens_since(one.topic)
        if one.heard is None:
            return None
        said = read_message(bytes(one.heard))
        if said.is_gone:
            return None
        return one.heard_at if said.status == CONNECTED else EVER

    def _tell(self, pks: Iterable[int]) -> None:
        related = ("rollout", "build", "previous_build", "device__organization", "device__state")
        rows = RolloutTarget.objects.filter(pk__in=pks).order_by("position")
        actor = gateway_actor("", credential="rollout")
        for target in rows.select_related(*related) if pks else ():
            if not hasattr(target.device, "state"):
                continue
            answer = offer_unasked(actor, target)
            if answer is not None:
                self._told[target.pk] = timezone.now()
                self.say(_topic(target), answer)


def _topic(target: RolloutTarget) -> str:
    device = target.device
    return f"/{device.organization.owner_id}/{device.udid}"
