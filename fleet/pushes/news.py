"""What is told of configuration pushes: that devices did not take one over."""

from __future__ import annotations

from collections.abc import Iterable

from devices.models import Device
from fleet.pushes.models import ConfigReceipt
from notifications.choices import Level
from notifications.kinds import Kind, kinds
from notifications.services import Happened, notify_many


@kinds.register
class ConfigExpired(Kind):
    """Nobody fetched it in time; it will not be sent any more."""

    slug = "config_expired"
    label = "Configuration push expired"
    text = "When a device did not fetch the configuration that you pushed."
    level = Level.WARNING
    window = 30
    one = "{name} did not fetch its configuration"
    many = "{count} devices did not fetch their configuration"
    button = "Look at the device"
    icon = "send"


def config_expired_news(receipts: Iterable[ConfigReceipt]) -> None:
    """Tell those who pushed, else all who may see the devices; call it in the transaction."""
    by_person: dict[object, list[ConfigReceipt]] = {}
    for receipt in receipts:
        by_person.setdefault(receipt.push.created_by, []).append(receipt)
    for person, found in by_person.items():
        notify_many(ConfigExpired, map(_happened, found), to=[person] if person else [])


def _happened(receipt: ConfigReceipt) -> Happened:
    device: Device = receipt.device
    names = ", ".join(receipt.push.names)
    return Happened(
        device.organization_id,
        device,
        url=receipt.get_absolute_url(),
        facts={"message": f"It was not told: {names}.", "device": f"{device.uid}"},
        tags=device.tags,
        meshes=device.mesh_ids,
    )
