"""Audit events of rollouts. What happened on a device stands with the device."""

from __future__ import annotations

from audit.events import EventType, events


class RolloutEvent(EventType):
    """What rollouts have in common."""

    icon = "rocket"


@events.register
class RolloutCreated(RolloutEvent):
    """Somebody drafted a rollout; the event says of what and for how many."""

    slug = "fleet.rollout_created"
    label = "Rollout drafted"


@events.register
class RolloutChanged(RolloutEvent):
    """Somebody changed the name or the plan of a draft."""

    slug = "fleet.rollout_changed"
    label = "Rollout changed"


@events.register
class RolloutSubmitted(RolloutEvent):
    """Somebody asked for the approval of a rollout."""

    slug = "fleet.rollout_submitted"
    label = "Rollout submitted"


@events.register
class RolloutApproved(RolloutEvent):
    """A second person approved a rollout."""

    slug = "fleet.rollout_approved"
    label = "Rollout approved"


@events.register
class RolloutStarted(RolloutEvent):
    """A rollout was started, or waits for its time."""

    slug = "fleet.rollout_started"
    label = "Rollout started"


@events.register
class RolloutPaused(RolloutEvent):
    """Somebody stopped the offers for a while."""

    slug = "fleet.rollout_paused"
    label = "Rollout paused"


@events.register
class RolloutResumed(RolloutEvent):
    """Somebody let it go on; failures count anew from here."""

    slug = "fleet.rollout_resumed"
    label = "Rollout resumed"


@events.register
class RolloutHalted(RolloutEvent):
    """Too many devices failed, and it stopped by itself."""

    slug = "fleet.rollout_halted"
    label = "Rollout halted"


@events.register
class RolloutAborted(RolloutEvent):
    """It was given up; devices that were on their way are left as they are."""

    slug = "fleet.rollout_aborted"
    label = "Rollout aborted"


@events.register
class RolloutRollBack(RolloutEvent):
    """Devices are given their previous firmware back."""

    slug = "fleet.rollout_roll_back"
    label = "Rollout rolled back"


@events.register
class RolloutRetried(RolloutEvent):
    """Somebody had the devices that failed tried again."""

    slug = "fleet.rollout_retried"
    label = "Failed devices retried"


@events.register
class RolloutEnded(RolloutEvent):
    """Every device has come to an end; the event holds the counts."""

    slug = "fleet.rollout_ended"
    label = "Rollout ended"


@events.register
class RolloutPlanCreated(RolloutEvent):
    """A source was given a default plan: its new builds roll out by it."""

    slug = "fleet.rolloutplan_created"
    label = "Default plan set"


@events.register
class RolloutPlanChanged(RolloutEvent):
    """Somebody changed a default plan, or turned it on or off."""

    slug = "fleet.rolloutplan_changed"
    label = "Default plan changed"


@events.register
class RolloutPlanDeleted(RolloutEvent):
    """Somebody took the default plan of a source away."""

    slug = "fleet.rolloutplan_deleted"
    label = "Default plan deleted"


@events.register
class RolloutPlanRefused(RolloutEvent):
    """A new build could not be rolled out by the default plan; the event says why."""

    slug = "fleet.rolloutplan_refused"
    label = "Build not rolled out"


@events.register
class RolloutDeleted(RolloutEvent):
    """Somebody deleted a rollout with its results."""

    slug = "fleet.rollout_deleted"
    label = "Rollout deleted"
