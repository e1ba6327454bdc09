"""Audit events of transfers; each is written into the chains of both sides where both are known."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class TransferRequested(EventType):
    """Devices were offered to another organization."""

    slug = "fleet.transfer_requested"
    label = "Transfer requested"
    icon = "arrow-right"
    level = "warning"


@events.register
class TransferAccepted(EventType):
    """The recipient accepted all devices, or some."""

    slug = "fleet.transfer_accepted"
    label = "Transfer accepted"
    icon = "check"
    level = "warning"


@events.register
class TransferDeclined(EventType):
    """The recipient declined all devices, or some."""

    slug = "fleet.transfer_declined"
    label = "Transfer declined"
    icon = "x"


@events.register
class TransferWithdrawn(EventType):
    """The sender took back what was not accepted."""

    slug = "fleet.transfer_withdrawn"
    label = "Transfer withdrawn"
    icon = "ban"


@events.register
class TransferExpired(EventType):
    """Nobody answered in time."""

    slug = "fleet.transfer_expired"
    label = "Transfer expired"
    icon = "clock"


@events.register
class TransferRetried(EventType):
    """The recipient had what failed tried again."""

    slug = "fleet.transfer_retried"
    label = "Transfer tried again"
    icon = "refresh"


@events.register
class TransferProved(EventType):
    """Devices changed hands; `digest` is that of the signed document both sides can show."""

    slug = "fleet.transfer_proved"
    label = "Proof of transfer"
    icon = "file-text"


@events.register
class DeviceLeft(EventType):
    """A device went to another organization."""

    slug = "fleet.device_left"
    label = "Device handed over"
    icon = "arrow-right"
    level = "warning"


@events.register
class DeviceArrived(EventType):
    """A device came from another organization."""

    slug = "fleet.device_arrived"
    label = "Device taken over"
    icon = "cpu"
