"""Devices of a personal organization: what an export says, what deletion removes."""

from __future__ import annotations

from typing import Any, ClassVar

from accounts.belongings import Belongings, belongings, plain_fields
from devices.models import Device, FormerOwner, Mesh
from devices.releases.models import ReleasedDevice
from devices.transformers.models import StatusTransformer


@belongings.register
class Devices(Belongings):
    """Each with what it said last."""

    slug = "devices"
    one = "device"
    many = "devices"
    order = 10
    model = Device
    fields: ClassVar = (
        "uid", "alias", "mac", "platform", "fcid", "source", "auto_update", "description",
        "icon", "category", "tags", "mesh_ids", "created_at",
    )  # fmt: skip
    state_fields: ClassVar[tuple[str, ...]] = (
        "last_seen_at", "checkins", "firmware", "version", "commit", "checksum", "status", "level",
        "status_raw", "status_error",
        "rssi", "snr", "station", "lat", "lon", "timezone_name", "timezone_offset", "address",
        "installed_at", "offered_at", "offer_state",
    )  # fmt: skip
    related = ("source", "state")

    def exported(self, row: Any) -> dict[str, Any]:
        """Add what the device reported."""
        state = getattr(row, "state", None)
        said = plain_fields(state, self.state_fields) if state is not None else None
        return {**super().exported(row), "state": said}


@belongings.register
class Meshes(Belongings):
    """Groups of devices; which device is in which stands with the devices."""

    slug = "meshes"
    one = "mesh"
    many = "meshes"
    order = 15
    model = Mesh
    fields: ClassVar = ("uid", "mesh_id", "alias", "description", "created_at")


@belongings.register
class Transformers(Belongings):
    """Scripts that read what devices say, each with the text that runs."""

    slug = "transformers"
    one = "transformer"
    many = "transformers"
    order = 20
    model = StatusTransformer
    fields: ClassVar = ("uid", "alias", "created_at", "updated_at")
    related = ("current",)

    def exported(self, row: Any) -> dict[str, Any]:
        """Add the current text."""
        current = row.current
        return {
            **super().exported(row),
            "version": current.number if current else None,
            "body": current.body if current else "",
        }


@belongings.register
class Released(Belongings):
    """Devices that were let go of and can be taken back."""

    slug = "devices-released"
    one = "record of a device that was released"
    many = "records of devices that were released"
    order = 10
    model = ReleasedDevice
    fields: ClassVar = (
        "udid", "alias", "mac", "platform", "source", "auto_update", "description", "icon",
        "category", "tags", "timezone_name", "mesh_ids", "released_at", "called_at",
    )  # fmt: skip
    related = ("source",)


@belongings.register
class GivenAway(Belongings):
    """That a device was given away, which goes on telling it who has it now."""

    slug = "devices-given-away"
    one = "record of a device that was given away"
    many = "records of devices that were given away"
    order = 10
    model = FormerOwner
    fields: ClassVar = ("alias", "moved_at")
