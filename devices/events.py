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
class DeviceReleased(EventType):
    """The organization let go of a device; whoever it calls with a key of has it then."""

    slug = "devices.released"
    label = "Device released"
    icon = "plug"
    level = "warning"


@events.register
class DeviceReclaimed(EventType):
    """A released device was taken back."""

    slug = "devices.reclaimed"
    label = "Device re-claimed"
    icon = "arrow-back-up"


@events.register
class ReleaseForgotten(EventType):
    """What was kept of a released device is gone."""

    slug = "devices.release_forgotten"
    label = "Released device forgotten"
    icon = "trash"


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


@events.register
class MeshCreated(EventType):
    """A group of devices with a topic of its own."""

    slug = "devices.mesh_created"
    label = "Mesh created"
    icon = "topology-star-3"


@events.register
class MeshChanged(EventType):
    """The name or description of a mesh."""

    slug = "devices.mesh_changed"
    label = "Mesh changed"
    icon = "topology-star-3"


@events.register
class MeshDeleted(EventType):
    """A mesh is gone; its devices stay."""

    slug = "devices.mesh_deleted"
    label = "Mesh deleted"
    icon = "trash"
    level = "warning"


@events.register
class DeviceAttached(EventType):
    """A device joined a mesh and may use its topic."""

    slug = "devices.mesh_attached"
    label = "Attached to a mesh"
    icon = "topology-star-3"


@events.register
class DeviceDetached(EventType):
    """A device left a mesh and may not use its topic any more."""

    slug = "devices.mesh_detached"
    label = "Detached from a mesh"
    icon = "topology-star-3"


@events.register
class TransformerCreated(EventType):
    """A script that reads what devices say."""

    slug = "devices.transformer_created"
    label = "Transformer added"
    icon = "code"


@events.register
class TransformerChanged(EventType):
    """Its name; the script has events of its own."""

    slug = "devices.transformer_changed"
    label = "Transformer renamed"
    icon = "code"


@events.register
class TransformerVersionAdded(EventType):
    """Another text of the script, which runs from now on."""

    slug = "devices.transformer_version_added"
    label = "Transformer has a new version"
    icon = "code"


@events.register
class TransformerDeleted(EventType):
    """A script with all its versions is gone."""

    slug = "devices.transformer_deleted"
    label = "Transformer deleted"
    icon = "trash"
    level = "warning"


@events.register
class ChainChanged(EventType):
    """Which transformers read what a device says, and in which order."""

    slug = "devices.chain_changed"
    label = "Transformers of a device changed"
    icon = "code"
