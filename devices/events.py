"""Audit events of devices."""

from __future__ import annotations

from audit.events import EventType, events


@events.register
class DeviceRegistered(EventType):
    """A device called for the first time."""

    slug = "devices.registered"
    label = "Device registered"
    icon = "cpu"


@events.register
class DeviceCreated(EventType):
    """A person added a device before it called."""

    slug = "devices.created"
    label = "Device added"
    icon = "cpu"


@events.register
class DeviceChanged(EventType):
    """Fields of a device."""

    slug = "devices.changed"
    label = "Device changed"
    icon = "cpu"


@events.register
class DeviceDeleted(EventType):
    """A device is gone; if it calls again it is new."""

    slug = "devices.deleted"
    label = "Device deleted"
    icon = "trash"
    level = "warning"


@events.register
class DeviceRefused(EventType):
    """A call with a wrong key or a wrong owner."""

    slug = "devices.refused"
    label = "Device refused"
    icon = "cpu"
    level = "warning"


@events.register
class OwnerTold(EventType):
    """A device that was handed over asked its former owner's way, and was told its new owner."""

    slug = "devices.owner_told"
    label = "Device told its new owner"
    icon = "cpu"


@events.register
class FirmwareOffered(EventType):
    """A device was told to fetch a build."""

    slug = "devices.firmware_offered"
    label = "Firmware offered"
    icon = "cpu"


@events.register
class FirmwareDownloaded(EventType):
    """A device fetched a build with its one-time token."""

    slug = "devices.firmware_downloaded"
    label = "Firmware downloaded"
    icon = "cpu"


@events.register
class FirmwareInstalled(EventType):
    """A device reported the version it was offered."""

    slug = "devices.firmware_installed"
    label = "Firmware installed"
    icon = "cpu"


@events.register
class FirmwareRolledBack(EventType):
    """A device tried the build it was offered and went back to the one before."""

    slug = "devices.firmware_rolled_back"
    label = "Firmware rolled back"
    icon = "alert-triangle"
    level = "warning"


@events.register
class PushAddressChanged(EventType):
    """A device said where push messages reach it; the address itself is not recorded."""

    slug = "devices.push_address_changed"
    label = "Push address changed"
    icon = "cpu"
